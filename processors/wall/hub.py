"""The hub (分发): one picture in, the same bytes out to every wall of a scope.

A frame is encoded once per scope. Each wall has a short queue; a wall that does not keep up loses
the queue and is told once to fetch the snapshot. The city is always added up, for its rows are
those of all other walls; a town or a centre only while somebody watches it.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import NamedTuple

from processors.views.picture import Picture, ViewSource
from processors.wall import protocol
from processors.wall.channel import Channel, Ring, Wall, World
from processors.wall.local import CITY, Scope, local_sheet, members_of, parse_scope
from processors.wall.protocol import Cursor, Live
from processors.wall.sheet import EMPTY, Clerk, Sheet

log = logging.getLogger(__name__)

CLIENTS_MAX = 5_000
"""About 14 KB each; beyond, a wall is told to come back later."""
SLEEP_SECONDS_MAX = 60.0
"""A channel that nobody has watched for so long is let go, with its numbers."""
UNKNOWN_RETRY_MS = 10_000

NO_PICTURE = Picture(0, {}, {}, (), (), {}, "", 0)


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
        self._clerk, self._clock_city = Clerk(), protocol.CityClock()
        self._picture = NO_PICTURE
        self._city = Channel(CITY, incarnation)
        self._channels: dict[Scope, Channel] = {CITY: self._city}
        self._opened = 0
        self._hb_at = float("-inf")
        self.walls: dict[Wall, Channel] = {}
        self.closed = False

    @property
    def cursor(self) -> Cursor:
        """The number of the city's newest delta."""
        return self._city.cursor

    @property
    def build(self) -> str:
        """The hash of the page."""
        return self._build

    @property
    def ring(self) -> Ring:
        """The city's last frames."""
        return self._city.ring

    @property
    def scopes(self) -> list[str]:
        """The scopes that are held, the city first."""
        return [str(scope) for scope in self._channels]

    def live(self) -> Live:
        """Give the city's state of this instant."""
        return self._city.live(self._world())

    def _world(self) -> World:
        now = self._clock()
        return World(self._picture, self._city.sheet, now, self._clock_city.fields(now))

    def advance(self, picture: Picture) -> None:
        """Take in a picture: publish what changed, and a heartbeat when one is due.

        Nothing of the picture counts, its proofs of life least of all, unless all of it adds up.
        """
        watched = [channel for channel in self._channels.values() if channel.walls]
        if picture is not self._picture:
            city = self._clerk.sheet(picture)
            sheets = {
                channel: local_sheet(channel.scope, city, picture, self._clerk.cells)
                for channel in watched
                if channel is not self._city and _knows(city, channel.scope)
            }
            self._picture = picture
            self._clock_city.observe(max(picture.as_of, default=0.0), picture.now)
            at = self._steady()
            self._city.publish(city, self._world()._replace(city=city), at)
            self._dismiss()
            for channel, sheet in sheets.items():
                channel.publish(sheet, self._world(), at)
        if self._steady() - self._hb_at >= protocol.HB_MS / 1000:
            self._hb_at = self._steady()
            for channel in self._channels.values():
                channel.beat(self._world())
            self._forget()

    def _dismiss(self) -> None:
        # Scopes are taken on trust until the reference facts are here.
        for scope in [scope for scope in self._channels if not _knows(self._city.sheet, scope)]:
            for wall in self._channels.pop(scope).walls:
                wall.close(_unknown())

    def _forget(self) -> None:
        for scope, channel in list(self._channels.items()):
            asleep = channel is not self._city and not channel.walls
            if asleep and self._steady() - channel.idle_since > SLEEP_SECONDS_MAX:
                del self._channels[scope]

    def _channel(self, asked: str) -> Channel | None:
        """Give the channel of a scope, up to date; None = there is no such scope."""
        scope = parse_scope(asked)
        if scope is None or not _knows(self._city.sheet, scope):
            return None
        channel = self._channels.get(scope)
        if channel is None:
            # Its numbers begin anew, so its incarnation is another one too.
            self._opened += 1
            channel = Channel(scope, f"{self._incarnation}-{self._opened}")
            self._channels[scope] = channel
        if channel is not self._city and not channel.walls:
            self._wake(channel)
        return channel

    def _wake(self, channel: Channel) -> None:
        sheet: Sheet = EMPTY
        if self._picture is not NO_PICTURE:
            city = self._city.sheet
            sheet = local_sheet(channel.scope, city, self._picture, self._clerk.cells)
        channel.idle_since = self._steady()
        channel.publish(sheet, self._world(), channel.idle_since)

    def snapshot(self, scope: str = protocol.SCOPE) -> bytes | None:
        """Give the snapshot of this instant; None = there is no such scope."""
        channel = self._channel(scope)
        if channel is None:
            return None
        return protocol.snapshot(channel.live(self._world(), with_late=True), build=self._build)

    def greet(self, asked: str, page_build: str = "", scope: str = protocol.SCOPE) -> Greeting:
        """Let a wall in at the cursor it asked for, or tell it to fetch the snapshot."""
        wall = Wall()
        if self.closed or len(self.walls) >= CLIENTS_MAX:
            reason = "closing" if self.closed else "full"
            return Greeting(protocol.frame("bye", {"reason": reason, "retry_ms": 5_000}), wall)
        channel = self._channel(scope)
        if channel is None:
            return Greeting(_unknown(), wall)
        channel.walls.add(wall)
        self.walls[wall] = channel
        first = channel.greeting(asked, page_build, self._build, self._world())
        return Greeting(first, wall)

    def leave(self, wall: Wall) -> None:
        """Forget a wall."""
        channel = self.walls.pop(wall, None)
        if channel is not None:
            channel.walls.discard(wall)
            channel.idle_since = self._steady()

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


def _knows(city: Sheet, scope: Scope) -> bool:
    # Before any town or centre is known, there may be this one.
    return scope == CITY or not city.tables["centre"] or bool(members_of(scope, city.tables))


def _unknown() -> bytes:
    return protocol.frame("bye", {"reason": "unknown-scope", "retry_ms": UNKNOWN_RETRY_MS})
