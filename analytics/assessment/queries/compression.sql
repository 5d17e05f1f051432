-- 用途   时限压缩: promised and statutory limits of the items each centre has claimed at the cut
-- 依据   domain.md K14, 2.6; 8 hours a working day, 5 working days in 7 days; both limits known
-- grain  one row an item, centre that claims it and limit; a gauge has no moment
-- parameters  tables events, cut
-- unit   1/56 working day
WITH told AS (
  SELECT e.type, e.stream_key AS item, e."offset" AS place, e.data
  FROM events AS e
  JOIN cut USING ("partition")
  WHERE e."offset" < cut.until AND e.stream = 'item'
), claims AS (
  SELECT item, json_extract_string(data, '$.centre_id') AS centre, type
  FROM told
  WHERE type IN (
    'item.claimed', 'item.claim_confirmed', 'item.claim_declined', 'item.unclaimed'
  )
  QUALIFY row_number() OVER (PARTITION BY item, centre ORDER BY place DESC) = 1
), documents AS (
  SELECT item, type, data
  FROM told
  WHERE type IN ('item.registered', 'item.revised', 'item.retired')
  QUALIFY row_number() OVER (PARTITION BY item ORDER BY place DESC) = 1
), limits AS (
  SELECT
    c.centre, unnest(['claimed_promised', 'claimed_statutory']) AS code,
    unnest([json_extract(d.data, '$.promised'), json_extract(d.data, '$.statutory')]) AS told
  FROM claims AS c
  JOIN documents AS d USING (item)
  WHERE c.type IN ('item.claimed', 'item.claim_confirmed') AND d.type <> 'item.retired'
    AND json_type(d.data, '$.promised') = 'OBJECT' AND json_type(d.data, '$.statutory') = 'OBJECT'
)
SELECT
  code, NULL::TIMESTAMP AS moment, centre, '' AS "window",
  CAST(json_extract_string(told, '$.n') AS BIGINT) * CASE json_extract_string(told, '$.unit')
    WHEN 'workday' THEN 56 WHEN 'day' THEN 40 WHEN 'hour' THEN 7
  END AS amount
FROM limits
