-- 用途   窗口绩效: the figures of every window and of every member of staff in a period
-- 依据   domain.md 6.2; figures and weights in card.toml; parents are divided after summing, never averaged
-- grain  one row a subject (window or staff) and figure
-- parameters  tables placed, windows, formulas(figure, part, code, weight)
-- unit   as the figure; den 0 = nothing to divide by
WITH subjects AS (
  SELECT 'window' AS subject, "window" AS key, centre, "window", code, sum FROM placed
  UNION ALL
  SELECT 'staff', staff, centre, "window", code, sum FROM placed WHERE staff <> ''
), kinds AS (
  SELECT s.subject, s.key, s.centre, arg_max(w.kind, s.amount) AS kind
  FROM (
    SELECT subject, key, centre, "window", sum(sum) AS amount
    FROM subjects
    WHERE code IN ('concluded', 'service_n')
    GROUP BY ALL
    ORDER BY "window"
  ) AS s
  JOIN windows AS w USING ("window")
  GROUP BY s.subject, s.key, s.centre
)
SELECT
  s.subject, s.centre, s.key, any_value(k.kind) AS kind, f.figure,
  CAST(coalesce(sum(s.sum * f.weight) FILTER (WHERE f.part = 'num'), 0) AS BIGINT) AS num,
  CAST(coalesce(sum(s.sum * f.weight) FILTER (WHERE f.part = 'den'), 0) AS BIGINT) AS den,
  CAST(coalesce(sum(s.sum * f.weight) FILTER (WHERE f.part = 'n'), 0) AS BIGINT) AS n
FROM subjects AS s
JOIN formulas AS f USING (code)
LEFT JOIN kinds AS k USING (subject, centre, key)
GROUP BY s.subject, s.centre, s.key, f.figure
ORDER BY s.subject, s.centre, s.key, f.figure
