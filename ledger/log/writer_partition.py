"""One partition's writer on Kafka, over as many lives as it takes (design.md 5, 5)."""

import asyncio
import contextlib
import logging
from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

from aiokafka.errors import InvalidProducerEpoch, KafkaError, ProducerFenced

from ledger.contracts.codes import BATCH_COMMANDS_MAX
from ledger.log.kafka_records import BrokenPromise
from ledger.log.seam import LogError
from ledger.log.writer_life import Broken, Life, Shared

log = logging.getLogger(__name__)

RETRY_SECONDS: Final = (0.05, 2.0)
"""First and longest pause between two lives."""


class Fenced(LogError):
    """Another writer has taken the partition: stop this process, do not retry."""


class PartitionWriter:
    """The writer of one partition, over as many lives as it takes."""

    def __init__(self, shared: Shared, number: int) -> None:
        self.number = number
        self.leave = asyncio.Event()
        self.folded = -1
        """Events that the last rebuild had to fold."""
        self._shared = shared
        self._places = shared.places
        self._commands = shared.places.of("commands", number)
        self._attempts: Counter[int] = Counter()
        self._alone = 0

    async def run(self) -> None:
        """Write until told to leave.

        Raises:
            Fenced: another writer owns the partition; the process must end.
            BrokenPromise: the ledger itself is not as it must be; the process must end.

        """
        pause = RETRY_SECONDS[0]
        while not self.leave.is_set():
            life = Life(self._shared, self.number)
            try:
                self.folded = await life.begin()
                while not self.leave.is_set():
                    if await self._batch(life):
                        pause = RETRY_SECONDS[0]
            except (ProducerFenced, InvalidProducerEpoch) as cause:
                raise Fenced(
                    f"Partition {self.number} was taken by another writer, or this one was "
                    "stopped for too long; it ends and may be started again"
                ) from cause
            except BrokenPromise:
                raise
            except Exception as cause:  # noqa: BLE001 -- outcome unknown, whatever it was
                log.warning("Partition %d begins again at the fence: %r", self.number, cause)
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self.leave.wait(), pause)
                pause = min(pause * 2, RETRY_SECONDS[1])
            finally:
                await life.end()

    async def _batch(self, life: "Life") -> bool:
        """Take what came, decide, commit, settle; False: nothing came."""
        # After a batch failed for no reason of the network, its commands come one at a time.
        records = await life.gather(1 if self._alone else BATCH_COMMANDS_MAX)
        if not records:
            return False
        try:
            batch = await life.decide(records, self._attempts)
            await life.commit(records, batch)
        except (Broken, ProducerFenced, InvalidProducerEpoch):
            raise
        except KafkaError as cause:
            if not cause.retriable:
                self._blame(records)
            raise
        for record in records:
            self._attempts.pop(record.offset, None)
        self._alone = max(0, self._alone - len(records))
        return True

    def _blame(self, records: Sequence[Any]) -> None:
        if len(records) == 1:
            self._attempts[records[0].offset] += 1
        else:
            self._alone = len(records)
