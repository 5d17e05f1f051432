-- 用途   越权办理: taken in under a list that, as was told afterwards, held no longer on that day
-- 依据   domain.md 5.2 R30: alert when discovered by later revocation
-- grain  level, subject (the case), about '', since, centre, window, dept, facts
-- parameters  table counting
-- unit   alerts
WITH lists AS (
  SELECT
    g.stream_key AS item, unnest(CAST(json_extract_string(g.data, '$.to_org[*]') AS VARCHAR[]))
      AS centre,
    CAST(json_extract_string(g.data, '$.effective_from') AS DATE) AS first_day,
    CAST(json_extract_string(r.data, '$.effective_from') AS DATE) AS over_on, r.id,
    r.recorded_at
  FROM counting AS g
  LEFT JOIN counting AS r ON r.type = 'item.delegation_revoked' AND r.stream_key = g.stream_key
    AND json_extract_string(r.data, '$.doc_no') = json_extract_string(g.data, '$.doc_no')
  WHERE g.type IN ('item.delegated', 'item.extended', 'item.sunk')
)
SELECT
  'red' AS level, 'case/' || a.stream_key AS subject, '' AS about, a.occurred_local AS since,
  a.centre, a."window", any_value(json_extract_string(a.stamp, '$.dept')) AS dept,
  [a.id, min(l.id)] AS facts
FROM counting AS a
JOIN lists AS l ON l.item = json_extract_string(a.stamp, '$.item') AND l.centre = a.centre
WHERE a.type = 'case.accepted'
GROUP BY a.id, a.stream_key, a.occurred_local, a.centre, a."window"
HAVING bool_or(CAST(a.occurred_local AS DATE) >= l.over_on AND a.recorded_at < l.recorded_at)
  AND NOT bool_or(CAST(a.occurred_local AS DATE) >= l.first_day
    AND (l.over_on IS NULL OR CAST(a.occurred_local AS DATE) < l.over_on))
ORDER BY subject
