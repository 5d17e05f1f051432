"""What every fact is: a frozen model that knows its wire name, its command and its stream."""

from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, StringConstraints

from ledger.contracts.codes import LimitUnit

Id = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[^\s|/@\x00-\x1f]+$")]
"""An identifier: 1 to 64 characters; never a name, a telephone or an identity number."""

REF_PATTERN = r"^[0-9a-f]{16,64}$"
"""Somebody's reference in the vault: an HMAC in hex, never a number of an identity card."""

EventId = Annotated[str, StringConstraints(min_length=3, max_length=160)]
"""`stream/key@version`."""

TEXT_MAX = 200
MATERIALS_MAX = 100


class Payload(BaseModel):
    """One fact (事实), past tense; what the source said, without anything we worked out."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    TYPE: ClassVar[str] = ""
    COMMAND: ClassVar[str] = ""
    STREAM: ClassVar[str] = ""
    SCHEMA_VERSION: ClassVar[int] = 1


class Limit(BaseModel):
    """时限: `n` of `unit`; n = 0 is 即办, decided on the spot."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    n: int = Field(ge=0, le=1000)
    unit: LimitUnit = LimitUnit.WORKDAY


class EventVoided(Payload):
    """作废更正: a fact that should never have been entered is taken back, by two people.

    Source: domain.md 3.9.
    """

    target: EventId
    reason_code: Literal[
        "wrong_case", "wrong_person", "duplicate_entry", "test_data", "late_evidence", "other"
    ]
    requested_by: Id
    approved_by: Id
    cascade: tuple[EventId, ...] = Field(
        default=(), max_length=64, description="event ids that need the target, voided with it"
    )


class Change(BaseModel):
    """One field of a fact: what counts now and what should have been said; None: nothing."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    old: JsonValue = None
    new: JsonValue = None


ENVELOPE_FIELDS = ("centre", "window", "dept", "channel")
"""What may be amended besides the fields of the fact itself and `occurred_at`."""


class EventAmended(Payload):
    """更正: a fact stays, but some of what it said was wrong; by two people.

    `changes`: name of a field of the fact, `occurred_at` or one of `ENVELOPE_FIELDS` → `Change`;
    a field is replaced as a whole. Source: domain.md 3.9.
    """

    target: EventId
    changes: dict[Annotated[str, StringConstraints(min_length=1, max_length=64)], Change] = Field(
        min_length=1, max_length=16
    )
    reason_code: str = Field(min_length=1, max_length=64)
    evidence: str | None = Field(
        default=None, max_length=64, description="文书编号; needed to change occurred_at"
    )
    requested_by: Id
    approved_by: Id


class EventRestamped(Payload):
    """重述: one fact as it counted before a correction and as it counts now (design.md 2.5).

    Views subtract `before` and add `after`, each in its own buckets; None is "does not count".
    Written by the ledger itself only, in the batch of the correction.
    """

    target: str
    before: dict[str, object] | None
    after: dict[str, object] | None
