-- 用途   the facts of halls (取号, 叫号, 办理, 窗口) that counted at the cut: recorded before it and not voided before it
-- 依据   domain.md 3.4; a hall's stream is centre and day
-- grain  one row a fact; `version` is the order in which the hall told them
-- parameters  tables cut(partition, until), voided
-- unit   facts; `second` counts whole seconds
SELECT
  e.stream_key AS hall, e.version, regexp_replace(e.stream_key, '\.[^.]*$', '') AS centre,
  e.type, e.occurred_local, epoch_us(e.occurred_local) // 1000000 AS second,
  json_extract_string(e.data, '$.ticket_id') AS ticket,
  json_extract_string(e.data, '$.window_id') AS "window",
  json_extract_string(e.data, '$.staff_id') AS staff,
  json_extract_string(e.data, '$.outcome') AS outcome,
  json_array_length(e.data, '$.case_ids') AS cases,
  CAST(json_extract_string(e.data, '$.count') AS BIGINT) AS heads
FROM events AS e
JOIN cut USING ("partition")
ANTI JOIN voided USING (id)
WHERE e."offset" < cut.until AND e.stream = 'hall'
  AND NOT starts_with(e.type, 'hall.event_')
