-- 用途   the facts that counted at the cut: what was voided does not; history raises nothing
-- 依据   domain.md 3.9; design.md 5 (history: no alerts)
-- grain  one row a fact, as it was entered
-- parameters  table cut(partition, until)
-- unit   facts
WITH voided AS (
  SELECT unnest(list_prepend(
    json_extract_string(e.data, '$.target'),
    CAST(json_extract_string(e.data, '$.cascade[*]') AS VARCHAR[])
  )) AS id
  FROM events AS e
  JOIN cut USING ("partition")
  WHERE e."offset" < cut.until AND e.type LIKE '%.event_voided'
)
SELECT
  e.id, e.type, e.stream, e.stream_key, e.version, e.occurred_local, e.recorded_at, e.centre,
  e."window", e.dept, e.channel, e.actor_staff AS staff, e.source_class, e.late_reason, e.data,
  e.stamp
FROM events AS e
JOIN cut USING ("partition")
ANTI JOIN voided USING (id)
WHERE e."offset" < cut.until AND e.source_class <> 'historical'
ORDER BY e."partition", e."offset"
