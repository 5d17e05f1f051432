"""Who holds a case, to whom a breach is laid, and how its time is shared (domain.md 4.2)."""

from itertools import pairwise

import pytest

from analytics.audit.replay import Instant, Stored
from analytics.audit.standing import lines, standing
from ledger.contracts.wire import decode
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
    at, calendar = moment(text).isoformat(), hall.partition.reference.calendar
    return holders.holder_of(holders.state_at(facts, at), at, calendar)


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
    assert (laid["clock"], laid["holder_kind"], laid["office_centre"]) == (
        "C6", "applicant", "town")  # fmt: skip
    assert "holder_dept" not in laid


def test_a_special_procedure_holds_while_it_stops_the_legal_clock(monday):
    monday.bring_to("REV", item="generous")
    monday.must("case.start_special", data={**HEARING, "days_told": 3}, who="cui", post="review")
    tick(monday, "06-05T00:00")

    laid = monday.last()["data"]["data"]
    assert (laid["clock"], laid["holder_kind"]) == ("C9", "special")
    assert (laid["office_dept"], laid["office_centre"]) == ("民政", "town")


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


def stored(hall, key="C1"):
    return [Stored(0, n, b"", event) for n, event in enumerate(hall.events(f"case/{key}"))]


def test_the_audit_of_a_case_shows_its_light_and_whose_time_it_was(monday):
    monday.bring_to("TRN")
    monday.now = moment("06-02T10:00")
    monday.receive()
    calendars = [e for e in map(decode, monday.org.log) if e["type"] == "calendar.published"]
    now = Instant(time=moment("06-16T09:30"))
    stood = standing(stored(monday), now, calendars)

    assert [(each["profile"], each["name"]) for each in stood["lights"]] == [
        ("four_tier", "黄灯"), ("two_tier", "红灯")]  # fmt: skip
    assert stood["lights"][0]["reason"] == "承诺时限已超期(至 2020-06-15 23:59)"
    assert [(each["holder"], each["minutes"]) for each in stood["shares"]] == [
        ("town", 242), ("民政 · town", 5008)]  # fmt: skip
    assert lines(stood)[0].startswith("亮灯 黄灯  承诺时限已超期")
    assert [line.split()[1].count("█") for line in lines(stood)[1:]] == [1, 19]


def test_a_calendar_that_was_not_published_is_no_zero(monday):
    monday.bring_to("ACC")
    stood = standing(stored(monday), Instant(), [])

    assert [each["minutes"] for each in stood["shares"]] == [None]
    assert "时长未知" in lines(stood)[1]


def test_time_goes_on_with_the_ticks_where_nothing_happens(monday):
    monday.bring_to("ACC")
    calendars = [e for e in map(decode, monday.org.log) if e["type"] == "calendar.published"]
    later = standing(stored(monday), Instant(), calendars, moment("06-16T00:00").isoformat())

    assert later["lights"][0]["name"] == "黄灯"
    assert standing(stored(monday), Instant(), calendars)["lights"][0]["name"] == "正常"
    assert standing([], Instant(), calendars) == {"lights": [], "shares": []}
