-- 用途   the acceptance (受理) of each case that counts, with what was promised then
-- 依据   domain.md 4.1: accepted once, or deemed so from the last receipt; 0.4: type and limits as of then
-- grain  one row a case
-- parameters  tables facts, items
-- unit   cases; since: from when on it counts; limits are JSON {n, unit}, NULL = none
WITH received AS (
  SELECT
    case_id, arg_max(occurred_local, "offset") AS received,
    any_value(json_extract_string(data, '$.item')) FILTER (WHERE type = 'case.submitted') AS item
  FROM facts
  WHERE type = 'case.submitted'
    OR (type = 'case.supplemented' AND json_extract_string(data, '$.complete') = 'true')
  GROUP BY case_id
), told AS (
  SELECT
    f."partition", f."offset", f.case_id, f.occurred_local, f.source_class, f.centre,
    f.type = 'case.deemed_accepted' AS deemed,
    CASE WHEN f.type = 'case.accepted' THEN f."window" END AS "window",
    CASE WHEN f.type = 'case.accepted' THEN f.occurred_local ELSE r.received END AS since,
    json_extract_string(f.data, '$.project_type') AS project_type,
    json_extract(f.data, '$.statutory') AS statutory,
    json_extract(f.data, '$.promised') AS promised,
    f.adopted, f.calendar, r.item
  FROM facts AS f
  LEFT JOIN received AS r USING (case_id)
  WHERE f.type IN ('case.accepted', 'case.deemed_accepted')
)
SELECT
  t."partition", t."offset", t.case_id, t.occurred_local, t.source_class, t.centre, t."window",
  t.deemed, t.since, t.item, t.adopted, t.calendar,
  t.project_type IS NOT NULL AS own_type, t.statutory IS NOT NULL AS own_statutory,
  t.promised IS NOT NULL AS own_promised,
  coalesce(t.project_type, i.project_type) AS project_type,
  coalesce(t.statutory, i.statutory) AS statutory, coalesce(t.promised, i.promised) AS promised
FROM told AS t
ASOF LEFT JOIN items AS i ON i.item = t.item AND i.version < t.adopted
