"""帮办代办 (agent): what an agent does for a citizen, domain.md 3.7; the stream key is the task id.

The service is free. People are references and ids, never names; letters and forms are numbers of
documents.
"""

from typing import ClassVar, Literal

from pydantic import Field

from ledger.contracts.events.base import (
    Day,
    DocNo,
    EventRestamped,
    EventVoided,
    Id,
    Number,
    Payload,
    Word,
)

MATERIALS_MAX = 64
FEN_MAX = 10**9
PersonRef = Field(default=None, pattern=r"^[0-9a-f]{16,64}$", description="reference in the vault")


class AgentPayload(Payload):
    """A fact about one task."""

    STREAM: ClassVar[str] = "agent"


class AgentRequested(AgentPayload):
    """申请帮办代办: 帮办 beside the citizen, 代办 instead (act_for), 上门 at home (visit)."""

    TYPE: ClassVar[str] = "agent.requested"
    COMMAND: ClassVar[str] = "agent.request"

    kind: Literal["help", "act_for", "visit"]
    item: Id
    village: Id = Field(description="centre id of the village, or of the town where none serves")
    citizen_ref: str | None = PersonRef


class AgentEntrusted(AgentPayload):
    """委托: the citizen signed a letter (委托书), without which nobody acts for them."""

    TYPE: ClassVar[str] = "agent.entrusted"
    COMMAND: ClassVar[str] = "agent.entrust"

    letter_doc: Word = Field(description="委托书编号")
    scope: Literal["apply", "collect", "all"] = "all"
    materials: tuple[Id, ...] = Field(default=(), max_length=MATERIALS_MAX)


class AgentAccepted(AgentPayload):
    """接受代办: an agent of the command's centre takes the task on; from here clock C14 runs."""

    TYPE: ClassVar[str] = "agent.accepted"
    COMMAND: ClassVar[str] = "agent.accept"

    agent_id: Id
    due: Day = Field(description="the last day, as committed to the citizen")


class AgentDeclined(AgentPayload):
    """不予代办: with a reason."""

    TYPE: ClassVar[str] = "agent.declined"
    COMMAND: ClassVar[str] = "agent.decline"

    reason: Literal["out_of_scope", "no_agent", "materials_missing", "in_person_only", "other"]


class AgentCaseLinked(AgentPayload):
    """关联办件: the task became this case, which lies in another partition: it is only named."""

    TYPE: ClassVar[str] = "agent.case_linked"
    COMMAND: ClassVar[str] = "agent.link_case"

    case_id: Id


class AgentHandedToTown(AgentPayload):
    """转镇代办: from the village to the help window of its town, the command's centre."""

    TYPE: ClassVar[str] = "agent.handed_to_town"
    COMMAND: ClassVar[str] = "agent.hand_to_town"

    agent_id: Id = Field(description="the town's agent")


class AgentSuspended(AgentPayload):
    """中止代办: the task waits for the citizen, and clock C14 with it."""

    TYPE: ClassVar[str] = "agent.suspended"
    COMMAND: ClassVar[str] = "agent.suspend"

    reason: Literal["materials", "citizen_away", "citizen_asked", "other"] = "other"
    form_doc: DocNo | None = None


class AgentResumed(AgentPayload):
    """续办: the due moves by as many days as the task lay still."""

    TYPE: ClassVar[str] = "agent.resumed"
    COMMAND: ClassVar[str] = "agent.resume"

    letter_doc: DocNo | None = None


class AgentEnded(AgentPayload):
    """代办办结: done, cannot be done, or withdrawn by the citizen; clock C14 stops."""

    TYPE: ClassVar[str] = "agent.ended"
    COMMAND: ClassVar[str] = "agent.end"

    outcome: Literal["done", "cannot", "withdrawn"]
    form_doc: DocNo | None = None


class AgentResultDelivered(AgentPayload):
    """代办送达: the result is in the citizen's hands."""

    TYPE: ClassVar[str] = "agent.result_delivered"
    COMMAND: ClassVar[str] = "agent.deliver_result"

    receiver_ref: str | None = PersonRef


class AgentCalledBack(AgentPayload):
    """代办回访: the citizen was asked, once; `satisfied` is absent where they said neither."""

    TYPE: ClassVar[str] = "agent.called_back"
    COMMAND: ClassVar[str] = "agent.call_back"

    satisfied: bool | None = None


class AgentFeeViolationReported(AgentPayload):
    """代办收费举报: somebody was asked for money, though the service is free (R15)."""

    TYPE: ClassVar[str] = "agent.fee_violation_reported"
    COMMAND: ClassVar[str] = "agent.report_fee"

    amount_fen: Number = Field(ge=0, le=FEN_MAX)


class AgentClockBreached(AgentPayload):
    """代办超时: the due of a task passed and it had not ended (C14); by the ledger itself.

    Withdrawn when evidence comes late that it had.
    """

    TYPE: ClassVar[str] = "agent.clock_breached"

    clock: Literal["C14"]
    due: str


class AgentEventVoided(EventVoided):
    """作废更正 of a fact of a task."""

    TYPE: ClassVar[str] = "agent.event_voided"
    COMMAND: ClassVar[str] = "agent.void_event"
    STREAM: ClassVar[str] = "agent"


class AgentEventRestamped(EventRestamped):
    """重述 of a fact of a task."""

    TYPE: ClassVar[str] = "agent.event_restamped"
    STREAM: ClassVar[str] = "agent"
