"""帮办代办 (agent): the table of a task, its clock C14, and where it counts.

Source: domain.md 3.7, 2.7, 4.2. What is found out at the town counts there from the handing over
on: a task belongs to the centre of the agent who holds it.
"""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from ledger.contracts.codes import Post, SourceClass
from ledger.contracts.events import agent as facts
from ledger.contracts.wire import Event
from ledger.rules.refusals import Code, Refused
from ledger.rules.streams import Asked
from ledger.rules.tabled import Course, Data, State, Subject, check_due, rules
from ledger.rules.workdays import end_of

CLOCK = "C14"
FEE_ASKED = "R15"
AFTER_ALL = ("REQ", "ENT", "ACC", "SUS", "END", "DLV", "NAC")

MOVES = {
    facts.AgentRequested.TYPE: {"-": "REQ"},
    facts.AgentEntrusted.TYPE: {"REQ": "ENT"},
    facts.AgentAccepted.TYPE: {"REQ": "ACC", "ENT": "ACC"},
    facts.AgentDeclined.TYPE: {"REQ": "NAC", "ENT": "NAC"},
    facts.AgentCaseLinked.TYPE: {"ACC": "ACC", "SUS": "SUS"},
    facts.AgentHandedToTown.TYPE: {"ACC": "ACC"},
    facts.AgentSuspended.TYPE: {"ACC": "SUS"},
    facts.AgentResumed.TYPE: {"SUS": "ACC"},
    facts.AgentEnded.TYPE: {"ACC": "END", "SUS": "END"},
    facts.AgentResultDelivered.TYPE: {"END": "DLV"},
    facts.AgentCalledBack.TYPE: {"END": "END", "DLV": "DLV"},
    facts.AgentFeeViolationReported.TYPE: {status: status for status in AFTER_ALL},
}


def check_known(asked: Asked) -> None:
    """Refuse a village that is not known, and an agent who is none there, entered here.

    An agent holds post `agent` at the centre that the command names: the village of the task or
    its town; after the handing over, the town. Of the village, who was ever appointed
    (agent.appoint) takes tasks of that village and of those items only.

    Raises:
        Refused: E_REF.

    """
    data, reference = asked.data, asked.reference
    if (village := data.get("village")) is not None and village not in reference.centres:
        raise Refused(Code.E_REF, f"centre {village} is not known (centre.open)")
    interactive = asked.command.source_class is SourceClass.INTERACTIVE
    if not interactive or (name := data.get("agent_id")) is None:
        return
    staff, centre = reference.staff.get(name), asked.command.centre
    if staff is None or Post.AGENT not in staff.posts or staff.centre != centre:
        raise Refused(Code.E_REF, f"{name} is no agent of {centre} (staff.join, staff.grant_post)")
    requested = asked.state.of().told.get(facts.AgentRequested.TYPE)
    if requested is None:
        return
    village = requested.data["village"]
    town = reference.centres[village].town
    where = {town} if asked.payload.TYPE == facts.AgentHandedToTown.TYPE else {village, town}
    if centre not in where:
        raise Refused(Code.E_REF, f"centre {centre} does not serve village {village}")
    item = requested.data["item"]
    if centre == village and not reference.serves(name, village, item):
        raise Refused(Code.E_REF, f"{name} is not appointed for {item} at {village} "
                      "(agent.appoint)")  # fmt: skip


def check(state: State, kind: str, data: Data, at: str) -> None:
    """Refuse to act for somebody without a letter, a due in the past, a result of nothing.

    Raises:
        Refused: E_STATE, E_LIMIT.

    """
    task = state.of()
    if kind == facts.AgentAccepted.TYPE:
        asked_for = task.told[facts.AgentRequested.TYPE].data["kind"]
        if asked_for == "act_for" and facts.AgentEntrusted.TYPE not in task.told:
            raise Refused(Code.E_STATE, "代办 needs a letter the citizen signed (委托书)",
                          (facts.AgentEntrusted.COMMAND,))  # fmt: skip
        check_due(data["due"], at)
    elif kind == facts.AgentResultDelivered.TYPE:
        outcome = task.told[facts.AgentEnded.TYPE].data["outcome"]
        if outcome != "done":
            raise Refused(Code.E_STATE, f"the task ended as {outcome}: there is no result")


def learn(task: Subject, event: Event, breached: bool) -> Subject:  # noqa: FBT001
    """Give the task with its due: a stretch of waiting moves it, unless it had passed before."""
    kind, at = event["type"], event["time"]
    match kind:
        case facts.AgentAccepted.TYPE if event["sourceclass"] != SourceClass.HISTORICAL:
            return replace(task, due=end_of(event["data"]["data"]["due"]))
        case facts.AgentSuspended.TYPE if task.due and at <= task.due and not breached:
            return replace(task, held=True)
        case facts.AgentResumed.TYPE if task.held:
            first, last = (
                date.fromisoformat(told[:10])
                for told in (task.told[facts.AgentSuspended.TYPE].at, at)
            )
            return replace(task, held=False, due=end_of(moved(task.due, last - first)))
        case facts.AgentEnded.TYPE:
            return replace(task, stop=at)
    return task


def moved(due: str, by: timedelta) -> str:
    """Give the day of a due, moved."""
    return (date.fromisoformat(due[:10]) + by).isoformat()


def stamp_of(state: State, kind: str, data: Data, at: str, centre: str | None) -> dict[str, Any]:
    """Stamp a fact with who holds the task after it, when it ended, and whether that was in time.

    A breach is laid to whom held the task when the due passed.
    """
    task = state.of()
    if kind in {facts.AgentAccepted.TYPE, facts.AgentHandedToTown.TYPE}:
        return _held_by(data["agent_id"], centre)
    taken, handed = (
        task.told.get(fact.TYPE) for fact in (facts.AgentAccepted, facts.AgentHandedToTown)
    )
    if kind == facts.AgentClockBreached.TYPE and handed is not None and handed.at > at:
        handed = None
    holder = handed or taken
    stamp = {} if holder is None else _held_by(holder.data["agent_id"], holder.centre)
    if kind == facts.AgentEnded.TYPE and task.due:
        stamp["in_time"] = task.held or at <= task.due
    if (ended := task.told.get(facts.AgentEnded.TYPE)) is not None:
        stamp["ended_at"] = ended.at
    return stamp


def _held_by(agent: str, centre: str | None) -> dict[str, Any]:
    return {"agent": agent, **({"agent_centre": centre} if centre else {})}


def centre_of(state: State, stamp: Data) -> str | None:
    """Give the centre of whoever holds the task after a fact, else the village that it is of."""
    requested = state.of().told.get(facts.AgentRequested.TYPE)
    held: str | None = stamp.get("agent_centre")
    return held or (requested.data["village"] if requested else None)


def flags(_: State, kind: str, __: Data) -> list[str]:
    """Give R15: whoever asks for money breaks the rule, however much it was."""
    return [FEE_ASKED] if kind == facts.AgentFeeViolationReported.TYPE else []


RULES = rules(Course(
    MOVES, once=frozenset({facts.AgentHandedToTown.TYPE, facts.AgentCalledBack.TYPE}),
    known=check_known, check=check, learn=learn, stamp=stamp_of, flags=flags,
    clock=CLOCK, breach=facts.AgentClockBreached.TYPE,
))  # fmt: skip
