"""The life of one case (一件事的一生) as commands, and how a line of it is written.

A script is written in one go when the case arrives, in *working seconds* of the city; what it
says depends on the seed, the day and the number of the case only. What happens in it is told by
the modules of `producers.city.stories`, each a part of the way.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from random import Random
from typing import Any, NamedTuple, TypeVar

from ledger.contracts.codes import Post
from producers.city.faults import Plan, Timed
from producers.city.today import MINUTE, Moment
from producers.city.town import Centre, Offer, Window, officer, source_of

Value = TypeVar("Value")

CITIZEN = {"kind": "citizen"}
LEDGER_OF_THE_CITY = {"kind": "system"}
"""What the city's own machinery does: automatic conclusion, invitations."""


class Visit(NamedTuple):
    """Who comes, where, when, for what."""

    case_id: str
    case_no: str
    centre: Centre
    offer: Offer
    channel: str
    at: int
    """Working seconds of the application."""
    accept_at: int
    """Working seconds of the acceptance, when all goes well; 0: somebody looks at it later."""
    window: Window
    """Where it is handed in or, from the web, looked at."""
    ticket: str = ""
    gamed: str = ""
    """The device with which the window rates itself."""
    on_the_spot: bool = False
    """Outside office days (village, Saturday): all in one sitting, or not at all."""


class Script:
    """Writes the commands of one case and keeps count of its legal facts."""

    def __init__(self, visit: Visit, plan: Plan, rng: Random, moment: Moment) -> None:
        self.visit, self.plan, self.rng, self.moment = visit, plan, rng, moment
        self.now = visit.at
        self.name = visit.case_id
        """What its lines are numbered by at their source."""
        self.delay = 0
        """Working seconds between happening and entering, while the case is entered late."""
        self.version = 0
        """Facts of the case's stream so far; restatements are facts too."""
        self.ratings = 0
        """Facts of its rating stream so far."""
        self.lines: list[Timed] = []
        self._said = 0
        self._hand = moment(visit.at)
        """When the last line was handed in: lines of one case never overtake one another."""
        self.window = visit.window
        """Where the case was taken in."""
        self.town = visit.centre.fact.town
        self.fact = visit.offer.item.fact
        self.dept = self.fact.dept
        self.overdue = False
        self.taken_in = 0
        """Working seconds of the acceptance; 0: nobody accepted it."""
        self.concluded = 0
        """Working seconds of the conclusion."""
        self.accepted: tuple[int, dict[str, Any]] | None = None
        """Version and data of the acceptance that counts."""

    def say(
        self, kind: str, data: Mapping[str, Any], actor: Mapping[str, str],
        place: Mapping[str, str] | None = None, *,
        window: str | None = None, channel: str | None = None,
    ) -> None:  # fmt: skip
        """Write one line: it happens now, and is handed in now or, when late, later."""
        happened = self.moment(self.now)
        self._said += 1
        command: dict[str, Any] = {
            "type": kind,
            "key": self.visit.case_id,
            "occurred_at": happened.isoformat(),
            "source_system": source_of(self.town),
            "source_seq": f"{self.name}.{self._said}",
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
            happened = self.moment(self.now + self.delay)
        self._hand = max(self._hand, happened)
        self.lines.append((self._hand, command))
        self.version += kind.startswith("case.")
        self.ratings += not kind.startswith("case.")

    def refused(
        self, code: str, kind: str, data: Mapping[str, Any], actor: Mapping[str, str], *,
        ahead: timedelta = timedelta(0), **place: Any,  # noqa: ANN401
    ) -> None:  # fmt: skip
        """Hand in a command that the ledger refuses with `code`."""
        before = self.version, self.ratings
        self.say(kind, data, actor, **place)
        self.version, self.ratings = before
        moment, command = self.lines[-1]
        happened = datetime.fromisoformat(command["occurred_at"]) + ahead
        command["occurred_at"] = happened.isoformat()
        command["source_seq"] += f".x{code}"
        self.lines[-1] = (moment, command)

    def wait(self, least: int, most: int) -> None:
        """Let between `least` and `most` working minutes pass; fewer are likelier."""
        share = self.rng.random() ** 2
        self.now += int((least + (most - least) * share) * MINUTE)

    def meets(self, kind: str) -> bool:
        """Tell whether the case meets this kind of mischief."""
        return kind in self.plan

    def chance(self, share: float) -> bool:
        """Draw one of the usual ways of a case."""
        return self.rng.random() < share

    def number(self, prefix: str) -> str:
        """Give the number of a document of this case."""
        return f"{prefix}{self.visit.case_no[6:]}"

    # ---------------------------------------------------------------------- who acts, and where

    def clerk(self, post: Post = Post.ACCEPT) -> dict[str, str]:
        """Give the clerk at the window of the case, acting by `post`."""
        return clerk(self.window, post)

    def officer(self, post: Post, dept: str = "") -> dict[str, str]:
        """Give an officer of the back office of the case's department, or of another."""
        staff = officer(post, self.town, dept or self.dept)
        return {"kind": "staff", "staff": staff, "post": post.value}

    def office(self) -> dict[str, str]:
        """Give the place of the back office."""
        return {"centre": self.town, "dept": self.dept}

    def at_town(self) -> dict[str, str]:
        """Give the place of the town's centre, where people of the whole town sit."""
        return {"centre": self.town}


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
