"""What the wall says is what the ledger holds: counted here from the facts, one by one."""

import orjson

from ledger.contracts.wire import decode
from ledger.log.sqlite import SqliteLog
from processors.runtime.embedded import EmbeddedViews
from processors.wall import sheet
from processors.wall.hub import Hub
from tests.agreement.conftest import City, Clock

PARTITIONS = 2


async def facts_that_stand(log):
    """All facts, the restated ones as restated, the voided ones not."""
    standing = {}
    async for batch in log.scan():
        for record in batch:
            event = decode(record.value)
            if event["type"].endswith(".event_restamped"):
                body = event["data"]["data"]
                standing.pop(body["target"], None)
                if body["after"]:
                    standing[body["target"]] = body["after"]
            else:
                standing[event["id"]] = event
    return list(standing.values())


def counted(facts, day, towns):
    """Accepted cases, ratings and 差评 of a day: of the city, and accepted by town."""
    today = [fact for fact in facts if fact["time"].startswith(day)]
    accepted = [fact for fact in today if fact["type"] == "case.accepted"]
    ratings = [f["data"]["data"]["stars"] for f in today if f["type"] == "rating.submitted"]
    by_town = {}
    for fact in accepted:
        town = towns.get(fact["data"]["stamp"].get("accept_centre"), "")
        by_town[town] = by_town.get(town, 0) + 1
    return len(accepted), len(ratings), sum(stars < 3 for stars in ratings), by_town


async def test_the_wall_over_the_embedded_ledger_counts_what_the_facts_say(tmp_path):
    """A week with late facts, voids and ratings; today is the day of the last tick."""
    clock = Clock()
    log = await SqliteLog.open(tmp_path / "ledger.db", clock, PARTITIONS)
    city = City(log, clock, seed=7)
    await city.furnish()
    await city.live(400, 40)
    for partition in range(PARTITIONS):
        tick = {
            "type": "clock.tick", "key": str(partition), "occurred_at": clock.now.isoformat(),
            "source_system": "ticker", "source_seq": f"{partition}", "source_class": "system",
            "data": {},
        }  # fmt: skip
        await log.submit(orjson.dumps(tick))
    views = EmbeddedViews(log, tmp_path / "views.db")
    await views.step()
    picture = await views.picture()
    hub = Hub(views, clock=lambda: max(picture.as_of), steady=lambda: 0.0,
              incarnation="life", build="0123abcd")  # fmt: skip
    hub.advance(picture)
    shown = orjson.loads(hub.snapshot())
    facts, end = await facts_that_stand(log), await log.end()
    await views.close()
    await log.close()

    day = clock.now.date().isoformat()
    towns = {"haian": "haian", "qutang": "qutang", "libao": "libao", "libao-v1": "libao"}
    accepted, rated, negatives, by_town = counted(facts, day, towns)
    names = sheet.COLUMNS["city"]
    whole = dict(zip(names, shown["rows"]["city"][0] + [0] * len(names), strict=False))
    at = sheet.COLUMNS["town"].index("accepted")
    tiles = {row[0]: row[at] for row in shown["rows"]["town"] if len(row) > at and row[at]}
    assert accepted > 0
    assert shown["day"] == day
    assert shown["cut"] == list(end)
    assert (whole["accepted"], whole["rated"], whole["negatives"]) == (accepted, rated, negatives)
    assert tiles == by_town
