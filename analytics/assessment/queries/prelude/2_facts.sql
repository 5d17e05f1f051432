-- 用途   the facts (有效事实) of cases that counted at the cut, as they were amended by then
-- 依据   domain.md 3.9: state = fold of events that are not voided, with amended payloads
-- grain  one row a fact that a source told, or an acceptance the law deems (视为受理)
-- parameters  tables cut(partition, until), voided, adoptions
-- unit   facts; adopted, calendar: the reference data it was decided with
WITH changes AS (
  SELECT
    e."partition", e."offset", json_extract_string(e.data, '$.target') AS id,
    unnest(json_keys(e.data, '$.changes')) AS name, e.data
  FROM events AS e
  JOIN cut USING ("partition")
  WHERE e."offset" < cut.until AND e.type = 'case.event_amended'
), newest AS (
  SELECT
    id, name,
    arg_max(coalesce(json_extract(data, '$.changes."' || name || '".new'), 'null'), "offset") AS new
  FROM changes
  GROUP BY id, name
), amended AS (
  SELECT
    id, map_from_entries(list((name, json_extract_string(new, '$')))) AS news,
    json_group_object(name, new) AS patch
  FROM newest
  GROUP BY id
)
SELECT
  e."partition", e."offset", e.type, e.stream_key AS case_id,
  coalesce(
    timezone('Asia/Shanghai', CAST(a.news['occurred_at'] AS TIMESTAMPTZ)), e.occurred_local
  ) AS occurred_local,
  timezone('Asia/Shanghai', e.recorded_at) AS recorded_local,
  CASE WHEN map_contains(a.news, 'centre') THEN a.news['centre'] ELSE e.centre END AS centre,
  CASE WHEN map_contains(a.news, 'window') THEN a.news['window'] ELSE e."window" END AS "window",
  CASE WHEN map_contains(a.news, 'channel') THEN a.news['channel'] ELSE e.channel END AS channel,
  e.source_class, e.late_reason IS NOT NULL AS late,
  coalesce(r.adopted, 0) AS adopted, coalesce(r.calendar, -1) AS calendar,
  CASE WHEN a.patch IS NULL THEN e.data ELSE CAST(json_merge_patch(e.data, a.patch) AS VARCHAR) END
    AS data
FROM events AS e
JOIN cut USING ("partition")
ANTI JOIN voided USING (id)
LEFT JOIN amended AS a USING (id)
ASOF LEFT JOIN adoptions AS r ON r."partition" = e."partition" AND r."offset" < e."offset"
WHERE e."offset" < cut.until
  AND e.stream = 'case' AND NOT contains(e.type, '.event_') AND NOT ends_with(e.type, '_breached')
