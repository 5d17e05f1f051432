-- 用途   体外循环-事后补录 (c): a window case of which the hall knows nothing, though it gives out tickets
-- 依据   domain.md 5.2 R05 (c); with (a), entered afterwards, red
-- grain  level, subject (the case), about '', since, centre, window, dept, facts
-- parameters  table counting
-- unit   alerts; a hall that gave out a ticket that day; days that are over; who accepted it is known
WITH accepted AS (
  SELECT
    a.id, a.stream_key, a.occurred_local, a.centre, a."window", a.dept, a.staff, s.id AS submitted,
    strftime(a.occurred_local, '%Y-%m-%d') AS day
  FROM counting AS a
  JOIN counting AS s ON s.type = 'case.submitted' AND s.stream_key = a.stream_key
  WHERE a.type = 'case.accepted' AND s.channel = 'window' AND a.staff IS NOT NULL
    AND json_extract_string(s.data, '$.ticket_id') IS NULL
    AND CAST(a.occurred_local AS DATE) < (SELECT CAST(max(occurred_local) AS DATE) FROM counting)
), queues AS (
  SELECT DISTINCT stream_key AS hall FROM counting WHERE type = 'ticket.issued'
), came AS (
  SELECT stream_key FROM counting WHERE type = 'case.visited'
  UNION
  SELECT json_extract_string(data, '$.case_id') FROM counting WHERE type = 'agent.case_linked'
), seats AS (
  SELECT
    stream_key AS hall, type, occurred_local AS since, json_extract_string(data, '$.staff_id') AS staff,
    lead(occurred_local) OVER (
      PARTITION BY stream_key, json_extract_string(data, '$.window_id') ORDER BY occurred_local, id
    ) AS until
  FROM counting
  WHERE type IN ('window.opened', 'window.closed')
), late AS (
  SELECT stream_key
  FROM counting
  WHERE type IN ('case.submitted', 'case.accepted', 'case.decision_made', 'case.concluded')
  GROUP BY stream_key
  HAVING count(DISTINCT type) = 4
    AND max(recorded_at) - min(recorded_at) <= INTERVAL 10 MINUTE
    AND max(occurred_local) - min(occurred_local) > INTERVAL 1 DAY
    AND bool_and(coalesce(json_extract_string(stamp, '$.project_type'), '') <> 'instant')
)
SELECT
  CASE WHEN l.stream_key IS NULL THEN 'yellow' ELSE 'red' END AS level,
  'case/' || a.stream_key AS subject, '' AS about, a.occurred_local AS since, a.centre, a."window",
  a.dept, [a.submitted, a.id] AS facts
FROM accepted AS a
JOIN queues AS q ON q.hall = a.centre || '.' || a.day
ANTI JOIN came AS c ON c.stream_key = a.stream_key
ANTI JOIN seats AS t
  ON t.type = 'window.opened' AND t.staff = a.staff AND t.since <= a.occurred_local
  AND coalesce(t.until >= a.occurred_local, ends_with(t.hall, '.' || a.day))
LEFT JOIN late AS l ON l.stream_key = a.stream_key
ORDER BY subject
