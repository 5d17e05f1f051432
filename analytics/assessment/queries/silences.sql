-- 用途   来源失联 and 来源失联时长: how often a source system fell silent, and for how long
-- 依据   docs/decisions/0012: a silence is of the day it began, its length of the day it ended
-- grain  one row a silence, one more when it is over; at the first centre the silence names
-- parameters  table cut(partition, until)
-- unit   次, 秒
WITH told AS (
  SELECT
    e.stream_key AS source, e.version, e.type, e.occurred_at, e.occurred_local,
    json_extract_string(e.data, '$.centres[0]') AS centre,
    CAST(json_extract_string(e.data, '$.since') AS TIMESTAMPTZ) AS since
  FROM events AS e
  JOIN cut USING ("partition")
  WHERE e."offset" < cut.until AND e.type IN ('source.silent', 'source.returned')
)
SELECT 'source_silences' AS code, occurred_local AS moment, centre, '' AS "window", 1 AS amount
FROM told
WHERE type = 'source.silent'
UNION ALL
SELECT
  'source_silent_seconds', r.occurred_local, s.centre, '',
  (epoch_us(r.occurred_at) - epoch_us(s.since)) // 1000000
FROM told AS r
JOIN told AS s ON s.source = r.source AND s.version = r.version - 1
WHERE r.type = 'source.returned'
