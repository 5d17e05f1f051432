"""Flags (监察标记): the soft rules of domain.md 5.2 that a fact of a case touches by itself.

A flag refuses nothing; it stands in the stamp of the fact. History touches none (design.md 5).
`of_history` depends on the facts before and changes when one of them is corrected; `of_said`
depends on the fact alone; `of_extension` on the dues as they were when it was entered.
"""

from collections.abc import Mapping
from typing import Any

from ledger.contracts.codes import SourceClass
from ledger.contracts.events import case as facts
from ledger.contracts.events import case_course as course
from ledger.rules import clocks, duty, materials
from ledger.rules.case import State
from ledger.rules.workdays import Calendar

HISTORY_FLAGS = frozenset({"R07", "R08", "R11", "R12", "R28"})
SAID_FLAGS = frozenset({"R03", "R14", "R15", "R16", "R20", "R30"})
HOPS_MAX = 3
"""More transfers than this are 反复转办 (R12); one that was refused is none."""

Data = Mapping[str, Any]


def of_history(
    state: State, kind: str, data: Data, stamp: Data, staff: str | None, source_class: str
) -> list[str]:
    """Give R07 岗位未分离, R08 多次补正, R11 重复要件, R12 反复转办, R28 容缺违规.

    `state` is the one before the fact.
    """
    if source_class == SourceClass.HISTORICAL:
        return []
    found = duty.flags(state, kind, stamp, staff, source_class)
    if kind == course.SupplementNoticed.TYPE and state.notices:
        found.append("R08")
    found += materials.flags(state, kind, data, stamp)
    if kind == facts.Transferred.TYPE and (len(state.route) > HOPS_MAX or _goes_back(state, data)):
        found.append("R12")
    return found


def _goes_back(state: State, data: Data) -> bool:
    """Tell whether a transfer sends the case to the desk it came from (A→B→A).

    The counter has no department of its own: there only a `return` goes back, and need not say
    to which centre.
    """
    if len(state.route) < 2:  # noqa: PLR2004 -- here and before
        return False
    dept, centre = state.route[-2]
    if dept is None:
        return data["kind"] == "return" and data.get("to_centre") in {None, centre}
    return (dept, centre) == (data["to_dept"], data.get("to_centre"))


def of_said(kind: str, data: Data, stamp: Data, source_class: str) -> list[str]:
    """Give the rules that what was said, and what was worked out of it, touch."""
    if source_class == SourceClass.HISTORICAL:
        return []
    found = []
    match kind:
        case facts.CaseAccepted.TYPE if not data.get("accept_no"):
            found.append("R20")
        case facts.DecisionMade.TYPE if not data.get("doc_no"):
            found.append("R20")
        case course.NotAccepted.TYPE if not data.get("doc_no"):
            found += ["R14", "R20"]
        case course.FeeCharged.TYPE if not data.get("standard_id"):
            found.append("R15")
        case course.SpecialStarted.TYPE if data["excluded"] and not (
            data.get("legal_basis") and data.get("notice_doc")
        ):
            found.append("R16")
        case course.HearingNotified.TYPE if stamp.get("short_notice"):
            found.append("R16")
    if stamp.get("wrong_window"):
        found.append("R03")
    if stamp.get("unauthorised"):
        found.append("R30")
    return found


def of_extension(state: State, at: str, source_class: str, calendar: Calendar) -> list[str]:
    """Give R02 for an extension (延长) granted after the due it moves, or entered after its breach.

    It is kept and heals nothing (domain.md 4.3). `state` is the one before the fact.
    """
    if source_class == SourceClass.HISTORICAL:
        return []
    late = extended_late(state.clocks, at, state.clocks.breach_ids, calendar)
    return ["R02"] if late else []


def extended_late(
    ticking: clocks.Clocks, at: str, behind: frozenset[str], calendar: Calendar
) -> bool:
    """Tell whether an extension came after the legal due, or `behind` the breach of it.

    What is extended is the limit of the law (行政许可法 §42): the promise, which may be broken
    long before, is asked only where the law sets none.
    """
    running = [clock for clock in ticking.all if clock.stop is None or clock.stop > at]
    law = [clock for clock in running if clock.code == "C2"]
    before = ticking._replace(extended=None)
    for clock in law or [clock for clock in running if clock.code in clocks.EXTENDED]:
        due = clocks.due_of(before, clock, calendar)
        if clocks.ids_of(before, clock) & behind or (due is not None and due < at):
            return True
    return False
