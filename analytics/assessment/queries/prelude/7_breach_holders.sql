-- 用途   to whom a broken limit (超期) was laid: department and centre, as the ledger told
-- 依据   domain.md 4.2 holder of the clock; whether a limit is broken, and at which due, obligations say
-- grain  one row a case, clock and start of it; of a clock broken anew the newest
-- parameters  tables cut(partition, until), voided
-- unit   the holder's, or of the office in charge while no office held the case; dept '' = the front
SELECT
  e.stream_key AS case_id, json_extract_string(e.data, '$.clock') AS clock,
  timezone('Asia/Shanghai', CAST(json_extract_string(e.data, '$.start') AS TIMESTAMPTZ)) AS start,
  coalesce(arg_max_null(coalesce(
    json_extract_string(e.data, '$.holder_centre'), json_extract_string(e.data, '$.office_centre')
  ), e."offset"), '') AS centre,
  coalesce(arg_max_null(coalesce(
    json_extract_string(e.data, '$.holder_dept'), json_extract_string(e.data, '$.office_dept')
  ), e."offset"), '') AS dept
FROM events AS e
JOIN cut USING ("partition")
ANTI JOIN voided USING (id)
WHERE e."offset" < cut.until AND e.type = 'case.clock_breached'
GROUP BY ALL
