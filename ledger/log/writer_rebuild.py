"""A partition's state from its topics (重建): fold what the state file has not seen, check it all.

Nothing here trusts the file: its last event is read again and its chain compared, so that a file
of another ledger, or of one that was rewritten, is folded anew.
"""

import asyncio
import logging
from typing import Any

import orjson

from ledger.contracts.events.reference import ReferenceAdopted
from ledger.contracts.receipts import Receipt
from ledger.contracts.wire import Event, decode
from ledger.log.kafka_records import (
    CHAIN,
    COMMAND,
    BrokenPromise,
    Places,
    header,
    make_consumer,
    read_between,
    settled_ends,
)
from ledger.log.seam import Unreachable
from ledger.log.writer_store import Mark, Page, Row, StateFile, reject_key
from ledger.proof.chain import chain, genesis
from ledger.rules.partition import Partition
from ledger.rules.recording import EVERY
from ledger.rules.registry import rules_of, told_by
from ledger.rules.streams import never

log = logging.getLogger(__name__)


class Follower:
    """All reference facts, read once in a process and shared by its partitions."""

    def __init__(self, places: Places) -> None:
        self._place = places.book(places.partitions)
        self.number = places.partitions
        self._consumer = make_consumer(places)
        self._asker = make_consumer(places, committed=False)
        self._lock = asyncio.Lock()
        self._asked = self._answered = 0
        self._facts: list[tuple[int, Event]] = []
        self._position = 0

    async def start(self) -> None:
        """Connect."""
        await self._consumer.start()
        await self._asker.start()

    async def close(self) -> None:
        """Let go; safe to call twice."""
        await self._consumer.stop()
        await self._asker.stop()

    async def refresh(self) -> int:
        """Read to the stable end as it is now; give the offset behind the last fact.

        Several callers share a question to the broker, but only one asked after they came.
        """
        mine = self._asked + 1
        async with self._lock:
            if self._answered < mine:
                self._asked += 1
                await self._read()
                self._answered = self._asked
        return self._facts[-1][0] + 1 if self._facts else 0

    async def _read(self) -> None:
        high = (await self._asker.end_offsets([self._place]))[self._place]
        if high <= self._position:
            return
        ends = await settled_ends(self._consumer, self._asker, [self._place])
        async for _, records in read_between(self._consumer, {self._place: self._position}, ends):
            self._facts += [(r.offset, decode(r.value)) for r in records]
            self._position = records[-1].offset + 1
        self._position = max(self._position, ends[self._place])

    def between(self, start: int, end: int) -> list[Event]:
        """Give the facts in [start, end)."""
        return [fact for offset, fact in self._facts if start <= offset < end]


class Rebuild:
    """Brings one state file to the final end of its partition; the fence comes before."""

    def __init__(self, places: Places, number: int, state: StateFile) -> None:
        self._number = number
        self._book = places.book(number)
        self._rejects = places.of("rejects", number)
        self._state = state
        self._versions: dict[str, int] = {}

    async def run(self, consumer: Any, asker: Any) -> int:  # noqa: ANN401
        """Fold what is missing; give how many events that were.

        Raises:
            Unreachable: the stable end does not settle, or the broker stopped answering.
            BrokenPromise: the topic itself has a gap or a broken chain; see `taizhang fsck`.

        """
        ends = await settled_ends(consumer, asker, [self._book, self._rejects])
        high = (await asker.end_offsets([self._book]))[self._book]
        if ends[self._book] < high:
            raise Unreachable(
                f"A transaction on {self._book.topic} partition {self._book.partition} is still "
                "open after its writer was fenced; it is tried again"
            )
        if not await self._belongs(consumer, ends[self._book]):
            log.warning("The state file of partition %d is of another ledger", self._number)
            self._state.clear()
        folded = 0
        start = {self._book: self._state.mark.position}
        async for _, records in read_between(consumer, start, ends):
            self._fold(records)
            folded += len(records)
        start = {self._rejects: self._state.mark.rejects}
        async for _, records in read_between(consumer, start, ends):
            bodies = [orjson.loads(record.value) for record in records]
            keys = [reject_key(b["key"], b["hash"], b["code"]) for b in bodies]
            mark = self._state.mark._replace(rejects=records[-1].offset + 1)
            self._state.merge(Page(rejects=keys), mark)
        return folded

    async def _belongs(self, consumer: Any, end: int) -> bool:  # noqa: ANN401
        """Tell whether the last event of the file is the one in the topic."""
        mark = self._state.mark
        if mark.position == 0:
            return True
        if mark.position > end:
            return False
        start, until = {self._book: mark.position - 1}, {self._book: mark.position}
        found = b""
        async for _, records in read_between(consumer, start, until):
            found = header(records[0], CHAIN)
        return found == mark.chain

    def _fold(self, records: list[Any]) -> None:
        """Check and keep one page of events."""
        mark, page = self._state.mark, Page()
        head = mark.chain if mark.position else genesis(self._number)
        recorded_at, command = mark.recorded_at, mark.command
        for record in records:
            head = chain(head, record.value)
            where = f"{record.topic} partition {record.partition} offset {record.offset}"
            if header(record, CHAIN) != head:
                raise BrokenPromise(f"The chain is broken at {where}: run taizhang fsck")
            event = decode(record.value)
            stream, version = event["subject"], event["streamversion"]
            before = self._versions.get(stream)
            if before is None:
                before = self._state.version(stream) if mark.position else 0
            if version != before + 1:
                raise BrokenPromise(
                    f"{stream} goes from version {before} to {version} at {where}: "
                    "run taizhang fsck"
                )
            self._versions[stream] = version
            page.events.append(Row(stream, version, record.value))
            if event["type"] == ReferenceAdopted.TYPE:
                page.look({EVERY: ""})  # It may have been a calendar.
            if rules_of(stream).next_look is not never:
                page.look({stream: ""})  # Its dues are worked out at the next tick.
            recorded_at = max(recorded_at, event["recordedat"])
            offset, _, digest = header(record, COMMAND).partition(b" ")
            command = int(offset)
            if digest:
                self._receipt(page, event, digest.decode())
        after = Mark(records[-1].offset + 1, head, recorded_at, command, mark.rejects)
        self._state.merge(page, after)

    def _receipt(self, page: Page, event: Event, digest: str) -> None:
        """Add an event to the receipt of its command; a command's events follow one another."""
        key = f"{event['sourcesystem']}/{event['sourceseq']}"
        stored = page.receipts.get(key)
        if stored is None and not page.receipts:
            stored = self._state.receipt(key)  # Its first events may lie on the last page.
        stream = event["subject"]
        if stored is None:
            known = Receipt(key=key, hash=digest, status="accepted", stream=stream)
        else:
            known = Receipt.model_validate_json(stored)
        whole = known.model_copy(update={
            "events": (*known.events, event["id"]),
            "version": event["streamversion"] if stream == known.stream else known.version,
        })  # fmt: skip
        page.receipts[key] = whole.as_json()


async def open_partition(number: int, state: StateFile, follower: Follower) -> Partition:
    """Give a partition that continues after what `state` holds, as it would have itself."""
    is_reference = number == follower.number
    partition = Partition(number, state, is_reference=is_reference)
    partition.resume(state.mark.recorded_at)
    end = await follower.refresh()
    if is_reference:
        known = end
    else:
        told = state.history(f"partition/{number}")
        known = told_by([decode(value) for value in told]).adopted
    for fact in follower.between(0, known):
        partition.reference.apply(fact)
    partition.reference.offset = 0 if is_reference else known
    return partition
