-- 用途   面积不达标: a centre whose hall is smaller than the norm of its tier
-- 依据   domain.md 5.2 R27, S1.1–S1.3: 区 and 中心镇 1000, other towns 500, villages 50 square metres
-- grain  level, subject (the centre), about 'area@' and the day since, since, centre, window, dept, facts
-- parameters  table centres
-- unit   alerts
WITH norms(tier, norm) AS (
  VALUES ('zone', 1000), ('key_central_town', 1000), ('central_town', 1000), ('other_town', 500),
    ('subdistrict', 500), ('village', 50)
), small AS (
  SELECT c.centre, c.area_fact, greatest(c.area_since, c.tier_since) AS since
  FROM centres AS c
  JOIN norms USING (tier)
  WHERE c.area < norms.norm
)
SELECT
  'yellow' AS level, 'centre/' || centre AS subject,
  'area@' || strftime(since, '%Y-%m-%d') AS about, since, centre, NULL AS "window", NULL AS dept,
  [area_fact] AS facts
FROM small
ORDER BY subject
