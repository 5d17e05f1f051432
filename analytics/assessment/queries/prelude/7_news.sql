-- 用途   corrections that set a clock going again, or gave it another due: a tick has to find it broken
-- 依据   domain.md 3.9; decision 0007: what is open and due is found broken by the next tick
-- grain  one row a correction and clock that it touches
-- parameters  tables cut, voided, clocks
-- unit   moment: when the fact that no longer stops the clock had happened; NULL = an amendment
WITH taken_back AS (
  SELECT
    e.stream_key AS case_id, e."offset", e.type, e.occurred_local AS moment, v.voided_at,
    json_extract_string(e.data, '$.transfer_id') AS transfer_id
  FROM events AS e
  JOIN cut USING ("partition")
  JOIN voided AS v USING (id)
  WHERE e."offset" < cut.until AND e.stream = 'case'
), amended AS (
  SELECT
    a.stream_key AS case_id, a."offset", e."offset" AS target, e.type,
    unnest(json_keys(a.data, '$.changes')) AS name,
    json_extract_string(a.data, '$.changes.outcome.old') AS outcome_was
  FROM events AS a
  JOIN cut USING ("partition")
  JOIN events AS e ON e.id = json_extract_string(a.data, '$.target')
  WHERE a."offset" < cut.until AND a.type = 'case.event_amended'
)
SELECT c.id, t.voided_at AS "offset", t.moment
FROM clocks AS c
JOIN taken_back AS t ON t.case_id = c.case_id AND t."offset" > c."offset"
WHERE CASE c.clock
  WHEN 'C5' THEN t.type IN ('case.withdrawn', 'case.terminated')
    OR (t.type IN ('case.transfer_received', 'case.transfer_refused') AND t.transfer_id = c.about)
  WHEN 'C7' THEN t.type IN ('case.deficiency_filled', 'case.deficiency_failed',
    'case.withdrawn', 'case.terminated')
  WHEN 'C8' THEN t.type = 'case.delivered'
  ELSE t.type IN ('case.concluded', 'case.withdrawn', 'case.terminated')
END
UNION ALL
SELECT DISTINCT c.id, t.voided_at, NULL::TIMESTAMP
FROM clocks AS c
JOIN taken_back AS t ON t.case_id = c.case_id AND t."offset" > c."offset"
WHERE c.clock IN ('C2', 'C3')
  AND t.type IN ('case.special_started', 'case.special_ended', 'case.clock_suspended',
    'case.clock_resumed', 'case.extension_granted')
UNION ALL
SELECT DISTINCT c.id, a."offset", NULL::TIMESTAMP
FROM clocks AS c
JOIN amended AS a USING (case_id)
WHERE CASE a.name
  WHEN 'item' THEN NOT c.own
  WHEN 'project_type' THEN c.clock = 'C0'
  WHEN 'statutory' THEN c.clock = 'C2'
  WHEN 'promised' THEN c.clock = 'C3'
  WHEN 'due_at' THEN c.clock = 'C7'
  WHEN 'materials' THEN c.clock = 'C7'
  WHEN 'outcome' THEN c.clock = 'C8' AND a.outcome_was = 'rejected'
  WHEN 'occurred_at' THEN a.target = c."offset" OR (c.clock IN ('C2', 'C3') AND (
    starts_with(a.type, 'case.special_') OR starts_with(a.type, 'case.clock_')
    OR (a.type IN ('case.submitted', 'case.supplemented') AND c.deemed)
  ))
  ELSE a.name IN ('excluded', 'days', 'legal_basis') AND c.clock IN ('C2', 'C3')
END
