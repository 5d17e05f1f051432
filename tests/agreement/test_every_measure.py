"""Each bucket of a histogram once, counted by hand; and every sum really counted something.

The last is asked of what the second road gave to the tests of this folder, when all of them ran
(tests/conftest.py): roads that agree on nothing prove nothing.
"""

from collections import Counter
from datetime import datetime, timedelta
from itertools import pairwise

from analytics.assessment.second_road import second_road
from analytics.lake.archiver import archive
from analytics.lake.catalog import Lake
from analytics.lake.rebuild import rebuild
from ledger.contracts.codes import SHANGHAI
from ledger.rules.measures import DECISION_BOUNDS_WORKDAYS, MEASURES, WAIT_BOUNDS_MINUTES
from tests.agreement.test_hall_days import tick
from tests.agreement.test_two_roads import events_of, folded
from tests.noted import COUNTED
from tests.ways import BEFORE, ROADS, SAYS, SIGNED

SATURDAY = 5
IMPORTED = {"source_class": "imported", "centre": "libao", "window": "libao-1", "channel": "window"}


async def wait_for_each_bucket(city):
    """As many tickets as there are buckets, taken at once; each waits one minute longer than so."""
    key, begun = f"libao.{city.clock.now.date()}", city.clock.now

    async def tell(kind, **data):
        await city.must(kind, key, data, centre="libao", source_class="imported")

    await tell("window.open", window_id="libao-1", staff_id="an")
    for bound in WAIT_BOUNDS_MINUTES:
        await tell("ticket.issue", ticket_id=f"T{bound}", no=f"{bound}", queue_id="q")
    for bound in WAIT_BOUNDS_MINUTES:
        at = {"ticket_id": f"T{bound}", "window_id": "libao-1"}
        city.clock.now = begun + timedelta(minutes=bound + 1)
        await tell("ticket.call", call_no=1, **at)
        await tell("ticket.start_service", staff_id="an", **at)
        await tell("ticket.finish_service", ticket_id=f"T{bound}", outcome="normal")
    await tell("window.pause", window_id="libao-1", reason="meal")
    await tell("window.close", window_id="libao-1")


async def conclude_in_each_bucket(city):
    """As many cases, accepted at once; each is decided and concluded so many working days later."""
    await city.calendar(2020, [])
    for bound in DECISION_BOUNDS_WORKDAYS:
        await city.must("case.submit", f"C{bound}", {"case_no": "1", "item": "item-2"}, **IMPORTED)
        await city.must("case.accept", f"C{bound}", {}, **IMPORTED)
    for before, bound in pairwise((0, *DECISION_BOUNDS_WORKDAYS)):
        days = bound - before
        while days:
            city.clock.now += timedelta(days=1)
            days -= city.clock.now.weekday() < SATURDAY
        decision = {"outcome": "approved", "doc_no": "D"}
        await city.must("case.decide", f"C{bound}", decision, **IMPORTED)
        await city.must("case.conclude", f"C{bound}", {"result_code": 0}, **IMPORTED)


async def say_everything_late(city):
    """Each fact of a case once, with a reason for its lateness, at the end of a road of its own."""
    city.clock.now = datetime(2020, 6, 1, 10, tzinfo=SHANGHAI)
    for item, more in (("generous", {}), ("escalated", {"project_type": "escalated"})):
        await city.register(item, "民政", **{"promised": {"n": 10}, "special_kinds": ["hearing"],
                                            **more})  # fmt: skip
    told = [command for command in SAYS if command.startswith("case.")]
    for command in sorted(set(told) - {"case.void_event", "case.amend_event"}):
        way = SAYS[command]
        road = [*ROADS[way.state], *BEFORE.get(command, ()), command]
        if command in SIGNED:
            road.insert(1, "case.sign_commitment")
        for number, each in enumerate(road, 1):
            city.clock.now += timedelta(minutes=1)
            data = {**SAYS[each].data, **({"item": way.item} if each == "case.submit" else {})}
            late = {"late_reason": "网断"} if number == len(road) else {}
            await city.must(each, command, data, **IMPORTED, **late)


async def leave_unanswered(city):
    """A case that was collected elsewhere, and of which the ledger says that it is accepted."""
    await city.must("case.submit", "R1", {"case_no": "1", "item": "item-2"}, **IMPORTED)
    await city.must("case.collect_remote", "R1", {"handling_region": "r"}, **IMPORTED)
    city.clock.now += timedelta(days=20)
    await tick(city, "R1")


async def test_every_fact_of_a_case_is_an_entry_on_three_roads(new_year, tmp_path):
    await say_everything_late(new_year)
    await leave_unanswered(new_year)
    lake = Lake(str(tmp_path / "lake"))
    await archive(new_year.log, lake)
    end, events = await new_year.log.end(), await events_of(new_year.log)
    live, kinds = folded(events, end), [e["type"] for es in events.values() for _, e in es]
    total = Counter()
    for cell, amount in live.items():
        total[cell.partition("|")[0]] += amount if "T" not in cell else 0
    entered = {each.event for each in MEASURES if each.code == "case_events"}

    assert rebuild(lake, end) == live == second_road(lake, end)
    assert entered <= set(kinds)
    assert total["case_events"] == sum(kind in entered for kind in kinds)
    assert total["late_entries"] == len(entered)
    assert total["remote_accepted"] == 1


async def test_each_bucket_is_counted_once_on_three_roads(new_year, tmp_path):
    await wait_for_each_bucket(new_year)
    await conclude_in_each_bucket(new_year)
    lake = Lake(str(tmp_path / "lake"))
    await archive(new_year.log, lake)
    end = await new_year.log.end()
    live = folded(await events_of(new_year.log), end)
    buckets = {cell.partition("|")[0]: n for cell, n in live.items()
               if "_from_" in cell and "T" not in cell}  # fmt: skip

    assert rebuild(lake, end) == live == second_road(lake, end)
    assert buckets == {
        **{f"wait_from_{bound}m": 1 for bound in WAIT_BOUNDS_MINUTES},
        **{f"{what}_from_{bound}d": 1 for what in ("decision", "elapsed")
           for bound in DECISION_BOUNDS_WORKDAYS},
    }  # fmt: skip


def test_every_measure_counted_something_on_the_second_road():
    assert sorted({measure.code for measure in MEASURES} - COUNTED) == []
