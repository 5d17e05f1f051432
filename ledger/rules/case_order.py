"""办件 (case): what must lie before a fact (E_TIME_ORDER, domain.md 3.2, 3.3)."""

from collections.abc import Mapping
from typing import Any

from ledger.contracts.events import case as facts
from ledger.contracts.events import case_course as course
from ledger.rules.case_state import State

Data = Mapping[str, Any]
AT_ANY_TIME = frozenset(
    kind.TYPE
    for kind in (
        facts.CaseSubmitted, facts.StepStarted, course.ExternalStatus, course.CaseExchanged,
        course.CaseUrged, course.CaseVisited, course.CaseBundled, course.CommitmentSigned,
        course.FeeCharged, course.FeeRefunded,
    )
)  # fmt: skip
"""Legal before the acceptance, so that they may have happened before it, however late told."""


def predecessor(state: State, kind: str, data: Data) -> str | None:
    """Give the occurred_at of the fact that must come before."""
    match kind:
        case facts.StepFinished.TYPE:
            return dict(state.steps_open)[data["step_no"]]
        case facts.TransferReceived.TYPE | course.TransferRefused.TYPE:
            return state.transfer.at if state.transfer else None
        case course.SpecialEnded.TYPE:
            return state.special.at if state.special else None
        case course.ClockResumed.TYPE:
            return state.suspended_at
        case course.HearingRequested.TYPE:
            return max(f"{data['told_on']}T00:00:00+08:00", state.accepted_at or "")
        case course.Supplemented.TYPE:
            return state.noticed_at
        case course.SupplementNoticed.TYPE | course.NotAccepted.TYPE:
            return state.noticed_at if state.status == "SUP" else state.received_at
        case course.CaseTerminated.TYPE if state.status == "SUP":
            return state.noticed_at
        case course.DeficiencyFilled.TYPE | course.DeficiencyFailed.TYPE:
            return state.deficiency_at
        case facts.Transferred.TYPE:
            return state.held_since
        case facts.DecisionMade.TYPE:
            return max(state.held_since or "", state.cleared_at or "")
        case facts.CaseConcluded.TYPE:
            return state.decided_at or state.ended_at
        case facts.CaseIssued.TYPE:
            return state.decided_at
        case course.CaseDelivered.TYPE:
            return state.issued_at or state.decided_at or state.ended_at
        case course.CaseArchived.TYPE:
            ends = (state.concluded_at, state.issued_at, state.delivered_at)
            return max(filter(None, ends), default=None)
        case course.DecisionRevoked.TYPE:
            return state.concluded_at
        case course.CommitmentVerified.TYPE:
            return state.decided_at
        case facts.CaseAccepted.TYPE | course.DeemedAccepted.TYPE:
            return state.received_at
    return state.submitted_at if kind in AT_ANY_TIME else state.accepted_at or state.submitted_at
