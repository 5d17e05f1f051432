-- 用途   指南不全: a guide that stands with an element missing
-- 依据   domain.md 5.2 R21, 2.6: 25 elements
-- grain  level, subject (the item), about (centre, elements, since which day), since, centre, window, dept, facts
-- parameters  table guides
-- unit   alerts
SELECT
  'remind' AS level, 'item/' || item AS subject,
  centre || '.elements@' || strftime(occurred_local, '%Y-%m-%d') AS about, occurred_local AS since,
  centre, NULL AS "window", dept, [id] AS facts
FROM guides
WHERE filled < 25
ORDER BY subject, about
