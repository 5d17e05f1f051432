-- 用途   预警, 黄牌, 红牌, 撤牌: alerts at the level they are raised to, and those cancelled
-- 依据   domain.md K30: raise day, cancel day; an escalation counts at its new level
-- grain  one row a fact that counts; centre of the holder, window
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
)
SELECT n.code, f.occurred_local AS moment, f.centre, f."window", 1 AS amount
FROM alert_facts AS f
JOIN names AS n USING (type, level)
