-- 用途   decisions (审批决定) with the working minutes since the acceptance of their case
-- 依据   domain.md 6.1; 09:00–17:00 on working days, whole minutes of the local clock
-- grain  one row a decision; minutes NULL where a year touched has no calendar adopted by then
-- parameters  tables facts, acceptances, workdays
-- unit   working minutes
WITH decided AS (
  SELECT
    f."partition", f."offset", f.occurred_local AS until, a.since, a.centre, a."window", f.calendar
  FROM facts AS f
  JOIN acceptances AS a USING (case_id)
  WHERE f.type = 'case.decision_made'
), begun AS MATERIALIZED (
  SELECT d.*, w.nth, w.unknown, w.is_unknown, w.working
  FROM decided AS d
  JOIN workdays AS w ON w.calendar = d.calendar AND w.day = CAST(d.since AS DATE)
), told AS (
  SELECT
    d.*, NOT d.is_unknown AND w.unknown = d.unknown AS known,
    480 * (w.nth - d.nth)
    - CASE WHEN w.working
        THEN 480 - greatest(0, least(480, 60 * hour(until) + minute(until) - 540)) ELSE 0 END
    + CASE WHEN d.working
        THEN 480 - greatest(0, least(480, 60 * hour(since) + minute(since) - 540)) ELSE 0 END
    AS minutes
  FROM begun AS d
  JOIN workdays AS w ON w.calendar = d.calendar AND w.day = CAST(d.until AS DATE)
)
SELECT
  "partition", "offset", until AS occurred_local, centre, "window",
  CASE WHEN known THEN CAST(greatest(minutes, 0) AS BIGINT) END AS minutes
FROM told
