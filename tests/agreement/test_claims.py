"""时限压缩率 on three roads: claims that come and go, documents that follow them, random cuts."""

import random
from datetime import timedelta

import pytest

from analytics.assessment.second_road import second_road
from analytics.lake.archiver import archive
from analytics.lake.catalog import Lake
from analytics.lake.rebuild import rebuild
from ledger.log.fsck import fsck
from tests.agreement.test_two_roads import events_of, folded, random_cuts

ITEMS = ("item-0", "item-2", "item-3")
CENTRES = ("libao", "qutang")
SYSTEM = {"source_class": "system"}


def document(chance):
    """A document, some without a limit in law, in any unit, and never longer than it."""
    said = {"name": "x", "dept": "民政", "project_type": "promised"}
    unit = chance.choice(("workday", "day", "hour"))
    if chance.random() < 0.8:
        said["statutory"] = {"n": chance.randint(20, 40), "unit": chance.choice(("workday", unit))}
    return said | {"promised": {"n": chance.randint(0, 20), "unit": unit}}


async def step(city, chance):
    item, centre = chance.choice(ITEMS), {"centre_id": chance.choice(CENTRES)}
    city.clock.now += timedelta(minutes=chance.randint(1, 300))
    verb = chance.choice(("claim", "claim", "claim", "claim", "confirm_claim", "decline_claim",
                          "unclaim", "revise", "revise", "register", "register",
                          "retire"))  # fmt: skip
    data = {"revise": document(chance) | {"version": chance.randint(2, 6)},
            "register": document(chance), "retire": {}}.get(verb, centre)  # fmt: skip
    return await city.say(f"item.{verb}", item, data, **SYSTEM)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
async def test_claims_are_worth_the_same_on_three_roads(city, tmp_path, seed):
    chance = random.Random(seed)
    for item in ITEMS:
        given = {"doc_no": "L1", "from_org": "民政", "to_org": list(CENTRES),
                 "effective_from": "2020-12-01"}  # fmt: skip
        await city.must("item.delegate", item, given, **SYSTEM)
    receipts = [await step(city, chance) for _ in range(150)]
    lake = Lake(str(tmp_path / "lake"))
    await archive(city.log, lake)
    events, end = await events_of(city.log), await city.log.end()
    levels = set()

    for cut in random_cuts(lake, end, 12, seed):
        live = folded(events, cut)
        levels |= live.items()
        assert rebuild(lake, cut) == live, cut
        assert second_road(lake, cut) == live, cut
    assert not any(receipt.code == "E_INTERNAL" for receipt in receipts)
    assert {cell for cell, _ in levels} >= {f"claimed_{name}||{centre}|" for centre in CENTRES
                                            for name in ("promised", "statutory")}  # fmt: skip
    kinds = {event["type"] for found in events.values() for _, event in found}
    assert {"item.event_restamped", "item.revised", "item.retired", "item.unclaimed"} <= kinds
    assert (await fsck(city.log))["findings"] == []


async def test_the_rate_of_a_centre_as_it_was_counted_by_hand(city, tmp_path):
    """10 of 20 working days, 4 hours of 7 days: 1 − (10 + 0.5) / (20 + 5) = 58 %."""
    limits = {"item-0": ({"n": 10, "unit": "workday"}, {"n": 20, "unit": "workday"}),
              "item-2": ({"n": 4, "unit": "hour"}, {"n": 7, "unit": "day"})}  # fmt: skip
    for item, (promised, statutory) in limits.items():
        await city.register(item, "民政", promised=promised, statutory=statutory)
        given = {"doc_no": "L1", "from_org": "民政", "to_org": ["libao"],
                 "effective_from": "2020-12-01"}  # fmt: skip
        await city.must("item.delegate", item, given, **SYSTEM)
        await city.must("item.claim", item, {"centre_id": "libao"}, **SYSTEM)
    lake = Lake(str(tmp_path / "lake"))
    await archive(city.log, lake)
    sums = second_road(lake, await city.log.end())
    promised, statutory = (sums[f"claimed_{name}||libao|"] for name in ("promised", "statutory"))

    assert (statutory - promised) * 100 == 58 * statutory
