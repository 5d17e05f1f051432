-- 用途   空岗时间: seconds during which a window was open and its person away (离岗) or out (签退)
-- 依据   domain.md K39, 5.2 R22; over the seconds a window was open (window_seconds), however short
-- grain  one row a stretch that has ended: by any fact of the person, or the window paused or closed
-- parameters  table hall
-- unit   秒; a stretch counts in the hour in which it ends
WITH sat AS (
  SELECT
    hall, centre, "window", type, version, second,
    last_value(staff IGNORE NULLS) OVER so_far AS staff,
    lead(version) OVER story AS until, lead(second) OVER story AS until_second,
    lead(occurred_local) OVER story AS until_local
  FROM hall
  WHERE type IN ('window.opened', 'window.paused', 'window.resumed', 'window.closed')
  WINDOW story AS (PARTITION BY hall, "window" ORDER BY version),
    so_far AS (
      PARTITION BY hall, "window" ORDER BY version
      ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    )
), present AS (
  SELECT
    hall, staff, type, version, second, lag(type) OVER story AS came_from,
    lead(version) OVER story AS until, lead(second) OVER story AS until_second,
    lead(occurred_local) OVER story AS until_local
  FROM hall
  WHERE type IN
    ('staff.clock_in', 'staff.clock_out', 'staff.left_post', 'staff.returned', 'staff.on_leave')
  WINDOW story AS (PARTITION BY hall, staff ORDER BY version)
), empty AS (
  SELECT
    s.centre, s."window", greatest(s.second, p.second) AS since,
    coalesce(s.until < p.until, p.until IS NULL) AS seat_first,
    s.until, s.until_second, s.until_local,
    p.until AS back, p.until_second AS back_second, p.until_local AS back_local
  FROM sat AS s
  JOIN present AS p ON p.hall = s.hall AND p.staff = s.staff
  WHERE s.type IN ('window.opened', 'window.resumed') AND (
      p.type IN ('staff.left_post', 'staff.clock_out')
      OR (p.type = 'staff.on_leave' AND p.came_from = 'staff.clock_out')
    )
    AND coalesce(s.version < p.until, true) AND coalesce(p.version < s.until, true)
)
SELECT
  'unattended_seconds' AS code, CASE WHEN seat_first THEN until_local ELSE back_local END AS moment,
  centre, "window", CASE WHEN seat_first THEN until_second ELSE back_second END - since AS amount
FROM empty
WHERE CASE WHEN seat_first THEN until_second ELSE back_second END > since
