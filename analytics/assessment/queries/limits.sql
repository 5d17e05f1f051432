-- 用途   按时办结, 提前办结, 超期, 即办兑现: clocks of the law and of the promise, kept or broken
-- 依据   domain.md K11–K13, K16; kept at the conclusion, broken at the due, whatever follows
-- grain  one row a clock and code
-- parameters  tables obligations, conclusions
-- unit   件
WITH resolved AS (
  SELECT
    *, CASE clock WHEN 'C3' THEN 'promised' ELSE 'statutory' END AS name,
    project_type IN ('promised', 'joint', 'escalated') AS slow
  FROM obligations
  WHERE clock IN ('C0', 'C2', 'C3')
)
SELECT
  CASE
    WHEN r.clock = 'C3' AND c.elapsed <= c.promised - 1 THEN 'promised_early'
    ELSE r.name || '_met'
  END AS code,
  c.occurred_local AS moment, c.centre, c."window", 1 AS amount
FROM resolved AS r
JOIN conclusions AS c USING (case_id)
WHERE r.slow AND r.clock <> 'C0' AND NOT r.broken AND c.result IN (0, 1, 4)
UNION ALL
SELECT name || '_broken', due, centre, "window", 1
FROM resolved WHERE slow AND clock <> 'C0' AND broken
UNION ALL
SELECT 'overdue_' || name, due, centre, "window", 1
FROM resolved WHERE clock <> 'C0' AND broken
UNION ALL
SELECT 'instant_broken', due, centre, "window", 1
FROM resolved WHERE clock = 'C0' AND broken
UNION ALL
SELECT 'instant_met', occurred_local, centre, "window", 1
FROM conclusions
WHERE project_type = 'instant' AND NOT historical AND same_day AND result NOT IN (2, 3)
