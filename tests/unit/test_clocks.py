"""Clocks: the vectors of domain.md 4.2, and what the ledger records when a due passes."""

import tomllib
from datetime import datetime
from pathlib import Path

import pytest

from ledger.contracts.codes import SHANGHAI
from ledger.contracts.events.base import Limit
from ledger.rules import clocks
from ledger.rules.clocks import Clock, Clocks, Extension, Pause, due_of
from ledger.rules.workdays import Calendar

ROOT = Path(__file__).parents[2]
LAW = frozenset({"C2", "C3"})


@pytest.fixture(scope="module")
def year():
    table = tomllib.loads((ROOT / "ledger/data/holidays/2020.toml").read_text())
    return Calendar().with_year(2020, table["holidays"], table["workdays"])


def at(day, hour=10):
    return datetime.fromisoformat(f"2020-{day}T{hour:02d}:00:00+08:00").isoformat()


VECTORS = [
    ("V1", "C3", "04-20", 10, [], None, "05-06"),
    ("V2", "C3", "04-20", 10, [("04-23", "04-28")], None, "05-11"),
    ("V3", "C1", "04-28", 5, [], None, "05-08"),
    ("V4", "C8", "09-24", 10, [], None, "10-14"),
    ("V5", "C3", "04-20", 10, [("04-23", "04-23")], None, "05-06"),
    ("V6", "C3", "04-20", 10, [("04-23", "04-28"), ("04-27", "04-29")], None, "05-12"),
    ("V7", "C2", "04-20", 20, [], None, "05-19"),
    ("V7 extended", "C2", "04-20", 20, [], ("04-30", 10), "06-02"),
    ("V8", "C2", "04-28", 20, [], None, "05-28"),
    ("V9", "C3", "05-16", 1, [], None, "05-18"),
    ("V10", "C2", "04-20", 45, [], None, "06-23"),
    ("V10 extended", "C2", "04-20", 45, [], ("05-30", 15), "07-15"),
    ("an extension after the due heals nothing", "C2", "04-20", 20, [], ("05-20", 10), "05-19"),
    ("an open pause holds the due off", "C3", "04-20", 10, [("04-23", None)], None, None),
    ("a pause opened after the due is too late", "C3", "04-20", 10, [("05-07", None)], None,
     "05-06"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "code", "start", "n", "pauses", "longer", "due"), VECTORS)
def test_the_vectors_of_the_law(year, name, code, start, n, pauses, longer, due):
    clock = Clock(code, "", at(start), Limit(n=n))
    ticking = Clocks(
        (clock,),
        tuple(Pause(str(i), at(a), LAW, b and at(b)) for i, (a, b) in enumerate(pauses)),
        longer and Extension(at(longer[0]), longer[1]),
    )
    found = due_of(ticking, clock, year)

    assert found == (due and f"2020-{due}T23:59:59.999000+08:00"), name


def tick(hall, moment):
    """Tick at an instant of 2020 (MM-DDTHH:MM); the ledger's now goes along."""
    hall.now = datetime.fromisoformat(f"2020-{moment}:00+08:00").astimezone(SHANGHAI)
    text = hall.now.isoformat()
    raw = hall.raw("clock.tick", "0", {}, source_class="system", source_system="clock",
                   source_seq=f"0@{text}")  # fmt: skip
    return hall.decide(raw)


def kinds(hall, since=0):
    return [e["type"].removeprefix("case.") for e in hall.events("case/C1")][since:]


def breaches(hall):
    return [
        (e["data"]["data"]["clock"], e["time"][5:10])
        for e in hall.events("case/C1") if e["type"] == "case.clock_breached"
    ]  # fmt: skip


@pytest.fixture
def monday(hall):
    """2020-06-01 10:00; item `promised`: 10 working days promised, 20 statutory."""
    hall.now = datetime.fromisoformat("2020-06-01T10:00:00+08:00")
    return hall


def test_a_breach_is_recorded_once_at_the_first_tick_behind_the_due(monday):
    monday.bring_to("ACC")
    tick(monday, "06-15T23:59")
    assert breaches(monday) == []

    tick(monday, "06-16T00:00")
    assert breaches(monday) == [("C3", "06-15")]

    tick(monday, "06-17T00:00")
    assert breaches(monday) == [("C3", "06-15")]


def test_a_breach_is_laid_to_whom_held_the_case_when_the_due_passed(monday):
    monday.bring_to("REV")
    tick(monday, "06-16T00:00")

    found = monday.last()["data"]["data"]
    assert (found["clock"], found["holder_dept"]) == ("C3", "民政")


def test_a_conclusion_in_time_is_never_late_whatever_ticks_come(monday):
    monday.bring_to("DEC+")
    monday.conclude()
    tick(monday, "06-12T10:00")
    tick(monday, "12-30T10:00")

    assert [clock for clock, _ in breaches(monday)] == ["C8"]


def test_a_conclusion_after_the_due_brings_its_breach_along(monday):
    """No tick came in between: the fact itself shows that the due passed."""
    monday.bring_to("DEC+")
    monday.now = datetime.fromisoformat("2020-06-16T09:00:00+08:00")
    monday.conclude()

    assert breaches(monday) == [("C3", "06-15")]


def test_late_evidence_withdraws_the_breach_in_its_own_batch(monday):
    monday.bring_to("DEC+")
    on_time = monday.now
    tick(monday, "06-16T08:00")
    assert breaches(monday) == [("C3", "06-15"), ("C8", "06-15")]
    before = len(kinds(monday))

    monday.conclude(at=on_time, late_reason="paper")
    assert kinds(monday, before) == ["concluded", "event_voided", "event_restamped"]
    assert monday.last()["data"]["data"]["after"] is None
    assert {name[0] for name in monday.state().clocks.breached} == {"C8"}


def test_nobody_told_the_applicant_anything_so_the_case_is_deemed_accepted(new_hall):
    """V3, V8: due 05-08, event on 05-09, not recorded before 05-10; it runs from the receipt."""
    monday = new_hall(furnished=False)
    monday.now = datetime.fromisoformat("2020-04-28T10:00:00+08:00")
    monday.furnish()
    monday.submit()
    tick(monday, "05-09T00:00")
    assert kinds(monday) == ["submitted", "clock_breached"]
    tick(monday, "05-09T23:59")
    assert kinds(monday) == ["submitted", "clock_breached"]
    tick(monday, "05-10T00:00")

    fact = monday.last()
    assert kinds(monday) == ["submitted", "clock_breached", "deemed_accepted"]
    assert fact["time"] == "2020-05-09T00:00:00+08:00"
    assert fact["data"]["data"]["effective_at"] == "2020-04-28T10:00:00+08:00"
    assert fact["data"]["stamp"]["statutory_due"].startswith("2020-05-28")
    assert monday.state().status == "ACC"


def test_what_is_done_at_once_was_broken_on_the_day_of_its_receipt_when_it_is_deemed_accepted(
    monday,
):
    """K16 is over all instant items that were accepted, however (domain.md 6.2)."""
    monday.submit(item="instant")
    tick(monday, "06-10T00:00")

    assert kinds(monday)[2:] == ["deemed_accepted", "clock_breached", "clock_breached"]
    assert breaches(monday) == [("C1", "06-08"), ("C0", "06-01"), ("C3", "06-01")]


def test_a_supplement_notice_in_time_stops_the_first_clock(monday):
    monday.submit()
    told = {"notice_no": "B1", "missing": ["m1"]}
    monday.say("case.notice_supplement", data=told, who="an", post="accept")
    tick(monday, "06-30T00:00")
    assert breaches(monday) == []
    tick(monday, "08-30T00:00")

    assert [clock for clock, _ in breaches(monday)] == ["C6"]


STOPPED = [("case.archive", "C8"), ("case.revoke_decision", "C8"), ("case.start_step", "C4"),
           ("case.request_hearing", "C10")]  # fmt: skip


@pytest.mark.parametrize(("kind", "code"), STOPPED)
def test_what_is_over_breaks_no_clock(monday, kind, code):
    monday.bring_to("REV", item="generous")
    monday.wait(minutes=1)
    early = kind in {"case.start_step", "case.request_hearing"}
    if early:
        assert monday.usual(kind, but={"limit": {"n": 3}} if code == "C4" else {}).code == ""
    assert monday.decide_on().code == monday.conclude().code == ""
    monday.wait(minutes=1)
    if not early:
        assert monday.usual(kind).code == ""
    tick(monday, "08-30T00:00")

    assert code not in {clock for clock, _ in breaches(monday)}
    assert any(clock.code == code and clock.stop for clock in monday.state().clocks.all)
    assert not [e for e in monday.events("supervision/C1")
                if e["data"]["data"].get("rule_id") == {"C8": "R17"}.get(code, "R02")]  # fmt: skip


def test_a_pause_moves_the_due_and_an_open_one_holds_it_off(monday):
    monday.org_must("item.register", "heard", {
        "name": "听证事项", "dept": "民政", "project_type": "promised", "statutory": {"n": 20},
        "promised": {"n": 10}, "special_kinds": ["hearing"]})  # fmt: skip
    monday.bring_to("REV", item="heard")
    monday.now = datetime.fromisoformat("2020-06-03T10:00:00+08:00")
    begun = {"sp_no": "s1", "kind": "hearing", "legal_basis": "行政许可法 §45", "days_told": 30,
             "notice_doc": "T1", "excluded": True}  # fmt: skip
    assert monday.say("case.start_special", data=begun, who="cui", post="review").code == ""
    tick(monday, "06-30T00:00")
    assert breaches(monday) == []
    monday.say("case.end_special", data={"sp_no": "s1"}, who="cui", post="review")
    tick(monday, "07-10T00:00")
    assert breaches(monday) == []
    tick(monday, "07-11T00:00")

    assert breaches(monday) == [("C3", "07-10")]


# How long is promised | hearing: from, to (None: still open) | due of C3. Accepted 06-01 10:01.
PAUSED = [
    ((4, "hour"), "06-01T10:30", None, None),
    ((4, "hour"), "06-01T10:30", "06-01T11:30", "06-01T15:01"),
    ((4, "hour"), "06-01T10:30", "06-03T09:15", "06-03T12:46"),
    ((4, "hour"), "06-01T08:00", "06-01T09:30", "06-01T14:01"),
    ((4, "hour"), "06-01T14:01", None, "06-01T14:01"),
    ((9, "hour"), "06-01T16:00", "06-02T09:30", "06-02T12:31"),
    ((5, "day"), "06-06T10:00", None, None),
    ((5, "day"), "06-06T10:00", "06-09T10:00", "06-10T23:59"),
    ((5, "day"), "06-06T10:00", "06-07T10:00", "06-08T23:59"),
    ((5, "day"), "06-08T10:00", None, "06-08T23:59"),
    ((5, "day"), "06-05T10:00", "06-06T10:00", "06-08T23:59"),
]


@pytest.mark.parametrize(("limit", "begun", "ended", "due"), PAUSED)
def test_no_due_passes_within_a_pause_in_whatever_unit(year, limit, begun, ended, due):
    clock = Clock("C3", "", "2020-06-01T10:01:00+08:00", Limit(n=limit[0], unit=limit[1]))
    pause = Pause("s", f"2020-{begun}:00+08:00", LAW, ended and f"2020-{ended}:00+08:00")
    found = due_of(Clocks((clock,), (pause,)), clock, year)

    assert (found and found[5:16]) == due


def test_an_unsigned_transfer_is_due_after_four_working_hours(monday):
    monday.bring_to("TRN")
    tick(monday, "06-01T14:01")
    assert breaches(monday) == []
    tick(monday, "06-01T14:03")

    assert breaches(monday) == [("C5", "06-01")]


def test_a_voided_acceptance_takes_its_clocks_and_their_breach_with_it(monday):
    monday.bring_to("ACC")
    tick(monday, "06-16T00:00")
    receipt = monday.void("case/C1@2")

    assert receipt.status == "accepted", receipt
    assert monday.state().clocks.breached == ()
    assert {c.code for c in monday.state().clocks.all} == {"C1"}


def test_the_breach_before_a_deemed_acceptance_is_recorded_once(monday):
    """Both are of one batch: the state that is carried knows of both."""
    monday.submit()
    tick(monday, "06-10T00:00")
    monday.usual("case.urge")

    assert kinds(monday) == ["submitted", "clock_breached", "deemed_accepted", "urged"]


def test_history_has_no_clocks(monday):
    monday.say("case.submit", data={"case_no": "1", "item": "promised"}, channel="window",
               source_class="historical")  # fmt: skip
    tick(monday, "12-30T00:00")

    assert kinds(monday) == ["submitted"]
    assert monday.state().clocks == clocks.NONE


def test_no_due_before_the_tick_is_left_without_a_breach(monday):
    """The check query of law 8, over two hundred cases in all states."""
    for n in range(60):
        monday.submit(f"C{n}")
        if n % 3:
            monday.accept(f"C{n}")
        if n % 3 == 2:
            monday.transfer(f"C{n}", number=f"t{n}")
    tick(monday, "08-01T00:00")
    tick(monday, "08-01T00:01")
    calendar = monday.partition.reference.calendar
    for n in range(60):
        ticking = monday.state(f"C{n}").clocks
        late = clocks.overdue(ticking, calendar, monday.partition.tick, running=True)

        assert {c.name for c, _ in late} == ticking.breached_names
