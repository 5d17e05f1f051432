"""A calendar published later restates the dues of open cases only (domain.md 4.2).

The Spring Festival of 2020 was prolonged to 2 February by 国办发明电〔2020〕1号 while clocks ran.
"""

from datetime import date, timedelta

import pytest

from ledger.rules.effective import current
from tests.ticking import breaches, kinds, moment, tick

FESTIVAL = [date(2020, 1, 24) + timedelta(n) for n in range(7)]
PROLONGED = [date(2020, 1, 24) + timedelta(n) for n in range(10)]


def publish(hall, days, workdays, doc):
    hall.org_must("calendar.publish", "cal-2020", {
        "year": 2020, "doc_no": doc, "holidays": [str(d) for d in (date(2020, 1, 1), *days)],
        "workdays": workdays})  # fmt: skip


def prolong(hall):
    publish(hall, PROLONGED, ["2020-01-19"], "国办发明电〔2020〕1号")


@pytest.fixture
def january(new_hall):
    """2020-01-20, a Monday; 10 working days promised: 02-07, prolonged 02-11."""
    hall = new_hall(furnished=False)
    hall.now = moment("01-20T10:00")
    hall.furnish()
    publish(hall, FESTIVAL, ["2020-01-19", "2020-02-01"], "国办发明电〔2019〕16号")
    return hall


def dues(hall, key="C1"):
    """(promised, statutory) of the acceptance as it counts."""
    facts = current(hall.events(f"case/{key}")).values()
    stamp = next(
        e["data"]["stamp"] for e in facts
        if e["type"] in {"case.accepted", "case.deemed_accepted"}
    )  # fmt: skip
    return stamp["promised_due"][5:10], stamp["statutory_due"][5:10]


def test_a_prolonged_holiday_moves_the_dues_of_open_cases_at_the_next_tick(january):
    january.bring_to("REV")
    assert dues(january) == ("02-07", "02-21")
    january.now = moment("01-27T10:00")
    before = len(kinds(january))
    prolong(january)
    assert kinds(january, before) == []
    tick(january, "01-27T10:01")

    assert kinds(january, before) == ["event_restamped"]
    assert dues(january) == ("02-11", "02-25")
    assert january.state().promised_due.startswith("2020-02-11")
    tick(january, "02-11T23:59")
    assert breaches(january) == []
    tick(january, "02-12T00:00")
    assert breaches(january) == [("C3", "02-11")]


def test_the_restated_stamp_names_the_calendar_it_follows(january):
    january.bring_to("ACC")
    prolong(january)
    tick(january, "01-27T10:01")
    said = january.last()["data"]["data"]

    assert said["before"]["data"]["stamp"]["calendar"] == "org/cal-2020@2"
    assert said["after"]["data"]["stamp"]["calendar"] == "org/cal-2020@3"
    assert said["after"]["data"]["data"] == said["before"]["data"]["data"]


def test_a_case_that_was_concluded_before_keeps_its_figures(january):
    january.bring_to("DEC+")
    january.conclude()
    before = len(kinds(january))
    january.now = moment("01-27T10:00")
    prolong(january)
    tick(january, "01-27T10:01")
    january.now = moment("01-27T10:02")
    assert january.usual("case.issue").status == "accepted"

    assert kinds(january, before) == ["issued"]
    assert dues(january) == ("02-07", "02-21")


def test_a_breach_without_ground_is_withdrawn_and_recorded_at_the_new_due(january):
    january.bring_to("REV")
    tick(january, "02-08T08:00")
    assert breaches(january) == [("C3", "02-07")]
    prolong(january)
    tick(january, "02-08T08:01")
    assert breaches(january) == []
    tick(january, "02-12T00:00")

    assert breaches(january) == [("C3", "02-11")]


def test_a_late_conclusion_stays_late_whatever_calendar_comes_after_it(january):
    january.bring_to("DEC+")
    tick(january, "02-08T08:00")
    january.now = moment("02-08T09:00")
    january.conclude()
    assert breaches(january)[0] == ("C3", "02-07")
    january.now = moment("02-08T09:01")
    prolong(january)
    tick(january, "02-08T09:02")
    january.usual("case.issue")

    assert breaches(january)[0] == ("C3", "02-07")


def test_a_command_before_the_tick_brings_the_restatement_along(january):
    january.bring_to("ACC")
    before = len(kinds(january))
    prolong(january)
    january.transfer()

    assert kinds(january, before) == ["transferred", "event_restamped"]
    tick(january, "01-27T10:01")
    assert kinds(january, before).count("event_restamped") == 1


@pytest.mark.parametrize("command", ["case.suspend_clock", "case.start_special"])
def test_a_case_that_stands_still_is_looked_at_too(january, command):
    january.bring_to("REV", item="generous")
    assert january.usual(command, but={"legal_basis": "§45"}).status == "accepted"
    tick(january, "01-21T10:01")
    before = len(kinds(january))
    prolong(january)
    tick(january, "01-27T10:01")

    assert "event_restamped" in kinds(january, before)


def test_deemed_acceptances_follow_too_and_stay_on_their_day(january):
    january.submit()
    tick(january, "02-04T08:00")
    assert january.state().status == "ACC"
    day = january.last()["time"]
    prolong(january)
    tick(january, "02-04T08:01")

    now = current(january.events("case/C1"))
    assert [e["time"] for e in now.values() if e["type"] == "case.deemed_accepted"] == [day]
    assert dues(january) == ("02-11", "02-25")


def test_a_calendar_that_moves_nothing_restates_nothing(january):
    january.bring_to("ACC")
    before = len(kinds(january))
    publish(january, FESTIVAL, ["2020-01-19", "2020-02-01"], "国办发明电〔2019〕16号")
    tick(january, "01-27T10:01")

    assert kinds(january, before) == []


def test_the_first_calendar_of_a_year_ends_what_was_provisional(new_hall):
    hall = new_hall(furnished=False)
    hall.now = moment("06-01T10:00")
    hall.furnish()
    hall.now = moment("12-21T10:00")
    hall.bring_to("ACC")
    assert hall.last()["data"]["stamp"]["due_provisional"] is True
    hall.org_must("calendar.publish", "cal-2021", {
        "year": 2021, "doc_no": "x", "holidays": ["2021-01-01"], "workdays": []})  # fmt: skip
    tick(hall, "12-21T11:00")

    assert hall.last()["type"] == "case.event_restamped"
    stamp = hall.last()["data"]["data"]["after"]["data"]["stamp"]
    assert "due_provisional" not in stamp
    assert stamp["calendar"] == "org/cal-2020@1,org/cal-2021@1"


def test_every_open_case_is_looked_at_once_and_no_more(january):
    for n in range(5):
        january.bring_to("ACC", f"C{n}")
    january.bring_to("ARC", "C9")
    january.wait(minutes=1)
    prolong(january)
    first = tick(january, "01-27T10:01")
    again = tick(january, "01-27T10:02")

    told = [e.stream for e in first.events if not e.stream.startswith("partition/")]
    assert told == [f"case/C{n}" for n in range(5)]
    assert again.events == ()
