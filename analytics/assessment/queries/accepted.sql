-- 用途   受理量: cases accepted or deemed accepted, 联办 and 异地代收 among them
-- 依据   domain.md K02, K44; the deemed one counts from the receipt (行政许可法 §32)
-- grain  one row an acceptance and code
-- parameters  tables facts, acceptances
-- unit   件
SELECT 'accepted' AS code, since AS moment, centre, "window", 1 AS amount
FROM acceptances
UNION ALL
SELECT 'joint_accepted', since, centre, "window", 1
FROM acceptances
WHERE project_type = 'joint'
UNION ALL
SELECT 'remote_accepted', since, centre, "window", 1
FROM acceptances AS a
WHERE EXISTS (
  FROM facts AS f
  WHERE f.type = 'case.collected_remote' AND f.case_id = a.case_id AND f."offset" < a."offset"
)
