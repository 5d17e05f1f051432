"""`taizhang writer` on Kafka: the partitions this process was given, one fenced writer each.

A consumer group shares the partitions of `commands` among writer processes, and does nothing
else: it reads no command, it keeps nobody out. Safety is the fence of each partition alone.
"""

import asyncio
import contextlib
import logging
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.coordinator.assignors.roundrobin import RoundRobinPartitionAssignor

from ledger.log.kafka_reader import check_book
from ledger.log.writer_life import Shared
from ledger.log.writer_partition import PartitionWriter
from ledger.log.writer_rebuild import Follower

log = logging.getLogger(__name__)

SESSION_MS = 10_000
"""A killed writer's partitions are given to another after this."""

HEARTBEAT_MS = 2000
RELEASE_SECONDS = 12.0
"""A batch under way is finished before its partition is let go; a commit takes 10 s at most."""

POLL_MS = 500


async def run_writer(
    url: str, data_dir: Path, *, demo_clock: bool = False, stop: asyncio.Event,
    session_ms: int = SESSION_MS,
) -> None:  # fmt: skip
    """Write until `stop` is set; then finish the batches under way and leave the group.

    Args:
        url: kafka://host:port,…[?prefix=name].
        data_dir: state files lie in its `writer` folder; losing them costs only time.
        demo_clock: take the time from the ticks of a simulated city, not from this machine.
        stop: set it to end.
        session_ms: how long a writer may be silent before its partitions are given away.

    Raises:
        Unreachable: no broker answered at the start (exit status 3).
        Fenced: another writer took a partition while this one was stalled; exit, be restarted.
        LogError: the topics are wrong, or the ledger itself is broken; people must look.

    """
    places = await check_book(url)
    follower = Follower(places)
    clock = None if demo_clock else _now
    holder = Holder(Shared(places, data_dir / "writer", follower, clock))
    group = AIOKafkaConsumer(
        bootstrap_servers=places.bootstrap,
        group_id=places.group,
        enable_auto_commit=False,
        auto_offset_reset="latest",
        session_timeout_ms=session_ms,
        heartbeat_interval_ms=min(HEARTBEAT_MS, session_ms // 3),
        rebalance_timeout_ms=int(RELEASE_SECONDS * 1000) + session_ms,
        max_poll_interval_ms=2**31 - 1,
        partition_assignment_strategy=[RoundRobinPartitionAssignor],
    )
    try:
        await follower.start()
        group.subscribe([places.of("commands", 0).topic], listener=Assignments(group, holder))
        await group.start()
        while not stop.is_set() and not holder.failed.done():
            # All partitions are paused: nothing comes, but errors of the group do.
            await group.getmany(timeout_ms=POLL_MS)
        await holder.release()
        if holder.failed.done():
            holder.failed.result()
    finally:
        await holder.release()
        with contextlib.suppress(Exception):
            await asyncio.wait_for(group.stop(), RELEASE_SECONDS)
        await follower.close()


def _now() -> datetime:
    return datetime.now(UTC)


class Holder:
    """The partitions held now, one task each."""

    def __init__(self, shared: Shared) -> None:
        self.failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Done when a partition failed for good: the process must end."""
        self.writers: dict[int, PartitionWriter] = {}
        self._shared = shared
        self._tasks: dict[int, asyncio.Task[None]] = {}

    def take(self, numbers: Iterable[int]) -> None:
        """Begin to write these partitions."""
        for number in sorted(set(numbers) - set(self._tasks)):
            writer = self.writers[number] = PartitionWriter(self._shared, number)
            task = asyncio.create_task(writer.run(), name=f"writer-{number}")
            task.add_done_callback(self._done)
            self._tasks[number] = task

    async def release(self) -> None:
        """Finish what is under way and let all partitions go."""
        tasks, writers = dict(self._tasks), dict(self.writers)
        self._tasks.clear()
        self.writers.clear()
        for writer in writers.values():
            writer.leave.set()
        if tasks:
            _, late = await asyncio.wait(tasks.values(), timeout=RELEASE_SECONDS)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    def _done(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) and not self.failed.done():
            self.failed.set_exception(error)


class Assignments(ConsumerRebalanceListener):  # type: ignore[misc]
    """Tells the holder what the group decided; aiokafka swallows exceptions raised here."""

    def __init__(self, group: Any, holder: Holder) -> None:  # noqa: ANN401
        self._group, self._holder = group, holder

    async def on_partitions_revoked(self, revoked: list[TopicPartition]) -> None:  # noqa: ARG002
        """Let all go; what stays ours is taken again, from its fence."""
        await self._holder.release()

    async def on_partitions_assigned(self, assigned: list[TopicPartition]) -> None:
        """Write what was assigned; the group's own consumer reads nothing."""
        self._group.pause(*assigned)
        self._holder.take(place.partition for place in assigned)
