-- 用途   positions that are in the lake more than once
-- 依据   design.md 7: rows and offsets in one commit, so twice is once
-- grain  one row a position; must return no rows
-- parameters  table cut(partition, until)
-- unit   rows
SELECT
  e."partition" || ':' || e."offset" AS what,
  'is there ' || count(*) || ' times' AS finding
FROM events AS e
JOIN cut USING ("partition")
WHERE e."offset" < cut.until
GROUP BY e."partition", e."offset"
HAVING count(*) > 1
ORDER BY what
