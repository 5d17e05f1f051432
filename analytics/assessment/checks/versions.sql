-- 用途   streams whose versions are not 1, 2, 3 …: an event is missing from the lake, or is there twice
-- 依据   domain.md 3.2: version = previous + 1
-- grain  one row a broken stream; must return no rows
-- parameters  table cut(partition, until)
-- unit   events
SELECT
  e.stream || '/' || e.stream_key AS what,
  'has ' || count(*) || ' events, ' || count(DISTINCT e.version) || ' versions up to '
    || max(e.version) AS finding
FROM events AS e
JOIN cut USING ("partition")
WHERE e."offset" < cut.until AND e.version IS NOT NULL
GROUP BY e.stream, e.stream_key
HAVING count(*) <> max(e.version) OR count(DISTINCT e.version) <> max(e.version)
ORDER BY what
