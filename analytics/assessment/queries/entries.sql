-- 用途   补录: facts of cases that somebody entered, and those entered late
-- 依据   domain.md K41, R05; on the day they were recorded, where they were entered
-- grain  one row a fact and code
-- parameters  table facts
-- unit   条
SELECT
  unnest(CASE WHEN late THEN ['case_events', 'late_entries'] ELSE ['case_events'] END) AS code,
  recorded_local AS moment, centre, "window", 1 AS amount
FROM facts
WHERE starts_with(type, 'case.') AND type <> 'case.deemed_accepted'
