"""What each fact does to the clocks (时限) of its case: one function a kind (domain.md 4.2)."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from ledger.contracts.codes import SHANGHAI, LimitUnit, ProjectType, SourceClass, SpecialKind
from ledger.contracts.events import case as facts
from ledger.contracts.events import case_course as course
from ledger.contracts.events.base import Limit
from ledger.contracts.wire import Event
from ledger.rules import exchanges
from ledger.rules.clocks import C1_LIMIT, Breach, Clock, Clocks, Extension, Pause
from ledger.rules.workdays import END_OF_DAY

C5_MINUTES = 240
"""转办签收: four working hours."""
C6_WORKDAYS = 30
C8_WORKDAYS = 10
"""送达: 行政许可法 §44."""
C10_WORKDAYS = 20
"""听证: held so long after it was asked for, 行政许可法 §47."""
ALL_ENDED = tuple(f"C{n}" for n in range(11))
"""Clocks that end with their case; what ended is reported all the same (C15)."""
CONCLUDED = ("C0", "C2", "C3", "C4", "C10")
"""Clocks of the examination: what is left of them ends with the conclusion, kept or not."""
PAUSED_BY_LAW = frozenset({"C2", "C3", "C4"})
PAUSED_BY_US = frozenset({"C3", "C4"})
INSTANT = ProjectType.INSTANT.value
Data = dict[str, Any]


def evolve(clocks: Clocks, event: Event) -> Clocks:
    """Give the clocks after an accepted fact; total."""
    moved = EVOLVE.get(event["type"])
    if moved is None or event.get("sourceclass") == SourceClass.HISTORICAL:
        return clocks
    ticking = moved(clocks, event, event["data"]["data"])
    if ticking.reported_to and event["type"] in exchanges.EXPORTED:
        return _start(ticking, exchanges.owed(event))
    return ticking


def _breached(clocks: Clocks, event: Event, data: Data) -> Clocks:
    breach = Breach(data["clock"], data["about"], data["start"], event["id"], data["due"])
    return clocks._replace(breached=(*clocks.breached, breach))


def _ended(clocks: Clocks, event: Event, _: Data) -> Clocks:
    return _stop(clocks, event, *ALL_ENDED)


def _submitted(clocks: Clocks, event: Event, _: Data) -> Clocks:
    begun = _start(clocks, Clock("C1", "", event["time"], C1_LIMIT))
    platform = event["data"]["stamp"].get("reported_to")
    return begun._replace(reported_to=platform) if platform else begun


def _noticed(clocks: Clocks, event: Event, _: Data) -> Clocks:
    stopped = _stop(clocks, event, "C1", "C6")
    return _start(stopped, Clock("C6", "", event["time"], _workdays(C6_WORKDAYS)))


def _supplemented(clocks: Clocks, event: Event, data: Data) -> Clocks:
    if not data["complete"]:
        return clocks
    return _start(_stop(clocks, event, "C6"), Clock("C1", "", event["time"], C1_LIMIT))


def _accepted(clocks: Clocks, event: Event, _: Data) -> Clocks:
    return _run(_stop(clocks, event, "C1"), event["time"], event["data"]["stamp"])


def _deemed(clocks: Clocks, event: Event, data: Data) -> Clocks:
    return _run(_stop(clocks, event, "C1"), data["effective_at"], event["data"]["stamp"])


def _step_started(clocks: Clocks, event: Event, data: Data) -> Clocks:
    if not data.get("limit"):
        return clocks
    limit = Limit.model_validate(data["limit"])
    return _start(clocks, Clock("C4", str(data["step_no"]), event["time"], limit))


def _step_finished(clocks: Clocks, event: Event, data: Data) -> Clocks:
    return _stop(clocks, event, "C4", about=str(data["step_no"]))


def _transferred(clocks: Clocks, event: Event, data: Data) -> Clocks:
    return _start(clocks, Clock("C5", data["transfer_id"], event["time"], minutes=C5_MINUTES))


def _answered(clocks: Clocks, event: Event, _: Data) -> Clocks:
    return _stop(clocks, event, "C5")


def _deferred(clocks: Clocks, event: Event, data: Data) -> Clocks:
    due = datetime.fromisoformat(data["due_at"]).astimezone(SHANGHAI).isoformat()
    begun = _start(clocks, Clock("C7", "", event["time"], due=due))
    return begun._replace(owed=frozenset(data["materials"]))


def _filled(clocks: Clocks, event: Event, data: Data) -> Clocks:
    """C7 runs until the last material that is owed has come."""
    owed = clocks.owed - set(data["materials"])
    still = clocks if owed else _stop(clocks, event, "C7")
    return still._replace(owed=owed)


def _given_up(clocks: Clocks, event: Event, _: Data) -> Clocks:
    return _stop(clocks, event, "C7")._replace(owed=frozenset())


def _decided(clocks: Clocks, event: Event, data: Data) -> Clocks:
    if data["outcome"] == "rejected":
        return clocks
    return _start(clocks, Clock("C8", "", event["time"], _workdays(C8_WORKDAYS)))


def _delivered(clocks: Clocks, event: Event, _: Data) -> Clocks:
    """C8 ends by the delivery; or when nothing is left to deliver: archived, or revoked."""
    return _stop(clocks, event, "C8")


def _concluded(clocks: Clocks, event: Event, _: Data) -> Clocks:
    return _stop(clocks, event, *CONCLUDED)


def _issued(clocks: Clocks, _: Event, __: Data) -> Clocks:
    return clocks  # It is reported, no more.


def _exchanged(clocks: Clocks, event: Event, data: Data) -> Clocks:
    at = event["time"]
    return exchanges.settled(clocks, exchanges.handed_over(clocks, data, at), at)


def _hearing_asked(clocks: Clocks, event: Event, _: Data) -> Clocks:
    if event["data"]["stamp"].get("lapsed"):
        return clocks
    return _start(clocks, Clock("C10", "hearing", event["time"], _workdays(C10_WORKDAYS)))


def _special_started(clocks: Clocks, event: Event, data: Data) -> Clocks:
    name, at = data["sp_no"], event["time"]
    if data["kind"] == SpecialKind.HEARING:
        clocks = _stop(clocks, event, "C10")
    begun = _start(clocks, Clock("C9", name, at, _workdays(data["days_told"])))
    return _pause(begun, name, at, PAUSED_BY_LAW) if data["excluded"] else begun


def _special_ended(clocks: Clocks, event: Event, data: Data) -> Clocks:
    name = data["sp_no"]
    return _go_on(_stop(clocks, event, "C9", about=name), name, event["time"])


def _suspended(clocks: Clocks, event: Event, data: Data) -> Clocks:
    which = PAUSED_BY_LAW if data.get("legal_basis") else PAUSED_BY_US
    return _pause(clocks, "suspended", event["time"], which)


def _resumed(clocks: Clocks, event: Event, _: Data) -> Clocks:
    return _go_on(clocks, "suspended", event["time"])


def _longer(clocks: Clocks, event: Event, data: Data) -> Clocks:
    return clocks._replace(extended=Extension(event["time"], data["days"], clocks.breach_ids))


EVOLVE: dict[str, Callable[[Clocks, Event, Data], Clocks]] = {
    course.ClockBreached.TYPE: _breached,
    course.NotAccepted.TYPE: _ended,
    course.CaseWithdrawn.TYPE: _ended,
    course.CaseTerminated.TYPE: _ended,
    facts.CaseSubmitted.TYPE: _submitted,
    course.SupplementNoticed.TYPE: _noticed,
    course.Supplemented.TYPE: _supplemented,
    facts.CaseAccepted.TYPE: _accepted,
    course.DeemedAccepted.TYPE: _deemed,
    facts.StepStarted.TYPE: _step_started,
    facts.StepFinished.TYPE: _step_finished,
    facts.Transferred.TYPE: _transferred,
    facts.TransferReceived.TYPE: _answered,
    course.TransferRefused.TYPE: _answered,
    course.DeficiencyCommitted.TYPE: _deferred,
    course.DeficiencyFilled.TYPE: _filled,
    course.DeficiencyFailed.TYPE: _given_up,
    facts.DecisionMade.TYPE: _decided,
    course.CaseDelivered.TYPE: _delivered,
    course.CaseArchived.TYPE: _delivered,
    course.DecisionRevoked.TYPE: _delivered,
    facts.CaseConcluded.TYPE: _concluded,
    facts.CaseIssued.TYPE: _issued,
    course.CaseExchanged.TYPE: _exchanged,
    course.HearingRequested.TYPE: _hearing_asked,
    course.SpecialStarted.TYPE: _special_started,
    course.SpecialEnded.TYPE: _special_ended,
    course.ClockSuspended.TYPE: _suspended,
    course.ClockResumed.TYPE: _resumed,
    course.ExtensionGranted.TYPE: _longer,
}
"""Type of fact → what it does to the clocks of its case; other facts leave them alone."""


def _workdays(n: int) -> Limit:
    return Limit(n=n, unit=LimitUnit.WORKDAY)


def _start(clocks: Clocks, clock: Clock) -> Clocks:
    return clocks._replace(all=(*clocks.all, clock))


def _run(clocks: Clocks, start: str, stamp: dict[str, Any]) -> Clocks:
    """Start the clocks of an accepted case: by law, as promised, at once; as far as it has them."""
    for code, name in (("C2", "statutory_limit"), ("C3", "promised_limit")):
        if limit := stamp.get(name):
            clocks = _start(clocks, Clock(code, "", start, Limit.model_validate(limit)))
    return _on_the_spot(clocks, start) if stamp.get("project_type") == INSTANT else clocks


def _on_the_spot(clocks: Clocks, at: str) -> Clocks:
    """Start C0 of an instant item: due at the end of the local day of its acceptance (即办)."""
    day = datetime.fromisoformat(at).astimezone(SHANGHAI).date()
    due = datetime.combine(day, END_OF_DAY, SHANGHAI).isoformat()
    return _start(clocks, Clock("C0", "", at, due=due))


def _stop(clocks: Clocks, event: Event, *codes: str, about: str | None = None) -> Clocks:
    """Stop the running clocks of these codes by a fact."""
    at, recorded = event["time"], event.get("recordedat", "")
    stopped = False
    every = []
    for clock in clocks.all:
        if clock.stop is None and clock.code in codes and (about is None or clock.about == about):
            stopped = True
            every.append(clock._replace(stop=at, stop_recorded=recorded))
        else:
            every.append(clock)
    return clocks._replace(all=tuple(every)) if stopped else clocks


def _pause(clocks: Clocks, about: str, at: str, which: frozenset[str]) -> Clocks:
    pause = Pause(about, at, which, behind=clocks.breach_ids)
    return clocks._replace(pauses=(*clocks.pauses, pause))


def _go_on(clocks: Clocks, about: str, at: str) -> Clocks:
    return clocks._replace(
        pauses=tuple(
            pause._replace(end=at) if pause.about == about and pause.end is None else pause
            for pause in clocks.pauses
        ),
    )
