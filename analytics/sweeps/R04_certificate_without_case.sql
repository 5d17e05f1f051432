-- 用途   无台账出证: a certificate on somebody else's list, and no case of that item and holder around it
-- 依据   domain.md 5.2 R04: from as many days before as the law allows, to three working days after
-- grain  level, subject (the centre, else the item), about (the certificate), since, centre, window, dept, facts
-- parameters  tables counting, certificates(item, holder, issued, cert_no, centre), days
-- unit   alerts; items that are registered; where no legal limit is known the general 20 working days
WITH items AS (
  SELECT
    id, stream_key AS item, json_extract_string(data, '$.dept') AS dept,
    coalesce(CAST(json_extract_string(data, '$.statutory.n') AS INTEGER), 20) AS n,
    coalesce(json_extract_string(data, '$.statutory.unit'), 'workday') AS unit
  FROM counting
  WHERE type IN ('item.registered', 'item.revised')
  QUALIFY row_number() OVER (PARTITION BY stream_key ORDER BY recorded_at DESC, id DESC) = 1
), listed AS (
  SELECT
    c.item, c.holder, c.issued, c.cert_no, c.centre, i.id, i.dept, d.nth + 3 AS last_nth,
    CASE i.unit WHEN 'day' THEN c.issued - i.n END AS first_day,
    CASE i.unit WHEN 'workday' THEN d.nth - i.n WHEN 'hour' THEN d.nth - 1 - i.n // 8 END
      AS first_nth
  FROM certificates AS c
  JOIN items AS i ON i.item = c.item
  JOIN days AS d ON d.day = c.issued
), around AS (
  SELECT
    l.item, l.holder, l.issued, l.cert_no, l.centre, l.id, l.dept,
    coalesce(l.first_day, min(d.day) FILTER (WHERE d.working AND d.nth = l.first_nth)) AS first_day,
    min(d.day) FILTER (WHERE d.working AND d.nth = l.last_nth) AS last_day
  FROM listed AS l
  JOIN days AS d ON d.nth IN (l.first_nth, l.last_nth)
  GROUP BY l.item, l.holder, l.issued, l.cert_no, l.centre, l.id, l.dept, l.first_day
), seen AS (
  SELECT
    s.stream_key, json_extract_string(s.data, '$.item') AS item,
    json_extract_string(s.data, '$.applicant_ref') AS holder,
    CAST(f.occurred_local AS DATE) AS day
  FROM counting AS s
  JOIN counting AS f
    ON f.stream = 'case' AND f.stream_key = s.stream_key
    AND f.type IN ('case.submitted', 'case.accepted')
  WHERE s.type = 'case.submitted'
)
SELECT
  'red' AS level, coalesce('centre/' || a.centre, 'item/' || a.item) AS subject,
  a.cert_no AS about, CAST(a.issued AS TIMESTAMP) AS since, a.centre, NULL AS "window", a.dept,
  [a.id] AS facts
FROM around AS a
ANTI JOIN seen AS s
  ON s.item = a.item AND s.holder = a.holder AND s.day BETWEEN a.first_day AND a.last_day
WHERE a.last_day < (SELECT CAST(max(occurred_local) AS DATE) FROM counting)
ORDER BY subject, about
