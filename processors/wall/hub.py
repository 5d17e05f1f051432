"""The hub (分发): one picture in, the same bytes out to every wall.

A frame is encoded once. Each wall has a short queue; a wall that does not keep up loses the
queue and is told once to fetch the snapshot. What was sent stays in a ring bounded by bytes and
by time, from which a wall that lost its line takes up where it stopped.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from typing import NamedTuple

from processors.views.picture import Picture, ViewSource
from processors.wall import protocol
from processors.wall.protocol import Cursor, Live
from processors.wall.sheet import EMPTY, Clerk, Sheet

log = logging.getLogger(__name__)

QUEUED_FRAMES_MAX = 8
"""2 s at four frames a second: who is further behind is better served by a snapshot."""
RING_BYTES_MAX = 4 * 1024 * 1024
RING_SECONDS_MAX = 15 * 60.0
CLIENTS_MAX = 5_000
"""About 14 KB each; beyond, a wall is told to come back later."""

NO_PICTURE = Picture(0, {}, {}, (), (), {}, "", 0)


class Ring:
    """The last frames, in order: at most 4 MiB and 15 minutes of them."""

    def __init__(
        self, bytes_max: int = RING_BYTES_MAX, seconds_max: float = RING_SECONDS_MAX
    ) -> None:
        self._frames: deque[tuple[int, float, bytes]] = deque()
        self._bytes_max, self._seconds_max = bytes_max, seconds_max
        self.size = 0

    def append(self, seq: int, at: float, frame: bytes) -> None:
        """Keep a frame; the oldest go where a bound is passed. `at` in seconds, never backwards."""
        self._frames.append((seq, at, frame))
        self.size += len(frame)
        while self._frames and (
            self.size > self._bytes_max or at - self._frames[0][1] > self._seconds_max
        ):
            self.size -= len(self._frames.popleft()[2])

    def after(self, seq: int, newest: int) -> list[bytes] | None:
        """Give all frames with a number in (seq, newest]; None where some have gone."""
        if seq == newest:
            return []
        if seq > newest or not self._frames or self._frames[0][0] > seq + 1:
            return None
        return [frame for number, _, frame in self._frames if number > seq]

    def span(self, newest: int) -> tuple[int, int]:
        """Give the oldest cursor that can be resumed, and the newest."""
        return (self._frames[0][0] - 1 if self._frames else newest), newest


class Wall:
    """One connected wall: what waits to be sent to it."""

    def __init__(self) -> None:
        self._queue: deque[bytes] = deque()
        self._wake = asyncio.Event()
        self.closed = False
        self.dropped = 0

    def offer(self, frame: bytes, cursor: Cursor) -> None:
        """Queue a frame; a full queue is given up for one `resync`."""
        if len(self._queue) >= QUEUED_FRAMES_MAX:
            self.dropped += len(self._queue)
            self._queue.clear()
            self._queue.append(protocol.frame("resync", {"reason": "slow"}, cursor))
        self._queue.append(frame)
        self._wake.set()

    def close(self, farewell: bytes = b"") -> None:
        """Let it have what is queued and the farewell, then end."""
        if farewell:
            self._queue.append(farewell)
        self.closed = True
        self._wake.set()

    async def take(self) -> bytes:
        """Wait, then give all that is queued as one piece; b"" = the end."""
        while not self._queue and not self.closed:
            self._wake.clear()
            await self._wake.wait()
        chunk = b"".join(self._queue)
        self._queue.clear()
        return chunk


class Greeting(NamedTuple):
    """What a wall that comes in is given first."""

    frames: bytes
    wall: Wall


class Hub:
    """Pictures to frames to walls.

    Args:
        source: where pictures come from.
        clock: epoch seconds, for ages.
        steady: seconds that never go back, for intervals.
        incarnation: names this life of the server; cursors of another life are not resumed.
        build: the hash of the page this server serves.

    """

    def __init__(
        self,
        source: ViewSource,
        *,
        clock: Callable[[], float],
        steady: Callable[[], float],
        incarnation: str,
        build: str,
    ) -> None:
        self._source, self._clock, self._steady = source, clock, steady
        self._incarnation, self._build = incarnation, build
        self._clerk, self._city = Clerk(), protocol.CityClock()
        self._picture, self._sheet = NO_PICTURE, EMPTY
        self._seq = 0
        self._late_sent: dict[str, float] = {}
        self._hb_at = float("-inf")
        self.ring = Ring()
        self.walls: set[Wall] = set()
        self.closed = False

    @property
    def cursor(self) -> Cursor:
        """The number of the newest delta."""
        return Cursor(self._incarnation, self._seq)

    @property
    def build(self) -> str:
        """The hash of the page."""
        return self._build

    def live(self, *, with_late: bool = False) -> Live:
        """Give the state of this instant; `late` in full, or only if it changed."""
        now = self._clock()
        fresh = protocol.freshness(self._picture, now)
        late = fresh.late if with_late or dict(fresh.late) != self._late_sent else None
        return Live(self.cursor, self._sheet, fresh, self._city.fields(now), late)

    def advance(self, picture: Picture) -> None:
        """Take in a picture: publish what changed, and a heartbeat when one is due.

        Nothing of the picture counts, its proofs of life least of all, unless all of it adds up.
        """
        if picture is not self._picture:
            sheet = self._clerk.sheet(picture)
            self._picture = picture
            self._city.observe(max(picture.as_of, default=0.0), picture.now)
            self._publish(sheet)
        if self._steady() - self._hb_at >= protocol.HB_MS / 1000:
            self._hb_at = self._steady()
            live = self.live()
            self._send(live, protocol.hb_frame(live))

    def _publish(self, sheet: Sheet) -> None:
        before, self._sheet = self._sheet, sheet
        new_day = before.day != sheet.day
        rows = protocol.delta(before.tables, sheet.tables)
        if not (new_day or rows or before.cut != sheet.cut):
            return
        self._seq += 1
        live = self.live()
        frame = protocol.day_frame(live) if new_day else protocol.d_frame(live, rows)
        self.ring.append(self._seq, self._steady(), frame)
        self._send(live, frame)

    def _send(self, live: Live, frame: bytes) -> None:
        self._late_sent = dict(live.fresh.late)
        for wall in self.walls:
            wall.offer(frame, live.cursor)

    def snapshot(self) -> bytes:
        """Give the snapshot of this instant."""
        return protocol.snapshot(self.live(with_late=True), build=self._build)

    def greet(self, asked: str, page_build: str = "") -> Greeting:
        """Let a wall in at the cursor it asked for, or tell it to fetch the snapshot."""
        wall = Wall()
        if self.closed or len(self.walls) >= CLIENTS_MAX:
            reason = "closing" if self.closed else "full"
            return Greeting(protocol.frame("bye", {"reason": reason, "retry_ms": 5_000}), wall)
        self.walls.add(wall)
        live = self.live(with_late=True)
        ring = self.ring.span(self._seq)
        first = [protocol.hello_frame(live, build=self._build, ring=ring)]
        if page_build and page_build != self._build:
            first.append(protocol.frame("build", {"hash": self._build}))
        cursor = protocol.parse_cursor(asked)
        if cursor is None:
            missed, reason = None, "cold"
        elif cursor.incarnation != self._incarnation:
            missed, reason = None, "incarnation"
        else:
            missed, reason = self.ring.after(cursor.seq, self._seq), "gap"
        if missed is None:
            first.append(protocol.frame("resync", {"reason": reason}))
        else:
            first += missed
        return Greeting(b"".join(first), wall)

    def leave(self, wall: Wall) -> None:
        """Forget a wall."""
        self.walls.discard(wall)

    async def run(self, tick_s: float) -> None:
        """Ask for a picture `tick_s` apart, for ever.

        A source that hangs or fails does not stop the heartbeats: they then tell growing ages,
        which is the truth.
        """
        asking: asyncio.Task[Picture] | None = None
        failed = False
        try:
            while not self.closed:
                if asking is None:
                    asking = asyncio.ensure_future(self._source.picture())
                await asyncio.wait({asking}, timeout=tick_s)
                picture = self._picture
                try:
                    if asking.done():
                        asked, asking = asking, None
                        picture = asked.result()
                    self.advance(picture)
                    failed = False
                except Exception:  # an edge: say it once, and let the ages tell the walls
                    if not failed:
                        log.exception("no picture for the walls; trying again")
                    failed = True
                    self.advance(self._picture)
                await asyncio.sleep(tick_s)
        finally:
            if asking is not None:
                asking.cancel()

    def close(self) -> None:
        """Say goodbye to all walls: they come back spread over 5 s."""
        self.closed = True
        for wall in self.walls:
            wall.close(protocol.frame("bye", {"reason": "closing", "retry_ms": 5_000}))
