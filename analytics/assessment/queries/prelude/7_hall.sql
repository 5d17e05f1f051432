-- 用途   the facts of halls (取号, 叫号, 办理, 窗口) that counted at the cut: recorded before it and not voided before it
-- 依据   domain.md 3.4; a hall's stream is centre and day
-- grain  one row a fact; `version` is the order in which the hall told them
-- parameters  table cut(partition, until)
-- unit   facts; `second` counts whole seconds
SELECT
  e.stream_key AS hall, e.version, regexp_replace(e.stream_key, '\.[^.]*$', '') AS centre,
  e.type, e.occurred_local, epoch_us(e.occurred_local) // 1000000 AS second,
  json_extract_string(e.data, '$.ticket_id') AS ticket,
  json_extract_string(e.data, '$.window_id') AS "window",
  json_extract_string(e.data, '$.outcome') AS outcome,
  CAST(json_extract_string(e.data, '$.count') AS BIGINT) AS heads
FROM events AS e
JOIN cut USING ("partition")
ANTI JOIN (
  SELECT unnest(list_prepend(
    json_extract_string(v.data, '$.target'),
    CAST(json_extract_string(v.data, '$.cascade[*]') AS VARCHAR[])
  )) AS id
  FROM events AS v
  JOIN cut USING ("partition")
  WHERE v.type = 'hall.event_voided' AND v."offset" < cut.until
) AS voided ON voided.id = e.id
WHERE e."offset" < cut.until AND e.stream = 'hall'
  AND NOT starts_with(e.type, 'hall.event_')
ORDER BY hall, version
