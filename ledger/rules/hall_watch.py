"""大厅监察 (hall watch): when time touches a rule in a hall: 空岗, 考勤 (R22), 拥堵 (R23).

Purely a function of the hall's state, so that a tick that comes late finds the same. What lasted
and ended between two ticks goes unseen: ticks come each second. A hall has no service hours of
its own yet; those of a working day are taken.
"""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from functools import lru_cache

from ledger.contracts.codes import SHANGHAI
from ledger.rules.alert_instants import Moment
from ledger.rules.hall_state import State
from ledger.rules.supervision_conditions import CLOSING_MINUTE, LATE_MINUTES
from ledger.rules.supervision_rules import REMIND, YELLOW
from ledger.rules.workdays import OPENING_MINUTE, Calendar

UNATTENDED = timedelta(minutes=15)
LASTS = timedelta(minutes=5)
"""A congestion is one when it lasts so long."""
WAIT_MAX = timedelta(minutes=30)
DAY_END = "T23:59:59+08:00"
CONGESTED = "R23"


def of_hall(state: State, calendar: Calendar) -> Iterator[Moment]:
    """Give the instants at which time will touch, or has touched, a rule in this hall."""
    if not state.day:
        return
    if calendar.is_working(date.fromisoformat(state.day)):
        yield from _unattended(state)
        yield from _attendance(state)
    yield from _congested(state)


@lru_cache(maxsize=64)
def _minute(day: str, minute: int) -> datetime:
    """Give a minute of a day as an instant."""
    start = datetime.combine(date.fromisoformat(day), datetime.min.time(), SHANGHAI)
    return start + timedelta(minutes=minute)


def _unattended(state: State) -> Iterator[Moment]:
    opening = _minute(state.day, OPENING_MINUTE)
    closing = _minute(state.day, CLOSING_MINUTE)
    for name, window in state.windows.items():
        person = state.people.get(window.staff or "")
        if window.status != "open" or person is None or person.gone is None:
            continue
        since = max(person.gone, window.since)
        at = max(datetime.fromisoformat(since), opening) + UNATTENDED
        if at <= closing:
            about = f"{name}.{since[11:16]}"
            yield Moment(at.isoformat(), "R22", YELLOW, about)


def _attendance(state: State) -> Iterator[Moment]:
    """Give who went early or never clocked out, as it stands at the end of the day."""
    end = state.day + DAY_END
    closing = _minute(state.day, CLOSING_MINUTE)
    for staff, person in state.people.items():
        if person.status in {"in", "away"}:
            yield Moment(end, "R22", REMIND, f"{staff}.out")
        elif person.status == "out" and person.at < closing.isoformat():
            early = closing - datetime.fromisoformat(person.at)
            a_little = early <= timedelta(minutes=LATE_MINUTES)
            yield Moment(end, "R22", REMIND if a_little else YELLOW, f"{staff}.out")


def _waiting(state: State) -> list[str]:
    """Give since when the tickets in line wait; in no order."""
    return [each.since for each in state.tickets.values() if each.in_line]


def _congested(state: State) -> Iterator[Moment]:
    """Give when the hall has been congested for five minutes, unless that ends before."""
    waiting = _waiting(state)
    if not waiting:
        return
    reached = [datetime.fromisoformat(min(waiting)) + WAIT_MAX + LASTS]
    if state.crowded:
        reached.append(datetime.fromisoformat(state.crowded) + LASTS)
    at = min(reached).isoformat()
    if at[:10] == state.day:
        yield Moment(at, CONGESTED, YELLOW, at[11:13])


def relieved(state: State, at: str) -> bool:
    """Tell whether nobody waits too long, nor too many, at this instant."""
    waiting = _waiting(state)
    if state.crowded or not waiting:
        return not waiting
    longest = datetime.fromisoformat(at) - datetime.fromisoformat(min(waiting))
    return longest <= WAIT_MAX
