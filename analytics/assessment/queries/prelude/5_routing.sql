-- 用途   the window type (窗口类型) each acceptance at a known window needed, and whether it got it
-- 依据   domain.md 5.1, rows 1, 3–15, first match wins; data as adopted by then, a tier from its day (3.8a)
-- grain  one row an acceptance whose item, centre and window were known when it was decided
-- parameters  tables acceptances, items
-- unit   cases; required NULL = not offered at that centre, so that any window is a wrong one
WITH known AS (
  SELECT "offset" AS version, type, stream_key AS key, data
  FROM events
  WHERE type IN (
    'dept.registered', 'centre.opened', 'centre.tier_changed', 'window.created', 'window.type_changed'
  )
), depts AS (
  SELECT
    version, key,
    coalesce(CAST(json_extract_string(data, '$.utility') AS BOOLEAN), false) AS utility,
    coalesce(CAST(json_extract_string(data, '$.key_central_only') AS BOOLEAN), false)
      AS key_central_only
  FROM known
  WHERE type = 'dept.registered'
), centres AS (
  SELECT version, key, json_extract_string(data, '$.level') AS level
  FROM known
  WHERE type = 'centre.opened'
), tiers AS (
  SELECT
    version, key, json_extract_string(data, '$.tier') AS tier,
    coalesce(CAST(json_extract_string(data, '$.effective_from') AS DATE), DATE '0001-01-01') AS since
  FROM known
  WHERE type IN ('centre.opened', 'centre.tier_changed')
), windows AS (
  SELECT
    version, key, json_extract_string(data, '$.kind') AS kind,
    CAST(json_extract_string(data, '$.covers[*]') AS VARCHAR[]) AS covers
  FROM known
  WHERE type LIKE 'window.%'
), accepted AS (
  SELECT
    a.case_id, a.occurred_local, a.centre, a."window", a.adopted,
    i.dept, i.topic, i.window_rule, i.is_project
  FROM acceptances AS a
  ASOF JOIN items AS i ON i.item = a.item AND i.version < a.adopted
), ranked AS (
  SELECT a.case_id, arg_max(t.tier, t.version) AS tier
  FROM accepted AS a
  JOIN tiers AS t
    ON t.key = a.centre AND t.version < a.adopted AND t.since <= CAST(a.occurred_local AS DATE)
  GROUP BY a.case_id
), placed AS (
  SELECT a.*, c.level, r.tier
  FROM accepted AS a
  ASOF JOIN centres AS c ON c.key = a.centre AND c.version < a.adopted
  JOIN ranked AS r ON r.case_id = a.case_id
), seated AS (
  SELECT p.*, w.kind, w.covers
  FROM placed AS p
  ASOF JOIN windows AS w ON w.key = p."window" AND w.version < p.adopted
), described AS (
  SELECT
    s.*, coalesce(d.utility, false) AS utility,
    coalesce(d.key_central_only, false) AS key_central_only
  FROM seated AS s
  ASOF LEFT JOIN depts AS d ON d.key = s.dept AND d.version < s.adopted
), routed AS (
  SELECT
    case_id, occurred_local, centre, "window", kind, covers,
    CASE
      WHEN level = 'village' THEN 'village:all_round'
      WHEN window_rule IS NOT NULL THEN window_rule
      WHEN level = 'town' AND key_central_only AND tier NOT IN ('key_central_town', 'zone') THEN NULL
      WHEN dept IN ('公安', '公安出入境') THEN 'professional:公安'
      WHEN dept IN ('税务', '人社', '医保', '公积金') THEN 'professional:' || dept
      WHEN topic = '市场准入' THEN 'professional:市场准入'
      WHEN dept IN ('财政', '民政', '残联', '卫健委') THEN 'comp:livelihood'
      WHEN dept IN ('住建', '城管', '自然资源') THEN 'comp:construction'
      WHEN dept = '审批局' AND is_project THEN 'comp:construction'
      WHEN utility THEN 'comp:municipal'
      ELSE 'comp:other'
    END AS required
  FROM described
)
SELECT
  case_id, occurred_local, centre, "window", required,
  required IS NULL OR (required <> kind AND NOT list_contains(covers, required)) AS wrong
FROM routed
