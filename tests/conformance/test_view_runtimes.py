"""One fold, two runtimes, one picture: a fault of a runtime cannot change a figure unseen."""

import asyncio
import itertools
import os
import signal
import sys
from pathlib import Path

import pytest

from ledger.contracts.wire import decode
from ledger.log.broker import Cluster
from ledger.log.sqlite import SqliteLog
from ledger.log.topics import KafkaUrl, create_topics
from processors.runtime.embedded import EmbeddedViews
from processors.runtime.views_tail import KafkaViews
from processors.views.latest import fold_latest
from tests.agreement.conftest import City, Clock
from tests.kafka.facts import append, refold, running, until, writer

PARTITIONS = 2
HERE = Path(__file__).parent
_numbers = itertools.count(1)


@pytest.fixture
async def book(tmp_path):
    """A week of a small city, with late facts, voids and ratings, in the embedded book."""
    clock = Clock()
    log = await SqliteLog.open(tmp_path / "ledger.db", clock, PARTITIONS)
    city = City(log, clock, seed=20)
    await city.furnish()
    await city.live(500, 60)
    yield log
    await log.close()


@pytest.fixture
async def records(book):
    """All that was recorded, partition by partition."""
    found = [[] for _ in range(PARTITIONS + 1)]
    async for batch in book.scan():
        found[batch[0].partition] += batch
    return found


class Embedded:
    """In process, over the seam, state in SQLite."""

    def __init__(self, book, folder):
        self.book, self.folder = book, folder

    async def crash(self):
        """Fold a part, die inside a batch."""
        env = os.environ | {"PYTHONPATH": str(HERE.parents[1])}
        process = await asyncio.create_subprocess_exec(
            sys.executable, HERE / "embedded_in_trouble.py",
            self.folder / "ledger.db", self.folder / "views.db", "333", env=env,
        )  # fmt: skip
        assert await process.wait() == -signal.SIGKILL

    async def picture(self):
        """The picture when all is folded, and how many records that took."""
        views = EmbeddedViews(self.book, self.folder / "views.db")
        await views.step()
        picture = await views.picture()
        await views.close()
        return picture, views.folded


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    with Cluster.start(tmp_path_factory.mktemp("kafka")) as made:
        yield made


class OnFaust:
    """A worker process on Faust, over Kafka, its views read as a wall reads them."""

    def __init__(self, at, records, folder):
        self.at, self.records, self.folder = at, records, folder
        self.written = 0

    async def write(self, share):
        """Copy the first `share` of each partition to Kafka, bytes as stored."""
        async with writer(self.at) as made:
            for p, stored in enumerate(self.records):
                topic, number = ("reference", 0) if p == PARTITIONS else ("ledger", p)
                end = int(len(stored) * share)
                values = [record.value for record in stored[self.written * len(stored) // 2 : end]]
                for first in range(0, len(values), 40):
                    topic_name = f"{self.at.prefix}.{topic}"
                    await append(made, topic_name, number, values[first : first + 40])
        self.written = 1

    async def crash(self):
        """Fold a part, die inside a batch."""
        async with running(self.at, self.folder / "first", "KILL:fold:150") as worker:
            await self.write(0.5)
            assert await worker.ended(60) == -signal.SIGKILL

    async def picture(self):
        """The picture when all is folded, and how many records that took."""
        await self.write(1)
        url = f"kafka://{self.at.bootstrap}?prefix={self.at.prefix}"
        async with running(self.at, self.folder / "second") as worker:
            caught_up = await until(
                lambda: len(lines := worker.journal("caught_up")) == PARTITIONS + 1 and lines
            )
        views = await KafkaViews.open(url)
        picture = await views.picture()
        await views.close()
        return picture, sum(line["records"] for line in caught_up)


@pytest.fixture(params=["embedded", pytest.param("faust", marks=pytest.mark.kafka)])
async def runtime(request, book, records, tmp_path):
    if request.param == "embedded":
        return Embedded(book, tmp_path)
    cluster = request.getfixturevalue("cluster")
    at = KafkaUrl(cluster.bootstrap, f"c{next(_numbers)}")
    await create_topics(at.bootstrap, PARTITIONS, prefix=at.prefix)
    return OnFaust(at, records, tmp_path)


def plain(records):
    """Sums and newest facts, by the pure fold alone."""
    events = [decode(record.value) for stored in records for record in stored]
    latest = {}
    for event in events:
        fold_latest(latest, event)
    return refold(events), {name: newest.data for name, newest in latest.items()}


async def test_every_runtime_gives_what_the_fold_gives(runtime, records):
    """A week with voids and late facts: cell by cell, gauge by gauge, name by name."""
    picture, folded = await runtime.picture()

    assert (picture.sums, picture.latest) == plain(records)
    assert any(b"event_restamped" in record.value for stored in records for record in stored)
    assert folded == sum(map(len, records))


async def test_a_crash_inside_a_batch_leaves_no_trace(runtime, records):
    """What was committed is not folded again, what was not is; neither shows."""
    await runtime.crash()
    picture, folded = await runtime.picture()

    assert (picture.sums, picture.latest) == plain(records)
    assert folded <= sum(map(len, records))


async def test_an_embedded_crash_costs_the_lag_and_no_more(book, records, tmp_path):
    """A commit comes with the batch that fills 50 records: it and the one that died come again."""
    runtime = Embedded(book, tmp_path)
    await runtime.crash()
    _, folded = await runtime.picture()

    sizes = list(map(len, records))
    assert folded <= sum(sizes) - 332 + max(sizes) + 50


async def test_the_embedded_runner_follows_until_it_is_stopped(book, tmp_path):
    """It polls, it can be woken, and it commits what is left before it returns."""
    views, stop = EmbeddedViews(book, tmp_path / "views.db"), asyncio.Event()
    running_ = asyncio.create_task(views.run(stop))
    end = await book.end()

    async def there():
        return (await views.picture()).cut == end

    await until(there)
    views.wake()
    stop.set()
    await running_
    first = await views.picture()
    again = await views.picture()
    await views.close()

    assert first is again
