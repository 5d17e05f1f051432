-- 用途   the facts of 督查 that counted at the cut: recorded before it and not voided before it
-- 依据   domain.md 3.8, 3.9; the stream of an inspection
-- grain  one row a fact
-- parameters  tables cut(partition, until), voided, adoptions
-- unit   facts; calendar = the newest one that was known when the fact was recorded
SELECT
  e."partition", e."offset", e.stream_key AS inspection, e.type, e.occurred_local, e.centre,
  e.source_class, e.data, coalesce(a.calendar, -1) AS calendar
FROM events AS e
JOIN cut USING ("partition")
ANTI JOIN voided USING (id)
ASOF LEFT JOIN adoptions AS a ON a."partition" = e."partition" AND a."offset" < e."offset"
WHERE e."offset" < cut.until AND e.stream = 'inspection'
  AND NOT starts_with(e.type, 'inspection.event_')
