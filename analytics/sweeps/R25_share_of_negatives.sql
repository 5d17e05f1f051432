-- 用途   差评率过高: over a twentieth of a window's valid ratings of a month are negatives
-- 依据   domain.md 5.2 R25: n >= 30; K24: what was not adopted (不予采纳) is no valid rating
-- grain  level, subject (the centre), about (window and month), since, centre, window, dept, facts
-- parameters  table counting
-- unit   alerts
WITH rated AS (
  SELECT
    r.id, r.occurred_local, strftime(r.occurred_local, '%Y-%m') AS month,
    CAST(json_extract_string(r.data, '$.stars') AS INTEGER) AS stars,
    json_extract_string(r.stamp, '$.accept_centre') AS centre,
    json_extract_string(r.stamp, '$.accept_window') AS "window"
  FROM counting AS r
  ANTI JOIN counting AS u
    ON u.type = 'appeal.upheld' AND u.stream_key = r.stream_key
    AND json_extract_string(u.data, '$.rating_id') = json_extract_string(r.data, '$.rating_id')
  WHERE r.type = 'rating.submitted'
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
