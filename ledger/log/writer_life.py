"""One life of a partition's writer: from one fence to the next failure (design.md 5, 1 to 4).

Fence, rebuild, position; then batch after batch: gather, decide, commit, and only then settle.
Whatever fails in between leaves the outcome unknown, so a life is never mended: it is dropped,
and the next one finds the truth in the topics.
"""

import asyncio
import contextlib
import logging
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import UnknownError
from aiokafka.structs import OffsetAndMetadata

from ledger.contracts.codes import SHANGHAI
from ledger.contracts.commands import BEAT, TICK, route
from ledger.log.kafka_records import (
    CHAIN,
    COMMAND,
    HASH,
    NOW,
    PULSE_KEY,
    REQUEST_MS,
    BrokenPromise,
    Places,
    assign,
    make_consumer,
    newest_record,
    pulse_value,
    read_pulse,
)
from ledger.log.seam import Heard, Pulse
from ledger.log.writer_intake import Intake
from ledger.log.writer_rebuild import Follower, Rebuild, open_partition
from ledger.log.writer_store import Mark, Page, Row, StateFile, reject_key
from ledger.proof.chain import chain
from ledger.rules.recording import Decision, Stored, failed_decision

if TYPE_CHECKING:
    from ledger.rules.partition import Partition

log = logging.getLogger(__name__)

ATTEMPTS_MAX = 3
"""Rebuilds a command may cost before it is refused alone."""

YIELD_COMMANDS = 25

IDLE_SECONDS = 0.25
"""How long a writer without commands waits before it looks whether to stop."""

COMMIT_SECONDS_MAX = 10.0
TRANSACTION_MS = 15_000
FENCE_SECONDS_MAX = 40.0
"""A transaction of a killed writer is open for 15 s at most; fencing waits for its end."""

STOP_SECONDS = 3.0

BATCH_BYTES = 1024 * 1024
"""Of one produced batch; a single larger record is a batch of its own."""

EVENT_BYTES_MAX = 3 * 1024 * 1024
"""The topics take 4 MiB; a restatement carries a fact twice."""


class Broken(Exception):
    """A command broke the rules' code, or its events are too large; everything is dropped."""


class Shared(NamedTuple):
    """What the partitions of one writer process have in common."""

    places: Places
    directory: Path
    follower: Follower
    clock: Callable[[], datetime] | None
    """None: the time is the city's, told by ticks."""


class Sent(NamedTuple):
    """One record to send."""

    key: bytes
    value: bytes
    headers: list[tuple[str, bytes]]


class Batch:
    """What one batch of commands came to, before it is durable."""

    def __init__(self, mark: Mark) -> None:
        self.events: list[Sent] = []
        self.results: list[Sent] = []
        self.rejects: list[Sent] = []
        self.caused: dict[int, list[Sent]] = {}
        """Partition → commands for it."""
        self.page = Page()
        self.mark = mark
        self.now = ""
        self.has_pulse = False


class Life:
    """From one fence to the next failure: producer, consumer, state, partition."""

    def __init__(self, shared: Shared, number: int) -> None:
        self._shared, self._number = shared, number
        self._places = places = shared.places
        self._commands = places.of("commands", number)
        self._consumer = make_consumer(places)
        self._asker = make_consumer(places, committed=False)
        self._producer = AIOKafkaProducer(
            bootstrap_servers=places.bootstrap,
            transactional_id=f"{places.url.prefix}-writer-{number}",
            transaction_timeout_ms=TRANSACTION_MS,
            request_timeout_ms=REQUEST_MS,
            retry_backoff_ms=10,  # With the default, transactions wait 100 ms (streaming.md 2).
            max_batch_size=BATCH_BYTES,
            max_request_size=EVENT_BYTES_MAX + BATCH_BYTES,
            compression_type="zstd",
            acks="all",
        )
        self._state: StateFile | None = None
        self._intake: Intake | None = None
        self._partition: Partition
        self._now = ""
        self._tick_at = 0.0
        self._beats: dict[str, float] = {}
        self._sources: dict[str, Heard] = {}

    @property
    def state(self) -> StateFile:
        """Give the state file, open since `begin`."""
        if self._state is None:
            raise BrokenPromise(f"Partition {self._number} was used before its fence")
        return self._state

    async def begin(self) -> int:
        """Fence, rebuild, find the position; give how many events were folded."""
        async with asyncio.timeout(FENCE_SECONDS_MAX):
            await self._producer.start()  # The fence. Nothing is read before this.
        await self._consumer.start()
        await self._asker.start()
        name = f"{self._places.url.prefix}-{self._number}.db"
        self._state = StateFile(self._number, self._shared.directory / name)
        folded = await Rebuild(self._places, self._number, self._state).run(
            self._consumer, self._asker
        )
        self._partition = await open_partition(self._number, self._state, self._shared.follower)
        await self._resume_pulse()
        assign(self._consumer, {self._commands: await self._position()})
        self._intake = Intake(self._consumer)
        log.info("Partition %d: folded %d events", self._number, folded)
        return folded

    async def _resume_pulse(self) -> None:
        place = self._places.of("beats", self._number)
        end = (await self._consumer.end_offsets([place]))[place]
        record = await newest_record(self._consumer, place, end)
        if record is not None:
            pulse = read_pulse(self._number, record.value)
            self._tick_at, self._beats = pulse.at, pulse.beats
            self._sources = dict(pulse.sources)
            self._partition.tick = pulse.now

    async def _position(self) -> int:
        """Give where to go on in `commands`: what is committed now, after the fence."""
        admin = AIOKafkaAdminClient(bootstrap_servers=self._places.bootstrap)
        try:
            await admin.start()
            found = await admin.list_consumer_group_offsets(
                self._places.group, partitions=[self._commands]
            )
        finally:
            await admin.close()
        committed = found.get(self._commands, OffsetAndMetadata(-1, ""))
        if committed.metadata:
            told = orjson.loads(committed.metadata)
            self._now = told["now"]
            self._partition.resume(told["now"])
            self._partition.tick = max(self._partition.tick, told["tick"])
            self._tick_at = max(self._tick_at, told["at"])
        # Kafka forgets the positions of a group that was away for a week; the events know.
        decided = self.state.mark.command + 1
        if committed.offset < decided > 0:
            log.warning("Partition %d: its position is taken from its events", self._number)
        position = max(int(committed.offset), decided)
        begin: int = (await self._consumer.beginning_offsets([self._commands]))[self._commands]
        if 0 < position < begin:
            log.warning(
                "Partition %d: commands from %d to %d expired before they were decided; their "
                "senders have no receipts", self._number, position, begin,
            )  # fmt: skip
        return max(position, begin)

    async def gather(self, limit: int) -> list[Any]:
        """Give the commands that came, at most `limit`, in order; [] = none for a while."""
        if self._intake is None:
            raise BrokenPromise(f"Partition {self._number} was used before its fence")
        return await self._intake.gather(limit, IDLE_SECONDS)

    async def decide(self, records: Sequence[Any], attempts: Counter[int]) -> Batch:
        """Decide commands one after another on the overlay.

        Raises:
            Broken: one of them broke the rules' code; it is counted in `attempts`.

        """
        partition, batch = self._partition, Batch(self.state.mark)
        end = 0 if partition.is_reference else await self._shared.follower.refresh()
        clock = self._shared.clock
        moment = clock() if clock else None
        if end > partition.reference.offset:
            facts = self._shared.follower.between(partition.reference.offset, end)
            adopted = partition.adopt(facts, end, moment or self._moment(records[0]))
            if adopted is not None:
                batch.page.look(adopted.looks)
                for event in adopted.events:
                    self._append(batch, event, b"%d" % records[0].offset)
        for count, record in enumerate(records, 1):
            if count % YIELD_COMMANDS == 0:
                await asyncio.sleep(0)  # Other partitions have answers of the broker to take.
            raw, now = record.value or b"", moment or self._moment(record)
            self._now = max(self._now, now.astimezone(SHANGHAI).isoformat())
            try:
                if attempts[record.offset] >= ATTEMPTS_MAX:
                    decision = failed_decision(raw, now)
                else:
                    decision = partition.decide(raw, now)
                    _check_size(decision)
            except Exception as cause:
                attempts[record.offset] += 1
                raise Broken(f"{self._commands.topic}@{record.offset}: {cause!r}") from cause
            self._keep(batch, record, decision, now)
        return batch

    def _moment(self, record: Any) -> datetime:  # noqa: ANN401
        """Give the city's now: the newest tick, before any tick what the command says itself."""
        told = self._partition.tick
        with contextlib.suppress(ValueError, KeyError, TypeError):
            fields = orjson.loads(record.value or b"")
            occurred = datetime.fromisoformat(fields["occurred_at"])
            if not told or fields["type"] == TICK:
                said = occurred.astimezone(UTC)
                return max(said, datetime.fromisoformat(told)) if told else said
        return datetime.fromisoformat(told) if told else datetime.fromtimestamp(0, UTC)

    def _keep(self, batch: Batch, record: Any, decision: Decision, now: datetime) -> None:  # noqa: ANN401
        """Put what one command came to into the batch."""
        receipt, command = decision.receipt, b"%d" % record.offset
        cause = b"%s %s" % (command, receipt.hash.encode())
        for event in decision.events:
            self._append(batch, event, cause)
        headers = [(HASH, receipt.hash.encode()), (COMMAND, command), (NOW, _iso(now))]
        body = receipt.as_json()
        batch.results.append(Sent(receipt.key.encode(), body, headers))
        batch.page.look(decision.looks)
        for caused in decision.caused:
            home = route(caused, self._places.partitions)
            batch.caused.setdefault(home, []).append(Sent(b"", caused, []))
        if receipt.status == "accepted":
            batch.page.receipts[receipt.key] = body
        elif receipt.status == "noted":
            self._note(batch, record)
        if (reject := decision.reject) is not None:
            key = reject_key(reject["key"], reject["hash"], reject["code"])
            if key not in batch.page.rejects and not self.state.is_rejected(key):
                kept = reject | {"partition": self._number, "offset": record.offset}
                batch.page.rejects.append(key)
                batch.rejects.append(Sent(receipt.key.encode(), orjson.dumps(kept), []))

    def _append(self, batch: Batch, event: Stored, cause: bytes) -> None:
        head = chain(batch.mark.chain, event.value)
        batch.mark = batch.mark._replace(chain=head, command=int(cause.split(b" ")[0]))
        headers = [(CHAIN, head), (COMMAND, cause)]
        batch.events.append(Sent(event.stream.encode(), event.value, headers))
        batch.page.events.append(Row(event.stream, event.version, event.value))

    def _note(self, batch: Batch, record: Any) -> None:  # noqa: ANN401
        fields, at = orjson.loads(record.value), record.timestamp / 1000
        batch.has_pulse = True
        if fields["type"] == TICK:
            self._tick_at = max(self._tick_at, at)
        elif fields["type"] == BEAT:
            now, centres = self._partition.heard[fields["key"]]
            self._beats |= dict.fromkeys(centres, at)
            self._sources[fields["key"]] = Heard(at, now, tuple(centres))

    async def commit(self, records: Sequence[Any], batch: Batch) -> None:
        """Make a batch durable; only then settle the partition and keep it in the file."""
        partition, number = self._partition, self._number
        told = {"now": self._now, "tick": partition.tick, "at": self._tick_at}
        offset = OffsetAndMetadata(records[-1].offset + 1, orjson.dumps(told).decode())
        async with asyncio.timeout(COMMIT_SECONDS_MAX):
            await self._producer.begin_transaction()
            # All are begun in one turn of the loop, so that Kafka is asked once for all of them.
            events, *rest, _ = await asyncio.gather(
                self._send(self._places.book(number), batch.events),
                self._send(self._places.of("results", number), batch.results),
                self._send(self._places.of("rejects", number), batch.rejects),
                *(
                    self._send(self._places.of("commands", home), rows)
                    for home, rows in batch.caused.items()
                ),
                self._producer.send_offsets_to_transaction(
                    {self._commands: offset}, self._places.group
                ),
            )
            position = await _end_of(events) or batch.mark.position
            if batch.has_pulse and partition.tick:
                pulse = Pulse(number, position, self._tick_at, partition.tick, self._beats,
                              self._sources)  # fmt: skip
                beats = self._places.of("beats", number)
                rest.append(await self._send(beats, [Sent(PULSE_KEY, pulse_value(pulse), [])]))
            # Every future: aiokafka commits without the records whose sending failed.
            await asyncio.gather(*(future for sent in rest for _, future in sent))
            await self._producer.commit_transaction()
        partition.settle()
        recorded_at = batch.mark.recorded_at
        if batch.page.events:
            recorded_at = orjson.loads(batch.page.events[-1].value)["recordedat"]
        mark = batch.mark._replace(position=position, recorded_at=recorded_at)
        self.state.merge(batch.page, mark)

    async def _send(self, place: Any, rows: Sequence[Sent]) -> list[tuple[int, Any]]:  # noqa: ANN401
        """Hand records over in whole batches; give (count, future) of each."""
        sent: list[tuple[int, Any]] = []
        if not rows:
            return sent
        builder = self._producer.create_batch()
        for row in rows:
            if not _add(builder, row):
                sent.append(await self._hand_over(builder, place))
                builder = self._producer.create_batch()
                _add(builder, row)
        sent.append(await self._hand_over(builder, place))
        return sent

    async def _hand_over(self, builder: Any, place: Any) -> tuple[int, Any]:  # noqa: ANN401
        count = builder.record_count()
        future = await self._producer.send_batch(builder, place.topic, partition=place.partition)
        return count, future

    async def end(self) -> None:
        """Drop everything; an open transaction is left for the next fence to abort."""
        if self._intake is not None:
            await self._intake.close()
        if self._state is not None:
            self._state.close()
        await drop(self._producer)
        for consumer in (self._consumer, self._asker):
            with contextlib.suppress(Exception):
                await asyncio.wait_for(consumer.stop(), STOP_SECONDS)


def _add(builder: Any, row: Sent) -> bool:  # noqa: ANN401
    added = builder.append(timestamp=None, key=row.key, value=row.value, headers=row.headers)
    return added is not None


async def _end_of(sent: Sequence[tuple[int, Any]]) -> int:
    """Wait for batches of events; give the offset behind the last one, 0 = there are none."""
    end = 0
    for (count, _), done in zip(sent, await asyncio.gather(*(f for _, f in sent)), strict=True):
        if done.offset < 0:  # A retry found its records there already; where, it cannot tell.
            raise UnknownError("Kafka has the events but does not say where; they are read again")
        end = done.offset + count
    return end


def _check_size(decision: Decision) -> None:
    for event in decision.events:
        if len(event.value) > EVENT_BYTES_MAX:
            raise Broken(f"{event.stream}@{event.version} has {len(event.value):,} bytes")


def _iso(now: datetime) -> bytes:
    return now.isoformat().encode()


async def drop(producer: Any) -> None:  # noqa: ANN401
    """Stop a producer that may hang on what it cannot deliver."""
    with contextlib.suppress(Exception):
        await asyncio.wait_for(producer.stop(), STOP_SECONDS)
        return
    # `stop` waits for batches that nobody will take any more; end its task and sockets.
    with contextlib.suppress(Exception):
        await asyncio.wait_for(producer._sender.close(), STOP_SECONDS)  # noqa: SLF001
    with contextlib.suppress(Exception):
        await asyncio.wait_for(producer.client.close(), STOP_SECONDS)
