-- 用途   超期在办: cases past the due of a limit that still runs (法定 C2, 承诺 C3), laid to whom held them then
-- 依据   domain.md 4.2 holder of the clock; a breach counts until its case is concluded or ends without a decision
-- grain  code, bucket (local day of the due), centre of the holder, window = department of the holder; '' = the front
-- parameters  table facts
-- unit   件
SELECT
  CASE json_extract_string(b.data, '$.clock')
    WHEN 'C2' THEN 'late_statutory' ELSE 'late_promised'
  END AS code,
  left(json_extract_string(b.data, '$.due'), 10) AS bucket,
  coalesce(json_extract_string(b.data, '$.holder_centre'), '') AS centre,
  coalesce(json_extract_string(b.data, '$.holder_dept'), '') AS "window", count(*) AS sum
FROM facts AS b
ANTI JOIN (
  SELECT case_id FROM facts WHERE type IN ('case.concluded', 'case.withdrawn', 'case.terminated')
) AS over USING (case_id)
WHERE b.type = 'case.clock_breached' AND json_extract_string(b.data, '$.clock') IN ('C2', 'C3')
GROUP BY ALL
ORDER BY code, bucket, centre, "window"
