-- 用途   体外循环-进而不办: an item in a hall where nobody can apply for it, as it seems
-- 依据   domain.md 5.2 R06; region = 区镇, by the centre: a case says no region of its applicant
-- grain  level, subject (the centre), about (the item and since which day), since, centre, window, dept, facts
-- parameters  tables counting, centres
-- unit   alerts
WITH entries AS (
  SELECT
    id, type, stream_key AS item, occurred_local, json_extract_string(data, '$.mode') AS mode,
    json_extract_string(data, '$.centre_id') AS centre
  FROM counting
  WHERE type IN ('item.entered_hall', 'item.left_hall')
  QUALIFY row_number() OVER (PARTITION BY item, centre ORDER BY version DESC) = 1
), entered AS (
  SELECT e.id, e.item, e.centre, e.occurred_local, c.town
  FROM entries AS e
  JOIN centres AS c USING (centre)
  WHERE e.type = 'item.entered_hall' AND e.mode <> 'consult'
    AND e.occurred_local + INTERVAL 90 DAY <= (SELECT max(occurred_local) FROM counting)
), depts AS (
  SELECT stream_key AS item, json_extract_string(data, '$.dept') AS dept
  FROM counting
  WHERE type IN ('item.registered', 'item.revised')
  QUALIFY row_number() OVER (PARTITION BY stream_key ORDER BY version DESC) = 1
), accepted AS (
  SELECT
    a.centre, a.occurred_local, c.town, json_extract_string(a.stamp, '$.item') AS item, d.dept
  FROM counting AS a
  JOIN centres AS c USING (centre)
  JOIN depts AS d ON d.item = json_extract_string(a.stamp, '$.item')
  WHERE a.type = 'case.accepted'
)
SELECT
  'yellow' AS level, 'centre/' || e.centre AS subject,
  e.item || '@' || strftime(e.occurred_local, '%Y-%m-%d') AS about, e.occurred_local AS since,
  e.centre, NULL AS "window", d.dept, [e.id] AS facts
FROM entered AS e
JOIN depts AS d USING (item)
JOIN accepted AS a ON a.dept = d.dept AND a.town = e.town AND a.occurred_local >= e.occurred_local
GROUP BY e.id, e.item, e.centre, e.occurred_local, d.dept
HAVING count(*) FILTER (WHERE a.centre = e.centre AND a.item = e.item) = 0
  AND count(*) FILTER (WHERE a.centre <> e.centre) >= 10
ORDER BY subject, about
