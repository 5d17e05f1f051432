"""The two books behind one handle, so that each promise of the seam is asked of both."""

import asyncio
import contextlib
import itertools
from datetime import datetime, timedelta

import orjson
import pytest

from ledger.contracts.codes import SHANGHAI
from ledger.contracts.wire import decode
from ledger.log.broker import Cluster
from ledger.log.kafka_client import KafkaLog
from ledger.log.kafka_writer import run_writer
from ledger.log.sqlite import SqliteLog
from ledger.log.topics import create_topics, delete_topics, parse_url

PARTITIONS = 3
MORNING = datetime(2020, 6, 1, 9, tzinfo=SHANGHAI)
_numbers = itertools.count(1)


class Book:
    """One log, its writer, and a clock the test moves; `open` again after `shut` is a restart."""

    def __init__(self, folder):
        self.folder, self.now = folder, MORNING
        self.log = None
        self._seq = itertools.count(1)

    def raw(self, kind, key, data=None, *, seq=None, **more):
        """A command of an imported source, which any hall software might have sent."""
        return orjson.dumps({
            "type": kind, "key": key, "occurred_at": self.now.isoformat(),
            "source_system": "test", "source_seq": seq or f"n{next(self._seq)}",
            "source_class": "imported", "data": data or {}, **more,
        })  # fmt: skip

    def case(self, key, **more):
        return self.raw("case.submit", key, {"case_no": key, "item": "I1"}, centre="HM", **more)

    def step(self, key, number, **more):
        data = {"step_no": number, "step_name": "审查"}
        return self.raw("case.start_step", key, data, centre="HM", **more)

    async def furnish(self):
        """A centre, a department, an item: as little as a case needs."""
        system = {"source_class": "system"}
        centre = {"name": "海门", "level": "city", "tier": "city", "town": "HM"}
        item = {"name": "事项", "dept": "D1", "project_type": "promised", "promised": {"n": 5}}
        receipts = await self.log.submit_many([
            self.raw("centre.open", "HM", centre, **system),
            self.raw("dept.register", "D1", {"name": "民政"}, **system),
            self.raw("item.register", "I1", item, **system),
        ])  # fmt: skip
        assert [receipt.status for receipt in receipts] == ["accepted"] * 3, receipts

    async def tick(self, **delta):
        """Move the clock and tell every partition."""
        self.now += timedelta(**delta)
        return await self.log.submit_many([
            self.raw("clock.tick", str(number), source_class="system")
            for number in range(PARTITIONS + 1)
        ])  # fmt: skip

    async def records(self, start=None, end=None):
        """All records of a scan, per partition."""
        found = [[] for _ in range(PARTITIONS + 1)]
        async for batch in self.log.scan(start, end):
            found[batch[0].partition] += batch
        return found

    async def events(self, stream):
        return [decode(record.value) async for record in self.log.read(stream)]

    async def restart(self):
        await self.shut()
        await self.open()


class Embedded(Book):
    async def open(self):
        self.log = await SqliteLog.open(self.folder / "ledger.db", lambda: self.now, PARTITIONS)

    async def shut(self):
        await self.log.close()


class OnKafka(Book):
    """With a writer in this process; its clock is what the ticks say, as in a demonstration."""

    def __init__(self, folder, url):
        super().__init__(folder)
        self.url = url

    async def make(self):
        at = parse_url(self.url)
        await create_topics(at.bootstrap, PARTITIONS, prefix=at.prefix)

    async def open(self):
        self.stop = asyncio.Event()
        self.writer = asyncio.create_task(
            run_writer(self.url, self.folder, demo_clock=True, stop=self.stop)
        )
        self.log = await KafkaLog.open(self.url, PARTITIONS)

    async def shut(self):
        await self.log.close()
        self.stop.set()
        await self.writer

    async def remove(self):
        at = parse_url(self.url)
        await delete_topics(at.bootstrap, at.prefix)


@pytest.fixture(scope="module")
def broker(tmp_path_factory):
    """One broker for a file of tests, started when the first of them asks."""
    with Cluster.start(tmp_path_factory.mktemp("kafka")) as cluster:
        yield cluster


@contextlib.asynccontextmanager
async def open_book(kind, folder, request):
    """One book of a kind, furnished, gone afterwards."""
    if kind == "sqlite":
        book = Embedded(folder)
    else:
        url = f"{request.getfixturevalue('broker').url}?prefix=c{next(_numbers)}"
        book = OnKafka(folder, url)
        await book.make()
    await book.open()
    await book.tick(minutes=1)
    await book.furnish()
    try:
        yield book
    finally:
        await book.shut()
        if kind == "kafka":
            await book.remove()


@pytest.fixture(params=["sqlite", pytest.param("kafka", marks=pytest.mark.kafka)])
async def book(request, tmp_path):
    """Each of the two books, furnished."""
    async with open_book(request.param, tmp_path, request) as made:
        yield made


@pytest.fixture
async def both_books(request, tmp_path):
    """The two books side by side; the test is marked `kafka`."""
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    async with (
        open_book("sqlite", tmp_path / "a", request) as embedded,
        open_book("kafka", tmp_path / "b", request) as on_kafka,
    ):
        yield embedded, on_kafka
