"""Record batches for Faust (批量传输): its cost is per message, so a message carries a whole fetch.

In `_getmany` the records fetched from one partition become one message, about 40 lines under
Faust's aiokafka driver. Three things of Faust are replaced on the way, because they would lose
or double facts (streaming.md 1, design.md 6.1; tests/kafka/test_faust_batches.py holds each):

- it reads uncommitted records unless told otherwise: an aborted transaction would be counted;
- it takes offsets skipped between two messages as acknowledged, and commits past work not done:
  here `_add_gap` does nothing and nothing is ever committed to the group;
- it starts at the group's offset: here at the position of our own state (`seek_to_committed`).
"""

import asyncio
from collections.abc import Mapping
from functools import partial
from itertools import islice
from typing import Any, ClassVar, Protocol

import aiokafka
from aiokafka import TopicPartition
from aiokafka.consumer.fetcher import FetchResult
from aiokafka.coordinator.assignors.roundrobin import RoundRobinPartitionAssignor
from aiokafka.errors import ConsumerStoppedError
from faust.transport.drivers import aiokafka as driver
from faust.types import TP, ConsumerMessage
from faust.types.transports import ConsumerT

from processors.runtime.holder import Fetched

FETCH_BYTES = 4 * 1024 * 1024
"""Of one partition in one fetch."""

FETCH_WAIT_MS = 50
"""A fetch of idle partitions holds up the next one of busy ones, so it must not wait long."""

RECORDS_MAX = 20_000
"""In one message: bounds how long the event loop is away."""


class Keeper(Protocol):
    """Who keeps the positions; `faust_app.Holder`."""

    async def take(self, places: frozenset[TP], assignment: int) -> dict[TP, int]:
        """Take these partitions and no others; give the position of each.

        Args:
            places: topics and partitions.
            assignment: its number in this process; for one that was taken before give what is
                still held of it.  (The group's generation begins anew when the group was empty.)

        """
        ...

    async def release(self) -> None:
        """Commit what is folded and let all partitions go."""
        ...


class BatchThread(driver.AIOKafkaConsumerThread):
    """Faust's thread around an aiokafka consumer; ours reads committed records, whole fetches."""

    delivered: dict[TP, int]
    """Up to where each partition was handed on; touched in this thread only."""

    def _create_worker_consumer(self, transport: Any) -> Any:  # noqa: ANN401
        conf = self.app.conf
        return aiokafka.AIOKafkaConsumer(
            bootstrap_servers=driver.server_list(transport.url, transport.default_port),
            client_id=conf.broker_client_id,
            group_id=conf.id,
            isolation_level="read_committed",
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            partition_assignment_strategy=[RoundRobinPartitionAssignor],
            max_partition_fetch_bytes=FETCH_BYTES,
            fetch_max_wait_ms=FETCH_WAIT_MS,
            request_timeout_ms=int(conf.broker_request_timeout * 1000),
            session_timeout_ms=int(conf.broker_session_timeout * 1000),
            heartbeat_interval_ms=int(conf.broker_heartbeat_interval * 1000),
            rebalance_timeout_ms=int(conf.broker_rebalance_timeout * 1000),
            max_poll_interval_ms=int(conf.broker_max_poll_interval * 1000),
        )

    async def _fetch_records(
        self,
        consumer: Any,  # noqa: ANN401
        active_partitions: set[TP],
        timeout: float | None = None,  # noqa: ASYNC109 -- Faust's signature
        max_records: int | None = None,  # noqa: ARG002
    ) -> dict[TP, list[Fetched]]:
        """Fetch as Faust does, but make one batch of what each partition gave."""
        if not self.consumer.flow_active:
            return {}
        fetcher = consumer._fetcher  # noqa: SLF001
        if fetcher._closed:  # noqa: SLF001
            raise ConsumerStoppedError
        with fetcher._subscriptions.fetch_context():  # noqa: SLF001
            fetched = await _fetched(fetcher, active_partitions)
            if not fetched and timeout:
                waiter = fetcher._create_fetch_waiter()  # noqa: SLF001
                await asyncio.wait([waiter], timeout=timeout)
                if not waiter.done():
                    waiter.cancel()
                    return {}
                waiter.result()  # Errors of authorisation.
                if not self.consumer.flow_active:
                    return {}
                fetched = await _fetched(fetcher, active_partitions)
        delivered: Any = self.delivered
        batches = {}
        assigned = consumer.assignment()
        for place in active_partitions & delivered.keys() & assigned:
            state = consumer._subscription.subscription.assignment.state_value(place)  # noqa: SLF001
            if state.has_valid_position and (end := state.position) > (start := delivered[place]):
                batches[place] = [Fetched(start, end, fetched.get(place, ()))]
                delivered[place] = end
        return batches

    async def seek_all(self, positions: Mapping[TP, int]) -> None:
        """Seek each partition; runs in the consumer's own thread."""
        await self.call_thread(self._seek_all, self._ensure_consumer(), positions)

    async def _seek_all(self, consumer: Any, positions: Mapping[TP, int]) -> None:  # noqa: ANN401
        for place, offset in positions.items():
            consumer.seek(TopicPartition(*place), offset)
        self.delivered = dict(positions)


async def _fetched(fetcher: Any, places: set[TP]) -> dict[TP, list[Any]]:  # noqa: ANN401
    """Give what the fetcher has of these partitions, without waiting for more.

    Its records are handed on as the parser made them: wrapping each in a ConsumerRecord took
    half of the processor time of a worker that catches up.
    """
    for result in fetcher._records.values():  # noqa: SLF001
        if type(result) is FetchResult and result._partition_records is not None:  # noqa: SLF001
            result._partition_records._consumer_record = _as_it_is  # noqa: SLF001
            result.getall = partial(_getall, result)
    records: dict[TP, list[Any]] = await fetcher.fetched_records(
        places, timeout=0, max_records=RECORDS_MAX
    )
    return records


def _as_it_is(_: Any, record: Any) -> Any:  # noqa: ANN401
    return record


def _getall(result: Any, max_records: int) -> list[Any]:  # noqa: ANN401
    """Do what FetchResult.getall does, without a call of Python for each record."""
    parser = result._partition_records  # noqa: SLF001
    if not result.check_assignment(result._topic_partition) or parser is None:  # noqa: SLF001
        return []
    records = list(islice(parser._records_iterator, max_records))  # noqa: SLF001
    result._update_position()  # noqa: SLF001
    if len(records) < max_records:
        result._partition_records = None  # noqa: SLF001
    return records


class BatchConsumer(driver.Consumer):
    """Faust's consumer; ours starts where our state stands and never commits to the group."""

    _thread: BatchThread
    transport: "BatchTransport"

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401
        self._assignments = 0
        self._taking = asyncio.Lock()
        super().__init__(*args, **kwargs)

    def _new_consumer_thread(self) -> BatchThread:
        thread = BatchThread(self, loop=self.loop, beacon=self.beacon)
        thread.delivered = {}
        return thread

    def _to_message(self, tp: TP, batch: Any) -> ConsumerMessage:  # noqa: ANN401
        return ConsumerMessage(
            tp.topic, tp.partition, batch.end - 1, 0.0, 0, [], None, batch, None,
            generation_id=self.app.consumer_generation_id, tp=tp,
        )  # fmt: skip

    async def _add_gap(self, tp: TP, offset_from: int, offset_to: int) -> None:
        """Offsets between two messages are no proof that anything was done."""

    async def commit(self, *_: Any, **__: Any) -> bool:  # noqa: ANN401
        """Never: the position lies with the state, in the same transaction."""
        return False

    async def seek_to_committed(self) -> Mapping[TP, int]:
        """Open the states of what we were assigned and seek to the positions found there.

        Faust calls this after each rebalance, and from a fetch that a rebalance overtook; the
        keeper opens the states once an assignment.
        """
        keeper: Keeper = self.transport.keeper
        async with self._taking:
            try:
                positions = await keeper.take(frozenset(self.assignment()), self._assignments)
                await self._thread.seek_all(positions)
            except Exception as cause:
                # Faust would log it and go on without the partitions.
                await self.app.crash(cause)
                raise
        return positions

    async def on_partitions_assigned(self, assigned: set[TP], generation_id: int = 0) -> None:
        """Number the assignment; Faust then resumes and seeks."""
        self._assignments += 1
        await super().on_partitions_assigned(assigned, generation_id)

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        """Stop the flow, then commit what is folded and let go, before another opens it."""
        await super().on_partitions_revoked(revoked)
        try:
            await self.transport.keeper.release()
        except Exception as cause:
            await self.app.crash(cause)
            raise


class BatchTransport(driver.Transport):
    """Faust's transport with our consumer; set it as `app.transport`."""

    Consumer: ClassVar[type[ConsumerT]] = BatchConsumer
    keeper: Keeper
