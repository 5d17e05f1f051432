"""Drives the city into a ledger (驱动): as fast as it can, or at a pace people can watch.

The ledger's notion of now is the city's: `CityClock` is handed to the embedded log, and ticks
carry the same time to a writer behind Kafka. Ticks run ahead of the commands they cover, so no
fact is later than the clock that records it.
"""

import asyncio
import tomllib
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from heapq import merge
from importlib import resources
from operator import itemgetter
from typing import Any

import orjson

from ledger.contracts.codes import BATCH_COMMANDS_MAX, SHANGHAI
from ledger.contracts.commands import BEAT, CLOCK, TICK
from ledger.contracts.errors import UserError
from ledger.contracts.receipts import Receipt
from ledger.contracts.wire import decode
from ledger.log.seam import Log, Unreachable
from producers.city.faults import Timed
from producers.city.lines import Lines
from producers.city.simulate import simulate
from producers.city.town import City, make_city, reference_commands

START = date(2020, 6, 1)
"""A Monday without holidays near: where a demonstration begins."""

BATCH_SPAN = timedelta(minutes=30)
"""City time that one batch of a simulation may cover."""

TICK_SECONDS = 1.0
BEAT_SECONDS = 2.0
STEP_SECONDS = 0.1
IDLE = timedelta(minutes=30)
"""A demonstration skips stretches without commands that are longer than this: the nights."""
IDLE_SECONDS = 5.0
"""… but first shows the closed hall for so many real seconds."""

RETRY_SECONDS = 0.5
NEAR_END = 16

Progress = Callable[[dict[str, Any]], None]


def _machine_now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251  an edge: the ticker of a real ledger


class CityClock:
    """The city's time; whoever drives the city sets it, the embedded log asks for it."""

    def __init__(self, now: datetime | None = None) -> None:
        self.now = now or datetime.combine(START, time(8, 59), SHANGHAI)

    def __call__(self) -> datetime:
        """Give the city's now."""
        return self.now


def load_city(name: str = "haimen") -> City:
    """Read a city from the tables of this package and the calendars of the ledger.

    Raises:
        FileNotFoundError: there is no `producers/city/towns/<name>.toml`.

    """
    town = resources.files("producers.city") / "towns" / f"{name}.toml"
    table = tomllib.loads(town.read_text("utf-8"))
    files = sorted(
        (f for f in (resources.files("ledger") / "data" / "holidays").iterdir()
         if f.name.endswith(".toml")),
        key=lambda f: f.name,
    )  # fmt: skip
    return make_city(table, [tomllib.loads(f.read_text("utf-8")) for f in files])


async def simulate_into(
    log: Log, city: City, seed: int, days: int, cases_per_day: int, *,
    clock: CityClock, start: date = START, on_progress: Progress | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Write a city's days as fast as the ledger takes them.

    Args:
        log: the ledger; an embedded one was opened with `clock`.
        city: whose days.
        seed: equal seeds write equal days.
        days: calendar days from `start`; weekends and holidays are days too.
        cases_per_day: on a usual working day.
        clock: set to the city's time, batch by batch.
        start: the first day.
        on_progress: called after each batch with {day, days, commands, events}.

    Returns:
        {days, cases, events, seconds, commands, duplicates, refused}.

    """
    loop = asyncio.get_running_loop()
    began = loop.time()
    count = {"days": days, "cases": 0, "events": 0, "seconds": 0.0,
             "commands": 0, "duplicates": 0, "refused": 0}  # fmt: skip
    await submit_reference(log, city, clock)
    now = datetime.combine(start, time(), SHANGHAI)
    await tick(log, clock, now)
    pending: asyncio.Task[list[Receipt]] | None = None
    lines = sorted(Lines(city, seed).told(start, days), key=itemgetter(0))
    work = simulate(city, seed, start, days, cases_per_day)
    for batch in _batches(merge(work, lines, key=itemgetter(0))):
        raws = [orjson.dumps(command) for _, command in batch]
        if pending is not None:
            _tally(count, await pending)
        now = batch[-1][0]
        await tick(log, clock, now)
        pending = asyncio.create_task(submit_all(log, raws))
        await asyncio.sleep(0)
        if on_progress is not None:
            on_progress({"day": (now.date() - start).days + 1, **count})
    if pending is not None:
        _tally(count, await pending)
    await tick(log, clock, datetime.combine(start + timedelta(days), time(), SHANGHAI))
    count["seconds"] = round(loop.time() - began, 3)
    return count


def _tally(count: dict[str, Any], receipts: Sequence[Receipt]) -> None:
    count["commands"] += len(receipts)
    for receipt in receipts:
        if receipt.status == "accepted":
            count["events"] += len(receipt.events)
            count["cases"] += receipt.version == 1 and receipt.stream.startswith("case/")
        elif receipt.status == "duplicate":
            count["duplicates"] += 1
        elif receipt.status == "refused":
            count["refused"] += 1


def _batches(commands: Iterator[Timed]) -> Iterator[list[Timed]]:
    """Group commands into batches of bounded size and bounded city time."""
    batch: list[Timed] = []
    for timed in commands:
        if batch and (
            len(batch) == BATCH_COMMANDS_MAX or timed[0] - batch[0][0] > BATCH_SPAN
        ):  # fmt: skip
            yield batch
            batch = []
        batch.append(timed)
    if batch:
        yield batch


async def next_day(log: Log) -> date:
    """Give the first day a city has not worked yet: START, or the day after the last fact."""
    end = await log.end()
    # A little before the end: on Kafka the last offsets may be markers of transactions.
    near = tuple(max(0, offset - NEAR_END) for offset in end)
    days = [START]
    async for records in log.scan(near, end):
        last = decode(records[-1].value)["recordedat"]
        days.append(datetime.fromisoformat(last).date() + timedelta(days=1))
    return max(days) if len(days) > 1 else START


async def demo_drive(
    log: Log, city: City, seed: int, speed: float, start: date = START, *,
    clock: CityClock, cases_per_day: int = 2000,
) -> None:  # fmt: skip
    """Let the city work at `speed` city seconds a second, until cancelled.

    Nights are skipped. A line that is down does not beat, and its hall's commands come when it is
    back. An unreachable ledger is waited for; nothing is lost meanwhile, the same
    bytes are handed in again.
    """
    await submit_reference(log, city, clock)
    lines = Lines(city, seed)
    began = datetime.combine(start, time(8, 59), SHANGHAI)
    pacer = _Pacer(log, lines, city.sources(), clock, speed, began)
    batch: list[bytes] = []
    for moment, command in lines.kept_back(simulate(city, seed, start, None, cases_per_day)):
        while not pacer.reached(moment) or len(batch) == BATCH_COMMANDS_MAX:
            await submit_all(log, batch)
            batch = []
            await pacer.step(moment)
        batch.append(orjson.dumps(command))


class _Pacer:
    """City time against real time: ticks, beats, and when a command's moment has come."""

    def __init__(
        self, log: Log, lines: Lines, sources: dict[str, list[str]], clock: CityClock, speed: float,
        now: datetime,
    ) -> None:  # fmt: skip
        self._log, self._clock, self._speed = log, clock, speed
        self._lines, self._sources = lines, sources
        self._loop = asyncio.get_running_loop()
        self._real, self._city = self._loop.time(), now
        self._next_tick = self._next_beat = self._real
        self._idle_since: float | None = None
        self._beats = 0

    def now(self) -> datetime:
        return self._city + timedelta(seconds=(self._loop.time() - self._real) * self._speed)

    def reached(self, moment: datetime) -> bool:
        """Tell whether a command of `moment` may be handed in: come, and covered by a tick."""
        return moment <= self.now() and moment <= self._clock.now

    async def step(self, upcoming: datetime) -> None:
        """Wait a little; tick and beat when it is time; skip a night before `upcoming`."""
        await asyncio.sleep(STEP_SECONDS)
        real = self._loop.time()
        self._skip(upcoming, real)
        if real >= self._next_tick:
            self._next_tick = real + TICK_SECONDS
            ahead = timedelta(seconds=(TICK_SECONDS + STEP_SECONDS) * self._speed)
            await tick(self._log, self._clock, self.now() + ahead)
        if real >= self._next_beat:
            self._next_beat = real + BEAT_SECONDS
            self._beats += 1
            now = self.now()
            alive = {
                source: centres
                for source, centres in self._sources.items()
                if self._lines.back_at(source, now) is None
            }
            await beat(self._log, alive, self._clock.now, self._beats)

    def _skip(self, upcoming: datetime, real: float) -> None:
        if upcoming - self.now() < IDLE:
            self._idle_since = None
        elif self._idle_since is None:
            self._idle_since = real
        elif real - self._idle_since >= IDLE_SECONDS:
            self._real, self._city = real, upcoming - timedelta(minutes=1)
            self._idle_since = None


async def run_ticker(log: Log, clock: Callable[[], datetime] = _machine_now) -> None:
    """Tick every partition each second, until cancelled: time passes, and a wall sees it does.

    A partition that does not answer holds up no other. Any number may run, in any process: a tick
    that is older than the newest one moves nothing.
    """

    async def ticking(number: int) -> None:
        while True:
            await submit_all(log, [_tick(number, clock().isoformat())])
            await asyncio.sleep(TICK_SECONDS)

    async with asyncio.TaskGroup() as group:
        for number in range(log.partitions + 1):
            group.create_task(ticking(number))


async def submit_reference(log: Log, city: City, clock: CityClock) -> None:
    """Hand in the reference facts of a city; again adds nothing.

    Raises:
        UserError: the ledger refused one; the city's table has to be corrected.

    """
    clock.now = max(clock.now, city.facts_from)
    commands = reference_commands(city)
    for receipt in await submit_all(log, [orjson.dumps(command) for command in commands]):
        if receipt.status == "refused":
            message = f"{city.name}: {receipt.key} was refused: {receipt.code}: {receipt.message}"
            raise UserError(message)


async def tick(log: Log, clock: CityClock, now: datetime) -> None:
    """Move the city's clock to `now` and tell every partition, the reference one included."""
    clock.now = max(clock.now, now)
    at = clock.now.isoformat()
    await submit_all(log, [_tick(number, at) for number in range(log.partitions + 1)])


def _tick(number: int, at: str) -> bytes:
    return orjson.dumps({
        "type": TICK, "key": str(number), "occurred_at": at, "source_system": CLOCK,
        "source_seq": f"{number}@{at}", "source_class": "system",
    })  # fmt: skip


async def beat(log: Log, sources: dict[str, list[str]], now: datetime, number: int) -> None:
    """Say of each hall system that it is alive, and for which centres it speaks."""
    raws = [
        orjson.dumps({"type": BEAT, "key": source, "occurred_at": now.isoformat(),
                      "source_system": source, "source_seq": f"beat-{number}",
                      "source_class": "system", "data": {"centres": centres}})
        for source, centres in sources.items()
    ]  # fmt: skip
    await submit_all(log, raws)


async def submit_all(log: Log, raws: Sequence[bytes]) -> list[Receipt]:
    """Hand in commands in order, in batches; wait for an unreachable ledger and try again."""
    receipts: list[Receipt] = []
    while len(receipts) < len(raws):
        batch = raws[len(receipts) : len(receipts) + BATCH_COMMANDS_MAX]
        try:
            receipts += await log.submit_many(batch)
        except Unreachable:
            await asyncio.sleep(RETRY_SECONDS)
    return receipts
