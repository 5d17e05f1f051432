-- 用途   在办，按承诺到期日: accepted cases whose limits still run, under the due of the promise told at acceptance
-- 依据   domain.md 4.2 C3, 8.1 clocks; start day = 0, natural days move to the next working day, hours run in service hours
-- grain  one row a case; moment: the local day of the due; window = department of the item
-- parameters  tables facts, items, acceptances, workdays
-- unit   件; pauses, extensions and later calendars move the clock, not what was told
WITH running AS (
  SELECT
    a.case_id, a.centre, a.since, a.calendar, i.dept,
    CAST(json_extract_string(a.promised, '$.n') AS INTEGER) AS n,
    coalesce(json_extract_string(a.promised, '$.unit'), 'workday') AS unit
  FROM acceptances AS a
  JOIN facts AS s ON s.case_id = a.case_id AND s.type = 'case.submitted'
  ASOF LEFT JOIN items AS i ON i.item = a.item AND i.version < s.adopted
  ANTI JOIN (
    SELECT case_id FROM facts
    WHERE type IN ('case.concluded', 'case.withdrawn', 'case.terminated')
  ) AS over ON over.case_id = a.case_id
  WHERE a.promised IS NOT NULL
), begun AS (
  SELECT
    r.*, w.day, w.nth, 60 * r.n AS minutes,
    CASE WHEN w.working THEN CAST(greatest(0, floor(epoch(
      w.day + INTERVAL 17 HOUR - greatest(r.since, w.day + INTERVAL 9 HOUR)
    ) / 60)) AS INTEGER) ELSE -1 END AS today
  FROM running AS r
  JOIN workdays AS w ON w.calendar = r.calendar AND w.day = CAST(r.since AS DATE)
), counted AS (
  SELECT
    b.*,
    CASE
      WHEN unit <> 'hour' THEN n
      WHEN minutes <= today THEN 0
      ELSE 1 + (minutes - greatest(today, 0) - 1) // 480
    END AS needs
  FROM begun AS b
), aimed AS (
  SELECT
    c.*,
    CASE c.unit WHEN 'day' THEN l.nth + CASE WHEN l.working THEN 0 ELSE 1 END
      ELSE c.nth + c.needs END AS nth_due
  FROM counted AS c
  LEFT JOIN workdays AS l ON l.calendar = c.calendar AND l.day = c.day + c.n
)
SELECT
  'due_open' AS code, CASE WHEN a.unit <> 'day' AND a.needs = 0 THEN a.day ELSE d.day END AS moment,
  a.centre, a.dept AS "window", 1 AS amount
FROM aimed AS a
LEFT JOIN workdays AS d ON d.calendar = a.calendar AND d.working AND d.nth = a.nth_due
