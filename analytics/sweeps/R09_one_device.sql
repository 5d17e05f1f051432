-- 用途   评价异常: ten five-star ratings within ten minutes from one device, each in under 3 s
-- 依据   domain.md 5.2 R09
-- grain  level, subject (what was rated tenth), about (the device), since, centre, window, dept, facts
-- parameters  table ratings
-- unit   alerts; one a device and day: the first time
WITH quick AS (
  SELECT id, subject, occurred_local, device, centre, "window"
  FROM ratings
  WHERE device IS NOT NULL AND stars = 5 AND elapsed_ms < 3000
), tenth AS (
  SELECT
    subject, device, centre, "window", occurred_local,
    nth_value(occurred_local, 1) OVER ten AS first_at, count(*) OVER ten AS n,
    list(id) OVER ten AS facts
  FROM quick
  WINDOW ten AS (
    PARTITION BY device ORDER BY occurred_local, id ROWS BETWEEN 9 PRECEDING AND CURRENT ROW)
)
SELECT
  'yellow' AS level, subject,
  device || '.' || strftime(occurred_local, '%Y-%m-%d') AS about, first_at AS since, centre,
  "window", NULL AS dept, facts
FROM tenth
WHERE n = 10 AND occurred_local - first_at <= INTERVAL 10 MINUTE
QUALIFY row_number() OVER (
  PARTITION BY device, strftime(occurred_local, '%Y-%m-%d') ORDER BY occurred_local) = 1
ORDER BY subject, about
