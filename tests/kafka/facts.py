"""Facts as the ledger's writer stores them, for tests of what reads them."""

import asyncio
import contextlib
import itertools
import os
import sys
import time
from pathlib import Path

import orjson
from aiokafka import AIOKafkaProducer

from processors.views.fold import compile_fold

HOURS = ("2020-06-01T09", "2020-06-01T16", "2020-06-02T10")
_run = itertools.count(1)


def accepted(i, hour=None, recorded="2020-06-02", **stamp):
    """A `case.accepted` of the i-th case."""
    centre, window = f"town{i % 3}", f"town{i % 3}-{i % 4:02d}"
    stamp = {"accept_centre": centre, "accept_window": window, "wrong_window": i % 10 == 0} | stamp
    return {
        "specversion": "1.0",
        "id": f"case/C{i}@2",
        "source": "taizhang",
        "type": "case.accepted",
        "subject": f"case/C{i}",
        "time": f"{hour or HOURS[i % 3]}:30:00+08:00",
        "datacontenttype": "application/json",
        "schemaversion": 1,
        "recordedat": f"{recorded}T18:00:00+08:00",
        "streamversion": 2,
        "sourcesystem": "test",
        "sourceseq": f"{i}",
        "sourceclass": "interactive",
        "actorkind": "staff",
        "centre": centre,
        "window": window,
        "data": {"data": {"accept_no": f"A{i}"}, "stamp": stamp},
    }


def opened(centre, name, version=1):
    """A `centre.opened` of the reference partition."""
    return accepted(0) | {
        "id": f"org/{centre}@{version}",
        "type": "centre.opened",
        "subject": f"org/{centre}",
        "streamversion": version,
        "data": {"data": {"name": name, "level": "town"}, "stamp": {}},
    }


def refold(events):
    """The sums, by the fold alone, without any runtime."""
    sums, fold = {}, compile_fold()
    for event in events:
        fold(sums, event)
    return {key: value for key, value in sums.items() if value}


@contextlib.asynccontextmanager
async def writer(at):
    """A transactional producer as the ledger's writer has one."""
    made = AIOKafkaProducer(
        bootstrap_servers=at.bootstrap,
        transactional_id=f"{at.prefix}-writer-{next(_run)}",
        retry_backoff_ms=10,
    )
    await made.start()
    try:
        yield made
    finally:
        await made.stop()


async def append(made, topic, partition, events, *, commit=True):
    """Write events (or raw bytes) in one transaction; give the offset behind them."""
    await made.begin_transaction()
    sent = [
        await made.send(topic, e if isinstance(e, bytes) else orjson.dumps(e), partition=partition)
        for e in events
    ]
    last = await asyncio.gather(*sent)
    await (made.commit_transaction() if commit else made.abort_transaction())
    return last[-1].offset + 1


async def until(condition, seconds=60.0, what="it"):
    """Return as soon as the condition holds; fail if it does not in time."""
    deadline = time.monotonic() + seconds
    while True:
        got = condition()
        if asyncio.iscoroutine(got):
            got = await got
        if got:
            return got
        assert time.monotonic() < deadline, f"{what} did not come true in {seconds} s"
        await asyncio.sleep(0.02)


class Worker:
    """A worker in a process of its own, with a trouble planted or none."""

    def __init__(self, process, folder):
        self.process = process
        self.folder = folder

    @classmethod
    async def start(cls, at, folder, trouble="none"):
        await asyncio.to_thread(Path(folder).mkdir, parents=True, exist_ok=True)
        url = f"kafka://{at.bootstrap}?prefix={at.prefix}"
        script = Path(__file__).with_name("worker_in_trouble.py")
        with (Path(folder) / "stderr.log").open("ab") as log:
            process = await asyncio.create_subprocess_exec(
                sys.executable, script, url, str(folder), trouble,
                stderr=log, cwd=Path(__file__).parents[2],
                env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
            )  # fmt: skip
        return cls(process, Path(folder))

    def journal(self, what):
        """The journal's lines of one kind."""
        path = self.folder / "worker.jsonl"
        lines = path.read_bytes().splitlines() if path.exists() else ()
        return [line for line in map(orjson.loads, lines) if line["what"] == what]

    def is_stopped(self):
        """Tell whether it was stopped (SIGSTOP)."""
        stat = Path(f"/proc/{self.process.pid}/stat").read_text()
        return stat.rpartition(") ")[2].startswith("T")

    async def ended(self, seconds=30.0):
        """Its exit status, when it has ended."""
        return await asyncio.wait_for(self.process.wait(), seconds)

    async def stop(self):
        """End it in good order."""
        if self.process.returncode is None:
            self.process.terminate()
        return await self.ended()

    async def kill(self):
        """End it as a power cut would."""
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()
        return await self.ended()


@contextlib.asynccontextmanager
async def running(at, folder, trouble="none"):
    """A worker that does not outlive its test."""
    worker = await Worker.start(at, folder, trouble)
    try:
        yield worker
    finally:
        await worker.kill()
