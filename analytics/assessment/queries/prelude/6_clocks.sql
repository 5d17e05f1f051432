-- 用途   clocks (时限) that began to run, and what stopped each: C0, C2, C3, C5, C7, C8, C15
-- 依据   domain.md 4.1 note 6, 4.2, 6.1: one obligation a row; 行政许可法 §42, §44; history has none
-- grain  one row a clock of a case
-- parameters  tables facts, acceptances, items
-- unit   n of unit from `start`, or `until` itself; how NULL = it still runs
WITH ends AS (
  SELECT
    case_id, min("offset") AS "offset", arg_min(occurred_local, "offset") AS moment,
    arg_min(CASE type WHEN 'case.concluded' THEN 'done' ELSE 'ended' END, "offset") AS how
  FROM facts
  WHERE type IN ('case.concluded', 'case.not_accepted', 'case.withdrawn', 'case.terminated')
  GROUP BY case_id
), accepted AS (
  SELECT
    "partition", "offset", case_id, deemed, since AS start,
    unnest([
      {'clock': 'C0', 'own': own_type, 'lim': CASE WHEN project_type = 'instant'
        THEN CAST('{"n": 0, "unit": "today"}' AS JSON) END},
      {'clock': 'C2', 'own': own_statutory, 'lim': statutory},
      {'clock': 'C3', 'own': own_promised, 'lim': promised}
    ], recursive := true)
  FROM acceptances
  WHERE source_class <> 'historical'
), transfers AS (
  SELECT
    t."partition", t."offset", t.case_id, t.occurred_local AS start,
    json_extract_string(t.data, '$.transfer_id') AS about, a."offset" AS stop, a.occurred_local AS moment,
    CASE a.type WHEN 'case.transfer_received' THEN 'done' WHEN 'case.transfer_refused' THEN 'refused'
    END AS how
  FROM facts AS t
  LEFT JOIN facts AS a
    ON a.case_id = t.case_id AND a.type IN ('case.transfer_received', 'case.transfer_refused')
    AND json_extract_string(a.data, '$.transfer_id') = json_extract_string(t.data, '$.transfer_id')
  WHERE t.type = 'case.transferred' AND t.source_class <> 'historical'
), committed AS (
  SELECT
    "partition", "offset", case_id, occurred_local AS start,
    timezone('Asia/Shanghai', CAST(json_extract_string(data, '$.due_at') AS TIMESTAMPTZ)) AS until,
    unnest(CAST(json_extract_string(data, '$.materials[*]') AS VARCHAR[])) AS material
  FROM facts
  WHERE type = 'case.deficiency_committed' AND source_class <> 'historical'
), filled AS (
  SELECT
    case_id, "offset", occurred_local AS moment,
    unnest(CAST(json_extract_string(data, '$.materials[*]') AS VARCHAR[])) AS material
  FROM facts
  WHERE type = 'case.deficiency_filled'
), owed AS (
  SELECT
    c."partition", c."offset", c.case_id, c.start, c.until, c.material,
    min(f."offset") AS stop, arg_min(f.moment, f."offset") AS moment
  FROM committed AS c
  LEFT JOIN filled AS f
    ON f.case_id = c.case_id AND f.material = c.material AND f."offset" > c."offset"
  GROUP BY ALL
), deferred AS (
  SELECT
    "partition", "offset", case_id, start, until,
    CASE WHEN count(stop) = count(*) THEN max(stop) END AS stop,
    CASE WHEN count(stop) = count(*) THEN arg_max(moment, stop) END AS moment
  FROM owed
  GROUP BY "partition", "offset", case_id, start, until
), failed AS (
  SELECT case_id, "offset", occurred_local AS moment FROM facts WHERE type = 'case.deficiency_failed'
), delivered AS (
  SELECT
    case_id, min("offset") AS "offset", arg_min(occurred_local, "offset") AS moment,
    arg_min(CASE type WHEN 'case.delivered' THEN 'done' ELSE 'ended' END, "offset") AS how
  FROM facts
  WHERE type IN ('case.delivered', 'case.archived', 'case.decision_revoked')
  GROUP BY case_id
), platforms AS (
  SELECT s.case_id, i.reported_to AS platform
  FROM (
    SELECT case_id, adopted, json_extract_string(data, '$.item') AS item
    FROM facts
    WHERE type = 'case.submitted' AND source_class <> 'historical'
  ) AS s
  ASOF JOIN items AS i ON i.item = s.item AND i.version < s.adopted
  WHERE i.reported_to IS NOT NULL
), reportable AS (
  SELECT
    f."partition", f."offset", f.case_id, p.platform, f.occurred_local AS start,
    min(e."offset") AS stop, arg_min(e.occurred_local, e."offset") AS moment
  FROM facts AS f
  JOIN platforms AS p USING (case_id)
  LEFT JOIN facts AS e
    ON e.case_id = f.case_id AND e.type = 'case.exchanged' AND e."offset" > f."offset"
    AND e.occurred_local >= f.occurred_local AND e.source_class <> 'historical'
    AND json_extract_string(e.data, '$.target') = p.platform
    AND json_extract_string(e.data, '$.ok') = 'true'
  WHERE f.source_class <> 'historical' AND f.type IN (
    'case.accepted', 'case.step_finished', 'case.transferred', 'case.decision_made',
    'case.special_started', 'case.special_ended', 'case.concluded', 'case.issued', 'case.delivered'
  )
  GROUP BY f."partition", f."offset", f.case_id, p.platform, f.occurred_local
), running AS (
  SELECT
    a."partition", a."offset", a.case_id, a.clock, a.own, a.deemed, '' AS about, a.start,
    CAST(json_extract_string(a.lim, '$.n') AS INTEGER) AS n,
    coalesce(json_extract_string(a.lim, '$.unit'), 'workday') AS unit, NULL::TIMESTAMP AS until,
    e."offset" AS stop, e.moment AS stopped, e.how
  FROM accepted AS a
  LEFT JOIN ends AS e USING (case_id)
  WHERE a.lim IS NOT NULL
  UNION ALL
  SELECT
    t."partition", t."offset", t.case_id, 'C5', true, false, t.about, t.start, 240, 'minute', NULL,
    coalesce(t.stop, e."offset"), coalesce(t.moment, e.moment), coalesce(t.how, CASE WHEN e.moment IS NOT NULL THEN 'ended' END)
  FROM transfers AS t
  LEFT JOIN ends AS e USING (case_id)
  UNION ALL
  SELECT
    d."partition", d."offset", d.case_id, 'C7', true, false, '', d.start, 0, 'instant',
    d.until, coalesce(d.stop, f."offset", e."offset"), coalesce(d.moment, f.moment, e.moment),
    CASE WHEN d.stop IS NOT NULL THEN 'done' WHEN f.moment IS NOT NULL THEN 'failed'
      WHEN e.moment IS NOT NULL THEN 'ended' END
  FROM deferred AS d
  LEFT JOIN failed AS f ON f.case_id = d.case_id AND f."offset" > d."offset"
  LEFT JOIN ends AS e ON e.case_id = d.case_id
  UNION ALL
  SELECT
    f."partition", f."offset", f.case_id, 'C8', true, false, '', f.occurred_local, 10, 'workday', NULL,
    d."offset", d.moment, d.how
  FROM facts AS f
  LEFT JOIN delivered AS d USING (case_id)
  WHERE f.type = 'case.decision_made' AND f.source_class <> 'historical'
    AND json_extract_string(f.data, '$.outcome') IN ('approved', 'partly')
  UNION ALL
  SELECT
    r."partition", r."offset", r.case_id, 'C15', false, false, r.platform, r.start, 0, 'instant',
    CAST(r.start AS DATE) + INTERVAL 32 HOUR, r.stop, r.moment,
    CASE WHEN r.moment IS NOT NULL THEN 'done' END
  FROM reportable AS r
)
SELECT row_number() OVER (ORDER BY "partition", "offset", clock) AS id, *
FROM running
