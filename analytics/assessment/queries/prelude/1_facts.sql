-- 用途   the facts (有效事实) of cases and ratings that counted at the cut, as they were amended by then
-- 依据   domain.md 3.9: state = fold of events that are not voided, with amended payloads
-- grain  one row a fact
-- parameters  table cut(partition, until)
-- unit   facts
WITH corrections AS (
  SELECT e."partition", e."offset", e.type, e.data
  FROM events AS e
  JOIN cut USING ("partition")
  WHERE e."offset" < cut.until
    AND e.type IN ('case.event_voided', 'rating.event_voided', 'case.event_amended')
), voided AS (
  SELECT unnest(list_prepend(
    json_extract_string(data, '$.target'),
    CAST(json_extract_string(data, '$.cascade[*]') AS VARCHAR[])
  )) AS id
  FROM corrections
  WHERE type <> 'case.event_amended'
), changes AS (
  SELECT
    "partition", "offset", json_extract_string(data, '$.target') AS id,
    unnest(json_keys(data, '$.changes')) AS name, data
  FROM corrections
  WHERE type = 'case.event_amended'
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
  CASE WHEN map_contains(a.news, 'centre') THEN a.news['centre'] ELSE e.centre END AS centre,
  CASE WHEN map_contains(a.news, 'window') THEN a.news['window'] ELSE e."window" END AS "window",
  CASE WHEN a.patch IS NULL THEN e.data ELSE CAST(json_merge_patch(e.data, a.patch) AS VARCHAR) END
    AS data
FROM events AS e
JOIN cut USING ("partition")
ANTI JOIN voided USING (id)
LEFT JOIN amended AS a USING (id)
WHERE e."offset" < cut.until
  AND e.type IN ('case.submitted', 'case.supplemented', 'case.accepted', 'case.deemed_accepted',
                 'case.decision_made', 'case.concluded', 'case.withdrawn', 'case.terminated',
                 'case.clock_breached', 'case.issued', 'rating.submitted')
ORDER BY e."partition", e."offset"
