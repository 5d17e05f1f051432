"""One small city on both books: `simulate`, `reconcile` and the three walls give the same totals.

The same commands go into an embedded ledger and into one on a real broker, with writers, worker
and archiver as processes; then every row of the city's wall, of a 区镇's and of a centre's is
compared, and both books are reconciled.
"""

import time
from datetime import date, datetime, timedelta

import orjson
import pytest

from analytics.lake.archiver import archive
from analytics.lake.catalog import Lake
from analytics.reconcile import reconcile
from ledger.contracts.codes import SHANGHAI
from ledger.log.kafka_client import KafkaLog
from ledger.log.sqlite import SqliteLog
from processors.runtime.embedded import EmbeddedViews
from processors.runtime.views_tail import KafkaViews
from processors.wall.local import Scope, local_sheet
from processors.wall.sheet import Clerk
from producers.drive import CityClock, load_city, simulate_into, submit_all, tick
from tests.kafka.facts import until
from tests.kafka.test_chaos import PARTITIONS, Site

START = date(2020, 6, 1)
CASES = 150
LATER = datetime(2020, 6, 30, 10, 20, tzinfo=SHANGHAI)
"""By then what was promised and is not concluded is late, and people wait in a hall."""
HALL = f"sanxing.{LATER.date()}"
SAID = (
    ("window.open", {"window_id": "sanxing-10", "staff_id": "sanxing-10-c"}, 60),
    ("window.open", {"window_id": "sanxing-11", "staff_id": "sanxing-11-c"}, 60),
    ("window.pause", {"window_id": "sanxing-11", "reason": "device_fault"}, 50),
    ("hall.count_heads", {"count": 23}, 49),
    *(("ticket.issue", {"ticket_id": f"k{n}", "no": f"A{n}", "queue_id": "q"}, 48 - n)
      for n in range(9)),
    ("ticket.call", {"ticket_id": "k0", "window_id": "sanxing-10", "call_no": 1}, 5),
)  # fmt: skip


def of_the_hall():
    """Give what happened in a hall in the hour before LATER: type, data, minutes before."""
    for number, (kind, data, before) in enumerate(SAID):
        yield orjson.dumps({
            "type": kind, "key": HALL, "data": data, "source_system": "hall-sanxing",
            "occurred_at": (LATER - timedelta(minutes=before)).isoformat(),
            "source_seq": f"now-{number}", "source_class": "imported",
            "centre": "sanxing"})  # fmt: skip


async def live(log, clock):
    """Let the city work a day, and a month go by; give what `simulate` says."""
    told = await simulate_into(log, load_city(), 7, 1, CASES, clock=clock, start=START)
    await tick(log, clock, LATER)
    receipts = await submit_all(log, list(of_the_hall()))
    assert {receipt.status for receipt in receipts} == {"accepted"}
    await tick(log, clock, LATER + timedelta(seconds=1))
    del told["seconds"]
    return told


def walls(picture):
    """Give every row of the three walls."""
    clerk = Clerk()
    city = clerk.sheet(picture)
    scopes = (Scope("town", "sanxing"), Scope("centre", "sanxing"))
    local = [local_sheet(scope, city, picture, clerk.cells).tables for scope in scopes]
    return [city.tables, *local]


async def embedded(folder):
    """Give what was told, the walls and the reconciliation of the embedded book."""
    clock = CityClock()
    log = await SqliteLog.open(folder / "ledger.db", clock)
    views, lake = EmbeddedViews(log, folder / "views.db"), Lake(str(folder / "lake"))
    try:
        told = await live(log, clock)
        await views.step()
        picture = await views.picture()
        await archive(log, lake)
        found = reconcile(picture.sums, picture.cut, lake, now=picture.now)
    finally:
        await views.close()
        await log.close()
        lake.close()
    return told, walls(picture), found


async def on_kafka(url, folder):
    """Give the same of the book on the broker, folded by a worker, archived by an archiver."""
    clock = CityClock()
    log = await KafkaLog.open(url, PARTITIONS)
    try:
        async with Site(url, folder) as site:
            told = await live(log, clock)
            tail = await KafkaViews.open(url)
            try:
                last = [0] * (PARTITIONS + 1)
                async for batch in log.scan():
                    last[batch[0].partition] = batch[-1].offset + 1

                async def folded():
                    picture = await tail.picture()
                    done = all(c >= end for c, end in zip(picture.cut, last, strict=True))
                    return picture if done and picture.now >= clock.now.isoformat() else None

                picture = await until(folded, 90, "the wall is as far as the ticks")
            finally:
                await tail.close()
            status, found = await site.run("reconcile")
    finally:
        await log.close()
    assert status == 0, found
    return told, walls(picture), found


@pytest.mark.slow
async def test_simulate_reconcile_and_the_three_walls_agree(kafka_topics, tmp_path):
    url = f"kafka://{kafka_topics.bootstrap}?prefix={kafka_topics.prefix}"
    took, done = {}, {}
    rooms = [tmp_path / name for name in ("embedded", "kafka")]
    for room in rooms:
        room.mkdir()
    for name, work in (("embedded", embedded(rooms[0])), ("kafka", on_kafka(url, rooms[1]))):
        began = time.monotonic()
        done[name] = await work
        took[name] = round(time.monotonic() - began, 1)
    (told, here, found), (told_there, there, found_there) = done["embedded"], done["kafka"]
    print(f"{told} on both; cells {found['cells']}; seconds {took}")  # noqa: T201 -- a figure

    assert told == told_there
    for one, other in zip(here, there, strict=True):
        assert one == other
    assert found["equal"]
    assert found["differing"] == found_there["differing"] == 0
    assert found["cells"] == found_there["cells"] > 500
    assert here[0]["city"]["city"][2:4] == there[0]["city"]["city"][2:4]
    troubles = {row[3] for row in here[2]["trouble"].values()}
    assert {"承诺超期", "排队过久"} <= troubles
