"""Lines of the city go down: the ledger holds when, a hall works on, and nothing is lost."""

import asyncio
from collections import Counter, defaultdict
from contextlib import suppress
from datetime import date, datetime, timedelta

import orjson
import pytest

from ledger.log.fsck import fsck
from ledger.log.sqlite import SqliteLog
from producers.city.faults import MILLION, NO_FAULTS, USUAL
from producers.city.lines import DOWN_MINUTES, Lines
from producers.city.simulate import simulate
from producers.drive import CityClock, demo_drive, load_city, simulate_into
from producers.watchman import run_watchman

MONDAY = date(2020, 6, 1)
SUNDAY = date(2020, 6, 7)
ALL_DOWN = {**NO_FAULTS, "line_down": MILLION}


@pytest.fixture(scope="module")
def city():
    return load_city()


async def told(log):
    """Facts about sources, source → events."""
    found = defaultdict(list)
    async for batch in log.scan():
        for record in batch:
            if b'"subject":"source/' in record.value:
                event = orjson.loads(record.value)
                found[event["subject"].removeprefix("source/")].append(event)
    return found


def test_a_line_is_down_at_most_once_a_day_in_hours_of_work(city):
    lines = Lines(city, 1, ALL_DOWN)
    downs = lines.of(MONDAY)

    assert {down.source: list(down.centres) for down in downs} == city.sources()
    assert all(f"{down.begin:%H:%M}" >= "09:10" for down in downs)
    assert all(f"{down.end:%H:%M}" <= "16:10" for down in downs)
    assert all(
        timedelta(minutes=DOWN_MINUTES[0]) <= down.end - down.begin <= timedelta(minutes=240)
        for down in downs
    )
    assert lines.of(SUNDAY) == Lines(city, 1, NO_FAULTS).of(MONDAY) == ()
    assert Lines(load_city(), 1, ALL_DOWN).of(MONDAY) == downs
    assert Lines(city, 2, ALL_DOWN).of(MONDAY) != downs


def test_the_usual_city_has_a_line_down_on_most_days(city):
    days = [len(Lines(city, 1).of(MONDAY + timedelta(n))) for n in range(60)]

    assert 0 < sum(days) / len(city.sources()) / 42 * MILLION < 2 * USUAL["line_down"]


def test_what_a_hall_does_without_its_line_comes_later_and_in_order(city):
    lines = Lines(city, 3, ALL_DOWN)
    plain = list(simulate(city, 3, MONDAY, 1, 300))
    late = list(lines.kept_back(plain))

    def of_sources(timed):
        found = defaultdict(list)
        for _, command in timed:
            found[command["source_system"]].append(command)
        return found

    assert of_sources(late) == of_sources(plain)
    assert [moment for moment, _ in late] == sorted(moment for moment, _ in late)
    assert sum(a is not b for (_, a), (_, b) in zip(plain, late, strict=True)) > len(plain) / 3
    assert not any(lines.back_at(command["source_system"], moment) for moment, command in late)


async def test_a_simulated_week_holds_its_silences(city, tmp_path):
    clock = CityClock()
    log = await SqliteLog.open(tmp_path / "ledger.db", clock)
    try:
        counted = await simulate_into(log, city, 1, 7, 20, clock=clock)
        found = await told(log)
        checked = await fsck(log)
    finally:
        await log.close()
    lines = Lines(city, 1)
    downs = [down for n in range(7) for down in lines.of(MONDAY + timedelta(n))]
    silences = Counter(down.source for down in downs)

    assert len(downs) > 3
    assert {source: len(events) for source, events in found.items()} == {
        source: 2 * count for source, count in silences.items()
    }
    assert {e["data"]["data"]["since"] for events in found.values() for e in events[::2]} == {
        down.begin.isoformat() for down in downs
    }
    assert checked["findings"] == []
    assert counted["refused"] < counted["commands"] / 10


SPEED = 1800
QUIET = 4.5
"""Real seconds; a demonstration beats every two, and a line is down for four or more."""


@pytest.mark.slow
async def test_a_demonstration_has_a_line_down_and_the_ledger_says_so(city, tmp_path):
    """The watchman hears what the wall hears: no beat; the rest of the city goes on."""
    seed = next(
        n for n in range(1, 1000)
        if len(downs := Lines(city, n).of(MONDAY)) == 1
        and downs[0].begin.hour == 9
        and downs[0].end - downs[0].begin > timedelta(minutes=220)
    )  # fmt: skip
    (down,) = Lines(city, seed).of(MONDAY)
    clock = CityClock()
    log = await SqliteLog.open(tmp_path / "ledger.db", clock)
    tasks = [
        asyncio.create_task(demo_drive(log, city, seed, SPEED, clock=clock, cases_per_day=60)),
        asyncio.create_task(run_watchman(log, every=0.2, silent_after=QUIET)),
    ]
    try:
        async with asyncio.timeout(60):
            while len((await told(log)).get(down.source, ())) < 2:
                assert not any(task.done() for task in tasks), tasks
                await asyncio.sleep(0.1)
        found = await told(log)
        rejects = [reject.body async for reject in log.rejects()]
    finally:
        for task in tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        await log.close()
    fell, returned = found[down.source]

    assert list(found) == [down.source]
    assert fell["data"]["data"]["centres"] == list(down.centres)
    since = datetime.fromisoformat(fell["data"]["data"]["since"])
    # The clock of a demonstration runs ahead of its commands by a tick: here half an hour.
    assert abs(since - down.begin) < timedelta(hours=1)
    assert returned["data"]["stamp"]["silent_seconds"] > 3600
    assert not any(body["key"].startswith("watchman/") for body in rejects)
