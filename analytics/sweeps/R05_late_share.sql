-- 用途   体外循环-事后补录 (b): over a tenth of what was entered of a department's cases in a week was late
-- 依据   domain.md 5.2 R05 (b): share > 10 % and n >= 20, by department, centre and week; K41
-- grain  level, subject (the centre), about (week and department), since, centre, window, dept, facts
-- parameters  table counting
-- unit   alerts; what the ledger worked out itself is not entered
WITH entered AS (
  SELECT
    id, occurred_local, date_trunc('week', occurred_local) AS week, centre, late_reason,
    json_extract_string(stamp, '$.dept') AS dept
  FROM counting
  WHERE stream = 'case' AND source_class <> 'system' AND NOT contains(type, '.event_')
)
SELECT
  'yellow' AS level, 'centre/' || centre AS subject,
  strftime(week, '%G-W%V') || coalesce('.' || dept, '') AS about, min(occurred_local) AS since,
  centre, NULL AS "window", dept,
  (list(id ORDER BY occurred_local, id) FILTER (WHERE late_reason IS NOT NULL))[:20] AS facts
FROM entered
WHERE centre IS NOT NULL
GROUP BY centre, dept, week
HAVING count(*) >= 20 AND count(late_reason) * 10 > count(*)
ORDER BY subject, about
