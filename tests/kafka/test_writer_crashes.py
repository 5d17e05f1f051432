"""The writer on Kafka: killed, stopped and woken at any step, the book is that of the oracle."""

import asyncio
import contextlib
import itertools
import os
import re
import shutil
import signal
import sys
from pathlib import Path

import orjson
import pytest

from ledger.contracts.errors import Unreachable
from ledger.log.broker import Cluster
from ledger.log.fsck import fsck
from ledger.log.kafka_client import KafkaLog
from ledger.log.kafka_records import Places, header, make_consumer
from ledger.log.topics import create_topics
from tests.kafka import oracle
from tests.kafka.facts import until

PARTITIONS = 2
ROOT = Path(__file__).parents[2]
NOON = "2020-06-01T12:00:00+08:00"
_seq = itertools.count(1)


def raw(kind, key, data=None, **more):
    return orjson.dumps({
        "type": kind, "key": key, "occurred_at": NOON, "source_system": "test",
        "source_seq": f"n{next(_seq)}", "source_class": "imported", "data": data or {}, **more,
    })  # fmt: skip


def case(key):
    return raw("case.submit", key, {"case_no": key, "item": "I1"}, centre="HM")


def step(key, number):
    return raw("case.start_step", key, {"step_no": number, "step_name": "审查"}, centre="HM")


REFERENCE = [
    ("centre.open", "HM", {"name": "海门", "level": "city", "tier": "city", "town": "HM"}),
    ("dept.register", "D1", {"name": "民政"}),
    ("item.register", "I1", {"name": "事项", "dept": "D1", "project_type": "promised"}),
]


class WriterProcess:
    """`run_writer` in a process of its own, with a trouble planted or none."""

    def __init__(self, process, folder):
        self.process, self.folder = process, folder

    def said(self):
        return (self.folder / "stderr.log").read_text()

    def folded(self):
        """Events folded by each rebuild, partition → numbers."""
        found = re.findall(r"Partition (\d+): folded (\d+) events", self.said())
        return [(int(number), int(count)) for number, count in found]

    def is_stopped(self):
        stat = Path(f"/proc/{self.process.pid}/stat").read_text()
        return stat.rpartition(")")[2].split()[0] == "T"

    async def ended(self, seconds=40.0):
        return await asyncio.wait_for(self.process.wait(), seconds)


@contextlib.asynccontextmanager
async def writing(url, folder, trouble="none"):
    """A writer that does not outlive its test."""
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    with (folder / "stderr.log").open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable, Path(__file__).with_name("writer_in_trouble.py"), url, str(folder),
            trouble, stderr=log, cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)},
        )  # fmt: skip
    writer = WriterProcess(process, folder)
    try:
        yield writer
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


@pytest.fixture
async def url(kafka_topics):
    return f"kafka://{kafka_topics.bootstrap}?prefix={kafka_topics.prefix}"


@pytest.fixture
async def log(url):
    log = await KafkaLog.open(url, PARTITIONS)
    yield log
    await log.close()


async def submit_all(log, raws):
    """As any door does: what is unknown is handed in again, the same bytes."""
    while True:
        try:
            return await log.submit_many(raws)
        except Unreachable:
            continue


async def drip(log, raws):
    """One after another, so that each has its own transaction."""
    return [receipt for each in raws for receipt in await submit_all(log, [each])]


async def furnish(log):
    receipts = await submit_all(log, [raw(*fact, source_class="system") for fact in REFERENCE])
    assert {receipt.status for receipt in receipts} == {"accepted"}


async def events_of(log, stream):
    return [record async for record in log.read(stream)]


async def check(url, log, raws):
    """The oracle, fsck, and every command answered once."""
    topics = await oracle.check_all(url)
    result = await fsck(log)
    answers = [r for results in topics.results.values() for r in results]

    assert result["findings"] == []
    assert len(answers) == sum(len(commands) for commands in topics.commands.values())
    assert len(answers) >= len(raws)
    return topics


@pytest.mark.parametrize("trouble", ["KILL:sent:6", "KILL:committed:6", "KILL:merged:6"])
async def test_kill_9_around_a_commit_leaves_what_the_oracle_says(url, log, tmp_path, trouble):
    """Before it the transaction is aborted, and nobody reads it; after it nothing is done twice."""
    raws = [case(f"C{n}") for n in range(20)]
    async with writing(url, tmp_path / "a", trouble) as first:
        await furnish(log)
        sending = asyncio.create_task(drip(log, raws))
        assert await first.ended() == -signal.SIGKILL
    async with writing(url, tmp_path / "a"):
        receipts = await sending
        again = await submit_all(log, raws)
        await check(url, log, raws)

    assert {receipt.status for receipt in receipts} == {"accepted"}
    assert {receipt.status for receipt in again} == {"duplicate"}


async def test_an_aborted_transaction_is_never_read(url, log, kafka_topics, tmp_path):
    """Its records lie in the topic for ever; whoever reads the book does not see them."""
    async with writing(url, tmp_path / "a") as first:
        await furnish(log)
        await submit_all(log, [case("C1")])
        first.process.terminate()
        assert await first.ended() == 0
    async with writing(url, tmp_path / "a", "KILL:sent:1") as second:
        sending = asyncio.create_task(submit_all(log, [case("C2")]))
        assert await second.ended() == -signal.SIGKILL
    async with writing(url, tmp_path / "a"):
        assert [r.status for r in await sending] == ["accepted"]
        topics = await check(url, log, [1, 2])
    everything = make_consumer(Places(kafka_topics, PARTITIONS), committed=False)
    await everything.start()
    number = topics.places.number_of("case/C2")
    all_records = await oracle.records(everything, topics.places.book(number))
    await everything.stop()
    twice = [r for r in all_records if r.key == b"case/C2"]
    read = [record async for record in log.read("case/C2")]

    assert len(twice) == 2
    assert [record.offset for record in read] == [twice[1].offset]


async def test_a_writer_stopped_inside_a_batch_is_fenced_when_it_wakes(url, log, tmp_path):
    """Its successor has the partition; the zombie's commit fails, and it ends with a status."""
    async with writing(url, tmp_path / "a", "STOP:sent:6") as zombie:
        await furnish(log)
        raws = [case(f"C{n}") for n in range(40)]
        sending = asyncio.create_task(drip(log, raws))
        await until(zombie.is_stopped, 30, "the writer stops inside a batch")
        async with writing(url, tmp_path / "a") as successor:
            receipts = await sending
            os.kill(zombie.process.pid, signal.SIGCONT)
            status = await zombie.ended()
            more = await submit_all(log, [step(f"C{n}", 1) for n in range(40)])
            await check(url, log, raws)
            assert successor.process.returncode is None

    assert {receipt.status for receipt in (*receipts, *more)} == {"accepted"}
    assert status not in {0, None}
    assert "Fenced" in zombie.said()


async def test_after_a_restart_only_the_lag_is_folded_again(url, log, tmp_path):
    """The state file is stamped with its offset; lost or old, it costs time and nothing else."""
    counts = []
    for round_, files in enumerate(("fresh", "kept", "old", "lost")):
        if files == "old":
            shutil.rmtree(tmp_path / "a" / "writer")
            shutil.copytree(tmp_path / "copy", tmp_path / "a" / "writer")
        elif files == "lost":
            shutil.rmtree(tmp_path / "a" / "writer")
        before = sum([len(b) async for b in log.scan()])
        async with writing(url, tmp_path / "a") as writer:
            if round_ == 0:
                await furnish(log)
            await submit_all(log, [case(f"R{round_}-{n}") for n in range(50)])
            writer.process.terminate()
            assert await writer.ended() == 0
            counts.append((before, sum(n for _, n in writer.folded()[-PARTITIONS - 1 :])))
        if files == "fresh":
            shutil.copytree(tmp_path / "a" / "writer", tmp_path / "copy")
    first = 3 + PARTITIONS + 50
    await check(url, log, [1] * 200)

    assert counts == [(0, 0), (first, 0), (first + 50, 50), (first + 100, first + 100)]


async def test_a_file_of_another_ledger_is_folded_anew(url, log, tmp_path):
    """Somebody copied a data directory: its chain is not ours."""
    async with writing(url, tmp_path / "a") as first:
        await furnish(log)
        await submit_all(log, [case(f"C{n}") for n in range(20)])
        first.process.terminate()
        assert await first.ended() == 0
    for name in (tmp_path / "a" / "writer").glob("*-0.db"):
        other = name.with_name(name.name.replace("-0.db", "-1.db"))
        shutil.copyfile(name, other)
    async with writing(url, tmp_path / "a") as second:
        again = await submit_all(log, [case(f"D{n}") for n in range(20)])
        await check(url, log, again)

    assert {receipt.status for receipt in again} == {"accepted"}
    assert "The state file of partition 1 is of another ledger" in second.said()


async def test_two_writers_share_the_partitions_and_one_goes(url, log, tmp_path):
    """A second process takes some; when it leaves in good order the first has all again."""
    async with writing(url, tmp_path / "a") as first:
        await furnish(log)
        async with writing(url, tmp_path / "b") as second:
            await until(second.folded, 40, "the second has a partition")
            both = await submit_all(log, [case(f"C{n}") for n in range(40)])
            second.process.terminate()
            assert await second.ended() == 0
        alone = await submit_all(log, [step(f"C{n}", 1) for n in range(40)])
        topics = await check(url, log, both)
        assert first.process.returncode is None

    assert {receipt.status for receipt in (*both, *alone)} == {"accepted"}
    assert all(header(r, "hash") for results in topics.results.values() for r in results)


async def test_a_broker_killed_and_back_costs_time_only(tmp_path):
    """Writer and doors go on by themselves; what was unknown is handed in again."""
    with Cluster.start(tmp_path / "kafka") as cluster:
        url = f"{cluster.url}?prefix=outage"
        await create_topics(cluster.bootstrap, PARTITIONS, prefix="outage")
        log = await KafkaLog.open(url, PARTITIONS, receipt_seconds=5)
        async with writing(url, tmp_path / "a") as writer:
            await furnish(log)
            raws = [case(f"C{n}") for n in range(30)]
            sending = asyncio.create_task(drip(log, raws))
            await until(lambda: events_of(log, "case/C4"), what="five cases are there")
            await asyncio.to_thread(cluster.kill, 0)
            await asyncio.to_thread(cluster.restart, 0)
            receipts = await sending
            await check(url, log, raws)
            assert writer.process.returncode is None
        await log.close()

    assert {receipt.status for receipt in receipts} <= {"accepted", "duplicate"}
