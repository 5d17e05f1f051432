"""材料 (materials): what an item asks for, what of it came, what may follow (容缺).

What is asked for is what the item asked for when the case was submitted: it stands in the stamp of
the submission, so that a list revised since asks nothing more of a case under way (domain.md 4.3).
An item without a list asks for nothing. What the office gets by itself — 共享数据, 电子证照 — is
never missing. Source: domain.md 2.6, 3.3, 5.2 R08, R11, R28.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ledger.contracts.codes import MaterialSource, SourceClass
from ledger.contracts.events import FACTS
from ledger.contracts.events import case as facts
from ledger.contracts.events import case_course as course
from ledger.contracts.events.reference import ItemRegistered
from ledger.rules.case_state import State
from ledger.rules.reference import Reference
from ledger.rules.refusals import Code, Refused

if TYPE_CHECKING:
    from ledger.rules.streams import Asked

Data = Mapping[str, Any]

NAMES = ("materials", "missing", "deferred")
"""Fields of a fact of a case that name materials of its item."""
NAMING = frozenset(
    kind for kind, fact in FACTS.items()
    if fact.STREAM == "case" and not fact.model_fields.keys().isdisjoint(NAMES)
)  # fmt: skip
DEFERRING = frozenset({facts.CaseAccepted.TYPE, course.DeficiencyCommitted.TYPE})
FLAGGED = DEFERRING | {
    course.SupplementNoticed.TYPE, facts.DecisionMade.TYPE, course.NotAccepted.TYPE,
}  # fmt: skip
"""Facts that materials touch; every command comes by here, most have nothing to do with any."""


def asked_for(item: ItemRegistered) -> dict[str, Any]:
    """Give the list of an item for a stamp: id → name, required, deferrable, source; {} none."""
    return {each.id: each.model_dump(mode="json", exclude={"id"}) for each in item.materials or ()}


def missing(state: State) -> list[str]:
    """Give what is required of the applicant and did not come, in the order of the list."""
    return [
        name
        for name, each in state.asks.items()
        if each["required"] and each["source"] == MaterialSource.APPLICANT and name not in state.got
    ]


def may_follow(state: State, name: str) -> bool:
    """Tell whether a material may follow; an item that has no list may say so of all (容缺)."""
    if "deficiency" not in state.allows:
        return False
    return not state.asks or bool(state.asks.get(name, {}).get("deferrable"))


def check_known(asked: "Asked") -> None:
    """Refuse a material that is not on the list of the item, where the fact is entered here.

    Raises:
        Refused: E_REF.

    """
    hard = asked.command.source_class is SourceClass.INTERACTIVE
    if asked.payload.TYPE not in NAMING or not hard:
        return
    data, known = asked.data, asked.state.asks
    if asked.payload.TYPE == facts.CaseSubmitted.TYPE:
        known = asked_for(asked.reference.items[data["item"]])
    strangers = [each for name in NAMES for each in data.get(name) or () if each not in known]
    if known and strangers:
        ways = tuple(known)
        raise Refused(Code.E_REF, f"{', '.join(strangers)}: no material of this item, which asks "
                      f"for {_named(known, known)}", ways)  # fmt: skip


def check_accepted(state: State, data: Data) -> None:
    """Refuse an acceptance without everything required, but for what follows and may (容缺).

    Raises:
        Refused: E_FIELD naming the materials, and what may be done instead.

    """
    deferred = data.get("deferred") or ()
    if stays := [name for name in deferred if not may_follow(state, name)]:
        raise Refused(Code.E_FIELD, f"{_named(state.asks, stays)} may not follow later (容缺)",
                      (course.SupplementNoticed.COMMAND,))  # fmt: skip
    lacking = [name for name in missing(state) if name not in deferred]
    if not lacking:
        return
    ways: list[str] = [course.SupplementNoticed.COMMAND, course.MaterialCorrected.COMMAND]
    told = ""
    if later := [name for name in lacking if may_follow(state, name)]:
        told = f"; name in deferred what follows (容缺): {', '.join(later)}, then commit to it"
        ways.append(course.DeficiencyCommitted.COMMAND)
    raise Refused(
        Code.E_FIELD, f"{_named(state.asks, lacking)} not there: give notice, or take it now{told}",
        tuple(ways),
    )  # fmt: skip


def check_permitted(state: State, data: Data) -> None:
    """Refuse to defer what the item does not let follow, where that is entered here.

    Raises:
        Refused: E_STATE.

    """
    if "deficiency" not in state.allows:
        raise Refused(Code.E_STATE, f"item {state.item} allows no deferred materials (容缺)")
    if stays := [name for name in data["materials"] if not may_follow(state, name)]:
        raise Refused(Code.E_STATE, f"{_named(state.asks, stays)} may not follow later (容缺)")


def check_committed(state: State, data: Data) -> None:
    """Refuse a second commitment, and one beyond the promise of the case.

    Raises:
        Refused: E_STATE, E_LIMIT.

    """
    if state.materials_owed:
        raise Refused(Code.E_STATE, "a commitment is open; fill it first",
                      (course.DeficiencyFilled.COMMAND,))  # fmt: skip
    due = datetime.fromisoformat(data["due_at"])
    if state.promised_due is not None and due > datetime.fromisoformat(state.promised_due):
        raise Refused(
            Code.E_LIMIT, f"due_at {data['due_at']} is after the promised due {state.promised_due}"
        )


def check_honest(asked: "Asked") -> None:
    """Refuse to let somebody on the list of the dishonest (失信名单) bring a material later.

    Raises:
        Refused: E_LIMIT.

    """
    state, kind = asked.state, asked.payload.TYPE
    if kind in DEFERRING and dishonest(state, kind, asked.data, asked.at, asked.reference):
        raise Refused(Code.E_LIMIT, "the applicant is on the list of the dishonest (失信名单): "
                      "nothing may follow later", (course.SupplementNoticed.COMMAND,))  # fmt: skip


def dishonest(state: State, kind: str, data: Data, at: str, reference: Reference) -> bool:
    """Tell whether a fact lets an applicant bring a material later who was on the list then."""
    defers = kind == course.DeficiencyCommitted.TYPE or bool(data.get("deferred"))
    return defers and reference.is_listed(state.applicant, at)


def check_filled(state: State, data: Data) -> None:
    """Refuse what is not owed.

    Raises:
        Refused: E_STATE.

    """
    owed = state.materials_owed | state.deferred
    if strangers := sorted(set(data["materials"]) - owed):
        named = ", ".join(sorted(owed)) or "nothing"
        raise Refused(Code.E_STATE, f"{', '.join(strangers)} not owed; owed is {named}")


def check_decided(state: State) -> None:
    """Refuse a decision while something is still to follow.

    Raises:
        Refused: E_STATE.

    """
    if owed := sorted(state.materials_owed | state.deferred):
        raise Refused(Code.E_STATE, f"deferred materials are owed: {owed}",
                      (course.DeficiencyFilled.COMMAND,))  # fmt: skip


def flags(state: State, kind: str, data: Data, stamp: Data) -> list[str]:
    """Give R08, R11, R28 as materials touch them; `state` is the one before the fact.

    `stamp`: of the fact, whether the applicant was `dishonest`.

    Of an acceptance that another system made, only what was told is held against it: where nobody
    said which materials came, nothing is known to be missing.
    """
    found: list[str] = []
    if kind not in FLAGGED:
        return found
    match kind:
        case course.DeficiencyCommitted.TYPE:
            if "dishonest" in stamp or not all(may_follow(state, n) for n in data["materials"]):
                found.append("R28")
        case facts.CaseAccepted.TYPE:
            lacking = {*(missing(state) if state.ticked else ()), *(data.get("deferred") or ())}
            if "dishonest" in stamp or not all(may_follow(state, name) for name in lacking):
                found.append("R28")
        case course.SupplementNoticed.TYPE:
            applicant = {"source": MaterialSource.APPLICANT}
            asked = (state.asks.get(name, applicant) for name in data["missing"])
            if any(each["source"] != MaterialSource.APPLICANT for each in asked):
                found.append("R11")
        case facts.DecisionMade.TYPE | course.NotAccepted.TYPE:
            if state.notices and not state.noticed >= set(data.get("missing") or ()):
                found.append("R08")
    return found


def _named(asks: Mapping[str, Any], names: Iterable[str]) -> str:
    """Give materials as a clerk reads them: 身份证 (m1)."""
    return ", ".join(f"{asks[name]['name']} ({name})" if name in asks else name for name in names)
