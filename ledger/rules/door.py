"""What is checked of every command before its own rules: lateness, references, posts."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from ledger.contracts.codes import SHANGHAI, ActorKind, Channel, SourceClass
from ledger.contracts.commands import Command
from ledger.contracts.events import REFERENCE_COMMANDS
from ledger.contracts.events import reference as facts
from ledger.contracts.events.base import Payload
from ledger.rules import duty
from ledger.rules.reference import Reference
from ledger.rules.refusals import Code, Refused

SKEW = timedelta(minutes=5)
LATE_WORKDAYS = 1
"""More than this many working days between happening and recording needs a reason."""


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
    if now - command.occurred_at < timedelta(days=1):
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


def check_who_and_where(command: Command, data: Mapping[str, Any], reference: Reference) -> None:
    """Refuse unknown places, items and people, and people without the post.

    References are checked for every source class, duties for interactive ones (law 2).

    Raises:
        Refused: E_REF, E_AUTH, E_FIELD.

    """
    if command.type in REFERENCE_COMMANDS:
        _check_reference_actor(command, reference)
        return
    _check_places(command, reference)
    if (item := data.get("item")) is not None and item not in reference.items:
        raise Refused(Code.E_REF, f"item {item} is not registered (item.register)")
    if command.source_class is SourceClass.INTERACTIVE:
        _check_interactive(command, data, reference)


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


def _check_interactive(command: Command, data: Mapping[str, Any], reference: Reference) -> None:
    for name in ("dept", "to_dept", "from_dept"):
        dept = command.dept if name == "dept" else data.get(name)
        if dept is not None and dept not in reference.depts:
            raise Refused(Code.E_REF, f"department {dept} is not known (dept.register)")
    if (to := data.get("to_centre")) is not None and to not in reference.centres:
        raise Refused(Code.E_REF, f"centre {to} is not known (centre.open)")
    at_counter = command.type in {"case.submit", "case.accept"}
    if at_counter and command.centre is None:
        raise Refused(Code.E_FIELD, f"{command.type} needs a centre")
    if at_counter and command.channel is Channel.WINDOW and command.window is None:
        raise Refused(Code.E_FIELD, f"{command.type} at channel window needs a window")
    _check_post(command, reference)
    if command.type.endswith(".void_event"):
        _check_void_people(command, data, reference)


def _check_post(command: Command, reference: Reference) -> None:
    actor = command.actor
    if actor.kind is ActorKind.CITIZEN and command.type in duty.CITIZEN_COMMANDS:
        return
    if actor.kind is ActorKind.SYSTEM and command.type in duty.SYSTEM_COMMANDS:
        return
    posts = duty.POSTS.get(command.type, frozenset())
    wanted = " or ".join(sorted(posts)) or "a citizen"
    if actor.kind is not ActorKind.STAFF or actor.staff is None:
        raise Refused(Code.E_AUTH, f"{command.type} is for {wanted}", tuple(sorted(posts)))
    known = reference.staff.get(actor.staff)
    if known is None:
        raise Refused(Code.E_AUTH, f"staff {actor.staff} is not known (staff.join)")
    if actor.post is None or actor.post not in known.posts or actor.post not in posts:
        held = ", ".join(sorted(known.posts)) or "no post"
        raise Refused(
            Code.E_AUTH, f"{command.type} is for {wanted}; {actor.staff} holds {held}",
            tuple(sorted(posts)),
        )  # fmt: skip
    if command.type == "case.receive_transfer" and known.dept is None and known.centre is None:
        raise Refused(Code.E_AUTH, f"{actor.staff} belongs to no department that could sign")


def _check_void_people(command: Command, data: Mapping[str, Any], reference: Reference) -> None:
    if data["requested_by"] != command.actor.staff:
        raise Refused(Code.E_AUTH, "requested_by must be the corrector who enters the correction")
    approver = reference.staff.get(data["approved_by"])
    if approver is None or "correct_approver" not in approver.posts:
        raise Refused(Code.E_AUTH, f"{data['approved_by']} does not hold post correct_approver")


def _check_reference_actor(command: Command, reference: Reference) -> None:
    if command.actor.kind is ActorKind.SYSTEM:
        return
    known = reference.staff.get(command.actor.staff or "")
    if known is None or command.actor.post not in (known.posts & duty.REFERENCE_POSTS):
        raise Refused(
            Code.E_AUTH, f"{command.type} is for {' or '.join(sorted(duty.REFERENCE_POSTS))}"
        )


def check_reference(payload: Payload, key: str, reference: Reference) -> None:
    """Refuse a reference fact that points to nothing.

    Raises:
        Refused: E_REF, E_SOD, E_FIELD.

    """
    match payload:
        case facts.WindowCreated(centre=centre) if centre not in reference.centres:
            raise Refused(Code.E_REF, f"centre {centre} is not known (centre.open)")
        case facts.CentreOpened(town=town) if town != key and town not in reference.centres:
            raise Refused(Code.E_REF, f"town {town} is not known (centre.open it first)")
        case facts.ItemRegistered(dept=dept) if dept not in reference.depts:
            raise Refused(Code.E_REF, f"department {dept} is not known (dept.register)")
        case facts.StaffPostGranted(granted_by=by):
            if key not in reference.staff:
                raise Refused(Code.E_REF, f"staff {key} is not known (staff.join)")
            if by == key:
                raise Refused(Code.E_SOD, "nobody grants a post to themselves")
