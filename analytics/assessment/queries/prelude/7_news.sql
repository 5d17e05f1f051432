-- 用途   corrections that set a clock going again, or gave it another due: a tick has to find it broken
-- 依据   domain.md 3.9; decision 0007: what is open and due is found broken by the next tick
-- grain  one row a correction and clock that it touches
-- parameters  tables cut, voided, clocks, facts, acceptances, items
-- unit   moment: when the fact that no longer stops the clock had happened; origin: the pause or
--        extension that was corrected, which moves no due before `earliest`; anew: the limit or the
--        start of the clock was corrected
WITH taken_back AS (
  SELECT
    e.stream_key AS case_id, e."offset", e.type, e.occurred_local AS moment, v.voided_at,
    json_extract_string(e.data, '$.transfer_id') AS transfer_id,
    CASE json_extract_string(e.data, '$.ok') WHEN 'true'
      THEN json_extract_string(e.data, '$.target') END AS reported_to
  FROM events AS e
  JOIN cut USING ("partition")
  JOIN voided AS v USING (id)
  WHERE e."offset" < cut.until AND e.stream = 'case'
), amended AS (
  SELECT
    a.stream_key AS case_id, a."offset", e."offset" AS target, e.type, e.occurred_local AS happened,
    unnest(json_keys(a.data, '$.changes')) AS name,
    CASE json_extract_string(e.data, '$.ok') WHEN 'true'
      THEN json_extract_string(e.data, '$.target') END AS reported_to,
    json_extract_string(a.data, '$.changes.outcome.old') AS outcome_was,
    json_extract_string(a.data, '$.changes.item.old') AS item_was
  FROM events AS a
  JOIN cut USING ("partition")
  JOIN events AS e ON e.id = json_extract_string(a.data, '$.target')
  WHERE a."offset" < cut.until AND a.type = 'case.event_amended'
), limits_were AS (
  SELECT
    c.id, n."offset", CASE c.clock WHEN 'C0' THEN i.project_type IS DISTINCT FROM a.project_type
      WHEN 'C2' THEN i.statutory IS DISTINCT FROM a.statutory
      ELSE i.promised IS DISTINCT FROM a.promised END AS others
  FROM amended AS n
  JOIN acceptances AS a USING (case_id)
  JOIN clocks AS c USING (case_id)
  ASOF LEFT JOIN items AS i ON i.item = n.item_was AND i.version < a.adopted
  WHERE n.name = 'item' AND c.clock IN ('C0', 'C2', 'C3') AND NOT c.own
  UNION ALL
  SELECT c.id, n."offset", i.reported_to IS DISTINCT FROM c.about
  FROM amended AS n
  JOIN facts AS f ON f.case_id = n.case_id AND f.type = 'case.submitted'
  JOIN clocks AS c ON c.case_id = n.case_id
  ASOF LEFT JOIN items AS i ON i.item = n.item_was AND i.version < f.adopted
  WHERE n.name = 'item' AND c.clock = 'C15'
)
SELECT
  c.id, t.voided_at AS "offset", t.moment, NULL::BIGINT AS origin, NULL::TIMESTAMP AS earliest,
  false AS anew
FROM clocks AS c
JOIN taken_back AS t ON t.case_id = c.case_id AND t."offset" > c."offset"
WHERE CASE c.clock
  WHEN 'C5' THEN t.type IN ('case.withdrawn', 'case.terminated')
    OR (t.type IN ('case.transfer_received', 'case.transfer_refused') AND t.transfer_id = c.about)
  WHEN 'C7' THEN t.type IN ('case.deficiency_filled', 'case.deficiency_failed',
    'case.withdrawn', 'case.terminated')
  WHEN 'C8' THEN t.type IN ('case.delivered', 'case.archived', 'case.decision_revoked')
  WHEN 'C15' THEN t.type = 'case.exchanged' AND t.reported_to = c.about AND t.moment >= c.start
  ELSE t.type IN ('case.concluded', 'case.withdrawn', 'case.terminated')
END
UNION ALL
SELECT
  c.id, t.voided_at, NULL, t."offset",
  CASE WHEN t.type = 'case.extension_granted' THEN t.moment
    WHEN c.unit = 'hour' THEN t.moment + INTERVAL 1 MICROSECOND
    ELSE CAST(t.moment AS DATE) + INTERVAL 1 DAY END, false
FROM clocks AS c
JOIN taken_back AS t ON t.case_id = c.case_id AND t."offset" > c."offset"
WHERE c.clock IN ('C2', 'C3')
  AND t.type IN ('case.special_started', 'case.special_ended', 'case.clock_suspended',
    'case.clock_resumed', 'case.extension_granted')
UNION ALL
SELECT DISTINCT c.id, a."offset", a.happened, NULL::BIGINT, NULL::TIMESTAMP, false
FROM clocks AS c
JOIN amended AS a USING (case_id)
WHERE c.clock = 'C15' AND a.type = 'case.exchanged' AND a.target > c."offset"
  AND a.reported_to = c.about AND a.happened >= c.start
UNION ALL
SELECT id, "offset", NULL, NULL, NULL, true
FROM limits_were
WHERE others
UNION ALL
SELECT DISTINCT c.id, a."offset", NULL::TIMESTAMP, NULL::BIGINT, NULL::TIMESTAMP, true
FROM clocks AS c
JOIN amended AS a USING (case_id)
WHERE CASE a.name
  WHEN 'project_type' THEN c.clock = 'C0'
  WHEN 'statutory' THEN c.clock = 'C2'
  WHEN 'promised' THEN c.clock = 'C3'
  WHEN 'due_at' THEN c.clock = 'C7'
  WHEN 'materials' THEN c.clock = 'C7'
  WHEN 'outcome' THEN c.clock = 'C8' AND a.outcome_was = 'rejected'
  WHEN 'occurred_at' THEN a.target = c."offset"
    OR (a.type IN ('case.submitted', 'case.supplemented') AND c.deemed)
  ELSE false
END
UNION ALL
SELECT DISTINCT
  c.id, a."offset", NULL::TIMESTAMP, a.target,
  CASE WHEN a.name = 'occurred_at' THEN NULL WHEN a.name = 'days' THEN a.happened
    WHEN c.unit = 'hour' THEN a.happened + INTERVAL 1 MICROSECOND
    ELSE CAST(a.happened AS DATE) + INTERVAL 1 DAY END, false
FROM clocks AS c
JOIN amended AS a ON a.case_id = c.case_id AND a.target > c."offset"
WHERE c.clock IN ('C2', 'C3') AND (
  a.name IN ('excluded', 'days', 'legal_basis')
  OR (a.name = 'occurred_at' AND (
    starts_with(a.type, 'case.special_') OR starts_with(a.type, 'case.clock_')
    OR a.type = 'case.extension_granted'
  ))
)
