"""Many small days of the city with much mischief: nothing unplanned, and the book is sound."""

from datetime import date
from itertools import groupby

import orjson
import pytest

from ledger.log.fsck import fsck
from ledger.log.sqlite import SqliteLog
from ledger.rules.refusals import Code
from producers.city.faults import MILLION, Faults, expected_refusal, reordered
from producers.city.simulate import simulate
from producers.drive import CityClock, load_city, submit_all, submit_reference

OFTEN = Faults(*[MILLION // 6] * 7)
DAYS = [date(2020, 6, 1), date(2020, 6, 24), date(2020, 9, 30), date(2020, 12, 31)]
"""A usual Monday; the eves of 端午节 and 国庆节; the last day of the published calendar."""


@pytest.fixture(scope="module")
def city():
    return load_city()


@pytest.mark.parametrize("seed", range(1, 21))
async def test_a_day_with_mischief_leaves_a_sound_book(city, tmp_path, seed):
    clock = CityClock()
    log = await SqliteLog.open(tmp_path / "ledger.db", clock)
    try:
        await submit_reference(log, city, clock)
        day = DAYS[seed % len(DAYS)]
        commands = reordered(simulate(city, seed, day, 1, 25, OFTEN), seed, 100_000)
        unplanned, accepted = [], 0
        for _, group in groupby(commands, lambda timed: int(timed[0].timestamp()) // 3600):
            timed = list(group)
            clock.now = max(clock.now, timed[-1][0])
            receipts = await submit_all(log, [orjson.dumps(c) for _, c in timed])
            accepted += sum(r.status == "accepted" for r in receipts)
            unplanned += [
                (command["type"], receipt)
                for (_, command), receipt in zip(timed, receipts, strict=True)
                if receipt.code != expected_refusal(command)
            ]
        rejects = [reject.body["code"] async for reject in log.rejects()]
        report = await fsck(log)
    finally:
        await log.close()

    assert unplanned == []
    assert Code.E_INTERNAL not in rejects
    assert report["findings"] == []
    assert accepted > 60
