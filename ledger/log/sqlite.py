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
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple, Self

import orjson

from ledger.contracts.codes import BATCH_COMMANDS_MAX, PARTITIONS
from ledger.contracts.commands import route
from ledger.contracts.receipts import Receipt
from ledger.log.seam import Cut, LogError, Pulse, Record, Reject, Unreachable
from ledger.log.sqlite_writer import SHIFT, Writer, connect, last_links, stored_partitions

PAGE = 4000
"""Events a scan reads at a time."""
QUEUE_MAX = 20_000


class Answers:
    """The receipts of commands that were handed in together: one future for all of them."""

    def __init__(self, commands: int) -> None:
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.receipts: list[Receipt | None] = [None] * commands
        self._left = commands

    def give(self, place: int, receipt: Receipt) -> None:
        """Answer one command; the last answer is everybody's."""
        self.receipts[place] = receipt
        self._left -= 1
        if not self._left and not self.done.done():
            self.done.set_result(None)

    def fail(self, message: str) -> None:
        """Say that one of them cannot be answered: then nobody knows of them all."""
        if not self.done.done():
            self.done.set_exception(Unreachable(message))


class Waiting(NamedTuple):
    """A command in the queue."""

    raw: bytes
    at: float
    answers: Answers
    place: int


class SqliteBook:
    """The reading side of the embedded book; another process may be writing it."""

    def __init__(self, path: Path, partitions: int) -> None:
        self.partitions = partitions
        self._path = path
        self._reader = connect(path)

    @classmethod
    def reading(cls, path: Path) -> Self:
        """Open an existing book for reading.

        Raises:
            LogError: there is none at `path`.

        """
        if not path.exists():
            message = f"there is no book at {path}; `taizhang serve` or `taizhang import` makes one"
            raise LogError(message)
        return cls(path, stored_partitions(path))

    async def submit(self, raw: bytes) -> Receipt:
        """Refuse: this process only reads."""
        message = f"{self._path} is open for reading only, {len(raw)} bytes not submitted"
        raise LogError(message)

    async def submit_many(self, raws: Sequence[bytes]) -> list[Receipt]:
        """Refuse: this process only reads."""
        return [await self.submit(raw) for raw in raws]

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
                    break
                yield [Record(partition, row[0] - base, row[1], row[2]) for row in rows]
                offset = rows[-1][0] - base + 1

    async def end(self) -> Cut:
        """Give the cut behind the last durable event."""
        return await asyncio.to_thread(self._ends_stored)

    def _ends_stored(self) -> Cut:
        return tuple(end for end, _ in last_links(self._reader, self.partitions))

    async def rejects(self, start: Cut | None = None) -> AsyncIterator[Reject]:
        """Give what was refused, in order; `start` counts the rejects already seen."""
        seen = max(start) if start else 0
        rows = await asyncio.to_thread(
            self._query, "SELECT n, partition, body FROM rejects WHERE n > ? ORDER BY n", (seen,)
        )
        for n, partition, body in rows:
            yield Reject(partition, n, orjson.loads(body))

    async def pulses(self) -> list[Pulse]:
        """Give nothing: pulses are with the process that writes."""
        return []

    async def close(self) -> None:
        """Let go of the file."""
        self._reader.close()

    def _query(self, sql: str, values: tuple[object, ...]) -> list[tuple[Any, ...]]:
        cursor = self._reader.cursor()
        try:
            return cursor.execute(sql, values).fetchall()
        finally:
            cursor.close()


class SqliteLog(SqliteBook):
    """The embedded `Log`."""

    def __init__(
        self, path: Path, writer: Writer, lock: int, clock: Callable[[], datetime]
    ) -> None:
        super().__init__(path, writer.partitions)
        self._writer = writer
        self._lock = lock
        self._clock = clock
        self._thread = ThreadPoolExecutor(1, "ledger-writer")
        self._queue: asyncio.Queue[Waiting] = asyncio.Queue(QUEUE_MAX)
        self._pulses: dict[int, Pulse] = {}
        self._ends: Cut = tuple(writer.ends)
        self._batch: list[Waiting] = []
        self._busy = asyncio.Lock()
        """Held while a batch is on its way to the disk and its callers hear of it."""
        self._task = asyncio.create_task(self._run())
        self._closed = False

    @classmethod
    async def open(
        cls,
        path: Path,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        partitions: int = PARTITIONS,
    ) -> Self:
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
        except LogError:
            os.close(lock)
            raise
        return cls(path, writer, lock, clock)

    async def submit(self, raw: bytes) -> Receipt:
        """Hand in one command; on return its outcome is on the disk."""
        return (await self.submit_many([raw]))[0]

    async def submit_many(self, raws: Sequence[bytes]) -> list[Receipt]:
        """Hand in commands in order; their receipts in that order."""
        if not raws:
            return []
        answers = Answers(len(raws))
        try:
            await self._enqueue(raws, answers)
            await answers.done
        finally:
            answers.done.cancel()
            if not answers.done.cancelled():
                answers.done.exception()  # Heard, whatever is raised here.
        return [receipt for receipt in answers.receipts if receipt is not None]

    async def _enqueue(self, raws: Sequence[bytes], answers: Answers) -> None:
        for place, raw in enumerate(raws):
            if self._closed:
                message = f"{self._path} is closed"
                raise Unreachable(message)
            waiting = Waiting(raw, time.time(), answers, place)
            if self._queue.full():
                await self._queue.put(waiting)
            else:
                self._queue.put_nowait(waiting)
        if self._closed and self._task.done():  # It waited for room until nobody was there.
            message = f"{self._path} was closed; submit again"
            raise Unreachable(message)

    async def _run(self) -> None:
        while True:
            self._batch = [await self._queue.get()]
            async with self._busy:
                while len(self._batch) < BATCH_COMMANDS_MAX and not self._queue.empty():
                    self._batch.append(self._queue.get_nowait())
                await self._commit(self._batch)
                self._batch = []

    async def _commit(self, batch: list[Waiting]) -> None:
        work = [waiting.raw for waiting in batch]
        try:
            decisions = await asyncio.get_running_loop().run_in_executor(
                self._thread, self._writer.commit, work, self._clock()
            )
        except Exception as error:  # noqa: BLE001  whatever it was, the callers must hear of it
            message = f"{self._path} cannot be written ({error}); free the disk, submit again"
            _fail(batch, message)
            return
        self._ends = tuple(self._writer.ends)
        for waiting, decision in zip(batch, decisions, strict=True):
            if decision.receipt.status == "noted":
                self._pulse(waiting)
            waiting.answers.give(waiting.place, decision.receipt)

    def _pulse(self, waiting: Waiting) -> None:
        new = self._writer.pulse(route(waiting.raw, self.partitions), waiting.at)
        if new is not None:
            old = self._pulses.get(new.partition)
            beats = {**(old.beats if old else {}), **new.beats}
            self._pulses[new.partition] = new._replace(beats=beats)

    async def end(self) -> Cut:
        """Give the cut behind the last durable event."""
        return self._ends

    async def pulses(self) -> list[Pulse]:
        """Give the newest pulse of each partition."""
        return list(self._pulses.values())

    async def close(self) -> None:
        """Finish the batch that is under way, close the files, give up the lock."""
        if self._closed:
            return
        self._closed = True
        async with self._busy:
            self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        await asyncio.to_thread(self._thread.shutdown)
        while not self._queue.empty():
            self._batch.append(self._queue.get_nowait())
        _fail(self._batch, f"{self._path} was closed; submit again")
        self._writer.connection.close()
        self._reader.close()
        os.close(self._lock)


def _fail(batch: list[Waiting], message: str) -> None:
    for waiting in batch:
        waiting.answers.fail(message)
