"""What comes in for one partition (收件): read ahead while a transaction is under way.

A fetch returns with the first record that is there. Without reading ahead, all that came during
a commit would wait behind that one, and batches would be small just when there is much to do.
"""

import asyncio
import contextlib
from collections import deque
from typing import Any

from ledger.log.kafka_records import FETCH_BYTES

QUEUE_RECORDS_MAX = 2000
QUEUE_BYTES_MAX = 2 * FETCH_BYTES
BATCH_BYTES_MAX = 2 * FETCH_BYTES
"""Of commands decided in one transaction."""

POLL_MS = 500
GATHER_SECONDS = 0.005
"""What comes within this time of the first command joins its batch."""


class Intake:
    """A queue of commands that one task fills from a consumer, in order."""

    def __init__(self, consumer: Any) -> None:  # noqa: ANN401
        self._consumer = consumer
        self._queue: deque[Any] = deque()
        self._bytes = 0
        self._came = asyncio.Event()
        self._room = asyncio.Event()
        self._task = asyncio.create_task(self._fill())

    async def _fill(self) -> None:
        try:
            while True:
                got = await self._consumer.getmany(timeout_ms=POLL_MS)
                for records in got.values():
                    self._queue.extend(records)
                    self._bytes += sum(len(record.value or b"") for record in records)
                    self._came.set()
                while len(self._queue) > QUEUE_RECORDS_MAX or self._bytes > QUEUE_BYTES_MAX:
                    self._room.clear()
                    await self._room.wait()
        finally:
            self._came.set()  # Whoever waits learns of the failure.

    async def gather(self, limit: int, seconds: float) -> list[Any]:
        """Give what came, at most `limit` commands, in order; [] = nothing for `seconds`.

        Raises:
            KafkaError: the commands cannot be read any more.

        """
        if not self._queue:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._came.wait(), seconds)
            if self._task.done():
                self._task.result()
            if not self._queue:
                return []
        if len(self._queue) < limit:
            await asyncio.sleep(GATHER_SECONDS)
        taken: list[Any] = []
        size = 0
        while self._queue and len(taken) < limit and size < BATCH_BYTES_MAX:
            taken.append(self._queue.popleft())
            size += len(taken[-1].value or b"")
        self._bytes -= size
        self._room.set()
        if not self._queue and not self._task.done():
            self._came.clear()
        return taken

    async def close(self) -> None:
        """Stop reading."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
