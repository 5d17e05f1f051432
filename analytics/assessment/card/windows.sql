-- 用途   windows (窗口) as they are at the cut, with the town of their centre
-- 依据   domain.md 2.2, 2.3
-- grain  one row a window
-- parameters  table cut(partition, until)
-- unit   windows
WITH newest AS (
  SELECT
    e.type = 'centre.opened' AS is_centre, e.stream_key AS key, max_by(e.data, e.version) AS data
  FROM events AS e
  JOIN cut USING ("partition")
  WHERE
    e."offset" < cut.until
    AND e.type IN ('window.created', 'window.type_changed', 'centre.opened')
  GROUP BY ALL
)
SELECT
  w.key AS "window", c.key AS centre,
  json_extract_string(c.data, '$.name') AS centre_name,
  json_extract_string(c.data, '$.town') AS town,
  json_extract_string(w.data, '$.no') AS no, json_extract_string(w.data, '$.kind') AS kind
FROM newest AS w
JOIN newest AS c ON c.is_centre AND c.key = json_extract_string(w.data, '$.centre')
WHERE NOT w.is_centre
ORDER BY centre, no, "window"
