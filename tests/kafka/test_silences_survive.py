"""Writers die and lose their state files while lines go down: each silence is recorded once."""

import asyncio
import shutil
import signal
from datetime import datetime, timedelta

import orjson

from ledger.contracts.codes import SHANGHAI
from ledger.contracts.commands import CLOCK
from ledger.contracts.wire import decode
from ledger.log.fsck import fsck
from ledger.log.kafka_client import KafkaLog
from producers.drive import submit_all
from producers.watchman import run_watchman
from tests.kafka import oracle
from tests.kafka.test_writer_crashes import PARTITIONS, writing

MORNING = datetime(2020, 6, 1, 10, tzinfo=SHANGHAI)
MINUTES = 70
DOWN = (range(10, 30), range(40, 70))
"""Minutes in which hall-b does not beat."""
TROUBLES = ("KILL:sent:45", "KILL:committed:40", "KILL:merged:60", "none")
QUIET = 0.3


async def supervised(url, folder, kills):
    """A writer that is killed again and again, and each time begins without its state file."""
    for trouble in TROUBLES:
        async with writing(url, folder, trouble) as writer:
            kills.append(await writer.process.wait())
        await asyncio.to_thread(shutil.rmtree, folder / "writer")


def command(kind, key, at, source, seq, data=None):
    return orjson.dumps({
        "type": kind, "key": key, "occurred_at": at, "source_system": source, "source_seq": seq,
        "source_class": "system", "data": data or {},
    })  # fmt: skip


async def day(log):
    """An hour of ticks and beats, a minute a tenth of a second."""
    for minute in range(MINUTES):
        at = (MORNING + timedelta(minutes=minute)).isoformat()
        ticks = [command("clock.tick", str(p), at, CLOCK, f"{p}@{at}")
                 for p in range(PARTITIONS + 1)]  # fmt: skip
        alive = ["hall-a", *(["hall-b"] if not any(minute in down for down in DOWN) else [])]
        beats = [command("source.beat", name, at, name, f"beat-{minute}", {"centres": [name]})
                 for name in alive]  # fmt: skip
        await submit_all(log, [*ticks, *beats])
        await asyncio.sleep(0.1)


async def test_a_silence_is_recorded_once_whoever_dies(kafka_topics, tmp_path):
    url, kills = f"kafka://{kafka_topics.bootstrap}?prefix={kafka_topics.prefix}", []
    log = await KafkaLog.open(url, PARTITIONS)
    tasks = [asyncio.create_task(supervised(url, tmp_path / "a", kills))]
    tasks += [asyncio.create_task(run_watchman(log, every=0.05, silent_after=QUIET))
              for _ in range(2)]  # fmt: skip
    try:
        await day(log)
        assert not any(task.done() for task in tasks), tasks
        facts = {name: [decode(r.value) async for r in log.read(f"source/{name}")]
                 for name in ("hall-a", "hall-b")}  # fmt: skip
        rejects = [reject.body async for reject in log.rejects()]
        found = (await fsck(log))["findings"]
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await log.close()
    await oracle.check_all(url)

    assert kills == [-signal.SIGKILL] * 3
    assert facts["hall-a"] == []
    assert [event["type"] for event in facts["hall-b"]] == [
        "source.silent", "source.returned", "source.silent"]  # fmt: skip
    assert [e["data"]["data"].get("since", e["time"])[11:16] for e in facts["hall-b"]] == [
        "10:09", "10:30", "10:39"]  # fmt: skip
    assert rejects == []
    assert found == []
