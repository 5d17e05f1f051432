"""Posts and separation of duties (岗位·岗位分离), domain.md 2.4 and 5.3."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from ledger.contracts.codes import Channel, Post, ProjectType, SourceClass
from ledger.contracts.events import case as facts
from ledger.rules.case import State
from ledger.rules.refusals import Code, Refused

if TYPE_CHECKING:
    from ledger.rules.streams import Asked

POSTS: dict[str, frozenset[str]] = {
    "case.submit": frozenset({Post.ACCEPT, Post.AGENT}),
    "case.accept": frozenset({Post.ACCEPT}),
    "case.start_step": frozenset({Post.ACCEPT, Post.REVIEW, Post.APPROVE}),
    "case.finish_step": frozenset({Post.ACCEPT, Post.REVIEW, Post.APPROVE}),
    "case.transfer": frozenset({Post.ACCEPT, Post.REVIEW, Post.APPROVE}),
    "case.receive_transfer": frozenset({Post.ACCEPT, Post.REVIEW, Post.APPROVE}),
    "case.decide": frozenset({Post.APPROVE}),
    "case.conclude": frozenset({Post.ACCEPT, Post.APPROVE, Post.ISSUE}),
    "case.issue": frozenset({Post.ISSUE}),
    **dict.fromkeys(
        (
            "case.correct_material",
            "case.notice_supplement",
            "case.supplement",
            "case.refuse_acceptance",
            "case.commit_deficiency",
            "case.fill_deficiency",
            "case.fail_deficiency",
            "case.sign_commitment",
            "case.collect_remote",
            "case.hand_over",
            "case.withdraw",
            "case.charge_fee",
            "case.refund_fee",
        ),
        frozenset({Post.ACCEPT}),
    ),
    **dict.fromkeys(
        (
            "case.start_special",
            "case.end_special",
            "case.suspend_clock",
            "case.resume_clock",
            "case.refuse_transfer",
            "case.terminate",
            "case.verify_commitment",
            "case.record_superior",
            "case.request_hearing",
            "case.notify_hearing",
        ),
        frozenset({Post.ACCEPT, Post.REVIEW, Post.APPROVE}),
    ),
    "case.grant_extension": frozenset({Post.APPROVE}),
    "case.revoke_decision": frozenset({Post.APPROVE}),
    "case.deliver": frozenset({Post.ISSUE}),
    "case.archive": frozenset({Post.ISSUE, Post.ACCEPT}),
    "case.record_external": frozenset(),
    "case.exchange": frozenset(),
    "case.visit": frozenset(),
    "case.bundle": frozenset(),
    "case.urge": frozenset({Post.HALL_MANAGER, Post.CITY_SUPERVISOR}),
    "ticket.issue": frozenset({Post.GUIDE}),
    "ticket.check_in": frozenset({Post.GUIDE}),
    **dict.fromkeys(
        (
            "ticket.call",
            "ticket.start_service",
            "ticket.finish_service",
            "ticket.pass_over",
            "ticket.park",
            "ticket.resume",
        ),
        frozenset({Post.ACCEPT, Post.ISSUE, Post.AGENT}),
    ),
    **dict.fromkeys(
        ("ticket.transfer", "ticket.cancel"),
        frozenset({Post.GUIDE, Post.ACCEPT, Post.ISSUE, Post.AGENT}),
    ),
    "ticket.expire": frozenset({Post.HALL_MANAGER}),
    "window.open": frozenset({Post.HALL_MANAGER}),
    "window.close": frozenset({Post.HALL_MANAGER}),
    **dict.fromkeys(
        (
            "window.pause",
            "window.resume",
            "staff.record_in",
            "staff.record_out",
            "staff.leave_post",
            "staff.return",
        ),
        frozenset({Post.HALL_MANAGER, Post.GUIDE, Post.ACCEPT, Post.ISSUE, Post.AGENT}),
    ),
    "staff.record_leave": frozenset({Post.HALL_MANAGER}),
    "hall.count_heads": frozenset({Post.HALL_MANAGER}),
    "hall.void_event": frozenset({Post.CORRECTOR}),
    "case.void_event": frozenset({Post.CORRECTOR}),
    "case.amend_event": frozenset({Post.CORRECTOR}),
    "rating.void_event": frozenset({Post.CORRECTOR}),
    "rating.invite": frozenset({Post.GUIDE, Post.ACCEPT, Post.ISSUE}),
    "rating.default": frozenset(),
    **dict.fromkeys(
        (
            "neg.precheck",
            "neg.verify",
            "neg.plan_rectification",
            "neg.rectify",
            "neg.reply",
            "neg.close",
        ),
        frozenset({Post.RATING_OFFICER}),
    ),
    "neg.call_back": frozenset({Post.CALLBACK_OFFICER}),
    "neg.grant_extension": frozenset({Post.HALL_MANAGER, Post.CITY_SUPERVISOR}),
    "neg.instruct": frozenset({Post.HALL_MANAGER, Post.CITY_SUPERVISOR}),
    "appeal.file": frozenset(
        {Post.ACCEPT, Post.REVIEW, Post.APPROVE, Post.ISSUE, Post.HALL_MANAGER}
    ),
    "appeal.uphold": frozenset({Post.CITY_SUPERVISOR}),
    "appeal.deny": frozenset({Post.CITY_SUPERVISOR}),
    "agent.request": frozenset({Post.AGENT, Post.GUIDE, Post.ACCEPT}),
    **dict.fromkeys(
        (
            "agent.entrust",
            "agent.accept",
            "agent.decline",
            "agent.link_case",
            "agent.hand_to_town",
            "agent.suspend",
            "agent.resume",
            "agent.end",
        ),
        frozenset({Post.AGENT}),
    ),
    "agent.deliver_result": frozenset({Post.AGENT, Post.ISSUE}),
    "agent.call_back": frozenset({Post.CALLBACK_OFFICER}),
    "agent.report_fee": frozenset({Post.HALL_MANAGER, Post.CITY_SUPERVISOR, Post.CALLBACK_OFFICER}),
    "agent.void_event": frozenset({Post.CORRECTOR}),
    "bundle.open": frozenset({Post.ACCEPT}),
    "bundle.add_member": frozenset({Post.ACCEPT}),
    "bundle.conclude_member": frozenset(),
    "bundle.close": frozenset({Post.ACCEPT, Post.ISSUE}),
    "bundle.void_event": frozenset({Post.CORRECTOR}),
    "consult.ask": frozenset({Post.GUIDE, Post.ACCEPT, Post.AGENT}),
    "consult.answer": frozenset({Post.GUIDE, Post.ACCEPT, Post.AGENT, Post.REVIEW}),
    "complaint.file": frozenset({Post.GUIDE, Post.ACCEPT, Post.HALL_MANAGER}),
    **dict.fromkeys(
        ("complaint.accept", "complaint.reply", "complaint.close"),
        frozenset({Post.RATING_OFFICER, Post.HALL_MANAGER, Post.CITY_SUPERVISOR}),
    ),
    "complaint.extend": frozenset({Post.HALL_MANAGER, Post.CITY_SUPERVISOR}),
    "interaction.void_event": frozenset({Post.CORRECTOR}),
    **dict.fromkeys(
        ("inspection.plan", "inspection.seal"), frozenset({Post.INSPECTOR, Post.CITY_SUPERVISOR})
    ),
    **dict.fromkeys(("inspection.conduct", "finding.record"), frozenset({Post.INSPECTOR})),
    **dict.fromkeys(("finding.contest", "rectification.submit"), frozenset({Post.HALL_MANAGER})),
    **dict.fromkeys(
        (
            "finding.decide_contest",
            "notice.issue",
            "notice.close",
            "rectification.accept",
            "rectification.reject",
        ),
        frozenset({Post.CITY_SUPERVISOR}),
    ),
    "inspection.void_event": frozenset({Post.CORRECTOR}),
    **dict.fromkeys(("day.close", "period.freeze", "period.restate"), frozenset[Post]()),
    "source.fall_silent": frozenset(),
    **dict.fromkeys(("alert.raise", "alert.escalate"), frozenset()),
    **dict.fromkeys(
        ("alert.acknowledge", "alert.explain"), frozenset({Post.HALL_MANAGER, Post.CITY_SUPERVISOR})
    ),
    **dict.fromkeys(("alert.cancel", "alert.close"), frozenset({Post.CITY_SUPERVISOR})),
}
"""Command → the posts that may give it; reference commands are in `REFERENCE_POSTS`."""

REFERENCE_POSTS = frozenset({Post.ITEM_ADMIN, Post.CITY_SUPERVISOR})

CITIZEN_COMMANDS = frozenset({
    "case.submit", "case.withdraw", "rating.submit", "rating.append",
    "ticket.issue", "ticket.check_in", "ticket.cancel",
    "agent.request", "agent.report_fee", "consult.ask", "complaint.file",
})  # fmt: skip
"""What a citizen may do without a post, online or at a device."""

SYSTEM_COMMANDS = frozenset({
    "case.conclude", "case.issue", "case.deliver", "case.record_external", "case.exchange",
    "rating.invite",
    "ticket.issue", "ticket.check_in", "ticket.expire",
    "staff.record_in", "staff.record_out", "hall.count_heads",
})  # fmt: skip
"""What machinery may do in an interactive source: automatic conclusion and electronic issue,
invitations, ticket machines, attendance devices, sensors."""

ALERTS = frozenset({"alert.raise", "alert.escalate"})
"""Judgements of ours: no other system has them to tell."""
OWN_COMMANDS = ALERTS | {"case.visit", "case.bundle", "bundle.conclude_member"}
"""What the ledger says to itself (`caused.py`) and its sweeps say to it; nobody enters it here."""

TAKES_BACK = frozenset({"alert.cancel"})
"""What takes a judgement of ours back: people of ours do, whatever system says so."""

ELECTRONIC = frozenset({Channel.WEB, Channel.MOBILE, Channel.EMAIL, Channel.SELF_SERVICE})
UNATTENDED = frozenset({"electronic", "locker"})


def is_unattended(kind: str, channel: str | None, data: Mapping[str, Any]) -> bool:
    """Tell whether machinery may have done it: no paper is issued, or handed over, by nobody."""
    if kind == "case.issue":
        return channel in ELECTRONIC
    return kind != "case.deliver" or data["method"] in UNATTENDED


ACCEPT_APPROVE = "accept–approve"
REVIEW_APPROVE = "review–approve"
APPROVE_ISSUE = "approve–issue"
AGENT_ACCEPT = "agent–accept"
NOTHING: Mapping[str, Any] = MappingProxyType({})


def check_agent(asked: "Asked") -> None:
    """Refuse an application for somebody by who is no agent (代办员), where it is entered here.

    Raises:
        Refused: E_REF.

    """
    name = asked.data.get("agent_staff")
    if name is None or asked.command.source_class is not SourceClass.INTERACTIVE:
        return
    known = asked.reference.staff.get(name)
    if known is None or Post.AGENT not in known.posts:
        raise Refused(Code.E_REF, f"{name} is no agent (staff.grant_post)")


def conflicts(
    state: State, kind: str, staff: str | None, stamp: Mapping[str, Any] = NOTHING
) -> tuple[str, ...]:
    """Give the pairs of domain.md 5.3 that `staff` would join by this fact of a case.

    `state` is the one before the fact, `stamp` its own: an agent may accept what they ask for where
    the item lets one person do it all, and in a village that has no other (`alone`). Electronic
    issue has no staff and joins nothing; where the item lets one person do it all (全科
    “充分授权”), whoever decided may also hand it over.
    """
    if staff is None:
        return ()
    found = []
    if kind == facts.DecisionMade.TYPE:
        if staff == state.accept_staff and not state.one_person_ok:
            found.append(ACCEPT_APPROVE)
        instant = state.project_type == ProjectType.INSTANT
        if staff in state.review_staff and not (instant or state.one_person_ok):
            found.append(REVIEW_APPROVE)
    elif kind == facts.CaseAccepted.TYPE and staff == state.agent:
        if not (stamp.get("one_person_ok") or stamp.get("alone")):
            found.append(AGENT_ACCEPT)
    elif kind == facts.CaseIssued.TYPE and staff == state.approve_staff and not state.one_person_ok:
        found.append(APPROVE_ISSUE)
    return tuple(found)


def flags(
    state: State, kind: str, stamp: Mapping[str, Any], staff: str | None, source_class: str
) -> list[str]:
    """Give ["R07"] (岗位未分离) where one person did incompatible acts, else [].

    History has no flags: nobody is alerted to it (design.md 5).
    """
    if source_class == SourceClass.HISTORICAL:
        return []
    return ["R07"] if conflicts(state, kind, staff, stamp) else []
