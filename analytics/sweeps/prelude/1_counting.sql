-- 用途   the facts that counted at the cut, as they were restated by then; history raises nothing
-- 依据   domain.md 3.9: not voided, with amended payloads; design.md 5 (history: no alerts)
-- grain  one row a fact
-- parameters  tables cut(partition, until), restated (`rebuild.RESTATED`)
-- unit   facts; the staff who entered a fact is never amended
WITH voided AS (
  SELECT unnest(list_prepend(
    json_extract_string(e.data, '$.target'),
    CAST(json_extract_string(e.data, '$.cascade[*]') AS VARCHAR[])
  )) AS id
  FROM events AS e
  JOIN cut USING ("partition")
  WHERE e."offset" < cut.until AND e.type LIKE '%.event_voided'
), newest AS (
  SELECT
    stream, stream_key, version, sign, occurred_local, centre, "window", dept, channel,
    data, stamp
  FROM restated
  QUALIFY row_number() OVER (
    PARTITION BY stream, stream_key, version ORDER BY "offset" DESC, sign DESC) = 1
)
SELECT
  e.id, e.type, e.stream, e.stream_key, e.version,
  CASE WHEN n.sign IS NULL THEN e.occurred_local ELSE n.occurred_local END AS occurred_local,
  e.recorded_at,
  CASE WHEN n.sign IS NULL THEN e.centre ELSE n.centre END AS centre,
  CASE WHEN n.sign IS NULL THEN e."window" ELSE n."window" END AS "window",
  CASE WHEN n.sign IS NULL THEN e.dept ELSE n.dept END AS dept,
  CASE WHEN n.sign IS NULL THEN e.channel ELSE n.channel END AS channel,
  e.actor_staff AS staff, e.source_class, e.late_reason,
  CASE WHEN n.sign IS NULL THEN e.data ELSE n.data END AS data,
  CASE WHEN n.sign IS NULL THEN e.stamp ELSE n.stamp END AS stamp
FROM events AS e
JOIN cut USING ("partition")
ANTI JOIN voided USING (id)
LEFT JOIN newest AS n
  ON n.stream = e.stream AND n.stream_key = e.stream_key AND n.version = e.version
WHERE e."offset" < cut.until AND e.source_class <> 'historical' AND coalesce(n.sign = 1, true)
ORDER BY e."partition", e."offset"
