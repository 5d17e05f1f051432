-- 用途   by which way a rating was given: on site (现场) or online (线上)
-- 依据   domain.md S8.1: both are used; 评价渠道 of GB/T 39046
-- grain  one row a rating
-- parameters  table cut(partition, until)
-- unit   ratings
SELECT
  e.stream_key AS case_id, json_extract_string(e.data, '$.rating_id') AS rating,
  any_value(CASE
    WHEN json_extract_string(e.data, '$.via') IN ('qr', 'hall_tablet', 'hall_other') THEN 'onsite'
    ELSE 'online'
  END) AS side
FROM events AS e
JOIN cut USING ("partition")
WHERE e."offset" < cut.until AND e.type = 'rating.submitted'
GROUP BY ALL
ORDER BY case_id, rating
