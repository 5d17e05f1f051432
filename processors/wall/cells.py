"""The cells of a day (当日单元): which sums of a picture a wall of that day has to add up.

Pure. A picture may hold 400 days of cells and a wall shows one, four times a second: so the
keys of the day are remembered, and what is new is found at the end of the mapping (a dict keeps
the order in which keys came) instead of by reading it all again.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import islice
from typing import NamedTuple

from processors.wall.registers import Entry

MARKS = 8
"""Neighbouring last keys that must be found again, in order, before a tail is believed: a cell
that fell to zero and came back has moved behind newer ones."""


class Cell(NamedTuple):
    """One sum of the day, taken apart once."""

    key: str
    code: str
    hour: int
    """0 to 23; -1 = the whole day, or a gauge."""
    centre: str
    window: str


class Earlier(NamedTuple):
    """An hour of an earlier day, of what `EARLIER_CODE` counts."""

    key: str
    day: str
    hour: int


REGISTERS = frozenset({"due_open", "late_statutory", "late_promised", "neg_open"})
"""Sums that are kept under the day something is due: of these every day counts."""
EARLIER_CODE = "accepted"
"""Hours of earlier days are kept in a picture for 8 days; walls compare this one with today."""


class DayCells:
    """The cells of one day and the gauges, kept up to date from picture to picture."""

    def __init__(self) -> None:
        self._day = ""
        self._marks: list[str] = []
        self._cells: dict[str, Cell] = {}
        self._by_centre: dict[str, dict[str, Cell]] = {}
        self._earlier: dict[str, dict[str, Earlier]] = {}
        self._registers: dict[str, tuple[str, str, str, str]] = {}
        self.full_scans = 0

    def at(self, centres: Iterable[str]) -> Iterator[Cell]:
        """Give the cells of these centres, as of the last `of`; costs what they have."""
        for centre in centres:
            yield from self._by_centre.get(centre, {}).values()

    def earlier(self, centres: Iterable[str]) -> Iterator[Earlier]:
        """Give the hours of earlier days of these centres, as of the last `of`."""
        for centre in centres:
            yield from self._earlier.get(centre, {}).values()

    def entries(
        self, sums: Mapping[str, int], centres: Collection[str] | None = None
    ) -> list[Entry]:
        """Give what is open in the registers of centres (None: of all), as of the last `of`."""
        return [
            Entry(*entry, n)
            for key, entry in self._registers.items()
            if (n := sums.get(key, 0)) > 0 and (centres is None or entry[2] in centres)
        ]

    def of(self, sums: Mapping[str, int], day: str) -> Iterable[Cell]:
        """Give the cells of `day` (ISO date; "" gives only gauges) that `sums` may hold.

        Exact: a key of the day that is in `sums` is given; one that has gone may be given too,
        and reads as 0.
        """
        fresh = None if day != self._day else _tail(sums, self._marks)
        if fresh is None:
            self.full_scans += 1
            self._day = day
            self._cells, self._by_centre, self._earlier = {}, {}, {}
            self._registers = {}
            fresh = list(sums)
        for key in fresh:
            if key.partition("|")[0] in REGISTERS:
                code, due, centre, holder = key.split("|", 3)
                self._registers[key] = (code, due, centre, holder)
                continue
            cell = _parse(key, day)
            if cell is not None:
                self._cells[key] = cell
                self._by_centre.setdefault(cell.centre, {})[key] = cell
            elif key.startswith(EARLIER_CODE + "|"):
                self._keep_earlier(key, day)
        if fresh:
            self._marks = _last(sums)
        return self._cells.values()

    def _keep_earlier(self, key: str, day: str) -> None:
        _, bucket, centre, *_ = key.split("|", 3)
        before, at, hour = bucket.partition("T")
        if at and before < day and hour.isdecimal() and int(hour) < 24:  # noqa: PLR2004 -- hours of a day
            self._earlier.setdefault(centre, {})[key] = Earlier(key, before, int(hour))


def _parse(key: str, day: str) -> Cell | None:
    parts = key.split("|", 3)
    if len(parts) != len(("code", "bucket", "centre", "window")):
        return None
    code, bucket, centre, window = parts
    if bucket in ("", day):
        return Cell(key, code, -1, centre, window)
    if day and bucket.startswith(day) and bucket[len(day) : len(day) + 1] == "T":
        hour = bucket[len(day) + 1 :]
        if hour.isdecimal() and int(hour) < 24:  # noqa: PLR2004 -- hours of a day
            return Cell(key, code, int(hour), centre, window)
    return None


def _backwards(sums: Mapping[str, int]) -> Iterator[str]:
    # Dicts and views of dicts can; a Mapping need not, and then says TypeError.
    return iter(reversed(sums))  # type: ignore[arg-type]


def _last(sums: Mapping[str, int]) -> list[str]:
    try:
        return list(islice(_backwards(sums), MARKS))
    except TypeError:
        return []


def _tail(sums: Mapping[str, int], marks: list[str]) -> list[str] | None:
    """Give the keys behind the marks; None where they are not found: read all again."""
    if not marks:
        return None
    try:
        backwards = _backwards(sums)
    except TypeError:
        return None
    fresh: list[str] = []
    for key in backwards:
        if key == marks[0]:
            known = list(islice(backwards, len(marks) - 1))
            return fresh if known == marks[1:] else None
        fresh.append(key)
    return None
