"""`taizhang bench views`: the same job on the same topic, one contender after the other.

The job: decode 400-byte JSON events and count them by hour and window. Ours commits each count
together with its position, exactly once; the peers do what their documentation shows first. Each
contender runs in a process of its own; its clock runs from its first record to its last (ours: to
the commit of its last). Slow peers read only the first records of the topic.
"""

import asyncio
import contextlib
import json
import os
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path
from typing import Any, NoReturn

import orjson
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from ledger.log.broker import Cluster
from ledger.log.topics import create_topics, delete_topics, parse_url
from processors.runtime.faust_app import Plan, make
from processors.runtime.state import views_topic
from processors.views.fold import Sums, compile_fold

PARTITIONS = 4
PEER_EVENTS_MAX = {"faust": 20_000, "quix": 100_000}
RUN_SECONDS_MAX = 120.0
BATCH_BYTES = 512 * 1024
WINDOWS, CENTRES = 12, 28
TARGET_BYTES = 400
COUNT = "count"
"""The view set of the bench's own job."""


def bench_views(url: str | None, n: int) -> dict[str, Any]:
    """Measure live views: events a second, ours and the peers', side by side.

    Args:
        url: of a Kafka whose topics may be added to; None: one is started for it.
        n: events on the topic.

    """
    with _broker(url) as bootstrap:
        prefix = f"bench-{secrets.token_hex(4)}"
        size = asyncio.run(_fill(bootstrap, prefix, n))
        try:
            runs = {
                role: _run(role, bootstrap, prefix, min(n, PEER_EVENTS_MAX.get(role, n)))
                for role in ("ours", "ours_all_measures", "faust", "quix")
            }
        finally:
            asyncio.run(delete_topics(bootstrap, prefix))
    figures = {role: round(run["n"] / run["seconds"]) for role, run in runs.items()}
    peers = {"faust agent + table": figures["faust"], "quixstreams": figures["quix"]}
    return {
        "bench": "views",
        "unit": "events/s",
        "ours": figures["ours"],
        "peers": peers,
        "ratio": {name: round(figures["ours"] / figure, 1) for name, figure in peers.items()},
        "n": n,
        "ours_all_measures": figures["ours_all_measures"],
        "bytes_per_event": size,
        "events": {role: run["n"] for role, run in runs.items()},
        "not_run": {"Kafka Streams": "needs a JDK, which pip does not bring"},
    }


@contextlib.contextmanager
def _broker(url: str | None) -> Iterator[str]:
    if url is not None:
        yield parse_url(url).bootstrap
        return
    with (
        tempfile.TemporaryDirectory(prefix="taizhang-bench-") as folder,
        Cluster.start(Path(folder)) as cluster,
    ):
        yield cluster.bootstrap


def _run(role: str, bootstrap: str, prefix: str, n: int) -> dict[str, Any]:
    """Run one contender; give {n, seconds}."""
    with tempfile.TemporaryDirectory(prefix="taizhang-bench-") as folder:
        command = [sys.executable, "-m", "processors.bench", role, bootstrap, prefix, str(n)]
        done = subprocess.run(  # noqa: S603 -- our own program and arguments
            [*command, folder],
            capture_output=True,
            timeout=RUN_SECONDS_MAX,
            check=False,
        )
    lines = done.stdout.decode().splitlines()
    if done.returncode != 0 or not lines:
        last = done.stderr.decode(errors="replace").strip()[-500:]
        raise RuntimeError(f"The bench of {role} ended with status {done.returncode}: {last}")
    run: dict[str, Any] = json.loads(lines[-1])
    return run


def event(i: int) -> dict[str, Any]:
    """Give the i-th event of the bench; the same for ever."""
    mixed = i * 2_654_435_761 % 2**32
    centre, window = mixed % CENTRES, mixed // CENTRES % WINDOWS
    place = f"c{centre:02d}-{window:02d}"
    hour = f"2020-06-{1 + mixed // 7 % 5:02d}T{9 + mixed // 11 % 8:02d}:15:00+08:00"
    return {
        "id": f"case/C{i}@2", "type": "case.accepted", "subject": f"case/C{i}", "time": hour,
        "schemaversion": 1, "recordedat": "2020-06-05T17:00:00+08:00", "streamversion": 2,
        "centre": f"c{centre:02d}", "window": place,
        "data": {"data": {"accept_no": f"A{i}"},
                 "stamp": {"accept_centre": f"c{centre:02d}", "accept_window": place,
                           "item": "I-0001", "dept": "D-01", "wrong_window": mixed % 10 == 0}},
    }  # fmt: skip


async def _fill(bootstrap: str, prefix: str, n: int) -> int:
    """Write n events of about 400 bytes; give the bytes of the last."""
    await create_topics(bootstrap, PARTITIONS, None, prefix)
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    views = views_topic(prefix, COUNT)
    await admin.create_topics(
        [NewTopic(views, PARTITIONS + 1, 1, topic_configs={"cleanup.policy": "compact"})]
    )
    await admin.close()
    producer = AIOKafkaProducer(
        bootstrap_servers=bootstrap, enable_idempotence=True, max_batch_size=BATCH_BYTES
    )
    await producer.start()
    topic, value = f"{prefix}.ledger", b""
    try:
        for first in range(0, n, PARTITIONS * 1000):
            sent = []
            for p in range(PARTITIONS):
                batch = producer.create_batch()
                for i in range(first + p, min(n, first + PARTITIONS * 1000), PARTITIONS):
                    made = event(i)
                    made["id"] += "x" * max(0, TARGET_BYTES - len(orjson.dumps(made)))
                    value = orjson.dumps(made)
                    batch.append(timestamp=None, key=None, value=value)
                sent.append(await producer.send_batch(batch, topic, partition=p))
            await asyncio.gather(*sent)
    finally:
        await producer.stop()
    return len(value)


def count_by_window(sums: Sums, one: Mapping[str, Any]) -> None:
    """Count an event: the job of the bench, as a fold."""
    key = f"n|{one['time'][:13]}|{one['centre']}|{one['window']}"
    sums[key] = sums.get(key, 0) + 1


async def _ours(bootstrap: str, prefix: str, folder: str, *, all_measures: bool) -> dict[str, Any]:
    """Run a whole worker until everything is committed, then check that nothing is missing."""
    plan = Plan(bootstrap, prefix, PARTITIONS, Path(folder), "live" if all_measures else COUNT)
    places = [TopicPartition(plan.ledger, p) for p in range(PARTITIONS)]
    async with _consumer(bootstrap) as consumer:
        ends = await consumer.end_offsets(places)
    fold = compile_fold() if all_measures else count_by_window
    app, holder, _ = make(plan, fold)
    starting = asyncio.ensure_future(app.start())
    began = 0.0
    while not began or any(holder.held[tuple(p)].state.shelf.position < ends[p] for p in places):
        await asyncio.sleep(0.005)
        if not began and any(held.tally.records for held in holder.held.values()):
            began = time.perf_counter()
    seconds = time.perf_counter() - began
    code = "accepted" if all_measures else "n"
    counted = sum(
        value
        for held in holder.held.values()
        for key, value in held.state.shelf.sums.items()
        if key.startswith(f"{code}|") and len(key.split("|")[1]) == len("2020-06-01T09")
    )
    await app.stop()
    starting.cancel()
    if counted != sum(ends.values()):
        raise RuntimeError(f"{counted} counted of {sum(ends.values())}")
    return {"n": counted, "seconds": seconds}


@contextlib.asynccontextmanager
async def _consumer(bootstrap: str) -> AsyncIterator[Any]:
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap)
    await consumer.start()
    try:
        yield consumer
    finally:
        await consumer.stop()


async def _plain_faust(bootstrap: str, prefix: str, n: int, folder: str) -> dict[str, Any]:
    """Run an agent with a table, as Faust's own tutorial has it (at least once)."""
    import faust  # noqa: PLC0415 -- only the process of this contender needs it

    app = faust.App(
        f"{prefix}-plain",
        broker=[f"kafka://{host}" for host in bootstrap.split(",")],
        datadir=folder,
        store="memory://",
        web_enabled=False,
        autodiscover=False,
        topic_disable_leader=True,
        stream_wait_empty=False,
        topic_partitions=PARTITIONS,
        topic_replication_factor=1,
    )
    table = app.Table("counts", default=int, partitions=PARTITIONS)
    topic = app.topic(f"{prefix}.ledger", value_serializer="json")
    done = asyncio.Event()
    seen, began, ended = 0, 0.0, 0.0

    @app.agent(topic)
    async def count(stream: Any) -> None:  # noqa: ANN401
        nonlocal seen, began, ended
        async for one in stream:
            began = began or time.perf_counter()
            table[f"{one['time'][:13]}|{one['centre']}|{one['window']}"] += 1
            seen += 1
            if seen == n:
                ended = time.perf_counter()
                done.set()

    starting = asyncio.ensure_future(app.start())
    await done.wait()
    starting.cancel()
    return {"n": n, "seconds": ended - began}


def _quix(bootstrap: str, prefix: str, n: int, folder: str) -> dict[str, Any]:
    """Run Quix Streams with its state store, grouped as it stands (at least once)."""
    from quixstreams import Application  # noqa: PLC0415 -- extra `bench`

    app = Application(
        broker_address=bootstrap,
        consumer_group=f"{prefix}-quix",
        auto_offset_reset="earliest",
        state_dir=folder,
        loglevel="ERROR",
    )
    topic = app.topic(f"{prefix}.ledger", value_deserializer="json", key_deserializer="bytes")
    seen, began, ended = 0, 0.0, 0.0

    def count(one: Mapping[str, Any], state: Any) -> None:  # noqa: ANN401
        nonlocal seen, began, ended
        began = began or time.perf_counter()
        key = f"{one['time'][:13]}|{one['centre']}|{one['window']}"
        state.set(key, state.get(key, 0) + 1)
        seen += 1
        if seen == n:
            ended = time.perf_counter()
            app.stop()

    frame = app.dataframe(topic)
    frame.update(count, stateful=True)
    app.run()
    return {"n": n, "seconds": ended - began}


async def _asynchronous(role: str, bootstrap: str, prefix: str, n: int, folder: str) -> None:
    if role == "faust":
        _say(await _plain_faust(bootstrap, prefix, n, folder))
    _say(await _ours(bootstrap, prefix, folder, all_measures=role == "ours_all_measures"))


def _say(run: dict[str, Any]) -> NoReturn:
    """Print the result and be gone: some contenders leave tasks and threads that never end."""
    sys.stdout.write(json.dumps(run) + "\n")
    sys.stdout.flush()
    os._exit(0)


def _main(role: str, bootstrap: str, prefix: str, n: str, folder: str) -> None:
    if role == "quix":
        _say(_quix(bootstrap, prefix, int(n), folder))
    asyncio.run(_asynchronous(role, bootstrap, prefix, int(n), folder))


if __name__ == "__main__":
    _main(*sys.argv[1:])
