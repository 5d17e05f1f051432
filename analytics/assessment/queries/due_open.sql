-- 用途   在办，按承诺到期日: accepted cases whose limits still run, under the due of the promise told at acceptance
-- 依据   domain.md 4.2 C3, 8.1 clocks; start day = 0, natural days move to the next working day, hours by the clock
-- grain  code, bucket (local day of the due), centre of acceptance, window = department of the item
-- parameters  tables facts, acceptances, adoptions, calendar_days
-- unit   件; a year without a calendar counts Monday to Friday
WITH items AS (
  SELECT
    "offset" AS version, stream_key AS item, json_extract_string(data, '$.dept') AS dept,
    json_extract(data, '$.promised') AS promised
  FROM events
  WHERE type = 'item.registered'
), running AS (
  SELECT a.*
  FROM acceptances AS a
  ANTI JOIN (
    SELECT case_id FROM facts
    WHERE type IN ('case.concluded', 'case.withdrawn', 'case.terminated')
  ) AS over USING (case_id)
), limited AS (
  SELECT r.*, coalesce(r.promised, i.promised) AS told, coalesce(s.adopted, 0) AS adopted_before
  FROM running AS r
  ASOF LEFT JOIN items AS i ON i.item = r.item AND i.version < r.adopted
  ASOF LEFT JOIN adoptions AS s
    ON s."partition" = r."partition" AND s."offset" < r.submitted
), placed AS (
  SELECT
    l."partition", l."offset", l.centre, l.since, l.adopted, d.dept,
    CAST(json_extract_string(l.told, '$.n') AS INTEGER) AS n,
    coalesce(json_extract_string(l.told, '$.unit'), 'workday') AS unit
  FROM limited AS l
  ASOF LEFT JOIN items AS d ON d.item = l.item AND d.version < l.adopted_before
  WHERE l.told IS NOT NULL
), ahead AS (
  SELECT p.*, CAST(unnest(generate_series(
    CAST(since AS DATE) + CASE unit WHEN 'day' THEN n ELSE 1 END,
    CAST(since AS DATE) + 2 * n + 30, INTERVAL 1 DAY
  )) AS DATE) AS day
  FROM placed AS p
  WHERE unit = 'day' OR (unit = 'workday' AND n > 0)
), versions AS (
  SELECT DISTINCT version, year FROM calendar_days
), in_force AS (
  SELECT a.*, v.version
  FROM (SELECT h.*, year(h.day) AS year FROM ahead AS h) AS a
  ASOF LEFT JOIN versions AS v ON v.year = a.year AND v.version < a.adopted
), counted AS (
  SELECT
    i."partition", i."offset", i.centre, i.dept, i.n, i.unit, i.day,
    row_number() OVER (PARTITION BY i."partition", i."offset" ORDER BY i.day) AS nth
  FROM in_force AS i
  LEFT JOIN calendar_days AS c ON c.version = i.version AND c.day = i.day
  WHERE coalesce(c.working, isodow(i.day) <= 5)
), dues AS (
  SELECT centre, dept, day
  FROM counted
  WHERE nth = CASE unit WHEN 'day' THEN 1 ELSE n END
  UNION ALL
  SELECT
    centre, dept,
    CAST(since + CASE unit WHEN 'hour' THEN n ELSE 0 END * INTERVAL 1 HOUR AS DATE) AS day
  FROM placed
  WHERE unit = 'hour' OR (unit = 'workday' AND n = 0)
)
SELECT
  'due_open' AS code, strftime(day, '%Y-%m-%d') AS bucket, coalesce(centre, '') AS centre,
  coalesce(dept, '') AS "window", count(*) AS sum
FROM dues
GROUP BY ALL
ORDER BY code, bucket, centre, "window"
