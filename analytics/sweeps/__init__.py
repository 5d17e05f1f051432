"""Sweeps (巡检): the rules of 电子监察 that take more than one stream, as queries over the lake.

Each file `R??_*.sql` gives alerts: level, subject, about, since, centre, window, dept, facts. What
the ledger does not hold yet at that level is handed in as `alert.raise`, with deterministic ids:
the same again is a duplicate, a higher level escalates. Facts count as they were restated, what
was voided does not; history raises nothing.

What is about something that happened is found once for ever. What is about how something stands
(a station offline, a hall too small) is found once for each time that it stands so: its `about`
ends in `@` and the day since when. While an alert of it is open, it is not found beside it.
"""

import asyncio
import re
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from analytics.lake.catalog import Connection, Lake
from analytics.lake.rebuild import RESTATED, at_cut
from analytics.sweeps.certificates import Certificate
from ledger.contracts.codes import BATCH_COMMANDS_MAX, SHANGHAI, AlertLevel
from ledger.contracts.events.supervision import FACTS_MAX
from ledger.contracts.receipts import Receipt
from ledger.log.seam import Cut, Log
from ledger.rules.alerts import ORDER, alert_id, raising

HERE = Path(__file__).parent
SOURCE = "sweep"
RULE_CHARS = len("R01")
OPEN = "open"

DAY_CHARS = len("2020-12-29")
STANDS = re.compile(rf"@[0-9-]{{{DAY_CHARS}}}$")
"""How `about` ends where the alert is about how something stands: since which day."""

KNOWN = """
WITH handled AS (
  SELECT e.type, e.data, arg_max(e.type, e."offset") OVER (
    PARTITION BY json_extract_string(e.data, '$.alert_id')
  ) NOT IN ('alert.closed', 'alert.cancelled') AS open
  FROM events AS e
  JOIN cut USING ("partition")
  WHERE e."offset" < cut.until AND e.stream = 'supervision'
)
SELECT
  json_extract_string(data, '$.rule_id'), json_extract_string(data, '$.subject'),
  coalesce(json_extract_string(data, '$.about'), ''), json_extract_string(data, '$.since'),
  json_extract_string(data, '$.level'), open
FROM handled
WHERE type IN ('alert.raised', 'alert.escalated')
"""
CERTIFICATES = """
CREATE OR REPLACE TEMP TABLE certificates
  (item VARCHAR, holder VARCHAR, issued DATE, cert_no VARCHAR, centre VARCHAR)
"""
NEWEST = """
SELECT max(e.recorded_at) FROM events AS e JOIN cut USING ("partition")
WHERE e."offset" < cut.until
"""


class Found(NamedTuple):
    """One alert that a sweep found ground for."""

    rule: str
    level: str
    subject: str
    about: str
    since: str
    """ISO 8601 +08:00."""
    centre: str | None
    window: str | None
    dept: str | None
    facts: tuple[str, ...]

    @property
    def alert_id(self) -> str:
        """Of the alert it is."""
        return alert_id(self.rule, self.subject, self.about)

    @property
    def names(self) -> list[tuple[str, ...]]:
        """Give by which alerts it is known.

        By itself; where it is about how something stands, also by one that is open, and by one
        since the same day, whose name had no day in books of before.
        """
        names: list[tuple[str, ...]] = [(self.alert_id,)]
        if STANDS.search(self.about):
            state = _state(self.rule, self.subject, self.about)
            names += [(*state, OPEN), (*state, self.since[:DAY_CHARS])]
        return names


def files() -> list[Path]:
    """Give the queries, one a rule or part of a rule."""
    return sorted(HERE.glob("R??_*.sql"))


def sweep(
    lake: Lake, cut: Cut, certificates: Sequence[Certificate] = ()
) -> tuple[list[Found], datetime]:
    """Give what is found at `cut` and not raised by then, and when its newest fact was recorded.

    `certificates` are what another system says it issued (R04).

    Raises:
        LakeError: the lake cannot be read.

    """
    con = at_cut(lake, cut)
    try:
        con.execute(CERTIFICATES)
        if certificates:
            con.executemany("INSERT INTO certificates VALUES (?, ?, ?, ?, ?)", certificates)
        con.execute(f"CREATE OR REPLACE TEMP TABLE restated AS {RESTATED}")
        for path in sorted(HERE.glob("prelude/*.sql")):
            table = path.stem.partition("_")[2]
            query = path.read_text(encoding="utf-8")
            con.execute(f"CREATE OR REPLACE TEMP TABLE {table} AS {query}")
        found = [
            _found(path.name[:RULE_CHARS], row)
            for path in files()
            for row in con.execute(path.read_text(encoding="utf-8")).fetchall()
        ]
        known = _known(con)
        newest = con.execute(NEWEST).fetchone()
    finally:
        con.close()
    now = newest[0] if newest and newest[0] else datetime.fromtimestamp(0, SHANGHAI)
    fresh = [
        each for each in found
        if ORDER[AlertLevel(each.level)] > max(known.get(name, -1) for name in each.names)
    ]  # fmt: skip
    return fresh, now.astimezone(SHANGHAI)


async def hand_in(
    log: Log, lake: Lake, certificates: Sequence[Certificate] = (), *, dry_run: bool = False
) -> tuple[list[Found], list[Receipt]]:
    """Raise what is found at all that the lake holds; give it and the ledger's receipts.

    Raises:
        LakeError: the lake cannot be read.
        Unreachable: run again; what was raised stays.

    """
    cut = await asyncio.to_thread(lake.cut, log.partitions)
    found, now = await asyncio.to_thread(sweep, lake, cut, certificates)
    raws = [] if dry_run else [command(each, now) for each in found]
    receipts = []
    for n in range(0, len(raws), BATCH_COMMANDS_MAX):
        receipts += await log.submit_many(raws[n : n + BATCH_COMMANDS_MAX])
    return found, receipts


def _known(con: Connection) -> dict[tuple[str, ...], int]:
    """Give the highest level to which each name of an alert was raised by the cut."""
    known: dict[tuple[str, ...], int] = {}
    for rule, subject, about, since, level, is_open in con.execute(KNOWN).fetchall():
        state = _state(rule, subject, about)
        names = [(alert_id(rule, subject, about),), (*state, since[:DAY_CHARS])]
        for name in names + [(*state, OPEN)] * is_open:
            known[name] = max(known.get(name, -1), ORDER[AlertLevel(level)])
    return known


def _state(rule: str, subject: str, about: str) -> tuple[str, str, str]:
    """Give what an alert is about but the day since when."""
    return rule, subject, STANDS.sub("", about)


def _found(rule: str, row: tuple[Any, ...]) -> Found:
    level, subject, about, since, centre, window, dept, facts = row
    at = since.replace(tzinfo=SHANGHAI).isoformat()
    return Found(rule, level, subject, about, at, centre, window, dept, tuple(facts)[:FACTS_MAX])


def command(found: Found, now: datetime) -> bytes:
    """Give the command that raises what was found; `now` is when."""
    return raising(SOURCE, now, {
        "rule_id": found.rule, "level": found.level, "subject": found.subject,
        "about": found.about, "facts": list(found.facts), "since": found.since,
        "holder_dept": found.dept, "holder_centre": found.centre, "window": found.window,
    })  # fmt: skip
