"""The loop of a negative in words: who does what about the rating r1 of the case C1."""

from datetime import datetime

from ledger.contracts.codes import SHANGHAI

OFFICER = {"who": "ro", "post": "rating_officer"}
CALLER = {"who": "co", "post": "callback_officer"}
CITY = {"who": "sup", "post": "city_supervisor"}
UNIT = {"who": "an", "post": "accept"}
PEOPLE = {
    "ro": ("town", "rating_officer"), "co": ("town", "callback_officer"),
    "sup": ("city", "city_supervisor"), "near": ("town", "city_supervisor"),
}  # fmt: skip
ABOUT = {"rating_id": "r1"}
STEPS = {  # short name → command, data, who
    "precheck": ("neg.precheck", {"reasonable": True, "true_fact": True}, OFFICER),
    "verify": ("neg.verify", {"finding": "valid"}, OFFICER),
    "mistaken": ("neg.verify", {"finding": "mistaken"}, OFFICER),
    "plan": ("neg.plan_rectification", {"by": "2020-06-10"}, OFFICER),
    "extend": ("neg.grant_extension", {"new_due": "2020-07-10", "approver": "sup"}, CITY),
    "shorten": ("neg.grant_extension", {"new_due": "2020-06-10", "approver": "sup"}, CITY),
    "rectify": ("neg.rectify", {}, OFFICER),
    "reply": ("neg.reply", {"via": "phone"}, OFFICER),
    "call": ("neg.call_back", {"reached": True, "satisfied": True}, CALLER),
    "miss": ("neg.call_back", {"reached": False}, CALLER),
    "instruct": ("neg.instruct", {}, CITY),
    "close": ("neg.close", {}, OFFICER),
    "append": ("rating.append", {"stars": 4}, {"actor": {"kind": "citizen"}}),
    "appeal": ("appeal.file", {"by": "staff", "reason": "mistaken"}, UNIT),
    "uphold": ("appeal.uphold", {}, CITY),
    "deny": ("appeal.deny", {}, CITY),
}  # fmt: skip


def join(hall):
    """Let the staff of the loop join; the rated clerk holds its posts as well."""
    for staff, (centre, post) in PEOPLE.items():
        hall.org_must("staff.join", staff, {"centre": centre})
        hall.org_must("staff.grant_post", staff, {"post": post, "granted_by": "chief"})
    for post in ("rating_officer", "callback_officer"):
        hall.org_must("staff.grant_post", "an", {"post": post, "granted_by": "chief"})


def rate_badly(hall, stars=1, **more):
    """C1 is concluded and rated by a citizen who gave a name; all the staff is there."""
    join(hall)
    hall.bring_to("DEC+")
    hall.conclude()
    data = {"rating_id": "r1", "stars": stars, "real_name": True}
    hall.must("rating.submit", data=data, **{"actor": {"kind": "citizen"}, **more})


def step(hall, name, **more):
    kind, data, who = STEPS[name]
    return hall.say(kind, data={**ABOUT, **data}, **{**who, **more})


def walk(hall, *names):
    for name in names:
        receipt = step(hall, name)
        assert receipt.status == "accepted", (name, receipt)
        hall.wait(minutes=5)


def tick(hall, moment):
    hall.now = datetime.fromisoformat(f"2020-{moment}:00+08:00").astimezone(SHANGHAI)
    raw = hall.raw("clock.tick", "0", {}, source_class="system", source_system="clock",
                   source_seq=f"0@{moment}")  # fmt: skip
    return hall.decide(raw)
