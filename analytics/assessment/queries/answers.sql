-- 用途   出件及时, 转办签收, 容缺兑现: what was due after a decision, a transfer, a commitment
-- 依据   domain.md K31–K33, 4.2 C8, C5, C7; kept when done, broken at the due, at whom it was laid to
-- grain  one row a clock
-- parameters  table obligations
-- unit   件
WITH counted AS (
  SELECT
    CASE
      WHEN clock = 'C8' THEN CASE WHEN broken THEN 'delivery_broken' ELSE 'delivered_in_time' END
      WHEN clock = 'C5' THEN CASE
        WHEN broken THEN 'signing_broken'
        WHEN how = 'refused' THEN 'signing_refused'
        ELSE 'signed_in_time'
      END
      WHEN broken THEN 'deficiency_broken'
      WHEN how = 'failed' THEN 'deficiency_failed'
      ELSE 'deficiency_met'
    END AS code,
    CASE WHEN broken THEN due ELSE stopped END AS moment,
    CASE WHEN broken THEN laid_centre ELSE centre END AS centre,
    CASE WHEN broken THEN laid_window ELSE "window" END AS "window", 1 AS amount
  FROM obligations
  WHERE clock IN ('C5', 'C7', 'C8') AND (broken OR how <> 'ended')
)
SELECT code, moment, centre, "window", amount FROM counted
