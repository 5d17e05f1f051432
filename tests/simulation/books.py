"""Books of the city: reference facts once, then whole lives of a few cases each day, and ticks."""

import shutil
from contextlib import asynccontextmanager
from datetime import datetime, time, timedelta
from heapq import merge
from itertools import groupby
from operator import itemgetter

import orjson

from ledger.contracts.codes import SHANGHAI
from ledger.log.sqlite import SqliteLog
from producers.city.faults import expected_refusal
from producers.city.lines import Lines
from producers.city.simulate import simulate
from producers.drive import CityClock, submit_all, submit_reference, tick


async def furnish(folder, city):
    """Make a book that knows the city and nothing else, before its first day; give its file."""
    clock = CityClock(city.facts_from)
    log = await SqliteLog.open(folder / "furnished.db", clock)
    await submit_reference(log, city, clock)
    await log.close()
    return folder / "furnished.db"


@asynccontextmanager
async def copy_of(furnished, folder):
    """Open a copy of a furnished book, with its clock."""
    shutil.copy(furnished, folder / "ledger.db")
    clock = CityClock(datetime(2019, 1, 1, tzinfo=SHANGHAI))
    async with opened(folder, clock) as log:
        yield log, clock


@asynccontextmanager
async def opened(folder, clock=None):
    """Open the book of a folder."""
    log = await SqliteLog.open(folder / "ledger.db", clock or CityClock())
    try:
        yield log
    finally:
        await log.close()


def lives(city, seeds, start, cases_per_day, rates):
    """Give the lives of one day of arrivals a seed, each to its end, the days one after another."""
    days = (start + timedelta(n) for n in range(400))
    worked = (day for day in days if city.calendar.is_working(day) or day.weekday() == 5)
    told = []
    for seed, day in zip(seeds, worked, strict=False):
        told.append(simulate(city, seed, day, 1, cases_per_day, rates, to_the_end=True))
        told.append(sorted(Lines(city, seed, rates).told(day, 1), key=itemgetter(0)))
    return merge(*told, key=itemgetter(0))


async def write(log, clock, commands):
    """Hand in commands a day at a time, with a tick before and after; give (command, receipt)s."""
    answered = []
    for day, group in groupby(commands, lambda timed: timed[0].date()):
        timed = list(group)
        await tick(log, clock, datetime.combine(day, time(), SHANGHAI))
        clock.now = max(clock.now, timed[-1][0])
        receipts = await submit_all(log, [orjson.dumps(command) for _, command in timed])
        answered += zip((command for _, command in timed), receipts, strict=True)
        await tick(log, clock, clock.now)
    return answered


def unplanned(answered):
    """Give the answers that the city did not expect."""
    return [
        (command["type"], command["source_seq"], receipt.code, receipt.message)
        for command, receipt in answered
        if receipt.code != expected_refusal(command)
    ]
