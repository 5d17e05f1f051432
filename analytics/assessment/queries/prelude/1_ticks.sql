-- 用途   how far the time (时钟) of each partition had come, from which offset on
-- 依据   decision 0007: every due before `reached` is recorded
-- grain  one row a tick that left a trace
-- parameters  none: readers ask for the newest before an offset
-- unit   local instants
SELECT
  "partition", "offset",
  timezone('Asia/Shanghai', CAST(json_extract_string(data, '$.to') AS TIMESTAMPTZ)) AS reached
FROM events
WHERE type = 'clock.ticked'
