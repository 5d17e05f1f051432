"""The reading side of the book on Kafka: events, refusals, pulses; and whether all is right."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from typing import Any

import orjson
from aiokafka import TopicPartition
from aiokafka.errors import KafkaError

from ledger.log.kafka_records import (
    CHAIN,
    Places,
    header,
    make_consumer,
    newest_record,
    read_between,
    read_pulse,
    settled_ends,
)
from ledger.log.seam import Cut, LogError, Pulse, Record, Reject, Unreachable
from ledger.log.topics import (
    KafkaUnreachable,
    TopicsError,
    check_topics,
    parse_url,
    partitions_of,
)

OPEN_SECONDS = 5.0
"""A broker that has not answered by then is away."""

SCAN_WAIT_MS = 10
"""A scan ends with a fetch under way, and the next one waits behind it."""

READERS_KEPT = 4


async def check_book(url: str, partitions: int | None = None) -> Places:
    """Find the book behind a URL and see that its topics are right.

    Args:
        url: kafka://host:port,…[?prefix=name].
        partitions: P as the caller believes; None: as many as there are.

    Raises:
        Unreachable: no broker answered within 5 s.
        LogError: the URL or a topic is wrong; one sentence says what to do.

    """
    try:
        at = parse_url(url)
    except TopicsError as cause:
        raise LogError(str(cause)) from cause
    try:
        async with asyncio.timeout(OPEN_SECONDS):
            if partitions is None:
                partitions = await partitions_of(at.bootstrap, at.prefix)
            problems = await check_topics(at.bootstrap, partitions, at.prefix)
    except (KafkaUnreachable, TimeoutError) as cause:
        raise Unreachable(
            f"No Kafka answers at {at.bootstrap}: start it (taizhang kafka up, docker compose up) "
            "or mend the address"
        ) from cause
    except TopicsError as cause:
        raise LogError(str(cause)) from cause
    if problems:
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        raise LogError(problems[0] + more)
    return Places(at, partitions)


class KafkaBook:
    """The reading half of the `Log` over Kafka."""

    def __init__(self, places: Places) -> None:
        self.partitions = places.partitions
        self._places = places
        self._stable = make_consumer(places)
        self._all = make_consumer(places, committed=False)
        self._readers: list[Any] = []
        self._pulses: dict[int, Pulse] = {}
        self._pulses_seen: dict[TopicPartition, int] = {}
        self._pulsing = asyncio.Lock()
        self._closed = False

    async def _start(self) -> None:
        await self._stable.start()
        await self._all.start()

    async def read(self, stream: str) -> AsyncIterator[Record]:
        """Give the events of one stream in order of version; reads its whole partition."""
        number = self._places.number_of(stream)
        book, key = self._places.book(number), stream.encode()
        ends = await self._ends([book])
        async for _, records in self._between({book: 0}, ends):
            for record in records:
                if record.key == key:
                    yield _record(number, record)

    async def scan(
        self, start: Cut | None = None, end: Cut | None = None
    ) -> AsyncIterator[list[Record]]:
        """Give all events in [start, end) in batches of one partition each."""
        books = self._places.books()
        numbers = {book: number for number, book in enumerate(books)}
        last = end or await self.end()
        starts = dict(zip(books, start or (0,) * len(books), strict=True))
        async for book, records in self._between(starts, dict(zip(books, last, strict=True))):
            number = numbers[book]
            yield [_record(number, record) for record in records]

    async def end(self) -> Cut:
        """Give the cut behind the last durable event; markers of Kafka count as places."""
        books = self._places.books()
        ends = await self._ends(books)
        return tuple(ends[book] for book in books)

    async def rejects(self, start: Cut | None = None) -> AsyncIterator[Reject]:
        """Give what was refused, in order of partition and offset; the same one once."""
        places = [self._places.of("rejects", number) for number in range(self.partitions + 1)]
        ends = await self._ends(places)
        starts = dict(zip(places, start or (0,) * len(places), strict=True))
        seen: set[tuple[str, str, str]] = set()
        async for place, records in self._between(starts, ends):
            for record in records:
                body = orjson.loads(record.value)
                same = (body["key"], body["hash"], body["code"])
                if same not in seen:
                    seen.add(same)
                    yield Reject(place.partition, record.offset, body)

    async def pulses(self) -> list[Pulse]:
        """Give the newest pulse of each partition that has one."""
        async with self._pulsing:
            places = [self._places.of("beats", number) for number in range(self.partitions + 1)]
            ends = await self._ends(places)
            moved = [p for p in places if ends[p] > self._pulses_seen.get(p, 0)]
            for place in moved:
                async with self._reader() as reader:
                    record = await newest_record(reader, place, ends[place])
                if record is not None:
                    number = place.partition
                    self._pulses[number] = read_pulse(number, record.value)
                self._pulses_seen[place] = ends[place]
            return [self._pulses[number] for number in sorted(self._pulses)]

    async def _ends(self, places: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
        try:
            return await settled_ends(self._stable, self._all, places)
        except KafkaError as cause:
            raise Unreachable(
                f"Kafka at {self._places.bootstrap} does not answer ({type(cause).__name__}); "
                "read again"
            ) from cause

    async def _between(
        self, starts: dict[TopicPartition, int], ends: dict[TopicPartition, int]
    ) -> AsyncGenerator[tuple[TopicPartition, list[Any]], None]:
        try:
            async with (
                self._reader() as reader,
                contextlib.aclosing(read_between(reader, starts, ends)) as batches,
            ):
                async for batch in batches:
                    yield batch
        except KafkaError as cause:
            raise Unreachable(
                f"Kafka at {self._places.bootstrap} stopped answering ({type(cause).__name__}); "
                "read on from the last position"
            ) from cause

    @contextlib.asynccontextmanager
    async def _reader(self) -> AsyncIterator[Any]:
        """Lend a consumer; a few are kept, because connecting costs more than reading."""
        if self._readers:
            reader = self._readers.pop()
        else:
            reader = make_consumer(self._places, wait_ms=SCAN_WAIT_MS)
            try:
                await reader.start()
            except KafkaError:
                await reader.stop()
                raise
        try:
            yield reader
        except BaseException:
            await stop_client(reader)
            raise
        if self._closed or len(self._readers) >= READERS_KEPT:
            await stop_client(reader)
        else:
            self._readers.append(reader)

    async def close(self) -> None:
        """Let go; safe to call twice."""
        self._closed = True
        consumers = [self._stable, self._all, *self._readers]
        self._readers.clear()
        await asyncio.gather(*(stop_client(one) for one in consumers))


def _record(number: int, record: Any) -> Record:  # noqa: ANN401
    return Record(number, record.offset, record.value, header(record, CHAIN))


async def stop_client(client: Any) -> None:  # noqa: ANN401
    """Stop a consumer or producer; one that hangs on a dead broker is left to the collector."""
    with contextlib.suppress(Exception):
        await asyncio.wait_for(client.stop(), OPEN_SECONDS)
