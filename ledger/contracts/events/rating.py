"""好差评 (rating), domain.md 3.6; the stream key is the case id, so it lies beside its case."""

from typing import ClassVar, Literal

from pydantic import Field

from ledger.contracts.events.base import EventRestamped, EventVoided, Id, Payload


class RatingSubmitted(Payload):
    """评价: one citizen's verdict on one service; 5 stars is 非常满意, always.

    GB/T 39046 A.8 counts the other way round (1 = 非常满意): map at the door.
    Source: 国办发〔2019〕51号; GB/T 39734—2020 ("一次一评").
    """

    TYPE: ClassVar[str] = "rating.submitted"
    COMMAND: ClassVar[str] = "rating.submit"
    STREAM: ClassVar[str] = "rating"

    rating_id: Id
    stars: int = Field(ge=1, le=5)
    via: Literal["pc", "mobile", "qr", "hall_tablet", "hall_other", "phone", "sms"] = "qr"
    real_name: bool = False
    rater_ref: str | None = Field(default=None, pattern=r"^[0-9a-f]{16,64}$")
    device_id: str | None = Field(default=None, max_length=64)
    elapsed_ms: int | None = Field(default=None, ge=0, le=86_400_000)


class RatingEventVoided(EventVoided):
    """作废更正 of a rating."""

    TYPE: ClassVar[str] = "rating.event_voided"
    COMMAND: ClassVar[str] = "rating.void_event"
    STREAM: ClassVar[str] = "rating"


class RatingEventRestamped(EventRestamped):
    """重述 of a rating: its case was corrected, or the rating itself."""

    TYPE: ClassVar[str] = "rating.event_restamped"
    STREAM: ClassVar[str] = "rating"
