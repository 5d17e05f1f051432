-- 用途   错窗受理: five or more acceptances of a day at one window that does not take them
-- 依据   domain.md 5.2 R03
-- grain  level, subject (the hall's day), about (the window), since, centre, window, dept, facts
-- parameters  table counting
-- unit   alerts
SELECT
  'yellow' AS level, 'hall/' || centre || '.' || strftime(occurred_local, '%Y-%m-%d') AS subject,
  "window" AS about, min(occurred_local) AS since, centre, "window", NULL AS dept,
  list(id ORDER BY occurred_local, id)[:5] AS facts
FROM counting
WHERE type = 'case.accepted' AND json_extract_string(stamp, '$.wrong_window') = 'true'
  AND centre IS NOT NULL AND "window" IS NOT NULL
GROUP BY centre, "window", strftime(occurred_local, '%Y-%m-%d')
HAVING count(*) >= 5
ORDER BY subject, about
