"""监察时点 (instants): when time itself touches a rule, before and after dues (domain.md 4.2, 5.2).

Purely a function of state and calendar. A clock that is paused has no due and no instants; what
its limit is too short to be reminded of is not.
"""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import NamedTuple

from ledger.contracts.codes import SHANGHAI, LimitUnit
from ledger.contracts.events.base import Limit
from ledger.rules import case, clocks
from ledger.rules.supervision_rules import LEVELS, YELLOW, Instant
from ledger.rules.workdays import END_OF_DAY, Calendar

SHARE = 5
"""A promise is near its end when a fifth of it is left."""
CHECK_COMMITMENT = Limit(n=60, unit=LimitUnit.DAY)
REVOKE_BROKEN = Limit(n=10, unit=LimitUnit.WORKDAY)

BY_CLOCK: dict[str, tuple[Instant, ...]] = {
    code: tuple(row for row in LEVELS if row.clock == code)
    for code in {row.clock for row in LEVELS}
}


class Moment(NamedTuple):
    """One instant at which time touches a rule."""

    at: str
    rule: str
    level: str
    about: str
    code: str = ""
    """Of its clock; "": it has none."""
    stop: str | None = None
    """When that clock stopped, or what it waited for was done."""

    @property
    def reached(self) -> bool:
        """Its clock stopped after it; a running clock reaches it when time does."""
        return self.stop is not None and self.at < self.stop


def of_clock(
    ticking: clocks.Clocks, clock: clocks.Clock, calendar: Calendar
) -> Iterator[Moment]:  # fmt: skip
    """Give the instants of one clock, running or stopped."""
    rows = BY_CLOCK.get(clock.code)
    if rows is None:
        return
    for row in rows:
        at = _instant(row, ticking, clock, calendar)
        if at is not None:
            yield Moment(at, row.rule, row.level, clock.about, clock.code, clock.stop)


def of_clocks(
    ticking: clocks.Clocks, calendar: Calendar, *, running: bool = False
) -> Iterator[Moment]:  # fmt: skip
    """Give the instants of all clocks, or of those that run."""
    for clock in ticking.all:
        if clock.stop is None or not running:
            yield from of_clock(ticking, clock, calendar)


def _instant(
    row: Instant, ticking: clocks.Clocks, clock: clocks.Clock, calendar: Calendar
) -> str | None:
    if row.by == "minutes":
        return _after_minutes(calendar, clock.start, row.n)
    left = row.n
    if row.by == "share" and clock.limit is not None:
        left = max(row.n, clock.limit.n // SHARE)
    if clock.limit is not None and clock.limit.unit is LimitUnit.HOUR:
        return None
    due = clocks.due_of(ticking, clock, calendar)
    if not due:
        return None
    if row.by == "after":
        last = calendar.add(date.fromisoformat(due[:10]), left)
        return datetime.combine(last, END_OF_DAY, SHANGHAI).isoformat()
    morning = _morning(calendar, due[:10], left)
    # A clock of the negative loop starts, by name, at its due: when it began is not kept.
    born = clock.start[:10] if clock.start != due else ""
    return morning if morning[:10] > born else None


@lru_cache(maxsize=4096)
def _after_minutes(calendar: Calendar, start: str, minutes: int) -> str:
    return calendar.add_minutes(datetime.fromisoformat(start), minutes).isoformat()


@lru_cache(maxsize=4096)
def _morning(calendar: Calendar, due_day: str, left: int) -> str:
    """Give the beginning of the first working day on which only `left` working days are left."""
    day = date.fromisoformat(due_day)
    one = timedelta(1)
    while left > 0:
        left -= calendar.is_working(day)
        day -= one
    while not calendar.is_working(day):
        day -= one
    return datetime.combine(day, time(), SHANGHAI).isoformat()


def of_case(
    state: case.State, calendar: Calendar, *, running: bool = False
) -> Iterator[Moment]:  # fmt: skip
    """Give the instants of a case: those of its clocks, and those of its commitment (R29)."""
    if state.status == "VOI":
        return
    yield from of_clocks(state.clocks, calendar, running=running)
    for moment in of_commitment(state, calendar):
        if moment.stop is None or not running:
            yield moment


def of_commitment(state: case.State, calendar: Calendar) -> Iterator[Moment]:
    """Give until when a commitment (告知承诺) is checked, and a decision on a broken one revoked.

    What came too late stops its instant as it stops a clock: that it was late stays so.
    """
    if not state.commitment_signed or state.decided_at is None:
        return
    if not any(clock.code == "C8" for clock in state.clocks.all):  # Rejected, or history.
        return
    checked, kept = state.commitment_checked or (None, True)
    due = calendar.due(datetime.fromisoformat(state.decided_at), CHECK_COMMITMENT)
    ends = [at for at in (checked, state.revoked_at) if at is not None]
    yield Moment(due.isoformat(), "R29", YELLOW, "", stop=min(ends, default=None))
    if checked is not None and not kept:
        due = calendar.due(datetime.fromisoformat(checked), REVOKE_BROKEN)
        yield Moment(due.isoformat(), "R29", YELLOW, "", stop=state.revoked_at)
