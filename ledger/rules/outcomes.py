"""Outcomes (结果戳): the parts of a stamp that follow from the other facts of the case.

Elapsed days, in time or not, how many visits and notices: they change when another fact is
voided, amended or comes late. One function works them out, for a new fact and for every
restatement, so that what counts is always what the effective history says.

They need the calendar too: that of the moment at which their own fact was recorded, as the dues of
stopped clocks do, so that in time is exactly what has no breach. A restatement works an outcome out
anew only where the correction moves it: where the history before and after it gives two answers.

A stamp says what counts, so that a measure is one look at one part:

| fact | part | meaning |
|---|---|---|
| accepted, deemed | `remote` | it was collected elsewhere before (K44) |
| supplement_noticed | `first` | the first notice of the case (K19) |
| decision_made | `working_minutes` | since acceptance |
| transfer_received, transfer_refused | `in_time` | within C5 (K32) |
| delivered | `in_time` | the first delivery, within C8 (K31) |
| deficiency_filled | `in_time` | the last owed material came, within C7 (K33) |
| deficiency_failed | `in_time` | given up before C7 was due (K33) |
| exchanged | `reported` | how many facts it reported in time, within C15 (K43) |
| clock_breached | `project_type` | of the case (K11, K13) |
| concluded | `project_type`, `never_accepted` | of the case |
| concluded | `elapsed_days` | working days on C3, pauses out (K10) |
| concluded | `promised` | `early` or `met`: within C3 (K11, K12) |
| concluded | `statutory` | `met`: within C2 (K11 b) |
| concluded | `quick`, `instant_met` | K15, K16 |
| concluded | `visits` | `once` or `more`: a window case, also to fetch the result (K17) |
| concluded | `told` | `once` or `more`: noticed at all (K18) |
| concluded | `all_online` | nobody came to the hall, not to fetch the result either (K21) |
| concluded | `rateable` | the case itself is what is rated: no ticket was served for it (K22) |
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from ledger.contracts.codes import Channel, LimitUnit, ProjectType
from ledger.contracts.events import case as facts
from ledger.contracts.events import case_course as course
from ledger.rules import clocks, exchanges
from ledger.rules.case_course import ON_THE_SPOT
from ledger.rules.case_state import State
from ledger.rules.measures import NO_RESULT, PROMISED_TYPES
from ledger.rules.workdays import Calendar

HELD = frozenset({0, 1, 4})
"""Result codes for which a promise was kept or broken (K11)."""
ONLINE = frozenset({Channel.WEB, Channel.MOBILE})
DAY = len("2020-06-01")

PARTS: dict[str, frozenset[str]] = {
    facts.CaseAccepted.TYPE: frozenset({"remote"}),
    course.DeemedAccepted.TYPE: frozenset({"remote"}),
    course.SupplementNoticed.TYPE: frozenset({"first"}),
    facts.DecisionMade.TYPE: frozenset({"working_minutes"}),
    facts.TransferReceived.TYPE: frozenset({"in_time"}),
    course.TransferRefused.TYPE: frozenset({"in_time"}),
    course.CaseDelivered.TYPE: frozenset({"in_time"}),
    course.DeficiencyFilled.TYPE: frozenset({"in_time"}),
    course.DeficiencyFailed.TYPE: frozenset({"in_time"}),
    course.CaseExchanged.TYPE: frozenset({"reported"}),
    course.ClockBreached.TYPE: frozenset({"project_type"}),
    facts.CaseConcluded.TYPE: frozenset({
        "project_type", "never_accepted", "elapsed_days", "promised", "statutory", "quick",
        "instant_met", "visits", "told", "all_online", "rateable",
    }),
}  # fmt: skip
"""Type of fact → the parts of its stamp that are outcomes."""

OF_A_CLOCK = frozenset(PARTS) - {
    facts.CaseAccepted.TYPE, course.DeemedAccepted.TYPE, course.SupplementNoticed.TYPE,
    facts.DecisionMade.TYPE, course.ClockBreached.TYPE,
}  # fmt: skip
"""Facts that stop a clock: they count as in time exactly where there is no breach."""

Data = Mapping[str, Any]


class Around(NamedTuple):
    """The case around a fact."""

    before: State
    after: State
    whole: State
    """After all that counts: facts recorded after this one may change what it counts as."""


def outcome(kind: str, data: Data, at: str, around: Around, calendar: Calendar) -> dict[str, Any]:
    """Give the outcomes of a fact that happened at `at`; {} for most kinds."""
    if kind not in PARTS:
        return {}
    before, after, _ = around
    match kind:
        case facts.CaseConcluded.TYPE:
            return _concluded(data["result_code"], at, around, calendar)
        case facts.CaseAccepted.TYPE | course.DeemedAccepted.TYPE:
            return remote(before)
        case course.SupplementNoticed.TYPE:
            return {} if before.notices else {"first": True}
        case facts.DecisionMade.TYPE:
            return _minutes(before, at, calendar)
        case facts.TransferReceived.TYPE | course.TransferRefused.TYPE:
            return _in_time(around, "C5", at, calendar)
        case course.CaseDelivered.TYPE:
            return _in_time(around, "C8", at, calendar)
        case course.DeficiencyFilled.TYPE if not after.materials_owed:
            return _in_time(around, "C7", at, calendar)
        case course.DeficiencyFailed.TYPE:
            return _in_time(around, "C7", at, calendar)
        case course.CaseExchanged.TYPE:
            return _reported(before.clocks, data, at)
        case course.ClockBreached.TYPE:
            return of_breach(before)
    return {}


def remote(state: State) -> dict[str, Any]:
    """Tell of an acceptance that the case was collected elsewhere."""
    return {"remote": True} if state.collected_remote else {}


def of_breach(state: State) -> dict[str, Any]:
    """Tell of a breach which type of case it broke."""
    return {"project_type": state.project_type} if state.project_type else {}


def is_rateable(code: int | None, at: str, whole: State) -> bool:
    """Tell whether a case concluded so, then, is a service of its own to be rated (可评, K22).

    What a ticket was served for is rated as that visit; 作废办结 and 删除办结 ended nothing.
    """
    return code not in NO_RESULT and not any(visit <= at for visit in whole.visits)


def looks_back(kind: str, data: Data, after: State) -> bool:
    """Tell whether a fact may change what counts of a conclusion recorded before it.

    Who comes to fetch the result came to the hall, however long the case is over (K17, K21).
    """
    if after.concluded_at is None:
        return False
    handed = kind == course.CaseDelivered.TYPE and data["method"] in ON_THE_SPOT
    return kind == course.CaseVisited.TYPE or (handed and after.channel in ONLINE)


def _reported(ticking: clocks.Clocks, data: Data, at: str) -> dict[str, Any]:
    """Count what an exchange reported in time."""
    n = sum(at <= clock.due for clock in exchanges.handed_over(ticking, data, at))
    return {"reported": n} if n else {}


def _minutes(before: State, at: str, calendar: Calendar) -> dict[str, Any]:
    if before.accepted_at is None:
        return {}
    minutes = calendar.minutes(
        datetime.fromisoformat(before.accepted_at), datetime.fromisoformat(at)
    )
    return {} if minutes is None else {"working_minutes": minutes}


def _in_time(around: Around, code: str, at: str, calendar: Calendar) -> dict[str, Any]:
    """Tell whether the clock that ran before the fact was not past its due."""
    clock = clocks.running(around.before.clocks, code)
    if clock is None:
        return {}
    return {"in_time": True} if _within(around, clock, at, calendar) else {}


def _within(around: Around, clock: clocks.Clock, at: str, calendar: Calendar) -> bool:
    due = clocks.due_of(around.after.clocks, clock, calendar)
    return due is None or at <= due


def _concluded(code: int, at: str, around: Around, calendar: Calendar) -> dict[str, Any]:
    state = around.after
    stamp: dict[str, Any] = {}
    if state.project_type:
        stamp["project_type"] = state.project_type
    if state.accepted_at is None:
        stamp["never_accepted"] = True
    if state.notices:
        stamp["told"] = "once" if state.notices == 1 else "more"
    if state.project_type in PROMISED_TYPES and code in HELD:
        stamp |= _promises(at, around, calendar)
    if code in NO_RESULT:
        return stamp
    accepted = state.accepted_at
    same_day = accepted is not None and accepted[:DAY] == at[:DAY]
    instant = accepted is not None and state.project_type == ProjectType.INSTANT
    if same_day or instant:
        stamp["quick"] = True
    if same_day and instant:
        stamp["instant_met"] = True
    if is_rateable(code, at, around.whole):
        stamp["rateable"] = True
    visits = len(around.whole.visits)
    if state.channel == Channel.WINDOW:
        stamp["visits"] = "once" if visits <= 1 and state.notices <= 1 else "more"
    if state.channel in ONLINE and not visits and not around.whole.handed_at:
        stamp["all_online"] = True
    return stamp


def _promises(at: str, around: Around, calendar: Calendar) -> dict[str, Any]:
    """Give what a conclusion says of the promised and of the statutory limit."""
    stamp: dict[str, Any] = {}
    by_code = {clock.code: clock for clock in around.before.clocks.all}
    if (statutory := by_code.get("C2")) and _within(around, statutory, at, calendar):
        stamp["statutory"] = "met"
    promised = by_code.get("C3")
    if promised is None or promised.limit is None:
        return stamp
    days = _elapsed(around.after.clocks, promised, at, calendar)
    if days is not None:
        stamp["elapsed_days"] = days
    if _within(around, promised, at, calendar):
        early = days is not None and days < promised.limit.n
        stamp["promised"] = "early" if early else "met"
    return stamp


def _elapsed(
    ticking: clocks.Clocks, clock: clocks.Clock, at: str, calendar: Calendar
) -> int | None:
    """Give the working days a clock ran, also after its breach: a pause does not heal, but is out.

    None where its limit has other days, or none are known.
    """
    if clock.limit is None or clock.limit.unit is not LimitUnit.WORKDAY:
        return None
    pauses = clocks.stood_still(ticking, clock.code)
    return calendar.elapsed_paused(
        datetime.fromisoformat(clock.start), datetime.fromisoformat(at), pauses
    )
