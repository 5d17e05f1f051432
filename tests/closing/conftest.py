"""A simulated city whose days are published night by night."""

import orjson
import pytest

from analytics.closing.plan import instant_of
from analytics.closing.run import close
from analytics.lake.archiver import archive
from analytics.lake.catalog import Lake
from ledger.contracts.codes import SHANGHAI
from ledger.log.sqlite import SqliteLog
from producers.city.faults import MILLION, every
from producers.city.simulate import simulate
from producers.drive import CityClock, load_city, submit_reference

MISCHIEF = every(MILLION // 8)
"""One case in eight meets each kind of mischief: late, twice, voided, at the wrong window …"""


class Town:
    """A book, its lake and its clock."""

    def __init__(self, log, lake, clock):
        self.log, self.lake, self.clock = log, lake, clock
        self.seq = 0

    @classmethod
    async def open(cls, folder):
        clock = CityClock()
        log = await SqliteLog.open(folder / "ledger.db", clock)
        return cls(log, Lake(str(folder / "lake")), clock)

    async def live(self, seed, start, days, cases):
        """Let simulated days pass."""
        city = load_city()
        await submit_reference(self.log, city, self.clock)
        raws = []
        for moment, command in simulate(city, seed, start, days, cases, MISCHIEF):
            if moment > self.clock.now:
                await self.log.submit_many(raws)
                raws = []
                self.clock.now = moment
            raws.append(orjson.dumps(command))
        await self.log.submit_many(raws)

    async def say(self, kind, key, data, at, **more):
        """Say one thing, as another system does; give its receipt."""
        self.seq += 1
        at = at.astimezone(SHANGHAI)
        self.clock.now = max(self.clock.now, more.pop("now", at))
        return await self.log.submit(orjson.dumps({
            "type": kind, "key": key, "data": data, "occurred_at": at.isoformat(),
            "source_system": "test", "source_seq": str(self.seq), "source_class": "imported",
            **more}))  # fmt: skip

    async def close(self, last, **options):
        """Archive, then publish up to `last`, as the job does after that night."""
        self.clock.now = max(self.clock.now, instant_of(last))
        await archive(self.log, self.lake)
        return await close(self.log, self.lake, last, **options)

    async def published(self):
        """Every fact of the periods: (stream, version, type, data), in order."""
        found = []
        async for records in self.log.scan():
            for record in records:
                event = orjson.loads(record.value)
                if event["subject"].startswith("period/"):
                    found.append((event["subject"], event["streamversion"], event["type"],
                                  event["data"]["data"]))  # fmt: skip
        return sorted(found, key=lambda fact: fact[:2])

    async def shut(self):
        self.lake.close()
        await self.log.close()


@pytest.fixture
async def new_town(tmp_path):
    made = []

    async def new(name="town"):
        folder = tmp_path / f"{name}{len(made)}"
        folder.mkdir()
        made.append(await Town.open(folder))
        return made[-1]

    yield new
    for town in made:
        await town.shut()
