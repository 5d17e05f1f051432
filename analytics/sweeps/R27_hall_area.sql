-- 用途   面积不达标: a centre whose hall is smaller than the norm of its tier
-- 依据   domain.md 5.2 R27, S1.1–S1.3: 区 and 中心镇 1000, other towns 500, villages 50 square metres
-- grain  level, subject (the centre), about 'area', since, centre, window, dept, facts
-- parameters  table counting
-- unit   alerts
WITH norms(tier, norm) AS (
  VALUES ('zone', 1000), ('key_central_town', 1000), ('central_town', 1000), ('other_town', 500),
    ('subdistrict', 500), ('village', 50)
), newest AS (
  SELECT
    id, stream_key AS centre, occurred_local, json_extract_string(data, '$.tier') AS tier,
    CAST(json_extract_string(data, '$.hall_area_m2') AS INTEGER) AS area
  FROM counting
  WHERE type = 'centre.opened'
  QUALIFY row_number() OVER (PARTITION BY stream_key ORDER BY recorded_at DESC, id DESC) = 1
)
SELECT
  'yellow' AS level, 'centre/' || n.centre AS subject, 'area' AS about, n.occurred_local AS since,
  n.centre, NULL AS "window", NULL AS dept, [n.id] AS facts
FROM newest AS n
JOIN norms USING (tier)
WHERE n.area < norms.norm
ORDER BY subject
