-- 用途   差评集中: three valid negatives within seven days of who accepted the cases, or of one item
-- 依据   domain.md 5.2 R25; a window's own have a query of their own
-- grain  level, subject (the case of the third), about (whose), since, centre, window, dept, facts
-- parameters  tables counting, negatives
-- unit   alerts; one a person or item and day
WITH laid AS (
  SELECT
    n.id, n.stream_key, n.occurred_local, n.centre, n."window",
    unnest(['staff.' || a.staff, 'item.' || n.item]) AS whose
  FROM negatives AS n
  LEFT JOIN counting AS a ON a.type = 'case.accepted' AND a.stream_key = n.stream_key
), third AS (
  SELECT
    stream_key, centre, "window", occurred_local, whose, count(*) OVER three AS n,
    nth_value(occurred_local, 1) OVER three AS first_at, list(id) OVER three AS facts
  FROM laid
  WHERE whose IS NOT NULL
  WINDOW three AS (
    PARTITION BY whose ORDER BY occurred_local, id ROWS BETWEEN 2 PRECEDING AND CURRENT ROW)
)
SELECT
  'yellow' AS level, 'case/' || stream_key AS subject, whose AS about, first_at AS since, centre,
  "window", NULL AS dept, facts
FROM third
WHERE n = 3 AND occurred_local - first_at <= INTERVAL 7 DAY
QUALIFY row_number() OVER (
  PARTITION BY whose, strftime(occurred_local, '%Y-%m-%d') ORDER BY occurred_local) = 1
ORDER BY subject, about
