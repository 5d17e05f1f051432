-- 用途   the acceptance (受理) of each case that counts, with what was promised then
-- 依据   domain.md 4.1: accepted once, or deemed so from its receipt; 0.4: type and limits as of then
-- grain  one row a case
-- parameters  tables facts, items
-- unit   cases; since: from when on it counts; limits are JSON {n, unit}, NULL = none
WITH told AS (
  SELECT
    f."partition", f."offset", f.case_id, f.occurred_local, f.source_class, f.centre,
    f.type = 'case.deemed_accepted' AS deemed,
    CASE WHEN f.type = 'case.accepted' THEN f."window" END AS "window",
    timezone('Asia/Shanghai', CAST(json_extract_string(f.data, '$.effective_at') AS TIMESTAMPTZ))
      AS effective,
    json_extract_string(f.data, '$.project_type') AS project_type,
    json_extract(f.data, '$.statutory') AS statutory,
    json_extract(f.data, '$.promised') AS promised,
    f.adopted, f.calendar, s.item
  FROM facts AS f
  LEFT JOIN (
    SELECT case_id, json_extract_string(data, '$.item') AS item
    FROM facts
    WHERE type = 'case.submitted'
  ) AS s USING (case_id)
  WHERE f.type IN ('case.accepted', 'case.deemed_accepted')
)
SELECT
  t."partition", t."offset", t.case_id, t.occurred_local, t.source_class, t.centre, t."window",
  t.deemed, coalesce(t.effective, t.occurred_local) AS since, t.item, t.adopted, t.calendar,
  coalesce(t.project_type, i.project_type) AS project_type,
  coalesce(t.statutory, i.statutory) AS statutory, coalesce(t.promised, i.promised) AS promised
FROM told AS t
ASOF LEFT JOIN items AS i ON i.item = t.item AND i.version < t.adopted
