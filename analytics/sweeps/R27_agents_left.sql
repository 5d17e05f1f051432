-- 用途   代办缺失: a village that had agents and has none any more
-- 依据   domain.md 5.2 R27, 2.7: every village has one; villages that never told of any are left out
-- grain  level, subject (the village), about 'agent@' and the day since, since, centre, window, dept, facts
-- parameters  table counting
-- unit   alerts
WITH posts AS (
  SELECT
    id, type, occurred_local, json_extract_string(data, '$.village') AS village
  FROM counting
  WHERE type IN ('agent.appointed', 'agent.dismissed')
  QUALIFY row_number() OVER (
    PARTITION BY stream_key, json_extract_string(data, '$.village') ORDER BY version DESC) = 1
)
SELECT
  'yellow' AS level, 'centre/' || village AS subject,
  'agent@' || strftime(max(occurred_local), '%Y-%m-%d') AS about, max(occurred_local) AS since,
  village AS centre, NULL AS "window", NULL AS dept,
  list(id ORDER BY occurred_local DESC, id)[:5] AS facts
FROM posts
GROUP BY village
HAVING bool_and(type = 'agent.dismissed')
ORDER BY subject
