-- 用途   好差评各星级, 差评: ratings by stars, at the place the rated case was accepted
-- 依据   domain.md K23, K24, K28; 国办发〔2019〕51号: one star or two is a negative
-- grain  one row a rating and code
-- parameters  tables facts, acceptances
-- unit   次
WITH given AS (
  SELECT
    f.occurred_local, a.centre, a."window",
    CAST(json_extract_string(f.data, '$.stars') AS INTEGER) AS stars
  FROM facts AS f
  LEFT JOIN acceptances AS a USING (case_id)
  WHERE f.type = 'rating.submitted'
)
SELECT
  unnest(CASE WHEN stars <= 2 THEN ['stars_' || stars, 'negatives'] ELSE ['stars_' || stars] END)
    AS code,
  occurred_local AS moment, centre, "window", 1 AS amount
FROM given
