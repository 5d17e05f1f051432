-- 用途   差评集中: three valid negatives within seven days of who accepted a case or served a visit, or of one item
-- 依据   domain.md 5.2 R25; a window's own have a query of their own
-- grain  level, subject (what was rated third), about (whose), since, centre, window, dept, facts
-- parameters  tables counting, ratings
-- unit   alerts; one a person or item and day
WITH answerable AS (
  SELECT stream || '/' || stream_key AS subject, NULL AS ticket, staff
  FROM counting
  WHERE type = 'case.accepted'
  UNION ALL
  SELECT
    stream || '/' || stream_key, json_extract_string(data, '$.ticket_id') AS ticket,
    max_by(json_extract_string(data, '$.staff_id'), version)
  FROM counting
  WHERE type = 'ticket.service_started'
  GROUP BY ALL
), negatives AS (
  SELECT
    r.id, r.subject, r.occurred_local, r.centre, r."window",
    unnest(['staff.' || a.staff, 'item.' || r.item]) AS whose
  FROM ratings AS r
  LEFT JOIN answerable AS a
    ON a.subject = r.subject AND a.ticket IS NOT DISTINCT FROM r.ticket
  WHERE r.is_valid AND NOT r.not_adopted
), third AS (
  SELECT
    subject, centre, "window", occurred_local, whose, count(*) OVER three AS n,
    nth_value(occurred_local, 1) OVER three AS first_at, list(id) OVER three AS facts
  FROM negatives
  WHERE whose IS NOT NULL
  WINDOW three AS (
    PARTITION BY whose ORDER BY occurred_local, id ROWS BETWEEN 2 PRECEDING AND CURRENT ROW)
)
SELECT
  'yellow' AS level, subject, whose AS about, first_at AS since, centre,
  "window", NULL AS dept, facts
FROM third
WHERE n = 3 AND occurred_local - first_at <= INTERVAL 7 DAY
QUALIFY row_number() OVER (
  PARTITION BY whose, strftime(occurred_local, '%Y-%m-%d') ORDER BY occurred_local) = 1
ORDER BY subject, about
