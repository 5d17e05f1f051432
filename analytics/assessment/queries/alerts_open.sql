-- 用途   未销预警, 未销黄牌, 未销红牌: alerts whose newest fact at the cut ends nothing
-- 依据   domain.md K30, 3.10
-- grain  one row an open alert, of no moment (存量); centre of the holder
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
SELECT n.code, CAST(NULL AS TIMESTAMP) AS moment, f.centre, '' AS "window", 1 AS amount
FROM newest AS f
JOIN names AS n USING (level)
WHERE f.type IN ('alert.raised', 'alert.escalated')
