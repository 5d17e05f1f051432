"""A line that goes down: each silence is recorded once and none is lost, on both books."""

import asyncio

from ledger.log.fsck import fsck
from producers.watchman import Hours, Watch, look, run_watchman

QUIET = 0.3
"""Seconds after which these watchmen suspect a source; the ledger keeps its two minutes."""
HALLS = {"hall-a": ["HM"], "hall-b": ["LB", "LB-1"]}


async def beat(book, *sources):
    receipts = await book.log.submit_many([
        book.raw("source.beat", source, {"centres": HALLS[source]}, source_class="system")
        for source in sources
    ])  # fmt: skip
    assert {receipt.status for receipt in receipts} <= {"noted"}


async def watched(book, watch, minutes, *alive):
    """Let time pass under a watchman's eyes, and for `alive` beat; give how many it named."""
    hours, told = Hours(book.log), 0
    for _ in range(4):
        await book.tick(minutes=minutes / 4)
        await beat(book, *alive)
        await asyncio.sleep(QUIET / 3)
        told += await look(book.log, watch, hours)
    return told


async def kinds(book, source):
    return [event["type"] for event in await book.events(f"source/{source}")]


async def findings(book):
    """Of the sources alone: the ticks of these books are said by a test, not by the clock."""
    found = (await fsck(book.log))["findings"]
    return [each for each in found if each["id"].startswith("source/")]


async def test_a_line_goes_down_and_comes_back_and_the_other_is_only_quiet(book):
    await beat(book, *HALLS)
    watch = Watch(QUIET)
    last_beat = book.now.isoformat()
    assert await watched(book, watch, 8, "hall-a") == 1
    assert await watched(book, watch, 8, "hall-a") == 0
    await beat(book, "hall-b")
    await beat(book, "hall-b")

    assert await kinds(book, "hall-a") == []
    assert await kinds(book, "hall-b") == ["source.silent", "source.returned"]
    fell, returned = await book.events("source/hall-b")
    assert fell["data"]["data"] == {"since": last_beat, "centres": HALLS["hall-b"]}
    assert returned["time"] == book.now.isoformat()
    assert returned["data"]["stamp"] == {"centre": "LB", "since": last_beat, "silent_seconds": 960}
    assert await findings(book) == []


async def test_after_a_restart_the_same_silence_is_not_told_twice(book):
    """Book and watchmen begin anew; the ledger knows the number of what was said."""
    await beat(book, "hall-b")
    assert await watched(book, Watch(QUIET), 8) == 1
    await book.restart()
    assert await watched(book, Watch(QUIET), 8) == 1

    assert await kinds(book, "hall-b") == ["source.silent"]
    await beat(book, "hall-b")
    assert await watched(book, Watch(QUIET), 8) == 1
    assert await kinds(book, "hall-b") == ["source.silent", "source.returned", "source.silent"]
    assert await findings(book) == []


async def test_a_silence_that_nobody_had_told_before_the_restart_is_not_lost(book):
    """The last beat is kept with the book: a source that never comes back is named all the same."""
    await beat(book, "hall-b")
    last_beat = book.now.isoformat()
    await book.tick(minutes=1)
    await book.restart()
    await watched(book, Watch(QUIET), 8, "hall-a")

    (fell,) = await book.events("source/hall-b")
    assert fell["data"]["data"]["since"] == last_beat
    assert await kinds(book, "hall-a") == []


async def test_a_return_is_known_after_a_restart(book):
    """Whether a beat is a return is asked of the facts, not of the memory of a writer."""
    await beat(book, "hall-b")
    await watched(book, Watch(QUIET), 8)
    await book.restart()
    await book.tick(minutes=1)
    await beat(book, "hall-b")
    await beat(book, "hall-b")

    assert await kinds(book, "hall-b") == ["source.silent", "source.returned"]
    assert await findings(book) == []


async def test_a_ledger_that_was_away_accuses_nobody(book):
    """Sources could not be heard meanwhile; they are once they have had time to beat."""
    await beat(book, *HALLS)
    await book.restart()
    await book.tick(hours=2)
    watch = Watch(QUIET)
    assert await look(book.log, watch, Hours(book.log)) == 0
    await beat(book, *HALLS)

    assert await watched(book, watch, 8, *HALLS) == 0
    assert await kinds(book, "hall-a") == await kinds(book, "hall-b") == []


async def test_at_night_nobody_is_silent(book):
    book.now = book.now.replace(hour=16, minute=59)
    await book.tick()
    await beat(book, "hall-b")
    watch = Watch(QUIET)
    assert await watched(book, watch, 15 * 60) == 0
    assert await watched(book, watch, 90) == 1

    (fell,) = await book.events("source/hall-b")
    assert fell["time"] == "2020-06-02T09:01:00+08:00"


async def test_several_watchmen_tell_it_once_and_refuse_nothing(book):
    await beat(book, *HALLS)
    tasks = [
        asyncio.create_task(run_watchman(book.log, every=0.05, silent_after=QUIET))
        for _ in range(3)
    ]
    async with asyncio.timeout(30):
        while await kinds(book, "hall-b") != ["source.silent"]:
            await book.tick(minutes=1)
            await beat(book, "hall-a")
    tasks[0].cancel()
    await book.tick(minutes=5)
    await asyncio.sleep(QUIET)
    for task in tasks:
        assert task is tasks[0] or not task.done()
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)

    assert await kinds(book, "hall-b") == ["source.silent"]
    assert [reject async for reject in book.log.rejects()] == []
    assert await findings(book) == []
