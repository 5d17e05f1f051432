"""The life of one case (一件事的一生) as commands: from the counter to the rating, errors included.

A script is written in one go when the case arrives, in *working seconds* of the city; what it
says depends on the seed, the day and the number of the case only.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from random import Random
from typing import Any, NamedTuple, TypeVar

from ledger.contracts.codes import Post, ProjectType
from producers.city.faults import Plan, Timed
from producers.city.town import (
    CORRECT_APPROVERS,
    Centre,
    Offer,
    Window,
    corrector,
    officer,
    source_of,
)

MINUTE = 60
DAY = 8 * 60 * MINUTE
"""One working day, 09:00 to 17:00, in working seconds."""

Value = TypeVar("Value")

Moment = Callable[[int], datetime]
"""Working seconds → moment."""

STEP_NAMES = ("材料审查", "现场勘验", "复审", "公示", "专家评审")
REJECT_REASONS = ("not_qualified", "materials_false", "site_not_passed")
STARS = ((5, 860), (4, 950), (3, 978), (2, 992), (1, 1000))
STARS_OVERDUE = ((5, 450), (4, 650), (3, 780), (2, 900), (1, 1000))
VIA = (("hall_tablet", 45), ("qr", 75), ("mobile", 88), ("sms", 95), ("pc", 100))
CHANNELS = (("window", 74), ("web", 88), ("mobile", 97), ("self_service", 100))


class Visit(NamedTuple):
    """Who comes, where, when, for what."""

    case_id: str
    case_no: str
    centre: Centre
    offer: Offer
    at: int
    """Working seconds of the application."""
    on_the_spot: bool
    """Outside office days (village, Saturday): all in one sitting, or not at all."""


class Script:
    """Writes the commands of one case and keeps count of its legal facts."""

    def __init__(self, visit: Visit, plan: Plan, rng: Random, moment: Moment) -> None:
        self.visit, self.plan, self.rng, self._moment = visit, _fit(plan, visit), rng, moment
        self.now = visit.at
        self.delay = 0
        """Working seconds between happening and entering, while the case is entered late."""
        self.version = 0
        """Facts of the case's stream so far; restatements are facts too."""
        self.lines: list[Timed] = []
        self._said = 0
        self._hand = moment(visit.at)
        """When the last line was handed in: lines of one case never overtake one another."""
        self.town = visit.centre.fact.town
        self.dept = visit.offer.item.fact.dept
        self.overdue = False

    def write(self) -> list[Timed]:
        """Give the commands of the case, in order."""
        offer, rng = self.visit.offer, self.rng
        wrong = self.plan.wrong_window and offer.wrong
        window = rng.choice(offer.wrong if wrong else offer.right)
        channel = "window" if self.visit.on_the_spot else pick(CHANNELS, rng, 100)
        self._apply(window, channel)
        window = self._accept(window, channel)
        self._decide(self._back_office(window))
        self._rate()
        self._repeat()
        return self.lines

    # ------------------------------------------------------------------------- the usual course

    def _apply(self, window: Window, channel: str) -> None:
        rng = self.rng
        if self.plan.late and not self.visit.on_the_spot:
            self.delay = rng.choice((2, 3)) * DAY
        applicant = {"applicant_ref": f"{rng.getrandbits(64):016x}",
                     "applicant_kind": 2 if rng.random() < 0.25 else 1}  # noqa: PLR2004  # fmt: skip
        data = {"case_no": self.visit.case_no, "item": self.visit.offer.item.id, **applicant,
                "receipt_no": f"S{self.visit.case_no[6:]}"}  # fmt: skip
        at_counter = channel == "window"
        self.say("case.submit", data, clerk(window) if at_counter else CITIZEN,
                 window=window.id if at_counter else None, channel=channel)  # fmt: skip
        if self.plan.illegal == "decide_first":
            self.wait(1, 2)
            self.refused("E_STATE", "case.decide", self._verdict("approved"),
                         self._officer(Post.APPROVE), place=self._office())  # fmt: skip
        self.wait(2, 9) if at_counter else self.wait(15, 240)

    def _accept(self, window: Window, channel: str) -> Window:
        """Take the case in; give the window that has it in the end."""
        fact = self.visit.offer.item.fact
        data: dict[str, Any] = {"accept_no": f"L{self.visit.case_no[6:]}"}
        if self.plan.no_number:
            data = {}
        data["project_type"] = fact.project_type.value
        if fact.statutory and fact.promised:
            data["statutory"] = {"n": fact.statutory.n, "unit": fact.statutory.unit.value}
            data["promised"] = {"n": fact.promised.n, "unit": fact.promised.unit.value}
        who = clerk(window)
        if self.plan.illegal == "unknown_window":
            nowhere = f"{self.visit.centre.id}-99"
            self.refused("E_REF", "case.accept", data, who, window=nowhere, channel=channel)
        elif self.plan.illegal == "clock_ahead":
            self.refused("E_TIME_FUTURE", "case.accept", data, who, ahead=timedelta(hours=1),
                         window=window.id, channel=channel)  # fmt: skip
        self.say("case.accept", data, who, window=window.id, channel=channel)
        if self.plan.illegal == "accept_twice":
            self.refused("E_STATE", "case.accept", data, who, window=window.id, channel=channel)
        elif self.plan.illegal == "no_post" and Post.APPROVE not in window.posts:
            self.refused("E_AUTH", "case.decide", self._verdict("approved"),
                         {"kind": "staff", "staff": window.clerk, "post": "approve"})  # fmt: skip
        if self.plan.void == "accept":
            self.wait(2, 6)
            self.take_back(1)
            window = self.rng.choice(self.visit.offer.right)
            self.say("case.accept", data, clerk(window), window=window.id, channel=channel)
        self.now += self.delay
        self.delay = 0
        return window

    def _back_office(self, window: Window) -> tuple[dict[str, str], dict[str, str]]:
        """Bring the case to whoever decides it; give that actor and their place."""
        fact = self.visit.offer.item.fact
        if fact.project_type is ProjectType.INSTANT:
            if Post.APPROVE in window.posts and fact.one_person_ok:
                self.wait(3, 12)
                return clerk(window, Post.APPROVE), {"window": window.id}
            self.wait(4, 45)
            return self._officer(Post.APPROVE), self._office()
        ends = self.now + self._duration()
        self.wait(10, 90)
        data = {"transfer_id": "t1", "kind": "dispatch", "from_centre": self.visit.centre.id,
                "to_dept": self.dept, "to_centre": self.town}  # fmt: skip
        self.say("case.transfer", data, clerk(window), window=window.id)
        self._receive("t1", self.dept)
        self._steps(1, ends)
        if fact.project_type is ProjectType.JOINT:
            self._refer(ends)
        if self.plan.illegal == "own_case" and Post.APPROVE in window.posts:
            self.refused("E_SOD", "case.decide", self._verdict("approved"),
                         clerk(window, Post.APPROVE))  # fmt: skip
        if fact.project_type is ProjectType.ESCALATED:
            return self._escalate(ends)
        self.now = max(self.now + 10 * MINUTE, ends)
        return self._officer(Post.APPROVE), self._office()

    def _duration(self) -> int:
        """Draw the working time from acceptance to decision: mostly well before the promise."""
        promised = self.visit.offer.item.fact.promised
        days = max(promised.n if promised else 1, 1)
        share = self.rng.betavariate(1.6, 2.6)
        if self.rng.random() < 0.03:  # noqa: PLR2004
            share, self.overdue = self.rng.uniform(1.05, 1.6), True
        return int(days * DAY * share)

    def _receive(self, transfer: str, dept: str, place: str | None = None) -> None:
        self.wait(10, 200)
        post = Post.REVIEW
        actor = {"kind": "staff", "staff": officer(post, place or self.town, dept),
                 "post": post.value}  # fmt: skip
        self.say("case.receive_transfer", {"transfer_id": transfer}, actor,
                 place=None if place else {"centre": self.town, "dept": dept})  # fmt: skip

    def _steps(self, first: int, ends: int) -> None:
        count = 1 + int(self.rng.random() * 2.4)
        for number in range(first, first + count):
            self.wait(5, 60)
            name = STEP_NAMES[(number - 1) % len(STEP_NAMES)]
            who, place = self._officer(Post.REVIEW), self._office()
            self.say("case.start_step", {"step_no": number, "step_name": name}, who, place=place)
            self.now += max((ends - self.now) // (count + 2), 5 * MINUTE)
            self.say("case.finish_step", {"step_no": number, "action": "pass"}, who, place=place)

    def _refer(self, ends: int) -> None:
        """联办: another department gives its opinion and sends the case back."""
        other = "自然资源"
        self.wait(5, 60)
        data = {"transfer_id": "t2", "kind": "refer", "to_dept": other, "to_centre": self.town}
        self.say("case.transfer", data, self._officer(Post.REVIEW), place=self._office())
        self._receive("t2", other)
        self.now += max((ends - self.now) // 3, 30 * MINUTE)
        data = {"transfer_id": "t3", "kind": "return", "to_dept": self.dept, "to_centre": self.town}
        actor = {"kind": "staff", "staff": officer(Post.REVIEW, self.town, other), "post": "review"}
        self.say("case.transfer", data, actor, place={"centre": self.town, "dept": other})
        self._receive("t3", self.dept)

    def _escalate(self, ends: int) -> tuple[dict[str, str], dict[str, str]]:
        """上报: the department of the city decides."""
        self.wait(10, 60)
        data = {"transfer_id": "t9", "kind": "escalate", "to_dept": self.dept}
        self.say("case.transfer", data, self._officer(Post.REVIEW), place=self._office())
        self._receive("t9", self.dept, "city")
        self.now = max(self.now + 30 * MINUTE, ends)
        staff = officer(Post.APPROVE, "city", self.dept)
        return {"kind": "staff", "staff": staff, "post": "approve"}, {"dept": self.dept}

    def _decide(self, by: tuple[dict[str, str], dict[str, str]]) -> None:
        actor, place = by
        draw = self.rng.random()
        outcome = "rejected" if draw < 0.03 else "partly" if draw < 0.035 else "approved"  # noqa: PLR2004
        self.say("case.decide", self._verdict(outcome), actor, place=place)
        done = {"result_code": 2 if outcome == "rejected" else 1}
        self.say("case.conclude", done, actor, place=place)
        if outcome == "rejected":
            return
        self.wait(1, 40)
        issued = self._issue()
        if self.plan.void in {"issue", "conclude"}:
            self.wait(5, 90)
            if self.plan.void == "conclude":
                self.take_back(2)
                self.say("case.conclude", done, actor, place=place)
            else:
                self.take_back(1)
            self.wait(1, 10)
            self.say("case.issue", *issued)

    def _issue(self) -> tuple[dict[str, Any], dict[str, str], dict[str, str]]:
        windows = [w for w in self.visit.centre.windows if Post.ISSUE in w.posts]
        window = windows[int(self.rng.random() * len(windows))]
        data = {"doc_kind": "result", "doc_name": f"{self.visit.offer.item.fact.name}办理结果",
                "cert_no": f"Z{self.visit.case_no[6:]}"}  # fmt: skip
        line = data, clerk(window, Post.ISSUE), {"window": window.id}
        self.say("case.issue", *line)
        return line

    def _rate(self) -> None:
        rng = self.rng
        if rng.random() > 0.55:  # noqa: PLR2004
            return
        self.wait(1, 30) if rng.random() < 0.8 else self.wait(60, 2000)  # noqa: PLR2004
        data = {"rating_id": f"{self.visit.case_id}-r1",
                "stars": pick(STARS_OVERDUE if self.overdue else STARS, rng, 1000),
                "via": pick(VIA, rng, 100), "real_name": rng.random() < 0.3,  # noqa: PLR2004
                "elapsed_ms": rng.randrange(2_000, 60_000)}  # fmt: skip
        self.say("rating.submit", data, CITIZEN)

    # -------------------------------------------------------------------------------- mischief

    def take_back(self, facts: int) -> None:
        """Void the last `facts` facts of the case; two people sign."""
        ids = [f"case/{self.visit.case_id}@{v}"
               for v in range(self.version - facts + 1, self.version + 1)]  # fmt: skip
        by = corrector(self.town)
        data = {"target": ids[0], "reason_code": self.rng.choice(("wrong_case", "other")),
                "requested_by": by, "approved_by": self.rng.choice(CORRECT_APPROVERS),
                "cascade": ids[1:]}  # fmt: skip
        self.say("case.void_event", data, {"kind": "staff", "staff": by, "post": "corrector"},
                 place={"centre": self.town})  # fmt: skip
        self.version += facts

    def refused(
        self, code: str, kind: str, data: Mapping[str, Any], actor: Mapping[str, str], *,
        ahead: timedelta = timedelta(0), **place: Any,  # noqa: ANN401
    ) -> None:  # fmt: skip
        """Hand in a command that the ledger refuses with `code`."""
        self.say(kind, data, actor, **place)
        moment, command = self.lines[-1]
        self.version -= 1
        happened = datetime.fromisoformat(command["occurred_at"]) + ahead
        command["occurred_at"] = happened.isoformat()
        command["source_seq"] += f".x{code}"
        self.lines[-1] = (moment, command)

    def _repeat(self) -> None:
        """Deliver one line again, and use one source number for something else."""
        rng = self.rng
        usual = [line[1] for line in self.lines if ".x" not in line[1]["source_seq"]]
        if self.plan.duplicate:
            self.wait(1, 30)
            self.lines.append((self._moment(self.now), rng.choice(usual)))
        if self.plan.conflict:
            self.wait(1, 30)
            other = {**rng.choice(usual), "correlation": "xE_DUP_CONFLICT"}
            self.lines.append((self._moment(self.now), other))

    # ------------------------------------------------------------------------------- the basics

    def wait(self, least: int, most: int) -> None:
        """Let between `least` and `most` working minutes pass; fewer are likelier."""
        share = self.rng.random() ** 2
        self.now += int((least + (most - least) * share) * MINUTE)

    def say(
        self, kind: str, data: Mapping[str, Any], actor: Mapping[str, str],
        place: Mapping[str, str] | None = None, *,
        window: str | None = None, channel: str | None = None,
    ) -> None:  # fmt: skip
        """Write one line: it happens now, and is handed in now or, when late, later."""
        happened = self._moment(self.now)
        self._said += 1
        command: dict[str, Any] = {
            "type": kind,
            "key": self.visit.case_id,
            "occurred_at": happened.isoformat(),
            "source_system": source_of(self.town),
            "source_seq": f"{self.visit.case_id}.{self._said}",
            "actor": actor,
            "centre": self.visit.centre.id,
        }
        if place:
            command.update(place)
        if window:
            command["window"] = window
        if channel:
            command["channel"] = channel
        if self.delay:
            command["late_reason"] = "line_down"
        command["data"] = data
        if self.delay:
            happened = self._moment(self.now + self.delay)
        self._hand = max(self._hand, happened)
        self.lines.append((self._hand, command))
        self.version += kind.startswith("case.")

    def _officer(self, post: Post) -> dict[str, str]:
        staff = officer(post, self.town, self.dept)
        return {"kind": "staff", "staff": staff, "post": post.value}

    def _office(self) -> dict[str, str]:
        return {"centre": self.town, "dept": self.dept}

    def _verdict(self, outcome: str) -> dict[str, Any]:
        data: dict[str, Any] = {"outcome": outcome, "doc_no": f"J{self.visit.case_no[6:]}",
                "legal_basis": "行政许可法"}  # fmt: skip
        if outcome == "rejected":
            data |= {"reason_code": self.rng.choice(REJECT_REASONS), "remedies_told": True}
        return data


def _fit(plan: Plan, visit: Visit) -> Plan:
    """Let only a village's all-round clerk try to decide their own case: others lack the post."""
    if not plan.illegal:
        return plan
    instant = visit.offer.item.fact.project_type is ProjectType.INSTANT
    if visit.centre.is_village and not instant:
        return plan._replace(illegal="own_case")
    return plan._replace(illegal="accept_twice") if plan.illegal == "own_case" else plan


CITIZEN = {"kind": "citizen"}


def clerk(window: Window, post: Post = Post.ACCEPT) -> dict[str, str]:
    """Give the clerk of a window, acting by `post`."""
    return {"kind": "staff", "staff": window.clerk, "post": post.value}


def pick(table: tuple[tuple[Value, int], ...], rng: Random, total: int) -> Value:
    """Draw from (value, cumulative weight) pairs."""
    draw = rng.random() * total
    for value, upper in table:
        if draw < upper:
            return value
    return table[-1][0]
