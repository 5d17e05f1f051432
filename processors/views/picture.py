"""The picture (快照): all that a wall knows at one instant, whatever runtime folded it."""

from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol

from ledger.log.seam import Cut


class Picture(NamedTuple):
    """Sums, names and proofs of life as of one cut; treat it as frozen."""

    version: int
    """Grows whenever anything below changed; equal versions are equal pictures."""
    sums: Mapping[str, int]
    """Cell `code|bucket|centre|window` → sum over all partitions."""
    latest: Mapping[str, Mapping[str, Any]]
    """Newest reference facts: `centre.opened/sanxing` → its data, `window.created/sanxing-03` …"""
    cut: Cut
    """Offsets folded, per partition."""
    as_of: tuple[float, ...]
    """Per partition: epoch seconds up to which everything that was known is in the sums
    (the tick whose ledger position has been folded); 0.0 = never."""
    beats: Mapping[str, float]
    """Centre → epoch seconds of the last beat of its source that was applied."""
    now: str
    """The ledger's (in a demo the city's) time, ISO 8601 +08:00, of the newest tick; "" = none."""
    rejects: int
    """Commands refused so far, all partitions; shown as data quality."""


class ViewSource(Protocol):
    """Where a wall takes its pictures from: embedded or the views topic."""

    async def picture(self) -> Picture:
        """Give the newest picture; cheap, called four times a second."""
        ...

    async def close(self) -> None:
        """Let go."""
        ...
