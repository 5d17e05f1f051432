-- 用途   指南过期: a guide that describes an older document, over five working days after the next
-- 依据   domain.md 5.2 R21; 3.5: it follows item.revised within 5 working days
-- grain  level, subject (the item), about (centre, version, since which day), since, centre, window, dept, facts
-- parameters  tables counting, guides, workdays
-- unit   alerts
WITH documents AS (
  SELECT
    id, stream_key AS item, occurred_local,
    row_number() OVER (PARTITION BY stream_key ORDER BY version) AS number
  FROM counting
  WHERE type IN ('item.registered', 'item.revised')
), today AS (
  SELECT max(nth) AS nth FROM workdays
)
SELECT
  'remind' AS level, 'item/' || g.item AS subject,
  g.centre || '.version@' || strftime(n.occurred_local, '%Y-%m-%d') AS about,
  n.occurred_local AS since, g.centre, NULL AS "window", g.dept, [g.id, n.id] AS facts
FROM guides AS g
JOIN documents AS n ON n.item = g.item AND n.number = g.described + 1
JOIN workdays AS w ON w.day = CAST(n.occurred_local AS DATE)
CROSS JOIN today
WHERE today.nth - w.nth > 5
ORDER BY subject, about
