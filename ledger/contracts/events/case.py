"""办件 (case): from application to issue, domain.md 3.3.

For source class `historical` only the case number, the item, the channel and the time are
required; None there means "not recorded" (design.md 5).
"""

from typing import Annotated, ClassVar, Literal

from pydantic import Field, StringConstraints

from ledger.contracts.codes import ProjectType
from ledger.contracts.events.base import (
    MATERIALS_MAX,
    REF_PATTERN,
    SEEN,
    TEXT_MAX,
    EventAmended,
    EventRestamped,
    EventVoided,
    Id,
    Limit,
    Number,
    Payload,
    Text,
    Word,
)

Missing = Field(
    default=None, min_length=1, max_length=MATERIALS_MAX, description="materials it fails for"
)
PrintedNo = Annotated[str, StringConstraints(min_length=1, max_length=50, pattern=SEEN)]
"""编号 as it is printed on paper."""


class CasePayload(Payload):
    """A fact of one case; the stream key is the case id."""

    STREAM: ClassVar[str] = "case"

    activity: str | None = Field(
        default=None, max_length=TEXT_MAX, description="the source's own name of the activity"
    )


class CaseSubmitted(CasePayload):
    """申请/收件: a citizen's application was received; nothing is promised yet."""

    TYPE: ClassVar[str] = "case.submitted"
    COMMAND: ClassVar[str] = "case.submit"

    case_no: PrintedNo = Field(description="办件编号, as printed")
    item: Id = Field(description="实施编码 of a registered item")
    applicant_ref: str | None = Field(default=None, pattern=REF_PATTERN)
    applicant_kind: int | None = Field(default=None, ge=1, le=6)
    receipt_no: PrintedNo | None = None
    ticket_id: Word | None = None
    materials: tuple[Id, ...] | None = Field(
        default=None, max_length=MATERIALS_MAX, description="ids of the materials that came; "
        "None: nobody said",
    )  # fmt: skip
    agent_task_id: Id | None = Field(
        default=None, description="代办: the task that became the case"
    )
    agent_staff: Id | None = Field(
        default=None,
        description="代办员 who acts for the citizen; None: whoever enters it as agent",
    )


class CaseAccepted(CasePayload):
    """受理: a centre took the case in; the statutory and promised clocks run from here.

    Source: 行政许可法 §32, §42; 海政办发〔2020〕14号 任务(三) "前台综合受理".
    """

    TYPE: ClassVar[str] = "case.accepted"
    COMMAND: ClassVar[str] = "case.accept"

    accept_no: PrintedNo | None = Field(default=None, description="受理文书编号")
    project_type: ProjectType | None = None
    statutory: Limit | None = Field(default=None, description="法定时限")
    promised: Limit | None = Field(default=None, description="承诺时限")
    deadline: str | None = Field(
        default=None, max_length=40, description="a due date as the source itself recorded it"
    )
    deferred: tuple[Id, ...] | None = Field(
        default=None, min_length=1, max_length=MATERIALS_MAX,
        description="容缺: required materials that follow before the decision",
    )  # fmt: skip


class StepStarted(CasePayload):
    """环节开始."""

    TYPE: ClassVar[str] = "case.step_started"
    COMMAND: ClassVar[str] = "case.start_step"

    step_no: int = Field(ge=1, le=10_000, description="unique in the case, counted from 1")
    step_name: str = Field(min_length=1, max_length=TEXT_MAX)
    limit: Limit | None = Field(default=None, description="环节时限, where the item has one")


class StepFinished(CasePayload):
    """环节结束: closes the open step of that number."""

    TYPE: ClassVar[str] = "case.step_finished"
    COMMAND: ClassVar[str] = "case.finish_step"

    step_no: int = Field(ge=1, le=10_000)
    action: Literal["pass", "return", "other"] = "pass"


class Transferred(CasePayload):
    """转办: the case leaves one desk and is on its way to another (后台分类审批)."""

    TYPE: ClassVar[str] = "case.transferred"
    COMMAND: ClassVar[str] = "case.transfer"

    transfer_id: Id
    kind: Literal["dispatch", "refer", "escalate", "return", "delegate"]
    from_dept: str | None = Field(default=None, max_length=64)
    from_centre: str | None = Field(default=None, max_length=64)
    to_dept: Id
    to_centre: str | None = Field(default=None, max_length=64)
    reason_code: Word | None = None


class TransferReceived(CasePayload):
    """签收: the other desk signed for it."""

    TYPE: ClassVar[str] = "case.transfer_received"
    COMMAND: ClassVar[str] = "case.receive_transfer"

    transfer_id: Id


class DecisionMade(CasePayload):
    """审批决定: 准予, 不予, or in part (部分准予 goes on as a grant)."""

    TYPE: ClassVar[str] = "case.decision_made"
    COMMAND: ClassVar[str] = "case.decide"

    outcome: Literal["approved", "rejected", "partly"]
    doc_no: Word | None = Field(default=None, description="决定文书编号; asked for at the counter")
    legal_basis: Text | None = None
    reason_code: Word | None = None
    remedies_told: bool = False
    missing: tuple[Id, ...] | None = Missing


class CaseConcluded(CasePayload):
    """办结: exactly once; the result code is the done code of domain.md 3.11."""

    TYPE: ClassVar[str] = "case.concluded"
    COMMAND: ClassVar[str] = "case.conclude"

    result_code: Number = Field(ge=0, le=6)


class CaseIssued(CasePayload):
    """出件: the document was made and handed to the issuing window (综合窗口出件)."""

    TYPE: ClassVar[str] = "case.issued"
    COMMAND: ClassVar[str] = "case.issue"

    doc_kind: Word
    doc_name: str = Field(min_length=1, max_length=TEXT_MAX)
    cert_no: Word | None = None
    decision_no: Word | None = Field(
        default=None, description="决定文书编号, as the document names it"
    )


class CaseEventVoided(EventVoided):
    """作废更正 of a fact of a case."""

    TYPE: ClassVar[str] = "case.event_voided"
    COMMAND: ClassVar[str] = "case.void_event"
    STREAM: ClassVar[str] = "case"


class CaseEventAmended(EventAmended):
    """更正 of a fact of a case."""

    TYPE: ClassVar[str] = "case.event_amended"
    COMMAND: ClassVar[str] = "case.amend_event"
    STREAM: ClassVar[str] = "case"


class CaseEventRestamped(EventRestamped):
    """重述 of a fact of a case."""

    TYPE: ClassVar[str] = "case.event_restamped"
    STREAM: ClassVar[str] = "case"
