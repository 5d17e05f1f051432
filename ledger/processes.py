"""What runs beside: tasks of a server, and the child processes of a demo, stopped together.

The children are the production commands, kept running. A child that ends by itself is started
again after a moment, as a supervisor would: a fenced writer or worker ends on purpose.
"""

import asyncio
import logging
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Self

STOP_SECONDS = 8.0
AGAIN_SECONDS = 1.0
TAIZHANG = Path(__file__).parent.parent / "taizhang.py"

_log = logging.getLogger(__name__)


@asynccontextmanager
async def beside(*work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Let endless work run beside a block; what ends of itself is told in the log."""
    tasks = [asyncio.create_task(each) for each in work]
    for task in tasks:
        task.add_done_callback(_tell)
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _tell(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        _log.error("stopped beside us: %s; start this process again", error)


class Children:
    """`taizhang` sub-commands running beside this process; use as an async context."""

    def __init__(self, log_dir: Path) -> None:
        self._log_dir = log_dir
        self._keepers: list[asyncio.Task[None]] = []
        self.running: dict[str, subprocess.Popen[bytes]] = {}

    async def __aenter__(self) -> Self:
        """Nothing runs yet."""
        self._log_dir.mkdir(parents=True, exist_ok=True)
        return self

    def start(self, name: str, arguments: Sequence[str]) -> None:
        """Keep `taizhang ARGUMENTS` running; what it says goes to `<log_dir>/<name>.log`."""
        self._spawn(name, arguments)
        self._keepers.append(asyncio.create_task(self._keep(name, arguments)))

    def _spawn(self, name: str, arguments: Sequence[str]) -> None:
        with (self._log_dir / f"{name}.log").open("ab") as said:
            # A session of its own: Ctrl-C reaches us, and we stop them in order.
            self.running[name] = subprocess.Popen(  # noqa: S603
                [sys.executable, str(TAIZHANG), *arguments],
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                start_new_session=True,
            )

    async def _keep(self, name: str, arguments: Sequence[str]) -> None:
        while True:
            await asyncio.to_thread(self.running[name].wait)
            await asyncio.sleep(AGAIN_SECONDS)
            self._spawn(name, arguments)

    async def __aexit__(self, *_: object) -> None:
        """Stop all of them: SIGTERM, then after a while SIGKILL."""
        for keeper in self._keepers:
            keeper.cancel()
        await asyncio.gather(*self._keepers, return_exceptions=True)
        for child in self.running.values():
            child.send_signal(signal.SIGTERM)
        for child in self.running.values():
            try:
                await asyncio.to_thread(child.wait, STOP_SECONDS)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
