"""督查 (inspections): the city's office looks at a centre, writes a notice, sees it through."""

from collections.abc import Iterator, Mapping
from operator import itemgetter
from random import Random
from typing import Any, get_args

from ledger.contracts.codes import Post
from ledger.contracts.events.inspection import Category, SealedPlan
from producers.city.faults import Timed, meets
from producers.city.today import DAY, HOUR, MINUTE, Begun, Today
from producers.city.town import (
    CITY_SUPERVISOR,
    CORRECT_APPROVERS,
    INSPECTORS,
    Centre,
    manager,
    of_town,
)

OFFICE = "city-office"
"""Source system of the city's office, which does not tell whom it looks at."""

FINDINGS = (0, 0, 1, 1, 2, 3)
"""So many an inspection, each as likely."""
SEVERITIES = ("minor", "minor", "major", "serious")
METHODS = ("on_site", "on_site", "video", "phone")
REASONS = ("mistaken", "not_ours", "put_right")
DECIDED_DAYS = 5
"""Working days after which no finding may be contested any more."""


def inspections(today: Today) -> Iterator[Begun]:
    """Tell the inspections that are planned, or sealed, on a day; villages go with their town."""
    if not today.working:
        return
    towns: dict[str, list[Centre]] = {}
    for centre in today.city.centres:
        towns.setdefault(centre.fact.town, []).append(centre)
    begun = []
    for town, centres in towns.items():
        rng = today.chance(f"{town}/inspection")
        if meets(today.rates, "inspected", rng):
            # The number does not tell the town: a covert inspection has one as well.
            key = f"DC{today.day:%Y%m%d}-{today.seed}-{rng.getrandbits(48):012x}"
            lines = Inspection(today, rng.choice(centres), key, rng).told()
            begun.append((lines[0][0], lines))
    yield from sorted(begun, key=itemgetter(0))


class Inspection:
    """Writes the commands of one inspection, from its plan to the closing of its notice."""

    def __init__(self, today: Today, centre: Centre, key: str, rng: Random) -> None:
        self.today, self.centre, self.key, self.rng = today, centre, key, rng
        self.now = rng.randrange(10 * MINUTE, 6 * HOUR)
        self.lines: list[Timed] = []
        self.inspector, self.other = rng.sample(INSPECTORS, 2)

    def told(self) -> list[Timed]:
        """Give its lines, in order."""
        self._conduct()
        found = [f"F{n + 1}" for n in range(self.rng.choice(FINDINGS))]
        for name in found:
            self._record(name)
        if self._meets("void_finding"):
            self._record_wrongly()
        conducted = self.now
        standing = [name for name in found if self._stands(name)]
        self.now = max(self.now, conducted + DECIDED_DAYS * DAY)
        if standing:
            self._notice(standing)
        return self.lines

    def _conduct(self) -> None:
        """Plan or seal, wait some days, and go there."""
        who = [self.inspector, self.other]
        day = self.today.moment(self.now + self.rng.randrange(1, 4) * DAY).date()
        plan = {"scope": sorted(self.rng.sample(get_args(Category), 3)), "inspectors": who,
                "day": day.isoformat()}  # fmt: skip
        seen: dict[str, Any] = {"inspectors": who, "method": self.rng.choice(METHODS)}
        if self._meets("covert"):
            sealed = {**plan, "centre": self.centre.id, "salt": f"{self.rng.getrandbits(128):032x}"}
            seal = SealedPlan.model_validate(sealed).seal()
            self._say("inspection.seal", {"seal": seal}, self._inspector())
            seen |= {"opened": sealed, "method": "mystery_visitor"}
        else:
            self._say("inspection.plan", plan, CITY, self.centre.id)
        while self.today.moment(self.now).date() < day:
            self.now += HOUR
        start = self.today.moment(self.now)
        self._wait(20, 90)
        seen |= {"start": start.isoformat(), "end": self.today.moment(self.now).isoformat()}
        self._say("inspection.conduct", seen, self._inspector(), self.centre.id)

    def _record(self, name: str) -> None:
        self._wait(2, 20)
        data: dict[str, Any] = {
            "finding_id": name, "severity": self.rng.choice(SEVERITIES),
            "category": self.rng.choice(get_args(Category)), "evidence": [self._doc(name)],
        }  # fmt: skip
        if self.rng.random() < 0.4:  # noqa: PLR2004
            data["window_id"] = self.rng.choice(self.centre.windows).id
        self._say("finding.record", data, self._inspector())

    def _record_wrongly(self) -> None:
        """Record a finding of another centre, and take it back: by two people, soon."""
        self._record("F0")
        by = of_town(Post.CORRECTOR, self.centre.fact.town)
        data = {"target": f"inspection/{self.key}@{len(self.lines)}", "reason_code": "other",
                "requested_by": by, "approved_by": self.rng.choice(CORRECT_APPROVERS)}  # fmt: skip
        self._wait(10, 60)
        self._say("inspection.void_event", data, _staff(by, Post.CORRECTOR))

    def _stands(self, name: str) -> bool:
        """Let the centre contest a finding, or not; tell whether it stands."""
        if not self._meets("contested"):
            return True
        self._wait(30, 480)
        data = {"finding_id": name, "reason": self.rng.choice(REASONS)}
        self._say("finding.contest", data, self._manager())
        self._wait(60, 480)
        outcome = self.rng.choice(("stands", "dropped"))
        self._say("finding.decide_contest", {"finding_id": name, "outcome": outcome}, CITY)
        return outcome == "stands"

    def _notice(self, names: list[str]) -> None:
        """通报, and rectification by parts: what is late, or not good enough, comes after."""
        number = self._doc("N")
        data: dict[str, Any] = {"notice_no": number, "finding_ids": names,
                                "addressees": [self.centre.id]}  # fmt: skip
        if self.rng.random() < 0.5:  # noqa: PLR2004
            due = self.today.moment(self.now + self.rng.randrange(8, 15) * DAY)
            data["rectify_due"] = due.date().isoformat()
        self._say("notice.issue", data, CITY)
        issued, late = self.now, [name for name in names if self._meets("rectified_late")]
        for some, first, last in ((sorted({*names} - {*late}), 1, 6), (late, 15, 25)):
            if some:
                self.now = issued + int(self.rng.uniform(first, last) * DAY)
                self._rectify(some)
        if not self._meets("never_closed"):
            self._wait(30, 900)
            self._say("notice.close", {"notice_no": number, "finding_ids": names}, CITY)

    def _rectify(self, names: list[str]) -> None:
        said = {"finding_ids": names}
        rejected = self._meets("rectification_rejected")
        for again in (True, False) if rejected else (False,):
            data = {**said, "measures_doc": self._doc("M"), "evidence": [self._doc("E")]}
            self._say("rectification.submit", data, self._manager())
            self._wait(30, 600)
            if again:
                self._say("rectification.reject", {**said, "reason": "incomplete"}, CITY)
                self._wait(60, 960)
        self._say("rectification.accept", said, CITY)

    # ------------------------------------------------------------------------------ the pieces

    def _inspector(self) -> dict[str, str]:
        return _staff(self.inspector, Post.INSPECTOR)

    def _manager(self) -> dict[str, str]:
        return _staff(manager(self.centre), Post.HALL_MANAGER)

    def _doc(self, kind: str) -> str:
        return f"{kind}-{self.key}-{len(self.lines)}"

    def _meets(self, kind: str) -> bool:
        return meets(self.today.rates, kind, self.rng)

    def _wait(self, least: int, most: int) -> None:
        """Let so many working minutes pass."""
        self.now += self.rng.randrange(least, most) * MINUTE

    def _say(
        self, kind: str, data: Mapping[str, Any], actor: Mapping[str, str], centre: str = ""
    ) -> None:
        moment = self.today.moment(self.now)
        self.lines.append((moment, {
            "type": kind,
            "key": self.key,
            "occurred_at": moment.isoformat(),
            "source_system": OFFICE,
            "source_seq": f"{self.key}.{len(self.lines) + 1}",
            "actor": actor,
            **({"centre": centre} if centre else {}),
            "data": data,
        }))  # fmt: skip


def _staff(name: str, post: Post) -> dict[str, str]:
    return {"kind": "staff", "staff": name, "post": post.value}


CITY = _staff(CITY_SUPERVISOR, Post.CITY_SUPERVISOR)
