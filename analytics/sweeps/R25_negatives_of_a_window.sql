-- 用途   差评集中: three valid negatives of one window within seven days
-- 依据   domain.md 5.2 R25
-- grain  level, subject (what was rated third), about (the window), since, centre, window, dept, facts
-- parameters  table ratings
-- unit   alerts; one a window and day
WITH negatives AS (
  SELECT id, subject, occurred_local, centre, "window"
  FROM ratings
  WHERE is_valid AND NOT not_adopted
), third AS (
  SELECT
    subject, centre, "window", occurred_local, count(*) OVER three AS n,
    nth_value(occurred_local, 1) OVER three AS first_at, list(id) OVER three AS facts
  FROM negatives
  WHERE "window" IS NOT NULL
  WINDOW three AS (
    PARTITION BY "window" ORDER BY occurred_local, id ROWS BETWEEN 2 PRECEDING AND CURRENT ROW)
)
SELECT
  'yellow' AS level, subject, "window" AS about, first_at AS since,
  centre, "window", NULL AS dept, facts
FROM third
WHERE n = 3 AND occurred_local - first_at <= INTERVAL 7 DAY
QUALIFY row_number() OVER (
  PARTITION BY "window", strftime(occurred_local, '%Y-%m-%d') ORDER BY occurred_local) = 1
ORDER BY subject, about
