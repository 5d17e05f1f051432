"""Reference data (参考数据) as a partition knows it: folded facts, newest by key.

Not shared between partitions: each adopts at its own offset, and a replay decides the same.
"""

from dataclasses import dataclass, field

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
    windows: dict[str, WindowCreated] = field(default_factory=dict)
    depts: dict[str, DeptRegistered] = field(default_factory=dict)
    staff: dict[str, Staff] = field(default_factory=dict)
    items: dict[str, ItemRegistered] = field(default_factory=dict)
    calendar: Calendar = field(default_factory=Calendar)

    def apply(self, event: Event) -> None:
        """Fold one fact of the reference partition; total: an unknown type changes nothing."""
        key = event["subject"].partition("/")[2]
        data = event["data"]["data"]
        match event["type"]:
            case CentreOpened.TYPE:
                self.centres[key] = CentreOpened.model_validate(data)
            case WindowCreated.TYPE:
                self.windows[key] = WindowCreated.model_validate(data)
            case DeptRegistered.TYPE:
                self.depts[key] = DeptRegistered.model_validate(data)
            case StaffJoined.TYPE:
                posts = self.staff[key].posts if key in self.staff else frozenset()
                self.staff[key] = Staff(data.get("centre"), data.get("dept"), posts)
            case StaffPostGranted.TYPE:
                known = self.staff[key]
                self.staff[key] = Staff(known.centre, known.dept, known.posts | {data["post"]})
            case ItemRegistered.TYPE:
                self.items[key] = ItemRegistered.model_validate(data)
            case CalendarPublished.TYPE:
                year = CalendarPublished.model_validate(data)
                self.calendar = self.calendar.with_year(
                    year.year, year.holidays, year.workdays, event["id"], event["recordedat"]
                )
