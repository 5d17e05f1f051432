"""登记簿: what is late or due is entered once and ended once, whatever is corrected afterwards."""

from datetime import datetime

import pytest

from processors.views.fold import compile_fold
from tests.unit.test_clocks import at, tick

DUE = "2020-06-15"
HERE = "|town|民政"


def moment(day):
    return datetime.fromisoformat(at(day))


@pytest.fixture
def monday(hall):
    """2020-06-01 10:00; item `promised`: 10 working days promised, 20 statutory."""
    hall.now = datetime.fromisoformat("2020-06-01T10:00:00+08:00")
    return hall


def open_now(hall, *codes):
    sums, fold = {}, compile_fold()
    for stream in ("case/C1", "rating/C1"):
        for event in hall.events(stream):
            fold(sums, event)
    return {cell: n for cell, n in sums.items() if n and cell.partition("|")[0] in codes}


def late(hall):
    return open_now(hall, "late_promised", "late_statutory")


def due(hall):
    return open_now(hall, "due_open")


def test_an_accepted_case_is_due_until_it_is_concluded(monday):
    monday.bring_to("DEC+")
    before = due(monday)
    monday.conclude()

    assert (before, due(monday)) == ({f"due_open|{DUE}{HERE}": 1}, {})


def test_a_case_is_late_from_the_breach_to_its_end_with_whom_held_it(monday):
    monday.bring_to("REV")
    tick(monday, "06-16T00:00")
    first = late(monday)
    tick(monday, "07-01T00:00")
    second = late(monday)
    monday.decide_on()
    monday.conclude()

    assert first == {f"late_promised|{DUE}{HERE}": 1}
    assert {cell.partition("|")[0] for cell in second} == {"late_promised", "late_statutory"}
    assert (late(monday), due(monday)) == ({}, {})


def test_what_ended_late_is_late_again_when_its_end_is_voided(monday):
    monday.bring_to("DEC+")
    tick(monday, "06-16T00:00")
    was = late(monday)
    monday.wait(hours=10)
    monday.conclude()
    ended = late(monday)
    monday.void(monday.last()["id"])

    assert (len(was), ended, late(monday)) == (1, {}, was)
    assert sum(due(monday).values()) == 1


def test_a_breach_found_out_after_the_end_was_never_late_until_the_end_is_voided(monday):
    monday.bring_to("DEC+")
    monday.now = datetime.fromisoformat("2020-06-17T10:00:00+08:00")
    monday.conclude()
    concluded = next(e for e in monday.events("case/C1") if e["type"] == "case.concluded")
    found = late(monday)
    monday.void(concluded["id"])

    assert (found, sum(late(monday).values())) == ({}, 1)


def test_an_end_that_comes_in_late_takes_breach_and_lateness_away(monday):
    monday.bring_to("DEC+")
    tick(monday, "06-16T00:00")
    monday.now = datetime.fromisoformat("2020-06-17T10:00:00+08:00")
    monday.must(
        "case.conclude", data={"result_code": 0}, at=moment("06-12"), late_reason="line_down"
    )

    assert late(monday) == due(monday) == {}


def test_an_extension_that_comes_in_late_and_an_end_before_the_tick_count_once(monday):
    """The end took the breach for its own; the extension had made it none."""
    monday.bring_to("REV")
    tick(monday, "06-16T00:00")
    monday.now = datetime.fromisoformat("2020-06-17T10:00:00+08:00")
    imported = {"source_class": "imported", "late_reason": "line_down"}
    said = {"days": 5, "approver": "sup", "reason_code": "complex"}
    monday.must("case.grant_extension", data=said, at=moment("06-12"), **imported)
    assert sum(late(monday).values()) == 1
    assert monday.decide_on(**imported).status == "accepted"
    assert monday.conclude(**imported).status == "accepted"

    assert late(monday) == due(monday) == {}
