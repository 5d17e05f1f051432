-- 用途   pauses (特别程序, 挂起) of the clocks of a case, by day and by the instant
-- 依据   domain.md 4.2: C2 stands still in procedures that the law excludes, C3 when suspended too
-- grain  one row a pause; ended NULL = still open
-- parameters  table facts
-- unit   started, ended: local days; began, gone_on: local instants; lawful = the statutory clock stands still as well
WITH specials AS (
  SELECT
    case_id, "offset", type, occurred_local AS moment, CAST(occurred_local AS DATE) AS day,
    json_extract_string(data, '$.sp_no') AS sp_no,
    coalesce(CAST(json_extract_string(data, '$.excluded') AS BOOLEAN), false) AS excluded
  FROM facts
  WHERE type IN ('case.special_started', 'case.special_ended')
), suspensions AS (
  SELECT
    case_id, type, "offset", occurred_local AS moment, CAST(occurred_local AS DATE) AS day,
    json_extract_string(data, '$.legal_basis') IS NOT NULL AS lawful,
    lead("offset") OVER story AS ended_offset,
    lead(occurred_local) OVER story AS gone_on
  FROM facts
  WHERE type IN ('case.clock_suspended', 'case.clock_resumed')
  WINDOW story AS (PARTITION BY case_id ORDER BY "offset")
)
SELECT
  s.case_id, true AS lawful, s."offset", s.day AS started, e."offset" AS ended_offset,
  e.day AS ended, s.moment AS began, e.moment AS gone_on
FROM specials AS s
LEFT JOIN specials AS e
  ON e.case_id = s.case_id AND e.sp_no = s.sp_no AND e.type = 'case.special_ended'
WHERE s.type = 'case.special_started' AND s.excluded
UNION ALL
SELECT
  case_id, lawful, "offset", day, ended_offset, CAST(gone_on AS DATE), moment, gone_on
FROM suspensions
WHERE type = 'case.clock_suspended'
