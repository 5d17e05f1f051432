"""岗位与岗位分离: posts of domain.md 2.4, pairs of 5.3."""

import pytest

from ledger.contracts.codes import Post
from ledger.contracts.commands import BEAT, TICK
from ledger.contracts.events import COMMANDS, REFERENCE_COMMANDS
from ledger.rules import duty
from ledger.rules.alerts import alert_id
from tests.ways import OTHER_STREAMS, SAYS

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
    "case.issue": "issue",
    **dict.fromkeys(
        ("case.correct_material", "case.notice_supplement", "case.supplement",
         "case.refuse_acceptance", "case.commit_deficiency", "case.fill_deficiency",
         "case.fail_deficiency", "case.sign_commitment", "case.collect_remote", "case.hand_over",
         "case.charge_fee", "case.refund_fee"), "accept"),
    **dict.fromkeys(
        ("case.start_special", "case.end_special", "case.suspend_clock", "case.resume_clock",
         "case.refuse_transfer", "case.terminate", "case.verify_commitment",
         "case.record_superior", "case.request_hearing", "case.notify_hearing"),
        "accept review approve"),
    "case.withdraw": "accept citizen",
    "case.grant_extension": "approve",
    "case.revoke_decision": "approve",
    "case.deliver": "issue",
    "case.archive": "issue accept",
    "case.record_external": "system",
    "case.visit": "",
    "case.bundle": "",
    "case.exchange": "system",
    "case.urge": "hall_manager city_supervisor",
    "case.void_event": "corrector",
    "case.amend_event": "corrector",
    "rating.submit": "citizen",
    "rating.void_event": "corrector",
}  # fmt: skip
WHO = [*(post.value for post in Post), "citizen", "system", "external"]
PLACE = {"centre": "town", "window": "town-1", "channel": "window"}


@pytest.fixture(scope="module")
def halls(new_hall):
    """Command → a hall in which it is legal, with a newcomer who holds every post."""
    made = {}
    for command in SAYS:
        hall = new_hall()
        hall.org_must("staff.join", "new", {"centre": "town", "dept": "民政"})
        for post in Post:
            hall.org_must("staff.grant_post", "new", {"post": post.value, "granted_by": "chief"})
        hall.ready_for(command)
        made[command] = hall
    return made


@pytest.mark.parametrize("who", WHO)
@pytest.mark.parametrize("command", MAY)
def test_who_may_do_what(halls, command, who):
    """Asked of the decision itself, which is thrown away: nothing is kept."""
    hall = halls[command]
    kind = who if who in {"citizen", "system", "external"} else "staff"
    actor = {"kind": kind} if kind != "staff" else {"kind": kind, "staff": "new", "post": who}
    data = dict(SAYS[command].data)
    if "requested_by" in data:
        data["requested_by"] = "new"
    raw = hall.raw(command, "C1", data, actor=actor, **PLACE)
    decision = type(hall.partition)(0, hall.shelf)
    decision.reference = hall.partition.reference
    code = decision.decide(raw, hall.now).receipt.code

    assert code == ("" if who in MAY[command].split() else "E_AUTH")


def test_the_table_has_every_command_there_is():
    halls = {command for command, fact in COMMANDS.items() if fact.STREAM in OTHER_STREAMS}
    loop = {c for c in COMMANDS if c.startswith(("rating.", "neg.", "appeal.", "alert."))}
    loop -= {"rating.submit", "rating.void_event"}
    periods = {command for command, fact in COMMANDS.items() if fact.STREAM == "period"}
    # test_hall.py, test_tabled.py, test_duty_loop.py, test_periods.py, test_alerts.py
    elsewhere = REFERENCE_COMMANDS | halls | loop | periods
    assert set(MAY) == set(SAYS) == set(COMMANDS) - elsewhere
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


# command | data | channel | source class | code; nobody is named as actor
UNNAMED = [
    ("case.issue", {}, None, "interactive", "E_AUTH"),
    ("case.issue", {}, "window", "interactive", "E_AUTH"),
    ("case.issue", {}, "mobile", "interactive", ""),
    ("case.issue", {}, None, "system", ""),
    ("case.deliver", {"method": "window"}, None, "interactive", "E_AUTH"),
    ("case.deliver", {"method": "courier"}, None, "interactive", "E_AUTH"),
    ("case.deliver", {"method": "electronic"}, None, "interactive", ""),
    ("case.deliver", {"method": "locker"}, None, "interactive", ""),
    ("case.deliver", {"method": "window"}, None, "system", ""),
    ("case.visit", {}, None, "interactive", "E_AUTH"),
    ("case.visit", {}, None, "historical", ""),
    ("case.visit", {}, None, "imported", ""),
]


@pytest.mark.parametrize(("command", "data", "channel", "source", "code"), UNNAMED)
def test_what_nobody_did_only_machinery_did(hall, command, data, channel, source, code):
    hall.ready_for(command)
    receipt = hall.usual(command, but=data, channel=channel, source_class=source, who=None,
                         post=None)  # fmt: skip

    assert receipt.code == code, receipt


def test_nobody_concludes_a_member_or_raises_a_card_at_a_counter(hall):
    hall.bring_to("ACC")
    desk = {"who": "an", "post": "accept", "centre": "town"}
    hall.must("bundle.open", "B1", {"theme": "出生", "lead_dept": "民政"}, **desk)
    hall.must("bundle.add_member", "B1", {"case_id": "C1"}, **desk)
    name = alert_id("R09", "case/C1", "")
    card = {"alert_id": name, "rule_id": "R09", "level": "red", "subject": "case/C1",
            "since": hall.now.isoformat()}  # fmt: skip
    codes = {
        (command, source): hall.say(command, key, data, source_class=source).code
        for command, key, data in (("bundle.conclude_member", "B1", {"case_id": "C1"}),
                                   ("alert.raise", "C1", card))
        for source in ("interactive", "imported", "system")
    }  # fmt: skip

    assert codes == {
        ("bundle.conclude_member", "interactive"): "E_AUTH",
        ("bundle.conclude_member", "imported"): "",
        ("bundle.conclude_member", "system"): "E_STATE",
        ("alert.raise", "interactive"): "E_AUTH", ("alert.raise", "imported"): "E_AUTH",
        ("alert.raise", "system"): "",
    }  # fmt: skip


# kind | sent to | who may sign, of: another centre's 民政, town's 住建, nowhere, the counter of the
# town and of the village, which have no department, town's 民政
SIGNERS = [
    ("dispatch", "town", {"own"}),
    ("refer", "town", {"own"}),
    ("escalate", "town", {"own"}),
    ("return", "town", {"own", "desk"}),
    ("delegate", "town", {"own", "desk"}),
    ("dispatch", "village", {"village-desk"}),
    ("delegate", "village", {"village-desk"}),
    ("dispatch", "key", {"far"}),
    ("dispatch", None, {"own", "far"}),
    ("return", None, {"own", "far"}),
]


@pytest.mark.parametrize("command", ["case.receive_transfer", "case.refuse_transfer"])
@pytest.mark.parametrize(("kind", "centre", "signers"), SIGNERS)
def test_who_belongs_to_where_a_case_was_sent_signs_for_it(hall, kind, centre, signers, command):
    """Domain.md 3.3: the counter signs for what comes back to it; in a village one is all."""
    homes = {"far": ("key", "民政"), "other": ("town", "住建"), "nowhere": (None, None),
             "desk": ("town", None), "village-desk": ("village", None),
             "own": ("town", "民政")}  # fmt: skip
    for staff, (at, dept) in homes.items():
        home = {name: value for name, value in (("centre", at), ("dept", dept)) if value}
        hall.org_must("staff.join", staff, home)
        hall.org_must("staff.grant_post", staff, {"post": "review", "granted_by": "chief"})
    for staff in homes:
        hall.bring_to("ACC", staff)
        data = {"transfer_id": "t1", "kind": kind, "to_dept": "民政"}
        data |= {"to_centre": centre} if centre else {}
        hall.must("case.transfer", staff, data, who="an", post="accept")
    codes = {staff: hall.usual(command, staff, who=staff).code for staff in homes}

    assert {staff for staff, code in codes.items() if not code} == signers
    assert set(codes.values()) == {"", "E_AUTH"}


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


@pytest.mark.parametrize(("post", "flags"), [("review", ["R07"]), ("approve", [])])
def test_who_signed_for_a_case_as_its_reviewer_has_reviewed_it(hall, post, flags):
    hall.org_must("staff.join", "both", {"centre": "town", "dept": "民政"})
    for each in ("review", "approve"):
        hall.org_must("staff.grant_post", "both", {"post": each, "granted_by": "chief"})
    hall.bring_to("TRN")
    assert hall.receive(who="both", post=post).status == "accepted"
    assert hall.decide_on(who="both").status == "accepted"

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


ISSUERS = [
    ({"who": "bo"}, ["R07"]),
    ({"who": "dai"}, []),
    ({"who": None, "post": None, "channel": "web"}, []),
]


@pytest.mark.parametrize(("who", "flags"), ISSUERS)
def test_the_approver_who_issues_is_flagged_and_electronic_issue_is_not(hall, who, flags):
    hall.org_must("staff.grant_post", "bo", {"post": "issue", "granted_by": "chief"})
    hall.bring_to("DEC+")
    assert hall.issue(**who).status == "accepted"

    assert hall.last()["data"]["stamp"].get("flags", []) == flags


def test_one_person_may_do_all_of_an_item_that_lets_one_person(hall):
    """全科窗口 of a village has one person: a card for handing the paper over would be noise."""
    hall.org_must("staff.grant_post", "bo", {"post": "issue", "granted_by": "chief"})
    hall.bring_to("DEC+", item="alone")

    assert hall.issue(who="bo").status == "accepted"
    assert "flags" not in hall.last()["data"]["stamp"]


def test_whoever_accepts_may_issue(hall):
    hall.bring_to("DEC+")

    assert hall.issue(who="an").status == "accepted"
    assert "flags" not in hall.last()["data"]["stamp"]


def test_nobody_grants_a_post_to_themselves(hall):
    data = {"post": "approve", "granted_by": "an"}

    assert hall.org_say("staff.grant_post", "an", data).code == "E_SOD"


# command | source class | code where nobody knows the approver
APPROVED = [
    (command, source, code)
    for command in ("case.grant_extension", "case.suspend_clock", "case.start_special")
    for source, code in (("interactive", "E_REF"), ("imported", ""), ("historical", ""))
]  # fmt: skip


@pytest.mark.parametrize(("command", "source", "code"), APPROVED)
def test_an_approval_entered_here_is_of_somebody_who_is_known(hall, command, source, code):
    hall.ready_for(command)
    ghost = {"approver": "ghost"} | ({"kind": "auction"} if command.endswith("special") else {})

    assert hall.usual(command, but=ghost, source_class=source).code == code


# whose post | granted by | actor | source class | code
GRANTS = [
    ("boss", "ghost", "boss", "interactive", "E_REF"),
    ("boss", "an", "boss", "interactive", "E_SOD"),
    ("boss", "an", "boss", "system", "E_SOD"),
    ("boss", "boss", "mo", "system", "E_SOD"),
    ("idle", "ghost", "boss", "interactive", "E_REF"),
    ("idle", "boss", "boss", "interactive", ""),
    ("idle", "boss", None, "interactive", "E_AUTH"),
    ("idle", "boss", "an", "interactive", "E_AUTH"),
    ("idle", "chief", None, "system", ""),
]


@pytest.mark.parametrize(("staff", "by", "actor", "source", "code"), GRANTS)
def test_a_post_is_granted_by_somebody_else_who_is_known(hall, staff, by, actor, source, code):
    who = {"who": actor, "post": "item_admin"} if actor else {}
    if actor == "mo":
        hall.org_must("staff.grant_post", "mo", {"post": "item_admin", "granted_by": "chief"})
    raw = hall.raw("staff.grant_post", staff, {"post": "approve", "granted_by": by},
                   source_class=source, **who)  # fmt: skip

    assert hall.offices.decide(raw, hall.now).receipt.code == code


def test_reference_facts_of_a_person_need_the_post(hall):
    data = {"name": "x"}
    posts = {"boss": "item_admin", "an": "accept"}
    codes = {
        who: hall.org_say("dept.register", f"d-{who}", data, who=who, post=post).code
        for who, post in posts.items()
    }

    assert codes == {"boss": "", "an": "E_AUTH"}
