"""Working days (工作日) in Asia/Shanghai: a date is not a moment; converted here and only here.

Counting (domain.md 4.2): the start day is day 0 even when before opening; elapsed(t) is the
number of working days d with start < d ≤ date(t). Source: 行政许可法 §82.
"""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta
from itertools import accumulate

from ledger.contracts.codes import SHANGHAI, LimitUnit
from ledger.contracts.events.base import Limit
from ledger.rules.measures import WORKDAY_MINUTES

OPENING_MINUTE = 9 * 60
END_OF_DAY = time(23, 59, 59, 999000)
FOREVER = datetime.max.replace(tzinfo=SHANGHAI)
"""The end of what is still open."""
SATURDAY = 5
DUES_KEPT = 20_000
"""Days and limits whose due is remembered."""


def end_of(day: str) -> str:
    """Give the last instant of a local day, `YYYY-MM-DD`."""
    return datetime.combine(date.fromisoformat(day), END_OF_DAY, SHANGHAI).isoformat()


class Calendar:
    """日历: the published years. A value: `with_year` gives a new one."""

    def __init__(self) -> None:
        self._years: dict[int, tuple[int, ...]] = {}
        self.sources: dict[int, str] = {}
        self._published: tuple[tuple[str, Calendar], ...] = (("", self),)
        """When each version was published, the oldest first."""
        self._dues: dict[tuple[str, int, str], str] = {}

    def as_of(self, recorded_at: str) -> "Calendar":
        """Give the calendar as it was published at an instant, ISO 8601 +08:00; "": at first."""
        if self._published[-1][0] <= recorded_at:
            return self
        return next(c for at, c in reversed(self._published) if at <= recorded_at)

    def with_year(
        self, year: int, holidays: Iterable[date], workdays: Iterable[date], source: str = "",
        published_at: str = "",
    ) -> "Calendar":  # fmt: skip
        """Publish a year: Monday to Friday but `holidays`, and the weekend `workdays`.

        The newest publication of a year counts; `published_at` is when it was recorded.
        """
        made = Calendar()
        off, on = set(holidays), set(workdays)
        days = [date(year, 1, 1) + timedelta(n) for n in range(366)]
        working = [
            d.year == year and (d in on or (d.weekday() < SATURDAY and d not in off)) for d in days
        ]
        made._years = {**self._years, year: (0, *accumulate(map(int, working)))}
        made.sources = {**self.sources, year: source}
        made._published = (*self._published, (published_at, made))
        return made

    def covers(self, first: date, last: date) -> bool:
        """Tell whether every year from `first` to `last` is published."""
        return all(year in self._years for year in range(first.year, last.year + 1))

    def _before(self, day: date) -> int:
        """Count the working days of its year before `day`; unpublished: Monday to Friday."""
        start = date(day.year, 1, 1)
        ordinal = (day - start).days
        if counts := self._years.get(day.year):
            return counts[ordinal]
        weeks, rest = divmod(ordinal, 7)
        return weeks * 5 + sum((start.weekday() + n) % 7 < SATURDAY for n in range(rest))

    def _count(self, day: date, since: int) -> int:
        """Count the working days from 1 January `since` to before `day`."""
        whole = sum(
            self._before(date(year, 12, 31)) + self.is_working(date(year, 12, 31))
            for year in range(since, day.year)
        )
        return whole + self._before(day)

    def is_working(self, day: date) -> bool:
        """Tell whether `day` is a working day; unpublished years: Monday to Friday."""
        if counts := self._years.get(day.year):
            ordinal = (day - date(day.year, 1, 1)).days
            return counts[ordinal + 1] > counts[ordinal]
        return day.weekday() < SATURDAY

    def elapsed(self, start: date, day: date) -> int:
        """Count working days d with start < d ≤ day; 0 when day ≤ start."""
        if day <= start:
            return 0
        one = timedelta(1)
        return self._count(day + one, start.year) - self._count(start + one, start.year)

    def minutes(self, start: datetime, end: datetime) -> int | None:
        """Count the working minutes in [start, end), whole minutes of the local clock.

        None where a year is not published: an unknown is not a zero. Never negative.
        """
        a, b = start.astimezone(SHANGHAI), end.astimezone(SHANGHAI)
        if not self.covers(a.date(), b.date()) and a.date() <= b.date():
            return None
        if b <= a:
            return 0
        return self._minutes_between(a, b)

    def _minutes_between(self, start: datetime, end: datetime) -> int:
        """Count the working minutes between two local instants; unpublished: Monday to Friday."""
        return self._minutes_until(end, start.year) - self._minutes_until(start, start.year)

    def _minutes_until(self, moment: datetime, since: int) -> int:
        day = moment.date()
        today = 0
        if self.is_working(day):
            minute = moment.hour * 60 + moment.minute - OPENING_MINUTE
            today = min(max(minute, 0), WORKDAY_MINUTES)
        return self._count(day, since) * WORKDAY_MINUTES + today

    def add(self, start: date, n: int) -> date:
        """Give the day on which n working days have elapsed since `start`; n = 0 is `start`."""
        if n == 0:
            return start
        counts = self._years.get(start.year)
        ordinal = (start - date(start.year, 1, 1)).days
        if counts is not None and counts[ordinal + 1] + n <= counts[-1]:
            found = bisect_left(counts, counts[ordinal + 1] + n)
            return date(start.year, 1, 1) + timedelta(found - 1)
        day = start
        while n > 0:
            day += timedelta(1)
            n -= self.is_working(day)
        return day

    def due(self, start: datetime, limit: Limit) -> datetime:
        """Give the due of a limit that runs from `start`: the end of its last local day.

        Natural days that end on a non-working day move to the next working day; hours run only
        inside service hours (domain.md 4.2).
        """
        local = start.astimezone(SHANGHAI)
        if limit.unit is LimitUnit.HOUR:
            return self.add_minutes(local, limit.n * 60)
        if limit.unit is LimitUnit.WORKDAY:
            day = self.add(local.date(), limit.n)
        else:
            day = local.date() + timedelta(limit.n)
            while not self.is_working(day):
                day += timedelta(1)
        return datetime.combine(day, END_OF_DAY, SHANGHAI)

    def due_at(self, start: str, limit: Limit) -> str:
        """Give `due` of a start and as a due in ISO 8601 +08:00; each day is worked out once."""
        if limit.unit is LimitUnit.HOUR:
            return self.due(datetime.fromisoformat(start), limit).isoformat()
        name = (start[:10], limit.n, limit.unit)
        return self._dues.get(name) or self._remembered(
            name, self.due(datetime.fromisoformat(start), limit)
        )

    def minutes_due_at(self, start: str, minutes: int) -> str:
        """Give `add_minutes` of a start and as an instant in ISO 8601 +08:00; once worked out."""
        name = (start, minutes, "")
        return self._dues.get(name) or self._remembered(
            name, self.add_minutes(datetime.fromisoformat(start), minutes)
        )

    def _remembered(self, name: tuple[str, int, str], due: datetime) -> str:
        if len(self._dues) >= DUES_KEPT:
            self._dues.clear()
        text = self._dues[name] = due.isoformat()
        return text

    def due_paused(
        self, start: datetime, limit: Limit, pauses: Sequence[tuple[str, str | None]]
    ) -> datetime | None:
        """Give the due of a limit with pauses [start, end] (ISO 8601; None = still open).

        A day d is paused by a pause iff start_date < d ≤ end_date; pauses that overlap are one.
        None: an open pause holds the due off. A limit in hours stands still from instant to
        instant; where natural days end on a day off, the due is on a working day without a pause.
        """
        if not pauses:
            return self.due(start, limit)
        if limit.unit is LimitUnit.HOUR:
            return self._due_in_hours(start, limit.n * 60, pauses)
        spans = _spans(pauses)
        day, left = start.astimezone(SHANGHAI).date(), limit.n
        while left > 0:
            day += timedelta(1)
            if held := _held(day, spans):
                if date.max in held:
                    return None
                continue
            left -= limit.unit is LimitUnit.DAY or self.is_working(day)
        if limit.unit is LimitUnit.DAY and not self.is_working(day):
            while not self.is_working(day) or _held(day, spans):
                day += timedelta(1)
                if date.max in _held(day, spans):
                    return None
        return datetime.combine(day, END_OF_DAY, SHANGHAI)

    def _due_in_hours(
        self, start: datetime, minutes: int, pauses: Sequence[tuple[str, str | None]]
    ) -> datetime | None:
        """Give when so many working minutes outside the pauses have passed; None: held off."""
        due = self.add_minutes(start, minutes)
        for begin, end in _stretches(start.astimezone(SHANGHAI), pauses):
            if begin >= due:
                break
            if end is FOREVER:
                return None
            minutes += self._minutes_between(begin, end)
            due = self.add_minutes(start, minutes)
        return due

    def elapsed_paused(
        self, start: datetime, end: datetime, pauses: Sequence[tuple[str, str | None]]
    ) -> int | None:
        """Count the working days d with start_date < d ≤ end_date that no pause covers.

        A pause covers a day as in `due_paused`. None where a year is not published.
        """
        first, last = start.astimezone(SHANGHAI).date(), end.astimezone(SHANGHAI).date()
        if not self.covers(min(first, last), last):
            return None
        if not pauses:
            return self.elapsed(first, last)
        spans = _spans(pauses)
        days = (first + timedelta(n) for n in range(1, (last - first).days + 1))
        return sum(
            self.is_working(day) and not any(begin < day <= stop for begin, stop in spans)
            for day in days
        )

    def add_minutes(self, start: datetime, minutes: int) -> datetime:
        """Give the instant at which so many working minutes have passed since `start`."""
        moment = start.astimezone(SHANGHAI)
        left = minutes
        while True:
            day = moment.date()
            opening = datetime.combine(day, time(OPENING_MINUTE // 60), SHANGHAI)
            closing = opening + timedelta(minutes=WORKDAY_MINUTES)
            begin = max(moment, opening)
            if self.is_working(day) and begin < closing:
                today = int((closing - begin).total_seconds() // 60)
                if left <= today:
                    return begin + timedelta(minutes=left)
                left -= today
            moment = opening + timedelta(days=1)


def _spans(pauses: Sequence[tuple[str, str | None]]) -> list[tuple[date, date]]:
    return [(_day(begin), _day(end) if end is not None else date.max) for begin, end in pauses]


def _held(day: date, spans: Sequence[tuple[date, date]]) -> list[date]:
    """Give the ends of the pauses of a day."""
    return [end for begin, end in spans if begin < day <= end]


def _stretches(
    start: datetime, pauses: Sequence[tuple[str, str | None]]
) -> list[tuple[datetime, datetime]]:
    """Give the pauses from a local `start` on by the instant, in order; those that meet as one."""
    united: list[tuple[datetime, datetime]] = []
    for a, b in sorted((_moment(a), FOREVER if b is None else _moment(b)) for a, b in pauses):
        begin = max(a, start)
        if united and begin <= united[-1][1]:
            united[-1] = (united[-1][0], max(b, united[-1][1]))
        elif begin < b:
            united.append((begin, b))
    return united


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(SHANGHAI)


def _day(moment: str) -> date:
    return _moment(moment).date()
