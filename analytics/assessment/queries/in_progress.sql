-- 用途   在办量: cases accepted and not yet concluded at the cut
-- 依据   domain.md K04 (S)
-- grain  code, bucket '' (a gauge), centre of acceptance, window ''
-- parameters  tables facts, acceptances
-- unit   件
SELECT
  'in_progress' AS code, '' AS bucket, coalesce(a.centre, '') AS centre, '' AS "window",
  count(*) AS sum
FROM acceptances AS a
ANTI JOIN (SELECT case_id FROM facts WHERE type = 'case.concluded') AS c USING (case_id)
GROUP BY ALL
ORDER BY code, bucket, centre, "window"
