-- 用途   decisions (审批决定) with the working minutes since the acceptance of their case
-- 依据   domain.md 6.1; 09:00–17:00 on working days, whole minutes of the local clock
-- grain  one row a decision; minutes NULL where a year touched has no calendar adopted by then
-- parameters  tables facts, adoptions, acceptances, workdays
-- unit   working minutes
WITH decided AS (
  SELECT
    f."partition", f."offset", f.occurred_local AS until, a.since, a.centre, a."window",
    coalesce(r.calendar, -1) AS calendar
  FROM facts AS f
  JOIN acceptances AS a USING (case_id)
  ASOF LEFT JOIN adoptions AS r
    ON r."partition" = f."partition" AND r."offset" < f."offset"
  WHERE f.type = 'case.decision_made'
), told AS (
  SELECT
    d.*, NOT first.is_unknown AND last.unknown = first.unknown AS known,
    480 * (last.nth - first.nth)
    - CASE WHEN last.working
        THEN 480 - greatest(0, least(480, 60 * hour(until) + minute(until) - 540)) ELSE 0 END
    + CASE WHEN first.working
        THEN 480 - greatest(0, least(480, 60 * hour(since) + minute(since) - 540)) ELSE 0 END
    AS minutes
  FROM decided AS d
  JOIN workdays AS first ON first.calendar = d.calendar AND first.day = CAST(since AS DATE)
  JOIN workdays AS last ON last.calendar = d.calendar AND last.day = CAST(until AS DATE)
)
SELECT
  "partition", "offset", until AS occurred_local, centre, "window",
  CASE WHEN known THEN CAST(greatest(minutes, 0) AS BIGINT) END AS minutes
FROM told
ORDER BY "partition", "offset"
