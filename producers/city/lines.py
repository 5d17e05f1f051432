"""Lines that go down (断线): when a hall's system cannot reach the ledger, and what comes of it.

Pure, as all of the city: which lines are down on a day follows from the seed and that day alone.
A hall goes on working meanwhile; what it does is delivered, in order, when its line is back.
"""

from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from heapq import heappop, heappush
from random import Random
from typing import NamedTuple

from ledger.contracts.codes import SHANGHAI
from ledger.contracts.commands import BEAT
from ledger.rules.source import SILENT_AFTER_MINUTES
from producers.city.faults import USUAL, Rates, Timed, meets
from producers.city.town import City

FIRST = time(9, 10, tzinfo=SHANGHAI)
BEGIN_MINUTES = 180
"""A line goes down within so many minutes after `FIRST`, so that it is back before five."""
DOWN_MINUTES = (130, 240)
"""For so long; at sixty city seconds a second a wall then says 失联 (after 120 real seconds)."""
DAYS_KEPT = 8


class Down(NamedTuple):
    """One line that is down, in [begin, end)."""

    source: str
    centres: tuple[str, ...]
    begin: datetime
    end: datetime


class Lines:
    """The lines of a city, day by day."""

    def __init__(self, city: City, seed: int, rates: Rates = USUAL) -> None:
        self._city, self._seed, self._rates = city, seed, rates
        self._sources = city.sources()
        self.of = lru_cache(DAYS_KEPT)(self._of)

    def _of(self, day: date) -> tuple[Down, ...]:
        """Give what is down on a day, by source; at most once each."""
        if not self._city.calendar.is_working(day):
            return ()
        found = []
        for source, centres in sorted(self._sources.items()):
            rng = Random(f"{self._seed}/{day.isoformat()}/line/{source}")
            if meets(self._rates, "line_down", rng):
                begin = datetime.combine(day, FIRST) + timedelta(
                    seconds=rng.randrange(BEGIN_MINUTES * 60)
                )
                end = begin + timedelta(minutes=rng.randint(*DOWN_MINUTES))
                found.append(Down(source, tuple(centres), begin, end))
        return tuple(found)

    def back_at(self, source: str, moment: datetime) -> datetime | None:
        """Give when a source's line is back; None: it is up at `moment`."""
        for down in self.of(moment.astimezone(SHANGHAI).date()):
            if down.source == source and down.begin <= moment < down.end:
                return down.end
        return None

    def kept_back(self, commands: Iterable[Timed]) -> Iterator[Timed]:
        """Give the commands as they reach the ledger: those of a line that is down come later.

        The order of each source is kept, and with it that of each key.
        """
        waiting: list[tuple[datetime, int, Timed]] = []
        for serial, (moment, command) in enumerate(commands):
            while waiting and waiting[0][0] <= moment:
                yield heappop(waiting)[2]
            back = self.back_at(command["source_system"], moment)
            if back is None:
                yield moment, command
            else:
                heappush(waiting, (back, serial, (back, command)))
        while waiting:
            yield heappop(waiting)[2]

    def told(self, start: date, days: int) -> Iterator[Timed]:
        """Give what is said of the lines in a simulation, which has no time to listen.

        The last beat, the silence two minutes later, and the beat with which a source returns.
        """
        for n in range(days):
            for down in self.of(start + timedelta(n)):
                silent = down.begin + timedelta(minutes=SILENT_AFTER_MINUTES)
                yield down.begin, _beat(down, down.begin)
                yield silent, {
                    "type": "source.fall_silent", "key": down.source,
                    "occurred_at": silent.isoformat(), "source_system": "city-watchman",
                    "source_seq": f"{down.source}@{down.begin.isoformat()}",
                    "source_class": "system",
                    "data": {"since": down.begin.isoformat(), "centres": list(down.centres)},
                }  # fmt: skip
                yield down.end, _beat(down, down.end)


def _beat(down: Down, at: datetime) -> dict[str, object]:
    return {
        "type": BEAT, "key": down.source, "occurred_at": at.isoformat(),
        "source_system": down.source, "source_seq": f"beat-{at.isoformat()}",
        "source_class": "system", "data": {"centres": list(down.centres)},
    }  # fmt: skip
