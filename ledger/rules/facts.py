"""From a command to the facts it makes: one function a kind of command."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from ledger.contracts.codes import SourceClass
from ledger.contracts.commands import Command
from ledger.contracts.events import case as facts
from ledger.contracts.events import case_course as course
from ledger.contracts.events.base import Payload
from ledger.contracts.wire import Event
from ledger.rules import case, duty, flags, outcomes, stamps
from ledger.rules.amendments import amend_case_fact, reworker
from ledger.rules.corrections import Restatement, current, recounted, void_case_facts
from ledger.rules.reference import Reference
from ledger.rules.refusals import Code, Refused

HARD = (SourceClass.INTERACTIVE,)
"""Source classes for which separation of duties refuses; others are flagged (law 2)."""


class Draft(NamedTuple):
    """A fact before it has its envelope; `state` set: the stream's state after it."""

    stream: str
    type: str
    data: Mapping[str, Any]
    stamp: Mapping[str, Any]
    causation: str | None = None
    state: Any = None
    at: str | None = None
    """When it happened, where that is not when the command's own fact did."""
    centre: str | None = None
    derived: bool = False
    """The ledger found it out by itself: nobody acted, no place but `centre`."""


def decide_case(
    stream: str, command: Command, payload: Payload, data: Mapping[str, Any], at: str,
    state: case.State, reference: Reference, history: Callable[[], Sequence[Event]],
) -> tuple[list[Draft], case.State]:  # fmt: skip
    """Decide a fact of a case; one that came late restates what it changes of facts before it.

    Gives besides what the case is after it.

    Raises:
        Refused: E_STATE, E_TIME_ORDER, E_SOD.

    """
    kind = payload.TYPE
    case.check(state, kind, data, at, hard=command.source_class in HARD)
    _check_duty(command, kind, state)
    place = (command.centre, command.window)
    own = stamps.of_case_fact(kind, state, data, at, place, reference)
    preview = _preview(kind, data, own, command, at)
    after = case.evolve(state, preview)
    around = outcomes.Around(state, after, after)
    own |= outcomes.outcome(kind, data, at, around, reference.calendar)
    stamp = {**stamps.history_parts(after), **own}
    source = command.source_class
    found = flags.of_history(state, kind, data, command.actor.staff, source)
    found += flags.of_said(state, kind, data, own, source)
    if kind == course.ExtensionGranted.TYPE:
        found += flags.of_extension(state, at, source, reference.calendar)
    if found:
        stamp["flags"] = found
    drafts = [Draft(stream, kind, data, stamp)]
    if outcomes.looks_back(kind, at, after):
        told = current(history())
        concluded = {facts.CaseConcluded.TYPE}
        drafts += [
            restatement(each) for each in recounted(stream, told, concluded, reference, preview)
        ]
    return drafts, after


def _preview(
    kind: str, data: Mapping[str, Any], stamp: Mapping[str, Any], command: Command, at: str
) -> Event:
    """Give as much of the event as the fold of a case looks at."""
    event: Any = {
        "type": kind, "time": at, "sourceclass": command.source_class.value,
        "data": {"data": data, "stamp": stamp},
    }  # fmt: skip
    for name, value in (
        ("centre", command.centre),
        ("window", command.window),
        ("channel", command.channel),
        ("actorstaff", command.actor.staff),
        ("actorpost", command.actor.post),
    ):
        if value is not None:
            event[name] = str(value)
    result: Event = event
    return result


def _check_duty(command: Command, kind: str, state: case.State) -> None:
    """Refuse one person on both sides of a hard pair (law 2: in interactive commands)."""
    staff = command.actor.staff
    if command.source_class in HARD and duty.ACCEPT_APPROVE in duty.conflicts(state, kind, staff):
        raise Refused(Code.E_SOD, f"{staff} accepted this case; another person has to decide it")


def decide_case_void(
    stream: str, data: Mapping[str, Any], at: str, history: Sequence[Event], reference: Reference
) -> tuple[list[Draft], case.State]:
    """Void facts of a case: the void, then one restatement per fact that counts differently."""
    restated, state = void_case_facts(stream, data, at, history, reference, reworker(reference))
    state = state._replace(corrected=True)
    void = Draft(stream, facts.CaseEventVoided.TYPE, data, {}, state=state)
    return [void, *(restatement(each, state) for each in restated)], state


def decide_case_amendment(
    stream: str, data: Mapping[str, Any], at: str, history: Sequence[Event], reference: Reference
) -> tuple[list[Draft], case.State]:
    """Amend a fact of a case: the amendment, then its restatements, as of a void."""
    restated, state = amend_case_fact(stream, data, at, history, reference)
    state = state._replace(corrected=True)
    amended = Draft(stream, facts.CaseEventAmended.TYPE, data, {}, state=state)
    return [amended, *(restatement(each, state) for each in restated)], state


def restatement(each: Restatement, state: case.State | None = None) -> Draft:
    """Draft one restatement of a case."""
    data = {"target": each.target, "before": each.before, "after": each.after}
    return Draft(each.stream, facts.CaseEventRestamped.TYPE, data, {}, each.target, state)
