"""好差评 (the citizen's voice): invitation, rating, and the loop of the negative to its end."""

from collections.abc import Mapping

from ledger.contracts.codes import Post
from producers.city.script import CITIZEN, LEDGER_OF_THE_CITY, Script, pick
from producers.city.stories.repairs import take_back_rating
from producers.city.today import DAY, MINUTE
from producers.city.town import CITY_SUPERVISOR, manager, of_town

STARS = ((5, 860), (4, 950), (3, 978), (2, 992), (1, 1000))
STARS_OVERDUE = ((5, 450), (4, 650), (3, 780), (2, 900), (1, 1000))
VIA = (("hall_tablet", 45), ("qr", 75), ("mobile", 88), ("sms", 95), ("pc", 100))
NEGATIVE_MAX = 2
RECTIFY_DAYS = 15
RATED_DAYS = 8
"""Working days after the conclusion in which people rate; the law of the ledger gives ten."""
FIVE_TO_FIVE = DAY - 5 * MINUTE
CASE: Mapping[str, str] = {}
"""What a rating of a case says of its subject: nothing."""


def rate(s: Script) -> None:
    """Be asked, and say something or not; a negative walks its loop."""
    via = pick(VIA, s.rng, 100)
    if s.chance(0.9):
        data = {"subject": "case", "via": via, "rated_staff": [s.window.clerk]}
        s.say("rating.invite", data, LEDGER_OF_THE_CITY)
    angry = s.meets("angry")
    if not (s.visit.gamed or angry or s.chance(0.55)):
        return
    s.wait(1, 30) if s.chance(0.8) else s.wait(60, 2000)
    if s.now > s.concluded + RATED_DAYS * DAY:
        return
    if s.visit.gamed:
        _game(s)
        return
    stars = pick(STARS_OVERDUE if s.overdue else STARS, s.rng, 1000)
    stars = min(stars, s.rng.randint(1, NEGATIVE_MAX)) if angry else stars
    real_name = s.chance(0.3)
    _say_stars(s, stars, via, s.rng.randrange(2_000, 60_000), real_name=real_name)
    if s.meets("void_rating"):
        s.wait(5, 60)
        take_back_rating(s)
    elif stars <= NEGATIVE_MAX:
        _loop(s, real_name=real_name)


def _say_stars(
    s: Script, stars: int, via: str, elapsed: int, *, real_name: bool = False, device: str = "",
    about: Mapping[str, str] = CASE,
) -> None:  # fmt: skip
    data = {"rating_id": rating_id(s), "stars": stars, "via": via, "real_name": real_name,
            "elapsed_ms": elapsed, **about}  # fmt: skip
    if device:
        data["device_id"] = device
    s.say("rating.submit", data, CITIZEN)


def rate_visit(s: Script, stars: int, about: Mapping[str, str]) -> None:
    """Rate what one came for at the hall's tablet; a negative walks its loop."""
    real_name = s.chance(0.2)
    elapsed = s.rng.randrange(3_000, 40_000)
    _say_stars(s, stars, "hall_tablet", elapsed, real_name=real_name, about=about)
    if stars <= NEGATIVE_MAX:
        _loop(s, real_name=real_name)


def _game(s: Script) -> None:
    """刷好评: at five to five the clerk rates every service of the day, one after another."""
    today = s.now // DAY * DAY + FIVE_TO_FIVE
    s.now = (today if s.now <= today else today + DAY) + s.rng.randrange(4 * MINUTE)
    _say_stars(s, 5, "hall_tablet", s.rng.randrange(700, 3_000), device=s.visit.gamed)


def rating_id(s: Script) -> str:
    """Give the id of the rating of a case or visit."""
    return f"{s.name}-r1"


# ------------------------------------------------------------------------------ the negative loop


def _does(s: Script, kind: str, post: Post = Post.RATING_OFFICER, **data: object) -> None:
    """Let somebody of the town, or of the city, take a step of the loop."""
    staff = CITY_SUPERVISOR if post is Post.CITY_SUPERVISOR else of_town(post, s.town)
    place = None if post is Post.CITY_SUPERVISOR else s.at_town()
    actor = {"kind": "staff", "staff": staff, "post": post.value}
    s.say(kind, {"rating_id": rating_id(s), **data}, actor, place=place)


def _loop(s: Script, *, real_name: bool) -> None:
    """预审, 申诉, 核实, 整改, 回复, 回访, 办结: in time mostly."""
    slow = s.meets("loop_late")
    begun = s.now
    s.wait(20, 200)
    suspect = s.meets("loop_not_valid") and s.chance(0.3)
    _does(s, "neg.precheck", reasonable=True, true_fact=not suspect, malicious_suspect=suspect)
    if _appeal(s):
        s.wait(30, 400)
        _does(s, "neg.reply", via="sms")
        _does(s, "neg.close")
        return
    s.wait(2 * 480, 4 * 480) if slow else s.wait(20, 180)
    valid = not s.meets("loop_not_valid")
    findings = ("valid", "valid", "partly") if valid else ("mistaken", "malicious", "no_basis")
    _does(s, "neg.verify", finding=s.rng.choice(findings), evidence=s.number("V"))
    if valid:
        _rectify(s, begun, slow=slow)
    s.wait(20, 300)
    _does(s, "neg.reply", via=s.rng.choice(("phone", "sms", "mobile", "letter")))
    if real_name:
        _call_back(s)
    s.wait(10, 120)
    _does(s, "neg.close")


def _appeal(s: Script) -> bool:
    """申诉 of the clerk or the unit; tell whether the city upheld it."""
    upheld = s.meets("appeal_upheld")
    if not (upheld or s.meets("appeal_denied")):
        return False
    s.wait(60, 600)
    if s.chance(0.5):
        by, actor = "staff", s.clerk()
    else:
        boss = manager(s.visit.centre)
        by, actor = "unit", {"kind": "staff", "staff": boss, "post": Post.HALL_MANAGER.value}
    data = {"rating_id": rating_id(s), "by": by, "evidence": s.number("A"),
            "reason": s.rng.choice(("mistaken", "malicious", "not_our_fault"))}  # fmt: skip
    s.say("appeal.file", data, actor)
    s.wait(300, 7 * 480) if s.meets("loop_late") else s.wait(200, 3 * 480)
    _does(s, "appeal.uphold" if upheld else "appeal.deny", Post.CITY_SUPERVISOR,
          doc_no=s.number("AD"))  # fmt: skip
    return upheld


def _rectify(s: Script, begun: int, *, slow: bool) -> None:
    """整改: at once, or by a plan; late, or extended before it is due."""
    longest = RECTIFY_DAYS
    if s.chance(0.4):
        s.wait(30, 300)
        by = s.moment(begun + 12 * DAY).date().isoformat()
        _does(s, "neg.plan_rectification", by=by)
    if s.meets("loop_extended"):
        s.wait(480, 3 * 480)
        longest = 24
        until = s.moment(begun + longest * DAY).date().isoformat()
        if s.now < begun + RECTIFY_DAYS * DAY:
            _does(s, "neg.grant_extension", Post.HALL_MANAGER, new_due=until,
                  approver=CITY_SUPERVISOR)  # fmt: skip
    share = s.rng.uniform(1.05, 1.3) if slow else s.rng.uniform(0.1, 0.8)
    s.now = max(s.now + 30 * MINUTE, begun + int(share * longest * DAY))
    _does(s, "neg.rectify", measures_doc=s.number("M"))


def _call_back(s: Script) -> None:
    """回访: reached, or tried three times on two days."""
    s.wait(60, 500)
    if s.meets("unreached"):
        for attempts in (2, 1):
            _does(s, "neg.call_back", Post.CALLBACK_OFFICER, reached=False, attempts=attempts)
            s.now += DAY
        return
    data = {"reached": True, "satisfied": s.chance(0.85), "attempts": s.rng.randrange(1, 3)}
    _does(s, "neg.call_back", Post.CALLBACK_OFFICER, **data)
