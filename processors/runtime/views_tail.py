"""The walls' end of the views (视图尾读): reads `<prefix>.views` and adds up the partitions.

Walls never talk to a worker: they read what workers committed, and the pulses of `<prefix>.beats`
that say how fresh it is. A wall keeps nothing; it reads the compacted topic when it starts.
"""

import asyncio
import contextlib
import hashlib
from collections.abc import Sequence
from typing import Any

import orjson
from aiokafka import AIOKafkaConsumer, TopicPartition

from ledger.log.seam import Pulse, Unreachable
from ledger.log.topics import KafkaUnreachable, TopicsError, parse_url, partitions_of
from processors.runtime.state import views_topic
from processors.runtime.wire import Reader
from processors.views.board import Board
from processors.views.picture import Picture

POLL_MS = 200
FETCH_WAIT_MS = 50
START_SECONDS_MAX = 120.0
"""To read the views to their end; 64 MiB segments of 13 partitions take about 20 s."""

PULSE = b"pulse"


class KafkaViews:
    """A `ViewSource` over Kafka; use `open`.

    Refusals are counted by reading them, beside the views: markers of transactions lie between
    them, so no offset tells their number. Until that is done the number grows.
    """

    def __init__(self, bootstrap: str, prefix: str, partitions: int, view_set: str) -> None:
        self._bootstrap = bootstrap
        numbers = range(partitions + 1)
        self._views = [TopicPartition(views_topic(prefix, view_set), p) for p in numbers]
        self._beats = [TopicPartition(f"{prefix}.beats", p) for p in numbers]
        self._rejects = [TopicPartition(f"{prefix}.rejects", p) for p in numbers]
        self._board = Board(partitions)
        self._readers = [Reader() for _ in numbers]
        self._ready = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    @classmethod
    async def open(cls, url: str, *, view_set: str = "live") -> "KafkaViews":
        """Read the views to their present end; from then on follow them.

        Raises:
            Unreachable: no broker answered, or there is no ledger on it.

        """
        try:
            place = parse_url(url)
            partitions = await partitions_of(place.bootstrap, place.prefix)
        except (KafkaUnreachable, TopicsError) as cause:
            raise Unreachable(str(cause)) from cause
        views = cls(place.bootstrap, place.prefix, partitions, view_set)
        views._tasks = [
            asyncio.create_task(views._follow_views()),
            asyncio.create_task(views._follow_rejects()),
        ]
        ready = asyncio.create_task(views._ready.wait())
        done, _ = await asyncio.wait(
            {ready, *views._tasks},
            timeout=START_SECONDS_MAX,
            return_when=asyncio.FIRST_COMPLETED,
        )
        if ready not in done:
            ready.cancel()
            await views.close()
            raise Unreachable(
                f"The views at {url} could not be read to their end within "
                f"{START_SECONDS_MAX:g} s: see that its brokers are up"
            )
        return views

    async def picture(self) -> Picture:
        """Give the newest picture.

        Raises:
            Unreachable: reading broke off; what was shown grows old: open anew.

        """
        for task in self._tasks:
            if task.done():
                raise Unreachable(f"The views are not followed any more: {_why(task)}")
        return self._board.picture()

    async def close(self) -> None:
        """Stop reading."""
        for task in self._tasks:
            task.cancel()
        for task in self._tasks:
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await task

    @contextlib.asynccontextmanager
    async def _consumer(self, places: Sequence[TopicPartition]) -> Any:  # noqa: ANN401
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self._bootstrap,
            isolation_level="read_committed",
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            fetch_max_wait_ms=FETCH_WAIT_MS,
        )
        await consumer.start()
        try:
            consumer.assign(places)
            for place in places:
                consumer.seek(place, 0)
            yield consumer
        finally:
            await consumer.stop()

    async def _follow_views(self) -> None:
        """Follow views and pulses; ready once both are read to where they ended at the start."""
        places = [*self._views, *self._beats]
        async with self._consumer(places) as consumer:
            ends = await consumer.end_offsets(places)
            while True:
                got = await consumer.getmany(timeout_ms=POLL_MS)
                for place, records in got.items():
                    if place in self._views:
                        self._take_views(place.partition, records)
                    else:
                        self._take_beats(place.partition, records)
                if not self._ready.is_set():
                    at = [await consumer.position(place) for place in places]
                    if all(now >= ends[place] for now, place in zip(at, places, strict=True)):
                        self._ready.set()

    def _take_views(self, partition: int, records: Sequence[Any]) -> None:
        reader = self._readers[partition]
        for record in records:
            if change := reader.take(record.key, record.value):
                self._board.change(partition, change)

    def _take_beats(self, partition: int, records: Sequence[Any]) -> None:
        for record in records:
            if record.key == PULSE and record.value:
                body = orjson.loads(record.value)
                self._board.pulse(
                    Pulse(partition, body["position"], body["at"], body["now"], body["beats"])
                )

    async def _follow_rejects(self) -> None:
        seen: set[bytes] = set()
        async with self._consumer(self._rejects) as consumer:
            while True:
                got = await consumer.getmany(timeout_ms=POLL_MS)
                before = len(seen)
                seen.update(_identity(r.value) for records in got.values() for r in records)
                self._board.reject(len(seen) - before)


def _identity(value: bytes) -> bytes:
    """Give what makes a refusal the same one: key, hash and code (design.md 5: kept once)."""
    body = orjson.loads(value)
    same = orjson.dumps([body["key"], body["hash"], body["code"]])
    return hashlib.blake2b(same, digest_size=16).digest()


def _why(task: "asyncio.Task[None]") -> str:
    return "closed" if task.cancelled() else repr(task.exception())
