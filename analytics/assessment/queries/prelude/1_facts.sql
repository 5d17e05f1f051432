-- 用途   the facts (有效事实) of cases and ratings that counted at the cut: recorded before it and not voided before it
-- 依据   domain.md 3.9: state = fold of events that are not voided
-- grain  one row a fact
-- parameters  table cut(partition, until)
-- unit   facts
SELECT
  e."partition", e."offset", e.type, e.stream_key AS case_id, e.occurred_local,
  e.centre, e."window", e.data
FROM events AS e
JOIN cut USING ("partition")
ANTI JOIN (
  SELECT unnest(list_prepend(
    json_extract_string(v.data, '$.target'),
    CAST(json_extract_string(v.data, '$.cascade[*]') AS VARCHAR[])
  )) AS id
  FROM events AS v
  JOIN cut USING ("partition")
  WHERE v.type IN ('case.event_voided', 'rating.event_voided') AND v."offset" < cut.until
) AS voided ON voided.id = e.id
WHERE e."offset" < cut.until
  AND e.type IN ('case.submitted', 'case.accepted', 'case.decision_made', 'case.concluded',
                 'case.issued', 'rating.submitted')
ORDER BY e."partition", e."offset"
