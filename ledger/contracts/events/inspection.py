"""督查 (inspection): inspections of a centre, open and covert, findings, notices, rectification.

Source: domain.md 3.8, S9. The stream key is the inspection id, of open and covert ones alike: the
key of a sealed one must not say which centre it is about. What was seen and written belongs to
files: here are codes and numbers of documents.
"""

import hashlib
from typing import ClassVar, Literal, Self

import orjson
from pydantic import BaseModel, ConfigDict, Field, model_validator

from ledger.contracts.events.base import (
    Day,
    DocNo,
    EventRestamped,
    EventVoided,
    Id,
    Moment,
    Payload,
    Word,
)

INSPECTORS_MAX = 16
FINDINGS_MAX = 64
EVIDENCE_MAX = 32
POINTS_MAX = 100

Category = Literal[
    "discipline", "routing", "area", "equipment", "guide", "attitude", "overdue", "circulation",
    "other",
]  # fmt: skip
"""问题类别: 纪律, 分窗, 面积, 设备, 指南, 态度, 超期, 体外循环, 其他."""
Scope = tuple[Category, ...]
Inspectors = tuple[Id, ...]
FindingIds = tuple[Id, ...]
DocNos = tuple[Id, ...]
OneInspector = Field(min_length=1, max_length=INSPECTORS_MAX, description="staff ids")
OneFinding = Field(min_length=1, max_length=FINDINGS_MAX)
Evidence = Field(default=(), max_length=EVIDENCE_MAX, description="文书编号")
NoticeNo = Field(description="通报文号")


class SealedPlan(BaseModel):
    """暗访方案: what a seal is of; the salt keeps those who know all centres from trying them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    centre: Id
    scope: Scope = Field(min_length=1)
    inspectors: Inspectors = OneInspector
    day: Day
    salt: str = Field(pattern=r"^[0-9a-f]{32,128}$", description="random, 16 bytes or more")

    def seal(self) -> str:
        """Give the seal: SHA-256 of the plan as JSON, keys sorted, lower-case hexadecimal."""
        text = orjson.dumps(self.model_dump(mode="json"), option=orjson.OPT_SORT_KEYS)
        return hashlib.sha256(text).hexdigest()


class InspectionPayload(Payload):
    """A fact about one inspection."""

    STREAM: ClassVar[str] = "inspection"


class InspectionSealed(InspectionPayload):
    """暗访密封: there is a plan, and this is its seal; where and when nobody learns before."""

    TYPE: ClassVar[str] = "inspection.sealed"
    COMMAND: ClassVar[str] = "inspection.seal"

    seal: str = Field(pattern=r"^[0-9a-f]{64}$", description="`SealedPlan.seal`")


class InspectionPlanned(InspectionPayload):
    """明察计划: the command's centre is to be inspected, openly."""

    TYPE: ClassVar[str] = "inspection.planned"
    COMMAND: ClassVar[str] = "inspection.plan"

    scope: Scope = Field(min_length=1)
    inspectors: Inspectors = OneInspector
    day: Day


class InspectionConducted(InspectionPayload):
    """督查实施: the command's centre was inspected; a sealed plan is opened with it."""

    TYPE: ClassVar[str] = "inspection.conducted"
    COMMAND: ClassVar[str] = "inspection.conduct"

    inspectors: Inspectors = OneInspector
    start: Moment
    end: Moment
    method: Literal["on_site", "video", "phone", "mystery_visitor"]
    opened: SealedPlan | None = Field(default=None, description="of a sealed inspection")

    @model_validator(mode="after")
    def _ends_after_it_starts(self) -> Self:
        if self.end < self.start:
            message = "end: before start"
            raise ValueError(message)
        return self


class FindingPayload(InspectionPayload):
    """A fact about one finding."""

    finding_id: Id


class FindingRecorded(FindingPayload):
    """巡查问题: what was found; the centre may contest it within three working days."""

    TYPE: ClassVar[str] = "finding.recorded"
    COMMAND: ClassVar[str] = "finding.record"

    category: Category
    severity: Literal["minor", "major", "serious"]
    evidence: DocNos = Evidence
    staff_ids: tuple[Id, ...] = Field(default=(), max_length=INSPECTORS_MAX)
    window_id: Id | None = None


class FindingContested(FindingPayload):
    """问题申辩: the centre says that it is not so."""

    TYPE: ClassVar[str] = "finding.contested"
    COMMAND: ClassVar[str] = "finding.contest"

    reason: Literal["mistaken", "not_ours", "put_right", "other"]
    evidence: DocNos = Evidence


class FindingContestDecided(FindingPayload):
    """申辩决定: the finding stands, or is dropped for good."""

    TYPE: ClassVar[str] = "finding.contest_decided"
    COMMAND: ClassVar[str] = "finding.decide_contest"

    outcome: Literal["stands", "dropped"]
    doc_no: DocNo | None = None


class FindingsPayload(InspectionPayload):
    """A fact about several findings of one inspection."""

    finding_ids: FindingIds = OneFinding

    @model_validator(mode="after")
    def _named_once(self) -> Self:
        if len(set(self.finding_ids)) < len(self.finding_ids):
            message = "finding_ids: one is named twice"
            raise ValueError(message)
        return self


class NoticeIssued(FindingsPayload):
    """通报: the city tells the centre what to put right, and by when; clock C13 runs.

    Source: domain.md 4.2; without `rectify_due` it is ten working days.
    """

    TYPE: ClassVar[str] = "notice.issued"
    COMMAND: ClassVar[str] = "notice.issue"

    notice_no: Word = NoticeNo
    addressees: tuple[Id, ...] = Field(min_length=1, max_length=EVIDENCE_MAX,
                                       description="centres and departments")  # fmt: skip
    rectify_due: Day | None = Field(default=None, description="the last day")
    deduction_points: int | None = Field(default=None, ge=0, le=POINTS_MAX)


class RectificationSubmitted(FindingsPayload):
    """整改上报: the centre says that it has put findings right."""

    TYPE: ClassVar[str] = "rectification.submitted"
    COMMAND: ClassVar[str] = "rectification.submit"

    measures_doc: Id = Field(description="文书编号 of what was done")
    evidence: DocNos = Evidence


class RectificationAccepted(FindingsPayload):
    """整改验收: the city agrees; clock C13 stops."""

    TYPE: ClassVar[str] = "rectification.accepted"
    COMMAND: ClassVar[str] = "rectification.accept"


class RectificationRejected(FindingsPayload):
    """整改退回: the city does not agree; clock C13 runs on."""

    TYPE: ClassVar[str] = "rectification.rejected"
    COMMAND: ClassVar[str] = "rectification.reject"

    reason: Literal["incomplete", "no_evidence", "not_effective", "other"]


class NoticeClosed(FindingsPayload):
    """通报销号: `finding_ids` names the findings of the notice, all of them accepted."""

    TYPE: ClassVar[str] = "notice.closed"
    COMMAND: ClassVar[str] = "notice.close"

    notice_no: Word = NoticeNo


class InspectionClockBreached(FindingPayload):
    """通报超期: the due of a notice passed and a finding was not accepted (C13); by the ledger.

    Withdrawn when evidence comes late that it had been.
    """

    TYPE: ClassVar[str] = "inspection.clock_breached"

    clock: Literal["C13"]
    due: str


class InspectionEventVoided(EventVoided):
    """作废更正 of a fact of an inspection."""

    TYPE: ClassVar[str] = "inspection.event_voided"
    COMMAND: ClassVar[str] = "inspection.void_event"
    STREAM: ClassVar[str] = "inspection"


class InspectionEventRestamped(EventRestamped):
    """重述 of a fact of an inspection."""

    TYPE: ClassVar[str] = "inspection.event_restamped"
    STREAM: ClassVar[str] = "inspection"
