"""A city works while every process of production is killed, again and again (design.md 10).

Twelve times kill −9 in one run: gateway, writers, worker, archiver. Afterwards the oracle decides
the commands one by one, `fsck` reads the book as a stranger would, and `reconcile` compares the
live sums with two roads over the lake.
"""

import asyncio
import contextlib
import itertools
import os
import signal
import socket
import sys
from datetime import date, timedelta
from pathlib import Path
from zlib import crc32

import httpx
import orjson
import pytest

from ledger.contracts.codes import SourceClass
from ledger.log.kafka_client import KafkaLog
from ledger.log.kafka_records import header
from producers.city.simulate import simulate
from producers.drive import CityClock, load_city, submit_all, submit_reference, tick
from producers.intake.keys import FILE_NAME, add_key
from tests.kafka import oracle
from tests.kafka.facts import until

PARTITIONS = 2
KILLS = 12
SEED = 11
LANES = 16
CASES = 50
DAYS = 2
START = date(2020, 6, 1)
TURN = ("writer-0", "gateway", "worker", "writer-1", "archive", "gateway")
ROOT = Path(__file__).parents[2]
GOT_THROUGH = {200, 201, 202, 409, 422}


class Site:
    """The production processes: started, kept running as a supervisor would, killed by the test."""

    def __init__(self, url, folder):
        self.url, self.folder = url, folder
        self.running, self.keepers, self.kills, self.ends = {}, [], [], []
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.commands = {
            "writer-0": ["writer", "--demo-clock", "--data", folder / "writer-0"],
            "writer-1": ["writer", "--demo-clock", "--data", folder / "writer-1"],
            "worker": ["worker", "--data", folder],
            "archive": ["archive", "--no-closing", "--data", folder],
            "gateway": ["gateway", "--demo-clock", "--data", folder, "--port", self.port],
        }

    async def __aenter__(self):
        for name in self.commands:
            self.keepers.append(asyncio.create_task(self._keep(name)))
        return self

    async def _spawn(self, arguments, log, **more):
        return await asyncio.create_subprocess_exec(
            sys.executable, ROOT / "taizhang.py", *map(str, arguments), "--ledger", self.url,
            stderr=log, cwd=ROOT, env=os.environ | {"TAIZHANG_PARTITIONS": str(PARTITIONS)}, **more,
        )  # fmt: skip

    async def _keep(self, name):
        """Start it, and start it again whenever it ends."""
        while True:
            with (self.folder / f"{name}.log").open("ab") as log:
                process = await self._spawn(self.commands[name], log, stdout=log)
            self.running[name] = process
            self.ends.append((name, await process.wait()))

    async def run(self, *arguments):
        """Run one command to its end; give its exit status and what it printed as JSON."""
        with (self.folder / "once.log").open("ab") as log:
            process = await self._spawn(
                [*arguments, "--json", "--data", self.folder], log, stdout=asyncio.subprocess.PIPE
            )
            said, _ = await process.communicate()
        return process.returncode, orjson.loads(said)

    async def kill(self, name):
        await until(lambda: self.running[name].returncode is None, what=f"{name} runs")
        self.running[name].send_signal(signal.SIGKILL)
        self.kills.append((name, -signal.SIGKILL))

    async def __aexit__(self, *_):
        for keeper in self.keepers:
            keeper.cancel()
        await asyncio.gather(*self.keepers, return_exceptions=True)
        for process in self.running.values():
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()


class Halls:
    """The halls of the city: each sends its cases in order, and sends again until it is heard."""

    def __init__(self, site, keys):
        self.site, self.keys = site, keys
        self.heard = []
        self.again = 0
        self.client = httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{site.port}", timeout=60, trust_env=False
        )

    async def lane(self, commands):
        for command in commands:
            raw = orjson.dumps(command)
            self.heard.append((raw, await self.send(raw, self.keys[command["source_system"]])))

    async def send(self, raw, key):
        while True:
            with contextlib.suppress(httpx.TransportError):
                answer = await self.client.post(
                    "/v1/commands", content=raw, headers={"X-API-Key": key}
                )
                if answer.status_code in GOT_THROUGH:
                    return answer
                assert answer.status_code == 503, answer.text
            self.again += 1
            await asyncio.sleep(0.05)


async def work(site, log, city, halls, commands):
    """Let the city work through its days; kill a process each time so much has been heard."""
    clock = CityClock()
    await submit_reference(log, city, clock)
    total, turns = len(commands), itertools.cycle(TURN)

    async def trouble():
        for number in range(1, KILLS + 1):
            await until(lambda n=number: len(halls.heard) >= total * n // (KILLS + 2), 120)
            await site.kill(next(turns))

    killing = asyncio.create_task(trouble())
    for _, chunk in itertools.groupby(commands, lambda timed: timed[0].replace(minute=0, second=0)):
        timed = list(chunk)
        await tick(log, clock, max(moment for moment, _ in timed) + timedelta(seconds=1))
        lanes = [[] for _ in range(LANES)]
        for _, command in timed:
            lanes[crc32(command["key"].encode()) % LANES].append(command)
        await asyncio.gather(*(halls.lane(lane) for lane in lanes))
    await killing


def make_keys(folder, commands):
    """One key a source system, as an operator would hand them out."""
    sources = sorted({command["source_system"] for _, command in commands})
    return {name: add_key(folder / FILE_NAME, name, tuple(SourceClass))[1] for name in sources}


@pytest.mark.slow
async def test_a_city_survives_twelve_kills(kafka_topics, tmp_path):
    """Every acknowledged command exactly once, one result a command, one number on every road."""
    url = f"kafka://{kafka_topics.bootstrap}?prefix={kafka_topics.prefix}"
    city = load_city()
    commands = list(simulate(city, SEED, START, DAYS, CASES))
    keys = make_keys(tmp_path, commands)
    log = await KafkaLog.open(url, PARTITIONS)
    try:
        async with Site(url, tmp_path) as site:
            halls = Halls(site, keys)
            async with halls.client:
                await work(site, log, city, halls, commands)
            again = await submit_all(log, [raw for raw, _ in halls.heard])
            reconciled = await reconcile_at_the_end(site, log)
            fscked = await site.run("fsck")
        topics = await oracle.check_all(url)
    finally:
        await log.close()
    bound = accepted_once(topics)

    assert len(site.kills) == KILLS
    assert {name for name, _ in site.kills} == set(site.commands)
    assert [end for end in site.ends if end[1] == -signal.SIGKILL] == site.kills
    assert fscked[0] == 0, fscked[1]
    assert reconciled[0] == 0, reconciled[1]
    assert reconciled[1]["cells"] > 100
    for (raw, answer), receipt in zip(halls.heard, again, strict=True):
        if answer.status_code in {200, 201}:
            key = "{source_system}/{source_seq}".format_map(orjson.loads(raw))
            assert receipt.status == "duplicate"
            assert bound[key] == receipt.events


async def reconcile_at_the_end(site, log):
    """Reconcile once the worker has folded everything there is."""
    events = sum([len(batch) async for batch in log.scan()])
    last = [0] * (PARTITIONS + 1)
    async for batch in log.scan():
        last[batch[0].partition] = batch[-1].offset + 1

    async def caught_up():
        status, told = await site.run("reconcile")
        if status == 0 and all(c >= e for c, e in zip(told["cut"], last, strict=True)):
            return status, told
        return (status, told) if status == 1 else None

    assert events > 1000
    return await until(caught_up, 90, "the worker reaches the end")


def accepted_once(topics):
    """Receipt key → events, of accepted results; each key was accepted once."""
    bound = {}
    for results in topics.results.values():
        for record in results:
            assert header(record, "hash")
            receipt = orjson.loads(record.value)
            if receipt["status"] == "accepted":
                assert receipt["key"] not in bound
                bound[receipt["key"]] = tuple(receipt["events"])
    return bound
