"""Corrections (更正): voiding facts, and restating what that changes (law 5, domain.md 3.9).

A void is legal when the facts that remain are still a legal history. What then counts
differently — a fact that no longer counts, a stamp that changed — is one `event_restamped` each,
with the fact before and after; views subtract and add, nobody joins.
"""

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

from ledger.contracts.codes import Post, SourceClass
from ledger.contracts.commands import Command
from ledger.contracts.events import case_course as course
from ledger.contracts.wire import Event
from ledger.rules import case, flags, places
from ledger.rules.effective import CORRECTIONS, RESTAMPED, current
from ledger.rules.outcomes import PARTS, Around, outcome
from ledger.rules.reference import Reference
from ledger.rules.refusals import Code, Refused
from ledger.rules.registers import CASE_ENDS, ended_anew, is_open
from ledger.rules.stamps import HISTORY_PARTS, Stamp, history_parts

__all__ = [
    "Restatement", "check_correctors", "check_people", "check_targets", "current", "recounted",
    "retold", "targets_of", "void_case_facts",
]  # fmt: skip

NOT_CORRECTABLE = (*CORRECTIONS, RESTAMPED)
TOLD = frozenset({SourceClass.IMPORTED, SourceClass.HISTORICAL})
Rework = Callable[[Event, Event, case.State, case.State], Event]
"""(fact as it counted, as amended, state before it then and now) → fact with its stamp anew."""


@dataclass(frozen=True, slots=True)
class Restatement:
    """One fact as it counted before and as it counts now; `after` None: no longer."""

    stream: str
    target: str
    before: Event
    after: Event | None


def check_targets(stream: str, data: Mapping[str, Any], history: Sequence[Event]) -> None:
    """Refuse a correction that names what is no correctable fact of the stream.

    Raises:
        Refused: E_REF.

    """
    known = {event["id"] for event in history if not event["type"].endswith(NOT_CORRECTABLE)}
    for target in (data["target"], *data.get("cascade", ())):
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
    check_people(facts, ids, data, at)
    return set(ids), facts


def _is_own(
    command: Command, data: Mapping[str, Any], history: Callable[[], Sequence[Event]]
) -> bool:
    """Tell whether a system takes back only what it told itself, or the ledger says so.

    What the ledger worked out of it may go along. What was entered at a counter is never its own.
    """
    if command.source_class in {SourceClass.SYSTEM, SourceClass.INTERACTIVE}:
        return command.source_class is SourceClass.SYSTEM
    target, named = data["target"], {data["target"], *data.get("cascade", ())}
    return all(
        (fact["sourceclass"] in TOLD and fact["sourcesystem"] == command.source_system)
        or (fact["sourceclass"] == SourceClass.SYSTEM and fact["id"] != target)
        for fact in history() if fact["id"] in named
    )  # fmt: skip


def check_correctors(
    command: Command, data: Mapping[str, Any], reference: Reference,
    history: Callable[[], Sequence[Event]],
) -> None:  # fmt: skip
    """Refuse a correction that is not asked for and approved by those who hold the posts.

    Raises:
        Refused: E_AUTH.

    """
    if _is_own(command, data, history):
        return
    asker, interactive = data["requested_by"], command.source_class is SourceClass.INTERACTIVE
    if interactive and asker != command.actor.staff:
        raise Refused(Code.E_AUTH, "requested_by must be the corrector who enters the correction")
    known = reference.staff.get(asker)
    if not interactive and (known is None or Post.CORRECTOR not in known.posts):
        raise Refused(Code.E_AUTH, f"{asker} does not hold post {Post.CORRECTOR}; another system "
                      "takes back by itself only what it told")  # fmt: skip
    approver = reference.staff.get(data["approved_by"])
    if approver is None or Post.CORRECT_APPROVER not in approver.posts:
        raise Refused(Code.E_AUTH, f"{data['approved_by']} does not hold post correct_approver")


def check_people(
    facts: Mapping[str, Event], ids: Sequence[str], data: Mapping[str, Any], at: str
) -> None:
    """Refuse a correction before its facts, by one person, or by whoever entered one of them.

    Raises:
        Refused: E_TIME_ORDER, E_SOD.

    """
    for target in ids:
        if at < facts[target]["time"]:
            happened = facts[target]["time"]
            raise Refused(Code.E_TIME_ORDER, f"corrected at {at}; {target} happened at {happened}")
    requested, approved = data["requested_by"], data["approved_by"]
    if requested == approved:
        raise Refused(Code.E_SOD, "requested_by and approved_by are one person; two are needed")
    for target in ids:
        if (entered := facts[target].get("actorstaff")) in {requested, approved}:
            raise Refused(Code.E_SOD, f"{entered} entered {target}; others have to correct it")


def void_case_facts(
    stream: str,
    data: Mapping[str, Any],
    at: str,
    history: Sequence[Event],
    reference: Reference,
    rework: Rework,
) -> tuple[list[Restatement], case.State]:
    """Void facts of a case; give what is restated and the state of the case afterwards.

    Raises:
        Refused: as `targets_of`; then E_DEPENDENT naming the facts to put into `cascade`.

    """
    gone, facts = targets_of(data, at, history)
    restated, needing, state = retold(stream, facts, gone, {}, reference, rework)
    if needing:
        raise Refused(
            Code.E_DEPENDENT,
            f"{', '.join(needing)} would no longer be legal; name them in cascade",
            tuple(needing),
        )
    return restated, state if state.status != "-" else state._replace(status="VOI")


def retold(
    stream: str, facts: Mapping[str, Event], gone: set[str], amended: Mapping[str, Event],
    reference: Reference, rework: Rework,
) -> tuple[list[Restatement], list[str], case.State]:  # fmt: skip
    """Tell a case again without the facts `gone` and with those `amended`.

    Gives what is restated, the facts that would no longer be legal, and the state afterwards.

    Raises:
        Refused: an amended fact is not legal where it stands.

    """
    was = state = case.State()
    whole_was = _whole(facts.values())
    whole = _whole(amended.get(t, fact) for t, fact in facts.items() if t not in gone)
    restated, needing = [], []
    for target, fact in facts.items():
        before, was = was, case.evolve(was, fact)
        if target in gone:
            restated.append(Restatement(stream, target, fact, None))
            continue
        now = amended.get(target, fact)
        hard = now["sourceclass"] == SourceClass.INTERACTIVE
        try:
            case.check(state, now["type"], now["data"]["data"], now["time"], hard=hard)
        except Refused:
            if target in amended:
                raise
            needing.append(target)
            continue
        now = rework(fact, now, before, state)
        found = flags.of_history(
            state,
            now["type"],
            now["data"]["data"],
            now["data"]["stamp"],
            now.get("actorstaff"),
            now["sourceclass"],
        )
        around = Around(state, case.evolve(state, now), whole)
        anew = _outcome(now, around, reference)
        same = anew == _outcome(fact, Around(before, was, whole_was), reference)
        after = _restamp(now, around.before, around.after, found, None if same else anew)
        state = around.after if after == now else case.evolve(around.before, after)
        if after != fact:
            restated.append(Restatement(stream, target, fact, after))
    return restated, needing, state


def recounted(
    stream: str, facts: Mapping[str, Event], kinds: Container[str], reference: Reference,
    came: Event | None = None,
) -> list[Restatement]:  # fmt: skip
    """Give the facts of these kinds whose outcomes are others now: by `came`, or a clock's breach.

    No fact is corrected; `came` counts, but is not among `facts`.
    """
    state = case.State()
    whole = _whole([*facts.values(), *([came] if came else [])])
    restated = []
    for target, fact in facts.items():
        before, state = state, case.evolve(state, fact)
        if fact["type"] in kinds:
            anew = _outcome(fact, Around(before, state, whole), reference)
            kept = [flag for flag in fact["data"]["stamp"].get("flags", ())
                    if flag in flags.HISTORY_FLAGS]  # fmt: skip
            after = _restamp(fact, before, state, kept, anew)
            if after != fact:
                restated.append(Restatement(stream, target, fact, after))
    return restated


def _whole(facts: Iterable[Event]) -> case.State:
    return reduce(case.evolve, facts, case.State())


def _outcome(fact: Event, around: Around, reference: Reference) -> Stamp:
    """Give the outcomes of a fact under the calendar that was published when it was recorded."""
    calendar = reference.calendar.as_of(fact["recordedat"])
    return outcome(fact["type"], fact["data"]["data"], fact["time"], around, calendar)


def _restamp(
    fact: Event, before: case.State, state: case.State, found: Sequence[str], anew: Stamp | None
) -> Event:
    """Give the fact with the history parts of its stamp as of `state`, and the outcomes `anew`.

    Other parts are kept, outcomes too where `anew` is None. `found` are the flags that depend on
    the facts before.
    """
    old = fact["data"]["stamp"]
    own = PARTS.get(fact["type"], frozenset()) if anew is not None else frozenset()
    moved = {*HISTORY_PARTS, *places.PARTS, *own}
    stamp = {name: value for name, value in old.items() if name not in moved}
    others = [flag for flag in stamp.pop("flags", []) if flag not in flags.HISTORY_FLAGS]
    if fact["type"] in CASE_ENDS:
        stamp = ended_anew(stamp, before, fact["time"])
    if fact["type"] == course.ClockBreached.TYPE:
        stamp.pop("open", None)
        stamp |= {"open": True} if is_open(before, fact["data"]["data"]) else {}
    entered = fact.get("centre"), fact.get("window")
    counts = places.counted_at(fact["type"], state, fact["data"]["data"], entered)
    fresh = {**history_parts(state), **counts, **stamp, **(anew or {})}
    if found or others:
        fresh["flags"] = [*found, *others]
    if fresh == old:
        return fact
    return {**fact, "data": {"data": fact["data"]["data"], "stamp": fresh}}
