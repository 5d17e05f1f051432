-- 用途   clocks (时限) whose due has passed, that nothing has stopped, and whose breach is not recorded
-- 依据   design.md, law 8: no due before the newest clock.ticked is left without a breach
-- grain  one row a clock; must return no rows
-- parameters  table cut(partition, until)
-- unit   clocks C0, C2, C3, C7: those whose due stands in data or stamp. A case with a pause or an
--        extension is left out, its stamp has the due as told; so is one with news since the tick
WITH ticked AS (
  SELECT
    e."partition", max(e."offset") AS "offset",
    arg_max(CAST(json_extract_string(e.data, '$.to') AS TIMESTAMPTZ), e."offset") AS until
  FROM events AS e
  JOIN cut USING ("partition")
  WHERE e."offset" < cut.until AND e.type = 'clock.ticked'
  GROUP BY e."partition"
), cases AS (
  SELECT e.*
  FROM events AS e
  JOIN cut USING ("partition")
  WHERE e."offset" < cut.until AND e.stream = 'case' AND e.source_class <> 'historical'
), restated AS (
  SELECT
    json_extract_string(data, '$.target') AS id,
    arg_max(json_extract(data, '$.after'), "offset") AS fact
  FROM cases
  WHERE type = 'case.event_restamped'
  GROUP BY ALL
), facts AS (
  SELECT
    c.stream_key, c.type,
    coalesce(CAST(json_extract_string(r.fact, '$.time') AS TIMESTAMPTZ), c.occurred_at) AS at,
    coalesce(json_extract(r.fact, '$.data.data'), CAST(c.data AS JSON)) AS data,
    coalesce(json_extract(r.fact, '$.data.stamp'), CAST(c.stamp AS JSON)) AS stamp
  FROM cases AS c
  LEFT JOIN restated AS r USING (id)
  WHERE (r.id IS NULL OR json_type(r.fact) = 'OBJECT')
    AND c.type NOT IN ('case.event_restamped', 'case.event_voided', 'case.event_amended')
), moved AS (
  SELECT DISTINCT stream_key
  FROM facts
  WHERE type IN ('case.extension_granted', 'case.clock_suspended', 'case.special_started')
), ended AS (
  SELECT DISTINCT stream_key
  FROM facts
  WHERE type IN ('case.not_accepted', 'case.withdrawn', 'case.terminated')
), concluded AS (
  SELECT DISTINCT stream_key
  FROM facts
  WHERE type = 'case.concluded'
), told AS (
  SELECT
    stream_key, unnest(['C2', 'C3']) AS clock,
    CAST(unnest([
      json_extract_string(stamp, '$.statutory_due'), json_extract_string(stamp, '$.promised_due')
    ]) AS TIMESTAMPTZ) AS due
  FROM facts
  WHERE type IN ('case.accepted', 'case.deemed_accepted')
), owed AS (
  SELECT
    stream_key, CAST(json_extract_string(data, '$.due_at') AS TIMESTAMPTZ) AS due,
    unnest(CAST(json_extract_string(data, '$.materials[*]') AS VARCHAR[])) AS material
  FROM facts
  WHERE type = 'case.deficiency_committed'
), filled AS (
  SELECT
    stream_key,
    unnest(CAST(json_extract_string(data, '$.materials[*]') AS VARCHAR[])) AS material
  FROM facts
  WHERE type = 'case.deficiency_filled'
), dues AS (
  SELECT t.stream_key, t.clock, t.due
  FROM told AS t
  ANTI JOIN moved USING (stream_key)
  ANTI JOIN concluded USING (stream_key)
  WHERE t.due IS NOT NULL
  UNION ALL
  SELECT
    f.stream_key, 'C0',
    timezone(
      'Asia/Shanghai',
      date_trunc('day', timezone('Asia/Shanghai', coalesce(
        CAST(json_extract_string(f.data, '$.effective_at') AS TIMESTAMPTZ), f.at
      ))) + INTERVAL 1 DAY - INTERVAL 1 MILLISECOND
    )
  FROM facts AS f
  ANTI JOIN concluded USING (stream_key)
  WHERE f.type IN ('case.accepted', 'case.deemed_accepted')
    AND json_extract_string(f.stamp, '$.project_type') = 'instant'
  UNION ALL
  SELECT DISTINCT o.stream_key, 'C7', o.due
  FROM owed AS o
  ANTI JOIN filled USING (stream_key, material)
  ANTI JOIN (
    SELECT stream_key FROM facts WHERE type = 'case.deficiency_failed'
  ) AS given_up USING (stream_key)
), newest AS (
  SELECT stream_key, any_value("partition") AS "partition", max("offset") AS "offset"
  FROM cases
  GROUP BY stream_key
)
SELECT
  'case/' || d.stream_key AS what,
  d.clock || ' was due at ' || strftime(timezone('Asia/Shanghai', d.due), '%Y-%m-%d %H:%M')
    || ', no breach is recorded' AS finding
FROM dues AS d
JOIN newest AS n USING (stream_key)
JOIN ticked AS t ON t."partition" = n."partition" AND n."offset" < t."offset"
ANTI JOIN ended USING (stream_key)
ANTI JOIN (
  SELECT stream_key, json_extract_string(data, '$.clock') AS clock
  FROM facts
  WHERE type = 'case.clock_breached'
) AS broken USING (stream_key, clock)
WHERE d.due < t.until
ORDER BY what, finding
