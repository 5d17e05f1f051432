"""Two hundred small days of the city with much mischief: nothing unplanned, and sound books.

Ten seeds share a book, each with a day of its own; their cases are followed to the very end.
`make hunt SEEDS=2000` asks for more.
"""

import asyncio
from datetime import date

import pytest

from analytics.lake.archiver import archive
from analytics.lake.catalog import Lake
from analytics.reconcile import reconcile
from ledger.log.fsck import fsck
from ledger.rules.refusals import Code
from producers.city.faults import MILLION, every, reordered
from producers.drive import load_city
from tests.agreement.test_two_roads import events_of, folded
from tests.simulation.books import copy_of, furnish, lives, unplanned, write

OFTEN = every(MILLION // 7)
CASES_A_DAY = 12
A_BOOK = 10
"""Seeds."""
STARTS = [date(2020, 6, 1), date(2019, 12, 16), date(2020, 9, 21), date(2021, 1, 25),
          date(2024, 2, 1)]  # fmt: skip
"""A usual Monday; before the Spring Festivals of 2020 (prolonged), 2021 and 2024; before 国庆节."""
RECONCILED = 5
"""One book in so many is archived and reconciled; each is read by fsck."""


@pytest.fixture(scope="module")
def city():
    return load_city()


@pytest.fixture(scope="module")
def furnished(city, tmp_path_factory):
    return asyncio.run(furnish(tmp_path_factory.mktemp("city"), city))


def pytest_generate_tests(metafunc):
    if "book" in metafunc.fixturenames:
        metafunc.parametrize("book", range(metafunc.config.getoption("--seeds") // A_BOOK))


@pytest.mark.slow
async def test_days_with_mischief_leave_a_sound_book(city, furnished, tmp_path, book):
    seeds = range(book * A_BOOK + 1, (book + 1) * A_BOOK + 1)
    start = STARTS[book % len(STARTS)]
    commands = reordered(lives(city, seeds, start, CASES_A_DAY, OFTEN), book, 100_000)
    async with copy_of(furnished, tmp_path) as (log, clock):
        answered = await write(log, clock, commands)
        rejects = [reject.body["code"] async for reject in log.rejects()]
        report = await fsck(log)
        if book % RECONCILED == 0:
            lake, cut = Lake(str(tmp_path / "lake")), await log.end()
            await archive(log, lake)
            told = reconcile(folded(await events_of(log), cut), cut, lake)
            assert told["differences"] == []

    assert unplanned(answered) == []
    assert Code.E_INTERNAL not in rejects
    assert report["findings"] == []
    assert sum(receipt.status == "accepted" for _, receipt in answered) > 120 * A_BOOK


def test_every_kind_of_mischief_leaves_its_trace(city):
    """A rate that nobody reads would make the hunt look at nothing."""
    usual = {**every(0), "angry": MILLION // 3, "inspected": MILLION // 3}

    def told(rates):
        return [command for _, command in lives(city, [1, 2, 3], STARTS[0], 40, rates)]

    plain = told(usual)
    unread = [kind for kind in usual if told({**usual, kind: MILLION}) == plain]

    assert unread == []
