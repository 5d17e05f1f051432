"""数据上报 (C15): what is owed to a platform by eight the next day, and what settles it."""

from datetime import datetime

import pytest

from ledger.rules.exchanges import report_due
from tests.unit.test_clocks import tick

DONE = {"target": "province", "batch": "b1", "ok": True}


@pytest.fixture
def monday(hall):
    """2020-06-01 10:00; item `reported` is reported to the platform `province`."""
    hall.now = datetime.fromisoformat("2020-06-01T10:00:00+08:00")
    return hall


def at(moment):
    return datetime.fromisoformat(f"2020-{moment}:00+08:00")


def exchange(hall, moment, told=None, **more):
    hall.now = at(told or moment)
    late = {"at": at(moment), "late_reason": "paper"} if told else {}
    hall.must("case.exchange", data={**DONE, **more}, **late)


def broken(hall):
    """Give (version of the fact, due) of the breaches that count, in order."""
    breaches = hall.state().clocks.breached
    return [(b.about, b.due[5:16]) for b in breaches if b.code == "C15"]


def reported(hall):
    """Give how many facts each exchange reported in time, as its stamp says."""
    return [e["data"]["stamp"].get("reported", 0)
            for e in hall.events("case/C1") if e["type"] == "case.exchanged"]  # fmt: skip


def test_it_is_due_at_eight_on_the_next_day_a_holiday_or_not():
    assert report_due("2020-10-01T23:59:00+08:00") == "2020-10-02T08:00:00+08:00"


def test_one_exchange_settles_all_that_had_happened_by_then(monday):
    monday.bring_to("REV", item="reported")
    exchange(monday, "06-01T22:00")
    tick(monday, "06-02T09:00")

    assert (reported(monday), broken(monday)) == ([2], [])
    assert [c for c in monday.state().clocks.all if c.code == "C15"] == []


def test_at_eight_it_is_in_time_a_minute_later_it_is_not(monday):
    monday.bring_to("ACC", item="reported")
    exchange(monday, "06-02T08:01")
    exchange(monday, "06-02T08:02")

    assert (reported(monday), broken(monday)) == ([0, 0], [("2", "06-02T08:00")])


@pytest.mark.parametrize("more", [{"ok": False}, {"target": "nation"}])
def test_what_failed_or_went_elsewhere_settles_nothing(monday, more):
    monday.bring_to("ACC", item="reported")
    exchange(monday, "06-01T22:00", **more)
    tick(monday, "06-02T09:00")

    assert (reported(monday), broken(monday)) == ([0], [("2", "06-02T08:00")])


def test_a_case_of_an_item_that_is_not_reported_owes_nothing(monday):
    monday.bring_to("DLV")
    exchange(monday, "06-01T22:00")
    tick(monday, "06-02T09:00")

    assert (reported(monday), broken(monday)) == ([0], [])


def test_an_end_is_reported_as_well(monday):
    """撤回 stops the clocks of the case, not the duty to report what was done."""
    monday.bring_to("ACC", item="reported")
    monday.usual("case.withdraw")
    monday.must("case.conclude", data={"result_code": 5}, who="an", post="accept")
    tick(monday, "06-02T09:00")

    assert broken(monday) == [("2", "06-02T08:00"), ("4", "06-02T08:00")]


def test_an_exchange_that_is_told_late_takes_the_breach_back(monday):
    monday.bring_to("ACC", item="reported")
    tick(monday, "06-02T09:00")
    assert broken(monday) == [("2", "06-02T08:00")]
    exchange(monday, "06-02T07:00", told="06-02T10:00")

    assert (reported(monday), broken(monday)) == ([1], [])


def test_what_happened_after_the_exchange_is_not_reported_by_it(monday):
    """It is told, after the decision, of an exchange that was made before it."""
    monday.bring_to("REV", item="reported")
    monday.now = at("06-01T12:00")
    assert monday.decide_on().status == "accepted"
    exchange(monday, "06-01T11:00", told="06-01T13:00")
    tick(monday, "06-02T09:00")

    assert (reported(monday), broken(monday)) == ([2], [("5", "06-02T08:00")])


def test_a_voided_exchange_reported_nothing(monday):
    monday.bring_to("ACC", item="reported")
    exchange(monday, "06-01T22:00")
    monday.now = at("06-02T09:00")
    assert monday.void("case/C1@3").status == "accepted"
    tick(monday, "06-02T09:01")

    assert broken(monday) == [("2", "06-02T08:00")]


def test_history_owes_no_report(monday):
    monday.must("case.submit", data={"case_no": "1", "item": "reported"},
                source_class="historical", channel="window")  # fmt: skip
    monday.must("case.accept", source_class="historical")
    tick(monday, "06-02T09:00")

    assert broken(monday) == []
