-- 用途   items (事项) as they were registered and revised, one version after another
-- 依据   domain.md 2.6; the newest by key that a partition had adopted counts
-- grain  one row a document; version = its offset
-- parameters  none: which version counts is decided by the reader
-- unit   promised and statutory: n of unit; reported_to NULL = nothing is reported (数据上报)
SELECT
  "offset" AS version, stream_key AS item, json_extract_string(data, '$.dept') AS dept,
  json_extract_string(data, '$.project_type') AS project_type,
  json_extract(data, '$.statutory') AS statutory, json_extract(data, '$.promised') AS promised,
  json_extract_string(data, '$.topic') AS topic,
  json_extract_string(data, '$.window_rule') AS window_rule,
  json_extract_string(data, '$.reported_to') AS reported_to,
  coalesce(CAST(json_extract_string(data, '$.is_project_item') AS BOOLEAN), false) AS is_project
FROM events
WHERE type IN ('item.registered', 'item.revised')
