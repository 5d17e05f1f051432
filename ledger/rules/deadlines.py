"""Deadlines (时限处置): what the ledger records by itself when a due passes (domain.md 4.2, 4.3).

Purely a function of a case's state, the calendar and the tick: breaches that are missing are
drafted, breaches that later evidence took the ground from are withdrawn, a case about which the
applicant was told nothing in time is deemed accepted.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, time, timedelta

from ledger.contracts.codes import SHANGHAI
from ledger.contracts.events import case_course as course
from ledger.contracts.events.case import CaseEventRestamped
from ledger.contracts.wire import Event
from ledger.rules import case, clocks, registers, stamps
from ledger.rules.corrections import current
from ledger.rules.facts import Draft
from ledger.rules.reference import Reference

History = Callable[[], Sequence[Event]]
VOIDED = ".event_voided"


def settle(
    stream: str, state: case.State, reference: Reference, tick: str, history: History
) -> list[Draft]:
    """Draft what the passing of time asks for of a case; [] mostly."""

    def breach(clock: clocks.Clock, due: str) -> Draft:
        return _breach(stream, state, clock, due, history)

    drafts = settle_clocks(stream, state.clocks, reference, tick, history, breach)
    if withdrawn := {each.data["target"] for each in drafts if each.type.endswith(VOIDED)}:
        drafts += _ends_anew(stream, withdrawn, history)
    if tick and (deemed := clocks.deemed_at(state.clocks, reference.calendar)) and deemed < tick:
        drafts.append(_deemed(stream, state, reference))
    return drafts


def settle_clocks(
    stream: str, ticking: clocks.Clocks, reference: Reference, tick: str, history: History,
    breach: Callable[[clocks.Clock, str], Draft],
) -> list[Draft]:  # fmt: skip
    """Draft the breaches that are missing and withdraw those without ground, of any stream.

    `tick` "": only clocks that were stopped too late, and breaches without ground; else also
    those that run and were due before it. `breach` drafts one, of a clock and its due.
    """
    if not ticking.all and not ticking.breached:
        return []
    late = dict(_late(ticking, reference, tick))
    drafts = [
        breach(clock, due)
        for clock, due in late.items()
        if clock.name not in ticking.breached_names
    ]
    grounded = {clock.name for clock in late}
    lost = [each for each in ticking.breached if each[:3] not in grounded]
    if lost and not tick:
        # Whether a running clock is late is for ticks to say; a fact only clears what it stopped.
        running = {clock.name for clock in ticking.all if clock.stop is None}
        lost = [each for each in lost if each[:3] not in running]
    return drafts + [draft for each in lost for draft in _withdrawn(stream, each[3], history)]


def _late(
    ticking: clocks.Clocks, reference: Reference, tick: str
) -> list[tuple[clocks.Clock, str]]:
    return list(clocks.overdue(ticking, reference.calendar, tick, running=bool(tick)))


def _breach(
    stream: str, state: case.State, clock: clocks.Clock, due: str, history: History
) -> Draft:
    """Draft a breach; it is laid to whom held the case when the due passed."""
    dept, centre = holder_at(state, due, history)
    data = {"clock": clock.code, "about": clock.about, "start": clock.start, "due": due,
            "holder_dept": dept, "holder_centre": centre}  # fmt: skip
    said = {name: value for name, value in data.items() if value is not None}
    stamp = stamps.history_parts(state)
    if registers.is_open(state, said):
        stamp["open"] = True
    return Draft(stream, course.ClockBreached.TYPE, said, stamp, at=due, derived=True)


def holder_at(
    state: case.State, at: str, history: History
) -> tuple[str | None, str | None]:  # fmt: skip
    """Give department and centre that held the case at an instant (domain.md 4.2, holder)."""
    if state.held_since is None or state.held_since <= at:
        return state.holder_dept, state.holder_centre or state.accept_centre
    then = case.State()
    for fact in current(history()).values():
        if fact["time"] > at:
            break
        then = case.evolve(then, fact)
    return then.holder_dept, then.holder_centre or then.accept_centre


def _withdrawn(stream: str, target: str, history: History) -> list[Draft]:
    """Draft the withdrawal of a fact we derived ourselves, in the batch of the evidence."""
    kind = stream.partition("/")[0]
    before = current(history()).get(target)
    data = {
        "target": target, "reason_code": "late_evidence", "requested_by": "ledger",
        "approved_by": "ledger", "cascade": [],
    }  # fmt: skip
    restated = {"target": target, "before": before, "after": None}
    return [
        Draft(stream, f"{kind}.event_voided", data, {}, target, derived=True),
        Draft(stream, f"{kind}.event_restamped", restated, {}, target, derived=True),
    ]


def _ends_anew(stream: str, withdrawn: set[str], history: History) -> list[Draft]:
    """Restate the end of a case that took a breach for its own which is withdrawn now."""
    state, drafts = case.State(), []
    for target, fact in current(history()).items():
        if target in withdrawn:
            continue
        if fact["type"] in registers.CASE_ENDS:
            stamp = fact["data"]["stamp"]
            anew = registers.ended_anew(stamp, state, fact["time"])
            if anew != stamp:
                after = {**fact, "data": {"data": fact["data"]["data"], "stamp": anew}}
                said = {"target": target, "before": fact, "after": after}
                drafts.append(
                    Draft(stream, CaseEventRestamped.TYPE, said, {}, target, derived=True)
                )
        state = case.evolve(state, fact)
    return drafts


def _deemed(stream: str, state: case.State, reference: Reference) -> Draft:
    """Draft the deemed acceptance: effective from the receipt, on the day after C1 was due."""
    clock = clocks.running(state.clocks, "C1")
    start = clock.start if clock is not None else state.received_at or ""
    due = reference.calendar.due(datetime.fromisoformat(start), clocks.C1_LIMIT)
    at = datetime.combine(due.date() + timedelta(days=1), time(), SHANGHAI).isoformat()
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
    stamp = {**stamps.history_parts(after), **own, "flags": ["R01"]}
    return Draft(
        stream, course.DeemedAccepted.TYPE, data, stamp, at=at, centre=place[0],
        derived=True,
    )  # fmt: skip


def next_look(state: case.State, reference: Reference) -> str | None:
    """Give when the case has to be looked at again; None: never by itself."""
    if state.status == "VOI" or not state.clocks.all:
        return None
    return clocks.next_due(state.clocks, reference.calendar)
