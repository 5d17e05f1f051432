"""The drive of a demonstration: paced, alive, and never ahead of the clock that records it."""

import asyncio
from contextlib import asynccontextmanager, suppress
from datetime import date, datetime

import orjson
import pytest

from ledger.contracts.codes import SHANGHAI
from ledger.log.sqlite import SqliteLog
from producers.drive import CityClock, demo_drive, load_city, run_ticker

MONDAY = date(2020, 6, 1)
FRIDAY = date(2020, 6, 5)


@asynccontextmanager
async def working(tmp_path, speed, start=MONDAY, cases_per_day=2000):
    """A city at work over a real book, stopped at the end of the block."""
    clock = CityClock()
    log = await SqliteLog.open(tmp_path / "ledger.db", clock)
    city = load_city()
    task = asyncio.create_task(
        demo_drive(log, city, 1, speed, start, clock=clock, cases_per_day=cases_per_day)
    )
    try:
        yield log, city, clock, task
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        await log.close()


async def until(condition, task, seconds=20):
    """Wait for the condition; the drive must not have ended meanwhile."""
    async with asyncio.timeout(seconds):
        while not await condition():
            assert not task.done(), task
            await asyncio.sleep(0.02)


async def facts(log):
    return [
        orjson.loads(record.value)
        async for batch in log.scan()
        for record in batch
        if record.partition < log.partitions and b'"case/' in record.value
    ]


@pytest.mark.slow
async def test_a_demonstration_moves_at_once_and_every_hall_is_alive(tmp_path):
    async with working(tmp_path, speed=600) as (log, city, clock, task):

        async def moving():
            pulses = await log.pulses()
            beats = {centre for pulse in pulses for centre in pulse.beats}
            return (
                len(pulses) == log.partitions + 1
                and beats == {centre.id for centre in city.centres}
                and len(await facts(log)) > 100
            )

        await until(moving, task)
        recorded = await facts(log)

        assert {event["time"][:10] for event in recorded} == {"2020-06-01"}
        assert not any("clamped" in e["data"]["stamp"].get("flags", ()) for e in recorded)
        assert all(event["time"] <= event["recordedat"] for event in recorded)
        assert clock() > datetime(2020, 6, 1, 9, tzinfo=SHANGHAI)


@pytest.mark.slow
async def test_the_weekend_is_skipped_but_the_pulse_goes_on(tmp_path):
    """Friday noon to Monday morning takes seconds, not an hour, of somebody's time."""
    async with working(tmp_path, 20_000, FRIDAY, 60) as (log, _, clock, task):

        async def monday():
            return clock().date() >= date(2020, 6, 8)

        async def pulsed():
            return max(pulse.now for pulse in await log.pulses()) >= "2020-06-08"

        await until(monday, task, 60)
        await until(pulsed, task)


async def test_a_real_ledger_is_ticked_in_every_partition(tmp_path):
    log = await SqliteLog.open(tmp_path / "ledger.db")
    task = asyncio.create_task(run_ticker(log))

    async def ticked():
        return len(await log.pulses()) == log.partitions + 1

    await until(ticked, task)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    await log.close()
