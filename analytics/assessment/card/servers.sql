-- 用途   who served (办理人) a ticket last: what its visit was rated is laid to them
-- 依据   domain.md 3.6: the rated staff of a visit; 3.4: a ticket that was transferred is served again
-- grain  one row a ticket
-- parameters  tables cut(partition, until), voided
-- unit   tickets
SELECT
  e.stream_key AS hall, json_extract_string(e.data, '$.ticket_id') AS ticket,
  max_by(json_extract_string(e.data, '$.staff_id'), e.version) AS staff
FROM events AS e
JOIN cut USING ("partition")
ANTI JOIN voided USING (id)
WHERE e."offset" < cut.until AND e.type = 'ticket.service_started'
GROUP BY ALL
ORDER BY hall, ticket
