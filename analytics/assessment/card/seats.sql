-- 用途   who sat at a window (窗口), from which fact of the hall on
-- 依据   domain.md 3.4: one person sits down when the window opens
-- grain  one row an opening that was not voided
-- parameters  tables cut(partition, until), voided
-- unit   openings
SELECT
  e.stream_key AS hall, e.version, json_extract_string(e.data, '$.window_id') AS "window",
  json_extract_string(e.data, '$.staff_id') AS staff
FROM events AS e
JOIN cut USING ("partition")
ANTI JOIN voided USING (id)
WHERE e."offset" < cut.until AND e.type = 'window.opened'
ORDER BY hall, version
