-- 用途   the loop (差评闭环) of each negative: what was due when, what was done when
-- 依据   domain.md 3.6, 4.2 C11: one extension, granted before the breach, moves the due
-- grain  one row a rating of one or two stars that another system did not hand over as history
-- parameters  tables rating_facts, rating_dues, given
-- unit   negatives; noticed = a tick came past the due of what nobody had done
WITH rated AS (
  SELECT
    g.stream_key, g.rating_id, g.stars, g.real_name, g.given AS rated, g.centre, g."window", d.due
  FROM given AS g
  JOIN rating_dues AS d USING ("partition", "offset")
), verified AS (
  SELECT
    stream_key, rating_id, occurred_local AS verified,
    json_extract_string(data, '$.finding') IN ('valid', 'partly') AS valid
  FROM rating_facts
  WHERE type = 'neg.verified'
), breaches AS (
  SELECT
    stream_key, rating_id,
    min("offset") FILTER (WHERE json_extract_string(data, '$.clock') = 'C11.rectify') AS rectify,
    min("offset") FILTER (WHERE json_extract_string(data, '$.clock') = 'C11.callback') AS callback
  FROM rating_facts
  WHERE type = 'rating.clock_breached'
  GROUP BY stream_key, rating_id
), extended AS (
  SELECT
    stream_key, rating_id, "offset", CAST(occurred_local AS DATE) AS granted,
    CAST(json_extract_string(data, '$.new_due') AS DATE) AS new_due
  FROM rating_facts
  WHERE type = 'neg.extension_granted'
), rectified AS (
  SELECT f.stream_key, f.rating_id, f.occurred_local AS rectified, d.due AS callback_due
  FROM rating_facts AS f
  JOIN rating_dues AS d USING ("partition", "offset")
  WHERE f.type = 'neg.rectified'
), calls AS (
  SELECT
    stream_key, rating_id, "offset", occurred_local,
    CAST(json_extract_string(data, '$.reached') AS BOOLEAN) AS reached,
    sum(CAST(json_extract_string(data, '$.attempts') AS INTEGER)) OVER so_far AS attempts,
    min(CAST(occurred_local AS DATE)) OVER so_far AS first_day,
    max(CAST(occurred_local AS DATE)) OVER so_far AS last_day
  FROM rating_facts
  WHERE type = 'neg.called_back'
  WINDOW so_far AS (PARTITION BY stream_key, rating_id ORDER BY "offset")
), called AS (
  SELECT stream_key, rating_id, min_by(occurred_local, "offset") AS called_back
  FROM calls
  WHERE reached OR (attempts >= 3 AND last_day > first_day)
  GROUP BY stream_key, rating_id
), ended AS (
  SELECT
    stream_key, rating_id, bool_or(type = 'neg.dispatched') AS dispatched,
    bool_or(type = 'neg.closed') AS closed,
    bool_or(type = 'appeal.filed') AS appealed, bool_or(type = 'appeal.upheld') AS upheld,
    bool_or(type = 'appeal.denied') AS denied
  FROM rating_facts
  WHERE type IN ('neg.dispatched', 'neg.closed', 'appeal.filed', 'appeal.upheld', 'appeal.denied')
  GROUP BY stream_key, rating_id
)
SELECT
  r.stream_key, r.rating_id, r.stars, r.real_name, r.rated, r.centre, r."window",
  v.verified, coalesce(v.valid, false) AS valid, t.rectified,
  CASE WHEN x.granted <= r.due AND (b.rectify IS NULL OR x."offset" < b.rectify)
    THEN x.new_due ELSE r.due END AS rectify_due,
  b.rectify IS NOT NULL AS rectify_noticed,
  CASE WHEN r.real_name THEN t.callback_due END AS callback_due, c.called_back,
  b.callback IS NOT NULL AS callback_noticed,
  coalesce(e.dispatched AND NOT e.closed, false) AS open, coalesce(e.upheld, false) AS upheld,
  coalesce(e.appealed AND NOT e.upheld AND NOT e.denied, false) AS appealing
FROM rated AS r
LEFT JOIN verified AS v USING (stream_key, rating_id)
LEFT JOIN breaches AS b USING (stream_key, rating_id)
LEFT JOIN extended AS x USING (stream_key, rating_id)
LEFT JOIN rectified AS t USING (stream_key, rating_id)
LEFT JOIN called AS c USING (stream_key, rating_id)
LEFT JOIN ended AS e USING (stream_key, rating_id)
