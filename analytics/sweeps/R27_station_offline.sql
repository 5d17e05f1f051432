-- 用途   站点下线: a station that was on 江苏政务服务网 and is not
-- 依据   domain.md 5.2 R27
-- grain  level, subject (the centre), about 'station@' and the day since, since, centre, window, dept, facts
-- parameters  table counting
-- unit   alerts
WITH newest AS (
  SELECT id, type, stream_key AS centre, occurred_local
  FROM counting
  WHERE type IN ('centre.station_online', 'centre.station_offline')
  QUALIFY row_number() OVER (PARTITION BY stream_key ORDER BY version DESC) = 1
)
SELECT
  'yellow' AS level, 'centre/' || centre AS subject,
  'station@' || strftime(occurred_local, '%Y-%m-%d') AS about, occurred_local AS since,
  centre, NULL AS "window", NULL AS dept, [id] AS facts
FROM newest
WHERE type = 'centre.station_offline'
ORDER BY subject
