-- 用途   预警, 黄牌, 红牌, 撤牌: alerts at the level they are raised to, and those cancelled
-- 依据   domain.md K30: raise day, cancel day; an escalation counts at its new level
-- grain  code, bucket (local hour, and local day), centre of the holder, window; '' = none
-- parameters  table alert_facts
-- unit   张
WITH names(type, level, code) AS (
  VALUES
    ('alert.raised', 'remind', 'alerts_remind'), ('alert.escalated', 'remind', 'alerts_remind'),
    ('alert.raised', 'yellow', 'alerts_yellow'), ('alert.escalated', 'yellow', 'alerts_yellow'),
    ('alert.raised', 'red', 'alerts_red'), ('alert.escalated', 'red', 'alerts_red'),
    ('alert.cancelled', 'remind', 'alerts_cancelled'),
    ('alert.cancelled', 'yellow', 'alerts_cancelled'),
    ('alert.cancelled', 'red', 'alerts_cancelled')
), hourly AS (
  SELECT
    n.code, date_trunc('hour', f.occurred_local) AS hour, f.centre, f."window", count(*) AS total
  FROM alert_facts AS f
  JOIN names AS n USING (type, level)
  GROUP BY ALL
)
SELECT code, strftime(hour, '%Y-%m-%dT%H') AS bucket, centre, "window", total AS sum
FROM hourly
UNION ALL
SELECT code, strftime(hour, '%Y-%m-%d') AS bucket, centre, "window", sum(total) AS sum
FROM hourly
GROUP BY ALL
ORDER BY code, bucket, centre, "window"
