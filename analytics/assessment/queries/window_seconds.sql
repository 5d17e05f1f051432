-- 用途   窗口开放与办理时间: seconds a window was open, and of these the seconds it served
-- 依据   domain.md K38; an interval counts in the hour in which it ends, the day is exact
-- grain  one row an interval and code
-- parameters  table window_changes
-- unit   秒
SELECT
  unnest(CASE WHEN serving THEN ['open_seconds', 'serving_seconds'] ELSE ['open_seconds'] END)
    AS code,
  occurred_local AS moment, centre, "window", seconds AS amount
FROM window_changes
WHERE open
