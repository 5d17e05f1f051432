"""好差评 (rating), domain.md 3.6; the stream lies beside what is rated, and has its key.

That is a case id, a hall's `<centre>.<YYYY-MM-DD>` for a visit (一次一评: the ticket is named), or
the task id of an agent (decision 0013).
"""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from ledger.contracts.events.base import COUNTED, EventRestamped, EventVoided, Id, Payload, Word

Via = Literal["pc", "mobile", "qr", "hall_tablet", "hall_other", "phone", "sms"]
"""评价渠道 of GB/T 39046."""
Stars = Annotated[int, Field(ge=1, le=5), COUNTED]
"""星级: 5 is 非常满意, always."""


class ServicePayload(Payload):
    """A fact about a service: a case (办件), a visit (一次办事) or an agent's task (代办)."""

    STREAM: ClassVar[str] = "rating"

    subject: Literal["case", "ticket", "agent_task", "consult"] = "case"
    ticket_id: Id | None = Field(default=None, description="of a visit, in the hall of the key")


class RatingSubmitted(ServicePayload):
    """评价: one citizen's verdict on one service; 5 stars is 非常满意, always.

    GB/T 39046 A.8 counts the other way round (1 = 非常满意): map at the door.
    Source: 国办发〔2019〕51号; GB/T 39734—2020 ("一次一评").
    """

    TYPE: ClassVar[str] = "rating.submitted"
    COMMAND: ClassVar[str] = "rating.submit"

    rating_id: Id
    stars: Stars
    via: Via = "qr"
    real_name: bool = False
    rater_ref: str | None = Field(default=None, pattern=r"^[0-9a-f]{16,64}$")
    device_id: Word | None = None
    elapsed_ms: int | None = Field(default=None, ge=0, le=86_400_000)


class RatingInvited(ServicePayload):
    """邀评: the citizen was asked to rate a service that ended; who is rated is said.

    Source: domain.md 3.6; rule R10 (应评未邀) counts services without it.
    """

    TYPE: ClassVar[str] = "rating.invited"
    COMMAND: ClassVar[str] = "rating.invite"

    via: Via = "qr"
    device_id: Word | None = None
    rated_staff: tuple[Id, ...] = Field(default=(), max_length=16)


class RatingDefaulted(ServicePayload):
    """默认好评: another system took silence for praise; kept as its fact, never counted."""

    TYPE: ClassVar[str] = "rating.defaulted"
    COMMAND: ClassVar[str] = "rating.default"

    rating_id: Id
    stars: Stars = 5


class RatingAppended(Payload):
    """追评: once; its stars stand beside the first and never replace them."""

    TYPE: ClassVar[str] = "rating.appended"
    COMMAND: ClassVar[str] = "rating.append"
    STREAM: ClassVar[str] = "rating"

    rating_id: Id
    stars: Stars | None = None


class RatingEventVoided(EventVoided):
    """作废更正 of a fact of the rating stream; a rating takes its negative loop along."""

    TYPE: ClassVar[str] = "rating.event_voided"
    COMMAND: ClassVar[str] = "rating.void_event"
    STREAM: ClassVar[str] = "rating"


class RatingEventRestamped(EventRestamped):
    """重述 of a rating: what it is about was corrected, or the rating itself."""

    TYPE: ClassVar[str] = "rating.event_restamped"
    STREAM: ClassVar[str] = "rating"
