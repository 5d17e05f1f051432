"""Who holds a case, to whom a breach is laid, and how its time is shared (domain.md 4.2)."""

from itertools import pairwise

import pytest

from ledger.rules import holders
from ledger.rules.effective import current
from tests.ticking import HEARING, moment, tick


@pytest.fixture
def monday(hall):
    """2020-06-01 10:00."""
    hall.now = moment("06-01T10:00")
    return hall


def holder(hall, text):
    facts = current(hall.events("case/C1")).values()
    return holders.holder_at(facts, moment(text).isoformat(), hall.partition.reference.calendar)


def test_on_the_way_the_sender_holds_until_it_should_be_signed_for(monday):
    monday.bring_to("TRN")

    assert (holder(monday, "06-01T14:01").dept, holder(monday, "06-01T14:01").centre) == (
        None, "town")  # fmt: skip
    assert holder(monday, "06-01T14:02").dept == "民政"


def test_a_breach_on_the_way_is_laid_to_the_receiver_who_did_not_sign(monday):
    monday.bring_to("TRN")
    tick(monday, "06-16T00:00")

    laid = [e["data"]["data"] for e in monday.events("case/C1")
            if e["type"] == "case.clock_breached"]  # fmt: skip
    assert [(each["clock"], each.get("holder_dept")) for each in laid] == [
        ("C5", "民政"), ("C3", "民政")]  # fmt: skip


def test_the_applicant_holds_while_materials_are_awaited(monday):
    monday.submit()
    monday.usual("case.notice_supplement")
    tick(monday, "07-20T00:00")

    laid = monday.last()["data"]["data"]
    assert (laid["clock"], laid["holder_kind"]) == ("C6", "applicant")
    assert "holder_dept" not in laid


def test_a_special_procedure_holds_while_it_stops_the_legal_clock(monday):
    monday.bring_to("REV", item="generous")
    monday.must("case.start_special", data={**HEARING, "days_told": 3}, who="cui", post="review")
    tick(monday, "06-05T00:00")

    laid = monday.last()["data"]["data"]
    assert (laid["clock"], laid["holder_kind"]) == ("C9", "special")


def test_the_time_of_a_case_is_shared_out_without_a_gap(monday):
    """Town 10:00–14:02 (on the way until it should be signed), 民政 afterwards."""
    monday.bring_to("TRN")
    monday.now = moment("06-02T10:00")
    monday.receive()
    monday.now = moment("06-02T12:00")
    monday.decide_on()
    monday.conclude()
    facts = list(current(monday.events("case/C1")).values())
    calendar = monday.partition.reference.calendar
    found = holders.shares(facts, "2020-12-31T00:00:00+08:00", calendar)
    by_dept = {each.dept: minutes for each, minutes in found.items()}

    assert by_dept == {None: 242, "民政": 178 + 180}
    whole = calendar.minutes(moment("06-01T10:00"), moment("06-02T12:00"))
    assert sum(by_dept.values()) == whole
    held = holders.stretches(facts, "2020-12-31T00:00:00+08:00", calendar)
    assert all(a.end == b.start for a, b in pairwise(held))
