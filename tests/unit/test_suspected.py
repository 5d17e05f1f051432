"""体外循环疑似 (K42): concluded cases about which R04 or R05 was raised and not cancelled."""

import pytest

from processors.views.fold import compile_fold
from tests.unit.test_alerts import STEPS, SWEEP, swept


def conclude(hall):
    hall.bring_to("DEC+")
    hall.must("case.conclude", data={"result_code": 0}, who="bo", post="approve")


def suspect(hall, rule="R05", **more):
    hall.wait(minutes=1)
    hall.must("alert.raise", "C1", swept(rule=rule, about="", **more), **SWEEP)


def suspected(hall):
    """Give how many concluded cases are suspected, all that counts and was taken back summed."""
    sums, fold = {}, compile_fold()
    for event in hall.events("case/C1"):
        fold(sums, event)
    return sum(n for cell, n in sums.items() if cell.startswith("suspected|2020-06-01|"))


@pytest.mark.parametrize("rule", ["R04", "R05"])
@pytest.mark.parametrize("first", [True, False])
def test_a_concluded_case_is_suspected_whichever_came_first(new_hall, rule, first):
    hall = new_hall()
    if first:
        hall.bring_to("DEC+")
        suspect(hall, rule)
        hall.must("case.conclude", data={"result_code": 0}, who="bo", post="approve")
    else:
        conclude(hall)
        suspect(hall, rule)

    assert suspected(hall) == 1


def test_two_alerts_suspect_once_another_rule_or_a_case_that_is_open_does_not(new_hall):
    twice, other, still = new_hall(), new_hall(), new_hall()
    conclude(twice)
    suspect(twice)
    suspect(twice, level="red")
    suspect(twice, rule="R04")
    conclude(other)
    suspect(other, rule="R09")
    still.bring_to("DEC+")
    suspect(still)

    assert [suspected(hall) for hall in (twice, other, still)] == [1, 0, 0]


def test_what_was_cancelled_suspects_no_more_what_was_closed_does(new_hall):
    done, mistaken = new_hall(), new_hall()
    for hall, step in ((done, "close"), (mistaken, "cancel")):
        for staff in ("sup", "zhu"):
            hall.org_must("staff.join", staff, {"centre": "city"})
            hall.org_must("staff.grant_post", staff, {"post": "city_supervisor", "granted_by": "x"})
        conclude(hall)
        suspect(hall)
        name = swept(rule="R05", about="")["alert_id"]
        data = {"alert_id": name, **STEPS[step][0]}
        hall.wait(minutes=1)
        hall.must(f"alert.{step}", "C1", data, source_class="imported", who="sup",
                  post="city_supervisor")  # fmt: skip

    assert (suspected(done), suspected(mistaken)) == (1, 0)


def test_a_case_concluded_again_is_still_suspected(new_hall):
    hall = new_hall()
    conclude(hall)
    suspect(hall)
    ended = next(e["id"] for e in hall.events("case/C1") if e["type"] == "case.concluded")
    hall.wait(minutes=1)
    assert hall.void(ended).status == "accepted"
    assert suspected(hall) == 0
    hall.must("case.conclude", data={"result_code": 0}, who="bo", post="approve")

    assert suspected(hall) == 1
