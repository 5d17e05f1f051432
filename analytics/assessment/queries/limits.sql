-- 用途   按时办结, 提前办结, 超期, 即办兑现: clocks of the law and of the promise, kept or broken
-- 依据   domain.md K11–K13, K16, 7.1(4); kept where it was accepted, broken at whom it was laid to
-- grain  one row a clock and code
-- parameters  tables obligations, conclusions
-- unit   件
WITH kept AS (
  SELECT
    o.clock, c.occurred_local, c.centre, c."window",
    coalesce(o.clock = 'C3' AND c.elapsed <= c.promised - 1, false) AS early
  FROM obligations AS o
  JOIN conclusions AS c USING (case_id)
  WHERE o.clock IN ('C2', 'C3') AND NOT o.broken AND coalesce(c.occurred_local <= o.due, true)
    AND c.result IN (0, 1, 4)
    AND o.project_type IN ('promised', 'joint', 'escalated')
), broken AS (
  SELECT
    clock, due, laid_centre AS centre, laid_window AS "window", project_type IN ('promised', 'joint', 'escalated') AS slow
  FROM obligations
  WHERE clock IN ('C0', 'C2', 'C3') AND broken
)
SELECT
  CASE WHEN early THEN 'promised_early' WHEN clock = 'C3' THEN 'promised_met'
    ELSE 'statutory_met' END AS code,
  occurred_local AS moment, centre, "window", 1 AS amount
FROM kept
UNION ALL
SELECT
  CASE clock WHEN 'C3' THEN 'promised_broken' ELSE 'statutory_broken' END,
  due, centre, "window", 1
FROM broken
WHERE slow AND clock <> 'C0'
UNION ALL
SELECT
  CASE clock WHEN 'C3' THEN 'overdue_promised' WHEN 'C2' THEN 'overdue_statutory'
    ELSE 'instant_broken' END,
  due, centre, "window", 1
FROM broken
UNION ALL
SELECT 'instant_met', occurred_local, centre, "window", 1
FROM conclusions
WHERE project_type = 'instant' AND NOT historical AND same_day AND result NOT IN (2, 3)
