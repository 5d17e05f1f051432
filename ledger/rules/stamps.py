"""Stamps (戳): what a reader would otherwise have to join, worked out at the door (law 3).

Three kinds of part. *History parts* depend on the effective facts of the case, and change when
one of them is corrected. *Reference parts* depend on reference data as adopted when the fact was
decided, and are kept by a restatement. *Outcomes* (`outcomes.py`) depend on both.
"""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from ledger.contracts.codes import SHANGHAI, WindowType
from ledger.contracts.events import case as facts
from ledger.contracts.events import case_course as course
from ledger.contracts.events.base import Limit
from ledger.contracts.events.reference import ItemRegistered
from ledger.rules import materials, outcomes, places, registers
from ledger.rules.case import State
from ledger.rules.reference import Reference
from ledger.rules.routing import is_wrong, required_window
from ledger.rules.workdays import Calendar

Stamp = dict[str, Any]
Place = tuple[str | None, str | None]
"""Centre and window."""

DUES = ("statutory_due", "promised_due", "due_provisional")
"""Parts of the stamp of an acceptance that a calendar published later restates; with them goes
`calendar`, which alone restates nothing."""
HISTORY_PARTS = ("item", "dept", "accept_centre", "accept_window")


def history_parts(state: State) -> Stamp:
    """Give item, department and place of acceptance as of `state` (after the fact itself)."""
    parts = {name: getattr(state, name) for name in HISTORY_PARTS}
    return {name: value for name, value in parts.items() if value is not None}


def submitted(item: str, place: Place, at: str, reference: Reference) -> Stamp:
    """Stamp case.submitted with what the item says, and with `misplaced`."""
    known = reference.items[item]
    stamp = {"item": item, "dept": known.dept, "project_type": known.project_type.value}
    if known.reported_to is not None:
        stamp["reported_to"] = known.reported_to
    asks = {"asks": asked} if (asked := materials.asked_for(known)) else {}
    return {**stamp, **_allows(known), **asks, **misplaced(item, place, at, reference)}


def misplaced(item: str, place: Place, at: str, reference: Reference) -> Stamp:
    """Tell of a submission at a window that does not take the item (R03); {} of any other.

    What is brought to a help agent (帮办代办) is accepted elsewhere, at a window of its own.
    """
    wrong = routed(reference.items.get(item), place, at, reference).get("wrong_window")
    if not wrong or reference.windows[place[1] or ""].kind is WindowType.HELP_AGENT:
        return {}
    return {"wrong_window": True}


def routed(item: ItemRegistered | None, place: Place, at: str, reference: Reference) -> Stamp:
    """Give the window type that an item needed at a centre, and whether this window is another."""
    centre, window = place
    if item is None or centre not in reference.centres or window not in reference.windows:
        return {}
    here = reference.centre_on(centre, at)
    needed = required_window(item, reference.depts.get(item.dept), here)
    stamp = {} if needed is None else {"required_window": needed.value}
    return {**stamp, "wrong_window": is_wrong(reference.windows[window], needed)}


def _allows(item: ItemRegistered | None) -> Stamp:
    """Give {"allows": what only some items allow}, {} where the item allows nothing of it."""
    if item is None:
        return {}
    names = ["deficiency"] * item.deficiency_allowed + ["commitment"] * item.commitment_allowed
    names += [f"special:{kind.value}" for kind in item.special_kinds]
    return {"allows": names} if names else {}


def accepted(
    state: State, data: Mapping[str, Any], at: str, place: Place, reference: Reference
) -> Stamp:  # fmt: skip
    """Stamp case.accepted: type, routing and dues."""
    item = reference.items.get(state.item or "")
    kind = data.get("project_type") or (item.project_type.value if item else None)
    stamp: Stamp = {"project_type": kind} if kind else {}
    stamp.update(outcomes.remote(state))
    if item and item.one_person_ok:
        stamp["one_person_ok"] = True
    stamp.update(_allows(item))
    if item and item.physical_result is not None:
        stamp["physical_result"] = item.physical_result
    stamp.update(of_agent(state, place[0], reference))
    stamp.update(routed(item, place, at, reference))
    if reference.exceeds(state.item, place[0], at):
        stamp["unauthorised"] = True
    stamp.update(of_promise(state, facts.CaseAccepted.TYPE, data, at, reference))
    start = datetime.fromisoformat(at).astimezone(SHANGHAI)
    limits = {
        name: limit
        for name in ("statutory", "promised")
        if (limit := _limit(data.get(name), getattr(item, name, None))) is not None
    }
    for name, limit in limits.items():
        stamp[f"{name}_limit"] = limit.model_dump(mode="json")
    stamp |= dues(start, limits, reference.calendar)
    if "promised_due" in stamp:
        stamp["told_due"] = stamp["promised_due"]
    return stamp


def of_agent(state: State, centre: str | None, reference: Reference) -> Stamp:
    """Tell of the acceptance of what an agent asks for that nobody else could take it in there."""
    return {"alone": True} if state.agent and reference.is_alone(centre) else {}


def dues(start: datetime, limits: Mapping[str, Limit], calendar: Calendar) -> Stamp:
    """Give the dues of limits that run from `start`, and by which published years (`DUES`)."""
    start = start.astimezone(SHANGHAI)
    stamp: Stamp = {}
    years = {start.year}
    for name, limit in limits.items():
        due = calendar.due(start, limit)
        stamp[f"{name}_due"] = due.isoformat()
        years.update(range(start.year, due.year + 1))
        if not calendar.covers(start.date(), due.date()):
            stamp["due_provisional"] = True
    if used := [calendar.sources[y] for y in sorted(years) if y in calendar.sources]:
        stamp["calendar"] = ",".join(used)
    return stamp


def of_promise(
    state: State, kind: str, data: Mapping[str, Any], at: str, reference: Reference
) -> Stamp:
    """Tell of what lets a material follow that the applicant was on the list of the dishonest."""
    return {"dishonest": True} if materials.dishonest(state, kind, data, at, reference) else {}


HEARING_ASKED_WORKDAYS = 5
"""听证: asked for later than so long after it was told of, the right has lapsed (§47)."""
HEARING_NOTICE = timedelta(days=7)
"""So long before the hearing, or longer, it is notified (§48)."""


def of_hearing(kind: str, data: Mapping[str, Any], at: str, calendar: Calendar) -> Stamp:
    """Tell of a request for a hearing that it came too late, of a notice that it was short."""
    day = date.fromisoformat(at[: len("2020-06-01")])
    if kind == course.HearingNotified.TYPE:
        short = date.fromisoformat(data["held_on"]) - day < HEARING_NOTICE
        return {"short_notice": True} if short else {}
    last = calendar.add(date.fromisoformat(data["told_on"]), HEARING_ASKED_WORKDAYS)
    return {"lapsed": True} if day > last else {}


def _limit(said: Mapping[str, Any] | None, registered: Limit | None) -> Limit | None:
    return Limit.model_validate(said) if said else registered


def breached(state: State, data: Mapping[str, Any]) -> Stamp:
    """Stamp a breach with its case's place and type, and with where it counts."""
    counts = places.counted_at(course.ClockBreached.TYPE, state, data)
    return {**history_parts(state), **counts, **outcomes.of_breach(state)}


def of_case_fact(
    kind: str, state: State, data: Mapping[str, Any], at: str,
    place: Place, reference: Reference,
) -> Stamp:  # fmt: skip
    """Give the reference parts of a case fact's stamp; `state` is the one before the fact."""
    match kind:
        case facts.CaseSubmitted.TYPE:
            return submitted(data["item"], place, at, reference)
        case facts.CaseAccepted.TYPE:
            return accepted(state, data, at, place, reference)
        case course.HearingRequested.TYPE | course.HearingNotified.TYPE:
            return of_hearing(kind, data, at, reference.calendar)
        case course.DeficiencyCommitted.TYPE:
            return of_promise(state, kind, data, at, reference)
        case facts.CaseConcluded.TYPE:
            bundles = {"bundles": dict(state.bundles)} if state.bundles else {}
            return {**bundles, **registers.ended(state, at)}
        case course.CaseWithdrawn.TYPE | course.CaseTerminated.TYPE:
            return registers.ended(state, at)
        case course.CaseBundled.TYPE if state.concluded_at is not None:
            return {"concluded": True}
    return {}
