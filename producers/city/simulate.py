"""The city at work (城市运转): a seed → an endless, ordered stream of (moment, command).

Pure: no wall clock, no global chance. What happens on a day depends on the seed and that day
alone, so a simulation that starts later tells the same story from there on.
"""

from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta
from heapq import heappop, heappush, merge
from operator import itemgetter

from ledger.contracts.codes import SHANGHAI
from producers.city.faults import USUAL, Rates, Timed
from producers.city.stories import STORIES
from producers.city.today import Begun, today
from producers.city.town import City


def simulate(
    city: City, seed: int, start: date, days: int | None, cases_per_day: int,
    faults: Rates = USUAL, *, to_the_end: bool = False,
) -> Iterator[Timed]:  # fmt: skip
    """Give the commands of `days` calendar days from `start` (None: endless), ordered by moment.

    What is open when the days are over stays open, or is told `to_the_end`. The same arguments
    give the same commands; those of one key come in order. A day is told as it is read.
    """
    end = None
    if days is not None and not to_the_end:
        end = datetime.combine(start + timedelta(days), time(), SHANGHAI)
    waiting: list[tuple[datetime, int, Timed]] = []
    serial = 0
    for begins, lines in _told(city, seed, start, days, cases_per_day, faults):
        while waiting and waiting[0][0] < begins:
            yield heappop(waiting)[2]
        for line in lines:
            serial += 1
            if end is None or line[0] < end:
                heappush(waiting, (line[0], serial, line))
    while waiting:
        yield heappop(waiting)[2]


def _told(
    city: City, seed: int, start: date, days: int | None, cases_per_day: int, faults: Rates
) -> Iterator[Begun]:
    """Give what the stories tell, day by day, in order of when it begins."""
    for day in _days(start, days):
        now = today(city, seed, day, cases_per_day, faults)
        if now is not None:
            yield from merge(*(story(now) for story in STORIES), key=itemgetter(0))


def _days(start: date, days: int | None) -> Iterable[date]:
    day = start
    while days is None or day < start + timedelta(days):
        yield day
        day += timedelta(1)
