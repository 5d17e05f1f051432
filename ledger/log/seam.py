"""The seam (接缝): what every reader and every door knows of the book.

Two implementations, `sqlite.py` and the Kafka pair, share this, the rules and the wire, and no
other code (docs/decisions/0001).
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol

from ledger.contracts.errors import Unreachable, UserError
from ledger.contracts.receipts import Receipt

__all__ = ["Cut", "Heard", "Log", "LogError", "Pulse", "Record", "Reject", "Unreachable"]

Cut = tuple[int, ...]
"""One offset per partition, reference partition last; "before" is `offset < cut[partition]`."""


class LogError(UserError):
    """The book cannot be used; the message is one sentence: what, where, what to do."""


class Record(NamedTuple):
    """One stored event: where it lies, its bytes as stored, and its link of the chain."""

    partition: int
    offset: int
    value: bytes
    chain: bytes


class Reject(NamedTuple):
    """One refused command or parked record: kept, never counted."""

    partition: int
    offset: int
    body: dict[str, Any]
    """{key, hash, code, message, legal, at, size, head (first 4 KiB, text), stream}."""


class Heard(NamedTuple):
    """The newest beat of a source system."""

    at: float
    """Epoch seconds of the machine that handed it in; 0 = before this process began."""
    now: str
    """When the ledger heard it, by its own clock, ISO 8601 +08:00."""
    centres: tuple[str, ...]
    """The centres it speaks for."""


class Pulse(NamedTuple):
    """Proof of life of one partition: when `at` was ticked, `position` was the ledger's end."""

    partition: int
    position: int
    at: float
    """Epoch seconds of the machine that ticked; for freshness only."""
    now: str
    """The ledger's (or the city's) time of that tick, ISO 8601."""
    beats: dict[str, float]
    """Centre → epoch seconds of its source's last beat."""
    sources: Mapping[str, Heard] = MappingProxyType({})
    """Source system → its newest beat, of all that were ever heard in this partition."""


class Log(Protocol):
    """The book."""

    partitions: int

    async def submit(self, raw: bytes) -> Receipt:
        """Hand in one command; when this returns its outcome is durable.

        Raises:
            Unreachable: the outcome is unknown; submit the same bytes again.

        """
        ...

    async def submit_many(self, raws: Sequence[bytes]) -> list[Receipt]:
        """Hand in commands in order, give their receipts in that order; not one transaction."""
        ...

    def read(self, stream: str) -> AsyncIterator[Record]:
        """Give the events of one stream in order of version."""
        ...

    def scan(self, start: Cut | None = None, end: Cut | None = None) -> AsyncIterator[list[Record]]:
        """Give all events in [start, end) in batches, each batch of one partition, in order.

        `start` None is the beginning, `end` None the end as it is when the scan begins.
        """
        ...

    async def end(self) -> Cut:
        """Give the cut behind the last durable event of each partition."""
        ...

    def rejects(self, start: Cut | None = None) -> AsyncIterator[Reject]:
        """Give what was refused, in order."""
        ...

    async def pulses(self) -> list[Pulse]:
        """Give the newest pulse of each partition that has one."""
        ...

    async def close(self) -> None:
        """Let go; safe to call twice."""
        ...
