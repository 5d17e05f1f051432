"""Holders (时限持有人): who holds a case at each instant, and for how long (domain.md 4.2).

The front centre until a transfer is received; on the way the sender until it should have been
signed for (签收时限), then the receiver; the applicant while materials are awaited; whoever runs a
special procedure while it stops the legal clock. A breach is laid to the holder at its due.
Pure: over the facts of a case that count.
"""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from itertools import pairwise
from typing import NamedTuple

from ledger.contracts.wire import Event
from ledger.rules import case, clock_moves
from ledger.rules.workdays import Calendar

LAID = ("holder_dept", "holder_centre", "holder_kind", "office_dept", "office_centre")
"""Fields in which a breach says to whom it is laid."""


class HolderKind(StrEnum):
    """谁持有: an office, the applicant, or the body of a special procedure."""

    OFFICE = "office"
    APPLICANT = "applicant"
    SPECIAL = "special"


class Holder(NamedTuple):
    """Who holds a case; department and centre are known of offices only."""

    kind: HolderKind = HolderKind.OFFICE
    dept: str | None = None
    centre: str | None = None
    about: str = ""
    """Of a special procedure: its kind."""


class Stretch(NamedTuple):
    """A time during which one holder held the case, ISO 8601 +08:00."""

    holder: Holder
    start: str
    end: str


def holder_of(state: case.State, at: str, calendar: Calendar) -> Holder:
    """Give who holds a case in `state` at an instant not before its last fact."""
    if state.status == "SUP":
        return Holder(HolderKind.APPLICANT)
    if state.special is not None and _stops_the_law(state, state.special.sp_no):
        return Holder(HolderKind.SPECIAL, about=state.special.kind)
    return office_of(state, at, calendar)


def office_of(state: case.State, at: str, calendar: Calendar) -> Holder:
    """Give the office in charge of a case, also while others hold it; `at` as for `holder_of`.

    The front has no department.
    """
    office: tuple[str | None, str | None]
    moving = state.transfer
    if moving is not None and sign_due(moving.at, calendar) <= at:
        office = (moving.to_dept, moving.to_centre)
    else:
        office = (state.holder_dept, state.holder_centre)
    # A department without a place of its own is named with the centre that accepted the case.
    return Holder(HolderKind.OFFICE, office[0], office[1] or state.accept_centre)


def _stops_the_law(state: case.State, about: str) -> bool:
    return any(
        pause.about == about and pause.end is None and "C2" in pause.clocks
        for pause in state.clocks.pauses
    )


def sign_due(at: str, calendar: Calendar) -> str:
    """Give until when a transfer sent at `at` is the sender's, ISO 8601 +08:00 (C5)."""
    return calendar.add_minutes(datetime.fromisoformat(at), clock_moves.C5_MINUTES).isoformat()


def laid_to(facts: Iterable[Event], at: str, calendar: Calendar) -> dict[str, str]:
    """Give to whom a breach at an instant is laid, as the breach says it (`LAID`)."""
    then = state_at(facts, at)
    held, office = holder_of(then, at, calendar), office_of(then, at, calendar)
    who = "holder" if held.kind is HolderKind.OFFICE else "office"
    laid = {f"{who}_dept": office.dept, f"{who}_centre": office.centre}
    if held.kind is not HolderKind.OFFICE:
        laid["holder_kind"] = held.kind.value
    return {name: value for name, value in laid.items() if value is not None}


def state_at(facts: Iterable[Event], at: str) -> case.State:
    """Give what a case was at an instant, by the facts that count (`effective.current`)."""
    state = case.State()
    for fact in sorted(facts, key=_time):
        if fact["time"] <= at:
            state = case.evolve(state, fact)
    return state


def _time(fact: Event) -> str:
    return fact["time"]


def stretches(facts: Iterable[Event], until: str, calendar: Calendar) -> list[Stretch]:
    """Give who held a case from its submission to its end, or to `until` while it is open.

    The end is the conclusion, or the instant it was not accepted, withdrawn or terminated.
    """
    state, found = case.State(), list[Stretch]()
    start = ""
    for fact in sorted(facts, key=_time):
        if fact["time"] > until or _ended(state):
            break
        if start:
            found += _held(state, start, fact["time"], calendar)
        state = case.evolve(state, fact)
        start = fact["time"] if state.status != "-" else ""
    if start and not _ended(state):
        found += _held(state, start, until, calendar)
    return _joined(found)


def _ended(state: case.State) -> bool:
    return state.concluded_at is not None or state.ended_at is not None


def _held(state: case.State, start: str, end: str, calendar: Calendar) -> list[Stretch]:
    """Give who held a case in one state from `start` to `end`: on the way, it changes once."""
    parts = [start, end]
    if (
        state.transfer is not None
        and start < (signed := sign_due(state.transfer.at, calendar)) < end
    ):
        parts.insert(1, signed)
    return [
        Stretch(holder_of(state, begin, calendar), begin, stop)
        for begin, stop in pairwise(parts)
        if begin < stop
    ]


def _joined(found: Iterable[Stretch]) -> list[Stretch]:
    """Give neighbours of one holder as one stretch."""
    joined: list[Stretch] = []
    for each in found:
        if joined and joined[-1].holder == each.holder and joined[-1].end == each.start:
            joined[-1] = joined[-1]._replace(end=each.end)
        else:
            joined.append(each)
    return joined


def shares(facts: Iterable[Event], until: str, calendar: Calendar) -> dict[Holder, int | None]:
    """Give for how many working minutes each held the case; None where the calendar is unknown."""
    sums: dict[Holder, int | None] = {}
    for holder, start, end in stretches(facts, until, calendar):
        minutes = calendar.minutes(datetime.fromisoformat(start), datetime.fromisoformat(end))
        known = sums.get(holder, 0)
        sums[holder] = None if minutes is None or known is None else known + minutes
    return sums
