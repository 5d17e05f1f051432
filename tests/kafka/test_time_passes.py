"""The production shape tells the time by itself: no `serve`, no city, only gateway and writers."""

import time
from datetime import datetime

import pytest

from ledger.contracts.wire import decode
from ledger.log.kafka_client import KafkaLog
from tests.kafka.facts import until
from tests.kafka.test_chaos import PARTITIONS, Site


@pytest.mark.usefixtures("kafka_topics")
async def test_gateway_and_writers_alone_tick_every_partition(kafka_url, tmp_path):
    """Without ticks no due would ever be broken, and every wall would wait for its first pulse."""
    site = Site(kafka_url, tmp_path)
    site.commands = {
        "writer": ["writer", "--data", tmp_path / "writer"],
        "archive": ["archive", "--data", tmp_path],
        "gateway": ["gateway", "--data", tmp_path, "--port", site.port],
    }
    log = await KafkaLog.open(kafka_url, partitions=PARTITIONS)
    began = time.time()

    async def all_ticked():
        pulses = await log.pulses()
        return pulses if len(pulses) > PARTITIONS else []

    try:
        async with site:
            pulses = await until(all_ticked, what="every partition was ticked")
            kinds = [decode(r.value)["type"] async for records in log.scan() for r in records]
            lake = tmp_path / "lake" / "catalog.sqlite"
            await until(lake.exists, what="the archiver made its lake")
            ended = [name for name, _ in site.ends]
    finally:
        await log.close()

    told = [datetime.fromisoformat(pulse.now).timestamp() for pulse in pulses]
    assert {pulse.partition for pulse in pulses} == set(range(PARTITIONS + 1))
    assert all(began - 5 < now < time.time() for now in told)
    assert ended == []
    assert "stopped beside us" not in "".join(log.read_text() for log in tmp_path.glob("*.log"))
    assert kinds.count("clock.ticked") == PARTITIONS
