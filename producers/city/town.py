"""The city as a value (城市底册): 区镇, centres, windows, items, staff, made from data.

Pure: the tables (towns/*.toml, ledger/data/holidays/*.toml) are read at the edge and handed in.
Source: domain.md 2.1–2.6.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from ledger.contracts.codes import (
    CentreLevel,
    LimitUnit,
    MaterialSource,
    Post,
    ProjectType,
    SpecialKind,
    Tier,
    WindowType,
)
from ledger.contracts.events.base import Limit
from ledger.contracts.events.reference import (
    CentreOpened,
    DeptRegistered,
    ItemRegistered,
    Material,
)
from ledger.rules.routing import required_window
from ledger.rules.workdays import Calendar

REGISTER = "city-register"
"""Source system of the reference facts."""

CITY_ADMIN = "city-admin"
CITY_SUPERVISOR = "city-supervisor"
"""市政务办: decides appeals and approves what a unit may not approve for itself."""
INSPECTORS = ("city-inspector-1", "city-inspector-2", "city-inspector-3")
"""督查员 of 市政务办: of no centre, so that they may inspect each."""
CORRECT_APPROVERS = ("city-correct-1", "city-correct-2")
OFFICE_DEPT = "审批局"
VILLAGE_POSTS = (Post.ACCEPT, Post.APPROVE, Post.ISSUE, Post.HALL_MANAGER)
"""全科综合窗口: one person, fully authorised (domain.md 1, S3.7), who also opens the hall."""
TOWN_POSTS = (Post.CORRECTOR, Post.HALL_MANAGER, Post.GUIDE, Post.RATING_OFFICER,
              Post.CALLBACK_OFFICER)  # fmt: skip
"""Posts of which every 区镇 has one person, besides its windows and back offices."""


class Item(NamedTuple):
    """事项 with what only the city knows of it: how often it is asked for, and where."""

    id: str
    weight: int
    in_villages: bool
    fact: ItemRegistered


class Window(NamedTuple):
    """窗口 and the clerk who sits there."""

    id: str
    no: str
    kind: WindowType
    covers: tuple[WindowType, ...]
    clerk: str
    posts: tuple[Post, ...]

    def takes(self, kind: WindowType) -> bool:
        """Tell whether a case of window type `kind` is at the right place here."""
        return kind == self.kind or kind in self.covers


class Centre(NamedTuple):
    """为民服务中心 or 便民服务中心."""

    id: str
    code: str
    """Four digits, part of a case number."""
    weight: int
    fact: CentreOpened
    windows: tuple[Window, ...]

    @property
    def is_village(self) -> bool:
        """Tell whether this is a 村(社区) centre."""
        return self.fact.level is CentreLevel.VILLAGE


class Offer(NamedTuple):
    """An item as one centre offers it: the windows that take it, and those that do not."""

    item: Item
    right: tuple[Window, ...]
    wrong: tuple[Window, ...]


class Person(NamedTuple):
    """人员 and posts; an id, never a name."""

    id: str
    centre: str | None
    dept: str | None
    posts: tuple[Post, ...]


class City(NamedTuple):
    """A city, complete: equal tables give equal cities."""

    name: str
    region: str
    facts_from: datetime
    depts: Mapping[str, DeptRegistered]
    items: tuple[Item, ...]
    centres: tuple[Centre, ...]
    offers: Mapping[str, tuple[Offer, ...]]
    """Centre id → what it offers."""
    markets: Mapping[str, tuple[int, ...]]
    """Town → last digits of the days of the month on which it has its market (赶集日)."""
    staff: tuple[Person, ...]
    holidays: tuple[Mapping[str, Any], ...]
    calendar: Calendar

    def sources(self) -> dict[str, list[str]]:
        """Give source system → ids of the centres it speaks for: one a 区镇, with its villages."""
        speaks: dict[str, list[str]] = {}
        for centre in self.centres:
            speaks.setdefault(source_of(centre.fact.town), []).append(centre.id)
        return speaks


def source_of(town: str) -> str:
    """Give the name of a town's hall system."""
    return f"hall-{town}"


def officer(post: Post, town: str, dept: str) -> str:
    """Give the back-office officer (后台) of a department at a town; "city" for the city's own."""
    return f"{town}-{post.value}-{dept}"


def of_town(post: Post, town: str) -> str:
    """Give who holds one of `TOWN_POSTS` at a town."""
    return f"{town}-{post.value}"


def manager(centre: Centre) -> str:
    """Give who runs a hall (值班主任): in a village its only clerk."""
    return centre.windows[0].clerk if centre.is_village else of_town(Post.HALL_MANAGER, centre.id)


def make_city(table: Mapping[str, Any], holidays: Sequence[Mapping[str, Any]]) -> City:
    """Make a city from the tables of `towns/*.toml` and `ledger/data/holidays/*.toml`."""
    depts = {
        key: DeptRegistered.model_validate(value, strict=True)
        for key, value in table["depts"].items()
    }
    lists = table["materials"]
    items = tuple(_item(row, table["region"], list(depts), lists) for row in table["items"])
    centres = tuple(_centres(table))
    offers = {centre.id: tuple(_offers(centre, items, depts)) for centre in centres}
    calendar = Calendar()
    for year in holidays:
        calendar = calendar.with_year(year["year"], year["holidays"], year["workdays"])
    return City(
        table["name"], table["region"], table["facts_from"], depts, items, centres, offers,
        {town: tuple(digits) for town, digits in table["markets"].items()},
        tuple(_staff(centres, offers, depts)), tuple(holidays), calendar,
    )  # fmt: skip


def _item(
    row: Sequence[Any], region: str, depts: list[str], lists: Mapping[str, Sequence[Sequence[str]]]
) -> Item:
    dept, name, base, kind, statutory, promised, weight, marks = row
    body = f"11{region}MB{depts.index(dept) + 1:07d}X"
    topics = [mark.removeprefix("topic:") for mark in marks if mark.startswith("topic:")]
    kinds = [mark.removeprefix("special:") for mark in marks if mark.startswith("special:")]
    unit = LimitUnit.DAY if "days" in marks else LimitUnit.WORKDAY
    fact = ItemRegistered(
        name=name,
        dept=dept,
        project_type=ProjectType(kind),
        statutory=Limit(n=statutory, unit=unit),
        promised=Limit(n=promised, unit=unit),
        topic=topics[0] if topics else None,
        is_project_item="project" in marks,
        one_person_ok="one_person" in marks,
        deficiency_allowed="deficiency" in marks,
        commitment_allowed="commitment" in marks,
        special_kinds=tuple(map(SpecialKind, kinds)),
        materials=tuple(_material(*each) for each in lists[base]) if base in lists else None,
    )
    return Item(f"{body}4{base}", weight, "village" in marks, fact)


def _material(key: str, name: str, *marks: str) -> Material:
    own = [source for source in MaterialSource if source.value in marks]
    return Material(
        id=key, name=name, required="optional" not in marks, deferrable="later" in marks,
        source=own[0] if own else MaterialSource.APPLICANT,
    )  # fmt: skip


def _centres(table: Mapping[str, Any]) -> list[Centre]:
    made = []
    for n, (key, name, tier, layout, weight, area, villages) in enumerate(table["towns"], 1):
        fact = CentreOpened(
            name=f"{name}为民服务中心", level=CentreLevel.TOWN, tier=Tier(tier), town=key,
            hall_area_m2=area,
        )  # fmt: skip
        windows = _windows(key, table["layouts"][layout])
        made.append(Centre(key, f"{n:02d}00", weight * 10, fact, windows))
        for m, (village, village_name) in enumerate(villages, 1):
            fact = CentreOpened(
                name=f"{village_name}便民服务中心", level=CentreLevel.VILLAGE, tier=Tier.VILLAGE,
                town=key, hall_area_m2=60,
            )  # fmt: skip
            windows = _windows(village, table["layouts"]["village"])
            made.append(Centre(village, f"{n:02d}{m:02d}", weight, fact, windows))
    return made


def _windows(centre: str, layout: Sequence[Sequence[Any]]) -> tuple[Window, ...]:
    made: list[Window] = []
    for kind, count, *covers in layout:
        for _ in range(count):
            no = f"{len(made) + 1:02d}"
            types = (WindowType(kind), *map(WindowType, covers))
            made.append(
                Window(f"{centre}-{no}", no, types[0], types[1:], f"{centre}-{no}-c", _posts(types))
            )
    return tuple(made)


def _posts(types: tuple[WindowType, ...]) -> tuple[Post, ...]:
    """Give the posts of a window's clerk: what the window is for."""
    if WindowType.ALL_ROUND in types:
        return VILLAGE_POSTS
    posts = []
    if any(kind not in {WindowType.ISSUE, WindowType.HELP_AGENT} for kind in types):
        posts.append(Post.ACCEPT)
    if WindowType.ISSUE in types or WindowType.LIVELIHOOD in types:
        posts.append(Post.ISSUE)
    if WindowType.HELP_AGENT in types:
        posts.append(Post.AGENT)
    return tuple(posts)


def _offers(
    centre: Centre, items: tuple[Item, ...], depts: Mapping[str, DeptRegistered]
) -> list[Offer]:
    made = []
    counters = [window for window in centre.windows if Post.ACCEPT in window.posts]
    for item in items:
        needed = required_window(item.fact, depts[item.fact.dept], centre.fact)
        if needed is None or (centre.is_village and not item.in_villages):
            continue
        right = tuple(window for window in counters if window.takes(needed))
        if right:
            wrong = tuple(window for window in counters if not window.takes(needed))
            made.append(Offer(item, right, wrong))
    return made


def _staff(
    centres: tuple[Centre, ...],
    offers: Mapping[str, tuple[Offer, ...]],
    depts: Mapping[str, DeptRegistered],
) -> list[Person]:
    people = [
        Person(CITY_ADMIN, None, OFFICE_DEPT, (Post.ITEM_ADMIN, Post.CITY_SUPERVISOR)),
        Person(CITY_SUPERVISOR, None, None, (Post.CITY_SUPERVISOR,)),
    ]
    people += [
        Person(key, None, OFFICE_DEPT, (Post.CORRECT_APPROVER,)) for key in CORRECT_APPROVERS
    ]
    people += [Person(key, None, OFFICE_DEPT, (Post.INSPECTOR,)) for key in INSPECTORS]
    places: list[tuple[str, str | None, list[str]]] = [("city", None, list(depts))]
    for centre in centres:
        people += [Person(w.clerk, centre.id, None, w.posts) for w in centre.windows]
        if not centre.is_village:
            people += [Person(of_town(post, centre.id), centre.id, None, (post,))
                       for post in TOWN_POSTS]  # fmt: skip
            known = {offer.item.fact.dept for offer in offers[centre.id]} | {"自然资源"}
            places.append((centre.id, centre.id, [dept for dept in depts if dept in known]))
    for place, belongs_to, back_offices in places:
        for dept in back_offices:
            for post in (Post.REVIEW, Post.APPROVE):
                people.append(Person(officer(post, place, dept), belongs_to, dept, (post,)))
    return people


def reference_commands(city: City) -> list[dict[str, Any]]:
    """Give the reference facts as commands, in an order in which each finds what it names.

    Idempotent: the same city gives the same source numbers and bytes.
    """
    made: list[dict[str, Any]] = []

    def say(kind: str, key: str, data: Mapping[str, Any], more: str = "") -> None:
        made.append({
            "type": kind,
            "key": key,
            "occurred_at": city.facts_from.isoformat(),
            "source_system": REGISTER,
            "source_seq": f"{kind}/{key}{more}",
            "source_class": "system",
            "actor": {"kind": "system"},
            "late_reason": "initial_load",
            "data": {name: value for name, value in data.items() if value is not None},
        })  # fmt: skip

    for year in city.holidays:
        said = {"year": year["year"], "doc_no": year["doc_no"],
                "holidays": [*map(str, year["holidays"])],
                "workdays": [*map(str, year["workdays"])]}  # fmt: skip
        say("calendar.publish", f"cal-{year['year']}", said)
    for key, dept in city.depts.items():
        say("dept.register", key, dept.model_dump(mode="json"))
    for centre in city.centres:
        say("centre.open", centre.id, centre.fact.model_dump(mode="json"))
    for centre in city.centres:
        for window in centre.windows:
            said = {"centre": centre.id, "no": window.no, "kind": window.kind.value,
                    "covers": [kind.value for kind in window.covers]}  # fmt: skip
            say("window.create", window.id, said)
    for person in city.staff:
        say("staff.join", person.id, {"centre": person.centre, "dept": person.dept})
    for person in city.staff:
        by = CORRECT_APPROVERS[0] if person.id == CITY_ADMIN else CITY_ADMIN
        for post in person.posts:
            said = {"post": post.value, "granted_by": by}
            say("staff.grant_post", person.id, said, f"/{post.value}")
    for item in city.items:
        say("item.register", item.id, item.fact.model_dump(mode="json"))
    return made
