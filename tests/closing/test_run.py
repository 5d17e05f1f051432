"""When a night is over, who publishes it, and how the command is asked."""

import asyncio
from datetime import UTC, date, datetime, timedelta

import orjson
import pytest

from analytics.closing.run import ClosingError, closable, close_book, keep_closing, report
from analytics.lake.archiver import archive
from ledger.contracts.codes import SHANGHAI
from ledger.contracts.errors import UserError
from ledger.settings import Settings

MONDAY = date(2020, 6, 1)


def at(hour, minute, day=2):
    return datetime(2020, 6, day, hour, minute, tzinfo=SHANGHAI)


@pytest.fixture
async def town(new_town):
    """One case on Monday morning."""
    made = await new_town()
    for kind, key, data in (
        ("dept.register", "民政", {"name": "民政"}),
        ("item.register", "i", {"name": "i", "dept": "民政", "project_type": "promised"}),
        ("centre.open", "libao", {"name": "李堡", "level": "town", "tier": "other_town",
                                  "town": "libao"}),
    ):  # fmt: skip
        await made.say(kind, key, data, at(8, 0, 1), source_class="system")
    await made.say("case.submit", "C1", {"case_no": "1", "item": "i"}, at(9, 0, 1), centre="libao")
    return made


async def tick(town, moment, partitions=range(13)):
    town.clock.now = max(town.clock.now, moment)
    for n in partitions:
        await town.log.submit(orjson.dumps({
            "type": "clock.tick", "key": str(n), "occurred_at": moment.isoformat(),
            "source_system": "clock", "source_seq": f"{n}@{moment.isoformat()}",
            "source_class": "system"}))  # fmt: skip


async def over(town):
    return await closable(town.log, town.lake, await town.log.pulses())


async def test_a_night_is_over_when_every_partition_and_the_lake_are_past_it(town):
    assert await over(town) is None, "nobody ticked"
    await tick(town, at(2, 2), range(12))
    await archive(town.log, town.lake)
    assert await over(town) is None, "one was not ticked"
    await tick(town, at(2, 1), [12])
    await archive(town.log, town.lake)
    assert await over(town) == MONDAY - timedelta(1), "one is not past 02:02"
    await tick(town, at(2, 2))
    await archive(town.log, town.lake)
    assert await over(town) == MONDAY
    await town.say("case.submit", "C2", {"case_no": "2", "item": "i"}, at(2, 3), centre="libao")
    await tick(town, at(2, 4))
    assert await over(town) is None, "the lake is behind"


async def test_a_server_publishes_the_night_by_itself(town):
    await tick(town, at(2, 3))
    await archive(town.log, town.lake)
    said = asyncio.Event()

    class Listening:
        partitions = town.log.partitions
        pulses = town.log.pulses

        @staticmethod
        async def submit_many(raws):
            receipts = await town.log.submit_many(raws)
            said.set()
            return receipts

    task = asyncio.create_task(keep_closing(Listening(), town.lake))
    await asyncio.wait_for(said.wait(), 60)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)

    assert [kind for *_, kind, _ in await town.published()] == ["day.closed"]


@pytest.fixture
async def book(town, tmp_path):
    """The book as the command finds it: nobody has it open."""
    await town.shut()
    return Settings(data=next(tmp_path.glob("town*")), demo_clock=True)


async def ask(settings, now=None, **what):
    options = {"day": None, "month": None, "dry_run": False, **what}
    return await close_book(settings, now or datetime(2026, 11, 24, tzinfo=UTC), **options)


async def test_the_command_publishes_once_and_says_what(book):
    dry = await ask(book, day="2020-06-01", dry_run=True)
    first = await ask(book, day="2020-06-01")
    again = await ask(book, month="2020-06")

    assert (dry["day.close"], first["day.close"], again["day.close"]) == (1, 1, 0)
    assert again["period.freeze"] == 1
    assert report(first) == ("2020-06-01  日结  libao\n截至 2020-06-01: 日结 1, 重述 0, 月结 0")


async def test_a_night_that_is_not_over_is_not_published(book):
    real = book.model_copy(update={"demo_clock": False})
    with pytest.raises(ClosingError, match="2020-06-01 closes at 2020-06-02 02:00"):
        await ask(real, at(1, 59), day="2020-06-01")
    said = await ask(real, at(2, 0))

    assert said["day.close"] == 1


@pytest.mark.parametrize("what", [{"day": "soon"}, {"month": "2020-13"}, {"day": "2020-02-30"}])
async def test_what_is_no_day_and_no_month_is_said(book, what):
    with pytest.raises(UserError, match="is no"):
        await ask(book, **what)
