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
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import sync_playwright

from ledger.contracts.wire import decode
from ledger.log.open import open_log
from tests.counter import hall

ROOT = Path(__file__).parents[2]
CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")


def apart(work):
    """Run a coroutine on a thread of its own: playwright's loop already runs on this one."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


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

    def let_pass(self, days):
        """Let days go by while the hall is closed."""
        started = self.data / hall.STARTED
        started.write_text(str(float(started.read_text()) - days * 86_400))

    def facts(self, *streams):
        """What the book says, read beside the hall that writes it: the events of some streams."""

        async def read():
            log = await open_log(f"sqlite:///{self.data / 'ledger.db'}", reading=True)
            events = [decode(r.value) async for batch in log.scan() for r in batch]
            await log.close()
            return events

        return [e for e in apart(read()) if e["subject"].startswith(streams)]


@pytest.fixture(scope="module")
def furnished(tmp_path_factory):
    data = tmp_path_factory.mktemp("furnished")
    apart(hall.furnish(data))
    return data


@pytest.fixture(scope="module")
def opened(furnished):
    """A hall with the city's reference facts, open for business; the tests of a file share it."""
    made = Hall(furnished)
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
    """A clerk's screen; it may break nothing, and ask nobody but this machine."""
    context = browser.new_context(viewport={"width": 1366, "height": 768})
    made = context.new_page()
    made.set_default_timeout(15_000)
    asked, complaints = [], []
    context.on("request", lambda request: asked.append(urlsplit(request.url).hostname))
    context.on("weberror", lambda error: complaints.append(str(error.error)))
    yield made
    context.close()
    assert set(asked) == {"127.0.0.1"}
    assert complaints == []


class Clerk:
    """Somebody at the counter who has a keyboard and no mouse."""

    def __init__(self, page, hall_):
        self.page, self.hall, self.press = page, hall_, page.keyboard.press

    def type(self, text):
        self.page.keyboard.type(text)

    def sees(self, selector, **more):
        return self.page.wait_for_selector(selector, **more)

    def sign_in(self):
        self.page.goto(f"{self.hall.url}/counter")
        self.sees("#key")
        self.type(hall.KEY)
        self.press("Enter")
        self.sees("#shift-form")

    def take_shift(self, staff, window="", centre="sxz"):
        """Choose centre, window and person; the post offered first is taken."""
        self.type(centre)
        self.press("Enter")
        self.sees("#shift-form[data-ready=yes]")
        self.press("Tab")
        if window:
            self.type(window)
        else:
            self.press("Home")
        self.press("Tab")
        self.press("Control+a")
        self.type(staff)
        self.press("Enter")
        self.press("Tab")
        self.press("Enter")
        self.sees("#work:not([hidden])")
        self.sees(f"#shift:has-text('{staff}')")

    def change_to(self, staff, window=""):
        self.press("Alt+s")
        self.sees("#shift-form")
        self.take_shift(staff, window)

    def form(self, key, kind):
        self.press(key)
        self.sees(f"#form[data-type='{kind}']")

    def submit(self, letters="gljt"):
        self.form("F2", "case.submit")
        self.type(letters)
        self.press("Enter")
        self.press("Enter")
        self.sees("#case-title")

    def state(self, status):
        self.sees(f"#status[data-status='{status}']")

    def recorded(self, kind):
        self.sees(f"#timeline li[data-event='{kind}']")

    def facts(self, *streams):
        """What the book says of the case on the desk."""
        return self.hall.facts(*(f"{stream}/{self.case()}" for stream in streams or ("case",)))

    def case(self):
        return self.page.locator("#stage").get_attribute("data-case")

    def no(self):
        return self.page.locator("#case-title").text_content().removeprefix("办件 ")


@pytest.fixture
def clerk(page, opened):
    """A clerk of window 10 (民生综合) at work."""
    made = Clerk(page, opened)
    made.sign_in()
    made.take_shift("sanxing-10-c", "10")
    return made
