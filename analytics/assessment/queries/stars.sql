-- 用途   好差评各星级, 差评: ratings by stars, at the place of the rated service
-- 依据   domain.md K23, K24, K28; 国办发〔2019〕51号: one star or two is a negative
-- grain  one row a rating and code
-- parameters  table given
-- unit   次
SELECT
  unnest(CASE WHEN stars <= 2 THEN ['stars_' || stars, 'negatives'] ELSE ['stars_' || stars] END)
    AS code,
  given AS moment, centre, "window", 1 AS amount
FROM given
