"""The holder (持有者): the partitions a worker holds, folded in memory, committed in step.

Knows nothing of Faust: it is told what it holds and what was fetched, and raises when the
process has to end.
"""

import asyncio
import json
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from processors.runtime.state import BrokenPromise, PartitionState
from processors.views.fold import Fold
from processors.views.tally import Tally

COMMIT_SECONDS = 0.25
"""Commits of one partition begin at most that often."""

COMMIT_SHARE = 4
"""And rest that many times as long as the last took: in catching up, folding goes first."""

OPEN_SECONDS_MAX = 30.0
"""To open all partitions of an assignment; 10 is what is promised, the rest is for a busy box."""

log = logging.getLogger(__name__)

Place = tuple[str, int]


class Fetched(NamedTuple):
    """What was fetched of one partition: all records that count in [start, end)."""

    start: int
    end: int
    """Behind the last record, and behind the transaction markers after it."""
    records: Sequence[Any]
    """aiokafka's records; empty if there were only markers and aborted records."""


class Journal:
    """What happened to the worker, one JSON line a thing, for people and for tests.

    `taken` {partition, position, cells, seconds} · `caught_up` and `released` {partition,
    records folded since it was taken, parked, position} · `ended` {why}.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("a", buffering=1, encoding="utf-8")

    def write(self, what: str, **fields: object) -> None:
        """Append one line; lines of several workers in one file do not mix."""
        line = {"what": what, "at": round(time.time(), 3), **fields}
        self._file.write(json.dumps(line, ensure_ascii=False) + "\n")

    def close(self) -> None:
        """Close the file; safe to call twice."""
        self._file.close()


class Held:
    """One partition that is held: its committed state and what was folded since."""

    def __init__(self, state: PartitionState) -> None:
        self.state = state
        self.tally = Tally(0)
        self.records = 0
        self.parked = 0
        self.caught_up = False
        self.moved = time.monotonic()
        self._commit = asyncio.Lock()

    def begin(self) -> None:
        """Begin the next tally where the shelf stands."""
        self.tally = Tally(self.state.shelf.position, self.state.shelf.day)

    async def commit(self) -> None:
        """Commit what is folded, if anything; folding may go on meanwhile."""
        async with self._commit:
            tally = self.tally
            if tally.position == tally.start:
                return
            self.tally = Tally(tally.position, tally.day)
            await self.state.apply(tally)
            self.records += tally.records
            self.parked += len(tally.parked)
            self.moved = time.monotonic()


class Holder:
    """All partitions this worker holds.

    Args:
        open_state: makes the state of one place; it is not opened yet.
        fold: from `compile_fold`.
        journal: told what is taken and let go.

    """

    def __init__(
        self, open_state: Callable[[Place], PartitionState], fold: Fold, journal: Journal
    ) -> None:
        self.held: dict[Place, Held] = {}
        self._open_state = open_state
        self._fold = fold
        self._journal = journal
        self._assignment = -1
        self._changing = asyncio.Lock()
        self._work = asyncio.Event()

    async def take(self, places: frozenset[Any], assignment: int) -> dict[Any, int]:
        """Open the states of an assignment, all anew; for one taken before give what is held."""
        async with self._changing:
            if assignment != self._assignment:
                await self._let_go()
                async with asyncio.timeout(OPEN_SECONDS_MAX):
                    opened = await asyncio.gather(*map(self._take, places))
                self.held = dict(zip(places, opened, strict=True))
                self._assignment = assignment
            return {place: held.tally.position for place, held in self.held.items()}

    async def _take(self, place: Place) -> Held:
        began = time.monotonic()
        held = Held(self._open_state(place))
        position = await held.state.open()
        held.begin()
        self._journal.write(
            "taken", topic=place[0], partition=place[1], position=position,
            cells=len(held.state.shelf.sums), seconds=round(time.monotonic() - began, 3),
        )  # fmt: skip
        return held

    async def release(self) -> None:
        """Commit what is folded and let everything go."""
        async with self._changing:
            await self._let_go()

    async def abandon(self) -> None:
        """Let everything go without another commit: what is not committed is folded again."""
        held, self.held = self.held, {}
        await asyncio.gather(*(one.state.close() for one in held.values()), return_exceptions=True)

    async def _let_go(self) -> None:
        held, self.held = self.held, {}
        try:
            await asyncio.gather(*(one.commit() for one in held.values()))
        finally:
            await asyncio.gather(*(one.state.close() for one in held.values()))
        for place, one in held.items():
            self._note("released", place, one)

    def fold(self, place: Place, batch: Fetched) -> None:
        """Fold what was fetched; what was folded before is passed over.

        Raises:
            BrokenPromise: records are missing before the batch; end the process.

        """
        held = self.held.get(place)
        if held is None or batch.end <= held.tally.position:
            return  # Of an assignment that is over, or fetched twice around a rebalance.
        records, position = batch.records, held.tally.position
        if batch.start > position:
            raise BrokenPromise(
                f"{place[0]} partition {place[1]} is folded to {position}, but what came next "
                f"begins at {batch.start}: records were lost on the way"
            )
        if batch.start < position:
            records = [record for record in records if record.offset >= position]
        held.tally.fold(records, batch.end, self._fold)
        self._work.set()

    async def commit_in_step(self) -> None:
        """Commit for ever: nothing when idle, each partition at most each 250 ms."""
        while True:
            await self._work.wait()
            self._work.clear()
            began = time.monotonic()
            await asyncio.gather(*(one.commit() for one in list(self.held.values())))
            took = time.monotonic() - began
            await asyncio.sleep(max(COMMIT_SECONDS - took, took * COMMIT_SHARE))

    def watch(self, ends: Mapping[Place, int], stall_seconds: float) -> None:
        """See that positions advance while there is lag.

        Args:
            ends: stable end of each partition, as far as known.
            stall_seconds: how long one may stand still.

        Raises:
            BrokenPromise: one stood still; end the process, a fresh one will do better.

        """
        now = time.monotonic()
        for place, held in self.held.items():
            position, end = held.state.shelf.position, ends.get(place, 0)
            if position >= end:
                held.moved = now
                if not held.caught_up:
                    held.caught_up = True
                    self._note("caught_up", place, held)
            elif now - held.moved > stall_seconds:
                raise BrokenPromise(
                    f"{place[0]} partition {place[1]} stands at {position} of {end} for "
                    f"{stall_seconds:g} s: this worker gives up"
                )

    def _note(self, what: str, place: Place, held: Held) -> None:
        self._journal.write(
            what, topic=place[0], partition=place[1], position=held.state.shelf.position,
            records=held.records, parked=held.parked,
        )  # fmt: skip
