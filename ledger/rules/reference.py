"""Reference data (参考数据) as a partition knows it: folded facts, newest by key.

Not shared between partitions: each adopts at its own offset, and a replay decides the same.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ledger.contracts.codes import CentreLevel, Post, Tier
from ledger.contracts.events.item import ItemRetired, ItemRevised
from ledger.contracts.events.org import (
    AgentAppointed,
    AgentDismissed,
    ApplicantListed,
    ApplicantUnlisted,
    CalendarOverridden,
    CentreClosed,
    CentreTierChanged,
    StaffLeft,
    StaffPostRevoked,
    StaffSeconded,
    StaffTransferredIn,
    WindowRetired,
    WindowTypeChanged,
)
from ledger.contracts.events.reference import (
    CalendarPublished,
    CentreOpened,
    DeptRegistered,
    ItemRegistered,
    StaffJoined,
    StaffPostGranted,
    WindowCreated,
)
from ledger.contracts.wire import Event
from ledger.rules import rights
from ledger.rules.reading import as_stored
from ledger.rules.rights import Rights
from ledger.rules.workdays import Calendar


@dataclass(slots=True)
class Staff:
    """人员: where they belong and the posts they hold."""

    centre: str | None
    dept: str | None
    posts: frozenset[str] = frozenset()


@dataclass(slots=True)
class Reference:
    """Everything a decision looks up."""

    offset: int = 0
    """Reference facts before this offset are folded in."""
    centres: dict[str, CentreOpened] = field(default_factory=dict)
    tiers: dict[str, list[tuple[str, Tier]]] = field(default_factory=dict)
    """Centre → (day from which it holds, tier) as told since it was opened, the newest last."""
    windows: dict[str, WindowCreated] = field(default_factory=dict)
    depts: dict[str, DeptRegistered] = field(default_factory=dict)
    staff: dict[str, Staff] = field(default_factory=dict)
    items: dict[str, ItemRegistered] = field(default_factory=dict)
    rights: dict[str, Rights] = field(default_factory=dict)
    """Item → where it may be taken in; only of items with a list."""
    calendar: Calendar = field(default_factory=Calendar)
    over: dict[str, str] = field(default_factory=dict)
    """Stream of a centre that was closed, a window or an item that was retired → since when."""

    agents: dict[str, dict[str, frozenset[str]]] = field(default_factory=dict)
    """代办员 that were ever appointed → village → items, none of them named: all."""

    listed: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    """失信名单: reference of an applicant → [from, until) of each time on it, ISO dates."""

    def is_listed(self, applicant: str | None, at: str) -> bool:
        """Tell whether an applicant was on the list of the dishonest on the day of `at`."""
        day = at[: len("2020-06-01")]
        return any(since <= day < until for since, until in self.listed.get(applicant or "", ()))

    def serves(self, agent: str, village: str, item: str) -> bool:
        """Tell whether an agent is appointed for an item there; true where nothing is known."""
        villages = self.agents.get(agent, {village: frozenset()})
        return village in villages and item in (villages[village] or {item})

    def centre_on(self, centre: str, at: str) -> CentreOpened:
        """Give a known centre with the tier it had at an instant (domain.md 3.8a)."""
        known = self.centres[centre]
        for since, tier in reversed(self.tiers.get(centre, [])):
            if since <= at:
                return known.model_copy(update={"tier": tier})
        return known

    def is_alone(self, centre: str | None) -> bool:
        """Tell whether a centre is a village's, and at most one person there takes cases in."""
        known = self.centres.get(centre or "")
        if known is None or known.level is not CentreLevel.VILLAGE:
            return False
        posts = [each.posts for each in self.staff.values() if each.centre == centre]
        return sum(Post.ACCEPT in held for held in posts) <= 1

    def is_over(self, stream: str, at: str) -> bool:
        """Tell whether a centre was closed, a window or an item retired, by then."""
        return at >= self.over.get(stream, "9")

    def exceeds(self, item: str | None, centre: str | None, at: str) -> bool:
        """Tell whether a centre would take an item in without a right to (R30)."""
        of = self.centres.get(centre or "")
        return of is not None and rights.exceeded(self.rights.get(item or ""), centre or "", of, at)

    def apply(self, event: Event) -> None:
        """Fold one fact of the reference partition; total: an unknown type changes nothing."""
        key = event["subject"].partition("/")[2]
        data = event["data"]["data"]
        self._apply_person(event["type"], key, data)
        match event["type"]:
            case CentreClosed.TYPE | WindowRetired.TYPE | ItemRetired.TYPE:
                self.over[event["subject"]] = event["time"]
            case CentreOpened.TYPE:
                self.over.pop(event["subject"], None)
                self.tiers.pop(key, None)
                self.centres[key] = as_stored(CentreOpened, data)
            case CentreTierChanged.TYPE:
                told = self.tiers.setdefault(key, [])
                told.append((data["effective_from"], Tier(data["tier"])))
            case WindowCreated.TYPE | WindowTypeChanged.TYPE:
                self.over.pop(event["subject"], None)
                data = {name: data[name] for name in WindowCreated.model_fields if name in data}
                self.windows[key] = as_stored(WindowCreated, data)
            case DeptRegistered.TYPE:
                self.depts[key] = as_stored(DeptRegistered, data)
            case ItemRegistered.TYPE:
                self.over.pop(event["subject"], None)
                self.items[key] = as_stored(ItemRegistered, data)
            case ItemRevised.TYPE:
                self.items[key] = as_stored(ItemRevised, data)
            case kind if kind in rights.FACTS:
                self.rights.setdefault(key, Rights()).apply(kind, data, event["time"])
            case CalendarPublished.TYPE | CalendarOverridden.TYPE:
                data = {name: data[name] for name in CalendarPublished.model_fields if name in data}
                year = as_stored(CalendarPublished, data)
                self.calendar = self.calendar.with_year(
                    year.year, year.holidays, year.workdays, event["id"], event["recordedat"]
                )

    def _apply_person(self, kind: str, key: str, data: Mapping[str, Any]) -> None:
        """Fold a fact of a member of staff, an agent or an applicant."""
        match kind:
            case StaffJoined.TYPE:
                posts = self.staff[key].posts if key in self.staff else frozenset()
                self.staff[key] = Staff(data.get("centre"), data.get("dept"), posts)
            case StaffPostGranted.TYPE:
                known = self.staff[key]
                self.staff[key] = Staff(known.centre, known.dept, known.posts | {data["post"]})
            case StaffPostRevoked.TYPE if key in self.staff:
                known = self.staff[key]
                self.staff[key] = Staff(known.centre, known.dept, known.posts - {data["post"]})
            case StaffTransferredIn.TYPE | StaffSeconded.TYPE if key in self.staff:
                known = self.staff[key]
                self.staff[key] = Staff(data["to_centre"], known.dept, known.posts)
            case StaffLeft.TYPE:
                self.staff.pop(key, None)
            case AgentAppointed.TYPE:
                items = frozenset(data.get("items_scope", ()))
                self.agents.setdefault(key, {})[data["village"]] = items
            case AgentDismissed.TYPE:
                self.agents.get(key, {}).pop(data["village"], None)
            case ApplicantListed.TYPE:
                self.listed.setdefault(key, []).append((data["effective_from"], "9"))
            case ApplicantUnlisted.TYPE if self.listed.get(key):
                since, _ = self.listed[key].pop()
                self.listed[key].append((since, data["effective_from"]))
