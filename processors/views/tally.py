"""The tally (计数): what was derived from the records since the last commit, and up to where.

Both runtimes fold through here, so that a poison record (毒消息) has one fate, whoever meets it:
its partial effect is undone, it is parked with its position and reason, and the rest goes on.
"""

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import Any, NamedTuple, Protocol

import orjson

from ledger.contracts.wire import UPCASTERS, decode
from processors.views.fold import Fold, Sums
from processors.views.latest import KEPT, Latest, fold_latest

REASON_CHARS_MAX = 500


class Stored(Protocol):
    """What a record must have to be folded: its place in its partition and its bytes."""

    @property
    def offset(self) -> int:
        """Place in the partition, from 0."""
        ...

    @property
    def value(self) -> bytes | None:
        """The bytes as stored."""
        ...


class Parked(NamedTuple):
    """A record that could not be folded: where it lies, why, and its bytes."""

    offset: int
    reason: str
    value: bytes


class Tally:
    """Deltas, newest facts and poison of one partition in [start, position)."""

    __slots__ = ("day", "deltas", "latest", "parked", "position", "records", "start")

    def __init__(self, start: int, day: str = "") -> None:
        self.start = start
        self.position = start
        """Everything before it is folded."""
        self.day = day
        """Day of the newest `recordedat` seen, which never goes back within a partition."""
        self.records = 0
        self.deltas: Sums = {}
        self.latest: Latest = {}
        self.parked: list[Parked] = []

    def fold(
        self,
        records: Iterable[Stored],
        end: int,
        fold: Fold,
        read: Callable[[bytes], Mapping[str, Any]] = decode,
    ) -> None:
        """Fold the records in [position, end), in order; a poison record is parked.

        Args:
            records: of one partition, in order, none before `position`.
            end: the offset behind them; beyond the last one if nothing that counts lies between.
            fold: from `compile_fold`.
            read: bytes → event.

        """
        if read is decode and not UPCASTERS:
            read = orjson.loads  # The same, without asking for each event.
        deltas, latest, newest = self.deltas, self.latest, None
        count = 0
        for record in records:
            count += 1
            raw = record.value or b""
            try:
                event = read(raw)
                fold(deltas, event)
                if event["type"] in KEPT:
                    fold_latest(latest, event)
                newest = event
            except Exception as cause:  # noqa: BLE001 -- an edge: the fact is parked, the rest goes on
                self._park(record.offset, raw, cause, fold, read)
        self.records += count
        self.position = end
        recorded = None if newest is None else newest.get("recordedat")
        if isinstance(recorded, str):
            self.day = max(self.day, recorded[:10])

    def _park(
        self,
        offset: int,
        raw: bytes,
        cause: Exception,
        fold: Fold,
        read: Callable[[bytes], Mapping[str, Any]],
    ) -> None:
        """Put a poison record aside and take back what it added before it raised."""
        added: Sums = {}
        with suppress(Exception):  # The same input adds the same and raises at the same place.
            fold(added, read(raw))
        for key, amount in added.items():
            self.deltas[key] -= amount
        reason = f"{type(cause).__name__}: {cause}"[:REASON_CHARS_MAX]
        self.parked.append(Parked(offset, reason, raw))
