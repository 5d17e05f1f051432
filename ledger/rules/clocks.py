"""Clocks (时限) C0–C10 and C15 of a case: what runs, what pauses it, its due (domain.md 4.2).

A clock is data in the state of its case; its due is a function of the clock, the pauses and the
calendar, worked out whenever it is asked for. The ledger writes `case.clock_breached` once a
clock, at the tick that follows the due or in the batch of the fact that came too late; a breach
that later evidence shows to be none, or at another due, is withdrawn. Imported history has no
clocks.

What was recorded after the breach of a clock does not move its due (4.3). Pauses and extensions
know which breaches lay before them (`behind`); one that was withdrawn since holds nothing back.
A fact that was recorded before the breach moves the due also when it is amended later.
"""

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from typing import NamedTuple

from ledger.contracts.codes import SHANGHAI, LimitUnit
from ledger.contracts.events.base import Limit
from ledger.rules.measures import WORKDAY_MINUTES
from ledger.rules.workdays import Calendar

C1_WORKDAYS = 5
"""补正告知: 行政许可法 §32(四)."""
C1_LIMIT = Limit(n=C1_WORKDAYS, unit=LimitUnit.WORKDAY)
C1_GRACE_WORKDAYS = 1
"""Deemed acceptance waits this much longer, so that ordinary lag never triggers it (4.3)."""
GRACE_LIMIT = Limit(n=C1_GRACE_WORKDAYS, unit=LimitUnit.WORKDAY)
DEEMED_LIMIT = Limit(n=C1_WORKDAYS + C1_GRACE_WORKDAYS, unit=LimitUnit.WORKDAY)
EXTENDED = frozenset({"C2", "C3"})


class Clock(NamedTuple):
    """One clock; `due` is set where a date was committed to, else it follows from the limit."""

    code: str
    about: str
    start: str
    limit: Limit | None = None
    minutes: int = 0
    """Working minutes instead of a limit."""
    due: str = ""
    stop: str | None = None
    stop_recorded: str = ""
    """When its stop was recorded: calendars published later leave it alone."""

    @property
    def name(self) -> tuple[str, str, str]:
        """What tells it from the other clocks of the case."""
        return self.code, self.about, self.start


class Pause(NamedTuple):
    """A stretch that does not count for some clocks; open while `end` is None."""

    about: str
    start: str
    clocks: frozenset[str]
    end: str | None = None
    behind: frozenset[str] = frozenset()
    """Ids of the breaches that were recorded before it: their clocks it does not pause."""


class Extension(NamedTuple):
    """延长: when it was granted, and by how many days."""

    at: str
    days: int
    behind: frozenset[str] = frozenset()
    """Ids of the breaches that were recorded before it: they are not healed by it."""


class Breach(NamedTuple):
    """A recorded breach: the name of its clock, the event's id, and the due it was."""

    code: str
    about: str
    start: str
    event: str
    due: str


class Clocks(NamedTuple):
    """The clocks of one case, running and stopped."""

    all: tuple[Clock, ...] = ()
    pauses: tuple[Pause, ...] = ()
    extended: Extension | None = None
    owed: frozenset[str] = frozenset()
    """容缺: materials that C7 still waits for."""
    breached: tuple[Breach, ...] = ()
    reported_to: str = ""
    """数据上报: the platform the case is reported to; "": none."""
    deemed_voided: str = ""
    """When two people last took a deemed acceptance back, for evidence that comes late (4.3)."""

    @property
    def breached_names(self) -> frozenset[tuple[str, str, str]]:
        """Names of the clocks whose breach is recorded."""
        return frozenset(each[:3] for each in self.breached)

    @property
    def breach_ids(self) -> frozenset[str]:
        """Ids of the breaches that are recorded."""
        return frozenset(each.event for each in self.breached)


NONE = Clocks()


def due_of(clocks: Clocks, clock: Clock, calendar: Calendar) -> str | None:
    """Give when a clock is due, ISO 8601 +08:00; None while an open pause holds it off.

    Pauses and an extension move it as far as they were recorded before its breach; an extension
    besides only when it was granted before the due it moves (R02). A clock that stopped goes by
    the calendar that was published when its stop was recorded.
    """
    if clock.due:
        return clock.due
    if clock.stop is not None:
        calendar = calendar.as_of(clock.stop_recorded)
    if clock.limit is None:
        return calendar.minutes_due_at(clock.start, clock.minutes) if clock.minutes else None
    if not clocks.pauses and clocks.extended is None:
        return calendar.due_at(clock.start, clock.limit)
    start = datetime.fromisoformat(clock.start)
    spans = paused(clocks, clock)
    due = calendar.due_paused(start, clock.limit, spans)
    longer = clocks.extended
    if (
        longer is not None
        and clock.code in EXTENDED
        and not ids_of(clocks, clock) & longer.behind
        and (due is None or longer.at <= due.isoformat())
    ):
        due = calendar.due_paused(start, extended(clock.limit, longer.days), spans)
    return None if due is None else due.isoformat()


def paused(clocks: Clocks, clock: Clock) -> list[tuple[str, str | None]]:
    """Give the stretches [start, end] that move the due of a clock; None: still open."""
    mine = ids_of(clocks, clock)
    return [
        (p.start, p.end) for p in clocks.pauses
        if clock.code in p.clocks and not mine & p.behind
    ]  # fmt: skip


def stood_still(clocks: Clocks, code: str) -> list[tuple[str, str | None]]:
    """Give the stretches in which no time passed on a clock, broken or not (K10: pauses out)."""
    return [(pause.start, pause.end) for pause in clocks.pauses if code in pause.clocks]


def ids_of(clocks: Clocks, clock: Clock) -> set[str]:
    """Give the recorded breaches of a clock."""
    return {each.event for each in clocks.breached if each[:3] == clock.name}


def extended(limit: Limit, days: int) -> Limit:
    """Give a limit with an extension of so many days, in the unit of the limit.

    行政许可法 §42 and §82: the days of the law are working days, so an extension of a limit in
    working days is one in working days. A limit in natural days comes from another rule that
    counts so; it grows by natural days. One in hours grows by the service hours of that many days.
    """
    more = days * (WORKDAY_MINUTES // 60) if limit.unit is LimitUnit.HOUR else days
    return limit.model_copy(update={"n": limit.n + more})


def overdue(
    clocks: Clocks, calendar: Calendar, until: str, *, running: bool
) -> Iterator[tuple[Clock, str]]:
    """Give the clocks that passed their due unstopped, with it, in order of due.

    A stopped clock is overdue when it was stopped after its due. A running one, asked for by
    `running`, when its due lies before `until`.
    """
    found = []
    for clock in clocks.all:
        if clock.stop is None and not running:
            continue
        due = due_of(clocks, clock, calendar)
        if due is not None and due < (until if clock.stop is None else clock.stop):
            found.append((due, clock.code, clock.about, clock))
    for due, _, _, clock in sorted(found, key=lambda each: each[:3]):
        yield clock, due


def next_due(clocks: Clocks, calendar: Calendar) -> str | None:
    """Give the earliest due of a running clock whose breach is not recorded."""
    known = clocks.breached_names
    dues = [
        due
        for clock in clocks.all
        if clock.stop is None and clock.name not in known
        and (due := due_of(clocks, clock, calendar)) is not None
    ]  # fmt: skip
    deemed = deemed_at(clocks, calendar)
    return min([*dues, *([deemed] if deemed else [])], default=None)


def deemed_at(clocks: Clocks, calendar: Calendar) -> str | None:
    """Give the instant after which a case whose C1 runs is deemed accepted: due and grace.

    One whose deemed acceptance was voided has the grace again, to enter the evidence.
    """
    for clock in clocks.all:
        if clock.code == "C1" and clock.stop is None:
            due = calendar.due_at(clock.start, DEEMED_LIMIT)
            voided = clocks.deemed_voided
            return max(due, calendar.due_at(voided, GRACE_LIMIT)) if voided else due
    return None


def deemed_on(received: str, calendar: Calendar) -> str:
    """Give when a deemed acceptance happens: on the day after C1 was due, at midnight."""
    due = calendar.due(datetime.fromisoformat(received), C1_LIMIT)
    return datetime.combine(due.date() + timedelta(days=1), time(), SHANGHAI).isoformat()


def running(clocks: Clocks, code: str) -> Clock | None:
    """Give the newest running clock of a code."""
    return next((c for c in reversed(clocks.all) if c.code == code and c.stop is None), None)
