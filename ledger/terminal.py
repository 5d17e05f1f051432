"""What every command of ours shares at a terminal: options, results, progress, stopping.

Exit status: 0 done, 1 the answer is no, 2 wrong use or bad input, 3 a part is unreachable.
"""

import argparse
import asyncio
import json
import logging
import signal
import sys
import time
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Self

from ledger.contracts.errors import Unreachable, UserError
from ledger.settings import Settings, load

DONE, NO, WRONG_USE, UNREACHABLE = 0, 1, 2, 3
PLAIN_SECONDS = 5.0
"""Without a terminal, a line of progress at most this often."""

Result = Mapping[str, Any] | list[Any] | int | None
Command = Callable[[argparse.Namespace, Settings], Coroutine[Any, Any, Result] | Result]


def common_options() -> argparse.ArgumentParser:
    """Give the options that every command has, as a parent parser."""
    parent = argparse.ArgumentParser(add_help=False)
    parent.add_argument("--data", metavar="DIR", help="where files are kept (./taizhang-data)")
    parent.add_argument("--ledger", metavar="URL", help="sqlite:///PATH or kafka://HOST:PORT")
    parent.add_argument("--lake", metavar="DIR", help="folder of the lake (DATA/lake)")
    parent.add_argument("--json", action="store_true", help="print one JSON object")
    return parent


class Commands:
    """The sub-commands of a parser; each gets the common options and one example."""

    def __init__(self, parser: argparse.ArgumentParser) -> None:
        self._sub = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
        self._common = common_options()

    def add(self, name: str, run: Command, text: str, example: str) -> argparse.ArgumentParser:
        """Add a command that runs `run(options, settings)`."""
        made = self._sub.add_parser(
            name,
            help=text,
            description=text,
            epilog=f"example: {example}",
            parents=[self._common],
        )
        made.set_defaults(run=run)
        return made


class Progress:
    """A progress bar on a terminal, plain lines otherwise; call it with what is done so far."""

    def __init__(self, what: str, total: int | None = None) -> None:
        self._what, self._total, self._last = what, total, time.monotonic()
        self._bar: Any = None

    def __enter__(self) -> Self:
        """Show the bar."""
        if sys.stderr.isatty():
            # Only where there is somebody to look: rich costs 60 ms to import.
            from rich.console import Console  # noqa: PLC0415
            from rich.progress import Progress as Bar  # noqa: PLC0415

            self._bar = Bar(console=Console(stderr=True), transient=True)
            self._bar.start()
            self._task = self._bar.add_task(self._what, total=self._total)
        return self

    def __call__(self, done: int, total: int | None = None) -> None:
        """Say how far it is."""
        total = total or self._total
        if self._bar is not None:
            self._bar.update(self._task, completed=done, total=total)
        elif time.monotonic() - self._last >= PLAIN_SECONDS:
            self._last = time.monotonic()
            of = f" of {total:,}" if total else ""
            sys.stderr.write(f"{self._what}: {done:,}{of}\n")

    def __exit__(self, *_: object) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.stop()


def main(parser: argparse.ArgumentParser, arguments: list[str] | None = None) -> int:
    """Parse, run, print; no traceback ever reaches a user."""
    options = parser.parse_args(arguments)
    # Its own reports of a broker that is away: ours is one sentence.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    try:
        settings = load(vars(options))
        result = options.run(options, settings)
        if asyncio.iscoroutine(result):
            result = _run(result)
        return _print(result, as_json=options.json)
    except Unreachable as error:
        return _say(error, UNREACHABLE)
    except (UserError, FileNotFoundError) as error:
        return _say(error, WRONG_USE)
    except (KeyboardInterrupt, asyncio.CancelledError):
        sys.stderr.write("stopped\n")
        return DONE
    except BrokenPipeError:
        sys.stderr.close()
        return DONE


def _say(error: Exception, status: int) -> int:
    sys.stderr.write(f"taizhang: {error}\n")
    return status


def _run(work: Coroutine[Any, Any, Result]) -> Result:
    """Run a command; SIGTERM stops it as Ctrl-C does."""

    async def stoppable() -> Result:
        task = asyncio.current_task()
        if task is not None:
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
        return await work

    return asyncio.run(stoppable())


def _print(result: Result, *, as_json: bool) -> int:
    """Print a result; a mapping's `exit` is the exit status and is not printed."""
    if result is None:
        return DONE
    if isinstance(result, int):
        return result
    status = DONE
    if isinstance(result, Mapping):
        status = int(result.get("exit", DONE))
        result = {k: v for k, v in result.items() if k not in {"exit", "text"}} if as_json else (
            result.get("text") or {k: v for k, v in result.items() if k != "exit"}
        )  # fmt: skip
    if as_json:
        print(json.dumps(result, ensure_ascii=False, default=str))  # noqa: T201
    elif isinstance(result, str):
        print(result)  # noqa: T201
    elif isinstance(result, Mapping):
        for name, value in result.items():
            print(f"{name:>14}  {_plain(value)}")  # noqa: T201
    else:
        for row in result:
            print(_plain(row))  # noqa: T201
    return status


def _plain(value: object) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, default=str)
