"""工作日: the vectors of domain.md 4.2 (those without pauses), and working minutes."""

from datetime import date, datetime

import pytest

from ledger.contracts.codes import SHANGHAI
from ledger.contracts.events.base import Limit
from ledger.rules.workdays import Calendar

HOLIDAYS = [
    *(date(2020, 4, d) for d in (4, 5, 6)), *(date(2020, 5, d) for d in range(1, 6)),
    *(date(2020, 6, d) for d in (25, 26, 27)), *(date(2020, 10, d) for d in range(1, 9)),
]  # fmt: skip
WORKDAYS = [date(2020, 4, 26), date(2020, 5, 9), date(2020, 6, 28), date(2020, 9, 27),
            date(2020, 10, 10)]  # fmt: skip
CALENDAR = Calendar().with_year(2020, HOLIDAYS, WORKDAYS, "org/cal-2020@1")
TWO = CALENDAR.with_year(2021, [date(2021, 1, 1), date(2021, 1, 2), date(2021, 1, 3)], [])


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


# vector of 4.2 | from | limit | last day
VECTORS = [
    ("V1", "2020-04-20T10:00", 10, "2020-05-06"),
    ("V3 C1", "2020-04-28T10:00", 5, "2020-05-08"),
    ("V4 C8", "2020-09-24T10:00", 10, "2020-10-14"),
    ("V7", "2020-04-20T10:00", 20, "2020-05-19"),
    ("V7 + 10", "2020-04-20T10:00", 30, "2020-06-02"),
    ("V8", "2020-04-28T10:00", 20, "2020-05-28"),
    ("V9 Saturday", "2020-05-16T10:00", 1, "2020-05-18"),
    ("V10", "2020-04-20T10:00", 45, "2020-06-23"),
    ("V10 + 15", "2020-04-20T10:00", 60, "2020-07-15"),
    ("before opening is day 0 too", "2020-04-20T00:00", 10, "2020-05-06"),
    ("the last minute is day 0 too", "2020-04-20T23:59", 10, "2020-05-06"),
    ("即办", "2020-04-20T10:00", 0, "2020-04-20"),
    ("即办 on a Saturday", "2020-05-16T10:00", 0, "2020-05-16"),
    ("a worked Sunday counts", "2020-04-25T10:00", 1, "2020-04-26"),
    ("over New Year, 2021 unpublished", "2020-12-30T10:00", 2, "2021-01-01"),
]


@pytest.mark.parametrize(("vector", "start", "n", "day"), VECTORS)
def test_the_vectors_of_the_specification(vector, start, n, day):
    due = CALENDAR.due(at(start), Limit(n=n))

    assert due.isoformat() == f"{day}T23:59:59.999000+08:00", vector
    if n:
        assert CALENDAR.elapsed(at(start).date(), date.fromisoformat(day)) == n


OTHER_UNITS = [
    ("2020-04-20T10:00", 10, "day", "2020-04-30T23:59:59.999000+08:00"),
    ("2020-04-20T10:00", 11, "day", "2020-05-06T23:59:59.999000+08:00"),
    ("2020-04-18T10:00", 0, "day", "2020-04-20T23:59:59.999000+08:00"),
    ("2020-04-20T10:00", 4, "hour", "2020-04-20T14:00:00+08:00"),
]


@pytest.mark.parametrize(("start", "n", "unit", "due"), OTHER_UNITS)
def test_natural_days_that_end_on_a_holiday_move_on_and_hours_run_by_the_clock(start, n, unit, due):
    assert CALENDAR.due(at(start), Limit(n=n, unit=unit)).isoformat() == due


# from | to | working minutes, 09:00 to 17:00
MINUTES = [
    ("2020-06-01T09:00", "2020-06-01T17:00", 480),
    ("2020-06-01T09:00", "2020-06-01T09:00", 0),
    ("2020-06-01T09:00:59", "2020-06-01T09:01:00", 1),
    ("2020-06-01T09:01:00", "2020-06-01T09:01:59", 0),
    ("2020-06-01T07:00", "2020-06-01T22:00", 480),
    ("2020-06-01T17:00", "2020-06-02T09:00", 0),
    ("2020-06-01T16:59", "2020-06-02T09:01", 2),
    ("2020-06-05T16:00", "2020-06-08T10:00", 120),
    ("2020-06-06T10:00", "2020-06-07T16:00", 0),
    ("2020-06-24T16:00", "2020-06-28T10:00", 120),
    ("2020-06-27T09:00", "2020-06-28T17:00", 480),
    ("2020-04-30T16:30", "2020-05-06T09:30", 60),
    ("2020-06-02T10:00", "2020-06-01T10:00", 0),
    ("2020-12-31T16:00", "2020-12-31T18:00", 60),
]


@pytest.mark.parametrize(("start", "end", "minutes"), MINUTES)
def test_minutes_run_only_while_the_hall_is_open(start, end, minutes):
    assert CALENDAR.minutes(at(start), at(end)) == minutes


def test_minutes_cross_a_year_that_is_published_and_are_unknown_in_one_that_is_not():
    over = at("2020-12-31T16:00"), at("2021-01-04T10:00")

    assert CALENDAR.minutes(*over) is None
    assert TWO.minutes(*over) == 120
    assert CALENDAR.minutes(at("2019-12-31T10:00"), at("2020-01-02T10:00")) is None
    assert Calendar().minutes(at("2020-06-01T10:00"), at("2020-06-01T10:00")) is None


def test_minutes_are_those_of_shanghai_wherever_the_clock_stood():
    utc = datetime.fromisoformat("2020-06-01T01:30:00+00:00")

    assert CALENDAR.minutes(utc, at("2020-06-01T10:00")) == 30


def test_the_years_of_a_span_are_known_or_not():
    assert CALENDAR.covers(date(2020, 1, 1), date(2020, 12, 31))
    assert not CALENDAR.covers(date(2020, 12, 31), date(2021, 1, 1))
    assert TWO.covers(date(2020, 1, 1), date(2021, 12, 31))


def test_a_year_that_is_published_again_replaces_the_first():
    """春节 of 2020 was prolonged while clocks were running."""
    first = Calendar().with_year(2020, [], [])
    second = first.with_year(2020, [date(2020, 1, 31)], [])

    assert (first.is_working(date(2020, 1, 31)), second.is_working(date(2020, 1, 31))) == (
        True, False,
    )  # fmt: skip


def test_leap_years_and_their_last_days_count():
    assert CALENDAR.elapsed(date(2020, 2, 28), date(2020, 3, 2)) == 1
    assert CALENDAR.is_working(date(2020, 12, 31))
    assert TWO.add(date(2020, 12, 31), 1) == date(2021, 1, 4)
    assert TWO.is_working(date(2021, 12, 31))
