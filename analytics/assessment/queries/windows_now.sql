-- 用途   开放与暂停的窗口: what each change of a window adds to, or takes from, the windows open and paused that day
-- 依据   domain.md 3.4, 8.3: open from opening or resumption to pause or closing; a day begins with all of them closed
-- grain  one row a change and code; moment: the local day
-- parameters  table hall
-- unit   个
WITH seats AS (
  SELECT
    centre, "window", occurred_local, type,
    lag(type) OVER (PARTITION BY hall, "window" ORDER BY version) AS before
  FROM hall
  WHERE type IN ('window.opened', 'window.paused', 'window.resumed', 'window.closed')
), moved AS (
  SELECT 'windows_open' AS code, centre, "window", occurred_local,
    CAST(type IN ('window.opened', 'window.resumed') AS INTEGER)
    - CAST(coalesce(before IN ('window.opened', 'window.resumed'), false) AS INTEGER) AS amount
  FROM seats
  UNION ALL
  SELECT 'windows_paused' AS code, centre, "window", occurred_local,
    CAST(type = 'window.paused' AS INTEGER)
    - CAST(coalesce(before = 'window.paused', false) AS INTEGER) AS amount
  FROM seats
)
SELECT code, CAST(occurred_local AS DATE) AS moment, centre, "window", amount
FROM moved
