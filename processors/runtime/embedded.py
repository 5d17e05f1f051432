"""The embedded runtime (内嵌运行): the same views over any log, in process, no broker.

Reads the seam from the position of its own state, folds as the worker on Faust does, commits to
`views.db`. A wall takes its pictures from here directly.
"""

import asyncio
import contextlib
import time
from pathlib import Path
from typing import TYPE_CHECKING

from ledger.log.seam import Log
from ledger.rules.measures import MEASURES
from processors.runtime.state import SqliteState, open_views_db
from processors.views.board import Board
from processors.views.fold import Fold, compile_fold
from processors.views.picture import Picture
from processors.views.shelf import Change
from processors.views.tally import Tally

if TYPE_CHECKING:
    import sqlite3

POLL_SECONDS = 0.1
COMMIT_RECORDS = 5_000
"""Records folded between two commits, at most about this many."""


class EmbeddedViews:
    """A `ViewSource` over a log in this process, and the runner that keeps it going.

    Args:
        log: the book; read only.
        path: of `views.db`; lost, it is folded again from the beginning.
        fold: instead of the one that all measures compile to.

    """

    def __init__(self, log: Log, path: Path, fold: Fold | None = None) -> None:
        self._log = log
        self._path = path
        self._fold = fold or compile_fold(MEASURES)
        self._board = Board(log.partitions)
        self._states: list[SqliteState] = []
        self._db: sqlite3.Connection | None = None
        self._rejects_seen = [-1] * (log.partitions + 1)
        self._woken = asyncio.Event()
        self._stepping = asyncio.Lock()
        self.folded = 0
        """Records folded since this object was made."""

    async def open(self) -> None:
        """Read the state; then the picture is what was committed last.  Twice is once."""
        if self._db is not None:
            return
        self._db = open_views_db(self._path)
        self._states = [SqliteState(self._db, p) for p in range(self._log.partitions + 1)]
        for state in self._states:
            await state.open()
            shelf = state.shelf
            whole = Change(dict(shelf.sums), dict(shelf.latest), shelf.position, shelf.day)
            self._board.change(state.partition, whole)
            self._board.reject(state.parked())

    async def run(self, stop: asyncio.Event) -> None:
        """Follow the log until `stop` is set: every 100 ms, at once when woken."""
        await self.open()
        while not stop.is_set():
            began = time.monotonic()
            await self.step()
            self._woken.clear()
            pause = POLL_SECONDS - (time.monotonic() - began)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(_either(stop, self._woken), max(pause, 0))
        await self.step()

    def wake(self) -> None:
        """Say that there may be something new."""
        self._woken.set()

    async def step(self) -> None:
        """Fold and commit all there is now."""
        await self.open()
        async with self._stepping:
            # Pulses first: what they vouch for is in the log by now.
            pulses = await self._log.pulses()
            await self._fold_new()
            for pulse in pulses:
                self._board.pulse(pulse)
            await self._count_rejects()

    async def _count_rejects(self) -> None:
        seen = self._rejects_seen
        async for reject in self._log.rejects(tuple(max(0, offset) for offset in seen)):
            if reject.offset > seen[reject.partition]:
                seen[reject.partition] = reject.offset
                self._board.reject(1)

    async def _fold_new(self) -> None:
        tallies: dict[int, Tally] = {}
        waiting = 0
        start = tuple(state.shelf.position for state in self._states)
        async for batch in self._log.scan(start):
            if not batch:
                continue
            p = batch[0].partition
            shelf = self._states[p].shelf
            tally = tallies.setdefault(p, Tally(shelf.position, shelf.day))
            tally.fold(batch, batch[-1].offset + 1, self._fold)
            waiting += len(batch)
            if waiting >= COMMIT_RECORDS:
                await self._commit(tallies)
                tallies, waiting = {}, 0
                await asyncio.sleep(0)
        await self._commit(tallies)

    async def _commit(self, tallies: dict[int, Tally]) -> None:
        for p, tally in tallies.items():
            change = await self._states[p].apply(tally)
            self._board.change(p, change)
            self._board.reject(len(tally.parked))
            self.folded += tally.records

    async def picture(self) -> Picture:
        """Give the newest picture."""
        await self.open()
        return self._board.picture()

    async def close(self) -> None:
        """Let go of the state; stop the runner first."""
        async with self._stepping:
            if self._db is not None:
                self._db.close()
                self._db = None


async def _either(*events: asyncio.Event) -> None:
    """Return when one of the events is set."""
    waiting = [asyncio.ensure_future(event.wait()) for event in events]
    try:
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for one in waiting:
            one.cancel()
