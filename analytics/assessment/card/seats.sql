-- 用途   who sat at a window (窗口), from which fact of the hall on
-- 依据   domain.md 3.4: one person sits down when the window opens
-- grain  one row an opening that was not voided
-- parameters  table cut(partition, until)
-- unit   openings
SELECT
  e.stream_key AS hall, e.version, json_extract_string(e.data, '$.window_id') AS "window",
  json_extract_string(e.data, '$.staff_id') AS staff
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
WHERE e."offset" < cut.until AND e.type = 'window.opened'
ORDER BY hall, version
