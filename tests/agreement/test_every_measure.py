"""Each bucket of a histogram once, counted by hand; and every sum really counted something.

The last is asked of what the second road gave to the tests of this folder, when all of them ran
(tests/conftest.py): roads that agree on nothing prove nothing.
"""

from datetime import timedelta
from itertools import pairwise

from analytics.assessment.second_road import second_road
from analytics.lake.archiver import archive
from analytics.lake.catalog import Lake
from analytics.lake.rebuild import rebuild
from ledger.rules.measures import DECISION_BOUNDS_WORKDAYS, MEASURES, WAIT_BOUNDS_MINUTES
from tests.agreement.test_two_roads import events_of, folded
from tests.noted import COUNTED

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
