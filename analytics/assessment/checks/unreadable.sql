-- 用途   stored events that are no events: bytes that cannot be parsed, times that are no times
-- 依据   domain.md 3.2, table of the envelope
-- grain  one row an event; must return no rows
-- parameters  table cut(partition, until)
-- unit   events
SELECT
  e."partition" || ':' || e."offset" AS what,
  'cannot be read: ' || coalesce(e.id, 'no id') AS finding
FROM events AS e
JOIN cut USING ("partition")
WHERE e."offset" < cut.until
  AND (e.id IS NULL OR e.type IS NULL OR e.version IS NULL OR e.stream_key IS NULL
    OR e.occurred_at IS NULL OR e.recorded_at IS NULL OR e.data IS NULL)
ORDER BY what
