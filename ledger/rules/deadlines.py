"""Deadlines (时限处置): what the ledger records by itself when a due passes (domain.md 4.2, 4.3).

Purely a function of a case's state, the calendar and the tick: breaches that are missing are
drafted, breaches that later evidence took the ground from are withdrawn, a case about which the
applicant was told nothing in time is deemed accepted.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from ledger.contracts.events import case as facts
from ledger.contracts.events import case_course as course
from ledger.contracts.wire import Event
from ledger.rules import case, clocks, places, registers, stamps
from ledger.rules.corrections import current
from ledger.rules.facts import Draft
from ledger.rules.holders import LAID, laid_to
from ledger.rules.reference import Reference
from ledger.rules.workdays import Calendar

OPEN = "9999"
"""A look after every tick."""
LIMITS = {"C2": "statutory", "C3": "promised"}
History = Callable[[], Sequence[Event]]


def settle(
    stream: str, state: case.State, reference: Reference, tick: str, history: History
) -> list[Draft]:
    """Draft what the passing of time asks for of a case; [] mostly."""

    def breach(clock: clocks.Clock, due: str) -> Draft:
        return _breach(stream, state, clock, due, reference, history)

    drafts = _dues_anew(stream, state, reference.calendar, history)
    drafts += settle_clocks(stream, state.clocks, reference, tick, history, breach)
    if tick and (deemed := clocks.deemed_at(state.clocks, reference.calendar)) and deemed < tick:
        drafts.append(_deemed(stream, state, reference))
    return drafts or _laid_anew(stream, state, reference, history)


def _dues_anew(
    stream: str, state: case.State, calendar: Calendar, history: History
) -> list[Draft]:  # fmt: skip
    """Restate the dues that an open case was told, where a calendar published since moves them.

    A case that has ended keeps its figures.
    """
    if state.acceptance is None or state.concluded_at is not None or state.ended_at is not None:
        return []
    if _told_right(state, calendar):
        return []
    limits = {LIMITS[clock.code]: clock.limit for clock in _limited(state) if clock.limit}
    if not limits:
        return []
    fresh = stamps.dues(datetime.fromisoformat(state.accepted_at or ""), limits, calendar)
    if all(fresh.get(name) == getattr(state, name) for name in stamps.DUES):
        return []
    before = current(history())[state.acceptance]
    kept = {
        name: value
        for name, value in before["data"]["stamp"].items()
        if name not in {*stamps.DUES, "calendar"}
    }
    after = {**before, "data": {**before["data"], "stamp": {**kept, **fresh}}}
    return [_restamped(stream, state.acceptance, before, after)]


def _limited(state: case.State) -> list[clocks.Clock]:
    """Give the clocks whose due was told at the acceptance."""
    return [clock for clock in state.clocks.all if clock.code in LIMITS]


def _told_right(state: case.State, calendar: Calendar) -> bool:
    """Tell, without working a stamp out, that the dues are those that were told for good."""
    if state.due_provisional is not None:
        return False
    start, told = state.accepted_at or "", {"C2": state.statutory_due, "C3": state.promised_due}
    for clock in _limited(state):  # No generator: every fact that moves a clock comes by here.
        if clock.limit is not None and calendar.due_at(start, clock.limit) != told[clock.code]:
            return False
    return True


def settle_clocks(
    stream: str, ticking: clocks.Clocks, reference: Reference, tick: str, history: History,
    breach: Callable[[clocks.Clock, str], Draft],
) -> list[Draft]:  # fmt: skip
    """Withdraw the breaches without ground and draft those that are missing, of any stream.

    A breach has ground while its clock is still due when it says, and did not stop before. `tick`
    "": of running clocks nothing is drafted, whether time has come that far is for ticks to say.
    `breach` drafts one, of a clock and its due.
    """
    if not ticking.all and not ticking.breached:
        return []
    ticking, lost = without_ground(ticking, reference.calendar)
    drafts = [draft for each in lost for draft in _withdrawn(stream, each.event, history)]
    late = clocks.overdue(ticking, reference.calendar, tick, running=bool(tick))
    return drafts + [
        breach(clock, due) for clock, due in late if clock.name not in ticking.breached_names
    ]


def without_ground(
    ticking: clocks.Clocks, calendar: Calendar
) -> tuple[clocks.Clocks, list[clocks.Breach]]:
    """Give the clocks without the breaches that lost their ground, and those breaches.

    What was recorded after a breach counts again once the breach is withdrawn: repeated until
    every breach that is left has ground.
    """
    gone: list[clocks.Breach] = []
    while lost := [b for b in ticking.breached if not _has_ground(ticking, b, calendar)]:
        gone += lost
        still = tuple(b for b in ticking.breached if b not in lost)
        ticking = ticking._replace(breached=still)
    return ticking, gone


def _has_ground(ticking: clocks.Clocks, breach: clocks.Breach, calendar: Calendar) -> bool:
    return any(
        clock.name == breach[:3]
        and clocks.due_of(ticking, clock, calendar) == breach.due
        and (clock.stop is None or breach.due < clock.stop)
        for clock in ticking.all
    )


def _breach(
    stream: str, state: case.State, clock: clocks.Clock, due: str, reference: Reference,
    history: History,
) -> Draft:  # fmt: skip
    """Draft a breach; it is laid to whom held the case when the due passed."""
    said = {"clock": clock.code, "about": clock.about, "start": clock.start, "due": due,
            **laid_to(current(history()).values(), due, reference.calendar)}  # fmt: skip
    stamp = stamps.breached(state, said)
    if registers.is_open(state, said):
        stamp["open"] = True
    return Draft(stream, course.ClockBreached.TYPE, said, stamp, at=due, derived=True)


def _laid_anew(
    stream: str, state: case.State, reference: Reference, history: History
) -> list[Draft]:  # fmt: skip
    """Amend the breaches that were laid to another than held the case: a fact of then came late.

    They are not withdrawn: what was recorded after a breach would count again (`clocks`).
    """
    if not state.clocks.breached:
        return []
    counting = current(history())
    drafts = []
    for breach in state.clocks.breached:
        fact = counting[breach.event]
        calendar = reference.calendar.as_of(fact["recordedat"])
        laid = laid_to(counting.values(), breach.due, calendar)
        if laid != {
            name: fact["data"]["data"][name] for name in LAID if name in fact["data"]["data"]
        }:
            drafts += _amended(stream, fact, laid, counting)
    return drafts


def _amended(
    stream: str, fact: Event, laid: Mapping[str, str], counting: Mapping[str, Event]
) -> list[Draft]:  # fmt: skip
    """Draft that a breach is laid to others, and what it counts as then."""
    told, then = fact["data"]["data"], case.State()
    for target, each in counting.items():
        then = case.evolve(then, each)
        if target == fact["id"]:
            break
    changes = {name: {"old": told.get(name), "new": laid.get(name)} for name in LAID}
    data = {"target": fact["id"], "changes": changes, "reason_code": "late_evidence",
            "requested_by": "ledger", "approved_by": "ledger"}  # fmt: skip
    kept = {
        name: value for name, value in fact["data"]["stamp"].items() if name not in places.PARTS
    }
    said = {**{name: value for name, value in told.items() if name not in LAID}, **laid}
    stamp = {**kept, **places.counted_at(fact["type"], then, said)}
    after = {**fact, "data": {"data": said, "stamp": stamp}}
    return [
        Draft(stream, facts.CaseEventAmended.TYPE, data, {}, fact["id"], derived=True),
        _restamped(stream, fact["id"], fact, after),
    ]


def _withdrawn(stream: str, target: str, history: History) -> list[Draft]:
    """Draft the withdrawal of a fact we derived ourselves, in the batch of the evidence."""
    kind = stream.partition("/")[0]
    before = current(history()).get(target)
    data = {
        "target": target, "reason_code": "late_evidence", "requested_by": "ledger",
        "approved_by": "ledger", "cascade": [],
    }  # fmt: skip
    return [
        Draft(stream, f"{kind}.event_voided", data, {}, target, derived=True),
        _restamped(stream, target, before, None),
    ]


def _restamped(
    stream: str, target: str, before: Mapping[str, Any] | None, after: Mapping[str, Any] | None
) -> Draft:
    kind = stream.partition("/")[0]
    data = {"target": target, "before": before, "after": after}
    return Draft(stream, f"{kind}.event_restamped", data, {}, target, derived=True)


def _deemed(stream: str, state: case.State, reference: Reference) -> Draft:
    """Draft the deemed acceptance: effective from the receipt, on the day after C1 was due."""
    start = state.received_at or ""
    at = clocks.deemed_on(start, reference.calendar)
    place = (state.holder_centre, None)
    own = stamps.accepted(state, {}, start, place, reference)
    data = {"effective_at": start}
    preview: Event = {  # type: ignore[typeddict-item]
        "type": course.DeemedAccepted.TYPE, "time": at, "sourceclass": "system",
        "data": {"data": data, "stamp": own},
    }  # fmt: skip
    if place[0]:
        preview["centre"] = place[0]
    after = case.evolve(state, preview)
    flags = ["R01", *["R30"] * own.get("unauthorised", False)]
    stamp = {**stamps.history_parts(after), **own, "flags": flags}
    return Draft(
        stream, course.DeemedAccepted.TYPE, data, stamp, at=at, centre=place[0],
        derived=True,
    )  # fmt: skip


def next_look(state: case.State, reference: Reference) -> str | None:
    """Give when the case has to be looked at again; None: never.

    `OPEN`: not by itself, but a new calendar may move what is paused, or broken already.
    """
    if state.status == "VOI" or not state.clocks.all:
        return None
    due = clocks.next_due(state.clocks, reference.calendar)
    return OPEN if due is None and any(c.stop is None for c in state.clocks.all) else due
