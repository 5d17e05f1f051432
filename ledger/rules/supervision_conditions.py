"""监察条件 (conditions): what of a fact takes the state of its stream or a calendar to see.

Each is asked after the fact is in the state, and again, of the fact as it counts then, after a
correction: it may look at what counts now only.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, time
from typing import Any, NamedTuple

from ledger.contracts.codes import ActorKind, LimitUnit
from ledger.contracts.events import case as facts
from ledger.contracts.events import hall
from ledger.contracts.wire import Event
from ledger.rules import case, flags
from ledger.rules.clocks import Clocks, due_of
from ledger.rules.effective import current
from ledger.rules.measures import WORKDAY_MINUTES
from ledger.rules.reference import Reference
from ledger.rules.workdays import OPENING_MINUTE, Calendar

AROUND_MINUTES = 60
"""So long before and after service hours staff may still act (R31)."""
CLOSING_MINUTE = OPENING_MINUTE + WORKDAY_MINUTES
LATE_MINUTES = 10
"""Late or early by no more is a reminder (R22)."""
AT_THE_LAST_WORKDAYS = 1
EXCLUDED_TIMES_MAX = 2


class Beside(NamedTuple):
    """What may be looked at beside a fact: everything of its partition that is folded."""

    reference: Reference
    state_of: Callable[[str], Any]
    history_of: Callable[[str], Sequence[Event]]


Condition = Callable[[Event, Beside], bool]


def _case(event: Event, beside: Beside) -> case.State:
    state: case.State = beside.state_of(event["subject"])
    return state


def accepted_by_actor(event: Event, beside: Beside) -> bool:
    """Tell whether who acts accepted the case."""
    staff = event.get("actorstaff")
    return staff is not None and staff == _case(event, beside).accept_staff


def extended_late(event: Event, beside: Beside) -> bool:
    """Tell whether an extension that was late when it was entered still is."""
    ticking = _case(event, beside).clocks
    behind = ticking.extended.behind if ticking.extended else frozenset()
    return flags.extended_late(ticking, event["time"], behind, beside.reference.calendar)


def special_at_the_last(event: Event, beside: Beside) -> bool:
    """Tell whether a special procedure began when hardly any time was left, as it was then."""
    at, calendar = event["time"], beside.reference.calendar.as_of(event["recordedat"])
    ticking = _case(event, beside).clocks
    before = _as_of(ticking, at, event["data"]["data"]["sp_no"])
    for clock in ticking.all:
        if clock.code in {"C2", "C3"} and (clock.stop is None or clock.stop > at):
            due = due_of(before, clock._replace(stop=None), calendar)
            if due is not None and _days(calendar, at, due) <= AT_THE_LAST_WORKDAYS:
                return True
    return False


def _as_of(ticking: Clocks, at: str, number: str) -> Clocks:
    """Give the clocks without what began after an instant, nor the procedure of this number."""
    began = [pause for pause in ticking.pauses if pause.start <= at and pause.about != number]
    pauses = (p if p.end is None or p.end <= at else p._replace(end=None) for p in began)
    longer = ticking.extended
    return ticking._replace(
        pauses=tuple(pauses), extended=longer if longer and longer.at <= at else None
    )


def _days(calendar: Calendar, at: str, due: str) -> int:
    return calendar.elapsed(*(datetime.fromisoformat(text).date() for text in (at, due)))


def excluded_too_long(event: Event, beside: Beside) -> bool:
    """Tell whether what was taken out of the legal limit is more than twice that limit."""
    ticking = _case(event, beside).clocks
    limit = next((c.limit for c in ticking.all if c.code == "C2" and c.limit), None)
    if limit is None or limit.unit is not LimitUnit.WORKDAY:
        return False
    return _excluded(ticking, beside.reference.calendar) > EXCLUDED_TIMES_MAX * limit.n


def _excluded(ticking: Clocks, calendar: Calendar) -> int:
    """Count the working days that closed pauses took out of the legal limit; twice is twice."""
    spans = [(p.start, p.end) for p in ticking.pauses if "C2" in p.clocks and p.end is not None]
    days = [tuple(datetime.fromisoformat(text).date() for text in span) for span in spans]
    return sum(calendar.elapsed(first, last) for first, last in days)


def other_decision(event: Event, beside: Beside) -> bool:
    """Tell whether an issued document names another decision than the one that counts."""
    named = event["data"]["data"].get("decision_no")
    if named is None:
        return False
    counting = current(beside.history_of(event["subject"])).values()
    made = [e["data"]["data"]["doc_no"] for e in counting if e["type"] == facts.DecisionMade.TYPE]
    return bool(made) and made[-1] != named


def off_hours(event: Event, beside: Beside) -> bool:
    """Tell whether staff acted when nobody should be at work."""
    if event["actorkind"] != ActorKind.STAFF:
        return False
    at = datetime.fromisoformat(event["time"])
    minute = minute_of(at)
    if not OPENING_MINUTE - AROUND_MINUTES <= minute <= CLOSING_MINUTE + AROUND_MINUTES:
        return True
    return not beside.reference.calendar.is_working(at.date())


def minute_of(at: datetime) -> float:
    """Give the minutes since local midnight."""
    return (at - datetime.combine(at.date(), time(), at.tzinfo)).total_seconds() / 60


def _late_minutes(event: Event, beside: Beside) -> float:
    """Give how late somebody came; 0 unless it is the first time of a working day."""
    at = datetime.fromisoformat(event["time"])
    late = minute_of(at) - OPENING_MINUTE
    if late <= 0 or not beside.reference.calendar.is_working(at.date()):
        return 0
    staff = event["data"]["data"]["staff_id"]
    for other in current(beside.history_of(event["subject"])).values():
        if (other["type"] == hall.ClockIn.TYPE and other["data"]["data"]["staff_id"] == staff
                and other["time"] < event["time"]):  # fmt: skip
            return 0
    return late


def late_a_little(event: Event, beside: Beside) -> bool:
    """Tell whether somebody clocked in after opening."""
    return _late_minutes(event, beside) > 0


def late_a_lot(event: Event, beside: Beside) -> bool:
    """Tell whether somebody clocked in more than ten minutes after opening."""
    return _late_minutes(event, beside) > LATE_MINUTES


CONDITIONS: dict[str, Condition] = {
    each.__name__: each
    for each in (
        accepted_by_actor, extended_late, special_at_the_last, excluded_too_long, other_decision,
        off_hours, late_a_little, late_a_lot,
    )
}  # fmt: skip
"""Name in the table → the condition."""
