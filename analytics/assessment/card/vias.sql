-- 用途   by which way a rating was given: on site (现场) or online (线上); of which ticket, if of one
-- 依据   domain.md S8.1: both are used; 评价渠道 of GB/T 39046; 3.6: a visit is rated by its ticket
-- grain  one row a rating
-- parameters  table cut(partition, until)
-- unit   ratings; an id that was voided and given again is what it was last
WITH given AS (
  SELECT
    e.stream_key, json_extract_string(e.data, '$.rating_id') AS rating, e.data
  FROM events AS e
  JOIN cut USING ("partition")
  WHERE e."offset" < cut.until AND e.type = 'rating.submitted'
  QUALIFY row_number() OVER (PARTITION BY e.stream_key, rating ORDER BY e.version DESC) = 1
)
SELECT
  stream_key, rating, json_extract_string(data, '$.ticket_id') AS ticket,
  CASE
    WHEN json_extract_string(data, '$.via') IN ('qr', 'hall_tablet', 'hall_other') THEN 'onsite'
    ELSE 'online'
  END AS side
FROM given
ORDER BY stream_key, rating
