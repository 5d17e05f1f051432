-- 用途   the due (到期) of a clock at each point, by its bare limit and by the extended one
-- 依据   domain.md 4.2: start day = 0; d is paused if started < d <= ended, united; hours by instants
-- grain  one row a point of a clock and limit
-- parameters  tables clock_points, pauses, workdays
-- unit   local instants; NULL = an open pause holds the due off
WITH limits AS (
  SELECT
    id, since, calendar, start, unit, until,
    unnest([false, true]) AS extended,
    unnest([n, n + CASE unit WHEN 'hour' THEN 8 * days ELSE days END]) AS n
  FROM clock_points
), spans AS (
  SELECT
    p.id, p.since, p.calendar, p.unit,
    CASE p.unit WHEN 'hour' THEN greatest(z.began, p.start)
      ELSE greatest(z.started, CAST(p.start AS DATE)) END AS started,
    CASE
      WHEN z.ended_offset > p.since OR z.ended_offset IS NULL THEN TIMESTAMP '9999-12-31'
      WHEN p.unit = 'hour' THEN z.gone_on
      ELSE z.ended
    END AS ended
  FROM clock_points AS p
  JOIN pauses AS z ON z.case_id = p.case_id AND z."offset" <= p.since
  WHERE p.unit IN ('workday', 'day', 'hour') AND (p.clock = 'C3' OR (p.clock = 'C2' AND z.lawful))
), united AS (
  SELECT id, since, any_value(calendar) AS calendar, any_value(unit) AS unit,
    min(started) AS started, max(ended) AS ended
  FROM (
    SELECT *, count(*) FILTER (WHERE begins) OVER (
      PARTITION BY id, since ORDER BY started, ended DESC
      ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS island
    FROM (
      SELECT *, coalesce(started > max(ended) OVER (
        PARTITION BY id, since ORDER BY started, ended DESC
        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
      ), true) AS begins
      FROM spans
      WHERE started < ended
    )
  )
  GROUP BY id, since, island
), stood_from AS MATERIALIZED (
  SELECT
    u.*, w.nth,
    CASE u.unit
      WHEN 'day' THEN w.day - DATE '1970-01-01'
      WHEN 'hour' THEN 480 * w.nth - CASE WHEN w.working
        THEN 480 - greatest(0, least(480, 60 * hour(started) + minute(started) - 540)) ELSE 0 END
      ELSE w.nth
    END AS first
  FROM united AS u
  JOIN workdays AS w ON w.calendar = u.calendar AND w.day = CAST(u.started AS DATE)
), paused AS (
  SELECT
    *, coalesce(sum(last - first) OVER (
      PARTITION BY id, since ORDER BY first, last
      ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    ), 0) AS earlier
  FROM (
    SELECT
      u.id, u.since, u.unit, u.started, u.nth, u.first, e.nth AS last_nth,
      CASE u.unit
        WHEN 'day' THEN e.day - DATE '1970-01-01'
        WHEN 'hour' THEN 480 * e.nth - CASE WHEN e.working
          THEN 480 - greatest(0, least(480, 60 * hour(ended) + minute(ended) - 540)) ELSE 0 END
        ELSE e.nth
      END AS last
    FROM stood_from AS u
    LEFT JOIN workdays AS e
      ON e.calendar = u.calendar AND e.day = CAST(u.ended AS DATE) AND year(u.ended) < 9999
  )
), laps AS (
  SELECT id, since, 0 AS lap, 0 AS stood, min(started) AS next
  FROM paused
  WHERE unit = 'hour'
  GROUP BY id, since
  UNION ALL
  SELECT
    id, since, row_number() OVER story, earlier + last - first, lead(started) OVER story
  FROM paused
  WHERE unit = 'hour'
  WINDOW story AS (PARTITION BY id, since ORDER BY started)
), begun AS MATERIALIZED (
  SELECT
    l.*, w.nth, h.lap, h.next,
    CASE l.unit WHEN 'day' THEN w.day - DATE '1970-01-01' ELSE w.nth END AS day_zero,
    CASE l.unit
      WHEN 'hour' THEN 60 * l.n + CASE WHEN h.lap IS NULL THEN 0 ELSE h.stood END ELSE l.n
    END AS minutes,
    greatest(l.start, w.day + INTERVAL 9 HOUR) AS opened,
    CASE WHEN w.working THEN CAST(greatest(0, floor(epoch(
      w.day + INTERVAL 17 HOUR - greatest(l.start, w.day + INTERVAL 9 HOUR)
    ) / 60)) AS INTEGER) ELSE -1 END AS today
  FROM limits AS l
  JOIN workdays AS w ON w.calendar = l.calendar AND w.day = CAST(l.start AS DATE)
  LEFT JOIN laps AS h ON h.id = l.id AND h.since = l.since
  WHERE l.n IS NOT NULL
), needed AS MATERIALIZED (
  SELECT
    *, CASE
      WHEN unit IN ('workday', 'day') THEN n
      WHEN minutes <= today THEN 0
      ELSE 1 + (minutes - greatest(today, 0) - 1) // 480
    END AS needs
  FROM begun
), stood_still AS (
  SELECT
    b.id, b.since, b.extended, sum(p.last - p.first) AS days, bool_or(p.last IS NULL) AS open
  FROM needed AS b
  JOIN paused AS p USING (id, since)
  WHERE b.unit <> 'hour' AND p.first - b.day_zero - p.earlier < b.needs
  GROUP BY ALL
), aimed AS MATERIALIZED (
  SELECT
    b.*, coalesce(s.open, false) AS open, CAST(b.needs + coalesce(s.days, 0) AS INTEGER) AS total,
    CASE WHEN b.unit = 'day'
      THEN CAST(b.start AS DATE) + CAST(b.n + coalesce(s.days, 0) AS INTEGER) END AS last_day
  FROM needed AS b
  LEFT JOIN stood_still AS s USING (id, since, extended)
), counted AS MATERIALIZED (
  SELECT
    a.*, a.unit = 'day' AND NOT d.working AS moved,
    CASE a.unit
      WHEN 'day' THEN d.nth + CASE WHEN d.working THEN 0 ELSE 1 END ELSE a.nth + a.total
    END AS nth_due
  FROM aimed AS a
  LEFT JOIN workdays AS d
    ON d.calendar = a.calendar AND d.day = a.last_day
), ways AS (
  SELECT id, since, extended, nth_due AS nth FROM counted WHERE moved
  UNION ALL
  SELECT c.id, c.since, c.extended, p.last_nth + 1
  FROM counted AS c
  JOIN paused AS p USING (id, since)
  WHERE c.moved AND p.last_nth >= c.nth_due
), moved_to AS (
  SELECT w.id, w.since, w.extended, min(w.nth) AS nth
  FROM ways AS w
  WHERE NOT EXISTS (
    FROM paused AS p
    WHERE p.id = w.id AND p.since = w.since AND p.nth < w.nth AND coalesce(w.nth <= p.last_nth, true)
  )
  GROUP BY ALL
), dated AS (
  SELECT
    c.id, c.since, c.extended, c.lap, c.next,
    CASE
      WHEN c.open THEN NULL
      WHEN c.unit = 'instant' THEN c.until
      WHEN c.unit = 'today' OR (c.unit = 'workday' AND c.total = 0)
        THEN CAST(c.start AS DATE) + INTERVAL '23:59:59.999'
      WHEN c.unit IN ('workday', 'day') THEN due.day + INTERVAL '23:59:59.999'
      WHEN c.minutes <= c.today THEN c.opened + to_minutes(CAST(c.minutes AS BIGINT))
      ELSE due.day + INTERVAL 9 HOUR
        + to_minutes(CAST(c.minutes - greatest(c.today, 0) - 480 * (c.needs - 1) AS BIGINT))
    END AS due
  FROM counted AS c
  LEFT JOIN moved_to AS m ON m.id = c.id AND m.since = c.since AND m.extended = c.extended
  LEFT JOIN workdays AS due
    ON due.calendar = c.calendar AND due.working
    AND due.nth = CASE WHEN c.moved THEN m.nth ELSE c.nth_due END
)
SELECT id, since, extended, due FROM dated WHERE lap IS NULL
UNION ALL
SELECT id, since, extended, arg_min(due, lap) FILTER (WHERE next IS NULL OR next >= due)
FROM dated
WHERE lap IS NOT NULL
GROUP BY ALL
