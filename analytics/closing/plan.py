"""What a night's closing publishes, as commands: a pure function of what was recorded before it.

Night D closes day D at 02:00 of D + 1 (domain.md 6.3). Its cut is the place behind the last fact
recorded before then, partition by partition: whenever the job runs, today or a month later, it
finds the same cut, the same totals and the same bytes. Late facts that became known between two
nights restate the days they belong to, in the second. On the third working day the month before
is frozen. All sums are made by DuckDB from the table of measures (`lake/rebuild.py`).
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from importlib import resources
from typing import Any, NamedTuple

from analytics.lake.catalog import Connection, Lake
from analytics.lake.rebuild import at_cut, contributions_sql, day_sql
from ledger.contracts.codes import SHANGHAI
from ledger.contracts.events.period import (
    CAUSES_MAX,
    NOWHERE,
    DayClosed,
    PeriodFrozen,
    PeriodRestated,
    totals_hash,
)
from ledger.contracts.wire import decode
from ledger.log.seam import Cut
from ledger.rules import period
from ledger.rules.measures import MEASURES
from ledger.rules.reference import Reference
from ledger.rules.workdays import Calendar

SOURCE = "closing"
"""The source system of our commands; their number begins with the night: `2020-06-01/…`."""

CLOSE_AT = time(2)
"""日结时刻 (day_close_time): what is recorded before it on the next morning is in the day."""
MONTH_CLOSE_WORKDAY = 3
"""月结日 (month_close_wd): the working day on whose 02:00 the month before is frozen."""
RESTATED_MAX = 1000
"""Changes in one restatement; more make several."""
DAY = timedelta(days=1)

Command = dict[str, Any]


class Night(NamedTuple):
    """All that one night publishes, in the order in which it is to be submitted."""

    day: date
    commands: tuple[Command, ...]


class _Known(NamedTuple):
    """A sum of a day that became known before a night."""

    day: str
    code: str
    delta: int
    causes: Sequence[str]


def night_of(moment: datetime) -> date:
    """Give the newest night that is over at `moment`: D, when it is 02:00 of D + 1 or later."""
    local = moment.astimezone(SHANGHAI)
    return (local - timedelta(hours=CLOSE_AT.hour)).date() - DAY


def instant_of(night: date) -> datetime:
    """Give the moment at which a night closes its day: 02:00 after it."""
    return datetime.combine(night + DAY, CLOSE_AT, SHANGHAI)


def freeze_night(month: str, calendar: Calendar) -> date:
    """Give the night that freezes a month: its 02:00 is on working day 3 after the month."""
    day = (date.fromisoformat(f"{month}-01") + 31 * DAY).replace(day=1)
    worked = int(calendar.is_working(day))
    while worked < MONTH_CLOSE_WORKDAY:
        day += DAY
        worked += calendar.is_working(day)
    return day - DAY


def measures_version() -> str:
    """Give 16 hex digits that name the definitions of all measures."""
    return hashlib.sha256(repr(MEASURES).encode()).hexdigest()[:16]


def plan(lake: Lake, partitions: int, last: date) -> Iterator[Night]:
    """Give the nights up to `last` that have something to publish yet, oldest first.

    The lake has to hold everything that was recorded before `last` closes.

    Raises:
        LakeError: the lake cannot be read.

    """
    con = _connection(lake, partitions)
    try:
        states, done, newest = _published(con)
        book = con.execute(
            "SELECT min(night(recorded_at)) FROM events WHERE stream IN ('case', 'hall', 'rating')"
        ).fetchall()[0][0]
        if book is None:
            return
        first = max(book, newest or book)
        known = _learn(con, book, first, last)
        cuts = _Cuts(con, partitions)
        calendar = _calendar(con)
    finally:
        con.close()
    night = first
    while night <= last:
        found = _Writer(night, cuts, states, done)
        for centre, sums in sorted(known.get(night, {}).items()):
            found.close_and_restate(centre, sums)
        month = (night + DAY).replace(day=1) - DAY
        if night == freeze_night(f"{month:%Y-%m}", calendar):
            found.freeze(f"{month:%Y-%m}")
        if found.commands:
            yield Night(night, tuple(found.commands))
        night += DAY


class _Writer:
    """Writes the commands of one night, keeping the states of what is published."""

    def __init__(
        self, night: date, cuts: "_Cuts", states: dict[str, period.State], done: set[str]
    ) -> None:
        self.commands: list[Command] = []
        self._night, self._cuts, self._states, self._done = night, cuts, states, done

    def close_and_restate(self, centre: str, sums: Sequence[_Known]) -> None:
        today = self._night.isoformat()
        if totals := {each.code: each.delta for each in sums if each.day == today}:
            self._close(centre, today, totals)
        late = [each for each in sums if each.day < today]
        months = defaultdict(list)
        for each in late:
            state = self._states[centre]
            if each.day not in state.days and not state.is_frozen(each.day):
                # Nothing was known of that day when it closed: it was published as nothing.
                self._close(centre, each.day, {})
            months[each.day[: period.MONTH]].append(each)
        for month, changes in sorted(months.items()):
            for n in range(0, len(changes), RESTATED_MAX):
                self._restate(centre, month, n // RESTATED_MAX, changes[n : n + RESTATED_MAX])

    def freeze(self, month: str) -> None:
        for centre, state in sorted(self._states.items()):
            if month not in state.frozen and any(day.startswith(month) for day in state.days):
                totals = state.totals(month)
                self._say(PeriodFrozen.COMMAND, centre, month, {
                    "period": month, "centre": centre, "cut": self._cuts.before(self._night),
                    "totals": totals, "totals_hash": totals_hash(totals)})  # fmt: skip

    def _close(self, centre: str, day: str, totals: Mapping[str, int]) -> None:
        self._say(DayClosed.COMMAND, centre, day, {
            "centre": centre, "day": day, "cut": self._cuts.before(date.fromisoformat(day)),
            "totals": dict(totals), "totals_hash": totals_hash(totals),
            "measures_version": measures_version()})  # fmt: skip

    def _restate(self, centre: str, month: str, part: int, sums: Sequence[_Known]) -> None:
        days = self._states[centre].days
        changes = []
        for each in sums:
            was = days.get(each.day, {}).get(each.code, 0)
            changes.append({"code": each.code, "day": each.day, "published": was,
                            "now": was + each.delta})  # fmt: skip
        causes = sorted({cause for each in sums for cause in each.causes})
        self._say(PeriodRestated.COMMAND, centre, f"{month}.{part}", {
            "period": month, "centre": centre, "cut": self._cuts.before(self._night),
            "changes": changes, "cause_events": causes[:CAUSES_MAX],
            "causes": len(causes)})  # fmt: skip

    def _say(self, kind: str, centre: str, what: str, data: dict[str, Any]) -> None:
        number = f"{self._night}/{kind}/{centre}/{what}"
        if number in self._done:
            return
        place = {} if centre == NOWHERE else {"centre": centre}
        self.commands.append({
            "type": kind, "key": centre, "occurred_at": instant_of(self._night).isoformat(),
            "source_system": SOURCE, "source_seq": number, "source_class": "system",
            "data": data, **place})  # fmt: skip
        fact = {DayClosed.COMMAND: DayClosed.TYPE, PeriodFrozen.COMMAND: PeriodFrozen.TYPE,
                PeriodRestated.COMMAND: PeriodRestated.TYPE}[kind]  # fmt: skip
        told: Any = {"type": fact, "data": {"data": data, "stamp": {}}}
        self._states[centre] = period.evolve(self._states[centre], told)


class _Cuts:
    """Where each night stands in each partition."""

    def __init__(self, con: Connection, partitions: int) -> None:
        self._ends: list[list[tuple[date, int]]] = [[] for _ in range(partitions + 1)]
        rows = con.execute(
            'SELECT "partition", night(e.recorded_at) AS night, max(e."offset") + 1 '
            'FROM events AS e JOIN cut USING ("partition") WHERE e."offset" < cut.until '
            "AND e.recorded_at IS NOT NULL GROUP BY ALL ORDER BY ALL"
        ).fetchall()
        for partition, night, until in rows:
            self._ends[partition].append((night, until))

    def before(self, night: date) -> Cut:
        return tuple(
            max((until for at, until in ends if at <= night), default=0) for ends in self._ends
        )


def cut_before(lake: Lake, partitions: int, night: date) -> Cut:
    """Give the cut of a night: the place behind all that was recorded before its 02:00."""
    con = _connection(lake, partitions)
    try:
        return _Cuts(con, partitions).before(night)
    finally:
        con.close()


def freeze_of(lake: Lake, partitions: int, month: str) -> date:
    """Give the night that freezes a month, by the calendars of the lake."""
    con = _connection(lake, partitions)
    try:
        return freeze_night(month, _calendar(con))
    finally:
        con.close()


def _connection(lake: Lake, partitions: int) -> Connection:
    """Give a connection at the lake's cut, with night(recorded_at): before which it was known."""
    con = at_cut(lake, lake.cut(partitions))
    con.execute(
        "CREATE OR REPLACE TEMP MACRO night(moment) AS "
        f"CAST(timezone('Asia/Shanghai', moment) - INTERVAL {CLOSE_AT.hour} HOUR AS DATE)"
    )
    return con


def _published(con: Connection) -> tuple[dict[str, period.State], set[str], date | None]:
    """Give what the lake knows as published, by centre; our numbers; the newest night of them."""
    states: dict[str, period.State] = defaultdict(period.State)
    done, newest = set(), ""
    rows = con.execute(
        'SELECT stream_key, source_system, source_seq, raw FROM events JOIN cut USING ("partition")'
        ' WHERE "offset" < cut.until AND stream = \'period\' ORDER BY "partition", "offset"'
    ).fetchall()
    for centre, system, number, raw in rows:
        states[centre] = period.evolve(states[centre], decode(raw))
        if system == SOURCE:
            done.add(number)
            newest = max(newest, number.partition("/")[0])
    return states, done, date.fromisoformat(newest) if newest else None


def _learn(
    con: Connection, book: date, first: date, last: date
) -> dict[date, dict[str, list[_Known]]]:
    """Give night → centre → what became known before it."""
    since = datetime.combine(first - DAY, CLOSE_AT, SHANGHAI).isoformat()
    con.execute("SET VARIABLE since = CAST($since AS TIMESTAMPTZ)", {"since": since})
    con.execute(contributions_sql(
        MEASURES, "id, night(known_at) AS night", "known_at >= getvariable('since')"
    ))  # fmt: skip
    into = "CREATE OR REPLACE TEMP TABLE learnt AS"
    for query in day_sql(MEASURES, "night, CASE WHEN day < night THEN id END AS cause"):
        con.execute(f"{into} {query}")
        into = "INSERT INTO learnt"
    query = resources.files("analytics.closing").joinpath("nights.sql").read_text("utf-8")
    made: dict[date, dict[str, list[_Known]]] = defaultdict(lambda: defaultdict(list))
    rows = con.execute(query, {"book": book, "first": first, "last": last}).fetchall()
    for night, centre, day, code, delta, causes in rows:
        made[night][centre or NOWHERE].append(_Known(day.isoformat(), code, delta, causes))
    return made


def _calendar(con: Connection) -> Calendar:
    reference = Reference()
    for (raw,) in con.execute(
        "SELECT raw FROM events WHERE type IN ('calendar.published', 'calendar.overridden') "
        'ORDER BY "offset"'
    ).fetchall():
        reference.apply(decode(raw))
    return reference.calendar
