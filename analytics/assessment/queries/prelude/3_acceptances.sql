-- 用途   the acceptance (受理) of each case that counts, with the reference data it was decided with
-- 依据   domain.md 4.1: a case is accepted once, or deemed so from its receipt; what was voided does not count
-- grain  one row a case
-- parameters  tables facts, adoptions
-- unit   cases
SELECT
  f."partition", f."offset", f.case_id, f.occurred_local, f.centre, f."window",
  f.type = 'case.deemed_accepted' AS deemed,
  CASE WHEN f.type = 'case.deemed_accepted' THEN r.received ELSE f.occurred_local END AS since,
  s.item, s.submitted, coalesce(a.adopted, 0) AS adopted,
  json_extract(f.data, '$.promised') AS promised
FROM facts AS f
LEFT JOIN (
  SELECT case_id, "offset" AS submitted, json_extract_string(data, '$.item') AS item
  FROM facts
  WHERE type = 'case.submitted'
) AS s USING (case_id)
LEFT JOIN (
  SELECT case_id, arg_max(occurred_local, "offset") AS received
  FROM facts
  WHERE type = 'case.submitted'
    OR (type = 'case.supplemented' AND json_extract_string(data, '$.complete') = 'true')
  GROUP BY case_id
) AS r USING (case_id)
ASOF LEFT JOIN adoptions AS a
  ON a."partition" = f."partition" AND a."offset" < f."offset"
WHERE f.type IN ('case.accepted', 'case.deemed_accepted')
ORDER BY f.case_id
