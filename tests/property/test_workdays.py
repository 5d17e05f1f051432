"""Laws of counting working days and minutes, over calendars as they may be published."""

from datetime import date, datetime, time, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.contracts.codes import SHANGHAI, LimitUnit
from ledger.contracts.events.base import Limit
from ledger.rules.workdays import Calendar

FIRST, LAST = date(2019, 1, 1), date(2023, 12, 31)
days = st.dates(FIRST, LAST)
moments = st.datetimes(datetime(2020, 1, 1), datetime(2021, 12, 31, 23, 59)).map(  # noqa: DTZ001
    lambda moment: moment.replace(tzinfo=SHANGHAI)
)


@st.composite
def calendars(draw):
    """Some years published, with any days off and any weekend days on."""
    made = Calendar()
    for year in draw(st.sets(st.integers(2019, 2023))):
        any_day = st.dates(date(year, 1, 1), date(year, 12, 31))
        off = draw(st.sets(any_day, max_size=30))
        made = made.with_year(year, off, draw(st.sets(any_day, max_size=10)))
    return made


PUBLISHED = Calendar().with_year(2020, [date(2020, 10, d) for d in range(1, 9)], []).with_year(
    2021, [date(2021, 1, 1)], [date(2021, 1, 2)]
)  # fmt: skip


@settings(deadline=None)
@given(calendars(), days, st.integers(0, 400))
def test_after_n_working_days_n_have_elapsed_and_not_a_day_before(calendar, start, n):
    day = calendar.add(start, n)

    assert calendar.elapsed(start, day) == n
    if n:
        assert calendar.is_working(day)
        assert calendar.elapsed(start, day - timedelta(1)) == n - 1


@settings(deadline=None)
@given(calendars(), days, days, days)
def test_elapsed_days_add_up_over_a_split_and_are_counted_one_by_one(calendar, a, b, c):
    a, b, c = sorted((a, b, c))
    one_by_one = sum(calendar.is_working(a + timedelta(n)) for n in range(1, (c - a).days + 1))

    assert calendar.elapsed(a, b) + calendar.elapsed(b, c) == calendar.elapsed(a, c) == one_by_one


@given(moments, moments, moments)
def test_minutes_add_up_over_a_split(a, b, c):
    a, b, c = sorted((a, b, c))

    assert PUBLISHED.minutes(a, b) + PUBLISHED.minutes(b, c) == PUBLISHED.minutes(a, c)


@given(st.dates(date(2020, 1, 1), date(2021, 11, 1)), st.integers(0, 30))
def test_a_working_day_has_480_minutes(start, n):
    morning = datetime.combine(start, time(0), SHANGHAI)
    end = morning + timedelta(n)
    worked = sum(PUBLISHED.is_working(start + timedelta(i)) for i in range(n))

    assert PUBLISHED.minutes(morning, end) == worked * 480


@settings(deadline=None)
@given(calendars(), moments, st.integers(0, 60), st.sampled_from(LimitUnit))
def test_a_due_is_never_before_its_start_and_grows_with_the_limit(calendar, start, n, unit):
    due, more = (calendar.due(start, Limit(n=k, unit=unit)) for k in (n, n + 1))

    assert start <= due <= more
