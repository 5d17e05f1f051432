"""巡检 of visits: what is rated by its ticket is swept like what is rated by its case."""

from datetime import timedelta

import pytest

from tests.agreement.sweep_scenes import OTHER, served
from tests.agreement.test_sweeps import found_in


async def visits_rated(city, n, *, at_once=0, valid=0, **rating):
    """So many visits of a window-day, asked and rated; the first `at_once` 5 s after, the rest 6.

    Of the first `valid` it is found that the citizen was right.
    """
    key = f"libao.{city.clock.now.date()}"
    await city.sit_down(key)
    for k in range(n):
        about = await city.visit(key, k)
        await city.must("rating.invite", key, about, **OTHER)
        city.clock.now += timedelta(seconds=5 if k < at_once else 6)
        said = {**about, "rating_id": f"r{k}", "stars": 5, **rating}
        await city.must("rating.submit", key, said, **OTHER)
        if k < valid:
            found = {"rating_id": f"r{k}", "finding": "valid"}
            await city.must("neg.verify", key, found, **OTHER)


QUICK = {"device_id": "pad", "elapsed_ms": 2000}
VISITS = {  # rule → what fires it of visits, the near miss, about what
    "R09": (lambda c: visits_rated(c, 20, at_once=16), lambda c: visits_rated(c, 20, at_once=15),
            {"libao-1"}),
    "R09 device": (lambda c: visits_rated(c, 10, **QUICK), lambda c: visits_rated(c, 9, **QUICK),
                   {"pad.2020-12-29"}),
    "R10": (lambda c: served(c, invited=2, visit=True), lambda c: served(c, invited=3, visit=True),
            {"libao-1"}),
    "R25": (lambda c: visits_rated(c, 3, stars=1, valid=3),
            lambda c: visits_rated(c, 3, stars=1, valid=2), {"libao-1", "staff.x"}),
}  # fmt: skip


@pytest.mark.parametrize("name", VISITS)
@pytest.mark.parametrize("fires", [True, False])
async def test_visits_are_swept_as_cases_are(city, tmp_path, name, fires):
    await VISITS[name][0 if fires else 1](city)
    found, _ = await found_in(city, tmp_path, name[:3])

    assert {each.about for each in found} == (VISITS[name][2] if fires else set())
    assert {each.subject for each in found} <= {f"hall/libao.{city.clock.now.date()}"}
