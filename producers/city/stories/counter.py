"""前台 (the counter): application, 补正, acceptance, 容缺, 告知承诺; or nobody looks at it."""

from datetime import timedelta
from typing import Any

from ledger.contracts.codes import MaterialSource, Post
from producers.city.script import CITIZEN, LEDGER_OF_THE_CITY, Script, clerk
from producers.city.stories.outcome import verdict
from producers.city.stories.repairs import take_back
from producers.city.today import DAY

SENT_BACK, NOT_ACCEPTED = 5, 6
"""办结 codes of cases that end before a decision: 退件, 不予受理 (domain.md 3.11)."""
C6_DAYS = 31
NOBODY_DAYS = 8
"""Working days after which a forgotten application has been deemed accepted for sure."""


def apply(s: Script) -> None:
    """Hand the application in, at the window or from elsewhere."""
    if s.meets("late") and not s.visit.on_the_spot:
        s.delay = s.rng.choice((2, 3)) * DAY
    data: dict[str, Any] = {
        "case_no": s.visit.case_no, "item": s.visit.offer.item.id,
        "applicant_ref": f"{s.rng.getrandbits(64):016x}",
        "applicant_kind": 2 if s.chance(0.25) else 1, "receipt_no": s.number("S"),
    }  # fmt: skip
    if s.visit.ticket:
        data["ticket_id"] = s.visit.ticket
    if s.fact.materials:
        data["materials"] = _brought(s)
    at_counter = s.visit.channel == "window"
    s.say("case.submit", data, s.clerk() if at_counter else CITIZEN,
          window=s.window.id if at_counter else None, channel=s.visit.channel)  # fmt: skip
    if s.meets("decide_first"):
        s.now += 20
        s.refused("E_STATE", "case.decide", verdict(s, "approved"), s.officer(Post.APPROVE),
                  place=s.office())  # fmt: skip
    if s.visit.accept_at:
        s.now = max(s.now, s.visit.accept_at)
    else:
        s.wait(15, 240)


FORGOTTEN = (("m1", "m2"), ("m2", "m3"))
"""What a first and a second notice names (补正)."""
LATER = ("m8", "m9")
"""What follows (容缺)."""


def _notices(s: Script) -> int:
    """Give how many notices of what is missing a case gets; none where nobody looks at it."""
    times = 2 if s.meets("supplement_twice") else int(s.meets("supplement"))
    return max(times, int(s.meets("supplement_never")))


def _defers(s: Script) -> bool:
    """Tell whether materials follow after the acceptance."""
    days = s.fact.promised.n if s.fact.promised else 0
    could = s.fact.deficiency_allowed and days > 1 and not s.visit.on_the_spot
    return could and (s.meets("deficiency_never") or s.meets("deficiency"))


def _brought(s: Script) -> list[str]:
    """Tick what the applicant brought of the list of the item: all but what is told to be missing.

    Draws nothing, so that the same seed tells the same cases.
    """
    times = 0 if s.visit.on_the_spot else _notices(s)
    later = {name for names in FORGOTTEN[:times] for name in names}
    later |= set(LATER) if _defers(s) else set()
    own = MaterialSource.APPLICANT
    return [m.id for m in s.fact.materials or () if m.id not in later and m.source is own]


def accept(s: Script) -> bool:
    """Take the case in; tell whether it goes on."""
    if s.visit.on_the_spot:
        _accept(s)
        return True
    if s.meets("never_told") and s.visit.channel != "window":
        s.now += NOBODY_DAYS * DAY
        return True
    if s.meets("not_accepted"):
        data = {"reason_code": s.rng.choice(("not_required", "out_of_power"))}
        if not s.meets("no_number"):
            data["doc_no"] = s.number("N")
        s.say("case.refuse_acceptance", data, s.clerk(), window=s.window.id)
        return _end(s, NOT_ACCEPTED)
    if not _supplements(s):
        return False
    if s.fact.commitment_allowed and s.meets("commitment"):
        s.say("case.sign_commitment", {"doc_no": s.number("C")}, s.clerk(), window=s.window.id)
    _accept(s)
    if s.meets("withdrawn"):
        s.wait(5, 2 * 480)
        s.say("case.withdraw", {}, CITIZEN)
        return _end(s, SENT_BACK)
    return _deficiency(s)


def _end(s: Script, code: int) -> bool:
    """Conclude a case that ended before a decision; it does not go on."""
    caught_up(s)
    s.wait(1, 30)
    s.say("case.conclude", {"result_code": code}, LEDGER_OF_THE_CITY)
    return False


def _supplements(s: Script) -> bool:
    """补正: what is missing is told at once, or again and again; tell whether it came."""
    never = s.meets("supplement_never")
    for n in range(_notices(s)):
        missing = list(FORGOTTEN[n])
        data = {"notice_no": s.number(f"B{n + 1}-"), "missing": missing}
        s.say("case.notice_supplement", data, s.clerk(), window=s.window.id)
        if never:
            caught_up(s)
            s.now += C6_DAYS * DAY
            s.wait(30, 900)
            told = {"reason": "supplement_overdue", "doc_no": s.number("E")}
            s.say("case.terminate", told, s.clerk(), window=s.window.id)
            return _end(s, SENT_BACK)
        s.wait(120, 6 * 480)
        if s.chance(0.2):
            said = {"materials": missing[:1], "complete": False}
            s.say("case.supplement", said, s.clerk(), window=s.window.id)
            s.wait(60, 2 * 480)
        said = {"materials": missing, "complete": True}
        s.say("case.supplement", said, s.clerk(), window=s.window.id)
        s.wait(5, 120)
    return True


def _accept(s: Script) -> None:
    """受理, with what goes wrong in it."""
    data: dict[str, Any] = {"accept_no": s.number("L")}
    if s.meets("no_number"):
        data = {}
    data["project_type"] = s.fact.project_type.value
    if s.fact.statutory and s.fact.promised:
        data["statutory"] = s.fact.statutory.model_dump(mode="json")
        data["promised"] = s.fact.promised.model_dump(mode="json")
    if s.fact.materials and _defers(s):
        data["deferred"] = list(LATER)
    who = s.clerk()
    there: dict[str, Any] = {"window": s.window.id, "channel": s.visit.channel}
    if s.meets("unknown_window"):
        nowhere = {**there, "window": f"{s.visit.centre.id}-99"}
        s.refused("E_REF", "case.accept", data, who, **nowhere)
    if s.meets("clock_ahead"):
        s.refused("E_TIME_FUTURE", "case.accept", data, who, ahead=timedelta(hours=26), **there)
    s.say("case.accept", data, who, **there)
    s.accepted, s.taken_in = (s.version, data), s.now
    if s.meets("accept_twice"):
        s.refused("E_STATE", "case.accept", data, who, **there)
    if s.meets("no_post") and Post.APPROVE not in s.window.posts:
        s.refused("E_AUTH", "case.decide", verdict(s, "approved"), s.clerk(Post.APPROVE))
    if s.meets("void_accept"):
        s.wait(2, 6)
        take_back(s, 1)
        s.window = s.rng.choice(s.visit.offer.right)
        s.say("case.accept", data, clerk(s.window), window=s.window.id, channel=s.visit.channel)
        s.accepted = (s.version, data)
    caught_up(s)


def caught_up(s: Script) -> None:
    """From here on the case is entered as it happens."""
    s.now += s.delay
    s.delay = 0


def _deficiency(s: Script) -> bool:
    """容缺: secondary materials follow, in time or never; tell whether the case goes on."""
    if not _defers(s):
        return True
    never, owed = s.meets("deficiency_never"), {"materials": list(LATER)}
    days = s.fact.promised.n if s.fact.promised else 0
    due = s.now + days // 2 * DAY
    s.wait(1, 5)
    data = {**owed, "due_at": s.moment(due).isoformat(), "commitment_doc": s.number("R")}
    s.say("case.commit_deficiency", data, s.clerk(), window=s.window.id)
    if never:
        s.now = max(s.now, due)
        s.wait(60, 960)
        s.say("case.fail_deficiency", owed, s.clerk(), window=s.window.id)
        told = {"reason": "deficiency_failed", "doc_no": s.number("E")}
        s.say("case.terminate", told, s.clerk(), window=s.window.id)
        return _end(s, SENT_BACK)
    s.now += int((due - s.now) * s.rng.uniform(0.1, 0.9))
    s.say("case.fill_deficiency", owed, s.clerk(), window=s.window.id)
    return True
