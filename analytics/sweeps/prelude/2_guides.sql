-- 用途   the guides that stand, of items that are not retired
-- 依据   domain.md 3.5, 2.6
-- grain  one row an item and centre: its newest guide
-- parameters  table counting
-- unit   described: documents of the item so far, the newest described included
WITH documents AS (
  SELECT stream_key AS item, type, json_extract_string(data, '$.dept') AS dept
  FROM counting
  WHERE type IN ('item.registered', 'item.revised', 'item.retired')
  QUALIFY row_number() OVER (PARTITION BY stream_key ORDER BY version DESC) = 1
), guides AS (
  SELECT
    id, type, stream_key AS item, occurred_local, data,
    json_extract_string(data, '$.centre_id') AS centre
  FROM counting
  WHERE type IN ('guide.published', 'guide.updated', 'guide.withdrawn')
  QUALIFY row_number() OVER (PARTITION BY item, centre ORDER BY version DESC) = 1
)
SELECT
  g.id, g.item, g.centre, g.occurred_local, d.dept,
  CAST(json_extract_string(g.data, '$.version') AS INTEGER) AS described,
  len(list_filter(CAST(json_extract(g.data, '$.elements.*') AS VARCHAR[]), e -> e = 'true'))
    AS filled
FROM guides AS g
JOIN documents AS d USING (item)
WHERE g.type <> 'guide.withdrawn' AND d.type <> 'item.retired'
