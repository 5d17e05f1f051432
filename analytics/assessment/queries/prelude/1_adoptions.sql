-- 用途   which reference data (参考数据) each partition decided with, from which offset on
-- 依据   design.md 5: a writer appends reference.adopted before it decides with newer reference data
-- grain  one row an adoption
-- parameters  none: a fact before the cut has its adoption before the cut
-- unit   offsets of the reference partition, exclusive; calendar = the newest one of them
WITH adopted AS (
  SELECT
    "partition", "offset", CAST(json_extract_string(data, '$.offset') AS BIGINT) AS adopted
  FROM events
  WHERE type = 'reference.adopted'
), calendars AS (
  SELECT "offset" AS calendar FROM events WHERE type IN ('calendar.published', 'calendar.overridden')
)
SELECT a."partition", a."offset", a.adopted, coalesce(c.calendar, -1) AS calendar
FROM adopted AS a
ASOF LEFT JOIN calendars AS c ON c.calendar < a.adopted
