-- 用途   评价异常 (刷评): four fifths of a window's ratings of a day came within 5 s of the invitation
-- 依据   domain.md 5.2 R09: n >= 20
-- grain  level, subject (the hall's day), about (the window), since, centre, window, dept, facts
-- parameters  tables counting, ratings
-- unit   alerts
WITH rated AS (
  SELECT
    r.id, r.occurred_local, strftime(r.occurred_local, '%Y-%m-%d') AS day, r.centre, r."window",
    coalesce(bool_or(i.occurred_local >= r.occurred_local - INTERVAL 5 SECOND), false) AS at_once
  FROM ratings AS r
  LEFT JOIN counting AS i
    ON i.type = 'rating.invited' AND i.stream_key = r.stream_key
    AND json_extract_string(i.data, '$.ticket_id') IS NOT DISTINCT FROM r.ticket
    AND i.occurred_local <= r.occurred_local
  GROUP BY r.id, r.occurred_local, r.centre, r."window"
)
SELECT
  'yellow' AS level, 'hall/' || centre || '.' || day AS subject, "window" AS about,
  min(occurred_local) AS since, centre, "window", NULL AS dept,
  (list(id ORDER BY occurred_local, id) FILTER (WHERE at_once))[:20] AS facts
FROM rated
WHERE centre IS NOT NULL AND "window" IS NOT NULL
GROUP BY centre, "window", day
HAVING count(*) >= 20 AND count(*) FILTER (WHERE at_once) * 5 >= count(*) * 4
ORDER BY subject, about
