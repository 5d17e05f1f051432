"""How each command of a case is usually said: where it is legal, by whom, with what.

`SAYS[command]` is one way that is accepted, after `BEFORE[command]` where that is needed.
"""

from typing import Any, NamedTuple


class Way(NamedTuple):
    """One accepted command: in a case of a generous item, brought to `state`."""

    state: str
    who: str | None
    post: str | None
    data: dict[str, Any]
    item: str = "generous"


OF_THE_LEDGER = frozenset({"case.visit", "case.bundle"})
"""What the ledger says to itself: of class system."""
MATERIALS = {"materials": ["m1", "m2"]}
CORRECTION = {"requested_by": "fu", "approved_by": "gu"}
TRANSFER = {"transfer_id": "t1", "kind": "dispatch", "to_dept": "民政"}

RESULT = {"DEC-": 1, "NAC": 6, "WDR": 5, "TER": 5}
"""State → the done code (办结结果) it is usually concluded with; 0 elsewhere (domain.md 3.11)."""

SAYS = {
    "case.submit": Way("-", "an", "accept", {"case_no": "1", "item": "generous"}),
    "case.correct_material": Way("SUB", "an", "accept", {"materials": ["m1"]}),
    "case.notice_supplement": Way("SUB", "an", "accept", {"notice_no": "B1", "missing": ["m1"]}),
    "case.supplement": Way("SUP", "an", "accept", {"materials": ["m1"], "complete": True}),
    "case.accept": Way("SUB", "an", "accept", {"accept_no": "1"}),
    "case.refuse_acceptance": Way("SUB", "an", "accept", {"reason_code": "not_required",
                                                          "doc_no": "N1"}),
    "case.collect_remote": Way("SUB", "an", "accept", {"handling_region": "r1"}),
    "case.hand_over": Way("SUB", "an", "accept", {"handling_region": "r1"}),
    "case.sign_commitment": Way("SUB", "an", "accept", {"doc_no": "C1"}),
    "case.commit_deficiency": Way("ACC", "an", "accept", {
        **MATERIALS, "due_at": "2020-06-10T17:00:00+08:00", "commitment_doc": "C1"}),
    "case.fill_deficiency": Way("ACC", "an", "accept", MATERIALS),
    "case.fail_deficiency": Way("ACC", "an", "accept", MATERIALS),
    "case.start_step": Way("ACC", "cui", "review", {"step_no": 1, "step_name": "审查"}),
    "case.finish_step": Way("ACC", "cui", "review", {"step_no": 1}),
    "case.transfer": Way("ACC", "an", "accept", TRANSFER),
    "case.receive_transfer": Way("TRN", "cui", "review", {"transfer_id": "t1"}),
    "case.refuse_transfer": Way("TRN", "cui", "review", {"transfer_id": "t1",
                                                         "reason_code": "not_ours"}),
    "case.start_special": Way("REV", "cui", "review", {
        "sp_no": "s1", "kind": "hearing", "legal_basis": "行政许可法 §45", "days_told": 3,
        "notice_doc": "T1", "excluded": True}),
    "case.end_special": Way("REV", "cui", "review", {"sp_no": "s1"}),
    "case.request_hearing": Way("REV", "cui", "review", {"told_on": "2020-06-01",
                                                         "request_doc": "H1"}),
    "case.notify_hearing": Way("REV", "cui", "review", {"held_on": "2020-06-15",
                                                        "notice_doc": "H2"}),
    "case.grant_extension": Way("REV", "bo", "approve", {
        "days": 5, "approver": "boss", "reason_code": "complex", "told_doc": "T2"}),
    "case.suspend_clock": Way("REV", "cui", "review", {"reason_code": "payment",
                                                       "approver": "boss"}),
    "case.resume_clock": Way("REV", "cui", "review", {}),
    "case.record_superior": Way("REV", "cui", "review", {
        "superior_dept": "省厅", "outcome": "approved", "doc_no": "P1"}, "escalated"),
    "case.decide": Way("REV", "bo", "approve", {"outcome": "approved", "doc_no": "D1"}),
    "case.conclude": Way("DEC+", "bo", "approve", {"result_code": 0}),
    "case.issue": Way("DEC+", "dai", "issue", {"doc_kind": "licence", "doc_name": "证"}),
    "case.deliver": Way("ISS", "dai", "issue", {"method": "window", "signed": True}),
    "case.withdraw": Way("ACC", "an", "accept", {"request_doc": "W1"}),
    "case.terminate": Way("ACC", "cui", "review", {"reason": "applicant_lost", "doc_no": "E1"}),
    "case.charge_fee": Way("ACC", "an", "accept", {
        "amount_fen": 100, "standard_id": "F1", "voucher_no": "V1"}),
    "case.refund_fee": Way("ACC", "an", "accept", {"amount_fen": 100, "voucher_no": "V2"}),
    "case.archive": Way("DLV", "dai", "issue", {"archive_no": "R1"}),
    "case.revoke_decision": Way("DEC+", "bo", "approve", {"basis": "§69", "doc_no": "X1"}),
    "case.verify_commitment": Way("DEC+", "cui", "review", {"kept": True}),
    "case.record_external": Way("ACC", None, None, {"system": "province", "status": "11"}),
    "case.exchange": Way("ACC", None, None, {"target": "province", "batch": "b1", "ok": True}),
    "case.visit": Way("ACC", None, None, {"hall": "town.2020-06-01", "ticket_id": "T1"}),
    "case.bundle": Way("ACC", None, None, {"bundle_id": "B1"}),
    "case.urge": Way("ACC", "mo", "hall_manager", {}),
    "case.void_event": Way("SUB", "fu", "corrector", {
        "target": "case/C1@1", "reason_code": "other", **CORRECTION}),
    "case.amend_event": Way("SUB", "fu", "corrector", {
        "target": "case/C1@1", "reason_code": "typing_error",
        "changes": {"case_no": {"old": "C1", "new": "C2"}}, **CORRECTION}),
    "rating.submit": Way("DEC+", None, None, {"rating_id": "1", "stars": 5}),
    "rating.void_event": Way("DEC+", "fu", "corrector", {
        "target": "rating/C1@1", "reason_code": "other", **CORRECTION}),
}  # fmt: skip
BEFORE = {
    "case.finish_step": ("case.start_step",),
    "case.end_special": ("case.start_special",),
    "case.resume_clock": ("case.suspend_clock",),
    "case.fill_deficiency": ("case.commit_deficiency",),
    "case.fail_deficiency": ("case.commit_deficiency",),
    "case.archive": ("case.conclude",),
    "case.revoke_decision": ("case.conclude",),
    "rating.submit": ("case.conclude",),
    "rating.void_event": ("case.conclude", "rating.submit"),
}
"""What has to be said first, in the same state."""
OTHER_STREAMS = frozenset({"hall", "agent", "bundle", "interaction", "inspection", "source"})
"""Streams whose commands are said elsewhere: tests/hall_day.py, tests/tabled_ways.py."""
SIGNED = frozenset({"case.verify_commitment"})
"""Needs a commitment that was signed at the counter."""
ROADS = {
    "-": (), "SUB": ("case.submit",), "SUP": ("case.submit", "case.notice_supplement"),
    "ACC": ("case.submit", "case.accept"), "TRN": ("case.submit", "case.accept", "case.transfer"),
    "NAC": ("case.submit", "case.refuse_acceptance"), "WDR": ("case.submit", "case.withdraw"),
    "TER": ("case.submit", "case.accept", "case.terminate"), "VOI": ("case.submit",),
}  # fmt: skip
ROADS["REV"] = (*ROADS["TRN"], "case.receive_transfer")
ROADS["DEC+"] = ROADS["DEC-"] = (*ROADS["REV"], "case.decide")
ROADS["ISS"] = (*ROADS["DEC+"], "case.issue")
ROADS["DLV"] = (*ROADS["ISS"], "case.deliver")
ROADS["ARC"] = (*ROADS["DLV"], "case.conclude", "case.archive")
