"""督查: what the tables cannot say — seals, own centres, contests, notices, C13, corrections."""

from datetime import timedelta

import pytest

from ledger.contracts.wire import decode
from ledger.rules import alerts, inspection
from ledger.rules.partition import Partition
from processors.views.fold import compile_fold
from tests.tabled_ways import INSPECTOR, SEALED, Tabled

IMPORTED = {"source_class": "imported"}
DUE = "2020-06-22"
"""Ten working days after the notice, on the 8th; `TOLD` waits a week for a contest."""


@pytest.fixture
def visit(hall):
    return Tabled(hall, "inspection")


def cells(visit):
    sums, fold = {}, compile_fold()
    for event in visit.hall.events(visit.name):
        fold(sums, event)
    return {cell: n for cell, n in sums.items() if n and "T" not in cell.split("|")[1]}


def record(visit, *names):
    for name in names:
        visit.must("finding.record", {"finding_id": name})


REFUSED = [  # kind of subject, status | command | other data | other envelope | code
    ("inspection", "-", "inspection.seal", {"seal": "ab"}, {}, "E_FIELD"),
    ("inspection", "-", "inspection.seal", {"scope": ["area"]}, {}, "E_FIELD"),  # says too much
    ("inspection", "-", "inspection.seal", {}, {"centre": "village"}, "E_FIELD"),
    ("inspection", "-", "inspection.seal", {}, {"dept": "民政"}, "E_FIELD"),
    ("inspection", "-", "inspection.plan", {}, {"centre": None}, "E_FIELD"),
    ("inspection", "-", "inspection.plan", {"scope": []}, {}, "E_FIELD"),
    ("inspection", "-", "inspection.plan", {"inspectors": []}, {}, "E_FIELD"),
    ("inspection", "-", "inspection.plan", {"inspectors": ["an"]}, {}, "E_REF"),
    ("inspection", "-", "inspection.plan", {"inspectors": ["nobody"]}, {}, "E_REF"),
    ("inspection", "-", "inspection.plan", {"inspectors": ["in", "own"]}, {}, "E_SOD"),
    ("inspection", "PLA", "inspection.conduct", {}, {"centre": None}, "E_FIELD"),
    ("inspection", "PLA", "inspection.conduct", {}, {"centre": "town"}, "E_STATE"),
    ("inspection", "PLA", "inspection.conduct", {"opened": SEALED}, {}, "E_STATE"),
    ("inspection", "PLA", "inspection.conduct", {"inspectors": ["own"]}, {}, "E_SOD"),
    ("inspection", "PLA", "inspection.conduct", {}, {"who": "own"}, "E_SOD"),
    ("inspection", "PLA", "inspection.conduct", {"start": "2020-06-01T11:00:00+08:00"}, {},
     "E_FIELD"),
    ("inspection", "SEA", "inspection.conduct", {"opened": None}, {}, "E_STATE"),
    ("inspection", "SEA", "inspection.conduct", {"opened": {**SEALED, "day": "2020-06-02"}}, {},
     "E_STATE"),
    ("inspection", "SEA", "inspection.conduct", {"opened": {**SEALED, "salt": "00" * 16}}, {},
     "E_STATE"),
    ("inspection", "SEA", "inspection.conduct", {"opened": {**SEALED, "salt": "5a"}}, {},
     "E_FIELD"),
    ("inspection", "SEA", "inspection.conduct", {}, {"centre": "town"}, "E_FIELD"),
    ("inspection", "PLA", "finding.record", {}, {}, "E_STATE"),  # not conducted
    ("inspection", "SEA", "finding.record", {}, {}, "E_STATE"),
    ("inspection", "-", "finding.record", {}, {}, "E_STATE"),
    ("finding", "-", "finding.record", {"category": "weather"}, {}, "E_FIELD"),
    ("finding", "-", "finding.record", {"staff_ids": ["nobody"]}, {}, "E_REF"),
    ("finding", "-", "finding.record", {"window_id": "town-1"}, {}, "E_REF"),
    ("finding", "-", "finding.record", {"window_id": "none"}, {}, "E_REF"),
    ("finding", "-", "finding.record", {}, {"who": "own"}, "E_SOD"),
    ("finding", "REC", "finding.contest", {"text": "张三 …"}, {}, "E_FIELD"),
    ("finding", "REC", "finding.contest", {}, {"who": "km"}, "E_AUTH"),  # of another town
    ("notice", "REC", "finding.contest", {}, {}, "E_LIMIT"),  # a week later
    ("finding", "REC", "notice.issue", {}, {}, "E_STATE"),  # may still be contested
    ("finding", "CTD", "notice.issue", {}, {}, "E_STATE"),
    ("finding", "DEC", "notice.issue", {"finding_ids": ["F1", "F2"]}, {}, "E_STATE"),
    ("finding", "DEC", "notice.issue", {"finding_ids": []}, {}, "E_FIELD"),
    ("finding", "DEC", "notice.issue", {"finding_ids": ["F1", "F1"]}, {}, "E_FIELD"),
    ("finding", "DEC", "notice.issue", {"addressees": ["nobody"]}, {}, "E_REF"),
    ("finding", "DEC", "notice.issue", {"rectify_due": "2020-05-31"}, {}, "E_LIMIT"),
    ("finding", "DEC", "notice.issue", {"rectify_due": "2199-12-31"}, {}, "E_LIMIT"),
    ("notice", "NTD", "rectification.submit", {}, {"who": "km"}, "E_AUTH"),
    ("notice", "SUB", "rectification.accept", {}, {"who": "mo", "post": "hall_manager"}, "E_AUTH"),
    ("notice", "SUB", "notice.close", {}, {}, "E_STATE"),
    ("notice", "ACC", "notice.close", {"notice_no": "N2"}, {}, "E_STATE"),
    ("notice", "ACC", "notice.close", {"finding_ids": ["F1", "F2"]}, {}, "E_STATE"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "status", "command", "but", "more", "code"), REFUSED)
def test_each_invariant_refuses(visit, kind, status, command, but, more, code):
    visit.bring_to(status, kind)
    count = len(visit.kinds)
    receipt = visit.say(command, but, **more)

    assert (receipt.status, receipt.code) == ("refused", code), receipt
    assert len(visit.kinds) == count


# ------------------------------------------------------------------------------- what is covert


def test_a_sealed_inspection_says_nothing_of_where_until_it_was_conducted(visit):
    """Neither envelope, nor data, nor stamp, nor the key (domain.md 3.8)."""
    told = visit.must("inspection.seal")
    assert told["data"]["data"].keys() == {"seal"}
    assert (told["data"]["stamp"], {"centre", "window", "dept"} & told.keys()) == ({}, set())
    assert "village" not in str(told)
    opened = visit.must("inspection.conduct")

    assert opened["data"]["data"]["opened"]["salt"] == SEALED["salt"]
    assert opened["data"]["stamp"] == {"centre": "village"}


def test_two_seals_of_one_plan_are_not_alike():
    """Without the salt, whoever knows all centres and days could try them."""
    other = inspection.facts.SealedPlan.model_validate({**SEALED, "salt": "00" * 16})

    assert other.seal() != inspection.facts.SealedPlan.model_validate(SEALED).seal()


# ------------------------------------------------------------------------------ people and days


@pytest.mark.parametrize(("who", "source", "flags"), [
    ("own", "imported", ["R07"]), ("in", "imported", None), ("own", "historical", None),
])  # fmt: skip
def test_who_inspects_their_own_centre_is_flagged_where_it_is_not_refused(
    visit, who, source, flags
):
    visit.must("inspection.plan")
    visit.must("inspection.conduct", {"inspectors": [who]}, source_class=source, who=None,
               post=None)  # fmt: skip

    assert visit.stamp.get("flags") == flags


def test_a_contest_and_a_notice_told_elsewhere_out_of_time_are_flagged(visit):
    visit.bring_to("CON")
    record(visit, "F1", "F2")
    visit.must("notice.issue", {"finding_ids": ["F2"]}, **IMPORTED)
    early = visit.stamp["flags"]
    visit.hall.wait(days=7)
    visit.must("finding.contest", **IMPORTED)

    assert (early, visit.stamp["flags"]) == (["outside_window"], ["outside_window"])


def test_a_finding_may_be_contested_on_the_third_working_day_and_noticed_on_the_fourth(visit):
    visit.bring_to("REC", "finding")
    visit.hall.wait(days=3)
    assert visit.say("notice.issue").legal == ("finding.contest",)
    assert visit.say("finding.contest").status == "accepted"
    visit.void(4)
    visit.hall.wait(days=1)
    assert visit.say("finding.contest").code == "E_LIMIT"

    assert visit.say("notice.issue").status == "accepted"


def test_what_a_contest_dropped_is_in_no_notice(visit):
    visit.bring_to("CTD", "finding")
    visit.must("finding.decide_contest", {"outcome": "dropped"})
    visit.hall.wait(days=9)

    assert visit.say("notice.issue").code == "E_STATE"


def test_a_number_of_a_notice_is_used_once(visit):
    visit.bring_to("CON")
    record(visit, "F1", "F2")
    visit.hall.wait(days=7)
    visit.must("notice.issue")
    again = {"finding_ids": ["F2"]}
    assert visit.say("notice.issue", again).code == "E_STATE"

    assert visit.say("notice.issue", {**again, "notice_no": "N2"}).status == "accepted"


def test_a_notice_is_closed_when_all_its_findings_are_accepted(visit):
    visit.bring_to("CON")
    record(visit, "F1", "F2")
    visit.hall.wait(days=7)
    both = {"finding_ids": ["F1", "F2"]}
    visit.must("notice.issue", both)
    visit.must("rectification.submit", both)
    visit.must("rectification.accept", {"finding_ids": ["F1"]})
    assert visit.say("notice.close", {"finding_ids": ["F1"]}).code == "E_STATE"
    assert visit.say("notice.close", both).legal == (
        "rectification.accept", "rectification.reject")  # fmt: skip
    visit.must("rectification.accept", {"finding_ids": ["F2"]})

    assert visit.say("notice.close", both).status == "accepted"


def test_an_inspection_has_so_many_findings_and_no_more(visit):
    visit.bring_to("CON")
    record(visit, *(f"X{n}" for n in range(inspection.facts.FINDINGS_MAX)))

    assert visit.say("finding.record").code == "E_LIMIT"


@pytest.mark.parametrize(("status", "command"), [
    ("NTD", "rectification.submit"), ("SUB", "rectification.accept"), ("ACC", "notice.close"),
])  # fmt: skip
def test_nothing_happens_before_what_it_needs(visit, status, command):
    visit.bring_to(status, "notice")

    assert visit.say(command, at=visit.hall.now - timedelta(hours=1)).code == "E_TIME_ORDER"


# --------------------------------------------------------------------------------- clock C13


def test_a_notice_without_a_day_gives_ten_working_days_and_its_breach_is_told_once(visit):
    visit.bring_to("NTD", "notice")
    assert visit.stamp["rectify_due"][:10] == DUE
    visit.tick("06-22T23:59")
    assert visit.kinds[-1] == "notice.issued"
    visit.tick("06-23T00:00")
    visit.tick("06-23T00:01")
    visit.must("rectification.submit")
    visit.must("rectification.accept")

    assert visit.kinds[4:] == ["inspection.clock_breached", "rectification.submitted",
                               "rectification.accepted"]  # fmt: skip
    assert cells(visit) == {f"findings_overdue|{DUE}|village|": 1}


def test_the_day_that_a_notice_names_counts(visit):
    visit.bring_to("DEC", "finding")
    visit.must("notice.issue", {"rectify_due": "2020-06-03"})
    visit.tick("06-03T12:00")
    visit.must("rectification.submit")
    visit.must("rectification.accept")
    visit.tick("07-30T09:00")

    assert cells(visit) == {"findings_rectified|2020-06-03|village|": 1}


def test_a_calendar_that_comes_later_moves_no_due_that_was_told(visit):
    visit.bring_to("NTD", "notice")
    days = {"year": 2020, "doc_no": "防1", "holidays": ["2020-06-09", "2020-06-10"],
            "workdays": [], "reason": "防汛"}  # fmt: skip
    visit.hall.org_must("calendar.override", "cal-2020", days)
    visit.tick("06-23T09:00")

    assert visit.hall.last(visit.name)["data"]["data"]["due"][:10] == DUE


def test_what_is_submitted_but_not_accepted_or_rejected_is_overdue_still(visit):
    visit.bring_to("SUB", "notice")
    visit.must("rectification.reject")
    visit.must("rectification.submit")
    visit.tick("06-23T09:00")

    assert cells(visit) == {f"findings_overdue|{DUE}|village|": 1}


def test_an_acceptance_that_comes_too_late_brings_its_breach_along(visit):
    visit.bring_to("SUB", "notice")
    visit.hall.wait(days=20)
    visit.must("rectification.accept")

    assert visit.kinds[-2:] == ["rectification.accepted", "inspection.clock_breached"]


def test_late_evidence_withdraws_the_breach_and_its_card(visit):
    visit.bring_to("SUB", "notice")
    in_time = visit.hall.now
    visit.tick("06-24T09:00")
    assert alerts_of(visit) == [("R26", "yellow", "open", "F1", "village")]
    visit.must("rectification.accept", at=in_time, late_reason="paper")

    assert visit.kinds[-3:] == ["rectification.accepted", "inspection.event_voided",
                                "inspection.event_restamped"]  # fmt: skip
    assert alerts_of(visit) == [("R26", "yellow", "cancelled", "F1", "village")]
    assert cells(visit) == {"findings_rectified|2020-06-08|village|": 1}


def alerts_of(visit):
    state = alerts.fold(visit.hall.events(f"supervision/{visit.key}"))
    return [(a.rule, a.level, a.status, a.about, a.centre) for a in state.values()]


def test_each_finding_is_an_obligation_of_its_own(visit):
    visit.bring_to("CON")
    record(visit, "F1", "F2", "F3")
    visit.hall.wait(days=7)
    two = {"finding_ids": ["F1", "F2"]}
    visit.must("notice.issue", two)
    visit.must("notice.issue", {"notice_no": "N2", "finding_ids": ["F3"],
                                "rectify_due": "2020-06-10"})  # fmt: skip
    visit.must("rectification.submit", {"finding_ids": ["F1", "F2", "F3"]})
    visit.tick("06-12T09:00")
    visit.must("rectification.accept", {"finding_ids": ["F1", "F3"]})
    assert visit.stamp["findings_in_time"] == 1
    visit.tick("07-30T09:00")

    assert cells(visit) == {
        "findings_overdue|2020-06-10|village|": 1, "findings_rectified|2020-06-12|village|": 1,
        f"findings_overdue|{DUE}|village|": 1,
    }  # fmt: skip
    assert alerts_of(visit) == [("R26", "yellow", "open", "F3", "village"),
                                ("R26", "red", "open", "F2", "village")]  # fmt: skip


def test_history_has_no_clock(visit):
    for command in ("inspection.plan", "inspection.conduct", "finding.record", "notice.issue"):
        visit.must(command, source_class="historical")
    visit.tick("07-30T09:00")
    visit.must("rectification.submit")
    visit.must("rectification.accept")

    assert "inspection.clock_breached" not in visit.kinds
    assert cells(visit) == {}


# ------------------------------------------------------------------------------- corrections


def test_a_fact_that_others_need_is_voided_with_them(visit):
    visit.bring_to("ACC", "notice")
    receipt = visit.void(3)
    assert (receipt.code, receipt.legal) == (
        "E_DEPENDENT", tuple(f"inspection/I1@{n}" for n in (4, 5, 6)))  # fmt: skip
    assert visit.void(3, 4, 5, 6).status == "accepted"

    assert cells(visit) == {}
    visit.tick("07-30T09:00")
    assert "inspection.clock_breached" not in visit.kinds


def test_an_acceptance_that_never_was_is_overdue_at_the_next_tick(visit):
    visit.bring_to("ACC", "notice")
    visit.tick("06-30T09:00")
    visit.void(6)
    assert cells(visit) == {}
    visit.tick("06-30T09:01")

    assert cells(visit) == {f"findings_overdue|{DUE}|village|": 1}


def test_a_breach_goes_with_its_notice_and_a_new_notice_sets_a_new_due(visit):
    visit.bring_to("NTD", "notice")
    visit.tick("06-24T09:00")
    assert visit.void(5).code == "E_STATE"  # The ledger's own fact.
    visit.void(4)
    assert cells(visit) == {}
    visit.must("notice.issue")
    visit.tick("07-07T09:00")
    assert visit.stamp["rectify_due"][:10] == "2020-07-09"
    visit.tick("07-10T09:00")

    assert cells(visit) == {"findings_overdue|2020-07-09|village|": 1}


def test_a_void_keeps_the_due_that_was_told(visit):
    """Its stamp is worked out anew, all but what a calendar of the day said."""
    visit.bring_to("REC", "notice")
    visit.must("notice.issue")
    record(visit, "F2")
    visit.void(5)

    assert visit.kinds[-1] == "inspection.event_restamped"
    assert visit.hall.events(visit.name)[3]["data"]["stamp"]["rectify_due"][:10] == DUE
    visit.tick("06-23T09:00")
    assert cells(visit) == {f"findings_overdue|{DUE}|village|": 1}


def test_a_replay_of_the_commands_makes_the_same_bytes(visit, new_hall):
    visit.bring_to("SUB", "notice")
    visit.tick("06-24T09:00")
    visit.must("rectification.reject")
    visit.must("rectification.submit")
    visit.must("rectification.accept")
    visit.void(8, 9)
    again = new_hall(furnished=False)
    again.partition = Partition(0, again.shelf)
    again.partition.reference = visit.hall.partition.reference
    for raw, now in visit.hall.order:
        again.now = now
        again.decide(raw)

    assert [decode(v) for v in again.shelf.history(visit.name)] == visit.hall.events(visit.name)


def test_the_inspected_is_where_it_was_conducted_whoever_tells(visit):
    visit.bring_to("REC", "finding")
    visit.must("finding.contest", centre="town")

    assert visit.stamp["centre"] == "village"
    assert visit.say("finding.record", {"finding_id": "F2"}, **INSPECTOR).status == "accepted"
