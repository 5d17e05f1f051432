-- 用途   未销预警, 未销黄牌, 未销红牌: alerts whose newest fact at the cut ends nothing
-- 依据   domain.md K30, 3.10
-- grain  code, bucket '' (a gauge), centre of the holder, window ''
-- parameters  table alert_facts
-- unit   张
WITH newest AS (
  SELECT type, level, centre
  FROM alert_facts
  QUALIFY row_number() OVER (PARTITION BY subject, alert_id ORDER BY version DESC) = 1
), names(level, code) AS (
  VALUES ('remind', 'alerts_open_remind'), ('yellow', 'alerts_open_yellow'),
    ('red', 'alerts_open_red')
)
SELECT n.code, '' AS bucket, f.centre, '' AS "window", count(*) AS sum
FROM newest AS f
JOIN names AS n USING (level)
WHERE f.type IN ('alert.raised', 'alert.escalated')
GROUP BY ALL
ORDER BY code, bucket, centre, "window"
