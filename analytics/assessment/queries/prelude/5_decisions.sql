-- 用途   decisions (审批决定) with the working minutes since the acceptance of their case
-- 依据   domain.md 6.1; 09:00–17:00 on working days, whole minutes of the local clock
-- grain  one row a decision; minutes NULL where a year touched has no calendar adopted by then
-- parameters  tables facts, adoptions, acceptances, calendar_days
-- unit   working minutes
WITH decided AS (
  SELECT
    f."partition", f."offset", f.occurred_local AS until, a.since,
    a.centre, a."window"
  FROM facts AS f
  JOIN acceptances AS a USING (case_id)
  WHERE f.type = 'case.decision_made'
), adopted AS (
  SELECT d.*, coalesce(r.adopted, 0) AS adopted
  FROM decided AS d
  ASOF LEFT JOIN adoptions AS r
    ON r."partition" = d."partition" AND r."offset" < d."offset"
), yearly AS (
  SELECT *, unnest(range(year(since), year(until) + 1)) AS year
  FROM adopted
), versions AS (
  SELECT DISTINCT version, year FROM calendar_days
), in_force AS (
  SELECT y.*, v.version
  FROM yearly AS y
  ASOF LEFT JOIN versions AS v ON v.year = y.year AND v.version < y.adopted
), counted AS (
  SELECT
    i."partition", i."offset", i.version,
    480 * (last.before - first.before)
    + CASE WHEN last.day = CAST(i.until AS DATE) AND last.working
        THEN greatest(0, least(480, 60 * hour(i.until) + minute(i.until) - 540)) ELSE 0 END
    - CASE WHEN first.day = CAST(i.since AS DATE) AND first.working
        THEN greatest(0, least(480, 60 * hour(i.since) + minute(i.since) - 540)) ELSE 0 END
    AS minutes
  FROM in_force AS i
  LEFT JOIN calendar_days AS first
    ON first.version = i.version
    AND first.day = greatest(CAST(i.since AS DATE), make_date(i.year, 1, 1))
  LEFT JOIN calendar_days AS last
    ON last.version = i.version
    AND last.day = least(CAST(i.until AS DATE), make_date(i.year + 1, 1, 1))
), summed AS (
  SELECT
    "partition", "offset",
    CASE WHEN count(version) = count(*) THEN CAST(sum(minutes) AS BIGINT) END AS minutes
  FROM counted
  GROUP BY "partition", "offset"
)
SELECT
  d."partition", d."offset", d.until AS occurred_local, d.centre, d."window", s.minutes
FROM decided AS d
LEFT JOIN summed AS s USING ("partition", "offset")
ORDER BY d."partition", d."offset"
