-- 用途   the ratings (评价) that count, each with the service it is about and where that was
-- 依据   domain.md 3.6: a case, a visit of a hall (by its ticket), a task of an agent
-- grain  one row a rating
-- parameters  table counting
-- unit   subject: the stream of what was rated; not_adopted (不予采纳): an appeal was upheld
SELECT
  r.id, r.stream_key, json_extract_string(r.data, '$.rating_id') AS rating, r.occurred_local,
  CASE json_extract_string(r.data, '$.subject')
    WHEN 'ticket' THEN 'hall/'
    WHEN 'agent_task' THEN 'agent/'
    ELSE 'case/'
  END || r.stream_key AS subject,
  json_extract_string(r.data, '$.ticket_id') AS ticket,
  CAST(json_extract_string(r.data, '$.stars') AS INTEGER) AS stars,
  json_extract_string(r.data, '$.device_id') AS device,
  CAST(json_extract_string(r.data, '$.elapsed_ms') AS INTEGER) AS elapsed_ms,
  json_extract_string(r.data, '$.rater_ref') AS rater,
  json_extract_string(r.stamp, '$.accept_centre') AS centre,
  json_extract_string(r.stamp, '$.accept_window') AS "window",
  json_extract_string(r.stamp, '$.item') AS item,
  coalesce(bool_or(l.type = 'neg.verified'
    AND json_extract_string(l.data, '$.finding') IN ('valid', 'partly')), false) AS is_valid,
  coalesce(bool_or(l.type = 'appeal.upheld'), false) AS not_adopted
FROM counting AS r
LEFT JOIN counting AS l
  ON l.type IN ('neg.verified', 'appeal.upheld') AND l.stream_key = r.stream_key
  AND json_extract_string(l.data, '$.rating_id') = json_extract_string(r.data, '$.rating_id')
WHERE r.type = 'rating.submitted'
GROUP BY ALL
