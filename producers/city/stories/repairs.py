"""更正 (repairs): what is taken back or amended, by two people; what is delivered twice."""

from ledger.contracts.codes import Post
from producers.city.script import Script
from producers.city.town import CORRECT_APPROVERS, of_town


def _two_people(s: Script) -> tuple[dict[str, str], dict[str, str]]:
    """Give the corrector who acts, and what a correction says of both."""
    by = of_town(Post.CORRECTOR, s.town)
    both = {"requested_by": by, "approved_by": s.rng.choice(CORRECT_APPROVERS)}
    return {"kind": "staff", "staff": by, "post": Post.CORRECTOR.value}, both


def take_back(s: Script, facts: int) -> None:
    """Void the last `facts` facts of the case."""
    ids = [f"case/{s.visit.case_id}@{v}" for v in range(s.version - facts + 1, s.version + 1)]
    who, both = _two_people(s)
    reason = s.rng.choice(("wrong_case", "other"))
    data = {"target": ids[0], "reason_code": reason, **both, "cascade": ids[1:]}
    s.say("case.void_event", data, who, place=s.at_town())
    s.version += facts


def take_back_rating(s: Script) -> None:
    """Void the rating that was said last: it was another citizen's."""
    who, both = _two_people(s)
    target = f"rating/{s.visit.case_id}@{s.ratings}"
    data = {"target": target, "reason_code": "wrong_person", **both}
    s.say("rating.void_event", data, who, place=s.at_town())


def amend(s: Script) -> None:
    """Amend the acceptance: a mistyped number, or the window next to it."""
    if not s.meets("amend") or s.accepted is None:
        return
    version, data = s.accepted
    old = data.get("accept_no")
    changes = {"accept_no": {"old": old, "new": s.number("LX")}}
    others = [w.id for w in s.visit.offer.right if w.id != s.window.id]
    if others and s.chance(0.5):
        changes = {"window": {"old": s.window.id, "new": s.rng.choice(others)}}
    who, both = _two_people(s)
    s.wait(5, 240)
    said = {"target": f"case/{s.visit.case_id}@{version}", "changes": changes,
            "reason_code": "typing_error", **both}  # fmt: skip
    s.say("case.amend_event", said, who, place=s.at_town())


def repeat(s: Script) -> None:
    """Deliver one line again, and use one source number for something else."""
    usual = [line[1] for line in s.lines if ".x" not in line[1]["source_seq"]]
    last = s.lines[-1][0]
    if s.meets("duplicate"):
        s.lines.append((last, s.rng.choice(usual)))
    if s.meets("conflict"):
        other = {**s.rng.choice(usual), "correlation": "xE_DUP_CONFLICT"}
        s.lines.append((last, other))
