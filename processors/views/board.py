"""The board (总表): adds up the partitions and says how fresh they are; a wall's picture.

Pure: the runtimes feed it changes and pulses, in the order of each partition.
"""

from collections import deque
from collections.abc import Iterable
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from ledger.log.seam import Pulse
from processors.views.latest import Latest, keep
from processors.views.picture import Picture
from processors.views.shelf import Change, Shelf

if TYPE_CHECKING:
    from processors.views.fold import Sums

PULSES_WAITING_MAX = 1_000
"""Per partition; when a worker is away for long, the oldest ticks are forgotten first."""


class Board:
    """All partitions as one: sums over them, newest facts, cut and freshness.

    Args:
        partitions: P, the ledger's; the reference partition is number P.

    """

    def __init__(self, partitions: int) -> None:
        self.shelves = [Shelf() for _ in range(partitions + 1)]
        self._totals: Sums = {}
        self._latest: Latest = {}
        self._waiting: list[deque[Pulse]] = [deque(maxlen=PULSES_WAITING_MAX) for _ in self.shelves]
        self._as_of = [0.0] * len(self.shelves)
        self._beats: dict[str, float] = {}
        self._now: tuple[float, str] = (0.0, "")
        self._rejects = 0
        self._picture: Picture | None = None
        self._version = 0

    def change(self, partition: int, change: Change) -> None:
        """Take over what one partition committed."""
        shelf, totals = self.shelves[partition], self._totals
        before = shelf.sums
        for key, value in change.cells.items():
            total = totals.get(key, 0) + value - before.get(key, 0)
            if total:
                totals[key] = total
            else:
                totals.pop(key, None)
        for name, newest in change.latest.items():
            keep(self._latest, name, newest)
        shelf.adopt(change)
        self._apply_pulses(partition)
        self._picture = None

    def pulse(self, pulse: Pulse) -> None:
        """Hear a proof of life; it counts once everything before its position is in the sums."""
        waiting = self._waiting[pulse.partition]
        if pulse.at <= self._as_of[pulse.partition] or (waiting and pulse.at <= waiting[-1].at):
            return
        waiting.append(pulse)
        self._apply_pulses(pulse.partition)

    def reject(self, count: int) -> None:
        """Count refused commands and parked records."""
        if count:
            self._rejects += count
            self._picture = None

    def picture(self) -> Picture:
        """Give the picture; the same object as long as nothing changed."""
        if self._picture is None:
            self._version += 1
            self._picture = Picture(
                version=self._version,
                sums=MappingProxyType(dict(self._totals)),
                latest=MappingProxyType(_data(self._latest.items())),
                cut=tuple(shelf.position for shelf in self.shelves),
                as_of=tuple(self._as_of),
                beats=MappingProxyType(dict(self._beats)),
                now=self._now[1],
                rejects=self._rejects,
            )
        return self._picture

    def _apply_pulses(self, partition: int) -> None:
        waiting, position = self._waiting[partition], self.shelves[partition].position
        while waiting and waiting[0].position <= position:
            pulse = waiting.popleft()
            self._as_of[partition] = pulse.at
            self._now = max(self._now, (pulse.at, pulse.now))
            for centre, at in pulse.beats.items():
                self._beats[centre] = max(at, self._beats.get(centre, 0.0))
            self._picture = None


def _data(items: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    return {name: newest.data for name, newest in items}
