"""咨询投诉 (interaction): questions and complaints, domain.md 3.8a, GB/T 39046 table 10.

The stream key is the case id where one is named, else the id of the consultation or complaint
itself. What people said belongs to the vault; here are codes and numbers.
"""

from typing import ClassVar, Literal

from pydantic import Field

from ledger.contracts.events.base import Day, DocNo, EventRestamped, EventVoided, Id, Payload


class InteractionPayload(Payload):
    """A fact about a consultation or a complaint."""

    STREAM: ClassVar[str] = "interaction"


class ConsultPayload(InteractionPayload):
    """A fact about one consultation."""

    consult_id: Id


class ConsultAsked(ConsultPayload):
    """咨询."""

    TYPE: ClassVar[str] = "consult.asked"
    COMMAND: ClassVar[str] = "consult.ask"

    topic: Id
    case_id: Id | None = None


class ConsultAnswered(ConsultPayload):
    """咨询答复; `doc_no` is where the answer is kept."""

    TYPE: ClassVar[str] = "consult.answered"
    COMMAND: ClassVar[str] = "consult.answer"

    doc_no: DocNo | None = None


class ComplaintPayload(InteractionPayload):
    """A fact about one complaint."""

    complaint_id: Id


class ComplaintFiled(ComplaintPayload):
    """投诉; 办不成事反映 comes from the `window` of that name.

    `refused` says that somebody did not take a complete file, which is R14 once it is confirmed.
    """

    TYPE: ClassVar[str] = "complaint.filed"
    COMMAND: ClassVar[str] = "complaint.file"

    source: Literal["12345", "window", "online", "letter"]
    matter: Literal["refused", "delay", "attitude", "fee", "other"] = "other"
    case_id: Id | None = None
    target_dept: Id | None = None
    target_staff: Id | None = None


class ComplaintAccepted(ComplaintPayload):
    """投诉受理: from here the reply is due."""

    TYPE: ClassVar[str] = "complaint.accepted"
    COMMAND: ClassVar[str] = "complaint.accept"

    due: Day = Field(description="the last day for the reply, as committed")


class ComplaintExtended(ComplaintPayload):
    """投诉延期: once; it moves the due when it was granted before the due passed."""

    TYPE: ClassVar[str] = "complaint.extended"
    COMMAND: ClassVar[str] = "complaint.extend"

    new_due: Day = Field(description="the last day")
    approver: Id


class ComplaintReplied(ComplaintPayload):
    """投诉答复: what was found, and that the complainant was told."""

    TYPE: ClassVar[str] = "complaint.replied"
    COMMAND: ClassVar[str] = "complaint.reply"

    finding: Literal["confirmed", "partly", "unfounded"]
    feedback_doc: DocNo | None = None


class ComplaintClosed(ComplaintPayload):
    """投诉办结: settled by the reply, withdrawn, or not for us."""

    TYPE: ClassVar[str] = "complaint.closed"
    COMMAND: ClassVar[str] = "complaint.close"

    outcome: Literal["settled", "withdrawn", "not_ours"]


class ComplaintClockBreached(ComplaintPayload):
    """投诉超时: the due of a reply passed; by the ledger itself.

    Withdrawn when evidence comes late that it was given in time.
    """

    TYPE: ClassVar[str] = "complaint.clock_breached"

    clock: Literal["reply"]
    due: str


class InteractionEventVoided(EventVoided):
    """作废更正 of a fact of a consultation or complaint."""

    TYPE: ClassVar[str] = "interaction.event_voided"
    COMMAND: ClassVar[str] = "interaction.void_event"
    STREAM: ClassVar[str] = "interaction"


class InteractionEventRestamped(EventRestamped):
    """重述 of a fact of a consultation or complaint."""

    TYPE: ClassVar[str] = "interaction.event_restamped"
    STREAM: ClassVar[str] = "interaction"
