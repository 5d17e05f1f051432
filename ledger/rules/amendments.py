"""Amendments (更正): a fact stays, some of what it said was wrong (domain.md 3.9).

The amended fact is looked at as if it had been entered so: its fields, the references it makes,
its place in the history. What then counts differently is restated as by a void.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from ledger.contracts.codes import SHANGHAI
from ledger.contracts.commands import Command
from ledger.contracts.events import FACTS
from ledger.contracts.events import case as facts
from ledger.contracts.events import case_course as course
from ledger.contracts.events.base import ENVELOPE_FIELDS, Change, Limit
from ledger.contracts.wire import Event
from ledger.rules import case, clocks, flags, stamps
from ledger.rules.corrections import Restatement, Rework, check_people, retold
from ledger.rules.door import check_fields, check_references
from ledger.rules.effective import current
from ledger.rules.reading import field_errors, payload_of
from ledger.rules.reference import Reference
from ledger.rules.refusals import Code, Refused

LIMITS = ("statutory", "promised")
ROUTING = ("required_window", "wrong_window", "unauthorised", "alone")
OF_THE_ITEM = ("one_person_ok", "allows", "physical_result")


def amend_case_fact(
    stream: str, data: Mapping[str, Any], at: str, history: Sequence[Event], reference: Reference
) -> tuple[list[Restatement], case.State]:
    """Amend a fact of a case; give what is restated and the state of the case afterwards.

    Raises:
        Refused: of the correction: E_STATE, E_VERSION, E_TIME_ORDER, E_SOD; of the amended fact:
            whatever it would have been refused for; of the facts after it: E_DEPENDENT.

    """
    counting = current(history)
    target = data["target"]
    fact = counting.get(target)
    if fact is None:
        raise Refused(Code.E_STATE, f"{target} was voided before")
    if not FACTS[fact["type"]].COMMAND:
        raise Refused(Code.E_STATE, f"the ledger worked {target} out; amend what it follows from")
    changes = {name: Change.model_validate(said) for name, said in data["changes"].items()}
    _check_old(target, fact, changes)
    check_people(counting, [target], data, at)
    amended = _amended(fact, changes, reference)

    restated, needing, state = retold(
        stream, counting, set(), {target: amended}, reference, reworker(reference)
    )
    if needing:
        raise Refused(
            Code.E_DEPENDENT,
            f"{', '.join(needing)} would no longer be legal; void or amend them first",
            tuple(needing),
        )
    return restated, state


def _check_old(target: str, fact: Event, changes: Mapping[str, Change]) -> None:
    """Refuse a change of what is not so any more."""
    known = FACTS[fact["type"]].model_fields
    for name, change in changes.items():
        if name == "occurred_at":
            same = _moment(change.old) == datetime.fromisoformat(fact["time"])
        elif name in ENVELOPE_FIELDS:
            same = change.old == fact.get(name)
        elif name in known:
            same = change.old == fact["data"]["data"].get(name)
        else:
            ways = (*known, "occurred_at", *ENVELOPE_FIELDS)
            raise Refused(Code.E_FIELD, f"{target} has no field {name[:64]!r}", ways)
        if not same:
            raise Refused(Code.E_VERSION, f"{name} of {target} is not what `old` says; read again")


def _moment(said: object) -> datetime | None:
    try:
        return datetime.fromisoformat(said) if isinstance(said, str) else None
    except ValueError:
        return None


def _amended(fact: Event, changes: Mapping[str, Change], reference: Reference) -> Event:
    """Give the fact with the changes, its stamp still the old one.

    Raises:
        Refused: E_FIELD, E_TIME_FUTURE or E_REF, as of the command that would have said so.

    """
    said = {**fact["data"]["data"]}
    envelope: dict[str, Any] = {name: fact.get(name) for name in ENVELOPE_FIELDS}
    occurred: object = fact["time"]
    for name, change in changes.items():
        if name == "occurred_at":
            occurred = change.new
        elif name in ENVELOPE_FIELDS:
            envelope[name] = change.new
        else:
            said[name] = change.new
    command = _command(fact, occurred, envelope, said)
    payload = payload_of(command)
    check_fields(command, payload)
    if command.occurred_at > datetime.fromisoformat(fact["recordedat"]):
        raise Refused(Code.E_TIME_FUTURE, "amended to have happened after it was recorded")
    data = payload.model_dump(mode="json", exclude_none=True)
    check_references(command, payload, data, reference)
    after: Any = {k: v for k, v in fact.items() if k not in ENVELOPE_FIELDS and k != "data"}
    after["time"] = command.occurred_at.astimezone(SHANGHAI).isoformat()
    after |= {name: str(value) for name, value in envelope.items() if value is not None}
    after["data"] = {"data": data, "stamp": fact["data"]["stamp"]}
    result: Event = after
    return result


def _command(
    fact: Event, occurred: object, envelope: Mapping[str, Any], data: Mapping[str, Any]
) -> Command:
    """Give the command that would have made the amended fact."""
    said = {
        "type": FACTS[fact["type"]].COMMAND, "key": fact["subject"].partition("/")[2],
        "occurred_at": occurred, "source_system": fact["sourcesystem"],
        "source_seq": fact["sourceseq"], "source_class": fact["sourceclass"],
        "actor": {"kind": fact["actorkind"], "staff": fact.get("actorstaff"),
                  "post": fact.get("actorpost")},
        "data": data, **envelope,
    }  # fmt: skip
    try:
        return Command.model_validate(said)
    except ValidationError as error:
        raise Refused(Code.E_FIELD, field_errors(error)) from None


def reworker(reference: Reference) -> Rework:
    """Give what tells a fact of a case anew (`corrections.retold`)."""

    def rework(before: Event, now: Event, was: case.State, state: case.State) -> Event:
        return _reworked(before, now, was, state, reference)

    return rework


def _reworked(
    before: Event, now: Event, was: case.State, state: case.State, reference: Reference
) -> Event:
    """Give a fact with the reference parts of its stamp anew, where what they follow from changed.

    What was taken from the item at acceptance stays, unless the case is of another item now.
    """
    old = before["data"]["stamp"]
    own = {k: v for k, v in old.items() if k != "flags"}
    kind, said = now["type"], now["data"]["data"]
    other_item = was.item != state.item
    match kind:
        case facts.CaseSubmitted.TYPE if said["item"] != before["data"]["data"]["item"]:
            own = stamps.submitted(said["item"], _place(now), now["time"], reference)
        case facts.CaseSubmitted.TYPE if _place(before) != _place(now):
            own = {name: value for name, value in own.items() if name not in ROUTING}
            own |= stamps.misplaced(said["item"], _place(now), now["time"], reference)
        case course.DeemedAccepted.TYPE if other_item or was.received_at != state.received_at:
            now = _deemed(now, state, reference)
            said = now["data"]["data"]
            since = said["effective_at"]
            own = _accepted(before, now, since, state, reference, other_item=other_item)
        case facts.CaseAccepted.TYPE if other_item or _differs(before, now):
            since = now["time"]
            own = _accepted(before, now, since, state, reference, other_item=other_item)
        case facts.CaseAccepted.TYPE if was.agent != state.agent:
            own = {k: v for k, v in own.items() if k != "alone"}
            own |= stamps.of_agent(state, now.get("centre"), reference)
        case course.HearingRequested.TYPE | course.HearingNotified.TYPE if now is not before:
            kept_parts = {k: v for k, v in own.items() if k not in {"lapsed", "short_notice"}}
            calendar = reference.calendar.as_of(now["recordedat"])
            own = {**kept_parts, **stamps.of_hearing(kind, said, now["time"], calendar)}
        case course.DeficiencyCommitted.TYPE if (
            now is not before or was.applicant != state.applicant
        ):
            own = {k: v for k, v in own.items() if k != "dishonest"}
            own |= stamps.of_promise(state, kind, said, now["time"], reference)
        case _ if now is before:
            return now
    kept = [flag for flag in old.get("flags", []) if flag not in flags.SAID_FLAGS]
    kept += flags.of_said(kind, said, own, now["sourceclass"])
    if kind == course.ExtensionGranted.TYPE:
        kept = [flag for flag in kept if flag != "R02"]
        kept += flags.of_extension(state, now["time"], now["sourceclass"], reference.calendar)
    stamp = {**own, "flags": kept} if kept else own
    result: Event = {**now, "data": {"data": said, "stamp": stamp}}
    return result


def _deemed(fact: Event, state: case.State, reference: Reference) -> Event:
    """Give a deemed acceptance that follows its receipt: effective from there, a day after C1.

    Raises:
        Refused: E_DEPENDENT, when C1 would not have been over when it was recorded.

    """
    received = state.received_at or ""
    calendar = reference.calendar.as_of(fact["recordedat"])
    at = clocks.deemed_on(received, calendar)
    if at > fact["recordedat"]:
        raise Refused(
            Code.E_DEPENDENT, f"{fact['id']} would have no ground; void it first", (fact["id"],)
        )
    said = {**fact["data"]["data"], "effective_at": received}
    result: Event = {**fact, "time": at, "data": {**fact["data"], "data": said}}
    return result


def _place(fact: Event) -> stamps.Place:
    return fact.get("centre"), fact.get("window")


def _differs(before: Event, now: Event) -> bool:
    names = ("time", "centre", "window")
    return any(before.get(n) != now.get(n) for n in names) or any(
        before["data"]["data"].get(n) != now["data"]["data"].get(n)
        for n in ("project_type", *LIMITS)
    )


def _accepted(
    before: Event, now: Event, since: str, state: case.State, reference: Reference, *,
    other_item: bool,
) -> stamps.Stamp:  # fmt: skip
    """Stamp an acceptance anew, under the limits and the item of its own day."""
    old, said = before["data"]["stamp"], now["data"]["data"]
    data = dict(said)
    if not other_item:
        for name in LIMITS:
            if name not in before["data"]["data"] and f"{name}_limit" in old:
                data.setdefault(name, old[f"{name}_limit"])
        if "project_type" not in before["data"]["data"] and "project_type" in old:
            data.setdefault("project_type", old["project_type"])
    own = stamps.accepted(state, data, since, _place(now), reference)
    if "told_due" in own:
        promise = Limit.model_validate(own["promised_limit"])
        calendar = reference.calendar.as_of(before["recordedat"])
        own["told_due"] = calendar.due(datetime.fromisoformat(since), promise).isoformat()
    kept: tuple[str, ...] = () if other_item else OF_THE_ITEM
    if not other_item and _place(now) == _place(before):
        kept += ROUTING
    own = {name: value for name, value in own.items() if name not in kept}
    return {**own, **{name: old[name] for name in kept if name in old}}
