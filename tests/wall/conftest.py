"""Pictures of a small city, clocks that are turned by hand, and a stage for a real browser."""

import asyncio
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import uvicorn
from playwright.sync_api import Browser, Page, sync_playwright

from processors.views.picture import Picture
from processors.wall.server import PoliteServer, wall_app

CHROMIUM = shutil.which("chromium")
"""Debian's; None = the one that `playwright install chromium` fetched (`make chromium`)."""
NOW = 1_600_000_000.0
PARTITIONS = 3

LATEST = {
    "centre.opened/sanxing": {"name": "三星镇为民服务中心", "level": "town", "town": "sanxing"},
    "centre.opened/sanxing-v1": {
        "name": "许桥村便民服务中心", "level": "village", "town": "sanxing",
    },
    "centre.opened/haiyong": {"name": "海永镇为民服务中心", "level": "town", "town": "haiyong"},
    "window.created/sanxing-01": {"centre": "sanxing", "no": "01", "kind": "comp:livelihood"},
    "window.created/haiyong-01": {"centre": "haiyong", "no": "01", "kind": "professional:医保"},
}  # fmt: skip
CENTRES = ("sanxing", "sanxing-v1", "haiyong")


class City:
    """Makes pictures; every one is newer than the last."""

    def __init__(self, at=NOW, now="2020-06-01T09:30:00+08:00"):
        self.sums = {}
        self.at, self.now = at, now
        self.beats = dict.fromkeys(CENTRES, at)
        self.position = 0
        self.version = 0
        self.latest = dict(LATEST)

    def count(self, code, n=1, *, centre="sanxing", window="sanxing-01", now=None):
        """Add to a sum as the fold does: by hour and by day; a gauge once."""
        moment = now or self.now
        buckets = [""] if code == "in_progress" else [moment[:13], moment[:10]]
        place = f"{centre}|" if code == "in_progress" else f"{centre}|{window}"
        for bucket in buckets:
            key = f"{code}|{bucket}|{place}"
            self.sums[key] = self.sums.get(key, 0) + n
        self.position += 1
        return self

    def accept(self, n=1, **where):
        return (
            self.count("submitted", n, **where)
            .count("accepted", n, **where)
            .count("in_progress", n, **where)
        )

    def conclude(self, n=1, **where):
        """Conclude accepted cases; what left is one more cell, but no more of the ledger."""
        self.count("left", n, **where)
        self.position -= 1
        return self.count("concluded", n, **where).count("in_progress", -n, **where)

    def tick(self, at=None, now=None, silent=()):
        self.at = self.at + 1 if at is None else at
        self.now = now or self.now
        for centre in CENTRES:
            if centre not in silent:
                self.beats[centre] = self.at
        return self

    def picture(self):
        self.version += 1
        return Picture(
            version=self.version, sums=dict(self.sums), latest=dict(self.latest),
            cut=(self.position, 0, 0, 5), as_of=(self.at,) * PARTITIONS + (0.0,),
            beats=dict(self.beats), now=self.now, rejects=2,
        )  # fmt: skip


class Held:
    """A source that gives what it was last given."""

    def __init__(self, picture):
        self.now = picture

    async def picture(self):
        return self.now

    async def close(self):
        pass


class Stage:
    """A wall server in this process whose picture and clock the test sets."""

    def __init__(self, city, *, alive=True):
        self.city = city
        self.alive = alive
        self._ahead = 0.0
        self._turning = threading.RLock()
        self.source = Held(city.picture())
        self.app = wall_app(self.source, clock=lambda: time.time() + self._ahead, tick_s=0.05)
        config = uvicorn.Config(
            self.app, host="127.0.0.1", port=0, log_level="error", timeout_graceful_shutdown=1
        )
        self.server = PoliteServer(config, self.app.close)
        self.thread = threading.Thread(target=lambda: asyncio.run(self.server.serve()))
        self.stop = threading.Event()
        self.pulse = threading.Thread(target=self._pulses)

    @property
    def ahead(self):
        """Seconds by which the clock of this world is ahead of ours."""
        return self._ahead

    @ahead.setter
    def ahead(self, seconds):
        """Let time pass, and with it the beats of who is not silent: nobody else looks lost."""
        with self._turning:
            if self.alive:
                self.show(later=seconds)
            self._ahead = seconds

    def start(self):
        self.thread.start()
        while not self.server.started:
            time.sleep(0.01)
        self.port = self.server.servers[0].sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.pulse.start()

    def _pulses(self):
        while not self.stop.wait(0.3):
            if self.alive:
                self.show()

    def show(self, **changes):
        """Let the world tick on, with real time, and show the city as it now is."""
        silent = changes.pop("silent", self.silent if hasattr(self, "silent") else ())
        with self._turning:
            ahead = changes.pop("later", self._ahead)
            self.city.tick(time.time() + ahead, silent=silent, **changes)
            self.source.now = self.city.picture()

    def close(self):
        self.stop.set()
        self.pulse.join()
        self.server.should_exit = True
        self.thread.join()


@contextmanager
def staged(city, **options):
    stage = Stage(city, **options)
    stage.start()
    try:
        yield stage
    finally:
        stage.close()


@pytest.fixture
def city():
    return City()


@pytest.fixture
def stage(city) -> Iterator[Stage]:
    city.tick(time.time())
    with staged(city) as made:
        yield made


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as play:
        chromium = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser) -> Iterator[Page]:
    """A page that may speak to this machine only, and must not complain."""
    context = browser.new_context(viewport={"width": 1920, "height": 1080})
    made = context.new_page()
    made.asked = []
    made.complaints = []
    made.on("request", lambda request: made.asked.append(request.url))
    made.on("pageerror", lambda error: made.complaints.append(str(error)))
    yield made
    context.close()
