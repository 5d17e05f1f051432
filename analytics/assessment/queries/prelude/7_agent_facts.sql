-- 用途   the facts of 帮办代办 that counted at the cut: recorded before it and not voided before it
-- 依据   domain.md 3.7, 3.9; the stream of a task
-- grain  one row a fact
-- parameters  tables cut(partition, until), voided
-- unit   facts; `version` is the order in which they were told
SELECT
  e.stream_key AS task, e.version, e.type, e.occurred_local, e.centre, e.source_class, e.data
FROM events AS e
JOIN cut USING ("partition")
ANTI JOIN voided USING (id)
WHERE e."offset" < cut.until AND e.stream = 'agent'
  AND NOT starts_with(e.type, 'agent.event_')
ORDER BY task, e.version
