"""What the Kafka client and the Kafka writer agree on: records, headers, and how to read safely.

    ledger, reference   key = stream, value = event as stored,
                        headers chain (32 bytes), command ("<offset of the command> <hash>")
    results             key = receipt key, value = receipt JSON,
                        headers hash, command (offset), now (what the decision took for now)
    rejects             key = receipt key, value = reject JSON
    beats               key = "pulse", value = pulse JSON

Traps of aiokafka 0.14 that are kept away here: a consumer starts where it was told to by
`seek`, never at an end; "caught up" is a position, not an equality, because transaction markers
take offsets too; a tail of aborted records moves the position without giving a record.
"""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Any, NamedTuple

import orjson
from aiokafka import AIOKafkaConsumer, TopicPartition

from ledger.contracts.codes import PARTITIONS, partition_of
from ledger.contracts.events import COMMANDS, REFERENCE_COMMANDS
from ledger.log.seam import Heard, LogError, Pulse, Unreachable
from ledger.log.topics import KafkaUrl, topic_of

CHAIN, COMMAND, HASH, NOW = "chain", "command", "hash", "now"
PULSE_KEY = b"pulse"

FETCH_BYTES = 4 * 1024 * 1024
"""Of one partition in one fetch; the topics take batches of that size."""

RECORDS_MAX = 4000
"""Given to a reader at once."""

REQUEST_MS = 20_000
STALL_SECONDS = 10.0
"""Reading towards an end that is known, without coming nearer to it: an outage."""

SETTLE_SECONDS = 2.0
"""A commit reaches one partition some milliseconds after another; wait for it, so that whoever
has a receipt also finds the fact. A transaction that hangs longer is not waited for."""

SETTLE_STEP_SECONDS = 0.004

REFERENCE_STREAMS = frozenset(COMMANDS[command].STREAM for command in REFERENCE_COMMANDS)


class BrokenPromise(LogError):
    """What must never happen did: stop the process, leave the book untouched."""


class Places(NamedTuple):
    """Where things lie on one Kafka: names of topics and groups, numbers of partitions."""

    url: KafkaUrl
    partitions: int = PARTITIONS

    @property
    def bootstrap(self) -> str:
        """Give "host:port,…"."""
        return self.url.bootstrap

    @property
    def group(self) -> str:
        """Give the group by which writers share the partitions and keep their positions."""
        return f"{self.url.prefix}-writer"

    def of(self, topic: str, number: int) -> TopicPartition:
        """Give the place of partition `number` in one of the topics that have all of them."""
        return TopicPartition(f"{self.url.prefix}.{topic}", number)

    def book(self, number: int) -> TopicPartition:
        """Give where the events of partition `number` lie; the last one is `reference`."""
        return TopicPartition(*topic_of(number, self.partitions, self.url.prefix))

    def books(self) -> list[TopicPartition]:
        """Give the places of all events, in the order of a cut."""
        return [self.book(number) for number in range(self.partitions + 1)]

    def number_of(self, stream: str) -> int:
        """Give the partition that a stream lies in."""
        kind, _, key = stream.partition("/")
        if kind in REFERENCE_STREAMS:
            return self.partitions
        if kind == "partition":
            return int(key) if key.isdecimal() and int(key) < self.partitions else 0
        return partition_of(key, self.partitions)


def make_consumer(
    places: Places, *, committed: bool = True, wait_ms: int = 500, fetch_bytes: int = FETCH_BYTES
) -> Any:  # noqa: ANN401 -- aiokafka has no types
    """Give a consumer without a group that starts nowhere by itself; `assign` and `seek` it.

    Args:
        places: where.
        committed: False sees open transactions; only for asking how far they reach.
        wait_ms: how long a fetch may lie at the broker; a new assignment waits that long.
        fetch_bytes: of one partition in one fetch.

    """
    return AIOKafkaConsumer(
        bootstrap_servers=places.bootstrap,
        isolation_level="read_committed" if committed else "read_uncommitted",
        enable_auto_commit=False,
        auto_offset_reset="none",
        max_partition_fetch_bytes=fetch_bytes,
        fetch_max_wait_ms=wait_ms,
        request_timeout_ms=REQUEST_MS,
        retry_backoff_ms=50,
    )


def assign(consumer: Any, starts: Mapping[TopicPartition, int]) -> None:  # noqa: ANN401
    """Give a consumer its partitions and positions; no await between, or it may start elsewhere."""
    consumer.assign(list(starts))
    for place, offset in starts.items():
        consumer.seek(place, offset)


async def settled_ends(
    committed: Any,  # noqa: ANN401
    uncommitted: Any,  # noqa: ANN401
    places: Sequence[TopicPartition],
) -> dict[TopicPartition, int]:
    """Give the stable ends, not before what is being committed right now has settled.

    Two consumers, one that sees committed records only and one that sees all.
    """
    if not places:
        return {}
    loop = asyncio.get_running_loop()
    high = await uncommitted.end_offsets(places)
    deadline = loop.time() + SETTLE_SECONDS
    while True:
        stable: dict[TopicPartition, int] = await committed.end_offsets(places)
        if all(stable[place] >= high[place] for place in places) or loop.time() > deadline:
            return stable
        await asyncio.sleep(SETTLE_STEP_SECONDS)


async def read_between(
    consumer: Any,  # noqa: ANN401
    starts: Mapping[TopicPartition, int],
    ends: Mapping[TopicPartition, int],
) -> AsyncGenerator[tuple[TopicPartition, list[Any]], None]:
    """Give the committed records in [start, end) of each partition, a batch of one at a time.

    Raises:
        Unreachable: the broker stopped answering on the way; read on later.

    """
    wanted = {place: start for place, start in starts.items() if start < ends[place]}
    if not wanted:
        return
    loop = asyncio.get_running_loop()
    assign(consumer, wanted)
    moved = loop.time()
    try:
        while wanted:
            got = await consumer.getmany(timeout_ms=250, max_records=RECORDS_MAX)
            for place, records in got.items():
                # A marker or an aborted record may lie between the last record and the end.
                if place in wanted and (inside := _before(records, ends[place])):
                    yield place, inside
            for place, before in list(wanted.items()):
                position = await consumer.position(place)
                if position > before:
                    wanted[place], moved = position, loop.time()
                if position >= ends[place]:
                    del wanted[place]
                    consumer.pause(place)
            if wanted and loop.time() - moved > STALL_SECONDS:
                place, position = next(iter(wanted.items()))
                raise Unreachable(
                    f"{place.topic} partition {place.partition} gives nothing behind offset "
                    f"{position}, though it ends at {ends[place]}: see that Kafka is well, then "
                    "read on"
                )
    finally:
        consumer.unsubscribe()


def _before(records: list[Any], end: int) -> list[Any]:
    if records[-1].offset < end:
        return records
    return [record for record in records if record.offset < end]


async def newest_record(consumer: Any, place: TopicPartition, end: int) -> Any:  # noqa: ANN401
    """Give the last committed record before `end`, None if there is none; looks further and
    further back.
    """  # noqa: D205
    begin = (await consumer.beginning_offsets([place]))[place]
    back = 16
    while True:
        start = max(begin, end - back)
        last = None
        async for _, records in read_between(consumer, {place: start}, {place: end}):
            last = records[-1]
        if last is not None or start == begin:
            return last
        back *= 16


def header(record: Any, name: str) -> bytes:  # noqa: ANN401
    """Give a header of a record; b"" if it has none of that name."""
    for key, value in record.headers:
        if key == name:
            return bytes(value)
    return b""


def pulse_value(pulse: Pulse) -> bytes:
    """Give the bytes of a pulse record."""
    return orjson.dumps({
        "at": pulse.at, "now": pulse.now, "position": pulse.position, "beats": dict(pulse.beats),
        "sources": {source: list(heard) for source, heard in pulse.sources.items()},
    })  # fmt: skip


def read_pulse(number: int, value: bytes) -> Pulse:
    """Read a pulse record of partition `number`."""
    body = orjson.loads(value)
    sources = {
        source: Heard(at, now, tuple(centres))
        for source, (at, now, centres) in body.get("sources", {}).items()
    }
    return Pulse(number, body["position"], body["at"], body["now"], body["beats"], sources)
