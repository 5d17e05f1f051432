"""The published calendars, year by year, against what the law says each year adds up to."""

import tomllib
from datetime import date, timedelta
from pathlib import Path

import pytest

from ledger.rules.workdays import Calendar

FOLDER = Path(__file__).parents[2] / "ledger" / "data" / "holidays"
YEARS = {int(path.stem): tomllib.loads(path.read_text("utf-8")) for path in FOLDER.glob("*.toml")}

# year: notice, days of holiday (weekends within them too), make-up days, working days lost
NOTICES = {
    2019: ("国办发明电〔2018〕15号、〔2019〕3号", 28, 6, 11),
    2020: ("国办发明电〔2019〕16号、〔2020〕1号", 30, 6, 13),
    2021: ("国办发明电〔2020〕27号", 31, 7, 11),
    2022: ("国办发明电〔2021〕11号", 31, 7, 11),
    2023: ("国办发明电〔2022〕16号", 26, 7, 11),
    2024: ("国办发明电〔2023〕7号", 28, 8, 11),
    2025: ("国办发明电〔2024〕12号", 28, 5, 13),
    2026: ("国办发明电〔2025〕7号", 33, 6, 13),
}
"""Eleven statutory days until 2024, thirteen since; 2020 lost 31 January and 1 February more."""
FIXED = ("01-01", "05-01", "10-01", "10-02", "10-03")


def test_every_year_from_2019_is_there():
    assert sorted(YEARS) == sorted(NOTICES)


@pytest.mark.parametrize("year", NOTICES)
def test_a_year_adds_up(year):
    notice, holidays, makeups, lost = NOTICES[year]
    table = YEARS[year]
    free, work = table["holidays"], table["workdays"]

    assert (table["year"], table["doc_no"]) == (year, notice)
    assert (len(free), len(work)) == (holidays, makeups)
    assert sum(day.weekday() < 5 for day in free) - len(work) == lost


@pytest.mark.parametrize("year", NOTICES)
def test_the_days_of_a_year_are_possible(year):
    free, work = YEARS[year]["holidays"], YEARS[year]["workdays"]

    assert free == sorted(set(free))
    assert work == sorted(set(work))
    assert {day.year for day in (*free, *work)} == {year}
    assert not set(free) & set(work)
    assert all(day.weekday() >= 5 for day in work), "one works on a weekend to make up"
    assert {date.fromisoformat(f"{year}-{day}") for day in FIXED} <= set(free)
    for day in work:
        near = {day + timedelta(n) for n in range(-14, 15)}
        assert near & set(free), f"{day} makes up for a holiday near"


@pytest.mark.parametrize("year", NOTICES)
def test_a_stretch_of_holiday_is_three_days_or_is_joined_to_a_weekend(year):
    """A day off alone in the week was given on 1 January of three years and at 清明节 2023."""
    free = set(YEARS[year]["holidays"])
    alone = [
        day for day in free
        if all(near not in free and near.weekday() < 5
               for near in (day - timedelta(1), day + timedelta(1)))
    ]  # fmt: skip

    assert [f"{day:%m-%d}" for day in sorted(alone)] == {
        2019: ["01-01"], 2020: ["01-01"], 2023: ["04-05"], 2025: ["01-01"],
    }.get(year, [])  # fmt: skip


def test_a_limit_runs_over_new_year():
    calendar = Calendar()
    for table in YEARS.values():
        calendar = calendar.with_year(table["year"], table["holidays"], table["workdays"])

    assert calendar.add(date(2021, 12, 31), 1) == date(2022, 1, 4)
    assert calendar.add(date(2024, 2, 9), 1) == date(2024, 2, 18), "a Sunday on which people work"
