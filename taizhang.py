"""台账 Taizhang: the `taizhang` command, the only file that imports all four packages."""

import argparse
import asyncio
import gc
import sys
from contextlib import AsyncExitStack
from datetime import datetime, time
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from ledger.contracts.codes import SHANGHAI
from ledger.settings import Settings
from ledger.terminal import DONE, NO, Commands, Progress, Result
from ledger.terminal import main as run

if TYPE_CHECKING:
    from collections.abc import Callable

    from ledger.log.seam import Log
    from processors.views.picture import ViewSource

BENCH_CASES = 500
"""Of the day that `bench rebuild` multiplies."""

COLLECT_AFTER = (50_000, 20, 50)
"""Objects, and rounds of them, after which cycles are looked for. What a decision or a fold makes
holds no cycles; looking after every 700 objects took 13 % of the writer's time (bench append)."""

ROOMS = ("ledger", "producers", "processors", "analytics")


def check_rooms() -> None:
    """Refuse to run when a foreign package shadows one of ours (docs/decisions/0002)."""
    for name in ROOMS:
        found = Path(str(__import__(name).__file__)).parent.parent
        if found != Path(__file__).parent:
            sys.exit(f"taizhang: package {name} comes from {found}; remove what shadows it")


async def open_views(log: "Log", settings: Settings, stack: AsyncExitStack) -> "ViewSource":
    """Give the live views of a ledger; an embedded ledger's are kept up by this process."""
    if settings.is_kafka:
        from processors.runtime.views_tail import KafkaViews

        tail = await KafkaViews.open(settings.ledger_url)
        stack.push_async_callback(tail.close)
        return tail
    from processors.runtime.embedded import EmbeddedViews

    views = EmbeddedViews(log, settings.data / "views.db")
    stack.push_async_callback(views.close)
    await views.open()
    return views


async def open_for_reading(settings: Settings, stack: AsyncExitStack) -> tuple["Log", "ViewSource"]:
    """Give book and views; embedded views are brought up to date unless a server keeps them."""
    from ledger.log.open import open_log
    from ledger.log.seam import LogError

    try:
        log = await open_log(settings.ledger_url, partitions=settings.partitions)
        ours = not settings.is_kafka
    except LogError:
        log = await open_log(settings.ledger_url, partitions=settings.partitions, reading=True)
        ours = False
    stack.push_async_callback(log.close)
    views = await open_views(log, settings, stack)
    if ours:
        await views.step()  # type: ignore[attr-defined]
    return log, views


async def serve(_: argparse.Namespace, settings: Settings) -> Result:
    """Serve gateway, walls and desk on one port until told to stop."""
    from ledger.log.open import open_log
    from producers.drive import run_ticker

    async with AsyncExitStack() as stack:
        log = await open_log(settings.ledger_url, partitions=settings.partitions)
        stack.push_async_callback(log.close)
        await serve_rooms(log, settings, stack, run_ticker(log))
    return None


async def demo(options: argparse.Namespace, settings: Settings) -> Result:
    """Let a simulated city work, and show it; without --data nothing is left behind."""
    from ledger.log.open import open_log
    from producers.drive import CityClock, demo_drive, load_city, next_day

    clock = CityClock()
    async with AsyncExitStack() as stack:
        if options.data is None:
            folder = stack.enter_context(TemporaryDirectory(prefix="taizhang-demo-"))
            settings = settings.model_copy(update={"data": Path(folder)})
        if options.kafka:
            settings = await start_kafka(settings, stack)
        log = await open_log(settings.ledger_url, clock, settings.partitions)
        stack.push_async_callback(log.close)
        start = await next_day(log)
        clock.now = datetime.combine(start, time(8, 59), SHANGHAI)
        city = demo_drive(log, load_city(), options.seed, options.speed, start, clock=clock)
        await serve_rooms(log, settings, stack, city, clock)
    return None


async def start_kafka(settings: Settings, stack: AsyncExitStack) -> Settings:
    """Start a broker and the production processes beside us; give settings that point there."""
    from ledger.log import kafka_admin
    from ledger.log.broker import Cluster
    from ledger.processes import Children

    folder = kafka_admin.kafka_dir(settings.data)
    say = partial(print, file=sys.stderr, flush=True)
    cluster = await asyncio.to_thread(Cluster.start, folder, 1, 0, progress=say)
    stack.push_async_callback(asyncio.to_thread, cluster.stop)
    await asyncio.to_thread(kafka_admin.init, cluster.url, partitions=settings.partitions)
    settings = settings.model_copy(update={"ledger": cluster.url, "data": settings.data.absolute()})
    children = await stack.enter_async_context(Children(settings.data / "logs"))
    where = ["--ledger", cluster.url, "--data", str(settings.data)]
    children.start("writer", ["writer", "--demo-clock", *where])
    children.start("worker", ["worker", *where])
    children.start("archive", ["archive", "--no-closing", *where])
    return settings


async def serve_rooms(
    log: "Log", settings: Settings, stack: AsyncExitStack, work: Any,  # noqa: ANN401
    clock: "Callable[[], datetime] | None" = None,
) -> None:  # fmt: skip
    """Put wall, gateway, counter and desk on one port, archive beside them, and do `work`.

    `clock` is the ledger's now where that is not the machine's.
    """
    from analytics.closing.run import keep_closing
    from analytics.desk.server import desk_app
    from analytics.lake.archiver import archive
    from analytics.lake.catalog import Lake
    from processors.wall.server import serve_app, wall_app
    from producers.counter.links import load_secret
    from producers.intake.gateway import gateway_app, load_keys, machine_now
    from producers.watchman import run_watchman

    views = await open_views(log, settings, stack)
    lake = Lake(str(settings.lake_dir))
    stack.callback(lake.close)
    wall = wall_app(views)
    keys, secret = load_keys(settings.data), load_secret(settings.data)
    gate = gateway_app(log, keys, clock=clock or machine_now, secret=secret)
    desk = desk_app(log, lake)
    fronts = {"v1": gate, "counter": gate, "rate": gate, "audit": desk, "assess": desk}

    async def rooms(scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401
        path = scope.get("path", "")
        first = path.split("/")[1] if path else ""
        await fronts.get(first, wall)(scope, receive, send)

    at = f"http://{settings.host}:{settings.port}"
    print(f"监督大屏 wall   {at}/wall/city\n办件回放 audit  {at}/audit\n"
          f"窗口绩效 assess {at}/assess\n"
          f"综合窗口 counter {at}/counter\n命令入口 API    {at}/v1/commands\n"
          "Ctrl-C stops everything", flush=True)  # fmt: skip
    tasks = [asyncio.create_task(each) for each in
             (work, keep_closing(log, lake), run_watchman(log))]  # fmt: skip
    if not settings.is_kafka:
        tasks.append(asyncio.create_task(archive(log, lake, once=False)))
        tasks.append(asyncio.create_task(views.run(asyncio.Event())))  # type: ignore[attr-defined]
    served = asyncio.create_task(serve_app(rooms, settings.host, settings.port, wall.close))
    try:
        done, _ = await asyncio.wait([served, *tasks], return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in (served, *tasks):
            task.cancel()
        await asyncio.gather(served, *tasks, return_exceptions=True)


async def reconcile(_: argparse.Namespace, settings: Settings) -> Result:
    """Compare live views, rebuild and hand-written SQL at one cut; status 1: they differ."""
    from analytics.lake.archiver import archive
    from analytics.lake.catalog import Lake
    from analytics.reconcile import reconcile as compare

    async with AsyncExitStack() as stack:
        log, views = await open_for_reading(settings, stack)
        lake = Lake(str(settings.lake_dir))
        stack.callback(lake.close)
        picture = await views.picture()
        with Progress("archiving what the lake does not have yet"):
            await archive(log, lake, once=True)
        result = await asyncio.to_thread(compare, picture.sums, picture.cut, lake, now=picture.now)
    return {**result, "exit": DONE if result["equal"] else NO}


def bench(options: argparse.Namespace, settings: Settings) -> Result:
    """Run one bench beside its peers."""
    from ledger.bench import bench_append
    from processors.bench import bench_views

    if options.what == "append":
        return bench_append(options.n or 20_000)
    if options.what == "rebuild":
        return asyncio.run(_bench_rebuild(settings.partitions, options.n or 2_000_000))
    return bench_views(settings.ledger or None, options.n or 200_000)


async def _bench_rebuild(partitions: int, n: int) -> Result:
    """Write a day of the city into a temporary folder, archive it, and rebuild its views."""
    from analytics.bench import bench_rebuild
    from analytics.lake.archiver import archive
    from analytics.lake.catalog import Lake
    from ledger.log.sqlite import SqliteLog
    from processors.views.fold import compile_fold
    from producers.drive import CityClock, load_city, simulate_into

    with TemporaryDirectory(prefix="taizhang-bench-") as folder:
        clock = CityClock()
        log = await SqliteLog.open(Path(folder) / "ledger.db", clock, partitions)
        lake = Lake(folder)
        try:
            await simulate_into(log, load_city(), 1, 1, BENCH_CASES, clock=clock)
            await archive(log, lake)
            return await asyncio.to_thread(bench_rebuild, lake, partitions, n, compile_fold())
        finally:
            lake.close()
            await log.close()


def parser() -> argparse.ArgumentParser:
    """Give the parser of all commands."""
    made = argparse.ArgumentParser(
        prog="taizhang",
        description="An event-sourced ledger of government-service cases (政务服务办件台账).",
        epilog="example: taizhang demo --speed 60; each command has --help with an example",
    )
    commands = Commands(made)
    shown = commands.add("demo", demo, "a city works, a wall shows it", "taizhang demo --speed 60")
    shown.add_argument("--speed", type=float, default=60, help="city seconds a second (60)")
    shown.add_argument("--seed", type=int, default=1, help="equal seeds, equal cities (1)")
    shown.add_argument("--kafka", action="store_true", help="over a real broker started here")
    served = commands.add("serve", serve, "gateway, wall and desk on one port", "taizhang serve")
    for each in (shown, served):
        each.add_argument("--host", help="address to listen on (127.0.0.1)")
        each.add_argument("--port", type=int, help="port to listen on (8080)")
    commands.add("reconcile", reconcile, "two roads, one number", "taizhang reconcile --json")
    timed = commands.add("bench", bench, "figures beside their peers", "taizhang bench append")
    timed.add_argument("what", choices=("append", "views", "rebuild"))
    timed.add_argument("-n", type=int, help="events or commands")
    for room in ROOMS[1:] + ROOMS[:1]:
        __import__(f"{room}.__main__", fromlist=["add_commands"]).add_commands(commands)
    return made


def main() -> int:
    """Run one command; give the exit status."""
    check_rooms()
    gc.set_threshold(*COLLECT_AFTER)
    return run(parser())


if __name__ == "__main__":
    sys.exit(main())
