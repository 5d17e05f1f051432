"""办件 (case): who may do what with a case, beyond the post (domain.md 3.3).

What is entered here is refused; what another system did is a fact (law 2).
"""

from ledger.contracts.codes import CentreLevel, Post, ProjectType, SourceClass
from ledger.contracts.commands import Command
from ledger.contracts.events import case, case_course
from ledger.contracts.events.base import Payload
from ledger.rules.case import State, Transfer
from ledger.rules.case_matrix import DAYS_MAX
from ledger.rules.door import check_limits
from ledger.rules.reference import Reference
from ledger.rules.refusals import Code, Refused

TO_THE_COUNTER = frozenset({"return", "delegate"})
"""Kinds of transfer that bring a case to the counter of a centre."""


def check_receiver(command: Command, transfer: Transfer | None, reference: Reference) -> None:
    """Refuse a signature of somebody who does not belong to where the case was sent.

    The counter (前台) has no department of its own: its people sign for what comes back to their
    centre (退回前台, 下转村), not for a department that sits there; in a village one is both.
    Source: domain.md 3.3, "actor belongs to `to`".

    Raises:
        Refused: E_AUTH.

    """
    staff = reference.staff.get(command.actor.staff or "")
    if command.source_class is not SourceClass.INTERACTIVE or transfer is None or staff is None:
        return
    to_dept, to_centre = transfer.to_dept, transfer.to_centre
    known = reference.centres.get(to_centre or "")
    counter = known is not None and (
        transfer.kind in TO_THE_COUNTER or known.level is CentreLevel.VILLAGE
    )
    of_dept = staff.dept == to_dept or (staff.dept is None and counter)
    if not of_dept or (to_centre is not None and staff.centre != to_centre):
        where = " at ".join(filter(None, (to_dept, to_centre)))
        raise Refused(Code.E_AUTH, f"{command.actor.staff} does not belong to {where}")


def check_promise(command: Command, payload: Payload, item: str | None, known: Reference) -> None:
    """Refuse an acceptance that promises more time than the law gives, its own or its item's.

    Raises:
        Refused: E_FIELD.

    """
    of = known.items.get(item or "")
    hard = command.source_class is SourceClass.INTERACTIVE
    if hard and of is not None and isinstance(payload, case.CaseAccepted):
        check_limits(payload.promised or of.promised, payload.statutory or of.statutory)


def check_head(command: Command, payload: Payload, state: State, reference: Reference) -> None:
    """Refuse an extension of a joint case over 10 days that no 政府负责人 approved.

    Source: 行政许可法 §42; domain.md 3.3, C2 of 4.2.

    Raises:
        Refused: E_AUTH.

    """
    if command.source_class is not SourceClass.INTERACTIVE or not isinstance(
        payload, case_course.ExtensionGranted
    ):
        return
    long = payload.days > DAYS_MAX and state.project_type == ProjectType.JOINT
    known = reference.staff.get(payload.approver)
    if long and (known is None or Post.GOV_HEAD not in known.posts):
        raise Refused(
            Code.E_AUTH, f"an extension of {payload.days} days is approved by a {Post.GOV_HEAD} "
            f"(政府负责人); {payload.approver} is none", (Post.GOV_HEAD.value,),
        )  # fmt: skip


def check_authority(command: Command, item: str | None, at: str, reference: Reference) -> None:
    """Refuse an acceptance at a centre that was not given the item, or has not claimed it (R30).

    Raises:
        Refused: E_AUTH.

    """
    hard = command.source_class is SourceClass.INTERACTIVE
    if hard and reference.exceeds(item, command.centre, at):
        raise Refused(Code.E_AUTH, f"{command.centre} was not given item {item} on {at[:10]}, or "
                      "has not claimed it (越权)", ("item.delegate", "item.claim"))  # fmt: skip
