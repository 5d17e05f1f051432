-- 用途   不予采纳: negatives that an appeal took out of the count, by stars, on the day of the rating
-- 依据   domain.md 3.6, K23, K24, K28: valid ratings = submitted − not adopted
-- grain  code, bucket (local hour, and local day), centre, window; '' = none
-- parameters  tables rating_facts, neg_loops
-- unit   次
WITH hourly AS (
  SELECT
    CASE l.stars WHEN 1 THEN 'not_adopted_1' ELSE 'not_adopted_2' END AS code,
    date_trunc('hour', l.rated) AS hour,
    coalesce(l.centre, '') AS centre, coalesce(l."window", '') AS "window", count(*) AS total
  FROM neg_loops AS l
  JOIN rating_facts AS f USING (case_id, rating_id)
  WHERE f.type = 'appeal.upheld'
  GROUP BY ALL
)
SELECT code, strftime(hour, '%Y-%m-%dT%H') AS bucket, centre, "window", total AS sum
FROM hourly
UNION ALL
SELECT code, strftime(hour, '%Y-%m-%d') AS bucket, centre, "window", sum(total) AS sum
FROM hourly
GROUP BY ALL
ORDER BY code, bucket, centre, "window"
