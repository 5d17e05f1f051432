"""办件 (case): the matrix of states and events, and what it cannot say (domain.md 3.3, 4.1)."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from ledger.contracts.codes import ProjectType
from ledger.contracts.events import case as facts
from ledger.contracts.events import case_course as course
from ledger.rules import materials
from ledger.rules.case_order import predecessor
from ledger.rules.case_state import State
from ledger.rules.refusals import Code, Refused

if TYPE_CHECKING:
    from ledger.rules.streams import Asked

KEEP = "="
"""In the matrix: legal, the state stays."""

Data = Mapping[str, Any]


def _stay(*kinds: type[facts.CasePayload]) -> dict[str, str]:
    return dict.fromkeys((kind.TYPE for kind in kinds), KEEP)


_STEPS = _stay(facts.StepStarted, facts.StepFinished)
_TOLD = _stay(course.ExternalStatus, course.CaseExchanged, course.CaseUrged, course.CaseVisited,
              course.CaseBundled)  # fmt: skip
_MONEY = _stay(course.FeeCharged, course.FeeRefunded)
_OPEN = {**_STEPS, **_TOLD, **_MONEY, course.CaseWithdrawn.TYPE: "WDR"}
_COURSE = {
    **_OPEN,
    course.CaseTerminated.TYPE: "TER",
    **_stay(course.ExtensionGranted, course.ClockSuspended, course.ClockResumed,
            course.DeficiencyCommitted, course.DeficiencyFilled, course.DeficiencyFailed,
            course.EscalatedResult, course.HearingRequested, course.HearingNotified),
}  # fmt: skip
_DESK = {
    **_COURSE,
    facts.Transferred.TYPE: "TRN",
    facts.DecisionMade.TYPE: "DEC",
    **_stay(course.SpecialStarted, course.SpecialEnded, course.CommitmentSigned),
}
_AFTER_FAILURE = {**_TOLD, **_stay(facts.StepFinished, course.FeeRefunded),
                  course.CaseWithdrawn.TYPE: "WDR", course.CaseTerminated.TYPE: "TER"}  # fmt: skip
_DONE = {
    **_TOLD, **_MONEY, **_stay(facts.CaseConcluded, course.CommitmentVerified,
                               course.DecisionRevoked),
    course.CaseArchived.TYPE: "ARC",
}  # fmt: skip
_ENDED = {**_TOLD, **_stay(facts.CaseConcluded, course.CaseDelivered, course.FeeRefunded),
          course.CaseArchived.TYPE: "ARC"}  # fmt: skip

MATRIX: dict[str, dict[str, str]] = {
    "-": {facts.CaseSubmitted.TYPE: "SUB"},
    "SUB": {
        **_OPEN,
        **_stay(course.MaterialCorrected, course.CommitmentSigned, course.CollectedRemote,
                course.HandedOver),
        course.SupplementNoticed.TYPE: "SUP",
        facts.CaseAccepted.TYPE: "ACC",
        course.DeemedAccepted.TYPE: "ACC",
        course.NotAccepted.TYPE: "NAC",
    },
    "SUP": {
        **_OPEN,
        course.SupplementNoticed.TYPE: KEEP,
        course.Supplemented.TYPE: "SUB",
        course.NotAccepted.TYPE: "NAC",
        course.CaseTerminated.TYPE: "TER",
    },
    "ACC": _DESK,
    "TRN": {**_COURSE, facts.TransferReceived.TYPE: "REV", course.TransferRefused.TYPE: "BACK"},
    "REV": _DESK,
    "DEC+": {**_DONE, **_STEPS, facts.CaseIssued.TYPE: "ISS", course.CaseDelivered.TYPE: "DLV"},
    "DEC-": {**_DONE, **_STEPS, course.CaseDelivered.TYPE: "DLV"},
    "ISS": {**_DONE, facts.CaseIssued.TYPE: KEEP, course.CaseDelivered.TYPE: "DLV"},
    "DLV": {**_DONE, course.CaseDelivered.TYPE: KEEP},
    "ARC": {**_TOLD, **_stay(course.CommitmentVerified, course.DecisionRevoked)},
    "NAC": _ENDED,
    "WDR": _ENDED,
    "TER": _ENDED,
    "VOI": {},
}  # fmt: skip
"""State → legal event → state after; docs/states.md prints it and a test reads it there.

`DEC` stands for DEC+ (approved, partly) or DEC- (rejected), `BACK` for the sender's state. An
incomplete supplement stays in SUP. What is not listed is E_STATE.
"""

STATE_NAMES = {
    "-": "无", "SUB": "已收件", "SUP": "待补正", "ACC": "已受理", "TRN": "转办在途",
    "REV": "审查中", "DEC+": "已决定(准予)", "DEC-": "已决定(不予)", "ISS": "已出件",
    "DLV": "已送达", "ARC": "已归档", "NAC": "不予受理", "WDR": "撤回", "TER": "终止",
    "VOI": "作废",
}  # fmt: skip

COMMAND_OF = {
    fact.TYPE: fact.COMMAND
    for module in (facts, course)
    for fact in vars(module).values()
    if isinstance(fact, type) and issubclass(fact, facts.CasePayload)
}


def legal(state: State) -> tuple[str, ...]:
    """Give the commands that are legal in `state`, for the sentence of a refusal."""
    names = [COMMAND_OF[kind] for kind in MATRIX[state.status]]
    if state.concluded_at is not None:
        names = [name for name in names if name != facts.CaseConcluded.COMMAND]
    if _must_end(state):
        names = [COMMAND_OF[kind] for kind in _AFTER_FAILURE]
    return tuple(sorted(filter(None, names)))


def check(
    state: State, kind: str, data: Data, at: str, *, hard: bool, asked: "Asked | None" = None
) -> None:
    """Refuse a fact that cannot follow `state`; `at` is its occurred_at.

    `hard`: the fact was entered here (interactive), so that a promised case cannot be decided
    before a back office signed for it; elsewhere such a decision is a fact (law 2). `asked`: the
    command of such a fact, unless it is history: what reference data of the day say is asked once.

    Raises:
        Refused: E_STATE with what is legal; E_FIELD for materials that are not there; E_LIMIT for
            an extension too long, a promise of the dishonest; E_TIME_ORDER.

    """
    if kind == course.ClockBreached.TYPE:
        return  # Our own, of the clocks alone; `deadlines.settle` looks after it.
    again = kind == facts.CaseConcluded.TYPE and state.concluded_at is not None
    if again or kind not in MATRIX[state.status]:
        what = "already concluded" if again else (
            f"{kind} in state {state.status} ({STATE_NAMES[state.status]})"
        )  # fmt: skip
        ways = legal(state)
        raise Refused(Code.E_STATE, f"{what}; legal is {', '.join(ways) or 'nothing'}", ways)
    if _must_end(state) and kind not in _AFTER_FAILURE:
        raise Refused(Code.E_STATE, "the deferred materials never came; the case is terminated "
                      "(容缺未补)", legal(state))  # fmt: skip
    if hard and kind in PERMITTED:
        PERMITTED[kind](state, data)
    if part := PARTS.get(kind):
        part(state, data)
    if hard and kind == facts.DecisionMade.TYPE and state.status == "ACC" and not is_short(state):
        raise Refused(
            Code.E_STATE,
            "a promised case is transferred and reviewed before it is decided (后台分类审批)",
            (facts.Transferred.COMMAND,),
        )
    if asked is not None:
        materials.check_honest(asked)
    needs = predecessor(state, kind, data)
    if needs is not None and at < needs:
        raise Refused(
            Code.E_TIME_ORDER, f"{kind} at {at} is before the fact it needs, which was at {needs}"
        )


def _must_end(state: State) -> bool:
    """Tell whether the case goes on only to be terminated: deferred materials never came."""
    return state.deficiency_failed and state.status in {"ACC", "TRN", "REV"}


def is_short(state: State) -> bool:
    """Tell whether the case may be decided where it was accepted (4.1, note 4)."""
    return state.one_person_ok or state.project_type == ProjectType.INSTANT


# ------------------------------------------------------------- what the matrix cannot say, by event


def _step_started(state: State, data: Data) -> None:
    if data["step_no"] in state.steps_seen:
        raise Refused(Code.E_STATE, f"step {data['step_no']} was started before; take a new number")


def _step_finished(state: State, data: Data) -> None:
    if data["step_no"] not in dict(state.steps_open):
        opened = ", ".join(str(n) for n, _ in state.steps_open) or "none"
        raise Refused(Code.E_STATE, f"step {data['step_no']} is not open; open steps: {opened}",
                      (facts.StepStarted.COMMAND,))  # fmt: skip


def _transferred(state: State, data: Data) -> None:
    if data["transfer_id"] in state.transfers_seen:
        raise Refused(Code.E_STATE, f"transfer {data['transfer_id']} was used before")
    sender = (state.holder_dept or data.get("from_dept"),
              state.holder_centre or data.get("from_centre"))  # fmt: skip
    if sender == (data["to_dept"], data.get("to_centre")):
        raise Refused(Code.E_STATE, f"{data['to_dept']} holds the case; transfer it to another")


def _transfer_answered(state: State, data: Data) -> None:
    if state.transfer is not None and data["transfer_id"] != state.transfer.transfer_id:
        open_id = state.transfer.transfer_id
        raise Refused(Code.E_STATE, f"transfer {data['transfer_id']} is not open; {open_id} is")


def _special_started(state: State, data: Data) -> None:
    if state.special is not None:
        raise Refused(Code.E_STATE, f"procedure {state.special.sp_no} is open; end it first",
                      (course.SpecialEnded.COMMAND,))  # fmt: skip
    if data["sp_no"] in state.specials_seen:
        raise Refused(Code.E_STATE, f"procedure {data['sp_no']} was used before; take a new number")


def _special_ended(state: State, data: Data) -> None:
    if state.special is None or state.special.sp_no != data["sp_no"]:
        opened = state.special.sp_no if state.special else "none"
        raise Refused(Code.E_STATE, f"procedure {data['sp_no']} is not open; open: {opened}",
                      (course.SpecialStarted.COMMAND,))  # fmt: skip


DAYS_MAX, DAYS_MAX_JOINT = 10, 15
"""延长 in the unit of the limit: with the head's approval, and with the government head's (§42)."""


def _extension(state: State, data: Data) -> None:
    if state.extended_at is not None:
        raise Refused(Code.E_STATE, "extended before; once only (行政许可法 §42)")
    most = DAYS_MAX_JOINT if state.project_type == ProjectType.JOINT else DAYS_MAX
    if data["days"] > most:
        raise Refused(Code.E_LIMIT, f"an extension of {data['days']} days; at most {most}")


def _suspended(state: State, _: Data) -> None:
    if state.suspended_at is not None:
        raise Refused(Code.E_STATE, "suspended already", (course.ClockResumed.COMMAND,))


def _resumed(state: State, _: Data) -> None:
    if state.suspended_at is None:
        raise Refused(Code.E_STATE, "not suspended", (course.ClockSuspended.COMMAND,))


def _hearing_asked(state: State, _: Data) -> None:
    if state.hearing_asked_at is not None:
        raise Refused(Code.E_STATE, "a hearing was asked for before (听证)",
                      (course.HearingNotified.COMMAND,))  # fmt: skip


def _bundled(state: State, data: Data) -> None:
    if data["bundle_id"] in dict(state.bundles):
        raise Refused(Code.E_STATE, f"a member of bundle {data['bundle_id']} already")


def _decided(state: State, _: Data) -> None:
    if state.special is not None:
        raise Refused(Code.E_STATE, f"procedure {state.special.sp_no} is open; end it first",
                      (course.SpecialEnded.COMMAND,))  # fmt: skip
    materials.check_decided(state)


def _verified(state: State, _: Data) -> None:
    if not state.commitment_signed:
        raise Refused(Code.E_STATE, "no commitment was signed (告知承诺)")
    _decided_first(state)


def _concluded_first(state: State, _: Data) -> None:
    if state.concluded_at is None:
        raise Refused(Code.E_STATE, "not concluded yet", (facts.CaseConcluded.COMMAND,))


def _decided_first(state: State) -> None:
    if state.decided_at is None:
        raise Refused(Code.E_STATE, "the case ended without a decision")


def _revoked(state: State, data: Data) -> None:
    _decided_first(state)
    _concluded_first(state, data)
    if state.revoked_at is not None:
        raise Refused(Code.E_STATE, "the decision was revoked before")


def _delivered(state: State, data: Data) -> None:
    if state.status == "DEC+" and data["method"] != "electronic":
        raise Refused(Code.E_STATE, "a paper result is issued before it is delivered (出件)",
                      (facts.CaseIssued.COMMAND,))  # fmt: skip


def _escalated(state: State, _: Data) -> None:
    if state.project_type != ProjectType.ESCALATED:
        raise Refused(
            Code.E_STATE, "only a case of type escalated (上报件) has a superior's answer"
        )


def _commitment_permitted(state: State, _: Data) -> None:
    if "commitment" not in state.allows:
        raise Refused(Code.E_STATE, f"item {state.item} allows no commitment (告知承诺)")


def _special_permitted(state: State, data: Data) -> None:
    if f"special:{data['kind']}" not in state.allows and data.get("approver") is None:
        raise Refused(
            Code.E_STATE,
            f"item {state.item} names no {data['kind']} (特别程序); it needs an approver",
        )


RESULTS = {
    **dict.fromkeys(("DEC+", "ISS"), (0, 4, 2, 3)),
    "DEC-": (1, 4, 2, 3),
    "DLV": (0, 1, 4, 2, 3),
    "NAC": (6, 2, 3),
    **dict.fromkeys(("WDR", "TER"), (5, 2, 3)),
}
"""State → done codes (办结结果) it may be concluded with, the usual one first (domain.md 3.11).

What was delivered may have been a certificate or a refusal.
"""


def _result_permitted(state: State, data: Data) -> None:
    codes = RESULTS[state.status]
    if data["result_code"] not in codes:
        raise Refused(
            Code.E_STATE,
            f"result {data['result_code']} is not that of {state.status} "
            f"({STATE_NAMES[state.status]}); it is one of {', '.join(map(str, codes))}",
        )


def _archive_permitted(state: State, _: Data) -> None:
    if state.status == "DEC+" and state.physical_result:
        raise Refused(Code.E_STATE, "the document is issued before the case is archived (出件)",
                      (facts.CaseIssued.COMMAND,))  # fmt: skip


PERMITTED: dict[str, Callable[[State, Data], None]] = {
    facts.CaseAccepted.TYPE: materials.check_accepted,
    course.DeficiencyCommitted.TYPE: materials.check_permitted,
    course.CommitmentSigned.TYPE: _commitment_permitted,
    course.CaseArchived.TYPE: _archive_permitted,
    course.SpecialStarted.TYPE: _special_permitted,
    facts.CaseConcluded.TYPE: _result_permitted,
}
"""What the item asks for or has to allow, where the fact is entered here; elsewhere it is a fact
(law 2)."""

PARTS: dict[str, Callable[[State, Data], None]] = {
    facts.StepStarted.TYPE: _step_started,
    facts.StepFinished.TYPE: _step_finished,
    facts.Transferred.TYPE: _transferred,
    facts.TransferReceived.TYPE: _transfer_answered,
    course.TransferRefused.TYPE: _transfer_answered,
    course.SpecialStarted.TYPE: _special_started,
    course.SpecialEnded.TYPE: _special_ended,
    course.ExtensionGranted.TYPE: _extension,
    course.HearingRequested.TYPE: _hearing_asked,
    course.CaseBundled.TYPE: _bundled,
    course.ClockSuspended.TYPE: _suspended,
    course.ClockResumed.TYPE: _resumed,
    course.DeficiencyCommitted.TYPE: materials.check_committed,
    course.DeficiencyFilled.TYPE: materials.check_filled,
    course.DeficiencyFailed.TYPE: materials.check_filled,
    facts.DecisionMade.TYPE: _decided,
    course.CommitmentVerified.TYPE: _verified,
    course.DecisionRevoked.TYPE: _revoked,
    course.CaseArchived.TYPE: _concluded_first,
    course.CaseDelivered.TYPE: _delivered,
    course.EscalatedResult.TYPE: _escalated,
}
