"""办件 (case): the course it takes beside the main path: 补正, 特别程序, 送达 (domain.md 3.3).

One class a fact; the stream and the common field come from `CasePayload`.
"""

from typing import ClassVar, Literal

from pydantic import Field

from ledger.contracts.codes import SpecialKind
from ledger.contracts.events.base import (
    MATERIALS_MAX,
    TEXT_MAX,
    Day,
    DocNo,
    Id,
    Moment,
    Number,
    Text,
    Word,
)
from ledger.contracts.events.case import CasePayload, Missing


class MaterialCorrected(CasePayload):
    """当场更正: the applicant put materials right at the counter."""

    TYPE: ClassVar[str] = "case.material_corrected_on_spot"
    COMMAND: ClassVar[str] = "case.correct_material"

    materials: tuple[Id, ...] = Field(min_length=1, max_length=MATERIALS_MAX)


class SupplementNoticed(CasePayload):
    """一次性告知补正: everything that is missing, told once.

    Source: 行政许可法 §32(四): within five days, all defects together.
    """

    TYPE: ClassVar[str] = "case.supplement_noticed"
    COMMAND: ClassVar[str] = "case.notice_supplement"

    notice_no: DocNo
    missing: tuple[Id, ...] = Field(min_length=1, max_length=MATERIALS_MAX)


class Supplemented(CasePayload):
    """补正到齐 or in part: `complete` brings the case back to the counter."""

    TYPE: ClassVar[str] = "case.supplemented"
    COMMAND: ClassVar[str] = "case.supplement"

    materials: tuple[Id, ...] = Field(min_length=1, max_length=MATERIALS_MAX)
    complete: bool


class DeemedAccepted(CasePayload):
    """逾期未告知视为受理: nobody told the applicant anything in time, so it is accepted.

    Written by the ledger itself; `effective_at` is the day of receipt. Source: 行政许可法 §32(四).
    """

    TYPE: ClassVar[str] = "case.deemed_accepted"

    effective_at: str


class NotAccepted(CasePayload):
    """不予受理."""

    TYPE: ClassVar[str] = "case.not_accepted"
    COMMAND: ClassVar[str] = "case.refuse_acceptance"

    reason_code: Literal["not_required", "out_of_power", "other"]
    doc_no: DocNo | None = None
    missing: tuple[Id, ...] | None = Missing


class DeficiencyCommitted(CasePayload):
    """容缺承诺: secondary materials follow by a date."""

    TYPE: ClassVar[str] = "case.deficiency_committed"
    COMMAND: ClassVar[str] = "case.commit_deficiency"

    materials: tuple[Id, ...] = Field(min_length=1, max_length=MATERIALS_MAX)
    due_at: Moment
    commitment_doc: DocNo


class DeficiencyFilled(CasePayload):
    """容缺补齐."""

    TYPE: ClassVar[str] = "case.deficiency_filled"
    COMMAND: ClassVar[str] = "case.fill_deficiency"

    materials: tuple[Id, ...] = Field(min_length=1, max_length=MATERIALS_MAX)


class DeficiencyFailed(CasePayload):
    """容缺未补: only termination may follow."""

    TYPE: ClassVar[str] = "case.deficiency_failed"
    COMMAND: ClassVar[str] = "case.fail_deficiency"

    materials: tuple[Id, ...] = Field(min_length=1, max_length=MATERIALS_MAX)


class CommitmentSigned(CasePayload):
    """告知承诺 signed. Source: 国办发〔2020〕42号."""

    TYPE: ClassVar[str] = "case.commitment_signed"
    COMMAND: ClassVar[str] = "case.sign_commitment"

    doc_no: DocNo


class CommitmentVerified(CasePayload):
    """承诺核查: after the decision."""

    TYPE: ClassVar[str] = "case.commitment_verified"
    COMMAND: ClassVar[str] = "case.verify_commitment"

    kept: bool


class TransferRefused(CasePayload):
    """拒签退回: back to where the case was."""

    TYPE: ClassVar[str] = "case.transfer_refused"
    COMMAND: ClassVar[str] = "case.refuse_transfer"

    transfer_id: Id
    reason_code: Word


class SpecialStarted(CasePayload):
    """特别程序开始: hearing, appraisal, expert review and so on.

    `excluded`: it stops the legal clock; only with `legal_basis` and `notice_doc` (行政许可法 §45).
    """

    TYPE: ClassVar[str] = "case.special_started"
    COMMAND: ClassVar[str] = "case.start_special"

    sp_no: Id
    kind: SpecialKind
    legal_basis: Text | None = None
    days_told: int = Field(ge=0, le=1000, description="working days, told in writing")
    notice_doc: DocNo | None = None
    excluded: bool = False
    approver: Id | None = Field(
        default=None, description="who allowed a kind that the item does not name"
    )


class SpecialEnded(CasePayload):
    """特别程序结束."""

    TYPE: ClassVar[str] = "case.special_ended"
    COMMAND: ClassVar[str] = "case.end_special"

    sp_no: Id
    result: Word | None = None


class HearingRequested(CasePayload):
    """申请听证: by the applicant or somebody concerned, who was told of the right on `told_on`.

    Within five working days of that it has to be held within twenty (行政许可法 §47); the hearing
    itself is a special procedure of kind `hearing`.
    """

    TYPE: ClassVar[str] = "case.hearing_requested"
    COMMAND: ClassVar[str] = "case.request_hearing"

    told_on: Day
    request_doc: DocNo | None = None


class HearingNotified(CasePayload):
    """听证通知: when the hearing is held; seven days before it or more (行政许可法 §48)."""

    TYPE: ClassVar[str] = "case.hearing_notified"
    COMMAND: ClassVar[str] = "case.notify_hearing"

    held_on: Day
    notice_doc: DocNo


class ExtensionGranted(CasePayload):
    """延长: once; at most 10 working days, 15 for joint cases. Source: 行政许可法 §42."""

    TYPE: ClassVar[str] = "case.extension_granted"
    COMMAND: ClassVar[str] = "case.grant_extension"

    days: Number = Field(ge=1, le=15)
    approver: Id
    reason_code: Word
    told_doc: DocNo | None = None


class ClockSuspended(CasePayload):
    """挂起: stops the promised clock; the statutory one only where `legal_basis` says so."""

    TYPE: ClassVar[str] = "case.clock_suspended"
    COMMAND: ClassVar[str] = "case.suspend_clock"

    reason_code: Word
    approver: Id
    legal_basis: Text | None = None


class ClockResumed(CasePayload):
    """恢复."""

    TYPE: ClassVar[str] = "case.clock_resumed"
    COMMAND: ClassVar[str] = "case.resume_clock"


class EscalatedResult(CasePayload):
    """上报件上级批复."""

    TYPE: ClassVar[str] = "case.escalated_result"
    COMMAND: ClassVar[str] = "case.record_superior"

    superior_dept: Id
    outcome: Literal["approved", "rejected", "partly"]
    doc_no: DocNo


class CaseDelivered(CasePayload):
    """送达/领取."""

    TYPE: ClassVar[str] = "case.delivered"
    COMMAND: ClassVar[str] = "case.deliver"

    method: Literal["window", "courier", "locker", "electronic"]
    courier_no: Word | None = None
    receiver_ref: str | None = Field(default=None, pattern=r"^[0-9a-f]{16,64}$")
    signed: bool = False


class CaseWithdrawn(CasePayload):
    """申请人撤回."""

    TYPE: ClassVar[str] = "case.withdrawn"
    COMMAND: ClassVar[str] = "case.withdraw"

    request_doc: DocNo | None = None


class CaseTerminated(CasePayload):
    """终止."""

    TYPE: ClassVar[str] = "case.terminated"
    COMMAND: ClassVar[str] = "case.terminate"

    reason: Literal["supplement_overdue", "deficiency_failed", "applicant_lost", "force_majeure"]
    doc_no: DocNo


class FeeCharged(CasePayload):
    """收费, in 分."""

    TYPE: ClassVar[str] = "case.fee_charged"
    COMMAND: ClassVar[str] = "case.charge_fee"

    amount_fen: Number = Field(ge=0, le=10**12)
    standard_id: Word | None = None
    voucher_no: DocNo


class FeeRefunded(CasePayload):
    """退费, in 分."""

    TYPE: ClassVar[str] = "case.fee_refunded"
    COMMAND: ClassVar[str] = "case.refund_fee"

    amount_fen: Number = Field(ge=0, le=10**12)
    voucher_no: DocNo


class CaseArchived(CasePayload):
    """归档."""

    TYPE: ClassVar[str] = "case.archived"
    COMMAND: ClassVar[str] = "case.archive"

    archive_no: DocNo


class DecisionRevoked(CasePayload):
    """撤销/撤回决定: after conclusion; the on-time figures of the original stay."""

    TYPE: ClassVar[str] = "case.decision_revoked"
    COMMAND: ClassVar[str] = "case.revoke_decision"

    basis: str = Field(min_length=1, max_length=TEXT_MAX)
    doc_no: DocNo


class CollectedRemote(CasePayload):
    """异地代收: form and identity are checked here, acceptance belongs to the handling place."""

    TYPE: ClassVar[str] = "case.collected_remote"
    COMMAND: ClassVar[str] = "case.collect_remote"

    handling_region: Id
    courier_no: Word | None = None


class HandedOver(CasePayload):
    """移交办理地."""

    TYPE: ClassVar[str] = "case.handed_over"
    COMMAND: ClassVar[str] = "case.hand_over"

    handling_region: Id


class ExternalStatus(CasePayload):
    """上级/部门系统回传: never changes the state by itself."""

    TYPE: ClassVar[str] = "case.external_status"
    COMMAND: ClassVar[str] = "case.record_external"

    system: Id
    status: Word


class CaseExchanged(CasePayload):
    """数据上报: everything of the case until then was handed over to a platform, or was not."""

    TYPE: ClassVar[str] = "case.exchanged"
    COMMAND: ClassVar[str] = "case.exchange"

    target: Id
    batch: Id
    ok: bool


class CaseUrged(CasePayload):
    """催办/督办: no change of state; a reply is expected by `reply_due`."""

    TYPE: ClassVar[str] = "case.urged"
    COMMAND: ClassVar[str] = "case.urge"

    kind: Literal["urge", "supervise"] = "urge"
    reply_due: Moment | None = None


class CaseVisited(CasePayload):
    """到窗: a ticket of a hall was served for the case; the hall's own fact causes it."""

    TYPE: ClassVar[str] = "case.visited"
    COMMAND: ClassVar[str] = "case.visit"

    hall: Id = Field(description="key of the hall's stream: CENTRE.DATE")
    ticket_id: Id


class CaseBundled(CasePayload):
    """并入一件事: the case is a member of a bundle; the bundle's own fact causes it."""

    TYPE: ClassVar[str] = "case.bundled"
    COMMAND: ClassVar[str] = "case.bundle"

    bundle_id: Id


class ClockBreached(CasePayload):
    """超时: a due passed and nothing had stopped its clock; written by the ledger itself.

    `holder` is who held the case at that instant: the breach is theirs (domain.md 4.2). Where that
    is no office, `office` is the one that was in charge all the same (decision 0015).
    """

    TYPE: ClassVar[str] = "case.clock_breached"

    clock: Literal["C0", "C1", "C2", "C3", "C4", "C5", "C6", "C7", "C8", "C9", "C10", "C15"]
    about: str = Field(
        default="", max_length=64, description="step, transfer, procedure, or version reported"
    )
    start: str = Field(description="when the clock began to run")
    due: str
    holder_dept: str | None = None
    holder_centre: str | None = None
    holder_kind: Literal["office", "applicant", "special"] = "office"
    office_dept: str | None = None
    office_centre: str | None = None
