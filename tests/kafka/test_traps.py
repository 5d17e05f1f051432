"""What aiokafka 0.14 does on a real broker that the ledger is built around (design.md 5).

Each test holds a trap open: if one fails after a new version, the trap may be gone, and the code
that walks around it can be looked at again.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time

import pytest
from aiokafka import (
    AIOKafkaConsumer,
    AIOKafkaProducer,
    ConsumerRebalanceListener,
    OffsetAndMetadata,
    TopicPartition,
)
from aiokafka.errors import KafkaError, MessageSizeTooLargeError, ProducerFenced

SECONDS = 30
TOO_LARGE = b"x" * (5 * 1024 * 1024)  # The ledger topic takes batches of 4 MiB.
TRANSACTIONS_MAX = 100
SLOW_S = 0.5


@pytest.fixture
def book(kafka_topics):
    """Partition 0 of the ledger topic."""
    return TopicPartition(f"{kafka_topics.prefix}.ledger", 0)


@contextlib.asynccontextmanager
async def producer(at, **settings):
    """A transactional producer like the writer's."""
    made = AIOKafkaProducer(
        bootstrap_servers=at.bootstrap,
        **{
            "transactional_id": f"{at.prefix}-writer-0",
            "retry_backoff_ms": 10,
            "max_request_size": 16 * 1024 * 1024,
            **settings,
        },
    )
    await made.start()
    try:
        yield made
    finally:
        try:
            await made.stop()
        except KafkaError:  # A fenced producer stops with an error and leaves its line open.
            await made.client.close()


@contextlib.asynccontextmanager
async def consumer(at, *topics, **settings):
    """A consumer that sees what is committed."""
    made = AIOKafkaConsumer(
        *topics,
        bootstrap_servers=at.bootstrap,
        **{
            "isolation_level": "read_committed",
            "enable_auto_commit": False,
            "auto_offset_reset": "earliest",
            "fetch_max_wait_ms": 50,
            **settings,
        },
    )
    await made.start()
    try:
        yield made
    finally:
        await made.stop()


async def put(made, tp, *values):
    """One transaction, done right: every future awaited."""
    async with made.transaction():
        futures = [await made.send(tp.topic, value, partition=tp.partition) for value in values]
        await asyncio.gather(*futures)


async def committed_values(at, tp, count):
    """The first `count` records of a partition that a careful reader sees."""
    async with consumer(at) as reader:
        reader.assign([tp])
        reader.seek(tp, 0)
        return [(await asyncio.wait_for(reader.getone(), SECONDS)).value for _ in range(count)]


async def test_a_transaction_commits_although_one_of_its_sends_failed(kafka_topics, book):
    """A torn batch in the book: hence every send future is awaited before the commit."""
    async with producer(kafka_topics) as made:
        await made.begin_transaction()
        failed = await made.send(book.topic, TOO_LARGE, partition=0)
        kept = await made.send(book.topic, b"kept", partition=1)
        await made.commit_transaction()

        with pytest.raises(MessageSizeTooLargeError):
            await failed
        await kept
    values = await committed_values(kafka_topics, TopicPartition(book.topic, 1), 1)

    assert values == [b"kept"]


async def test_after_a_failed_batch_a_producer_is_poisoned(kafka_topics, book):
    """Abort does not help, nor does a new transaction: hence any error replaces the producer."""
    async with producer(kafka_topics) as made:
        await put(made, book, b"first")
        await made.begin_transaction()
        failed = await made.send(book.topic, TOO_LARGE, partition=0)
        with pytest.raises(MessageSizeTooLargeError):
            await failed
        await made.abort_transaction()

        await made.begin_transaction()
        poisoned = await made.send(book.topic, b"never", partition=0)
        with pytest.raises(KafkaError, match="OutOfOrderSequenceNumber"):
            await asyncio.wait_for(poisoned, SECONDS)
    async with producer(kafka_topics) as fresh:
        await put(fresh, book, b"second")
    values = await committed_values(kafka_topics, book, 2)

    assert values == [b"first", b"second"]


async def test_transactions_wait_for_the_retry_backoff(kafka_topics, book):
    """Right after a commit the coordinator is busy writing markers and turns the next transaction
    away; the driver asks again after `retry_backoff_ms`, 100 by default: hence 10.
    """

    async def durations(backoff_ms, enough):
        took = []
        name = f"{kafka_topics.prefix}-{backoff_ms}"
        async with producer(
            kafka_topics, transactional_id=name, retry_backoff_ms=backoff_ms
        ) as made:
            for offset in range(TRANSACTIONS_MAX):
                began = time.perf_counter()
                async with made.transaction():
                    position = {book: OffsetAndMetadata(offset, "")}
                    await made.send_offsets_to_transaction(position, name)
                took.append(time.perf_counter() - began)
                if offset and enough(took[-1]):  # Before the first there was no commit.
                    break
        return took[1:]

    # A coordinator that happens to be done already turns nobody away: so one of many is enough.
    quick = await durations(10, lambda seconds: seconds < SLOW_S)
    slow = await durations(int(SLOW_S * 1000), lambda seconds: seconds >= SLOW_S)

    assert min(quick) < SLOW_S <= max(slow)


async def test_end_offsets_read_committed_is_the_stable_end(kafka_topics, book):
    """What lies behind an open transaction is not the end: a rebuild stops where all is settled."""
    async with producer(kafka_topics) as made, consumer(kafka_topics) as reader:
        await made.begin_transaction()
        await (await made.send(book.topic, b"open", partition=0))
        while_open = await reader.end_offsets([book])
        await made.commit_transaction()
        async with asyncio.timeout(SECONDS):
            while (after := await reader.end_offsets([book])) == while_open:
                pass

    assert while_open == {book: 0}
    assert after == {book: 2}


async def test_a_committed_position_stops_one_short_of_the_end(kafka_topics, book):
    """The commit marker takes an offset nobody reads: caught up is not equality."""
    async with producer(kafka_topics) as made:
        await put(made, book, b"only")
    async with consumer(kafka_topics, group_id=f"{kafka_topics.prefix}-g") as reader:
        reader.assign([book])
        reader.seek(book, 0)
        record = await asyncio.wait_for(reader.getone(), SECONDS)
        await reader.commit({book: record.offset + 1})
        committed = await reader.committed(book)
        end = (await reader.end_offsets([book]))[book]

    assert (committed, end) == (1, 2)


class Broken(ConsumerRebalanceListener):
    """A listener that fails when it is given partitions."""

    def __init__(self):
        self.called = 0

    def on_partitions_revoked(self, revoked):
        pass

    def on_partitions_assigned(self, assigned):  # noqa: ARG002
        self.called += 1
        raise RuntimeError("the state could not be opened")


class Joined(ConsumerRebalanceListener):
    """A listener that tells when it was given partitions."""

    def __init__(self):
        self.given = asyncio.Event()

    def on_partitions_revoked(self, revoked):
        pass

    def on_partitions_assigned(self, assigned):  # noqa: ARG002
        self.given.set()


async def test_exceptions_in_a_rebalance_listener_are_swallowed(kafka_topics, book, caplog):
    """A worker whose state could not be opened would fold on: hence nothing opens in listeners."""
    broken = Broken()
    async with producer(kafka_topics) as made:
        await put(made, book, b"read anyway")
    with caplog.at_level(logging.CRITICAL, "aiokafka"):
        async with consumer(kafka_topics, group_id=f"{kafka_topics.prefix}-g") as reader:
            reader.subscribe([book.topic], listener=broken)
            record = await asyncio.wait_for(reader.getone(), SECONDS)

    assert broken.called >= 1
    assert record.value == b"read anyway"


async def test_a_group_fences_nothing(kafka_topics, book):
    """A stranger to the group moves its committed position inside a transaction, unhindered: only
    the transactional.id keeps a woken zombie from writing.
    """
    group = f"{kafka_topics.prefix}-g"
    joined = Joined()
    async with consumer(kafka_topics, group_id=group) as member:
        member.subscribe([book.topic], listener=joined)
        await asyncio.wait_for(joined.given.wait(), SECONDS)
        async with producer(kafka_topics, transactional_id=f"{kafka_topics.prefix}-x") as zombie:
            await zombie.begin_transaction()
            await zombie.send_offsets_to_transaction({book: OffsetAndMetadata(7, "")}, group)
            await zombie.commit_transaction()
        async with asyncio.timeout(SECONDS):
            while await member.committed(book) != 7:  # The marker comes after the answer.
                pass
        assert member.assignment()


async def test_a_transactional_id_fences_the_writer_before(kafka_topics, book):
    """The one thing the ledger's safety hangs on: whoever starts later wins."""
    async with producer(kafka_topics) as zombie:
        await zombie.begin_transaction()
        await (await zombie.send(book.topic, b"of the zombie", partition=0))
        async with producer(kafka_topics) as successor:
            await put(successor, book, b"of the successor")

            with pytest.raises(ProducerFenced):
                await zombie.commit_transaction()
    values = await committed_values(kafka_topics, book, 1)

    assert values == [b"of the successor"]


async def test_after_assign_an_await_may_move_a_consumer_to_the_end(kafka_topics, book):
    """A state opened this way is empty, silently: hence `seek(tp, 0)` at once."""
    async with producer(kafka_topics) as made:
        await put(made, book, b"history")
    async with (
        asyncio.timeout(SECONDS),
        consumer(kafka_topics, auto_offset_reset="latest") as reader,
    ):
        reader.assign([book])
        moved = await reader.position(book)
    async with (
        asyncio.timeout(SECONDS),
        consumer(kafka_topics, auto_offset_reset="latest") as reader,
    ):
        reader.assign([book])
        reader.seek(book, 0)
        # (Stopped before its first turn of the loop, a consumer without a group raises
        # CancelledError from `stop()`: so it reads.)
        first = await reader.getone()

    assert moved == 2
    assert (first.offset, first.value) == (0, b"history")
