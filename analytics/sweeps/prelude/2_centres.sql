-- 用途   the centres that are open, as the newest facts of each have them
-- 依据   domain.md 2.2, 3.8a: a tier holds from its day on, a measured area before a published one
-- grain  one row a centre
-- parameters  table counting
-- unit   square metres; tier_since NULL: the tier it was opened with
WITH told AS (
  SELECT id, type, stream_key AS centre, version, occurred_local, data
  FROM counting
  WHERE type IN (
    'centre.opened', 'centre.suspended', 'centre.closed', 'centre.area_measured',
    'centre.tier_changed'
  )
), opened AS (
  SELECT centre, id, occurred_local, data
  FROM told
  WHERE type IN ('centre.opened', 'centre.suspended', 'centre.closed')
  QUALIFY row_number() OVER (PARTITION BY centre ORDER BY version DESC) = 1
    AND type = 'centre.opened'
), tiers AS (
  SELECT
    centre, json_extract_string(data, '$.tier') AS tier,
    CAST(json_extract_string(data, '$.effective_from') AS TIMESTAMP) AS since
  FROM told
  WHERE type = 'centre.opened' OR (type = 'centre.tier_changed'
    AND CAST(json_extract_string(data, '$.effective_from') AS DATE)
      <= (SELECT max(occurred_local) FROM counting))
  QUALIFY row_number() OVER (PARTITION BY centre ORDER BY version DESC) = 1
), areas AS (
  SELECT
    centre, id, occurred_local,
    CAST(json_extract_string(data, '$.hall_area_m2') AS INTEGER) AS area
  FROM told
  WHERE type IN ('centre.opened', 'centre.area_measured')
    AND json_extract_string(data, '$.hall_area_m2') IS NOT NULL
  QUALIFY row_number() OVER (
    PARTITION BY centre ORDER BY type = 'centre.area_measured' DESC, version DESC) = 1
)
SELECT
  o.centre, json_extract_string(o.data, '$.level') AS level,
  json_extract_string(o.data, '$.town') AS town, t.tier, t.since AS tier_since, a.area,
  a.id AS area_fact, a.occurred_local AS area_since, o.id AS opened_fact,
  o.occurred_local AS opened_since
FROM opened AS o
JOIN tiers AS t USING (centre)
LEFT JOIN areas AS a USING (centre)
