-- 用途   体外循环-事后补录 (b): more than a tenth of what a centre entered in a week was late
-- 依据   domain.md 5.2 R05 (b): share > 10 % and n >= 20, by department, centre and week
-- grain  level, subject (the centre), about (week and department), since, centre, window, dept, facts
-- parameters  table counting
-- unit   alerts
SELECT
  'yellow' AS level, 'centre/' || centre AS subject,
  strftime(date_trunc('week', occurred_local), '%G-W%V') || coalesce('.' || dept, '') AS about,
  min(occurred_local) AS since, centre, NULL AS "window", dept,
  (list(id ORDER BY occurred_local, id) FILTER (WHERE late_reason IS NOT NULL))[:20] AS facts
FROM counting
WHERE stream = 'case' AND centre IS NOT NULL
GROUP BY centre, dept, date_trunc('week', occurred_local)
HAVING count(*) >= 20 AND count(late_reason) * 10 > count(*)
ORDER BY subject, about
