-- 用途   each fact that counts in the period, with who is answerable (人员) and how it was rated
-- 依据   domain.md 6.2 窗口绩效: per window and per staff; what a department broke is not of who accepted
-- grain  one row a fact and measure
-- parameters  tables parts, seats, accepters, servers, vias
-- unit   sums as in docs/indicators.md
SELECT
  p.code, p.centre, p."window", p.fact, p.sum,
  coalesce(w.staff, a.staff, CASE WHEN p.stream = 'hall' THEN s.staff END, '') AS staff,
  coalesce(v.side, '') AS side
FROM parts AS p
LEFT JOIN vias AS v
  ON p.stream = 'rating' AND v.stream_key = p.stream_key AND v.rating = p.rating
LEFT JOIN servers AS w ON w.hall = p.stream_key AND w.ticket = v.ticket
LEFT JOIN accepters AS a
  ON p.stream IN ('case', 'rating') AND p.laid_dept IS NULL AND a.case_id = p.stream_key
  AND v.ticket IS NULL
ASOF LEFT JOIN seats AS s
  ON s.hall = p.stream_key AND s."window" = p."window" AND s.version <= p.version
ORDER BY p.code, p.fact
