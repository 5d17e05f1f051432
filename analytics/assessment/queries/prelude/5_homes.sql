-- 用途   the place (计入地) of each case: where it was accepted; where it was received, if it was not
-- 依据   domain.md 7.1(4): cases by accepting centre; K03, K17–K19 of what ended before it was accepted
-- grain  one row a case
-- parameters  tables facts, acceptances
-- unit   NULL = none was named
SELECT
  f.case_id, f.centre AS received_centre, f."window" AS received_window,
  CASE WHEN a.case_id IS NULL THEN f.centre ELSE a.centre END AS centre,
  CASE WHEN a.case_id IS NULL THEN f."window" ELSE a."window" END AS "window"
FROM facts AS f
LEFT JOIN acceptances AS a USING (case_id)
WHERE f.type = 'case.submitted'
