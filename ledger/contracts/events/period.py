"""日结与月结 (periods): what was published of a centre's day, month or year, and restatements.

The stream key is the centre's id, or `NOWHERE` for what was done at no centre. Written by the
closing job only (analytics/closing). Totals are sums by measure code, of day cells: levels (存量)
have no day. Source: domain.md 3.9 and 6.3.
"""

import hashlib
from collections.abc import Mapping
from typing import Annotated, ClassVar, Self

import orjson
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from ledger.contracts.events.base import Day, EventId, Id, Payload, Word

NOWHERE = "-"
"""The key of what was done at no centre: 城市合计 = the centres and this."""

CODES_MAX = 500
CHANGES_MAX = 2500
CAUSES_MAX = 64

Code = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
Hash = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Month = Annotated[str, StringConstraints(pattern=r"^\d{4}(-(0[1-9]|1[0-2]))?$")]
"""A month, 2020-06, or a year, 2020."""


def totals_hash(totals: Mapping[str, int]) -> str:
    """Give the hash of totals: SHA-256 of their JSON with sorted keys, 64 hex digits."""
    return hashlib.sha256(orjson.dumps(dict(totals), option=orjson.OPT_SORT_KEYS)).hexdigest()


class PeriodPayload(Payload):
    """A fact about what was published for a centre."""

    STREAM: ClassVar[str] = "period"

    centre: Id
    cut: tuple[Annotated[int, Field(ge=0)], ...] = Field(
        min_length=1, max_length=257, description="one offset a partition, reference last"
    )


class PublishedTotals(PeriodPayload):
    """Totals that were published; a code that is not named was zero."""

    totals: dict[Code, int] = Field(max_length=CODES_MAX)
    totals_hash: Hash

    @model_validator(mode="after")
    def _hash_is_of_the_totals(self) -> Self:
        if self.totals_hash != totals_hash(self.totals):
            message = "totals_hash is not the hash of totals"
            raise ValueError(message)
        return self


class DayClosed(PublishedTotals):
    """日结: the totals of a day as known at 02:00 after it; once a day and centre."""

    TYPE: ClassVar[str] = "day.closed"
    COMMAND: ClassVar[str] = "day.close"

    day: Day
    measures_version: Word = Field(description="by which definitions")


class PeriodFrozen(PublishedTotals):
    """月结: the totals of a month or year; once. Afterwards they change by restatement only."""

    TYPE: ClassVar[str] = "period.frozen"
    COMMAND: ClassVar[str] = "period.freeze"

    period: Month


class Restated(BaseModel):
    """One total of one day, as it was published last and as it is now."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    code: Code
    day: Day
    published: int
    now: int


class PeriodRestated(PeriodPayload):
    """重述公布: published totals that a late fact or a correction changed, with its causes."""

    TYPE: ClassVar[str] = "period.restated"
    COMMAND: ClassVar[str] = "period.restate"

    period: Month
    changes: tuple[Restated, ...] = Field(min_length=1, max_length=CHANGES_MAX)
    cause_events: tuple[EventId, ...] = Field(
        default=(), max_length=CAUSES_MAX, description="the first of them, in order of their ids"
    )
    causes: int = Field(default=0, ge=0, description="how many there are in all")

    @model_validator(mode="after")
    def _changes_differ(self) -> Self:
        places = {(change.code, change.day) for change in self.changes}
        if len(places) < len(self.changes):
            message = "changes: one total is named twice"
            raise ValueError(message)
        for change in self.changes:
            if change.published == change.now:
                message = f"changes: {change.code} of {change.day} is the same as published"
                raise ValueError(message)
            if not change.day.isoformat().startswith(f"{self.period}-"):
                message = f"changes: {change.day} is no day of {self.period}"
                raise ValueError(message)
        return self
