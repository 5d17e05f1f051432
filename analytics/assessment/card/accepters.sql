-- 用途   who accepted (受理人) a case: what became of it is laid to them
-- 依据   domain.md 5.3, S8.2: the comprehensive window accepts and answers for the case
-- grain  one row a case
-- parameters  tables cut(partition, until), voided
-- unit   cases
SELECT e.stream_key AS case_id, max_by(e.actor_staff, e.version) AS staff
FROM events AS e
JOIN cut USING ("partition")
ANTI JOIN voided USING (id)
WHERE e."offset" < cut.until AND e.type = 'case.accepted' AND e.actor_staff IS NOT NULL
GROUP BY e.stream_key
ORDER BY case_id
