"""Who may take which step of a rating's loop (好差评闭环), asked of the decision itself."""

import pytest

from ledger.contracts.codes import Post
from ledger.contracts.events import COMMANDS

MAY = {
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
SAID = {  # How each command is said where it is legal: after a conclusion.
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
    for command in MAY:
        hall = new_hall()
        hall.org_must("staff.join", "new", {"centre": "town", "dept": "民政"})
        for post in Post:
            hall.org_must("staff.grant_post", "new", {"post": post.value, "granted_by": "chief"})
        hall.bring_to("DEC+")
        hall.conclude()
        if command.startswith(("neg.", "appeal.", "rating.append")):
            hall.org_must("staff.join", "new", {"centre": "city"})
            for kind, said in (("rating.submit", {"stars": 1}), *BEFORE.get(command, ())):
                hall.must(kind, data={"rating_id": "1", **said}, source_class="imported")
        made[command] = hall
    return made


@pytest.mark.parametrize("who", WHO)
@pytest.mark.parametrize("command", MAY)
def test_who_may_take_which_step(halls, command, who):
    hall = halls[command]
    kind = who if who in {"citizen", "system", "external"} else "staff"
    actor = {"kind": kind} if kind != "staff" else {"kind": kind, "staff": "new", "post": who}
    raw = hall.raw(command, "C1", SAID[command][1], actor=actor, **PLACE)
    decision = type(hall.partition)(0, hall.shelf)
    decision.reference = hall.partition.reference
    code = decision.decide(raw, hall.now).receipt.code

    assert code == ("" if who in MAY[command].split() else "E_AUTH")


def test_the_table_has_every_step_there_is():
    loop = {c for c in COMMANDS if c.startswith(("rating.", "neg.", "appeal."))}

    assert set(MAY) == loop - {"rating.submit", "rating.void_event"}  # test_duty.py
