-- 用途   申诉, 不予采纳: appeals decided and upheld; what was upheld leaves the count of its rating
-- 依据   domain.md K29 at the decision; 3.6, K23, K24, K28 by stars, on the day of the rating
-- grain  one row an appeal and code
-- parameters  tables rating_facts, given, neg_loops
-- unit   件
WITH decided AS (
  SELECT f.type = 'appeal.upheld' AS upheld, f.occurred_local, g.centre, g."window"
  FROM rating_facts AS f
  JOIN given AS g USING (stream_key, rating_id)
  WHERE f.type IN ('appeal.upheld', 'appeal.denied')
)
SELECT
  unnest(CASE WHEN upheld THEN ['appeals_decided', 'appeals_upheld'] ELSE ['appeals_decided'] END)
    AS code,
  occurred_local AS moment, centre, "window", 1 AS amount
FROM decided
UNION ALL
SELECT
  CASE l.stars WHEN 1 THEN 'not_adopted_1' ELSE 'not_adopted_2' END, l.rated, l.centre,
  l."window", 1
FROM neg_loops AS l
JOIN rating_facts AS f USING (stream_key, rating_id)
WHERE f.type = 'appeal.upheld'
