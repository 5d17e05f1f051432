"""A channel (频道): one scope's sheet, numbers, ring and walls.

What was sent stays in a ring bounded by bytes and by time, from which a wall that lost its line
takes up where it stopped. A channel without walls sleeps: nothing is added up for it, and who
comes next is given all it missed as one delta.
"""

import asyncio
from collections import deque
from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from processors.views.picture import Picture
from processors.wall import protocol
from processors.wall.local import Scope, members_of
from processors.wall.protocol import Cursor, Live
from processors.wall.sheet import EMPTY, Sheet

QUEUED_FRAMES_MAX = 8
"""2 s at four frames a second: who is further behind is better served by a snapshot."""
RING_BYTES_MAX = 4 * 1024 * 1024
RING_SECONDS_MAX = 15 * 60.0


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


class World(NamedTuple):
    """What all channels see at one instant."""

    picture: Picture
    city: Sheet
    now: float
    """Epoch seconds."""
    clock: Mapping[str, Any]


class Channel:
    """One scope, and who watches it."""

    def __init__(self, scope: Scope, incarnation: str) -> None:
        self.scope, self.incarnation = scope, incarnation
        self.seq = 0
        self.sheet = EMPTY
        self.ring = Ring()
        self.walls: set[Wall] = set()
        self.idle_since = 0.0
        self._late_sent: dict[str, float] = {}

    @property
    def cursor(self) -> Cursor:
        """The number of the newest delta."""
        return Cursor(self.incarnation, self.seq)

    def live(self, world: World, *, with_late: bool = False) -> Live:
        """Give the state of this instant; `late` in full, or only if it changed."""
        members: Collection[str] | None = None
        if self.scope.kind != "city":
            members = members_of(self.scope, world.city.tables)
        fresh = protocol.freshness(world.picture, world.now, members)
        late = fresh.late if with_late or dict(fresh.late) != self._late_sent else None
        return Live(self.cursor, self.sheet, fresh, world.clock, late, str(self.scope))

    def publish(self, sheet: Sheet, world: World, at: float) -> None:
        """Send what changed, if anything did; `at` in steady seconds."""
        before, self.sheet = self.sheet, sheet
        new_day = before.day != sheet.day
        rows = protocol.delta(before.tables, sheet.tables)
        if not (new_day or rows or before.cut != sheet.cut):
            return
        self.seq += 1
        live = self.live(world)
        frame = protocol.day_frame(live) if new_day else protocol.d_frame(live, rows)
        self.ring.append(self.seq, at, frame)
        self._send(live, frame)

    def beat(self, world: World) -> None:
        """Send a heartbeat, if anybody listens."""
        if not self.walls and self.scope.kind != "city":
            return
        live = self.live(world)
        self._send(live, protocol.hb_frame(live))

    def _send(self, live: Live, frame: bytes) -> None:
        self._late_sent = dict(live.fresh.late)
        for wall in self.walls:
            wall.offer(frame, live.cursor)

    def greeting(self, asked: str, page_build: str, build: str, world: World) -> bytes:
        """Give the first frames of a wall that asked to go on at a cursor."""
        live = self.live(world, with_late=True)
        ring = self.ring.span(self.seq)
        first = [protocol.hello_frame(live, build=build, ring=ring)]
        if page_build and page_build != build:
            first.append(protocol.frame("build", {"hash": build}))
        cursor = protocol.parse_cursor(asked)
        if cursor is None:
            missed, reason = None, "cold"
        elif cursor.incarnation != self.incarnation:
            missed, reason = None, "incarnation"
        else:
            missed, reason = self.ring.after(cursor.seq, self.seq), "gap"
        if missed is None:
            first.append(protocol.frame("resync", {"reason": reason}))
        else:
            first += missed
        return b"".join(first)
