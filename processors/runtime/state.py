"""Partition state (分区状态): what was derived and the position it holds for, committed together.

One promise, two implementations: on Kafka one transaction of a fenced producer, embedded one
transaction of SQLite. Nothing else needs to be right for exactly-once effects: not the offsets
of a group, not a table of Faust.
"""

import asyncio
import sqlite3
import time
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import orjson
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from processors.runtime.wire import Pair, Reader, pairs, reject_body
from processors.views.latest import Newest
from processors.views.shelf import Change, Shelf
from processors.views.tally import Parked, Tally

if TYPE_CHECKING:
    from asyncio import Future

BATCH_BYTES = 1024 * 1024
"""Of one produced batch, under the 4 MiB of the topic."""

COMMIT_SECONDS_MAX = 10.0
TRANSACTION_MS = 15_000
REQUEST_MS = 20_000
OPEN_POLL_MS = 50
OPEN_STALL_SECONDS = 10.0
"""Reading a partition of views to its end: so long without any record is an outage."""


class BrokenPromise(Exception):
    """What must never happen did; stop the process, leave the book untouched."""


class PartitionState(Protocol):
    """State of one partition of the ledger."""

    shelf: Shelf

    async def open(self) -> int:
        """Take the partition: fence a stalled owner, read the state; give its position."""
        ...

    async def apply(self, tally: Tally) -> Change:
        """Commit what was derived, the poison and the position, all or nothing; once durable.

        Raises:
            Exception: the outcome is unknown or another owns the partition: the process must
                end, or open the state anew; this object is of no more use.

        """
        ...

    async def close(self) -> None:
        """Let go; safe to call twice."""
        ...


class KafkaState:
    """State in one partition of `<prefix>.views`, written by one producer at a time.

    Args:
        bootstrap: "host:port,…".
        prefix: of the topics.
        partition: of the ledger; the reference partition is number P.
        view_set: which set of views; each has its own writer and, but for "live", its own topic.

    """

    def __init__(
        self, bootstrap: str, prefix: str, partition: int, *, view_set: str = "live"
    ) -> None:
        self.shelf = Shelf()
        self.partition = partition
        self.bootstrap = bootstrap
        self.topic = views_topic(prefix, view_set)
        self.rejects = f"{prefix}.rejects"
        self._transactional_id = f"{prefix}-views-{view_set}-{partition}"
        self._producer: Any = None

    async def open(self) -> int:
        """Fence, then read to the now final end; nothing is read before the fence."""
        self._producer = AIOKafkaProducer(
            bootstrap_servers=self.bootstrap,
            transactional_id=self._transactional_id,
            transaction_timeout_ms=TRANSACTION_MS,
            request_timeout_ms=REQUEST_MS,
            retry_backoff_ms=10,  # With the default, transactions wait 100 ms (streaming.md 2).
            max_batch_size=BATCH_BYTES,
            max_request_size=BATCH_BYTES * 4,
            acks="all",
        )
        try:
            await self._producer.start()
            self.shelf = await self._read()
        except BaseException:
            await self.close()
            raise
        return self.shelf.position

    async def apply(self, tally: Tally) -> Change:
        """One transaction; every send is awaited, or aiokafka commits without what failed."""
        if tally.start != self.shelf.position:
            raise BrokenPromise(
                f"Partition {self.partition} is folded to {self.shelf.position}, but the next "
                f"tally begins at {tally.start}: records were lost on the way"
            )
        change = self.shelf.settle(tally)
        async with asyncio.timeout(COMMIT_SECONDS_MAX):
            await self._producer.begin_transaction()
            sent = await self._send(self.topic, pairs(change))
            if tally.parked:
                sent += await self._send(self.rejects, self._parked(tally.parked))
            for outcome in await asyncio.gather(*sent, return_exceptions=True):
                if isinstance(outcome, BaseException):
                    raise outcome
            await self._producer.commit_transaction()
        self.shelf.adopt(change)
        return change

    async def close(self) -> None:
        """Stop the producer; a transaction that is still open is left for the broker to abort."""
        producer, self._producer = self._producer, None
        if producer is not None:
            await producer.stop()

    def _parked(self, parked: Iterable[Parked]) -> Iterable[Pair]:
        for one in parked:
            body = reject_body(self.partition, one)
            yield body["key"].encode(), orjson.dumps(body)

    async def _send(self, topic: str, records: Iterable[Pair]) -> list["Future[Any]"]:
        """Send records in batches built here: a tenth of the cost of one send each."""
        producer, sent = self._producer, []
        batch = producer.create_batch()
        for key, value in records:
            if batch.append(timestamp=None, key=key, value=value) is None:
                sent.append(await producer.send_batch(batch, topic, partition=self.partition))
                batch = producer.create_batch()
                batch.append(timestamp=None, key=key, value=value)
        batch.close()
        sent.append(await producer.send_batch(batch, topic, partition=self.partition))
        return sent

    async def _read(self) -> Shelf:
        """Fold the partition of views from its beginning to its stable end."""
        shelf, reader = Shelf(), Reader()
        place = TopicPartition(self.topic, self.partition)
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self.bootstrap,
            isolation_level="read_committed",
            enable_auto_commit=False,
            auto_offset_reset="earliest",  # With "latest" an await may move it to the end.
            max_partition_fetch_bytes=BATCH_BYTES * 4,
        )
        await consumer.start()
        try:
            consumer.assign([place])
            consumer.seek(place, 0)
            end = (await consumer.end_offsets([place]))[place]
            moved, at = time.monotonic(), -1
            while (now := await consumer.position(place)) < end:
                if now > at:
                    moved, at = time.monotonic(), now
                elif time.monotonic() - moved > OPEN_STALL_SECONDS:
                    raise BrokenPromise(
                        f"{self.topic} partition {self.partition} ends at {end}, but nothing came "
                        f"after {at} for {OPEN_STALL_SECONDS:g} s: see that its brokers are up"
                    )
                # Short: a fetch of nothing but aborted records moves on, but does not return.
                got = await consumer.getmany(place, timeout_ms=OPEN_POLL_MS)
                for record in got.get(place, ()):
                    if change := reader.take(record.key, record.value):
                        shelf.adopt(change)
        finally:
            await consumer.stop()
        return shelf


def views_topic(prefix: str, view_set: str = "live") -> str:
    """Give the topic of a view set."""
    return f"{prefix}.views" if view_set == "live" else f"{prefix}.views-{view_set}"


SCHEMA = """
CREATE TABLE IF NOT EXISTS cell (partition INTEGER, key TEXT, value INTEGER,
    PRIMARY KEY (partition, key)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS newest (partition INTEGER, name TEXT, version INTEGER, data TEXT,
    PRIMARY KEY (partition, name)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS place (partition INTEGER PRIMARY KEY, position INTEGER, day TEXT);
CREATE TABLE IF NOT EXISTS parked (partition INTEGER, position INTEGER, body TEXT,
    PRIMARY KEY (partition, position)) WITHOUT ROWID;
"""


def open_views_db(path: Path) -> sqlite3.Connection:
    """Open views.db, made if missing; one process at a time writes it (the runner's)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    # NORMAL: after a power cut the newest commits may be gone, their positions with them.
    connection.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;" + SCHEMA)
    return connection


class SqliteState:
    """State in `views.db`; cells, newest facts, poison and position in one transaction."""

    def __init__(self, connection: sqlite3.Connection, partition: int) -> None:
        self.shelf = Shelf()
        self.partition = partition
        self._db = connection

    async def open(self) -> int:
        """Read the state; one process holds the embedded log, so there is nobody to fence."""
        shelf, key = Shelf(), (self.partition,)
        row = self._db.execute("SELECT position, day FROM place WHERE partition=?", key).fetchone()
        if row:
            cells = self._db.execute("SELECT key, value FROM cell WHERE partition=?", key)
            newest = self._db.execute(
                "SELECT name, version, data FROM newest WHERE partition=?", key
            )
            latest = {name: Newest(version, orjson.loads(data)) for name, version, data in newest}
            shelf.adopt(Change(dict(cells.fetchall()), latest, *row))
        self.shelf = shelf
        return shelf.position

    async def apply(self, tally: Tally) -> Change:
        """One transaction; on an error the old state stands and the records can be folded again."""
        if tally.start != self.shelf.position:
            raise BrokenPromise(
                f"Partition {self.partition} is folded to {self.shelf.position}, but the next "
                f"tally begins at {tally.start}: records were lost on the way"
            )
        change, p = self.shelf.settle(tally), self.partition
        db = self._db
        db.execute("BEGIN IMMEDIATE")
        try:
            db.executemany(
                "INSERT OR REPLACE INTO cell VALUES (?,?,?)",
                ((p, key, value) for key, value in change.cells.items() if value),
            )
            db.executemany(
                "DELETE FROM cell WHERE partition=? AND key=?",
                ((p, key) for key, value in change.cells.items() if not value),
            )
            db.executemany(
                "INSERT OR REPLACE INTO newest VALUES (?,?,?,?)",
                (
                    (p, n, v.version, orjson.dumps(v.data))
                    for n, v in change.latest.items()
                    if v.data
                ),
            )
            db.executemany(
                "DELETE FROM newest WHERE partition=? AND name=?",
                ((p, name) for name, newest in change.latest.items() if not newest.data),
            )
            db.executemany(
                "INSERT OR REPLACE INTO parked VALUES (?,?,?)",
                ((p, one.offset, orjson.dumps(reject_body(p, one))) for one in tally.parked),
            )
            db.execute(
                "INSERT OR REPLACE INTO place VALUES (?,?,?)", (p, change.position, change.day)
            )
            db.execute("COMMIT")
        except BaseException:
            db.execute("ROLLBACK")
            raise
        self.shelf.adopt(change)
        return change

    async def close(self) -> None:
        """Nothing of its own to let go; the connection is the runner's."""

    def parked(self) -> int:
        """Count the poison records of this partition."""
        count = "SELECT count(*) FROM parked WHERE partition=?"
        return int(self._db.execute(count, (self.partition,)).fetchone()[0])
