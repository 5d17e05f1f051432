-- 用途   the facts (事件) behind the figures of a card
-- 依据   design.md 1: each figure leads to its events
-- grain  one row a subject, measure and fact; corrections are netted: what counts no more is not here
-- parameters  table placed; centre '' = all, subject '' = all
-- unit   sums as in docs/indicators.md
SELECT subject, key, code, fact, CAST(sum(sum) AS BIGINT) AS amount
FROM (
  SELECT 'window' AS subject, "window" AS key, centre, code, fact, sum FROM placed
  UNION ALL
  SELECT 'staff', staff, centre, code, fact, sum FROM placed WHERE staff <> ''
)
WHERE ($centre = '' OR centre = $centre) AND ($key = '' OR key = $key)
  AND list_contains($codes, code)
GROUP BY ALL
HAVING sum(sum) <> 0
ORDER BY subject, key, code, fact
