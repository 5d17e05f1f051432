"""The sheet (牌面): a picture added up into the tables of a wall, all of one cut and one day.

Pure. Roll-ups happen here and nowhere else: window → centre → 区镇 → city; a ratio leaves as its
two sums and is divided where it is shown. The city is the sum of its centres and of what names
no known centre, so that nothing is lost between two lines.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date
from itertools import pairwise
from types import MappingProxyType
from typing import Any, NamedTuple

from ledger.contracts.codes import WindowType
from ledger.log.seam import Cut
from ledger.rules.measures import DECISION_BOUNDS_WORKDAYS
from processors.views.picture import Picture
from processors.wall.attention import attend
from processors.wall.cells import DayCells
from processors.wall.registers import (
    DUE_COLUMNS,
    HALL_COLUMNS,
    TROUBLE_COLUMNS,
    Entry,
    Hall,
    Row,
    cards,
    count,
    due_rows,
    gravest,
    shown,
    trouble_rows,
)

Tables = dict[str, dict[str, Row]]
Figures = dict[str, int]

STARS = {5: "非常满意", 4: "满意", 3: "基本满意", 2: "不满意", 1: "非常不满意"}
HOURS = 24
UNPLACED = ""
"""Row of what names no known centre (未归属): imports may lack it, sums must not."""

FIGURES = (
    "submitted", "accepted", "concluded", "in_progress", "decision_n", "decision_minutes",
    "rated", "issued", "wrong_window", "negatives",
)  # fmt: skip
HALL_NOW = {"waiting": "waiting", "open": "windows_open", "paused": "windows_paused"}
NOW = {**HALL_NOW, "due": "due_today", "late": "late_promised", "over": "late_statutory",
       "neg": "neg_open", "neg_late": "neg_late"}  # fmt: skip
"""What is so now, not what happened today: column → code. Last in a row, where nothing costs
nothing; short, for a snapshot has 20 KB."""
FROM = {"neg_from": "negatives", "wrong_from": "wrong_window"}
"""The hour, from 1, in which today's first was, of what a reason is made of; 0 = none."""
SEATS = {"open": "windows_open", "paused": "windows_paused"}
WINDOW_FIGURES = (
    "accepted", "concluded", "decision_n", "decision_minutes", "rated", "wrong_window",
    "negatives",
)  # fmt: skip
WAITS = "waiting_from"
"""Kept by the minute of the day from which people wait, where others name a window."""
HOUR_FIGURES = (
    "submitted", "accepted", "concluded", "in_progress", "wrong_window", "decision_n",
    "decision_minutes", "rated", "negatives",
)  # fmt: skip

COLUMNS: dict[str, tuple[str, ...]] = {
    "city": ("key", "name", "rejects", "unplaced", *FIGURES, *NOW),
    "town": ("key", "name", "centres", *FIGURES, "level", "reason", *NOW, "cards", *FROM),
    "centre": ("key", "name", "town", *FIGURES, *HALL_NOW),
    "window": ("key", "centre", "no", "kind", *WINDOW_FIGURES, "level", "reason", *SEATS),
    "hour": ("key", *HOUR_FIGURES),
    "stars": ("key", "name", "n"),
    "bucket": ("key", "name", "n"),
    "hall": HALL_COLUMNS,
    "due": DUE_COLUMNS,
    "trouble": TROUBLE_COLUMNS,
}
"""Column 0 is the key; a delta names the others by their number."""

KINDS = tuple(kind.value for kind in WindowType)
KIND_NO = {kind: number for number, kind in enumerate(KINDS)}
"""A row names its kind by number; -1 = not registered."""

UNITS: dict[str, str] = {
    "decision_minutes": "工作分钟", "rated": "次", "negatives": "次", "rejects": "条",
    "centres": "个", "waiting": "人", "open": "个", "paused": "个",
}  # fmt: skip
"""Of figures that are not counted in 件."""

NAME_TAILS = ("为民服务中心", "便民服务中心", "政务服务中心", "便民服务站", "服务中心")
SHORT = (("经济技术开发区", "经开区"), ("高新技术产业开发区", "高新区"), ("（社区）", ""))


class Sheet(NamedTuple):
    """What a wall shows, without its age."""

    day: str
    """ISO date of "today", from the ledger's clock; "" = no tick has come yet."""
    tables: Tables
    cut: Cut
    columns: Mapping[str, tuple[str, ...]] = COLUMNS
    """Table → its columns; 0 is the key."""
    troubles: Mapping[str, Row] = MappingProxyType({})
    """All of them, of which the city's table shows the worst."""


EMPTY = Sheet("", {name: {} for name in COLUMNS}, ())


def short_name(name: str) -> str:
    """Give a centre's name as a tile bears it: 海门经济技术开发区为民服务中心 → 海门经开区."""
    for tail in NAME_TAILS:
        if name == tail:
            break
        if name.endswith(tail):
            name = name.removesuffix(tail)
            break
    for long, brief in SHORT:
        name = name.replace(long, brief)
    return name


def day_of(now: str) -> str:
    """Give the date of the ledger's time; "" where there is none, or no sense."""
    try:
        return date.fromisoformat(now[:10]).isoformat()
    except ValueError:
        return ""


class Clerk:
    """Adds up one picture after another; remembers only which cells are today's."""

    def __init__(self) -> None:
        self.cells = DayCells()

    def sheet(self, picture: Picture) -> Sheet:
        """Add up a picture."""
        day = day_of(picture.now)
        sums = Sums(picture, self.cells.of(picture.sums, day))
        entries = self.cells.entries(picture.sums)
        sums.register(entries, day)
        towns = _Towns(picture.latest)
        troubles = trouble_rows(entries, sums.halls(), picture, towns.town_of)
        tables: Tables = {
            "city": _city(picture, towns, sums),
            "town": _town_rows(towns, sums, troubles),
            "centre": _centre_rows(towns, sums),
            "window": _window_rows(picture.latest, sums),
            "hour": hour_rows(sums),
            "stars": {str(n): (STARS[n], sums.city.get(f"stars_{n}", 0)) for n in STARS},
            "bucket": bucket_rows(sums.city),
            "hall": sums.hall_rows(),
            "due": due_rows(entries, day),
            "trouble": shown(troubles),
        }
        return Sheet(day, tables, picture.cut, troubles=troubles)


class Sums:
    """The sums of the day by centre, by window and by hour."""

    def __init__(self, picture: Picture, cells: Iterable[Any]) -> None:
        self.city: Figures = defaultdict(int)
        self.centres: dict[str, Figures] = defaultdict(lambda: defaultdict(int))
        self.windows: dict[str, Figures] = defaultdict(lambda: defaultdict(int))
        self.window_centre: dict[str, str] = {}
        self.stars: dict[str, dict[int, int]] = defaultdict(lambda: defaultdict(int))
        self.hours: list[Figures] = [defaultdict(int) for _ in range(HOURS)]
        self.last_hour = int(picture.now[11:13]) if len(picture.now) > len("2020-06-01T") else -1
        self.oldest: dict[str, str] = {}
        self.first: dict[tuple[str, str], int] = {}
        get = picture.sums.get
        for key, code, hour, centre, window in cells:
            n = get(key, 0)
            if not n:
                continue
            if code == WAITS:
                if n > 0:
                    self.oldest[centre] = min(window, self.oldest.get(centre, window))
                continue
            name = "rated" if code.startswith("stars_") else code
            if hour >= 0:
                self._count_hour(self.hours[hour], name, n)
                if n > 0 and code in FROM.values():
                    at = (centre, code)
                    self.first[at] = min(hour, self.first.get(at, hour))
                continue
            self.city[name] += n
            if name != code:
                self.city[code] += n
            self.centres[centre][name] += n
            if window:
                self.windows[window][name] += n
                if name != code:
                    self.stars[window][int(code[-1])] += n
                self.window_centre.setdefault(window, centre)

    def register(self, entries: Iterable[Entry], day: str) -> None:
        """Count what the registers hold of `day` among the figures."""
        for centre, figures in count(entries, day).items():
            for code, n in figures.items():
                self.centres[centre][code] += n
                self.city[code] += n

    def halls(self) -> dict[str, Hall]:
        """Give the halls in which somebody waits, as they are now."""
        return {
            centre: Hall(
                self.centres[centre].get("waiting", 0), oldest,
                self.centres[centre].get("windows_open", 0),
                self.centres[centre].get("windows_paused", 0),
            )
            for centre, oldest in self.oldest.items()
        }  # fmt: skip

    def first_of(self, centres: Iterable[str], code: str) -> int:
        """Give the hour of the day, from 1, in which there was the first at these centres; or 0."""
        hours = [self.first[c, code] for c in centres if (c, code) in self.first]
        return min(hours, default=-1) + 1

    def hall_rows(self) -> dict[str, Row]:
        """Give since when somebody waits, and how many people there are, by centre."""
        here = {centre: figures.get("heads", 0) for centre, figures in self.centres.items()}
        return {
            centre: (self.oldest.get(centre, ""), heads)
            for centre, heads in here.items()
            if heads or centre in self.oldest
        }

    def _count_hour(self, hour: Figures, name: str, n: int) -> None:
        hour[name] += n
        # A deemed acceptance counts from its receipt; what was never accepted never left.
        if name == "accepted":
            hour["flow"] += n
        elif name == "left":
            hour["flow"] -= n


class _Towns:
    """Which centre belongs to which 区镇, and what they are called."""

    def __init__(self, latest: Mapping[str, Mapping[str, Any]]) -> None:
        kind = "centre.opened/"
        facts = {key.removeprefix(kind): data for key, data in latest.items() if kind in key}
        self.town_of = {centre: str(data["town"]) for centre, data in facts.items()}
        self.names = {centre: short_name(str(data["name"])) for centre, data in facts.items()}
        self.members: dict[str, list[str]] = defaultdict(list)
        for centre, town in self.town_of.items():
            self.members[town].append(centre)
        cities = [centre for centre, data in facts.items() if data.get("level") == "city"]
        self.city = self.names[cities[0]] if cities else "全市"


def values(figures: Mapping[str, int], codes: Iterable[str]) -> tuple[int, ...]:
    """Give the figures of these codes; what was never counted is 0."""
    return tuple(figures.get(code, 0) for code in codes)


def _city(picture: Picture, towns: _Towns, sums: Sums) -> dict[str, Row]:
    unplaced = sum(
        figures.get("accepted", 0)
        for centre, figures in sums.centres.items()
        if centre not in towns.town_of
    )
    return {
        "city": (
            towns.city,
            picture.rejects,
            unplaced,
            *values(sums.city, (*FIGURES, *NOW.values())),
        ),
    }


def _town_rows(towns: _Towns, sums: Sums, troubles: Mapping[str, Row]) -> dict[str, Row]:
    rolled: dict[str, Figures] = {town: defaultdict(int) for town in towns.members}
    for centre, figures in sums.centres.items():
        town = rolled.setdefault(towns.town_of.get(centre, UNPLACED), defaultdict(int))
        for code, n in figures.items():
            town[code] += n
    rows: dict[str, Row] = {}
    for key, total in rolled.items():
        seen = attend(total)
        name = towns.names.get(key, key) if key else "未归属"
        members = len(towns.members.get(key, ()))
        level = max(seen.level, gravest(troubles, "town", key))
        now = (*values(total, NOW.values()), cards(troubles, "town", key))
        since = (sums.first_of(towns.members.get(key, ()), code) for code in FROM.values())
        rows[key] = (name, members, *values(total, FIGURES), level, seen.reason, *now, *since)
    return rows


def _centre_rows(towns: _Towns, sums: Sums) -> dict[str, Row]:
    codes = (*FIGURES, *HALL_NOW.values())
    return {
        centre: (towns.names[centre], town, *values(sums.centres.get(centre, {}), codes))
        for centre, town in towns.town_of.items()
    }


def _window_rows(latest: Mapping[str, Mapping[str, Any]], sums: Sums) -> dict[str, Row]:
    kind = "window.created/"
    facts = {key.removeprefix(kind): data for key, data in latest.items() if kind in key}
    rows: dict[str, Row] = {}
    for window in (*facts, *(w for w in sums.windows if w not in facts)):
        data = facts.get(window, {})
        figures = sums.windows.get(window, {})
        seen = attend(figures)
        centre = str(data.get("centre", sums.window_centre.get(window, "")))
        place = (centre, str(data.get("no", window)), KIND_NO.get(str(data.get("kind")), -1))
        seats = values(figures, SEATS.values())
        rows[window] = (
            *place, *values(figures, WINDOW_FIGURES), seen.level, seen.reason, *seats,
        )  # fmt: skip
    return rows


def hour_rows(sums: Sums) -> dict[str, Row]:
    """Give 24 hours; 在办 at the end of an hour is the gauge less what flowed since."""
    rows: dict[str, Row] = {}
    level = sums.city.get("in_progress", 0)
    for hour in reversed(range(HOURS)):
        figures = sums.hours[hour]
        figures["in_progress"] = level
        level -= figures.get("flow", 0)
        known = hour <= sums.last_hour
        row = values(figures, HOUR_FIGURES)
        if not known:
            at = HOUR_FIGURES.index("in_progress")
            rows[f"{hour:02}"] = (*row[:at], None, *row[at + 1 :])
        else:
            rows[f"{hour:02}"] = row
    return dict(sorted(rows.items()))


def bucket_rows(city: Figures) -> dict[str, Row]:
    """Give the decisions by working days, from acceptance on."""
    rows: dict[str, Row] = {}
    for low, high in pairwise((*DECISION_BOUNDS_WORKDAYS, None)):
        name = f"≥{low}" if high is None else f"{low}–{high}"
        rows[str(low)] = (name, city.get(f"decision_from_{low}d", 0))
    return rows
