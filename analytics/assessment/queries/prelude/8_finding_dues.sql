-- 用途   findings (巡查问题) that a notice (通报) told to rectify, and by which day
-- 依据   domain.md 3.8, 4.2 C13: the notice's due, else ten working days from it; start day = 0
-- grain  one row a finding of a notice that is not imported history
-- parameters  tables inspection_facts, workdays
-- unit   local days; a year without a calendar counts Monday to Friday
WITH notices AS (
  SELECT
    inspection, calendar, CAST(occurred_local AS DATE) AS issued,
    CAST(json_extract_string(data, '$.rectify_due') AS DATE) AS told,
    unnest(CAST(json_extract_string(data, '$.finding_ids[*]') AS VARCHAR[])) AS finding
  FROM inspection_facts
  WHERE type = 'notice.issued' AND source_class <> 'historical'
), aimed AS MATERIALIZED (
  SELECT n.inspection, n.finding, n.told, n.calendar, w.nth + 10 AS nth
  FROM notices AS n
  LEFT JOIN workdays AS w ON w.calendar = n.calendar AND w.day = n.issued
)
SELECT a.inspection, a.finding, coalesce(a.told, tenth.day) AS due
FROM aimed AS a
LEFT JOIN workdays AS tenth
  ON tenth.calendar = a.calendar AND tenth.working AND tenth.nth = a.nth
