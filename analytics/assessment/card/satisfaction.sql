-- 用途   好差评: ratings by stars, place and side (现场 against 线上), and who could have rated
-- 依据   domain.md K22–K24, K28, S8.1
-- grain  one row a centre, window, side and measure
-- parameters  tables placed, windows
-- unit   sums as in docs/indicators.md
SELECT
  p.centre, p."window", p.side, p.code, CAST(sum(p.sum) AS BIGINT) AS amount
FROM placed AS p
WHERE starts_with(p.code, 'stars_') OR starts_with(p.code, 'not_adopted_')
  OR p.code IN ('rateable', 'rated_services')
GROUP BY ALL
HAVING sum(p.sum) <> 0
ORDER BY p.centre, p."window", p.side, p.code
