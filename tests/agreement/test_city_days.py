"""Whole days of the city, three roads: the live fold, the rebuild and the hand-written SQL.

CI looks at three days of a thousand cases; `make month` at thirty of four thousand.
"""

import pytest

from analytics.lake.archiver import archive
from analytics.lake.catalog import Lake
from analytics.reconcile import reconcile
from ledger.log.sqlite import SqliteLog
from producers.drive import CityClock, load_city, simulate_into
from tests.agreement.test_two_roads import events_of, folded, random_cuts

CUTS = 3
"""Cuts besides the end and the beginning."""


@pytest.mark.slow
async def test_days_of_the_city_reconcile_at_the_end_and_at_random_cuts(tmp_path, request):
    days, cases = (request.config.getoption(f"--city-{name}") for name in ("days", "cases"))
    clock = CityClock()
    log = await SqliteLog.open(tmp_path / "ledger.db", clock)
    lake = Lake(str(tmp_path / "lake"))
    try:
        told = await simulate_into(log, load_city(), 1, days, cases, clock=clock)
        await archive(log, lake)
        end, events = await log.end(), await events_of(log)
    finally:
        await log.close()
    answers = [
        reconcile(folded(events, cut), cut, lake)
        for cut in random_cuts(lake, end, CUTS + 2, seed=1)
    ]

    assert told["cases"] > 0.6 * days * cases
    assert told["events"] > 10 * told["cases"]
    assert [answer["differences"] for answer in answers] == [[]] * len(answers)
    assert answers[0]["indicators"] > 30
