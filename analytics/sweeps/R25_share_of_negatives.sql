-- 用途   差评率过高: over a twentieth of a window's valid ratings of a month are negatives
-- 依据   domain.md 5.2 R25: n >= 30; K24: what was not adopted (不予采纳) is no valid rating
-- grain  level, subject (the centre), about (window and month), since, centre, window, dept, facts
-- parameters  table ratings
-- unit   alerts
WITH rated AS (
  SELECT
    id, occurred_local, strftime(occurred_local, '%Y-%m') AS month, stars, centre, "window"
  FROM ratings
  WHERE NOT not_adopted
)
SELECT
  'yellow' AS level, 'centre/' || centre AS subject, "window" || '.' || month AS about,
  min(occurred_local) FILTER (WHERE stars <= 2) AS since, centre, "window", NULL AS dept,
  (list(id ORDER BY occurred_local, id) FILTER (WHERE stars <= 2))[:20] AS facts
FROM rated
WHERE centre IS NOT NULL AND "window" IS NOT NULL
GROUP BY centre, "window", month
HAVING count(*) >= 30 AND count(*) FILTER (WHERE stars <= 2) * 20 > count(*)
ORDER BY subject, about
