"""From a command to the facts it makes: one function a kind of command."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from ledger.contracts.codes import ActorKind, SourceClass
from ledger.contracts.commands import Actor, Command
from ledger.contracts.events import FACTS
from ledger.contracts.events import case as facts
from ledger.contracts.events import case_course as course
from ledger.contracts.wire import Event, event_id
from ledger.rules import case, duty, flags, outcomes, places, stamps
from ledger.rules.amendments import amend_case_fact, reworker
from ledger.rules.corrections import Restatement, current, recounted, void_case_facts
from ledger.rules.reference import Reference
from ledger.rules.refusals import Code, Refused

if TYPE_CHECKING:
    from ledger.rules.streams import Asked

NOWHERE = {"centre": None, "dept": None, "window": None, "channel": None, "late_reason": None}
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
    event: Event | None = None
    """Its envelope, where deciding needed it; the stamp in it may be older."""


def decide_case(asked: "Asked") -> tuple[list[Draft], case.State]:
    """Decide a fact of a case; it restates what it changes of facts before it.

    Gives besides what the case is after it.

    Raises:
        Refused: E_STATE, E_TIME_ORDER, E_SOD.

    """
    command, data, at, reference = asked.command, asked.data, asked.at, asked.reference
    kind, state, source = asked.payload.TYPE, asked.state, command.source_class
    hard = source in HARD
    case.check(state, kind, data, at, hard=hard, asked=asked if hard else None)
    _check_duty(command, kind, state)
    place = (command.centre, command.window)
    own = stamps.of_case_fact(kind, state, data, at, place, reference)
    event = envelope(Draft(asked.stream, kind, data, own), command, at, asked.recorded_at,
                     asked.version + 1)  # fmt: skip
    after = case.evolve(state, event)
    around = outcomes.Around(state, after, after)
    own |= outcomes.outcome(kind, data, at, around, reference.calendar)
    counts = places.counted_at(kind, after, data, place)
    stamp = {**stamps.history_parts(after), **counts, **own}
    found = flags.of_history(state, kind, data, own, command.actor.staff, source)
    found += flags.of_said(kind, data, own, source)
    if kind == course.ExtensionGranted.TYPE:
        found += flags.of_extension(state, at, source, reference.calendar)
    if found:
        stamp["flags"] = found
    drafts = [Draft(asked.stream, kind, data, stamp, state=after, event=event)]
    if outcomes.looks_back(kind, data, after):
        told = current(asked.history_of(asked.stream))
        concluded = {facts.CaseConcluded.TYPE}
        drafts += [
            restatement(each) for each in recounted(asked.stream, told, concluded, reference, event)
        ]
    return drafts, after


def envelope(draft: Draft, command: Command, at: str, recorded_at: str, version: int) -> Event:
    """Put a fact on the wire: what views route by is flat, what was said and stamped is data.

    A derived fact names the command that let it be found out, but neither its actor nor place.
    """
    event: Any = {
        "specversion": "1.0",
        "id": event_id(draft.stream, version),
        "source": "/taizhang",
        "type": draft.type,
        "subject": draft.stream,
        "time": at,
        "datacontenttype": "application/json",
        "schemaversion": FACTS[draft.type].SCHEMA_VERSION,
        "recordedat": recorded_at,
        "streamversion": version,
        "sourcesystem": command.source_system,
        "sourceseq": command.source_seq,
        "sourceclass": SourceClass.SYSTEM.value if draft.derived else command.source_class.value,
        "actorkind": ActorKind.SYSTEM.value if draft.derived else command.actor.kind.value,
    }
    actor = Actor(kind=ActorKind.SYSTEM) if draft.derived else command.actor
    said = command if not draft.derived else command.model_copy(update=NOWHERE)
    for name, value in (
        ("actorstaff", actor.staff), ("actorpost", actor.post),
        ("centre", draft.centre or said.centre), ("dept", said.dept), ("window", said.window),
        ("channel", said.channel), ("latereason", said.late_reason),
        ("causation", draft.causation or command.causation), ("correlation", command.correlation),
    ):  # fmt: skip
        if value is not None:
            event[name] = str(value)
    event["data"] = {"data": draft.data, "stamp": draft.stamp}
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
    voided: Any = {"type": facts.CaseEventVoided.TYPE, "time": at, "data": {"data": data}}
    state = case.corrected(state, [*history, voided])
    void = Draft(stream, facts.CaseEventVoided.TYPE, data, {}, state=state)
    return [void, *(restatement(each, state) for each in restated)], state


def decide_case_amendment(
    stream: str, data: Mapping[str, Any], at: str, history: Sequence[Event], reference: Reference
) -> tuple[list[Draft], case.State]:
    """Amend a fact of a case: the amendment, then its restatements, as of a void."""
    restated, state = amend_case_fact(stream, data, at, history, reference)
    state = case.corrected(state, history)
    amended = Draft(stream, facts.CaseEventAmended.TYPE, data, {}, state=state)
    return [amended, *(restatement(each, state) for each in restated)], state


def restatement(each: Restatement, state: case.State | None = None) -> Draft:
    """Draft one restatement of a case."""
    data = {"target": each.target, "before": each.before, "after": each.after}
    return Draft(each.stream, facts.CaseEventRestamped.TYPE, data, {}, each.target, state)
