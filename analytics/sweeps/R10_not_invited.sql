-- 用途   应评未邀: over a twentieth of a window's services of a day without invitation in 30 min
-- 依据   domain.md 5.2 R10: services with a case, half an hour ago; asked of the visit or of its case
-- grain  level, subject (the hall's day), about (the window), since, centre, window, dept, facts
-- parameters  table counting
-- unit   alerts
WITH services AS (
  SELECT
    id, stream_key AS hall, occurred_local, json_extract_string(stamp, '$.window') AS "window",
    json_extract_string(data, '$.ticket_id') AS ticket,
    unnest(CAST(json_extract_string(data, '$.case_ids[*]') AS VARCHAR[])) AS case_id
  FROM counting
  WHERE type = 'ticket.service_finished' AND json_extract_string(data, '$.outcome') = 'normal'
), invited AS (
  SELECT
    stream_key, json_extract_string(data, '$.ticket_id') AS ticket, occurred_local
  FROM counting
  WHERE type = 'rating.invited'
), asked AS (
  SELECT s.id, i.occurred_local
  FROM services AS s
  JOIN invited AS i ON i.stream_key = s.hall AND i.ticket = s.ticket
  UNION ALL
  SELECT s.id, i.occurred_local
  FROM services AS s
  JOIN invited AS i ON i.stream_key = s.case_id AND i.ticket IS NULL
), ended AS (
  SELECT
    s.id, s.hall, s."window", s.occurred_local,
    bool_or(a.occurred_local BETWEEN s.occurred_local - INTERVAL 30 MINUTE
      AND s.occurred_local + INTERVAL 30 MINUTE) AS invited
  FROM services AS s
  LEFT JOIN asked AS a USING (id)
  WHERE s.occurred_local + INTERVAL 30 MINUTE < (SELECT max(occurred_local) FROM counting)
  GROUP BY ALL
)
SELECT
  'remind' AS level, 'hall/' || hall AS subject, "window" AS about, min(occurred_local) AS since,
  regexp_extract(hall, '^(.*)\.', 1) AS centre, "window", NULL AS dept,
  (list(id ORDER BY occurred_local, id) FILTER (WHERE NOT coalesce(invited, false)))[:20] AS facts
FROM ended
WHERE "window" IS NOT NULL
GROUP BY hall, "window"
HAVING count(*) FILTER (WHERE NOT coalesce(invited, false)) * 20 > count(*)
ORDER BY subject, about
