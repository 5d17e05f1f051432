-- 用途   补正与不予受理: cases told what is missing, for the first time, and cases not accepted
-- 依据   domain.md K19; at the place where they were told, or, where that was not said, received
-- grain  one row a case and code
-- parameters  tables facts, homes
-- unit   件
WITH told AS (
  SELECT
    f.type, f.case_id, f."offset", f.occurred_local, coalesce(f.centre, h.received_centre) AS centre,
    CASE WHEN f.centre IS NULL THEN coalesce(f."window", h.received_window) ELSE f."window" END
      AS "window"
  FROM facts AS f
  LEFT JOIN homes AS h USING (case_id)
  WHERE f.type IN ('case.supplement_noticed', 'case.not_accepted')
)
SELECT 'noticed' AS code, occurred_local AS moment, centre, "window", 1 AS amount
FROM told
WHERE type = 'case.supplement_noticed'
QUALIFY row_number() OVER (PARTITION BY case_id ORDER BY "offset") = 1
UNION ALL
SELECT 'not_accepted', occurred_local, centre, "window", 1
FROM told
WHERE type = 'case.not_accepted'
