"""岗位与岗位分离: posts of domain.md 2.4, pairs of 5.3."""

import pytest

from ledger.contracts.codes import Post
from ledger.contracts.commands import BEAT, TICK
from ledger.contracts.events import COMMANDS, REFERENCE_COMMANDS
from ledger.rules import duty

# Command → the posts that may give it; "citizen" and "system" where they may.
MAY = {
    "case.submit": "accept agent citizen",
    "case.accept": "accept",
    "case.start_step": "accept review approve",
    "case.finish_step": "accept review approve",
    "case.transfer": "accept review approve",
    "case.receive_transfer": "accept review approve",
    "case.decide": "approve",
    "case.conclude": "accept approve issue system",
    "case.issue": "issue system",
    "case.void_event": "corrector",
    "rating.submit": "citizen",
    "rating.void_event": "corrector",
    "rating.invite": "guide accept issue system",
    "rating.default": "",
    "rating.append": "citizen",
    "neg.precheck": "rating_officer",
    "neg.verify": "rating_officer",
    "neg.plan_rectification": "rating_officer",
    "neg.rectify": "rating_officer",
    "neg.reply": "rating_officer",
    "neg.close": "rating_officer",
    "neg.call_back": "callback_officer",
    "neg.grant_extension": "hall_manager city_supervisor",
    "neg.instruct": "hall_manager city_supervisor",
    "appeal.file": "accept review approve issue hall_manager",
    "appeal.uphold": "city_supervisor",
    "appeal.deny": "city_supervisor",
}
LEGAL = {  # Where each command is legal, and how it is said there.
    "case.submit": ("-", {"case_no": "1", "item": "promised"}),
    "case.accept": ("SUB", {"accept_no": "1"}),
    "case.start_step": ("ACC", {"step_no": 1, "step_name": "x"}),
    "case.finish_step": ("ACC", {"step_no": 5}),
    "case.transfer": ("ACC", {"transfer_id": "t1", "kind": "dispatch", "to_dept": "住建"}),
    "case.receive_transfer": ("TRN", {"transfer_id": "t1"}),
    "case.decide": ("REV", {"outcome": "approved", "doc_no": "1"}),
    "case.conclude": ("DEC+", {"result_code": 0}),
    "case.issue": ("DEC+", {"doc_kind": "x", "doc_name": "x"}),
    "case.void_event": ("SUB", {"target": "case/C1@1", "reason_code": "other",
                                "requested_by": "new", "approved_by": "gu"}),
    "rating.submit": ("DEC+", {"rating_id": "1", "stars": 5}),
    "rating.void_event": ("DEC+", {"target": "rating/C1@1", "reason_code": "other",
                                   "requested_by": "new", "approved_by": "gu"}),
    "rating.invite": ("DEC+", {}),
    "rating.default": ("DEC+", {"rating_id": "2"}),
    "rating.append": ("DEC+", {"rating_id": "1"}),
    "neg.precheck": ("DEC+", {"rating_id": "1", "reasonable": True, "true_fact": True}),
    "neg.verify": ("DEC+", {"rating_id": "1", "finding": "valid"}),
    "neg.plan_rectification": ("DEC+", {"rating_id": "1", "by": "2020-06-09"}),
    "neg.rectify": ("DEC+", {"rating_id": "1"}),
    "neg.reply": ("DEC+", {"rating_id": "1"}),
    "neg.close": ("DEC+", {"rating_id": "1"}),
    "neg.call_back": ("DEC+", {"rating_id": "1", "reached": True}),
    "neg.grant_extension": ("DEC+", {"rating_id": "1", "new_due": "2020-07-09",
                                     "approver": "hu"}),
    "neg.instruct": ("DEC+", {"rating_id": "1"}),
    "appeal.file": ("DEC+", {"rating_id": "1", "by": "unit", "reason": "mistaken"}),
    "appeal.uphold": ("DEC+", {"rating_id": "1"}),
    "appeal.deny": ("DEC+", {"rating_id": "1"}),
}  # fmt: skip
VERIFIED = ("neg.verify", {"finding": "valid"})
RECTIFIED = (VERIFIED, ("neg.rectify", {}))
APPEALED = (("appeal.file", {"by": "unit", "reason": "mistaken"}),)
BEFORE = {  # What was done about the negative before.
    "neg.plan_rectification": (VERIFIED,), "neg.rectify": (VERIFIED,), "neg.call_back": RECTIFIED,
    "neg.close": (*RECTIFIED, ("neg.reply", {})), "appeal.uphold": APPEALED,
    "appeal.deny": APPEALED,
}  # fmt: skip
WHO = [*(post.value for post in Post), "citizen", "system", "external"]
PLACE = {"centre": "town", "window": "town-1", "channel": "window"}


@pytest.fixture(scope="module")
def halls(new_hall):
    """Command → a hall in which it is legal, with a newcomer who holds every post."""
    made = {}
    for command, (state, _) in LEGAL.items():
        hall = new_hall()
        hall.org_must("staff.join", "new", {"centre": "town", "dept": "民政"})
        for post in Post:
            hall.org_must("staff.grant_post", "new", {"post": post.value, "granted_by": "chief"})
        hall.bring_to(state)
        if command == "case.finish_step":
            hall.step(number=5)
        if command.startswith(("rating.", "neg.", "appeal.")):
            hall.conclude()
        if command.startswith(("neg.", "appeal.", "rating.append")):
            hall.org_must("staff.join", "new", {"centre": "city"})
            for kind, said in (("rating.submit", {"stars": 1}), *BEFORE.get(command, ())):
                data = {"rating_id": "1", **said}
                hall.must(kind, data=data, source_class="imported")
        if command == "rating.void_event":
            hall.rate()
        made[command] = hall
    return made


@pytest.mark.parametrize("who", WHO)
@pytest.mark.parametrize("command", MAY)
def test_who_may_do_what(halls, command, who):
    """Asked of the decision itself, which is thrown away: nothing is kept."""
    hall = halls[command]
    kind = who if who in {"citizen", "system", "external"} else "staff"
    actor = {"kind": kind} if kind != "staff" else {"kind": kind, "staff": "new", "post": who}
    raw = hall.raw(command, "C1", LEGAL[command][1], actor=actor, **PLACE)
    decision = type(hall.partition)(0, hall.shelf)
    decision.reference = hall.partition.reference
    code = decision.decide(raw, hall.now).receipt.code

    assert code == ("" if who in MAY[command].split() else "E_AUTH")


def test_the_table_has_every_command_there_is():
    assert set(MAY) == set(LEGAL) == set(COMMANDS) - REFERENCE_COMMANDS
    assert {TICK, BEAT}.isdisjoint(COMMANDS)
    assert all(set(posts) <= set(Post) for posts in duty.POSTS.values())


NOT_THERE = [
    ({"who": "an", "post": "corrector"}, "an holds accept, approve, issue, review"),
    ({"who": "idle", "post": "accept"}, "idle holds no post"),
    ({"who": "stranger", "post": "accept"}, "staff stranger is not known"),
    ({"who": "an", "post": None}, "case.accept is for accept"),
    ({}, "case.accept is for accept"),
]


@pytest.mark.parametrize(("who", "sentence"), NOT_THERE)
def test_a_post_is_held_and_used_or_the_command_is_refused(hall, who, sentence):
    hall.submit()
    receipt = hall.accept(**{"who": None, "post": None, **who})

    assert (receipt.code, sentence in receipt.message) == ("E_AUTH", True), receipt.message


@pytest.mark.parametrize("source", ["imported", "historical", "system"])
def test_what_another_system_did_needs_no_post_of_ours(hall, source):
    assert hall.submit(who=None, source_class=source).status == "accepted"


def test_somebody_of_another_department_or_centre_cannot_sign_for_a_case(hall):
    hall.org_must("staff.join", "far", {"centre": "key", "dept": "民政"})
    hall.org_must("staff.join", "other", {"centre": "town", "dept": "住建"})
    hall.org_must("staff.join", "desk", {"centre": "town"})
    hall.org_must("staff.join", "nowhere", {})
    for staff in ("far", "other", "desk", "nowhere"):
        hall.org_must("staff.grant_post", staff, {"post": "review", "granted_by": "chief"})
    hall.bring_to("ACC")
    data = {"transfer_id": "t1", "kind": "dispatch", "to_dept": "民政", "to_centre": "town"}
    hall.must("case.transfer", data=data, who="an", post="accept")

    codes = {who: hall.receive(who=who).code for who in ("far", "other", "nowhere", "desk")}
    assert codes == {"far": "E_AUTH", "other": "E_AUTH", "nowhere": "E_AUTH", "desk": ""}


# item | who reviews | who decides | source | code, flags of the decision; "an" accepted
DECISIONS = [
    ("promised", "cui", "bo", "interactive", "", []),
    ("promised", "cui", "an", "interactive", "E_SOD", None),
    ("promised", "cui", "an", "imported", "", ["R07"]),
    ("promised", "cui", "an", "system", "", ["R07"]),
    ("promised", "cui", "an", "historical", "", []),
    ("promised", "both", "both", "interactive", "", ["R07"]),
    ("promised", "both", "both", "imported", "", ["R07"]),
    ("instant", "cui", "an", "interactive", "E_SOD", None),
    ("instant", "both", "both", "interactive", "", []),
    ("alone", "cui", "an", "interactive", "", []),
    ("alone", "an", "an", "interactive", "", []),
    ("instant-alone", "cui", "an", "interactive", "", []),
    ("instant-alone", "cui", "an", "imported", "", []),
]


@pytest.mark.parametrize(("item", "reviewer", "decider", "source", "code", "flags"), DECISIONS)
def test_accept_approve_is_hard_and_review_approve_soft(
    hall, item, reviewer, decider, source, code, flags
):
    hall.org_must("staff.join", "both", {"centre": "town", "dept": "民政"})
    for post in ("review", "approve"):
        hall.org_must("staff.grant_post", "both", {"post": post, "granted_by": "chief"})
    hall.submit(item=item)
    hall.accept()
    hall.transfer()
    hall.receive()
    hall.step(who=reviewer)
    receipt = hall.decide_on(who=decider, source_class=source)

    assert receipt.code == code, receipt
    if flags is not None:
        assert hall.last()["data"]["stamp"].get("flags", []) == flags


SHORT = [("promised", "interactive", "E_STATE"), ("promised", "imported", ""),
         ("promised", "historical", ""), ("instant", "interactive", ""),
         ("alone", "interactive", "")]  # fmt: skip


@pytest.mark.parametrize(("item", "source", "code"), SHORT)
def test_only_instant_and_one_person_items_are_decided_where_they_were_accepted(
    hall, item, source, code
):
    hall.submit(item=item)
    hall.accept()
    receipt = hall.decide_on(source_class=source)

    assert receipt.code == code
    assert receipt.legal == (("case.transfer",) if code else ())


def test_a_case_finishes_under_the_item_as_it_was_at_acceptance(hall):
    """Domain.md 4.3: the item may lose its one_person_ok while the case is open."""
    hall.bring_to("ACC", item="alone")
    hall.org_must("item.register", "alone", {"name": "x", "dept": "民政",
                                             "project_type": "promised"})  # fmt: skip

    assert hall.decide_on(who="an").status == "accepted"


ISSUERS = [({"who": "bo"}, ["R07"]), ({"who": "dai"}, []), ({"who": None, "post": None}, [])]


@pytest.mark.parametrize(("who", "flags"), ISSUERS)
def test_the_approver_who_issues_is_flagged_and_electronic_issue_is_not(hall, who, flags):
    hall.org_must("staff.grant_post", "bo", {"post": "issue", "granted_by": "chief"})
    hall.bring_to("DEC+")
    assert hall.issue(**who).status == "accepted"

    assert hall.last()["data"]["stamp"].get("flags", []) == flags


def test_whoever_accepts_may_issue(hall):
    hall.bring_to("DEC+")

    assert hall.issue(who="an").status == "accepted"
    assert "flags" not in hall.last()["data"]["stamp"]


def test_nobody_grants_a_post_to_themselves(hall):
    data = {"post": "approve", "granted_by": "an"}

    assert hall.org_say("staff.grant_post", "an", data).code == "E_SOD"


def test_reference_facts_of_a_person_need_the_post(hall):
    data = {"name": "x"}
    posts = {"boss": "item_admin", "an": "accept"}
    codes = {
        who: hall.org_say("dept.register", f"d-{who}", data, who=who, post=post).code
        for who, post in posts.items()
    }

    assert codes == {"boss": "", "an": "E_AUTH"}
