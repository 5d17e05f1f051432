"""The worker on Faust (视图进程): app, agent, health.

Faust has the group membership, the agent and the supervision; the fold is `processors.views`,
the exactly-once is `state.py`, the speed is `faust_batches.py`. Whatever goes wrong ends the
process: whatever supervises it starts it again, and it goes on from the committed positions.
"""

import asyncio
import logging
import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import faust
from yarl import URL

from ledger.log.topics import TopicsError, check_topics, parse_url, partitions_of
from ledger.rules.measures import MEASURES
from processors.runtime.faust_batches import BatchTransport
from processors.runtime.holder import Holder, Journal
from processors.runtime.state import KafkaState
from processors.views.fold import Fold, compile_fold

STOP_SECONDS_MAX = 5.0
WATCH_SECONDS = 1.0
STALL_SECONDS = 30.0
"""A position that stands still that long while there is lag ends the worker."""

EXIT_STOPPED, EXIT_CRASHED, EXIT_UNREACHABLE = 0, 1, 3

log = logging.getLogger(__name__)


class Plan(NamedTuple):
    """What a worker works on."""

    bootstrap: str
    prefix: str
    partitions: int
    """P, the ledger's; the reference partition is number P of the views."""
    data_dir: Path
    view_set: str = "live"
    session_seconds: float = 10.0
    """So long after its death a worker's partitions are given to others; a broker allows 6 up."""

    @property
    def ledger(self) -> str:
        """Topic of the facts."""
        return f"{self.prefix}.ledger"

    @property
    def reference(self) -> str:
        """Topic of the reference facts."""
        return f"{self.prefix}.reference"

    def number(self, place: tuple[str, int]) -> int:
        """Give the number of a partition among the views: 0 to P-1, and P for reference."""
        return self.partitions if place[0] == self.reference else place[1]


class Made(NamedTuple):
    """A worker, put together."""

    app: faust.App
    holder: Holder
    journal: Journal


def _app(plan: Plan) -> faust.App:
    """Give a Faust application with the settings of design.md 6: no tables, no web, no leader."""
    return faust.App(
        f"{plan.prefix}-views-{plan.view_set}",
        broker=[URL(f"kafka://{host}") for host in plan.bootstrap.split(",")],
        datadir=str(plan.data_dir / "faust"),
        store="memory://",
        autodiscover=False,
        web_enabled=False,
        key_serializer="raw",
        value_serializer="raw",
        broker_session_timeout=plan.session_seconds,
        broker_heartbeat_interval=2.0,
        broker_request_timeout=30.0,
        broker_max_poll_interval=300.0,
        consumer_auto_offset_reset="earliest",
        producer_acks=-1,
        stream_wait_empty=False,
        stream_buffer_maxsize=16,  # Messages here are whole fetches.
        topic_allow_declare=False,
        topic_disable_leader=True,
        table_standby_replicas=0,
    )


def make(plan: Plan, fold: Fold | None = None) -> Made:
    """Put a worker together; nothing is started yet.

    Args:
        plan: what to work on.
        fold: instead of the one that all measures compile to.

    """
    app = _app(plan)
    journal = Journal(plan.data_dir / "worker.jsonl")
    holder = Holder(
        lambda place: KafkaState(
            plan.bootstrap, plan.prefix, plan.number(place), view_set=plan.view_set
        ),
        fold or compile_fold(MEASURES),
        journal,
    )
    transport = BatchTransport(app.conf.broker, app)
    transport.keeper = holder
    app.transport = transport
    facts = app.topic(
        plan.ledger, plan.reference, key_serializer="raw", value_serializer="raw", acks=False
    )

    @app.agent(facts, name="views", concurrency=1)
    async def views(stream: Any) -> None:  # noqa: ANN401
        async for event in stream.noack().events():
            try:
                holder.fold(event.message.tp, event.value)
            except Exception as cause:
                # An exception alone makes Faust restart the agent for ever.
                await app.crash(cause)
                raise

    @app.task  # type: ignore[untyped-decorator]
    async def commits() -> None:
        try:
            await holder.commit_in_step()
        except Exception as cause:
            await app.crash(cause)
            raise

    @app.task  # type: ignore[untyped-decorator]
    async def health() -> None:
        try:
            while True:
                await asyncio.sleep(WATCH_SECONDS)
                holder.watch(_stable_ends(app, holder), STALL_SECONDS)
        except Exception as cause:
            await app.crash(cause)
            raise

    return Made(app, holder, journal)


def _stable_ends(app: faust.App, holder: Holder) -> dict[tuple[str, int], int]:
    """Give the stable end of each partition held, as far as its consumer has heard of it."""
    thread: Any = app.consumer
    consumer = thread._thread._consumer  # noqa: SLF001
    assigned = consumer.assignment() if consumer is not None else ()
    ends = {}
    for place in holder.held:
        if place in assigned and (end := consumer.last_stable_offset(place)) is not None:
            ends[place] = end
    return ends


async def _preflight(url: str, data_dir: Path, view_set: str) -> Plan:
    """Look at the topics before anything is started.

    Raises:
        TopicsError: there is no ledger, or a topic is not as it must be.

    """
    place = parse_url(url)
    partitions = await partitions_of(place.bootstrap, place.prefix)
    problems = await check_topics(place.bootstrap, partitions, place.prefix)
    if problems:
        raise TopicsError(problems[0])
    return Plan(place.bootstrap, place.prefix, partitions, data_dir, view_set)


async def work(
    plan: Plan,
    stop: asyncio.Event,
    fold: Fold | None = None,
    ending: Callable[[], None] = lambda: None,
) -> int:
    """Work until `stop` is set or something breaks; give the exit status.

    Args:
        plan: what to work on.
        stop: set it to end in good order.
        fold: instead of the one that all measures compile to.
        ending: called when the end begins.

    """
    app, holder, journal = make(plan, fold)
    crashed = asyncio.ensure_future(app._crashed.wait())  # noqa: SLF001
    stopping = asyncio.ensure_future(stop.wait())
    starting = asyncio.ensure_future(app.start())
    try:
        await asyncio.wait({crashed, stopping}, return_when=asyncio.FIRST_COMPLETED)
        ending()
        if crashed.done():
            journal.write("ended", why=repr(app.crash_reason))
            log.error("The worker ends: %r", app.crash_reason)
            return EXIT_CRASHED
        await holder.release()
        journal.write("ended", why="asked to stop")
        return EXIT_STOPPED
    finally:
        for task in (crashed, stopping, starting):
            task.cancel()
        await asyncio.gather(starting, return_exceptions=True)
        await holder.abandon()
        await app.stop()
        journal.close()


def run_worker(
    url: str,
    data_dir: Path,
    *,
    view_set: str = "live",
    fold: Fold | None = None,
    session_seconds: float = 10.0,
) -> int:
    """Run a worker until SIGTERM or SIGINT; give the exit status.

    0: asked to stop, everything folded is committed. 1: fenced, stalled or a commit failed: start
    it again. 3: no Kafka, or its topics are wrong. Ends within 5 s of a signal or a crash,
    if need be by force: then the process is gone with status 1, and nothing is lost, because
    what is not committed is folded again.
    """
    logging.basicConfig(level=logging.WARNING)
    try:
        plan = asyncio.run(_preflight(url, data_dir, view_set))
    except TopicsError as cause:
        log.error("%s", cause)  # noqa: TRY400 -- one sentence, no traceback
        return EXIT_UNREACHABLE
    return asyncio.run(_run(plan._replace(session_seconds=session_seconds), fold))


async def _run(plan: Plan, fold: Fold | None) -> int:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    return await work(plan, stop, fold, _end_by_force)


def _end_by_force() -> None:
    """End the process in 5 s, whatever hangs; a thread, since the event loop may be what hangs."""
    timer = threading.Timer(STOP_SECONDS_MAX, os._exit, [EXIT_CRASHED])
    timer.daemon = True
    timer.start()
