-- 用途   the facts (有效事实) of the rating stream that name a rating and counted at the cut
-- 依据   domain.md 3.6, 3.9: what was voided does not count, nor does the loop of a voided rating
-- grain  one row a fact
-- parameters  tables cut(partition, until), voided, adoptions
-- unit   facts
WITH known AS (
  SELECT
    e."partition", e."offset", e.type, e.stream_key, e.occurred_local,
    e.source_class, json_extract_string(e.data, '$.rating_id') AS rating_id, e.data,
    coalesce(a.calendar, -1) AS calendar
  FROM events AS e
  JOIN cut USING ("partition")
  ANTI JOIN voided USING (id)
  ASOF LEFT JOIN adoptions AS a ON a."partition" = e."partition" AND a."offset" < e."offset"
  WHERE e."offset" < cut.until AND e.stream = 'rating'
)
SELECT
  k."partition", k."offset", k.type, k.stream_key, k.occurred_local, k.source_class, k.rating_id,
  k.data, k.calendar
FROM known AS k
JOIN known AS r
  ON r.type = 'rating.submitted' AND r.stream_key = k.stream_key AND r.rating_id = k.rating_id
  AND r."offset" <= k."offset"
