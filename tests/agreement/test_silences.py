"""Silences on three roads: lines that go down and come back over two weeks, at random cuts."""

import random
from datetime import datetime, timedelta

import pytest

from analytics.assessment.second_road import second_road
from analytics.lake.archiver import archive
from analytics.lake.catalog import Lake
from analytics.lake.rebuild import rebuild
from ledger.log.fsck import fsck
from ledger.rules.source import silent_from
from ledger.rules.workdays import Calendar
from tests.agreement.test_two_roads import events_of, folded, random_cuts

SOURCES = {"hall-libao": ["libao", "libao-v1"], "hall-qutang": ["qutang"], "stray": []}
SYSTEM = {"source_class": "system"}


async def step(city, chance):
    """A beat, or a silence that began up to a day ago; many are refused."""
    source = chance.choice(list(SOURCES))
    city.clock.now += timedelta(minutes=chance.randint(1, 200), seconds=chance.random())
    said = {"centres": SOURCES[source]}
    if chance.random() < 0.5:
        return await city.say("source.beat", source, said, **SYSTEM)
    since = city.clock.now - timedelta(minutes=chance.choice((1, 3, 30, 1000)))
    at = datetime.fromisoformat(silent_from(since.isoformat(), Calendar()))
    if chance.random() < 0.2:
        at -= timedelta(minutes=1)
    return await city.say("source.fall_silent", source, {**said, "since": since.isoformat()},
                          at=at, **SYSTEM)  # fmt: skip


@pytest.mark.slow
async def test_silences_are_the_same_on_three_roads(city, tmp_path):
    chance = random.Random(12)
    receipts = [await step(city, chance) for _ in range(400)]
    lake = Lake(str(tmp_path / "lake"))
    await archive(city.log, lake)
    events, end = await events_of(city.log), await city.log.end()

    for cut in random_cuts(lake, end, 6, seed=12):
        live = folded(events, cut)
        assert rebuild(lake, cut) == live, cut
        assert second_road(lake, cut) == live, cut
    counts = {cell: n for cell, n in folded(events, end).items() if "T" not in cell}
    silences = sum(n for cell, n in counts.items() if cell.startswith("source_silences|"))
    facts = [e for found in events.values() for _, e in found if e["type"].startswith("source.")]
    assert silences == sum(e["type"] == "source.silent" for e in facts) > 20
    assert {cell.split("|")[2] for cell in counts if cell.startswith("source_")} == {
        "libao", "qutang", ""}  # fmt: skip
    assert {r.code for r in receipts if r.code} >= {"E_STATE", "E_LIMIT", "E_TIME_ORDER"}
    assert (await fsck(city.log))["findings"] == []
