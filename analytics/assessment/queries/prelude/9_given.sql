-- 用途   the ratings (评价) that count, each with where the rated service was
-- 依据   domain.md 3.6: a case at its home, a visit where it was served, a task at its agent
-- grain  one row a rating
-- parameters  tables rating_facts, homes, visits, agent_tasks
-- unit   ratings; what says nothing of its subject is about a case
WITH said AS (
  SELECT
    "partition", "offset", stream_key, rating_id, occurred_local AS given,
    coalesce(json_extract_string(data, '$.subject'), 'case') AS subject,
    json_extract_string(data, '$.ticket_id') AS ticket,
    CAST(json_extract_string(data, '$.stars') AS INTEGER) AS stars,
    coalesce(CAST(json_extract_string(data, '$.real_name') AS BOOLEAN), false) AS real_name
  FROM rating_facts
  WHERE type = 'rating.submitted'
)
SELECT
  s."partition", s."offset", s.stream_key, s.rating_id, s.given, s.subject, s.ticket, s.stars,
  s.real_name,
  CASE s.subject
    WHEN 'ticket' THEN regexp_replace(s.stream_key, '\.[^.]*$', '')
    WHEN 'agent_task' THEN t.centre
    ELSE a.centre
  END AS centre,
  CASE s.subject WHEN 'ticket' THEN v."window" WHEN 'case' THEN a."window" END AS "window"
FROM said AS s
LEFT JOIN homes AS a ON s.subject = 'case' AND a.case_id = s.stream_key
LEFT JOIN visits AS v ON s.subject = 'ticket' AND v.hall = s.stream_key AND v.ticket = s.ticket
LEFT JOIN agent_tasks AS t ON s.subject = 'agent_task' AND t.task = s.stream_key
