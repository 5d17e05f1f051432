"""电子监察 (supervision): alerts about a case, a hall's day, whatever has a stream (3.10).

The stream is `supervision/<subject key>`, in the partition of its subject; it holds all alerts of
that subject. The ledger raises them itself, in the batch of the fact that touches a rule; what
only many streams together show is raised by a command of the machinery (sweeps, fsck).
"""

from typing import ClassVar, Literal

from pydantic import Field

from ledger.contracts.codes import AlertLevel
from ledger.contracts.events.base import DocNo, EventId, Id, Payload, Word

FACTS_MAX = 64
"""Facts that one alert names; of more the first are enough to find the others."""
ALERT_ID = r"^[0-9a-f]{16}$"


class AlertPayload(Payload):
    """A fact about one alert."""

    STREAM: ClassVar[str] = "supervision"

    alert_id: str = Field(pattern=ALERT_ID, description="hash of rule, subject and about")


class AlertSaid(AlertPayload):
    """What an alert says: the rule, how grave, about what, since when, to whom it is laid."""

    rule_id: str = Field(pattern=r"^R\d\d$")
    rule_version: int = Field(default=1, ge=1, le=10_000)
    level: AlertLevel
    subject: EventId = Field(description="the stream it is about, `case/C1`")
    about: str = Field(
        default="", max_length=160, description="transfer, rating, window … within the subject"
    )
    facts: tuple[EventId, ...] = Field(default=(), max_length=FACTS_MAX)
    since: str = Field(max_length=40, description="when the rule was first touched")
    holder_dept: Id | None = None
    holder_centre: Id | None = None
    window: Id | None = None


class AlertRaised(AlertSaid):
    """监察预警: a rule was touched; remind 预警, yellow 黄牌, red 红牌."""

    TYPE: ClassVar[str] = "alert.raised"
    COMMAND: ClassVar[str] = "alert.raise"


class AlertEscalated(AlertSaid):
    """监察升级: the same alert at a higher level; levels only rise."""

    TYPE: ClassVar[str] = "alert.escalated"
    COMMAND: ClassVar[str] = "alert.escalate"


class AlertAcknowledged(AlertPayload):
    """监察签收: somebody on duty has seen it."""

    TYPE: ClassVar[str] = "alert.acknowledged"
    COMMAND: ClassVar[str] = "alert.acknowledge"


class AlertExplained(AlertPayload):
    """监察说明: why it happened, and the paper that shows it; the words belong to the vault."""

    TYPE: ClassVar[str] = "alert.explained"
    COMMAND: ClassVar[str] = "alert.explain"

    reason_code: Word
    evidence: DocNo | None = None


class AlertCancelled(AlertPayload):
    """撤牌: the alert should not have been raised; by two people, or by the ledger (`corrected`).

    The record stays; cancellations are counted on the day they are made.
    """

    TYPE: ClassVar[str] = "alert.cancelled"
    COMMAND: ClassVar[str] = "alert.cancel"

    reason_code: Literal["mistaken", "force_majeure", "not_our_fault", "corrected", "other"]
    approver: Id


class AlertClosed(AlertPayload):
    """销号: dealt with; by the ledger itself (`resolved`) where a reminder has had its purpose."""

    TYPE: ClassVar[str] = "alert.closed"
    COMMAND: ClassVar[str] = "alert.close"

    reason_code: Literal["handled", "resolved"] = "handled"
