"""A hall that can be killed and started again, and a browser that watches what a page asks for."""

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from ledger.contracts.wire import decode
from ledger.log.sqlite import SqliteLog
from tests.counter import hall

ROOT = Path(__file__).parents[2]
CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")


class Hall:
    """The gateway of one hall on one port; its data outlive it."""

    def __init__(self, data):
        self.data = data
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.process = None

    def start(self):
        command = [sys.executable, "-m", "tests.counter.hall", str(self.data), str(self.port)]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        self.process = subprocess.Popen(command, cwd=ROOT, env=environment)
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            try:
                urllib.request.urlopen(f"{self.url}/healthz", timeout=1).close()  # noqa: S310
            except OSError:
                time.sleep(0.02)
            else:
                return
        raise TimeoutError("the hall did not open")

    def kill(self):
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
            self.process = None

    def facts(self, *streams):
        """What the closed book says: all events of cases and ratings, in order of the log."""

        async def read():
            log = await SqliteLog.open(self.data / "ledger.db")
            events = [decode(r.value) async for batch in log.scan() for r in batch]
            await log.close()
            return events

        self.kill()
        return [e for e in asyncio.run(read()) if e["subject"].startswith(streams)]


@pytest.fixture(scope="module")
def furnished(tmp_path_factory):
    data = tmp_path_factory.mktemp("furnished")
    asyncio.run(hall.furnish(data))
    return data


@pytest.fixture
def opened(furnished, tmp_path):
    """A hall with the city's reference facts and no case yet, open for business."""
    data = tmp_path / "hall"
    shutil.copytree(furnished, data)
    made = Hall(data)
    made.start()
    yield made
    made.kill()


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as play:
        chromium = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser):
    """A clerk's screen; `asked` is all it ever requested, `complaints` what broke."""
    context = browser.new_context(viewport={"width": 1366, "height": 768})
    made = context.new_page()
    made.set_default_timeout(8_000)
    made.asked, made.complaints = [], []
    context.on("request", lambda request: made.asked.append(request.url))
    made.on("pageerror", lambda error: made.complaints.append(str(error)))
    yield made
    context.close()
