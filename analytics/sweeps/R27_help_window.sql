-- 用途   代办窗口缺失: a town's open centre that has windows, and none of them helps (帮办代办)
-- 依据   domain.md 5.2 R27; a merged window that covers help_agent helps
-- grain  level, subject (the centre), about 'help_window@' and the day since, since, centre, window, dept, facts
-- parameters  tables counting, centres
-- unit   alerts; since the last window that helped ceased to, else since the opening
WITH told AS (
  SELECT
    type, stream_key AS "window", json_extract_string(data, '$.centre') AS centre,
    json_extract_string(data, '$.kind') = 'help_agent' OR list_contains(
      CAST(json_extract_string(data, '$.covers[*]') AS VARCHAR[]), 'help_agent') AS helps,
    lead(id) OVER story AS ended_by, lead(occurred_local) OVER story AS ended
  FROM counting
  WHERE type IN ('window.created', 'window.type_changed', 'window.retired')
  WINDOW story AS (PARTITION BY stream_key ORDER BY version)
), without AS (
  SELECT
    c.centre, greatest(c.opened_since, max(t.ended) FILTER (WHERE t.helps)) AS since,
    coalesce(arg_max(t.ended_by, t.ended) FILTER (WHERE t.helps), c.opened_fact) AS fact
  FROM centres AS c
  JOIN told AS t USING (centre)
  WHERE c.level = 'town'
  GROUP BY c.centre, c.opened_since, c.opened_fact
  HAVING bool_or(t.ended IS NULL) AND NOT bool_or(t.helps AND t.ended IS NULL)
)
SELECT
  'yellow' AS level, 'centre/' || centre AS subject,
  'help_window@' || strftime(since, '%Y-%m-%d') AS about, since, centre, NULL AS "window",
  NULL AS dept, [fact] AS facts
FROM without
ORDER BY subject
