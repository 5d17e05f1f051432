"""The course of a case: each fact once as it is said, and each thing that makes it impossible.

Hard invariants of domain.md 3.3; what the matrix alone refuses is in test_matrix.py.
"""

from datetime import datetime, timedelta

import pytest

from ledger.contracts.events import COMMANDS, REFERENCE_COMMANDS
from ledger.rules.case_course import to_end
from tests.ticking import tick
from tests.ways import OTHER_STREAMS, SAYS

COURSE = [c for c in SAYS if c.startswith("case.")]


@pytest.mark.parametrize("command", COURSE)
def test_each_command_appends_its_fact(hall, command):
    hall.ready_for(command)
    before = len(hall.events("case/C1"))
    receipt = hall.usual(command)
    appended = hall.events("case/C1")[before:]

    assert receipt.status == "accepted", receipt
    assert appended[0]["type"] == COMMANDS[command].TYPE
    assert {e["type"] for e in appended[1:]} <= {"case.event_restamped"}
    said = {k: v for k, v in SAYS[command].data.items() if k != "changes"}
    assert (
        appended[0]["data"]["data"].items()
        >= {k: v for k, v in said.items() if not isinstance(v, tuple)}.items()
    )


# command | what is said otherwise | code
FIELDS = [
    ("case.submit", {"item": "unheard-of"}, "E_REF"),
    ("case.submit", {"case_no": "1" * 51}, "E_FIELD"),
    ("case.accept", {"promised": {"n": 21}, "statutory": {"n": 20}}, "E_FIELD"),
    ("case.accept", {"promised": {"n": 20}, "statutory": {"n": 20}}, ""),
    ("case.correct_material", {"materials": []}, "E_FIELD"),
    ("case.notice_supplement", {"missing": []}, "E_FIELD"),
    ("case.notice_supplement", {"notice_no": None}, "E_FIELD"),
    ("case.supplement", {"complete": None}, "E_FIELD"),
    ("case.supplement", {"materials": []}, "E_FIELD"),
    ("case.refuse_acceptance", {"reason_code": None}, "E_FIELD"),
    ("case.refuse_acceptance", {"reason_code": "mood"}, "E_FIELD"),
    ("case.commit_deficiency", {"materials": []}, "E_FIELD"),
    ("case.commit_deficiency", {"commitment_doc": None}, "E_FIELD"),
    ("case.commit_deficiency", {"due_at": "2020-06-10T17:00:00"}, "E_FIELD"),
    ("case.commit_deficiency", {"due_at": "2020-06-16T00:00:00+08:00"}, "E_LIMIT"),
    ("case.fill_deficiency", {"materials": ["m3"]}, "E_STATE"),
    ("case.fail_deficiency", {"materials": ["m1", "m3"]}, "E_STATE"),
    ("case.sign_commitment", {"doc_no": None}, "E_FIELD"),
    ("case.verify_commitment", {"kept": None}, "E_FIELD"),
    ("case.transfer", {"kind": "throw"}, "E_FIELD"),
    ("case.transfer", {"to_dept": "气象"}, "E_REF"),
    ("case.transfer", {"to_centre": "nowhere"}, "E_REF"),
    ("case.transfer", {"from_centre": "nowhere"}, "E_REF"),
    ("case.receive_transfer", {"transfer_id": "t2"}, "E_STATE"),
    ("case.refuse_transfer", {"transfer_id": "t2"}, "E_STATE"),
    ("case.refuse_transfer", {"reason_code": None}, "E_FIELD"),
    ("case.finish_step", {"step_no": 2}, "E_STATE"),
    ("case.start_special", {"kind": "party"}, "E_FIELD"),
    ("case.start_special", {"kind": "auction"}, "E_STATE"),
    ("case.start_special", {"kind": "auction", "approver": "boss"}, ""),
    ("case.start_special", {"days_told": None}, "E_FIELD"),
    ("case.end_special", {"sp_no": "s2"}, "E_STATE"),
    ("case.grant_extension", {"days": 0}, "E_FIELD"),
    ("case.grant_extension", {"days": 10}, ""),
    ("case.grant_extension", {"days": 11}, "E_LIMIT"),
    ("case.grant_extension", {"days": 16}, "E_FIELD"),
    ("case.grant_extension", {"approver": None}, "E_FIELD"),
    ("case.suspend_clock", {"approver": None}, "E_FIELD"),
    ("case.decide", {"doc_no": None}, "E_FIELD"),
    ("case.decide", {"outcome": "rejected"}, "E_FIELD"),
    ("case.conclude", {"result_code": 7}, "E_FIELD"),
    ("case.deliver", {"method": "pigeon"}, "E_FIELD"),
    ("case.deliver", {"receiver_ref": "张三"}, "E_FIELD"),
    ("case.withdraw", {"request_doc": None}, "E_FIELD"),
    ("case.terminate", {"doc_no": None}, "E_FIELD"),
    ("case.terminate", {"reason": "mood"}, "E_FIELD"),
    ("case.charge_fee", {"amount_fen": -1}, "E_FIELD"),
    ("case.charge_fee", {"voucher_no": None}, "E_FIELD"),
    ("case.refund_fee", {"amount_fen": 1.5}, "E_FIELD"),
    ("case.archive", {"archive_no": None}, "E_FIELD"),
    ("case.revoke_decision", {"basis": None}, "E_FIELD"),
    ("case.urge", {"kind": "shout"}, "E_FIELD"),
]


@pytest.mark.parametrize(("command", "but", "code"), FIELDS)
def test_what_cannot_be_said_of_it(hall, command, but, code):
    hall.ready_for(command)
    receipt = hall.usual(command, but=but)

    assert receipt.code == code, receipt


# state | item | said before | command | what is said otherwise | code
STORIES = [
    ("ACC", "joint", (), "case.grant_extension", {"days": 15, "approver": "lin"}, ""),
    ("ACC", "generous", (("case.grant_extension", {}),), "case.grant_extension", {}, "E_STATE"),
    ("ACC", "generous", (("case.start_special", {}),), "case.start_special", {"sp_no": "s2"},
     "E_STATE"),
    ("ACC", "generous", (("case.start_special", {}), ("case.end_special", {})),
     "case.start_special", {}, "E_STATE"),
    ("ACC", "generous", (("case.start_special", {}), ("case.end_special", {})),
     "case.start_special", {"sp_no": "s2"}, ""),
    ("ACC", "generous", (("case.start_special", {}), ("case.end_special", {})),
     "case.end_special", {}, "E_STATE"),
    ("REV", "generous", (("case.start_special", {}),), "case.decide", {}, "E_STATE"),
    ("REV", "generous", (("case.commit_deficiency", {}),), "case.decide", {}, "E_STATE"),
    ("REV", "generous", (("case.commit_deficiency", {}),
                         ("case.fill_deficiency", {"materials": ["m1"]})),
     "case.decide", {}, "E_STATE"),
    ("REV", "generous", (("case.commit_deficiency", {}), ("case.fill_deficiency", {})),
     "case.decide", {}, ""),
    ("REV", "generous", (("case.commit_deficiency", {}),), "case.commit_deficiency", {},
     "E_STATE"),
    ("REV", "generous", (("case.commit_deficiency", {}), ("case.fill_deficiency", {})),
     "case.commit_deficiency", {"materials": ["m9"]}, ""),
    ("REV", "generous", (("case.commit_deficiency", {}), ("case.fail_deficiency", {})),
     "case.fill_deficiency", {}, "E_STATE"),
    ("REV", "generous", (("case.commit_deficiency", {}), ("case.fail_deficiency", {})),
     "case.transfer", {"transfer_id": "t9", "to_dept": "住建"}, "E_STATE"),
    ("REV", "generous", (("case.commit_deficiency", {}), ("case.fail_deficiency", {})),
     "case.record_external", {}, ""),
    ("REV", "generous", (("case.commit_deficiency", {}), ("case.fail_deficiency", {})),
     "case.terminate", {"reason": "deficiency_failed"}, ""),
    ("REV", "generous", (("case.commit_deficiency", {}), ("case.fail_deficiency", {}),
                         ("case.terminate", {})), "case.conclude", {}, ""),
    ("REV", "generous", (("case.commit_deficiency", {}), ("case.fail_deficiency", {}),
                         ("case.terminate", {})), "case.record_external", {}, ""),
    ("ACC", "promised", (), "case.commit_deficiency", {}, "E_STATE"),
    ("SUB", "promised", (), "case.sign_commitment", {}, "E_STATE"),
    ("ACC", "promised", (), "case.start_special", {}, "E_STATE"),
    ("ACC", "promised", (), "case.start_special", {"approver": "boss"}, ""),
    ("ACC", "generous", (), "case.record_superior", {}, "E_STATE"),
    ("ACC", "generous", (("case.suspend_clock", {}),), "case.suspend_clock", {}, "E_STATE"),
    ("ACC", "generous", (("case.start_step", {}),), "case.start_step", {}, "E_STATE"),
    ("ACC", "generous", (("case.start_step", {}), ("case.finish_step", {})), "case.finish_step",
     {}, "E_STATE"),
    ("REV", "generous", (), "case.transfer", {"transfer_id": "t9"}, "E_STATE"),
    ("ACC", "generous", (), "case.resume_clock", {}, "E_STATE"),
    ("ACC", "generous", (("case.suspend_clock", {}), ("case.resume_clock", {})),
     "case.suspend_clock", {}, ""),
    ("SUP", "generous", (("case.supplement", {"complete": False}),), "case.accept", {}, "E_STATE"),
    ("SUP", "generous", (("case.supplement", {}),), "case.accept", {}, ""),
    ("SUP", "generous", (), "case.terminate", {"reason": "supplement_overdue"}, ""),
    ("TRN", "generous", (("case.refuse_transfer", {}),), "case.transfer", {}, "E_STATE"),
    ("TRN", "generous", (("case.refuse_transfer", {}),), "case.transfer", {"transfer_id": "t2"},
     ""),
    ("DEC+", "generous", (), "case.deliver", {}, "E_STATE"),
    ("DEC+", "generous", (), "case.deliver", {"method": "electronic"}, ""),
    ("DEC-", "generous", (), "case.deliver", {}, ""),
    ("NAC", "generous", (), "case.deliver", {}, ""),
    ("DEC+", "generous", (), "case.archive", {}, "E_STATE"),
    ("NAC", "generous", (), "case.archive", {}, "E_STATE"),
    ("NAC", "generous", (("case.conclude", {}),), "case.archive", {}, ""),
    ("DEC+", "generous", (), "case.revoke_decision", {}, "E_STATE"),
    ("ARC", "generous", (), "case.revoke_decision", {}, ""),
    ("ARC", "generous", (("case.revoke_decision", {}),), "case.revoke_decision", {}, "E_STATE"),
    ("NAC", "generous", (("case.conclude", {}), ("case.archive", {})), "case.revoke_decision", {},
     "E_STATE"),
    ("DEC+", "generous", (), "case.verify_commitment", {}, "E_STATE"),
    ("SUB", "generous", (("case.sign_commitment", {}), ("case.withdraw", {}), ("case.conclude", {}),
                         ("case.archive", {})), "case.verify_commitment", {}, "E_STATE"),
    ("TER", "generous", (), "case.refund_fee", {}, ""),
    ("TER", "generous", (), "case.charge_fee", {}, "E_STATE"),
]  # fmt: skip


@pytest.mark.parametrize(("state", "item", "before", "command", "but", "code"), STORIES)
def test_what_depends_on_what_was_before(hall, state, item, before, command, but, code):
    hall.bring_to(state, item=item)
    for said, more in before:
        receipt = hall.usual(said, but=more)
        assert receipt.status == "accepted", receipt
        hall.wait(minutes=1)
    receipt = hall.usual(command, but=but)

    assert receipt.code == code, receipt


ELSEWHERE = ["case.commit_deficiency", "case.sign_commitment", "case.start_special"]


@pytest.mark.parametrize("command", ELSEWHERE)
def test_what_the_item_does_not_allow_is_a_fact_where_another_system_did_it(hall, command):
    hall.bring_to(SAYS[command].state, item="promised")

    assert hall.usual(command).code == "E_STATE"
    assert hall.usual(command, source_class="imported").status == "accepted"


def test_a_case_goes_on_under_what_the_item_allowed_at_acceptance(hall):
    """Domain.md 4.3."""
    hall.bring_to("ACC", item="generous")
    hall.org_must("item.register", "generous", {"name": "x", "dept": "民政",
                                                "project_type": "promised"})  # fmt: skip

    assert hall.usual("case.commit_deficiency").status == "accepted"


# item | days | approver | source class | code
EXTENSIONS = [
    ("joint", 10, "mo", "interactive", ""), ("joint", 11, "mo", "interactive", "E_AUTH"),
    ("joint", 11, "bo", "interactive", "E_AUTH"), ("joint", 11, "lin", "interactive", ""),
    ("joint", 15, "lin", "interactive", ""), ("joint", 15, "mo", "imported", ""),
    ("joint", 16, "lin", "interactive", "E_FIELD"), ("generous", 10, "mo", "interactive", ""),
    ("generous", 11, "lin", "interactive", "E_LIMIT"),
    ("generous", 11, "mo", "interactive", "E_LIMIT"),
]  # fmt: skip


@pytest.mark.parametrize(("item", "days", "approver", "source", "code"), EXTENSIONS)
def test_a_long_extension_is_approved_by_the_head_of_the_government(
    hall, item, days, approver, source, code
):
    """行政许可法 §42: 联办 45 working days, and 15 more by who heads the government."""
    hall.bring_to("REV", item=item)
    receipt = hall.usual("case.grant_extension", but={"days": days, "approver": approver},
                         source_class=source)  # fmt: skip

    assert receipt.code == code, receipt
    assert receipt.legal == (("gov_head",) if code == "E_AUTH" else ())


# physical_result of the item | state | source class | code
ARCHIVES = [
    (None, "DEC+", "interactive", ""), (False, "DEC+", "interactive", ""),
    (True, "DEC+", "interactive", "E_STATE"), (True, "DEC+", "imported", ""),
    (True, "DEC-", "interactive", ""), (True, "ISS", "interactive", ""),
    (True, "NAC", "interactive", ""),
]  # fmt: skip


@pytest.mark.parametrize(("physical", "state", "source", "code"), ARCHIVES)
def test_what_has_a_document_is_archived_after_it_was_issued(hall, physical, state, source, code):
    """Domain.md 4.1, note 6."""
    more = {} if physical is None else {"physical_result": physical}
    hall.org_must("item.register", "paper", {"name": "x", "dept": "民政",
                                             "project_type": "promised", **more})  # fmt: skip
    hall.bring_to(state, item="paper")
    assert hall.usual("case.conclude").status == "accepted"
    receipt = hall.usual("case.archive", source_class=source)

    assert receipt.code == code, receipt
    assert receipt.legal == (("case.issue",) if code else ())


def test_a_case_is_archived_as_its_item_was_at_acceptance(hall):
    hall.bring_to("ACC", item="generous")
    more = {"name": "x", "dept": "民政", "project_type": "promised", "physical_result": True}
    hall.org_must("item.register", "generous", more)
    for command in ("transfer", "receive_transfer", "decide", "conclude", "archive"):
        assert hall.usual(f"case.{command}").status == "accepted"


# state | said before | command | minutes before the fact it needs
EARLY = [
    ("SUP", (), "case.supplement"),
    ("SUP", (), "case.notice_supplement"),
    ("SUP", (), "case.refuse_acceptance"),
    ("SUP", (), "case.terminate"),
    ("SUP", ("case.supplement",), "case.accept"),
    ("SUP", ("case.supplement",), "case.notice_supplement"),
    ("SUP", ("case.supplement",), "case.refuse_acceptance"),
    ("ACC", (), "case.start_special"),
    ("ACC", (), "case.commit_deficiency"),
    ("ACC", (), "case.grant_extension"),
    ("ACC", (), "case.suspend_clock"),
    ("ACC", (), "case.terminate"),
    ("ACC", ("case.start_special",), "case.end_special"),
    ("ACC", ("case.suspend_clock",), "case.resume_clock"),
    ("ACC", ("case.commit_deficiency",), "case.fill_deficiency"),
    ("ACC", ("case.commit_deficiency",), "case.fail_deficiency"),
    ("TRN", (), "case.refuse_transfer"),
    ("TRN", ("case.refuse_transfer",), "case.transfer"),
    ("REV", ("case.start_special", "case.end_special"), "case.decide"),
    ("REV", ("case.commit_deficiency", "case.fill_deficiency"), "case.decide"),
    ("ISS", (), "case.deliver"),
    ("DLV", ("case.conclude",), "case.archive"),
    ("DEC+", ("case.conclude", "case.issue"), "case.archive"),
    ("DEC+", ("case.conclude",), "case.revoke_decision"),
    ("NAC", (), "case.deliver"),
    ("NAC", (), "case.conclude"),
]


@pytest.mark.parametrize(("state", "before", "command"), EARLY)
def test_nothing_is_before_what_it_needs(hall, state, before, command):
    hall.bring_to(state, item="generous")
    for said in before:
        assert hall.usual(said).status == "accepted"
        hall.wait(minutes=1)
    but = {"transfer_id": "t2"} if command == "case.transfer" else {}
    needed = hall.last()["time"]
    early = hall.usual(command, but=but, at=hall.now - timedelta(seconds=61))
    on_time = hall.usual(command, but=but, at=hall.now - timedelta(minutes=1))

    assert early.code == "E_TIME_ORDER", early
    assert needed in early.message
    assert on_time.status == "accepted", on_time


AROUND = ("case.visit", "case.charge_fee", "case.record_external", "case.exchange", "case.urge",
          "case.sign_commitment", "case.start_step")  # fmt: skip


@pytest.mark.parametrize("command", AROUND)
def test_what_may_happen_before_the_acceptance_may_be_told_after_it(hall, command):
    """A hall that lost its line told of a visit after the acceptance: the visit was lost."""
    hall.bring_to("ACC", item="generous")
    submitted, accepted = hall.state().submitted_at, hall.state().accepted_at
    before = datetime.fromisoformat(submitted)

    assert submitted < accepted
    assert hall.usual(command, at=before - timedelta(seconds=1)).code == "E_TIME_ORDER"
    assert hall.usual(command, at=before).status == "accepted"


def test_only_those_to_whom_it_was_sent_refuse_a_transfer(hall):
    hall.org_must("staff.join", "other", {"centre": "town", "dept": "住建"})
    hall.org_must("staff.grant_post", "other", {"post": "review", "granted_by": "chief"})
    hall.bring_to("TRN")

    assert hall.usual("case.refuse_transfer", who="other").code == "E_AUTH"
    assert hall.usual("case.refuse_transfer").status == "accepted"
    assert hall.state().held_since == hall.last()["time"]


def test_a_citizen_withdraws_without_a_document(hall):
    hall.bring_to("ACC")
    citizen = {"who": None, "post": None, "actor": {"kind": "citizen"}}

    assert hall.usual("case.withdraw", but={"request_doc": None}, **citizen).status == "accepted"


def test_a_withdrawal_that_another_system_reports_may_lack_its_document(hall):
    hall.bring_to("ACC")
    other = {"source_class": "imported"}

    assert hall.usual("case.withdraw", but={"request_doc": None}, **other).status == "accepted"


def test_the_end_of_a_case_closes_what_was_open(hall):
    hall.bring_to("TRN", item="generous")
    hall.usual("case.suspend_clock")
    assert hall.usual("case.withdraw").status == "accepted"
    state = hall.state()

    assert (state.status, state.transfer, state.suspended_at) == ("WDR", None, None)


def test_every_command_of_a_case_has_a_way():
    halls = {command for command, fact in COMMANDS.items() if fact.STREAM in OTHER_STREAMS}
    loop = {c for c in COMMANDS if c.startswith(("rating.", "neg.", "appeal.", "alert."))}
    loop -= {"rating.submit", "rating.void_event"}
    periods = {command for command, fact in COMMANDS.items() if fact.STREAM == "period"}

    assert set(SAYS) == set(COMMANDS) - REFERENCE_COMMANDS - halls - loop - periods


# state | what is said | the day after which time has come | why it waits to be terminated
ENDING = [
    ("SUP", (), "07-14", ""), ("SUP", (), "07-15", "supplement_overdue"),
    ("SUP", (("case.supplement", "07-15"),), "07-15", ""),
    ("ACC", (("case.commit_deficiency", "06-01"),), "06-10", ""),
    ("ACC", (("case.commit_deficiency", "06-01"),), "06-11", "deficiency_failed"),
    ("ACC", (("case.commit_deficiency", "06-01"), ("case.fail_deficiency", "06-02")), "06-02",
     "deficiency_failed"),
    ("ACC", (("case.commit_deficiency", "06-01"), ("case.terminate", "06-12")), "06-12", ""),
]  # fmt: skip


@pytest.mark.parametrize(("state", "said", "day", "why"), ENDING)
def test_a_case_waits_for_somebody_to_terminate_it(hall, state, said, day, why):
    """Decision 0016: the ledger says so, a person does it with a document."""
    hall.bring_to(state, item="generous")
    for command, when in said:
        tick(hall, f"{when}T11:00")
        assert hall.usual(command).status == "accepted"
    tick(hall, f"{day}T12:00")

    assert to_end(hall.state()) == why
    assert "case.terminated" not in {e["type"] for e in hall.events("case/C1")} or not why
