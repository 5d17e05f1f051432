"""Stamps (戳): what a reader would otherwise have to join, worked out at the door (law 3).

Two kinds of part. *History parts* depend on the effective facts of the case, and change when one
of them is corrected. *Reference parts* depend on reference data as adopted when the fact was
decided, and are kept by a restatement.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from ledger.contracts.codes import SHANGHAI
from ledger.contracts.events import case as facts
from ledger.contracts.events import case_course as course
from ledger.contracts.events.base import Limit
from ledger.contracts.events.reference import ItemRegistered
from ledger.rules import registers
from ledger.rules.case import State
from ledger.rules.reference import Reference
from ledger.rules.routing import is_wrong, required_window

Stamp = dict[str, Any]

DUES = ("statutory_due", "promised_due")
HISTORY_PARTS = ("item", "dept", "accept_centre", "accept_window")


def history_parts(state: State) -> Stamp:
    """Give item, department and place of acceptance as of `state` (after the fact itself)."""
    parts = {name: getattr(state, name) for name in HISTORY_PARTS}
    return {name: value for name, value in parts.items() if value is not None}


def submitted(item: str, reference: Reference) -> Stamp:
    """Stamp case.submitted with what the item says."""
    known = reference.items[item]
    stamp = {"item": item, "dept": known.dept, "project_type": known.project_type.value}
    return {**stamp, **_allows(known)}


def _allows(item: ItemRegistered | None) -> Stamp:
    """Give {"allows": what only some items allow}, {} where the item allows nothing of it."""
    if item is None:
        return {}
    names = ["deficiency"] * item.deficiency_allowed + ["commitment"] * item.commitment_allowed
    names += [f"special:{kind.value}" for kind in item.special_kinds]
    return {"allows": names} if names else {}


def accepted(
    state: State, data: Mapping[str, Any], at: str, place: tuple[str | None, str | None],
    reference: Reference,
) -> Stamp:  # fmt: skip
    """Stamp case.accepted: type, routing and dues."""
    item = reference.items.get(state.item or "")
    kind = data.get("project_type") or (item.project_type.value if item else None)
    stamp: Stamp = {"project_type": kind} if kind else {}
    if item and item.one_person_ok:
        stamp["one_person_ok"] = True
    stamp.update(_allows(item))
    centre, window = place
    if item and centre in reference.centres and window in reference.windows:
        needed = required_window(item, reference.depts.get(item.dept), reference.centres[centre])
        if needed is not None:
            stamp["required_window"] = needed.value
        stamp["wrong_window"] = is_wrong(reference.windows[window], needed)
    start = datetime.fromisoformat(at).astimezone(SHANGHAI)
    for name in ("statutory", "promised"):
        limit = _limit(data.get(name), getattr(item, name, None))
        if limit is None:
            continue
        stamp[f"{name}_limit"] = limit.model_dump(mode="json")
        due = reference.calendar.due(start, limit)
        stamp[f"{name}_due"] = due.isoformat()
        if not reference.calendar.covers(start.date(), due.date()):
            stamp["due_provisional"] = True
    ends = [start, *(datetime.fromisoformat(stamp[d]) for d in DUES if d in stamp)]
    years = range(start.year, max(end.year for end in ends) + 1)
    if used := [reference.calendar.sources[y] for y in years if y in reference.calendar.sources]:
        stamp["calendar"] = ",".join(used)
    return stamp


def _limit(said: Mapping[str, Any] | None, registered: Limit | None) -> Limit | None:
    return Limit.model_validate(said) if said else registered


def decided(state: State, at: str, reference: Reference) -> Stamp:
    """Stamp case.decision_made with the working minutes since acceptance, where known."""
    if state.accepted_at is None:
        return {}
    minutes = reference.calendar.minutes(
        datetime.fromisoformat(state.accepted_at), datetime.fromisoformat(at)
    )
    return {} if minutes is None else {"working_minutes": minutes}


def concluded(state: State) -> Stamp:
    """Stamp case.concluded where the case ended before it was accepted: it never was 在办."""
    return {"never_accepted": True} if state.accepted_at is None else {}


def of_case_fact(
    kind: str, state: State, data: Mapping[str, Any], at: str,
    place: tuple[str | None, str | None], reference: Reference,
) -> Stamp:  # fmt: skip
    """Give the reference parts of a case fact's stamp; `state` is the one before the fact."""
    match kind:
        case facts.CaseSubmitted.TYPE:
            return submitted(data["item"], reference)
        case facts.CaseAccepted.TYPE:
            return accepted(state, data, at, place, reference)
        case facts.DecisionMade.TYPE:
            return decided(state, at, reference)
        case facts.CaseConcluded.TYPE:
            return {**concluded(state), **registers.ended(state, at)}
        case course.CaseWithdrawn.TYPE | course.CaseTerminated.TYPE:
            return registers.ended(state, at)
    return {}
