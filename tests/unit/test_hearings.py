"""听证 (C10): asked for in time it is held within twenty working days."""

from datetime import datetime

import pytest

from tests.unit.test_clocks import breaches, tick

HEARING = {"sp_no": "s1", "kind": "hearing", "legal_basis": "行政许可法 §47", "days_told": 5,
           "notice_doc": "T1", "excluded": True}  # fmt: skip


@pytest.fixture
def monday(hall):
    """2020-06-01 10:00, a case under review."""
    hall.bring_to("REV", item="generous")
    return hall


def at(moment):
    return datetime.fromisoformat(f"2020-{moment}:00+08:00")


def ask(hall, moment, told_on="2020-06-01", **more):
    hall.now = at(moment)
    return hall.usual("case.request_hearing", but={"told_on": told_on}, **more)


def overdue(hall):
    return [due for clock, due in breaches(hall) if clock == "C10"]


def test_it_is_due_on_the_twentieth_working_day_after_the_request(monday):
    ask(monday, "06-03T10:00")
    tick(monday, "07-02T23:00")  # 06-25 and 06-26 are holidays, 06-28 is made up.
    assert overdue(monday) == []
    tick(monday, "07-03T00:00")

    assert overdue(monday) == ["07-02"]


@pytest.mark.parametrize(("kind", "broken"), [("hearing", False), ("expert", True)])
def test_the_hearing_stops_it_another_procedure_does_not(monday, kind, broken):
    ask(monday, "06-03T10:00")
    monday.must("case.start_special", data={**HEARING, "kind": kind}, who="cui", post="review")
    tick(monday, "08-30T00:00")

    assert bool(overdue(monday)) is broken


@pytest.mark.parametrize(("moment", "lapsed"), [("06-08T17:00", False), ("06-09T09:00", True)])
def test_a_right_that_lapsed_asks_for_nothing(monday, moment, lapsed):
    """Told on a Monday: until the fifth working day after it (行政许可法 §47)."""
    ask(monday, moment)
    tick(monday, "08-30T00:00")

    assert bool(overdue(monday)) is not lapsed


def test_amended_to_have_been_told_of_earlier_it_had_lapsed(monday):
    ask(monday, "06-08T17:00")
    target = monday.last()["id"]
    monday.wait(minutes=1)
    changes = {"told_on": {"old": "2020-06-01", "new": "2020-05-20"}}
    receipt = monday.usual("case.amend_event", but={"target": target, "changes": changes})
    tick(monday, "08-30T00:00")

    assert receipt.status == "accepted", receipt
    assert overdue(monday) == []


@pytest.mark.parametrize(
    ("told_on", "code"), [("2020-06-02", ""), ("2020-06-04", "E_TIME_ORDER"), ("soon", "E_FIELD")]
)
def test_nobody_asks_before_being_told(monday, told_on, code):
    assert ask(monday, "06-03T10:00", told_on).code == code


def test_a_hearing_is_asked_for_once(monday):
    ask(monday, "06-03T10:00")

    assert ask(monday, "06-03T11:00").code == "E_STATE"


def test_the_end_of_the_case_ends_the_wait_for_a_hearing(monday):
    ask(monday, "06-03T10:00")
    monday.usual("case.withdraw")
    tick(monday, "08-30T00:00")

    assert overdue(monday) == []
