"""The shelf (存架): sums and newest facts of one partition, and which of them have had their time.

Pure: `settle` says what a tally would change, `adopt` changes it; between the two a runtime
commits. Hour buckets live 8 days and day buckets 400 (the lake has them); gauges live for ever.
"""

from datetime import date, timedelta
from typing import TYPE_CHECKING, NamedTuple

from processors.views.latest import Latest, keep
from processors.views.tally import Tally

if TYPE_CHECKING:
    from processors.views.fold import Sums

HOUR_BUCKET_DAYS = 8
DAY_BUCKET_DAYS = 400
HOUR_CHARS, DAY_CHARS = len("2020-06-01T09"), len("2020-06-01")


class Change(NamedTuple):
    """What one commit writes: absolute values, so that writing it twice is once."""

    cells: dict[str, int]
    """Cell key → its sum; 0 = the cell is gone (taken back, or its time is over)."""
    latest: Latest
    position: int
    day: str


class Horizon(NamedTuple):
    """The oldest days whose buckets are still kept."""

    hours: str
    days: str


def horizon(day: str) -> Horizon:
    """Give what is still kept when `day` (ISO, or "" = none seen) is the newest day seen."""
    try:
        newest = date.fromisoformat(day)
        return Horizon(
            (newest - timedelta(days=HOUR_BUCKET_DAYS)).isoformat(),
            (newest - timedelta(days=DAY_BUCKET_DAYS)).isoformat(),
        )
    except (ValueError, OverflowError):
        return Horizon("", "")


def expired(key: str, kept: Horizon) -> bool:
    """Tell whether the time of a cell is over: a function of its key and the newest day only."""
    bucket = key.split("|", 2)[1]
    if len(bucket) == HOUR_CHARS:
        return bucket[:DAY_CHARS] < kept.hours
    return len(bucket) == DAY_CHARS and bucket < kept.days


class Shelf:
    """What one partition holds at one position."""

    def __init__(self) -> None:
        self.sums: Sums = {}
        self.latest: Latest = {}
        self.position = 0
        self.day = ""

    def settle(self, tally: Tally) -> Change:
        """Give what the tally changes, and what expires by it; the shelf itself stays as it is.

        Expiry depends on the newest day alone, never on how records were cut into tallies: what
        comes late for an expired bucket is dropped, and a new day clears what it makes old.
        """
        day = max(self.day, tally.day)
        kept = horizon(day)
        sums = self.sums
        cells = {
            key: sums.get(key, 0) + amount
            for key, amount in tally.deltas.items()
            if amount and not expired(key, kept)
        }
        if day != self.day:
            cells.update((key, 0) for key in sums if expired(key, kept))
        latest: Latest = {}
        for name, newest in tally.latest.items():
            known = self.latest.get(name)
            if known is None or known.version < newest.version:
                latest[name] = newest
        return Change(cells, latest, tally.position, day)

    def adopt(self, change: Change) -> None:
        """Take over a change that has been committed, or read back."""
        sums = self.sums
        for key, value in change.cells.items():
            if value:
                sums[key] = value
            else:
                sums.pop(key, None)
        for name, newest in change.latest.items():
            keep(self.latest, name, newest)
        self.position, self.day = change.position, change.day
