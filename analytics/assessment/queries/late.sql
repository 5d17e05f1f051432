-- 用途   超期在办: cases past the due of a limit that still runs (法定 C2, 承诺 C3), by who held them then
-- 依据   domain.md 4.2 holder of the clock; a breach counts until its case is concluded or ends without a decision
-- grain  one row a broken clock that runs; moment: the local day of the due; window = department; '' = the front
-- parameters  table obligations
-- unit   件
SELECT
  CASE o.clock WHEN 'C2' THEN 'late_statutory' ELSE 'late_promised' END AS code,
  CAST(o.due AS DATE) AS moment, o.laid_centre AS centre, o.laid_dept AS "window", 1 AS amount
FROM obligations AS o
WHERE o.clock IN ('C2', 'C3') AND o.broken AND o.how IS NULL
