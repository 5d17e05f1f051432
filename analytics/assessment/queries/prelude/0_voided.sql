-- 用途   ids of the facts that were taken back (作废更正) by the cut, each with what fell with it
-- 依据   domain.md 3.9: state = fold of events that are not voided
-- grain  one row a target or cascade
-- parameters  table cut(partition, until)
-- unit   facts
SELECT e."offset" AS voided_at, unnest(list_prepend(
  json_extract_string(e.data, '$.target'),
  CAST(json_extract_string(e.data, '$.cascade[*]') AS VARCHAR[])
)) AS id
FROM events AS e
JOIN cut USING ("partition")
WHERE e."offset" < cut.until AND ends_with(e.type, '.event_voided')
