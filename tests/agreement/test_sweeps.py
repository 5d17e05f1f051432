"""巡检: each rule of many streams, the case that fires it and the near miss that does not."""

from datetime import timedelta

import pytest

from analytics.lake.archiver import archive
from analytics.lake.catalog import Lake
from analytics.sweeps import command, files, sweep
from ledger.rules.supervision_rules import RULES, Mode
from tests.agreement.standing_scenes import AGAIN
from tests.agreement.sweep_scenes import (
    AT,
    CENTRAL,
    DAY,
    NEARLY,
    OTHER,
    STILL,
    SWEEPS,
    accepted,
    course,
    help_in_towns,
    station,
    tell,
)


@pytest.fixture
async def city(city):
    """The city in which a sweep finds nothing yet."""
    await help_in_towns(city)
    return city


async def found_in(city, tmp_path, rule):
    lake = Lake(str(tmp_path / "lake"))
    try:
        await archive(city.log, lake)
        found, now = sweep(lake, await city.log.end(), getattr(city, "certificates", ()))
    finally:
        lake.close()
    return [each for each in found if each.rule == rule], now


@pytest.mark.parametrize("name", SWEEPS)
async def test_a_sweep_raises_what_it_finds_once(city, tmp_path, name):
    fires, _ = SWEEPS[name]
    await fires(city)
    [found], now = await found_in(city, tmp_path, name[:3])
    receipt = await city.log.submit(command(found, now))
    again = await city.log.submit(command(found, now))
    left, _ = await found_in(city, tmp_path, name[:3])

    assert (receipt.status, again.status) == ("accepted", "duplicate"), receipt
    assert found.centre == "libao"
    assert found.facts
    assert left == []


@pytest.mark.parametrize("name", SWEEPS)
async def test_a_near_miss_raises_nothing(city, tmp_path, name):
    _, misses = SWEEPS[name]
    await misses(city)

    assert (await found_in(city, tmp_path, name[:3]))[0] == []


@pytest.mark.parametrize(
    ("rule", "number"), [(r, n) for r in NEARLY for n in range(len(NEARLY[r]))]
)
async def test_another_near_miss_raises_nothing(city, tmp_path, rule, number):
    await NEARLY[rule][number](city)

    assert (await found_in(city, tmp_path, rule))[0] == []


@pytest.mark.parametrize(("rule", "number"), [(r, n) for r in STILL for n in range(len(STILL[r]))])
async def test_what_fires_a_rule_all_the_same(city, tmp_path, rule, number):
    await STILL[rule][number](city)

    assert [each.rule for each in (await found_in(city, tmp_path, rule))[0]] == [rule]


@pytest.mark.parametrize("name", AGAIN)
async def test_what_was_closed_and_begins_again_is_raised_again(city, tmp_path, name):
    """An alert of a state is of one time that it stood: domain.md 3.10, `hash(…, window)`."""
    first, again = AGAIN[name]
    await first(city)
    [found], now = await found_in(city, tmp_path, name[:3])
    await city.log.submit(command(found, now))
    await closed(city, found)
    assert (await found_in(city, tmp_path, name[:3]))[0] == []
    city.clock.now += timedelta(days=60)
    await again(city)
    [anew], now = await found_in(city, tmp_path, name[:3])
    receipt = await city.log.submit(command(anew, now))

    assert receipt.status == "accepted", receipt
    assert (anew.subject, anew.alert_id != found.alert_id) == (found.subject, True)


async def test_a_state_with_an_open_alert_is_not_raised_beside_it(city, tmp_path):
    await station(city, "on", "off")
    [found], now = await found_in(city, tmp_path, "R27")
    await city.log.submit(command(found, now))
    city.clock.now += timedelta(days=1)
    await station(city, "on", "off")

    assert (await found_in(city, tmp_path, "R27"))[0] == []


@pytest.mark.parametrize("is_closed", [False, True])
async def test_what_was_raised_before_alerts_named_a_day_is_known(city, tmp_path, is_closed):
    """Books of before have `station` where there is `station@2020-12-29` now."""
    await station(city, "on", "off")
    [found], now = await found_in(city, tmp_path, "R27")
    old = found._replace(about="station")
    assert (await city.log.submit(command(old, now))).status == "accepted"
    if is_closed:
        await closed(city, old)

    assert (await found_in(city, tmp_path, "R27"))[0] == []


async def closed(city, found):
    """People are done with an alert."""
    said = {"alert_id": found.alert_id, "reason_code": "handled"}
    await city.must("alert.close", found.subject.partition("/")[2], said, source_class="system")


async def test_a_higher_tier_asks_for_a_larger_hall_from_its_day_on(city, tmp_path):
    measured = {"hall_area_m2": 600, "method": "survey"}
    await tell(
        city,
        ("centre.measure_area", "libao", measured),
        ("centre.change_tier", "libao", {**CENTRAL, "effective_from": "2020-12-29"}),
    )
    [found] = (await found_in(city, tmp_path, "R27"))[0]

    assert (found.about, found.centre) == ("area@2020-12-29", "libao")


async def test_what_was_voided_is_not_found(city, tmp_path):
    await accepted(city, 5)
    await city.void("W4", "case/W4@2")

    assert (await found_in(city, tmp_path, "R03"))[0] == []


async def test_entered_afterwards_and_unseen_at_the_door_is_red(city, tmp_path):
    """R05 (a) and (c) of one case are one alert, yellow by the first and red by both."""
    day = f"{city.clock.now - timedelta(days=2):%Y-%m-%d}"
    ticket = {"ticket_id": "T", "no": "A1", "queue_id": "q"}
    await city.must("ticket.issue", f"libao.{day}", ticket, centre="libao", **OTHER,
                    at=city.clock.now - timedelta(days=2), late_reason="网断")  # fmt: skip
    await course(city, apart=DAY, place={**AT, "channel": "window", "staff": "x"})
    found, now = await found_in(city, tmp_path, "R05")
    receipts = [await city.log.submit(command(each, now)) for each in found]

    assert [each.level for each in found] == ["yellow", "red"]
    assert len({each.alert_id for each in found}) == 1
    assert [receipt.status for receipt in receipts] == ["accepted"] * 2
    assert (await found_in(city, tmp_path, "R05"))[0] == []


def test_every_sweep_has_a_scene_and_every_rule_that_sweeps_a_query():
    sweeping = {rule.id for rule in RULES.values() if rule.mode in {Mode.SWEEP, Mode.BOTH}}

    assert [path.stem for path in files()] == list(SWEEPS)
    assert {path.stem[:3] for path in files()} == sweeping
    for path in files():
        lines = path.read_text(encoding="utf-8").splitlines()
        labels = [line.removeprefix("-- ").split()[0] for line in lines[:5]]

        assert labels == ["用途", "依据", "grain", "parameters", "unit"], path.name
