-- 用途   what each night knew: the sums of days, by the night (夜) before which they became known
-- 依据   domain.md 6.3: a day closes at 02:00 after it; what is recorded later restates it
-- grain  one row a centre, night, day and code; causes = the facts that came after their day closed
-- parameters  table learnt(code, day, centre, window, night, cause, sum), first and last night
-- unit   sums as in docs/indicators.md
WITH known AS (
  SELECT
    centre, greatest(night, day) AS night, day, code, CAST(sum(sum) AS BIGINT) AS delta,
    list(DISTINCT cause ORDER BY cause) FILTER (WHERE cause IS NOT NULL) AS causes
  FROM learnt
  WHERE day >= $book
  GROUP BY ALL
)
SELECT night, centre, day, code, delta, coalesce(causes, []) AS causes
FROM known
WHERE delta <> 0 AND night BETWEEN $first AND $last
ORDER BY night, centre, day, code
