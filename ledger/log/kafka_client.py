"""The book on Kafka as doors and readers see it: commands out, receipts back, facts read.

Nothing here decides: `taizhang writer` does (kafka_writer.py). A receipt is what the writer's
committed transaction says about the command with that hash; until it has come, the outcome is
unknown, and the same bytes may be handed in again.
"""

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

import orjson
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from ledger.contracts.codes import COMMAND_BYTES_MAX, PARTITIONS, SHANGHAI
from ledger.contracts.commands import command_hash, route
from ledger.contracts.errors import UserError
from ledger.contracts.receipts import Receipt
from ledger.log.kafka_reader import OPEN_SECONDS, KafkaBook, check_book, stop_client
from ledger.log.kafka_records import (
    HASH,
    REQUEST_MS,
    Places,
    assign,
    header,
    make_consumer,
)
from ledger.log.seam import LogError, Unreachable
from ledger.log.topics import COMMAND_BATCH_BYTES_MAX
from ledger.rules.reading import parse
from ledger.rules.recording import reject_body
from ledger.rules.refusals import Refused

log = logging.getLogger(__name__)

RECEIPT_SECONDS = 30.0
"""A takeover after kill −9 takes about 12 s."""

IN_FLIGHT_MAX = 5000
"""Commands handed in whose receipts have not come."""

POLL_MS = 250


class Waiting(NamedTuple):
    """Who waits for the receipt of one command."""

    deadline: float
    done: asyncio.Future[Receipt]


class KafkaLog(KafkaBook):
    """The `Log` over Kafka."""

    def __init__(self, places: Places, receipt_seconds: float) -> None:
        super().__init__(places)
        self._seconds = receipt_seconds
        self._room = asyncio.Semaphore(IN_FLIGHT_MAX)
        self._waiting: dict[str, deque[Waiting]] = {}
        self._producer: Any = None
        self._producing = asyncio.Lock()
        self._results = make_consumer(places)
        self._task: asyncio.Task[None] | None = None

    @classmethod
    async def open(
        cls, url: str, partitions: int = PARTITIONS, *, receipt_seconds: float = RECEIPT_SECONDS
    ) -> "KafkaLog":
        """Open the book behind `url`.

        Args:
            url: kafka://host:port,…[?prefix=name].
            partitions: P; the book must have as many.
            receipt_seconds: how long a receipt is waited for.

        Raises:
            Unreachable: no broker answered within 5 s.
            LogError: the URL or a topic is wrong.

        """
        log = cls(await check_book(url, partitions), receipt_seconds)
        try:
            await log._start()
        except KafkaError as cause:
            await log.close()
            raise Unreachable(f"{url} stopped answering ({cause!r}); try again") from cause
        return log

    async def _start(self) -> None:
        await super()._start()
        await self._results.start()
        places = [self._places.of("results", n) for n in range(self.partitions + 1)]
        assign(self._results, await self._stable.end_offsets(places))
        self._task = asyncio.create_task(self._receive(), name="receipts")

    # ------------------------------------------------------------------------------- handing in

    async def submit(self, raw: bytes) -> Receipt:
        """Hand in one command; on return its outcome is committed."""
        return await (await self._hand_in(raw))

    async def submit_many(self, raws: Sequence[bytes]) -> list[Receipt]:
        """Hand in commands in order; their receipts in that order."""
        waiting = [await self._hand_in(raw) for raw in raws]
        await asyncio.gather(*waiting, return_exceptions=True)
        return [done.result() for done in waiting]

    async def _hand_in(self, raw: bytes) -> asyncio.Future[Receipt]:
        """Send one command; give the future of its receipt."""
        loop = asyncio.get_running_loop()
        done: asyncio.Future[Receipt] = loop.create_future()
        if len(raw) > COMMAND_BYTES_MAX:
            done.set_result(await self._refuse_at_the_door(raw))
            return done
        digest = command_hash(raw)
        place = self._places.of("commands", route(raw, self.partitions))
        await self._room.acquire()
        done.add_done_callback(lambda _: self._room.release())
        self._waiting.setdefault(digest, deque()).append(Waiting(loop.time() + self._seconds, done))
        try:
            producer = await self._live_producer()
            sent = await producer.send(place.topic, raw, key=_key(raw), partition=place.partition)
        except (KafkaError, UserError) as cause:
            self._unknown(done, cause)
        else:
            sent.add_done_callback(lambda future: self._sent(producer, future, done))
        return done

    def _sent(self, producer: Any, sent: Any, done: asyncio.Future[Receipt]) -> None:  # noqa: ANN401
        error = None if sent.cancelled() else sent.exception()
        if error is not None:
            # After one failed batch the partition answers OutOfOrderSequence for ever.
            if self._producer is producer:
                self._producer = None
                task = asyncio.get_running_loop().create_task(stop_client(producer))
                task.add_done_callback(lambda _: None)
            self._unknown(done, error)

    def _unknown(self, done: asyncio.Future[Receipt], cause: BaseException | None) -> None:
        if not done.done():
            why = f" ({type(cause).__name__})" if cause else f" within {self._seconds:g} s"
            done.set_exception(
                Unreachable(
                    f"Kafka at {self._places.bootstrap} gave no receipt{why}: the outcome is "
                    "unknown; submit the same bytes again"
                )
            )
            done.exception()  # Whoever gave up waiting is no news.

    async def _live_producer(self) -> Any:  # noqa: ANN401
        """Give the producer; a new one after a failure."""
        if self._producer is not None:
            return self._producer
        async with self._producing:
            if self._closed:
                raise Unreachable("The book was closed; open it and submit again")
            if self._producer is None:
                producer = AIOKafkaProducer(
                    bootstrap_servers=self._places.bootstrap,
                    enable_idempotence=True,
                    acks="all",
                    max_batch_size=COMMAND_BATCH_BYTES_MAX,
                    max_request_size=COMMAND_BATCH_BYTES_MAX * 4,
                    request_timeout_ms=REQUEST_MS,
                    retry_backoff_ms=10,
                )
                try:
                    async with asyncio.timeout(OPEN_SECONDS):
                        await producer.start()
                except (KafkaError, TimeoutError) as cause:
                    await stop_client(producer)
                    raise Unreachable(
                        f"No Kafka answers at {self._places.bootstrap}: submit again"
                    ) from cause
                self._producer = producer
        return self._producer

    async def _refuse_at_the_door(self, raw: bytes) -> Receipt:
        """Refuse what the commands topic would not take; it is kept like other refusals."""
        digest = command_hash(raw)
        try:
            parse(raw)
        except Refused as refused:
            at = datetime.now(UTC).astimezone(SHANGHAI).isoformat()
            body = reject_body(refused, "", digest, "", raw, at)
            place = self._places.of("rejects", route(raw, self.partitions))
            try:
                producer = await self._live_producer()
                await producer.send_and_wait(
                    place.topic, orjson.dumps(body), key=b"", partition=place.partition
                )
            except KafkaError as cause:
                raise Unreachable(
                    f"Kafka at {self._places.bootstrap} did not keep the refusal "
                    f"({type(cause).__name__}); submit again"
                ) from cause
            return Receipt(
                key="", hash=digest, status="refused", code=refused.code.value,
                message=refused.message, legal=refused.legal,
            )  # fmt: skip
        raise LogError("A command over the limit was not refused by the rules; tell the makers")

    async def _receive(self) -> None:
        """Give receipts to who waits for them; forget who waited too long."""
        loop = asyncio.get_running_loop()
        checked = loop.time()
        while True:
            try:
                got = await self._results.getmany(timeout_ms=POLL_MS)
                for records in got.values():
                    for record in records:
                        self._receipt(record)
            except KafkaError as cause:
                log.warning("Receipts cannot be read: %r", cause)
                await self._receive_anew()
            if loop.time() - checked > POLL_MS / 1000:
                checked = loop.time()
                self._expire(checked)

    async def _receive_anew(self) -> None:
        """Go on at the end; for what was missed the outcome is unknown."""
        with contextlib.suppress(KafkaError):
            places = [self._places.of("results", n) for n in range(self.partitions + 1)]
            assign(self._results, await self._stable.end_offsets(places))
        self._expire(float("inf"))
        await asyncio.sleep(POLL_MS / 1000)

    def _receipt(self, record: Any) -> None:  # noqa: ANN401
        digest = header(record, HASH).decode()
        queue = self._waiting.get(digest)
        if not queue:
            return
        while queue:
            waiting = queue.popleft()
            if not waiting.done.done():
                waiting.done.set_result(Receipt.model_validate_json(record.value))
                break
        if not queue:
            del self._waiting[digest]

    def _expire(self, now: float) -> None:
        for digest, queue in list(self._waiting.items()):
            while queue and (queue[0].done.done() or queue[0].deadline < now):
                self._unknown(queue.popleft().done, None)
            if not queue:
                del self._waiting[digest]

    async def close(self) -> None:
        """Let go; what is under way has an unknown outcome."""
        if self._closed:
            return
        self._closed = True
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        self._expire(float("inf"))
        producer, self._producer = self._producer, None
        await asyncio.gather(
            *(stop_client(one) for one in (self._results, producer) if one is not None)
        )
        await super().close()


def _key(raw: bytes) -> bytes:
    """Give the stream key of a command as the key of its record; b"" if it has none."""
    with contextlib.suppress(orjson.JSONDecodeError, KeyError, TypeError):
        return str(orjson.loads(raw)["key"]).encode()
    return b""
