-- 用途   the facts of 电子监察: what was raised, raised further, cancelled and closed before the cut
-- 依据   domain.md 3.10; a level, once raised, is laid to whom held the subject then
-- grain  one row a fact that says a level or ends an alert; where it ends one, of the alert it ends
-- parameters  table cut(partition, until)
-- unit   facts
WITH known AS (
  SELECT
    e."partition", e."offset", e.type, e.stream_key AS subject, e.version, e.occurred_local,
    json_extract_string(e.data, '$.alert_id') AS alert_id,
    json_extract_string(e.data, '$.level') AS level,
    json_extract_string(e.data, '$.rule_id') AS rule,
    json_extract_string(e.data, '$.subject') AS about_stream,
    json_extract_string(e.data, '$.holder_centre') AS centre,
    json_extract_string(e.data, '$.window') AS "window"
  FROM events AS e
  JOIN cut USING ("partition")
  WHERE e."offset" < cut.until
    AND e.type IN ('alert.raised', 'alert.escalated', 'alert.cancelled', 'alert.closed')
), said AS (
  SELECT k.subject, k.alert_id, k.version, s.version AS said
  FROM known AS k
  JOIN known AS s
    ON s.subject = k.subject AND s.alert_id = k.alert_id AND s.version <= k.version
    AND s.level IS NOT NULL
  QUALIFY row_number() OVER (
    PARTITION BY k.subject, k.alert_id, k.version ORDER BY s.version DESC) = 1
)
SELECT
  k."partition", k."offset", k.type, k.subject, k.version, k.occurred_local, k.alert_id,
  s.level, s.rule, s.about_stream, coalesce(s.centre, '') AS centre, coalesce(s."window", '') AS "window"
FROM known AS k
JOIN said AS p USING (subject, alert_id, version)
JOIN known AS s ON s.subject = k.subject AND s.alert_id = k.alert_id AND s.version = p.said
ORDER BY k."partition", k."offset"
