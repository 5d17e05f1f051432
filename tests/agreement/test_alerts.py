"""Two roads over weeks of alerts: dues, wrong windows, voids, people who handle them, sweeps."""

import random
from datetime import timedelta

import pytest

from analytics.assessment.second_road import second_road
from analytics.lake.archiver import archive
from analytics.lake.catalog import Lake
from analytics.lake.rebuild import rebuild
from ledger.log.fsck import fsck
from ledger.rules.alerts import alert_id
from processors.views.latest import fold_latest, keep, open_alerts
from tests.agreement.test_two_roads import events_of, folded, random_cuts

CASES = 25
STEPS = 700
CUTS = 6
CODES = {
    "alerts_remind", "alerts_yellow", "alerts_red", "alerts_cancelled", "alerts_open_remind",
    "alerts_open_yellow", "alerts_open_red", "suspected",
}  # fmt: skip
OTHER = {"source_class": "imported", "staff": "boss", "post": "city_supervisor"}
HANDLED = (
    ("alert.acknowledge", {}), ("alert.explain", {"reason_code": "flood"}), ("alert.close", {}),
    ("alert.cancel", {"reason_code": "mistaken", "approver": "chief"}),
)  # fmt: skip


async def handle(city, case):
    """Somebody does something about an alert of the case, if there is one; a sweep raises one."""
    chance = city.random
    rule = chance.choice(("R02", "R03", "R13", "R09", "R01", "R05", "R05"))
    about = f"t{chance.randint(1, 40)}" if rule == "R13" else ""
    name = alert_id(rule, f"case/{case}", about)
    if rule == "R09" or (rule == "R05" and chance.random() < 0.5):
        data = {"alert_id": name, "rule_id": rule, "level": chance.choice(("yellow", "red")),
                "subject": f"case/{case}", "since": city.clock.now.isoformat(),
                "holder_centre": chance.choice(("libao", "qutang"))}  # fmt: skip
        await city.say("alert.raise", case, data, source_class="system")
        return
    kind, data = chance.choice(HANDLED)
    await city.say(kind, case, {"alert_id": name, **data}, **OTHER)


@pytest.mark.slow
async def test_a_month_of_alerts_agrees_at_random_cuts(city, tmp_path):
    chance = random.Random(7)
    for staff in ("boss", "chief"):
        post = {"post": "city_supervisor", "granted_by": "x"}
        await city.must("staff.join", staff, {"centre": "haian"}, source_class="system")
        await city.must("staff.grant_post", staff, post, source_class="system")
    for _ in range(STEPS):
        city.clock.now += timedelta(minutes=chance.choice((3, 3, 10, 60, 600)))
        if chance.random() < 0.3:
            await city.tick()
        case = f"C{chance.randint(1, CASES)}"
        await (handle(city, case) if chance.random() < 0.2 else city.move(case))
    lake = Lake(str(tmp_path / "lake"))
    await archive(city.log, lake)
    events, end = await events_of(city.log), await city.log.end()
    cells = second_road(lake, end)
    kinds = dict(lake.sql("SELECT type, count(*) FROM events WHERE stream = 'supervision' "
                          "GROUP BY type"))  # fmt: skip

    assert {code.partition("|")[0] for code in cells} >= CODES
    assert min(kinds.values()) > 1, kinds
    assert len(kinds) == 6, kinds
    for cut in random_cuts(lake, end, CUTS, seed=3):
        live = of_alerts(folded(events, cut))
        assert of_alerts(rebuild(lake, cut)) == live, cut
        assert of_alerts(second_road(lake, cut)) == live, cut
    report = await fsck(city.log)
    assert report["findings"] == []
    check_rows(events, cells)


def of_alerts(cells):
    """The cells of K30 and K42; the others have tests of their own."""
    return {cell: n for cell, n in cells.items() if cell.startswith(("alerts_", "suspected|"))}


def check_rows(events, cells):
    """The list of open cards has as many rows as the gauges say."""
    latest = {}
    for partition in events.values():
        seen = {}
        for _, event in partition:
            fold_latest(seen, event)
        for name, newest in seen.items():
            keep(latest, name, newest)
    rows = open_alerts({name: newest.data for name, newest in latest.items()})
    for level in ("yellow", "red"):
        cards = sum(n for cell, n in cells.items() if cell.startswith(f"alerts_open_{level}|"))

        assert sum(row["level"] == level for row in rows) == cards
    assert all(row["name"] and row["since"] for row in rows)
