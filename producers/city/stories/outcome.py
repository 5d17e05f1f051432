"""出件 (the outcome): decision, conclusion, issue at a window, delivery, archive."""

from typing import Any

from ledger.contracts.codes import Post, ProjectType
from producers.city.script import Script, clerk
from producers.city.stories.repairs import take_back
from producers.city.today import DAY

By = tuple[dict[str, str], dict[str, str]]
"""Who does it, and where."""

REJECT_REASONS = ("not_qualified", "materials_false", "site_not_passed")
CERTIFIED, REFUSED = 0, 1
"""办结 codes 出证办结, 不予许可 (domain.md 3.11)."""
C8_DAYS = 11


def verdict(s: Script, outcome: str) -> dict[str, Any]:
    """Give what a decision says."""
    data: dict[str, Any] = {
        "outcome": outcome, "doc_no": s.number("J"), "legal_basis": "行政许可法",
    }  # fmt: skip
    if outcome == "rejected":
        data |= {"reason_code": s.rng.choice(REJECT_REASONS), "remedies_told": True}
    return data


def decide(s: Script, by: By) -> None:
    """Decide, conclude, make the document and hand it over."""
    actor, place = by
    draw = s.rng.random()
    outcome = "rejected" if draw < 0.03 else "partly" if draw < 0.035 else "approved"  # noqa: PLR2004
    s.say("case.decide", verdict(s, outcome), actor, place=place)
    done = {"result_code": REFUSED if outcome == "rejected" else CERTIFIED}
    s.say("case.conclude", done, actor, place=place)
    s.concluded = s.now
    if outcome != "rejected":
        s.wait(1, 40)
        _issue(s, done, by)
    _deliver(s, electronic=outcome == "rejected")
    if s.meets("commitment") and s.fact.commitment_allowed and s.accepted and s.chance(0.5):
        s.wait(480, 5 * 480)
        kept = {"kept": s.chance(0.95)}
        s.say("case.verify_commitment", kept, s.officer(Post.REVIEW), place=s.office())


def _issue(s: Script, done: dict[str, Any], by: By) -> None:
    """出件, at any window that issues; sometimes it, or the conclusion too, is taken back."""
    actor, place = by
    windows = [w for w in s.visit.centre.windows if Post.ISSUE in w.posts]
    window = s.rng.choice(windows)
    data = {"doc_kind": "result", "doc_name": f"{s.fact.name}办理结果", "cert_no": s.number("Z")}
    there = {"window": window.id}
    s.say("case.issue", data, clerk(window, Post.ISSUE), there)
    if _slipped(s):
        return
    if s.meets("void_conclude"):
        s.wait(5, 90)
        take_back(s, 2)
        s.say("case.conclude", done, actor, place=place)
    elif s.meets("void_issue"):
        s.wait(5, 90)
        take_back(s, 1)
    else:
        return
    s.wait(1, 10)
    s.say("case.issue", data, clerk(window, Post.ISSUE), there)


def _slipped(s: Script) -> bool:
    """Tell whether 即办 became the next day, so that a clock ran out: see `faults.SLOW`."""
    arrived = s.visit.accept_at or s.visit.at
    return s.fact.project_type is ProjectType.INSTANT and s.concluded // DAY != arrived // DAY


def _deliver(s: Script, *, electronic: bool) -> None:
    """送达: the citizen fetches it, or it is sent; sometimes only after ten working days."""
    if s.visit.on_the_spot:
        s.wait(1, 5)
    elif s.meets("not_collected"):
        s.now += C8_DAYS * DAY
    else:
        s.wait(2, 60) if s.chance(0.5) else s.wait(60, 3 * 480)
    windows = [w for w in s.visit.centre.windows if Post.ISSUE in w.posts]
    window = s.rng.choice(windows)
    method = "electronic" if electronic else s.rng.choice(("window", "window", "courier", "locker"))
    data = {"method": method, "signed": method == "window"}
    if method == "courier":
        data["courier_no"] = s.number("K")
    s.say("case.deliver", data, clerk(window, Post.ISSUE), {"window": window.id})
    if s.chance(0.3):
        data = {"archive_no": s.number("G")}
        s.say("case.archive", data, clerk(window, Post.ISSUE), {"window": window.id})


def stray(s: Script) -> None:
    """Report a certificate of which nobody knows the case: refused, and kept among the rejects."""
    s.wait(1, 480)
    data = {"doc_kind": "result", "doc_name": f"{s.fact.name}办理结果", "cert_no": s.number("X")}
    place = {**s.at_town(), "channel": "web"}
    s.refused("E_STATE", "case.issue", data, {"kind": "system"}, place=place)
    s.lines[-1][1]["key"] += "-x"
