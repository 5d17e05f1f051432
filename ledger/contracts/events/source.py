"""来源心跳 (source): when a source system fell silent, and when it was heard again.

Heartbeats themselves are noted, not recorded. The stream key is the source system. Source:
design.md 5 (`beats`: only `source.silent/returned` become facts); decision 0012.
"""

from typing import Annotated, ClassVar

from pydantic import Field, StringConstraints

from ledger.contracts.events.base import Moment, Payload

CENTRES_MAX = 1000
"""Centres one source speaks for: a city has some hundreds, villages included."""

Centres = Annotated[
    tuple[Annotated[str, StringConstraints(max_length=64)], ...], Field(max_length=CENTRES_MAX)
]
"""Ids of the centres a source speaks for, its own hall first."""


class SourcePayload(Payload):
    """A fact about one source system."""

    STREAM: ClassVar[str] = "source"


class SourceSilent(SourcePayload):
    """来源失联: nothing was heard of a source for 120 s of service time; said by the watchman."""

    TYPE: ClassVar[str] = "source.silent"
    COMMAND: ClassVar[str] = "source.fall_silent"

    since: Moment = Field(description="when the ledger heard its last beat")
    centres: Centres = Field(default=(), description="as its last beat said")


class SourceReturned(SourcePayload):
    """来源恢复: the first beat of a source after a silence; the ledger makes it of that beat."""

    TYPE: ClassVar[str] = "source.returned"

    centres: Centres = Field(default=(), description="as this beat said")
