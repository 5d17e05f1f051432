"""The embedded book: one process, one file, group commit (design.md 5).

One thread owns the writing connection: what came in while it was busy becomes the next batch,
at most 500 commands, one transaction, synchronous FULL. A receipt is given when the transaction
has reached the disk. After any failure nothing is trusted: the transaction is rolled back and
every partition is folded again from what is stored.
"""

import asyncio
import fcntl
import os
import sqlite3
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from ledger.contracts.codes import BATCH_COMMANDS_MAX, PARTITIONS
from ledger.contracts.commands import command_hash, route
from ledger.contracts.receipts import Receipt
from ledger.contracts.wire import Event, decode
from ledger.log.seam import Cut, LogError, Pulse, Record, Reject, Unreachable
from ledger.proof.chain import chain, genesis
from ledger.rules.partition import Decision, Partition, Stored, failed_decision

PAGE = 4000
"""Events a scan reads at a time."""
SHIFT = 40
"""Row id = partition << 40 | offset: the primary key is the position, in order."""
ATTEMPTS_MAX = 3
QUEUE_MAX = 20_000

SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS events (
    position INTEGER PRIMARY KEY, stream TEXT NOT NULL, version INTEGER NOT NULL,
    value BLOB NOT NULL, chain BLOB NOT NULL);
CREATE UNIQUE INDEX IF NOT EXISTS events_stream ON events (stream, version);
CREATE TABLE IF NOT EXISTS receipts (key TEXT PRIMARY KEY, body BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS rejects (
    n INTEGER PRIMARY KEY, partition INTEGER NOT NULL, key TEXT NOT NULL, hash TEXT NOT NULL,
    code TEXT NOT NULL, body BLOB NOT NULL, UNIQUE (key, hash, code));
"""


class Waiting(NamedTuple):
    """A command in the queue."""

    raw: bytes
    partition: int
    at: float
    done: asyncio.Future[Receipt]


class SqliteStore:
    """What is stored of one partition (`ledger.rules.partition.Store`), over a connection."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def history(self, stream: str) -> list[bytes]:
        """Give the stored events of a stream in order of version."""
        rows = self._connection.execute(
            "SELECT value FROM events WHERE stream = ? ORDER BY version", (stream,)
        )
        return [row[0] for row in rows]

    def receipt(self, key: str) -> bytes | None:
        """Give the receipt a source key is bound to."""
        row = self._connection.execute("SELECT body FROM receipts WHERE key = ?", (key,)).fetchone()
        return None if row is None else row[0]


class Writer:
    """The writing side, used by one thread only: partitions, ends and chain heads."""

    def __init__(self, path: Path, partitions: int) -> None:
        self.partitions = partitions
        self.connection = connect(path)
        self.connection.executescript(SCHEMA)
        self._check_partitions(path)
        self.ends: list[int] = []
        self._heads: list[bytes] = []
        self._open: dict[int, Partition] = {}
        self._attempts: Counter[str] = Counter()
        self.reload()

    def _check_partitions(self, path: Path) -> None:
        row = self.connection.execute("SELECT value FROM meta WHERE name='partitions'").fetchone()
        if row is None:
            with self.connection:
                self.connection.execute(
                    "INSERT INTO meta VALUES ('partitions', ?)", (str(self.partitions),)
                )
        elif int(row[0]) != self.partitions:
            message = f"{path} has {row[0]} partitions, not {self.partitions}; they never change"
            raise LogError(message)

    def reload(self) -> None:
        """Forget everything in memory and read ends and chain heads from the file."""
        self._open.clear()
        self.ends, self._heads = [], []
        for partition in range(self.partitions + 1):
            row = self.connection.execute(
                "SELECT position, chain FROM events WHERE position >= ? AND position < ? "
                "ORDER BY position DESC LIMIT 1",
                (partition << SHIFT, (partition + 1) << SHIFT),
            ).fetchone()
            offset = 0 if row is None else row[0] - (partition << SHIFT) + 1
            self.ends.append(offset)
            self._heads.append(genesis(partition) if row is None else row[1])

    def commit(self, batch: Sequence[tuple[bytes, int]], now: datetime) -> list[Decision]:
        """Decide a batch and make it durable, or raise and leave the file untouched."""
        while True:
            try:
                with self.connection:
                    decisions = [self._one(raw, partition, now) for raw, partition in batch]
            except sqlite3.Error:
                self.reload()
                raise
            except Exception as error:
                # One bad command must not stop its neighbours: after three rebuilds it alone is
                # refused (tests/conformance, "a command that breaks the rules").
                self.reload()
                if not isinstance(error, _Broken):
                    raise
                continue
            for partition in self._open.values():
                partition.settle()
            return decisions

    def _one(self, raw: bytes, number: int, now: datetime) -> Decision:
        digest = command_hash(raw)
        if self._attempts and self._attempts[digest] >= ATTEMPTS_MAX:
            decision = failed_decision(raw, now)
        else:
            partition = self._partition(number, now)
            try:
                decision = partition.decide(raw, now)
            except sqlite3.Error:
                raise
            except Exception as error:
                self._attempts[digest] += 1
                raise _Broken from error
        for event in decision.events:
            self._append(number, event)
        if decision.receipt.status == "accepted":
            self.connection.execute(
                "INSERT INTO receipts VALUES (?, ?)",
                (decision.receipt.key, decision.receipt.model_dump_json().encode()),
            )
        if (reject := decision.reject) is not None:
            self.connection.execute(
                "INSERT OR IGNORE INTO rejects (partition, key, hash, code, body) "
                "VALUES (?, ?, ?, ?, ?)",
                (number, reject["key"], reject["hash"], reject["code"], orjson.dumps(reject)),
            )
        return decision

    def _append(self, number: int, event: Stored) -> None:
        link = chain(self._heads[number], event.value)
        self.connection.execute(
            "INSERT INTO events VALUES (?, ?, ?, ?, ?)",
            ((number << SHIFT) + self.ends[number], event.stream, event.version, event.value, link),
        )
        self._heads[number] = link
        self.ends[number] += 1

    def _partition(self, number: int, now: datetime) -> Partition:
        partition = self._open.get(number)
        if partition is None:
            partition = self._open[number] = self._resume(number)
        behind = partition.reference.offset < self.ends[self.partitions]
        if behind and not partition.is_reference:
            facts = self._reference(partition.reference.offset, self.ends[self.partitions])
            adopted = partition.adopt(facts, self.ends[self.partitions], now)
            if adopted is not None:
                self._append(number, adopted)
        return partition

    def _resume(self, number: int) -> Partition:
        store = SqliteStore(self.connection)
        partition = Partition(number, store, is_reference=number == self.partitions)
        row = self.connection.execute(
            "SELECT value FROM events WHERE position = ?",
            ((number << SHIFT) + self.ends[number] - 1,),
        ).fetchone()
        if row is not None:
            partition.resume(decode(row[0])["recordedat"])
        if partition.is_reference:
            known = self.ends[number]
        else:
            history = store.history(f"partition/{number}")
            known = decode(history[-1])["data"]["data"]["offset"] if history else 0
        for fact in self._reference(0, known):
            partition.reference.apply(fact)
        partition.reference.offset = 0 if partition.is_reference else known
        return partition

    def _reference(self, start: int, end: int) -> list[Event]:
        base = self.partitions << SHIFT
        rows = self.connection.execute(
            "SELECT value FROM events WHERE position >= ? AND position < ? ORDER BY position",
            (base + start, base + end),
        )
        return [decode(row[0]) for row in rows]

    def pulse(self, number: int, at: float) -> Pulse | None:
        """Give the pulse of a partition after a committed tick."""
        partition = self._open.get(number)
        if partition is None or not partition.tick:
            return None
        beats = dict.fromkeys(partition.beats, at)
        partition.beats.clear()
        return Pulse(number, self.ends[number], at, partition.tick, beats)


class _Broken(Exception):  # noqa: N818
    """A command broke the rules' code; the batch is decided again without trust."""


class SqliteLog:
    """The embedded `Log`."""

    def __init__(self, path: Path, writer: Writer, lock: int, clock: Callable[[], datetime]) -> None:
        self.partitions = writer.partitions
        self._path = path
        self._writer = writer
        self._lock = lock
        self._clock = clock
        self._thread = ThreadPoolExecutor(1, "ledger-writer")
        self._queue: asyncio.Queue[Waiting] = asyncio.Queue(QUEUE_MAX)
        self._pulses: dict[int, Pulse] = {}
        self._ends: Cut = tuple(writer.ends)
        self._reader = connect(path)
        self._task = asyncio.create_task(self._run())
        self._closed = False

    @classmethod
    async def open(
        cls,
        path: Path,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),  # noqa: TID251
        partitions: int = PARTITIONS,
    ) -> "SqliteLog":
        """Open or create the book at `path`; `clock` gives the writer's now.

        Raises:
            LogError: another process has it open, or it is not a book of ours.

        """
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = os.open(path.with_name(path.name + ".lock"), os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(lock)
            message = f"{path} is open in another process; stop that one or use another --data"
            raise LogError(message) from error
        try:
            writer = Writer(path, partitions)
        except sqlite3.DatabaseError as error:
            os.close(lock)
            message = f"{path} cannot be opened ({error}); restore it or use another --data"
            raise LogError(message) from error
        return cls(path, writer, lock, clock)

    async def submit(self, raw: bytes) -> Receipt:
        """Hand in one command; on return its outcome is on the disk."""
        return await (await self._enqueue(raw))

    async def submit_many(self, raws: Sequence[bytes]) -> list[Receipt]:
        """Hand in commands in order; their receipts in that order."""
        waiting = [await self._enqueue(raw) for raw in raws]
        return [await done for done in waiting]

    async def _enqueue(self, raw: bytes) -> asyncio.Future[Receipt]:
        if self._closed:
            message = f"{self._path} is closed"
            raise Unreachable(message)
        done: asyncio.Future[Receipt] = asyncio.get_running_loop().create_future()
        await self._queue.put(Waiting(raw, route(raw, self.partitions), time.time(), done))
        return done

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            batch = [await self._queue.get()]
            while len(batch) < BATCH_COMMANDS_MAX and not self._queue.empty():
                batch.append(self._queue.get_nowait())
            work = [(waiting.raw, waiting.partition) for waiting in batch]
            try:
                decisions = await loop.run_in_executor(
                    self._thread, self._writer.commit, work, self._clock()
                )
            except sqlite3.Error as error:
                message = f"{self._path} cannot be written ({error}); free the disk, submit again"
                for waiting in batch:
                    if not waiting.done.done():
                        waiting.done.set_exception(Unreachable(message))
                continue
            self._ends = tuple(self._writer.ends)
            for waiting, decision in zip(batch, decisions, strict=True):
                if decision.receipt.status == "noted":
                    self._pulse(waiting)
                if not waiting.done.done():
                    waiting.done.set_result(decision.receipt)

    def _pulse(self, waiting: Waiting) -> None:
        new = self._writer.pulse(waiting.partition, waiting.at)
        if new is not None:
            old = self._pulses.get(waiting.partition)
            beats = {**(old.beats if old else {}), **new.beats}
            self._pulses[waiting.partition] = new._replace(beats=beats)

    async def read(self, stream: str) -> AsyncIterator[Record]:
        """Give the events of one stream in order of version."""
        rows = await asyncio.to_thread(
            self._query,
            "SELECT position, value, chain FROM events WHERE stream = ? ORDER BY version",
            (stream,),
        )
        for position, value, link in rows:
            yield Record(position >> SHIFT, position & ((1 << SHIFT) - 1), value, link)

    async def scan(
        self, start: Cut | None = None, end: Cut | None = None
    ) -> AsyncIterator[list[Record]]:
        """Give all events in [start, end) in batches of one partition each."""
        first = start or (0,) * (self.partitions + 1)
        last = end or await self.end()
        for partition in range(self.partitions + 1):
            offset = first[partition]
            base = partition << SHIFT
            while offset < last[partition]:
                rows = await asyncio.to_thread(
                    self._query,
                    "SELECT position, value, chain FROM events "
                    "WHERE position >= ? AND position < ? ORDER BY position LIMIT ?",
                    (base + offset, base + last[partition], PAGE),
                )
                if not rows:
                    return
                yield [Record(partition, row[0] - base, row[1], row[2]) for row in rows]
                offset = rows[-1][0] - base + 1

    async def end(self) -> Cut:
        """Give the cut behind the last durable event."""
        return self._ends

    async def rejects(self, start: Cut | None = None) -> AsyncIterator[Reject]:
        """Give what was refused, in order; `start` counts the rejects already seen."""
        seen = max(start) if start else 0
        rows = await asyncio.to_thread(
            self._query, "SELECT n, partition, body FROM rejects WHERE n > ? ORDER BY n", (seen,)
        )
        for n, partition, body in rows:
            yield Reject(partition, n, orjson.loads(body))

    async def pulses(self) -> list[Pulse]:
        """Give the newest pulse of each partition."""
        return list(self._pulses.values())

    def _query(self, sql: str, values: tuple[object, ...]) -> list[tuple[Any, ...]]:
        cursor = self._reader.cursor()
        try:
            return cursor.execute(sql, values).fetchall()
        finally:
            cursor.close()

    async def close(self) -> None:
        """Finish the batch that is under way, close the files, give up the lock."""
        if self._closed:
            return
        self._closed = True
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        await asyncio.to_thread(self._thread.shutdown)
        while not self._queue.empty():
            waiting = self._queue.get_nowait()
            waiting.done.set_exception(Unreachable(f"{self._path} was closed; submit again"))
        self._writer.connection.close()
        self._reader.close()
        os.close(self._lock)


def connect(path: Path) -> sqlite3.Connection:
    """Open a connection: WAL, FULL; used by one thread at a time."""
    connection = sqlite3.connect(path, check_same_thread=False, timeout=30)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA cache_size=-65536")
    return connection
