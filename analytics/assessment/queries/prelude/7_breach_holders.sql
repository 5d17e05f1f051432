-- 用途   to whom a broken limit (超期) was laid: department and centre, as the ledger told
-- 依据   domain.md 4.2 holder of the clock; whether a limit is broken, and at which due, obligations say
-- grain  one row a case, clock and start of it; of a clock broken anew the newest
-- parameters  tables cut(partition, until), voided
-- unit   as amended (更正); the holder's, or of the office in charge while no office held it; dept '' = the front
WITH amended AS (
  SELECT
    json_extract_string(a.data, '$.target') AS id,
    arg_max(json_extract(a.data, '$.changes'), a."offset") AS changes
  FROM events AS a
  JOIN cut USING ("partition")
  WHERE a."offset" < cut.until AND a.type = 'case.event_amended'
  GROUP BY ALL
), laid AS (
  SELECT
    e.stream_key AS case_id, e."offset", json_extract_string(e.data, '$.clock') AS clock,
    timezone('Asia/Shanghai', CAST(json_extract_string(e.data, '$.start') AS TIMESTAMPTZ)) AS start,
    CASE WHEN n.id IS NULL THEN CAST(e.data AS JSON) ELSE json_object(
      'holder_centre', json_extract(n.changes, '$.holder_centre.new'),
      'holder_dept', json_extract(n.changes, '$.holder_dept.new'),
      'office_centre', json_extract(n.changes, '$.office_centre.new'),
      'office_dept', json_extract(n.changes, '$.office_dept.new')
    ) END AS said
  FROM events AS e
  JOIN cut USING ("partition")
  ANTI JOIN voided USING (id)
  LEFT JOIN amended AS n USING (id)
  WHERE e."offset" < cut.until AND e.type = 'case.clock_breached'
)
SELECT
  case_id, clock, start,
  coalesce(arg_max_null(coalesce(
    json_extract_string(said, '$.holder_centre'), json_extract_string(said, '$.office_centre')
  ), "offset"), '') AS centre,
  coalesce(arg_max_null(coalesce(
    json_extract_string(said, '$.holder_dept'), json_extract_string(said, '$.office_dept')
  ), "offset"), '') AS dept
FROM laid
GROUP BY ALL
