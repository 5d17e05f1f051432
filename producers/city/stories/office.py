"""后台 (the back office): transfer and signature, steps, 联办, 上报, 特别程序, 延长, 挂起."""

from typing import Any

from ledger.contracts.codes import Post, ProjectType, SpecialKind
from producers.city.script import Script, clerk
from producers.city.stories.outcome import By, verdict
from producers.city.today import DAY, MINUTE
from producers.city.town import CITY_SUPERVISOR, officer

STEP_NAMES = ("材料审查", "现场勘验", "复审", "公示", "专家评审")
STATUTORY_KINDS = frozenset(list(SpecialKind)[:8])
"""Those of 行政许可法 §45 stop the legal clock."""


def bring_to_decision(s: Script) -> By:
    """Bring the case to whoever decides it; give that actor and their place."""
    if s.fact.project_type is ProjectType.INSTANT:
        if Post.APPROVE in s.window.posts and s.fact.one_person_ok:
            s.wait(3, 12)
            return clerk(s.window, Post.APPROVE), {"window": s.window.id}
        s.wait(4, 45)
        return s.officer(Post.APPROVE), s.office()
    ends = (s.taken_in or s.now) + _duration(s)
    s.wait(10, 90)
    data: dict[str, Any] = {
        "transfer_id": "t1", "kind": "dispatch", "from_centre": s.visit.centre.id,
        "to_dept": s.dept, "to_centre": s.town,
    }  # fmt: skip
    s.say("case.transfer", data, s.clerk(), window=s.window.id)
    _receive(s, "t1", s.dept, slow=s.meets("late_sign"))
    ends += _special(s)
    _suspend(s)
    _steps(s, ends)
    if s.fact.project_type is ProjectType.JOINT:
        _refer(s, ends)
    if s.meets("own_case") and Post.APPROVE in s.window.posts and s.accepted:
        s.refused("E_SOD", "case.decide", verdict(s, "approved"), s.clerk(Post.APPROVE))
    if s.meets("extension"):
        data = {"days": s.rng.randrange(3, 11), "approver": CITY_SUPERVISOR,
                "reason_code": "complex", "told_doc": s.number("Y")}  # fmt: skip
        s.say("case.grant_extension", data, s.officer(Post.APPROVE), place=s.office())
        ends += int(s.rng.uniform(0.5, 5) * DAY)
    if s.fact.project_type is ProjectType.ESCALATED:
        return _escalate(s, ends)
    s.now = max(s.now + 10 * MINUTE, ends)
    return s.officer(Post.APPROVE), s.office()


def _duration(s: Script) -> int:
    """Draw the working time from acceptance to decision: mostly well before the promise."""
    promised = s.fact.promised
    days = max(promised.n if promised else 1, 1)
    share = s.rng.betavariate(1.6, 2.6)
    if s.meets("overdue"):
        share, s.overdue = s.rng.uniform(1.05, 1.6), True
    return int(days * DAY * share)


def _receive(
    s: Script, transfer: str, dept: str, place: str | None = None, *, slow: bool = False
) -> None:
    """签收, within four working hours or not."""
    s.wait(260, 900) if slow else s.wait(10, 200)
    post = Post.REVIEW
    actor = {"kind": "staff", "staff": officer(post, place or s.town, dept), "post": post.value}
    s.say("case.receive_transfer", {"transfer_id": transfer}, actor,
          place=None if place else {"centre": s.town, "dept": dept})  # fmt: skip


def _special(s: Script) -> int:
    """特别程序: begun, told, ended; give the working seconds that it took."""
    if not s.meets("special"):
        return 0
    s.wait(5, 90)
    kinds = s.fact.special_kinds
    kind = s.rng.choice(kinds) if kinds else SpecialKind.INSPECT
    days = s.rng.randrange(3, 8)
    data: dict[str, Any] = {"sp_no": "s1", "kind": kind.value, "days_told": days,
                            "excluded": kind in STATUTORY_KINDS}  # fmt: skip
    if kind in STATUTORY_KINDS:
        data["legal_basis"] = "行政许可法 §45"
    if s.chance(0.95):
        data["notice_doc"] = s.number("T")
    if not kinds:
        data["approver"] = CITY_SUPERVISOR
    who, there = s.officer(Post.REVIEW), s.office()
    s.say("case.start_special", data, who, place=there)
    took = int(s.rng.uniform(0.5, 1.2) * days * DAY)
    s.now += took
    s.say("case.end_special", {"sp_no": "s1", "result": "done"}, who, place=there)
    return took


def _suspend(s: Script) -> None:
    """挂起 until the applicant has paid or answered."""
    if not s.meets("suspended"):
        return
    who, there = s.officer(Post.REVIEW), s.office()
    data = {"reason_code": "waiting_applicant", "approver": CITY_SUPERVISOR}
    s.say("case.suspend_clock", data, who, place=there)
    s.wait(240, 5 * 480)
    s.say("case.resume_clock", {}, who, place=there)


def _steps(s: Script, ends: int) -> None:
    count = 1 + int(s.rng.random() * 2.4)
    for number in range(1, count + 1):
        s.wait(5, 60)
        name = STEP_NAMES[(number - 1) % len(STEP_NAMES)]
        who, place = s.officer(Post.REVIEW), s.office()
        s.say("case.start_step", {"step_no": number, "step_name": name}, who, place=place)
        s.now += max((ends - s.now) // (count + 2), 5 * MINUTE)
        s.say("case.finish_step", {"step_no": number, "action": "pass"}, who, place=place)


def _refer(s: Script, ends: int) -> None:
    """联办: another department gives its opinion and sends the case back."""
    other = "自然资源"
    s.wait(5, 60)
    data = {"transfer_id": "t2", "kind": "refer", "to_dept": other, "to_centre": s.town}
    s.say("case.transfer", data, s.officer(Post.REVIEW), place=s.office())
    _receive(s, "t2", other)
    s.now += max((ends - s.now) // 3, 30 * MINUTE)
    data = {"transfer_id": "t3", "kind": "return", "to_dept": s.dept, "to_centre": s.town}
    there = {"centre": s.town, "dept": other}
    s.say("case.transfer", data, s.officer(Post.REVIEW, other), place=there)
    _receive(s, "t3", s.dept)


def _escalate(s: Script, ends: int) -> By:
    """上报: the department of the city decides, sometimes after its own superior."""
    s.wait(10, 60)
    data = {"transfer_id": "t9", "kind": "escalate", "to_dept": s.dept}
    s.say("case.transfer", data, s.officer(Post.REVIEW), place=s.office())
    _receive(s, "t9", s.dept, "city")
    s.now = max(s.now + 30 * MINUTE, ends)
    there = {"dept": s.dept}
    if s.chance(0.3):
        staff = officer(Post.REVIEW, "city", s.dept)
        said = {"superior_dept": "省厅", "outcome": "approved", "doc_no": s.number("P")}
        by = {"kind": "staff", "staff": staff, "post": Post.REVIEW.value}
        s.say("case.record_superior", said, by, place=there)
        s.wait(10, 120)
    staff = officer(Post.APPROVE, "city", s.dept)
    return {"kind": "staff", "staff": staff, "post": Post.APPROVE.value}, there
