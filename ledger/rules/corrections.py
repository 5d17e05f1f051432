"""Corrections (更正): voiding facts, and restating what that changes (law 5, domain.md 3.9).

A void is legal when the facts that remain are still a legal history. What then counts
differently — a fact that no longer counts, a stamp that changed — is one `event_restamped` each,
with the fact before and after; views subtract and add, nobody joins.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ledger.contracts.codes import SourceClass
from ledger.contracts.wire import Event
from ledger.rules import case, duty
from ledger.rules.refusals import Code, Refused
from ledger.rules.stamps import HISTORY_PARTS, history_parts

DUTY_FLAGS = frozenset({"R07"})
NOT_CORRECTABLE = (".event_voided", ".event_restamped")


@dataclass(frozen=True, slots=True)
class Restatement:
    """One fact as it counted before and as it counts now; `after` None: no longer."""

    stream: str
    target: str
    before: Event
    after: Event | None


def current(history: Sequence[Event]) -> dict[str, Event]:
    """Give the facts of a stream that count, id → fact with its newest stamp, in order."""
    facts: dict[str, Event] = {}
    for event in history:
        kind = event["type"]
        if kind.endswith(".event_restamped"):
            data = event["data"]["data"]
            if data["after"] is None:
                facts.pop(data["target"], None)
            else:
                facts[data["target"]] = data["after"]
        elif not kind.endswith(".event_voided"):
            facts[event["id"]] = event
    return facts


def check_targets(stream: str, data: Mapping[str, Any], history: Sequence[Event]) -> None:
    """Refuse a void that names what is no correctable fact of the stream.

    Raises:
        Refused: E_REF.

    """
    known = {event["id"] for event in history if not event["type"].endswith(NOT_CORRECTABLE)}
    for target in (data["target"], *data["cascade"]):
        if target not in known:
            raise Refused(Code.E_REF, f"{target} is not a correctable fact of {stream}")


def targets_of(
    data: Mapping[str, Any], at: str, history: Sequence[Event]
) -> tuple[set[str], dict[str, Event]]:
    """Give the ids a void takes back and the facts that count before it.

    Raises:
        Refused: E_STATE for a fact voided before, E_TIME_ORDER for a void before its fact,
            E_SOD where two people are not two, or one of them entered the fact.

    """
    facts = current(history)
    ids = sorted({data["target"], *data["cascade"]})
    for target in ids:
        if target not in facts:
            raise Refused(Code.E_STATE, f"{target} was voided before")
    for target in ids:
        if at < facts[target]["time"]:
            happened = facts[target]["time"]
            raise Refused(Code.E_TIME_ORDER, f"voided at {at}; {target} happened at {happened}")
    requested, approved = data["requested_by"], data["approved_by"]
    if requested == approved:
        raise Refused(Code.E_SOD, "requested_by and approved_by are one person; two are needed")
    for target in ids:
        if (entered := facts[target].get("actorstaff")) in {requested, approved}:
            raise Refused(Code.E_SOD, f"{entered} entered {target}; others have to correct it")
    return set(ids), facts


def void_case_facts(
    stream: str, data: Mapping[str, Any], at: str, history: Sequence[Event]
) -> tuple[list[Restatement], case.State]:
    """Void facts of a case; give what is restated and the state of the case afterwards.

    Raises:
        Refused: as `targets_of`; then E_DEPENDENT naming the facts to put into `cascade`.

    """
    gone, facts = targets_of(data, at, history)
    state, needing = case.State(), []
    restated = []
    for target, fact in facts.items():
        if target in gone:
            restated.append(Restatement(stream, target, fact, None))
            continue
        try:
            hard = fact["sourceclass"] == SourceClass.INTERACTIVE
            case.check(state, fact["type"], fact["data"]["data"], fact["time"], hard=hard)
        except Refused:
            needing.append(target)
            continue
        flags = duty.flags(state, fact["type"], fact.get("actorstaff"), fact["sourceclass"])
        state = case.evolve(state, fact)
        after = restamp(fact, state, flags)
        if after != fact:
            restated.append(Restatement(stream, target, fact, after))
    if needing:
        raise Refused(
            Code.E_DEPENDENT,
            f"{', '.join(needing)} would no longer be legal; name them in cascade",
            tuple(needing),
        )
    if state.status == "-":
        state = case.fold([*history, _void_marker(stream, data)])
    return restated, state


def _void_marker(stream: str, data: Mapping[str, Any]) -> Event:
    """Give a bare void, for folding a history whose facts are all gone."""
    marker: Any = {
        "id": "", "type": f"{stream.partition('/')[0]}.event_voided", "time": "",
        "data": {"data": data, "stamp": {}},
    }  # fmt: skip
    result: Event = marker
    return result


def restamp(fact: Event, state: case.State, flags: Sequence[str] = ()) -> Event:
    """Give the fact with the history parts of its stamp as of `state`; others are kept.

    `flags` are those of duty: they too depend on who did the facts before.
    """
    stamp = {k: v for k, v in fact["data"]["stamp"].items() if k not in HISTORY_PARTS}
    others = [flag for flag in stamp.pop("flags", []) if flag not in DUTY_FLAGS]
    fresh = {**history_parts(state), **stamp}
    if flags or others:
        fresh["flags"] = [*flags, *others]
    if fresh == fact["data"]["stamp"]:
        return fact
    return {**fact, "data": {"data": fact["data"]["data"], "stamp": fresh}}


def void_ratings(
    stream: str, data: Mapping[str, Any], at: str, history: Sequence[Event]
) -> list[Restatement]:
    """Void facts of a rating stream; nothing depends on a rating."""
    gone, facts = targets_of(data, at, history)
    return [Restatement(stream, target, facts[target], None) for target in facts if target in gone]


def restated_ratings(stream: str, history: Sequence[Event], state: case.State) -> list[Restatement]:
    """Give the ratings whose place changes because their case was corrected."""
    changed = []
    for target, fact in current(history).items():
        after = restamp(fact, state)
        if after != fact:
            changed.append(Restatement(stream, target, fact, after))
    return changed
