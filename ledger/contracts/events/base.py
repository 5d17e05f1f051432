"""What every fact is: a frozen model that knows its wire name, its command and its stream."""

from datetime import date, datetime
from typing import Annotated, ClassVar, Literal

from pydantic import (
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    JsonValue,
    StringConstraints,
)

from ledger.contracts.codes import SHANGHAI, LimitUnit

HIDDEN = (
    r"\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
)
"""Characters that nobody sees, inside `[^…]`: controls (a NUL ends a string for SQLite), and marks
that make two numbers look alike or read backwards (U+200B, U+202E)."""

SEEN = rf"^[^{HIDDEN}]+$"

TEXT_MAX = 200

Id = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=rf"^[^\s|/@{HIDDEN}]+$")]
"""An identifier: 1 to 64 characters; never a name, a telephone or an identity number."""

REF_PATTERN = r"^[0-9a-f]{16,64}$"
"""Somebody's reference in the vault: an HMAC in hex, never a number of an identity card."""
Word = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=SEEN)]
"""A number of a document, a code, a reason in a word: something that can be seen is said."""

DocNo = Annotated[Word, Field(description="文书编号")]

Text = Annotated[str, StringConstraints(min_length=1, max_length=TEXT_MAX)]
"""A sentence; blanks alone say nothing."""

EventId = Annotated[str, StringConstraints(min_length=3, max_length=160)]
"""`stream/key@version`."""

MATERIALS_MAX = 100
EARLIEST = datetime(1949, 10, 1, tzinfo=SHANGHAI)
LATEST = datetime(2200, 1, 1, tzinfo=SHANGHAI)
"""Times in [EARLIEST, LATEST) can have been meant; 1900-01-01 is the zero of a spreadsheet."""


def _written(said: object) -> object:
    """Refuse a moment that is a number: seconds since when, and in which zone, it does not say."""
    if isinstance(said, datetime) or (isinstance(said, str) and said[4:5] == "-"):
        return said
    message = "a moment is RFC 3339 text: 2020-06-01T10:00:00+08:00"
    raise ValueError(message)


def _counted(said: object) -> object:
    """Refuse true and false, which Python takes for 1 and 0."""
    if isinstance(said, bool):
        message = "a number, not true or false"
        raise ValueError(message)  # noqa: TRY004 -- pydantic reports ValueError only
    return said


Moment = Annotated[AwareDatetime, Field(ge=EARLIEST, lt=LATEST), BeforeValidator(_written)]
"""A moment with its offset from UTC, in the years a case can be of."""

Day = Annotated[date, Field(ge=EARLIEST.date(), lt=LATEST.date())]
"""A day in the same years: working days can be counted from it, either way."""

COUNTED = BeforeValidator(_counted)
Number = Annotated[int, COUNTED]


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
    changes: dict[Word, Change] = Field(min_length=1, max_length=16)
    reason_code: Word
    evidence: Word | None = Field(
        default=None, description="文书编号; needed to change occurred_at"
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
