"""One day of the city (今日): what every story of that day is told from."""

from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta
from random import Random
from typing import NamedTuple

from ledger.contracts.codes import SHANGHAI
from ledger.rules.workdays import Calendar
from producers.city.faults import Rates, Timed
from producers.city.town import City

MINUTE = 60
HOUR = 60 * MINUTE
DAY = 8 * HOUR
"""One working day, 09:00 to 17:00, in working seconds."""
MORNING = 3 * HOUR
"""What a village works on a free Saturday."""
OPENING = time(9, tzinfo=SHANGHAI)

Moment = Callable[[int], datetime]
"""Working seconds → moment."""


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


class Today(NamedTuple):
    """A day on which the city works, or at least its villages (a free Saturday)."""

    city: City
    seed: int
    day: date
    cases_per_day: int
    rates: Rates
    working: bool
    moment: Moment
    """Working seconds since 09:00 of this day → moment; on a Saturday it never leaves the day."""

    @property
    def opening(self) -> datetime:
        """Give 09:00 of the day."""
        return datetime.combine(self.day, OPENING)

    @property
    def closing(self) -> int:
        """Give the working second at which the halls close."""
        return DAY if self.working else MORNING

    def chance(self, name: str) -> Random:
        """Give the chance of one story or thing of this day, whatever else is drawn."""
        return Random(f"{self.seed}/{self.day.isoformat()}/{name}")

    def is_market(self, town: str) -> bool:
        """Tell whether the town has its market (赶集日)."""
        return self.day.day % 10 in self.city.markets.get(town, ())


Begun = tuple[datetime, list[Timed]]
"""When something begins, and its lines; none of them is earlier."""

Story = Callable[[Today], Iterator[Begun]]
"""Tells one kind of thing that happens on a day, in order of when it begins.

Lines of one key come in order; what begins today may go on for weeks.
"""


def today(
    city: City, seed: int, day: date, cases_per_day: int, rates: Rates
) -> Today | None:  # fmt: skip
    """Give the day as its stories need it; None: nobody works."""
    if city.calendar.is_working(day):
        moment: Moment = WorkTime(city.calendar, day).moment
        return Today(city, seed, day, cases_per_day, rates, True, moment)  # noqa: FBT003
    if day.weekday() != SATURDAY:
        return None
    opening = datetime.combine(day, OPENING)
    return Today(city, seed, day, cases_per_day, rates, False,  # noqa: FBT003
                 lambda seconds: opening + timedelta(seconds=seconds))  # fmt: skip


SATURDAY = 5
