-- 用途   negatives (差评) that were verified as valid, and that no appeal took away (不予采纳)
-- 依据   domain.md 3.6, 5.2 R25; K24: what was not adopted is no valid rating
-- grain  one row a rating
-- parameters  table counting
-- unit   ratings
SELECT
  r.id, r.stream_key, r.occurred_local, json_extract_string(r.stamp, '$.accept_centre') AS centre,
  json_extract_string(r.stamp, '$.accept_window') AS "window",
  json_extract_string(r.stamp, '$.item') AS item
FROM counting AS r
SEMI JOIN counting AS v
  ON v.type = 'neg.verified' AND v.stream_key = r.stream_key
  AND json_extract_string(v.data, '$.rating_id') = json_extract_string(r.data, '$.rating_id')
  AND json_extract_string(v.data, '$.finding') IN ('valid', 'partly')
ANTI JOIN counting AS u
  ON u.type = 'appeal.upheld' AND u.stream_key = r.stream_key
  AND json_extract_string(u.data, '$.rating_id') = json_extract_string(r.data, '$.rating_id')
WHERE r.type = 'rating.submitted'
