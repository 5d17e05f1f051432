"""The city at work (城市运转): a seed → an endless, ordered stream of (moment, command).

Pure: no wall clock, no global chance. What happens on a day depends on the seed and that day
alone, so a simulation that starts later tells the same story from there on.
"""

from bisect import insort
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta
from heapq import heappop, heappush
from itertools import accumulate
from random import Random

from ledger.contracts.codes import SHANGHAI
from ledger.rules.workdays import Calendar
from producers.city.faults import Faults, Timed, plan
from producers.city.script import DAY, MINUTE, Moment, Script, Visit
from producers.city.town import Centre, City, Offer

OPENING = time(9, tzinfo=SHANGHAI)
LAST_ARRIVAL = 16 * 60 + 40 - 9 * 60
"""Minutes after opening; the hall closes at 17:00."""

HALF_HOURS = (8, 11, 11, 9, 6, 3, 1, 1, 3, 6, 8, 8, 7, 6, 4, 2)
"""Arrivals per half hour from 09:00: morning peak, lunch dip, a lower afternoon peak."""

WEEKDAYS = (1.2, 1.05, 1.0, 0.95, 0.85, 0.7, 0.7)
"""Monday is busiest; the last two are 调休 working days."""

VILLAGE_WEEKEND = 100
"""One case on a free Saturday for so many on a usual day."""

SATURDAY = 5


class WorkTime:
    """Working seconds of the city since a day: half-open working days of 09:00 to 17:00."""

    def __init__(self, calendar: Calendar, start: date) -> None:
        self._calendar = calendar
        self._next = start
        self._openings: list[datetime] = []

    def moment(self, seconds: int) -> datetime:
        """Give the moment at which so many working seconds have passed."""
        index, rest = divmod(seconds, DAY)
        while index >= len(self._openings):
            self._open_next()
        return self._openings[index] + timedelta(seconds=rest)

    def _open_next(self) -> None:
        while not self._calendar.is_working(self._next):
            self._next += timedelta(1)
        self._openings.append(datetime.combine(self._next, OPENING))
        self._next += timedelta(1)


class Crowd:
    """Draws who comes where for what, by the weights of centres and items."""

    def __init__(self, centres: list[Centre], offers: dict[str, list[Offer]]) -> None:
        self._centres = [centre for centre in centres if offers[centre.id]]
        self._weights = list(accumulate(centre.weight for centre in self._centres))
        self._offers = offers
        self._offer_weights = {
            key: list(accumulate(offer.item.weight for offer in some))
            for key, some in offers.items()
        }

    def draw(self, rng: Random) -> tuple[Centre, Offer]:
        """Draw a centre and an item that it offers."""
        centre = rng.choices(self._centres, cum_weights=self._weights)[0]
        weights = self._offer_weights[centre.id]
        return centre, rng.choices(self._offers[centre.id], cum_weights=weights)[0]


def simulate(
    city: City, seed: int, start: date, days: int | None, cases_per_day: int,
    faults: Faults | None = None,
) -> Iterator[Timed]:  # fmt: skip
    """Give the commands of `days` calendar days from `start` (None: endless), ordered by moment.

    Cases that are open when the days are over stay open. The same arguments give the same
    commands; the commands of one case come in the order of their source numbers.
    """
    end = None if days is None else datetime.combine(start + timedelta(days), time(), SHANGHAI)
    waiting: list[tuple[datetime, int, Timed]] = []
    serial = 0
    for day in _days(start, days):
        opening = datetime.combine(day, time(), SHANGHAI)
        while waiting and waiting[0][0] < opening:
            yield heappop(waiting)[2]
        for lines in _day(city, seed, day, cases_per_day, faults or Faults()):
            for line in lines:
                serial += 1
                if end is None or line[0] < end:
                    heappush(waiting, (line[0], serial, line))
    while waiting:
        yield heappop(waiting)[2]


def _days(start: date, days: int | None) -> Iterable[date]:
    day = start
    while days is None or day < start + timedelta(days):
        yield day
        day += timedelta(1)


def _day(
    city: City, seed: int, day: date, cases_per_day: int, faults: Faults
) -> Iterator[list[Timed]]:
    """Write the scripts of all cases that arrive on `day`, in order of arrival."""
    rng = Random(f"{seed}/{day.isoformat()}")
    working = city.calendar.is_working(day)
    if working:
        crowd = Crowd(list(city.centres), {key: list(some) for key, some in city.offers.items()})
        count = round(cases_per_day * WEEKDAYS[day.weekday()] * rng.uniform(0.9, 1.1))
        moment: Moment = WorkTime(city.calendar, day).moment
    elif day.weekday() == SATURDAY:
        crowd = _villages(city)
        count = round(cases_per_day / VILLAGE_WEEKEND * rng.uniform(0.5, 1.5))
        moment = _saturday(day)
    else:
        return
    for number, at in enumerate(_arrivals(count, rng, whole_day=working), 1):
        centre, offer = crowd.draw(rng)
        serial = f"{number:06d}"
        visit = Visit(
            f"HM{day:%Y%m%d}-{seed}-{serial}",
            _case_no(city.region, day, centre.code, serial),
            centre,
            offer,
            at,
            on_the_spot=not working,
        )
        yield Script(visit, plan(faults, rng), rng, moment).write()


def _villages(city: City) -> Crowd:
    """Who comes on a Saturday: to a village centre, for what one person may finish at once."""
    offers = {
        centre.id: [o for o in city.offers[centre.id] if o.item.fact.one_person_ok]
        for centre in city.centres
        if centre.is_village
    }
    return Crowd([centre for centre in city.centres if centre.is_village], offers)


def _saturday(day: date) -> Moment:
    opening = datetime.combine(day, OPENING)
    return lambda seconds: opening + timedelta(seconds=seconds)


def _arrivals(count: int, rng: Random, *, whole_day: bool) -> list[int]:
    """Draw arrivals in seconds after opening, in order; Saturdays: the morning only."""
    slots = range(len(HALF_HOURS)) if whole_day else range(6)
    weights = list(accumulate(HALF_HOURS[slot] for slot in slots))
    made: list[int] = []
    for slot in rng.choices(slots, cum_weights=weights, k=count):
        at = int((slot + rng.random()) * 30 * MINUTE)
        insort(made, min(at, LAST_ARRIVAL * MINUTE))
    return made


def _case_no(region: str, day: date, centre: str, serial: str) -> str:
    """Give a 办件编号: region, date, centre, serial, and a check digit (domain.md 2.10)."""
    digits = f"{region}{day:%Y%m%d}{centre}{serial}"
    return digits + str(sum((n % 7 + 1) * int(d) for n, d in enumerate(digits)) % 10)
