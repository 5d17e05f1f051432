"""What is checked of every command before its own rules: fields, lateness, references, posts."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from ledger.contracts.codes import (
    SHANGHAI,
    UNITS,
    UNITS_A_WORKDAY,
    ActorKind,
    Channel,
    ProjectType,
    SourceClass,
)
from ledger.contracts.commands import Command
from ledger.contracts.events import (
    REFERENCE_COMMANDS,
    agent,
    case,
    case_course,
    hall,
    inspection,
    interaction,
    org,
    period,
    rating,
)
from ledger.contracts.events import reference as facts
from ledger.contracts.events.base import REF_PATTERN, Limit, Payload
from ledger.contracts.wire import Event
from ledger.rules import corrections, duty
from ledger.rules.reference import Reference
from ledger.rules.refusals import Code, Refused

AT_COUNTER = frozenset({"case.submit", "case.accept"})
NEEDS_CHANNEL = frozenset({SourceClass.INTERACTIVE, SourceClass.HISTORICAL})
"""Another system's import may not know the channel; history is asked for little, but for this."""
CORRECTIONS = (".void_event", ".amend_event")
SKEW = timedelta(minutes=5)
A_DAY = timedelta(days=1)
LATE_WORKDAYS = 1
"""More than this many working days between happening and recording needs a reason."""


def check_fields(command: Command, payload: Payload) -> None:
    """Refuse what a command says against itself, whatever the ledger holds.

    Raises:
        Refused: E_FIELD.

    """
    interactive = command.source_class is SourceClass.INTERACTIVE
    match payload:
        case case.CaseSubmitted() if (
            command.channel is None and command.source_class in NEEDS_CHANNEL
        ):
            raise Refused(Code.E_FIELD, "case.submit needs a channel (办理渠道)")
        case case.CaseAccepted():
            check_limits(payload.promised, payload.statutory)
        case case.DecisionMade(doc_no=None) if interactive:
            raise Refused(Code.E_FIELD, "a decision needs doc_no (决定文书编号)")
        case case.DecisionMade(outcome="rejected") if interactive and not (
            payload.reason_code and payload.remedies_told
        ):
            raise Refused(
                Code.E_FIELD, "a rejection needs reason_code and remedies_told (行政许可法 §38)"
            )
        case case_course.CaseWithdrawn(request_doc=None) if (
            interactive and command.actor.kind is ActorKind.STAFF
        ):
            raise Refused(Code.E_FIELD, "a withdrawal that staff enter needs request_doc")
        case case_course.DeficiencyCommitted(due_at=due) if (
            interactive and due < command.occurred_at
        ):
            raise Refused(Code.E_FIELD, "due_at is before the commitment (容缺承诺) itself")
        case case.CaseEventAmended():
            _check_changes(payload)
        case hall.HallPayload():
            _check_hall(command, payload)
        case rating.ServicePayload():
            _check_service(payload)
        case agent.AgentAccepted() | agent.AgentHandedToTown() if (
            interactive and command.centre is None
        ):
            raise Refused(Code.E_FIELD, f"{command.type} needs the centre of the agent")
        case interaction.ConsultAsked() | interaction.ComplaintFiled():
            _check_interaction(command, payload)
        case inspection.InspectionPayload():
            _check_inspection(command, payload)
        case period.PeriodPayload() if payload.centre != command.key:
            raise Refused(Code.E_FIELD, f"centre: of {command.type} it is the key, {command.key}")
        case facts.ItemRegistered():
            check_limits(payload.promised, payload.statutory)
            promised = payload.promised
            instant = payload.project_type is ProjectType.INSTANT
            if instant and promised and _units(promised) > UNITS_A_WORKDAY:
                raise Refused(Code.E_FIELD, "即办件 is promised within one working day")
            _check_materials(payload)
        case org.TrustPayload() if not re.fullmatch(REF_PATTERN, command.key):
            raise Refused(Code.E_FIELD, "key: it is the applicant's reference in the vault (HMAC)")
        case facts.CalendarPublished():
            _check_calendar(command.key, payload)
    if interactive and command.type in AT_COUNTER:
        if command.centre is None:
            raise Refused(Code.E_FIELD, f"{command.type} needs a centre")
        if command.channel is Channel.WINDOW and command.window is None:
            raise Refused(Code.E_FIELD, f"{command.type} at channel window needs a window")


def _check_hall(command: Command, payload: hall.HallPayload) -> None:
    """Refuse a fact in the stream of another centre, another day or at two windows."""
    centre, _, day = command.key.rpartition(".")
    happened = command.occurred_at.astimezone(SHANGHAI).date().isoformat()
    if day != happened or not centre:
        raise Refused(Code.E_FIELD, f"key: of a hall it is CENTRE.{happened}, the day it happened")
    if command.centre != centre:
        raise Refused(Code.E_FIELD, f"centre: a fact of hall {command.key} has centre {centre}")
    if command.window not in {None, getattr(payload, "window_id", command.window)}:
        raise Refused(Code.E_FIELD, "window: not the one that data names as window_id")


def _check_service(payload: rating.ServicePayload) -> None:
    """Refuse what does not say which service it is about."""
    if payload.subject == "consult":
        raise Refused(Code.E_FIELD, "subject: a question is not rated here; its case or visit is")
    if (payload.ticket_id is not None) != (payload.subject == "ticket"):
        raise Refused(Code.E_FIELD, "ticket_id: of subject ticket, and of no other")


def _check_interaction(
    command: Command, payload: interaction.ConsultAsked | interaction.ComplaintFiled
) -> None:
    """Refuse a question or complaint that does not lie beside its case."""
    match payload:
        case (
            interaction.ConsultAsked(consult_id=own) | interaction.ComplaintFiled(complaint_id=own)
        ):
            pass
    if command.key != (payload.case_id or own):
        raise Refused(Code.E_FIELD, "key: it is case_id where there is one, else the id itself")


def _check_inspection(command: Command, payload: inspection.InspectionPayload) -> None:
    """Refuse a sealed inspection that says where, one that is not anywhere, a plan of elsewhere."""
    where, kind = command.centre, command.type
    match payload:
        case inspection.InspectionSealed() if where or command.dept or command.window:
            raise Refused(Code.E_FIELD, f"{kind} names no centre, department or window (暗访)")
        case inspection.InspectionPlanned() | inspection.InspectionConducted() if where is None:
            raise Refused(Code.E_FIELD, f"{kind} needs the centre that is inspected")
        case inspection.InspectionConducted(opened=plan) if plan and plan.centre != where:
            raise Refused(Code.E_FIELD, f"opened.centre: it is the centre of {kind}, {where}")


def _check_changes(amendment: case.CaseEventAmended) -> None:
    for name, change in amendment.changes.items():
        if change.old == change.new:
            raise Refused(Code.E_FIELD, f"changes.{name}: old and new are the same")
    if "occurred_at" in amendment.changes and amendment.evidence is None:
        raise Refused(Code.E_FIELD, "changing occurred_at needs evidence (文书编号)")


def _units(limit: Limit) -> int:
    return limit.n * UNITS[limit.unit]


def check_limits(promised: Limit | None, statutory: Limit | None) -> None:
    """Refuse a promise longer than the law allows, after unit conversion (domain.md 2.6)."""
    if promised is not None and statutory is not None and _units(promised) > _units(statutory):
        raise Refused(Code.E_FIELD, "promised limit is longer than the statutory one")


def _check_materials(item: facts.ItemRegistered) -> None:
    names = [each.id for each in item.materials or ()]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise Refused(Code.E_FIELD, f"materials: {', '.join(twice)} is listed twice")


def _check_calendar(key: str, calendar: facts.CalendarPublished) -> None:
    if key != f"cal-{calendar.year}":
        raise Refused(Code.E_FIELD, f"the calendar of {calendar.year} has key cal-{calendar.year}")
    strangers = [d for d in (*calendar.holidays, *calendar.workdays) if d.year != calendar.year]
    if strangers:
        raise Refused(Code.E_FIELD, f"{min(strangers)} is no day of {calendar.year}")


def check_late(command: Command, now: datetime, reference: Reference) -> list[str]:
    """Refuse the future and the unexplained past; give the flag `late` for the explained one."""
    ahead = command.occurred_at - now
    if ahead > SKEW:
        raise Refused(
            Code.E_TIME_FUTURE,
            f"occurred_at is {int(ahead.total_seconds() // 60)} minutes after now; "
            "look at the terminal's clock",
        )
    if command.source_class is SourceClass.HISTORICAL or command.type in REFERENCE_COMMANDS:
        return []
    if now - command.occurred_at < A_DAY:
        return []
    days = reference.calendar.elapsed(
        command.occurred_at.astimezone(SHANGHAI).date(), now.astimezone(SHANGHAI).date()
    )
    if days <= LATE_WORKDAYS:
        return []
    if command.late_reason is None and command.source_class is SourceClass.INTERACTIVE:
        raise Refused(
            Code.E_LATE_REASON,
            f"happened {days} working days before it is entered; give late_reason",
        )
    return ["late"]


def check_references(
    command: Command, payload: Payload, data: Mapping[str, Any], reference: Reference
) -> None:
    """Refuse places, items and departments that are not known, or are no more.

    Places and items are checked for every source class; departments, and whether a centre or an
    item was still there on the day, for interactive commands.

    Raises:
        Refused: E_REF.

    """
    if command.type in REFERENCE_COMMANDS:
        _check_reference_fact(payload, command, reference)
        return
    _check_places(command, reference)
    item = data.get("item")
    if item is not None and item not in reference.items:
        raise Refused(Code.E_REF, f"item {item} is not registered (item.register)")
    if command.source_class is not SourceClass.INTERACTIVE:
        return
    if reference.over:
        _check_still_there(command, data, reference)
    for dept in (command.dept, data.get("to_dept"), data.get("from_dept")):
        if dept is not None and dept not in reference.depts:
            raise Refused(Code.E_REF, f"department {dept} is not known (dept.register)")
    for centre in (data.get("to_centre"), data.get("from_centre")):
        if centre is not None and centre not in reference.centres:
            raise Refused(Code.E_REF, f"centre {centre} is not known (centre.open)")


def check_duty(
    command: Command, data: Mapping[str, Any], reference: Reference,
    history: Callable[[], Sequence[Event]],
) -> None:  # fmt: skip
    """Refuse an actor without the post; duties hold for interactive commands (law 2).

    What another system did needs no post of ours; that it corrects what was entered here, or takes
    a card back, does. `history`: all facts of the command's stream.

    Raises:
        Refused: E_AUTH, E_REF.

    """
    ours = command.source_class is SourceClass.INTERACTIVE or (
        command.type in duty.TAKES_BACK and command.source_class is not SourceClass.SYSTEM
    )
    if command.type in REFERENCE_COMMANDS:
        _check_reference_actor(command, reference)
    elif command.type in duty.OWN_COMMANDS:
        _check_own(command)
    elif ours:
        _check_approver(data, reference)
        _check_post(command, data, reference)
    if command.type.endswith(CORRECTIONS):
        corrections.check_correctors(command, data, reference, history)


def _check_places(command: Command, reference: Reference) -> None:
    centre, window = command.centre, command.window
    if centre is not None and centre not in reference.centres:
        raise Refused(Code.E_REF, f"centre {centre} is not known (centre.open)")
    if window is None:
        return
    known = reference.windows.get(window)
    if known is None:
        raise Refused(Code.E_REF, f"window {window} is not known (window.create)")
    if known.centre != centre:
        raise Refused(Code.E_REF, f"window {window} belongs to {known.centre}, not to {centre}")


def _check_still_there(command: Command, data: Mapping[str, Any], reference: Reference) -> None:
    """Refuse what happens where it closed before, or asks for an item that was retired."""
    at = command.occurred_at.astimezone(SHANGHAI).isoformat()
    item = data.get("item")
    for place in (command.centre, command.window, data.get("window_id"), data.get("to_window")):
        if reference.is_over(f"org/{place}", at):
            raise Refused(Code.E_REF, f"{place} was closed before {at}")
    if reference.is_over(f"item/{item}", at):
        raise Refused(Code.E_REF, f"item {item} was retired before {at}")


def _check_approver(data: Mapping[str, Any], reference: Reference) -> None:
    """Refuse an approval (延长, 挂起, 延期 …) by somebody unknown; whose it is, their rules say."""
    approver = data.get("approver")
    if approver is not None and approver not in reference.staff:
        raise Refused(Code.E_REF, f"approver: staff {approver} is not known (staff.join)")


def _check_own(command: Command) -> None:
    """Refuse what only the ledger says, to itself; what other systems tell of cases is theirs."""
    entered = command.source_class is SourceClass.INTERACTIVE
    if command.source_class is not SourceClass.SYSTEM and (entered or command.type in duty.ALERTS):
        raise Refused(Code.E_AUTH, f"{command.type} is for the ledger itself: source_class system")


def _check_post(command: Command, data: Mapping[str, Any], reference: Reference) -> None:
    actor = command.actor
    if actor.kind is ActorKind.CITIZEN and command.type in duty.CITIZEN_COMMANDS:
        return
    machine = actor.kind is ActorKind.SYSTEM and command.type in duty.SYSTEM_COMMANDS
    if machine and duty.is_unattended(command.type, command.channel, data):
        return
    posts = duty.POSTS.get(command.type, frozenset())
    known = reference.staff.get(actor.staff or "") if actor.kind is ActorKind.STAFF else None
    if known is not None and actor.post in known.posts and actor.post in posts:
        return
    wanted = " or ".join(sorted(posts)) or "a citizen"
    if actor.kind is not ActorKind.STAFF or actor.staff is None:
        raise Refused(Code.E_AUTH, f"{command.type} is for {wanted}; the actor is no member of "
                      "staff", tuple(sorted(posts)))  # fmt: skip
    if known is None:
        raise Refused(Code.E_AUTH, f"staff {actor.staff} is not known (staff.join)")
    held = ", ".join(sorted(known.posts)) or "no post"
    raise Refused(
        Code.E_AUTH, f"{command.type} is for {wanted}; {actor.staff} holds {held}",
        tuple(sorted(posts)),
    )  # fmt: skip


def _check_reference_actor(command: Command, reference: Reference) -> None:
    if command.actor.kind is ActorKind.SYSTEM:
        if command.source_class is SourceClass.INTERACTIVE:
            raise Refused(Code.E_AUTH, f"{command.type}: say which member of staff gives it, or "
                          "give it by class system")  # fmt: skip
        return
    known = reference.staff.get(command.actor.staff or "")
    if known is None or command.actor.post not in (known.posts & duty.REFERENCE_POSTS):
        raise Refused(
            Code.E_AUTH, f"{command.type} is for {' or '.join(sorted(duty.REFERENCE_POSTS))}"
        )


def _check_reference_fact(payload: Payload, command: Command, reference: Reference) -> None:
    key, interactive = command.key, command.source_class is SourceClass.INTERACTIVE
    match payload:
        case facts.WindowCreated(centre=centre) if centre not in reference.centres:
            raise Refused(Code.E_REF, f"centre {centre} is not known (centre.open)")
        case facts.CentreOpened(town=town) if town != key and town not in reference.centres:
            raise Refused(Code.E_REF, f"town {town} is not known (centre.open it first)")
        case facts.ItemRegistered(dept=dept) if dept not in reference.depts:
            raise Refused(Code.E_REF, f"department {dept} is not known (dept.register)")
        case facts.StaffPostGranted() if key not in reference.staff:
            raise Refused(Code.E_REF, f"staff {key} is not known (staff.join)")
        case facts.StaffPostGranted(granted_by=by) if interactive and by not in reference.staff:
            raise Refused(Code.E_REF, f"granted_by: staff {by} is not known (staff.join)")


def check_grant(payload: Payload, command: Command) -> None:
    """Refuse a post that somebody grants to themselves, whomever they name as granting it.

    Raises:
        Refused: E_SOD.

    """
    if isinstance(payload, facts.StaffPostGranted) and command.key in {
        payload.granted_by, command.actor.staff,
    }:  # fmt: skip
        raise Refused(Code.E_SOD, "nobody grants a post to themselves")
