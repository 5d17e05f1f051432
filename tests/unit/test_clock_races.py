"""Clocks in races (domain.md 4.2, 4.3): what comes after a breach, what moves a due."""

import pytest

from ledger.contracts.events import case_course as course
from ledger.contracts.events.base import Limit
from ledger.rules.clocks import Breach, Clock, Clocks, Extension, Pause, due_of
from ledger.rules.effective import current
from tests.ticking import HEARING, amend, breaches, kinds, moment, tick

LAW = frozenset({"C2", "C3", "C4"})


@pytest.fixture
def monday(hall):
    """2020-06-01 10:00; 10 working days promised (06-15), 20 statutory (06-30)."""
    hall.now = moment("06-01T10:00")
    return hall


def extend(hall, text, days=5, **more):
    return hall.must("case.grant_extension", data={
        "days": days, "approver": "boss", "reason_code": "complex", "told_doc": "T2"},
        who="bo", post="approve", at=moment(text), late_reason="x", **more)  # fmt: skip


# ------------------------------------------------------------------ 1 what comes after a breach


def test_an_extension_entered_before_the_breach_moves_the_due(monday):
    monday.bring_to("REV")
    monday.now = moment("06-10T10:00")
    extend(monday, "06-10T10:00")
    tick(monday, "06-22T10:00")

    assert breaches(monday) == []
    assert "flags" not in monday.events("case/C1")[4]["data"]["stamp"]
    tick(monday, "06-23T00:00")
    assert breaches(monday) == [("C3", "06-22")]


def test_an_extension_entered_after_the_breach_heals_nothing(monday):
    monday.bring_to("REV")
    tick(monday, "06-16T08:00")
    before = len(kinds(monday))
    extend(monday, "06-15T10:00")

    assert kinds(monday, before) == ["extension_granted"]
    assert breaches(monday) == [("C3", "06-15")]
    tick(monday, "07-02T08:00")
    assert breaches(monday) == [("C3", "06-15")], "the statutory due moved from 06-30 to 07-07"
    tick(monday, "07-08T00:00")
    assert breaches(monday) == [("C3", "06-15"), ("C2", "07-07")]


@pytest.mark.parametrize("what", ["special", "suspension"])
def test_a_pause_entered_after_the_breach_heals_nothing(monday, what):
    monday.org_must("item.register", "promised", {
        "name": "x", "dept": "民政", "project_type": "promised", "statutory": {"n": 20},
        "promised": {"n": 10}, "special_kinds": ["hearing"]})  # fmt: skip
    monday.bring_to("REV")
    tick(monday, "06-16T08:00")
    back = {"at": moment("06-12T10:00"), "late_reason": "x", "who": "cui", "post": "review"}
    if what == "special":
        monday.must("case.start_special", data=HEARING, **back)
    else:
        monday.must("case.suspend_clock", data={
            "reason_code": "x", "approver": "boss", "legal_basis": "§45"}, **back)  # fmt: skip
    assert breaches(monday) == [("C3", "06-15")]
    tick(monday, "07-20T08:00")

    assert ("C2", "06-30") not in breaches(monday), "C2 had not been broken: it is paused"
    assert breaches(monday)[0] == ("C3", "06-15")


def test_an_extension_behind_a_withdrawn_breach_counts_again(monday):
    """The breach goes with the acceptance amended to a later day; nothing is held back then."""
    monday.submit()
    accepted = moment("06-01T10:00")
    monday.now = moment("06-10T10:00")
    monday.must("case.accept", data={"accept_no": "1"}, who="an", post="accept", at=accepted,
                late_reason="x", centre="town", window="town-1", channel="window")  # fmt: skip
    tick(monday, "06-16T08:00")
    extend(monday, "06-15T10:00")
    assert breaches(monday) == [("C3", "06-15")]
    changes = {"occurred_at": {"old": accepted.isoformat(),
                               "new": moment("06-03T10:00").isoformat()}}  # fmt: skip
    assert amend(monday, 2, changes).status == "accepted"

    assert breaches(monday) == []
    tick(monday, "06-24T00:00")
    assert breaches(monday) == []
    tick(monday, "06-25T00:00")
    assert breaches(monday) == [("C3", "06-24")]


# ------------------------------------------------------------------- 2 what moves a running due


def paused_case(monday):
    """Paused 06-03 → 06-05 by a hearing: C3 is due 06-17, broken, and C1@5, C1@6 are the pause."""
    monday.org_must("item.register", "promised", {
        "name": "x", "dept": "民政", "project_type": "promised", "statutory": {"n": 20},
        "promised": {"n": 10}, "special_kinds": ["hearing"]})  # fmt: skip
    monday.bring_to("REV")
    monday.now = moment("06-03T10:00")
    monday.must("case.start_special", data=HEARING, who="cui", post="review")
    monday.now = moment("06-05T10:00")
    monday.must("case.end_special", data={"sp_no": "s1"}, who="cui", post="review")
    tick(monday, "06-18T00:00")
    assert breaches(monday) == [("C3", "06-17")]


def test_a_void_that_moves_a_running_due_takes_the_breach_back_at_once(monday):
    paused_case(monday)
    before = len(kinds(monday))
    assert monday.void("case/C1@5", "case/C1@6").status == "accepted"

    assert kinds(monday, before) == [
        "event_voided", "event_restamped", "event_restamped", "event_voided", "event_restamped",
    ]  # fmt: skip
    assert breaches(monday) == []
    tick(monday, "06-18T00:01")
    assert breaches(monday) == [("C3", "06-15")]


def test_an_amendment_that_moves_a_running_due_takes_the_breach_back_at_once(monday):
    paused_case(monday)
    changes = {"occurred_at": {"old": moment("06-05T10:00").isoformat(),
                               "new": moment("06-04T10:00").isoformat()}}  # fmt: skip
    assert amend(monday, 6, changes).status == "accepted"

    assert breaches(monday) == []
    tick(monday, "06-18T00:01")
    assert breaches(monday) == [("C3", "06-16")]


def test_what_does_not_move_the_due_leaves_the_breach_alone(monday):
    paused_case(monday)
    before = len(kinds(monday))
    assert amend(monday, 5, {"notice_doc": {"old": "T1", "new": "T9"}}).status == "accepted"

    assert kinds(monday, before) == ["event_amended", "event_restamped"]
    tick(monday, "06-18T00:01")
    assert breaches(monday) == [("C3", "06-17")]


# ------------------------------------------------------------------------------------- 3 容缺 C7


@pytest.fixture
def owing(monday):
    """Materials m1 and m2 are owed until 06-10 17:00."""
    monday.bring_to("ACC", item="generous")
    assert monday.usual("case.commit_deficiency").status == "accepted"
    return monday


FILLS = [
    ("all in time", [("fill", ["m1", "m2"])], []),
    ("one by one in time", [("fill", ["m1"]), ("fill", ["m2"])], []),
    ("one is missing", [("fill", ["m1"])], [("C7", "06-10")]),
    ("given up before the due", [("fill", ["m1"]), ("fail", ["m2"])], []),
    ("nothing came", [], [("C7", "06-10")]),
]


@pytest.mark.parametrize(("name", "course", "expected"), FILLS)
def test_deficiency_runs_until_the_last_material_came(owing, name, course, expected):
    owing.now = moment("06-05T10:00")
    for what, materials in course:
        receipt = owing.usual(f"case.{what}_deficiency", but={"materials": materials})
        assert receipt.status == "accepted", receipt
        owing.wait(minutes=1)
    tick(owing, "06-11T00:00")

    assert breaches(owing) == expected, name


def test_the_last_material_after_the_due_is_a_breach_without_any_tick(owing):
    owing.now = moment("06-10T18:00")
    owing.usual("case.fill_deficiency")

    assert breaches(owing) == [("C7", "06-10")]


# ------------------------------------------------------------------------- 4 deemed acceptance


@pytest.fixture
def deemed(monday):
    """Received 06-01, C1 due 06-08, deemed on 06-09."""
    monday.submit()
    tick(monday, "06-11T00:00")
    assert kinds(monday)[1:] == ["clock_breached", "deemed_accepted"]
    return monday


def test_a_deemed_acceptance_follows_its_amended_receipt(deemed):
    earlier = moment("05-29T10:00").isoformat()
    changes = {"occurred_at": {"old": moment("06-01T10:00").isoformat(), "new": earlier}}
    assert amend(deemed, 1, changes).status == "accepted"

    now = current(deemed.events("case/C1"))["case/C1@3"]
    assert now["data"]["data"]["effective_at"] == earlier
    assert now["time"] == "2020-06-06T00:00:00+08:00"
    assert now["data"]["stamp"]["promised_due"].startswith("2020-06-12")
    assert deemed.state().accepted_at == earlier
    assert {c.start for c in deemed.state().clocks.all if c.code in {"C2", "C3"}} == {earlier}
    tick(deemed, "06-13T00:00")
    assert breaches(deemed) == [("C1", "06-05"), ("C3", "06-12")]


def test_a_receipt_too_late_for_its_deemed_acceptance_needs_it_voided(monday):
    """Received 06-05 it would have been deemed on 06-13, and it was on 06-11."""
    monday.now = moment("06-05T10:00")
    monday.submit(at=moment("06-01T10:00"), late_reason="网断")
    tick(monday, "06-11T00:00")
    assert kinds(monday)[1:] == ["clock_breached", "deemed_accepted"]
    changes = {"occurred_at": {"old": moment("06-01T10:00").isoformat(),
                               "new": monday.order[0][1].isoformat()}}  # fmt: skip
    receipt = amend(monday, 1, changes)
    assert (receipt.code, receipt.legal) == ("E_DEPENDENT", ("case/C1@3",))
    assert monday.void("case/C1@3").status == "accepted"

    assert amend(monday, 1, changes).status == "accepted"
    assert monday.state().received_at == changes["occurred_at"]["new"]


def test_what_the_ledger_worked_out_is_not_amended(deemed):
    changes = {"effective_at": {"old": moment("06-01T10:00").isoformat(),
                                "new": moment("05-29T10:00").isoformat()}}  # fmt: skip

    assert amend(deemed, 3, changes).code == "E_STATE"


TOLD_IN_TIME = [
    ("case.accept", {"accept_no": "A1"}, "ACC"),
    ("case.notice_supplement", {"notice_no": "B1", "missing": ["m1"]}, "SUP"),
    ("case.refuse_acceptance", {"reason_code": "not_required", "doc_no": "N1"}, "NAC"),
]


@pytest.mark.parametrize(("command", "data", "status"), TOLD_IN_TIME)
def test_two_people_make_room_for_what_was_told_in_time(deemed, command, data, status):
    """Domain.md 4.3, row 1: the deemed acceptance goes with dual approval, the breach by itself."""
    late = {"who": "an", "post": "accept", "at": moment("06-05T10:00"), "late_reason": "网断",
            "centre": "town", "window": "town-1", "channel": "window"}  # fmt: skip
    deemed.now = moment("06-11T09:00")
    assert deemed.say(command, data=data, **late).code == "E_STATE"
    assert deemed.void("case/C1@3").status == "accepted"
    tick(deemed, "06-11T10:00")
    assert deemed.state().status == "SUB", "not deemed again under the hands of who corrects it"

    receipt = deemed.say(command, data=data, **late)
    assert (receipt.status, receipt.code, deemed.state().status) == ("accepted", "", status)
    assert deemed.state().clocks.breached == ()


def test_without_evidence_it_is_deemed_again_a_working_day_later(deemed):
    deemed.now = moment("06-11T09:00")
    assert deemed.void("case/C1@3").status == "accepted"
    tick(deemed, "06-12T23:00")
    assert deemed.state().status == "SUB"
    tick(deemed, "06-13T00:00")

    assert deemed.state().status == "ACC"
    assert deemed.last()["time"] == "2020-06-09T00:00:00+08:00"


# --------------------------------------------------------------------------------- 5 extensions

EXTENDED = [
    ("working days", Limit(n=10), 5, "2020-06-22T23:59:59.999000+08:00"),
    ("natural days", Limit(n=10, unit="day"), 5, "2020-06-16T23:59:59.999000+08:00"),
    ("hours: five service days more", Limit(n=16, unit="hour"), 5, "2020-06-10T10:00:00+08:00"),
]


@pytest.mark.parametrize(("name", "limit", "days", "due"), EXTENDED)
def test_an_extension_is_in_the_unit_of_its_limit(monday, name, limit, days, due):
    start = moment("06-01T10:00").isoformat()
    clock = Clock("C3", "", start, limit)
    longer = Clocks((clock,), extended=Extension(start, days))

    assert due_of(longer, clock, monday.partition.reference.calendar) == due, name


def test_hours_stand_still_on_paused_days(monday):
    start = moment("06-01T10:00").isoformat()
    clock = Clock("C3", "", start, Limit(n=16, unit="hour"))
    calendar = monday.partition.reference.calendar
    pause = Pause("s", moment("06-01T12:00").isoformat(), LAW, moment("06-02T12:00").isoformat())

    assert due_of(Clocks((clock,)), clock, calendar) == moment("06-03T10:00").isoformat()
    assert due_of(Clocks((clock,), (pause,)), clock, calendar) == moment("06-04T10:00").isoformat()
    still = Pause("s", pause.start, LAW)
    assert due_of(Clocks((clock,), (still,)), clock, calendar) is None


def test_only_the_clock_that_was_broken_before_is_held_back(monday):
    start = moment("06-01T10:00").isoformat()
    legal, promised = Clock("C2", "", start, Limit(n=20)), Clock("C3", "", start, Limit(n=10))
    ticking = Clocks(
        (legal, promised),
        extended=Extension(moment("06-15T10:00").isoformat(), 5, frozenset({"case/C1@9"})),
        breached=(Breach("C3", "", start, "case/C1@9", "2020-06-15T23:59:59.999000+08:00"),),
    )
    calendar = monday.partition.reference.calendar

    assert due_of(ticking, promised, calendar)[:10] == "2020-06-15"
    assert due_of(ticking, legal, calendar)[:10] == "2020-07-07"


# --------------------------------------------------------------------------------------- 7 即办 C0


def test_an_instant_item_is_due_at_the_end_of_its_day(monday):
    monday.bring_to("ACC", item="instant")
    tick(monday, "06-01T23:59")
    assert breaches(monday) == []
    tick(monday, "06-02T00:00")

    assert breaches(monday) == [("C0", "06-01"), ("C3", "06-01")]


def test_an_instant_item_concluded_on_its_day_keeps_its_word(monday):
    monday.bring_to("ACC", item="instant-alone")
    assert monday.usual("case.decide", who="an").status == "accepted"
    assert monday.conclude(who="an").status == "accepted"
    tick(monday, "06-02T00:00")

    assert breaches(monday) == []


@pytest.mark.parametrize("ending", ["case.withdraw", "case.terminate"])
def test_an_instant_item_that_ends_otherwise_breaks_nothing(monday, ending):
    monday.bring_to("ACC", item="instant")
    assert monday.usual(ending).status == "accepted"
    tick(monday, "06-02T00:00")

    assert breaches(monday) == []


def test_the_clocks_of_a_case_are_those_of_the_contract():
    literal = course.ClockBreached.model_fields["clock"].annotation.__args__
    assert set(literal) == {f"C{n}" for n in (*range(11), 15)}
