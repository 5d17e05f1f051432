-- 用途   the visits (一次办事) whose service ended before everybody, other than by leaving
-- 依据   domain.md 3.4, 4.3: what a closed window left behind is finished as left
-- grain  one row a ticket
-- parameters  table tickets
-- unit   visits; with_case = it ended with a case
SELECT hall, ticket, centre, served_at AS "window", occurred_local AS ended, cases > 0 AS with_case
FROM tickets
WHERE type = 'ticket.service_finished' AND outcome <> 'left'
