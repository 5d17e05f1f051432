"""Local sheets (区镇、中心牌面): the wall of one 区镇 or one centre, out of the same picture.

Pure. Figures of towns, centres and windows are the very rows of the city's sheet, so no two walls
can differ; added up here is only what the city does not show: hours by window, since when
something is wrong, earlier days, the place among the towns.
"""

from collections import defaultdict
from collections.abc import Mapping
from typing import Literal, NamedTuple

from processors.views.picture import Picture
from processors.wall.acting import seated
from processors.wall.attention import attend
from processors.wall.cells import DayCells
from processors.wall.registers import TROUBLE_COLUMNS, Row, cards, due_rows, gravest, shown
from processors.wall.sheet import (
    COLUMNS,
    FIGURES,
    HALL_NOW,
    HOURS,
    NOW,
    STARS,
    UNPLACED,
    Sheet,
    Sums,
    Tables,
    bucket_rows,
    hour_rows,
    values,
)

SINCE = ("negatives_from", "negatives_last", "wrong_from", "wrong_last")
"""First and last hour of the day in which there was one; -1 = none."""
HELD = {name: code for name, code in NOW.items() if name not in HALL_NOW}
LOCAL_COLUMNS: dict[str, tuple[str, ...]] = {
    "nav": ("key", "name", "role"),
    "town": COLUMNS["town"],
    "centre": (*COLUMNS["centre"], "level", "reason", "windows", *SINCE, *HELD, "cards"),
    "window": (*COLUMNS["window"], "star_sum", "last_hour", *SINCE, "staff"),
    "strip": ("key", *(f"{hour:02}" for hour in range(HOURS))),
    "hour": COLUMNS["hour"],
    "usual": ("key", "accepted"),
    "rank": ("key", "place", "of", "windows", "accepted"),
    "stars": COLUMNS["stars"],
    "bucket": COLUMNS["bucket"],
    "hall": COLUMNS["hall"],
    "due": COLUMNS["due"],
    "trouble": COLUMNS["trouble"],
}
ABOVE, BESIDE = 0, 1
"""Role in `nav`: on the way up (市, 区镇), or of the same level, itself among them."""
BUSY = frozenset({"accepted", "concluded", "issued", "rated"})
"""What shows that a window was at work in an hour."""
SEEN = {"negatives": "negatives", "wrong_window": "wrong"}


class Scope(NamedTuple):
    """范围: what one wall shows."""

    kind: Literal["city", "town", "centre"]
    key: str = ""

    def __str__(self) -> str:
        return f"{self.kind}:{self.key}" if self.key else self.kind


CITY = Scope("city")


def parse_scope(text: str) -> Scope | None:
    """Read `city`, `town:<id>` or `centre:<id>`; None if it is none of these."""
    kind, _, key = text.partition(":")
    if text == "city":
        return CITY
    if kind == "town" and key:
        return Scope("town", key)
    if kind == "centre" and key:
        return Scope("centre", key)
    return None


def members_of(scope: Scope, city: Tables) -> tuple[str, ...]:
    """Give the centres of a scope; () = there is no such scope."""
    centres = city["centre"]
    if scope.kind == "centre":
        return (scope.key,) if scope.key in centres else ()
    town = COLUMNS["centre"].index("town") - 1
    return tuple(centre for centre, row in centres.items() if row[town] == scope.key)


def local_sheet(scope: Scope, city: Sheet, picture: Picture, cells: DayCells) -> Sheet:
    """Add up a scope that is not the city; `city` and `cells` must be of this picture."""
    members = members_of(scope, city.tables)
    if not members:
        return Sheet(city.day, {name: {} for name in LOCAL_COLUMNS}, city.cut, LOCAL_COLUMNS)
    sums = Sums(picture, cells.at(members))
    entries = cells.entries(picture.sums, frozenset(members))
    sums.register(entries, city.day)
    at = TROUBLE_COLUMNS.index("centre") - 1
    troubles = {k: r for k, r in city.troubles.items() if r[at] in members}
    hours = _Hours(picture, cells, members)
    centre_at = COLUMNS["window"].index("centre") - 1
    windows = {k: r for k, r in city.tables["window"].items() if r[centre_at] in members}
    town = str(city.tables["centre"][members[0]][COLUMNS["centre"].index("town") - 1])
    tables: Tables = {
        "nav": _nav(scope, city.tables, town),
        "town": {town: city.tables["town"][town]} if town in city.tables["town"] else {},
        "centre": _centre_rows(members, city.tables, windows, sums, hours, troubles),
        "window": {
            key: (*row, *hours.of_window(key, sums), seated(str(row[0]), key, picture))
            for key, row in windows.items()
        },
        "strip": {key: tuple(hours.strip[key]) for key in windows if key in hours.strip},
        "hour": hour_rows(sums),
        "usual": _usual(picture, cells, members),
        "rank": _rank(city.tables, town),
        "stars": {str(n): (STARS[n], sums.city.get(f"stars_{n}", 0)) for n in STARS},
        "bucket": bucket_rows(sums.city),
        "hall": sums.hall_rows(),
        "due": due_rows(entries, city.day),
        "trouble": shown(troubles),
    }
    return Sheet(city.day, tables, city.cut, LOCAL_COLUMNS)


class _Hours:
    """Hours of the day by window and by centre."""

    def __init__(self, picture: Picture, cells: DayCells, members: tuple[str, ...]) -> None:
        self.strip: dict[str, list[int]] = defaultdict(lambda: [0] * HOURS)
        self.last: dict[str, int] = {}
        self._seen: dict[tuple[str, str, str], tuple[int, int]] = {}
        get = picture.sums.get
        for key, code, hour, centre, window in cells.at(members):
            if hour < 0 or get(key, 0) <= 0:
                continue
            if code in SEEN:
                self._see("c", centre, SEEN[code], hour)
                self._see("w", window, SEEN[code], hour)
            if not window:
                continue
            if code == "accepted":
                self.strip[window][hour] += get(key, 0)
            if code in BUSY or code.startswith("stars_"):
                self.last[window] = max(hour, self.last.get(window, -1))

    def _see(self, kind: str, key: str, what: str, hour: int) -> None:
        first, last = self._seen.get((kind, key, what), (hour, hour))
        self._seen[kind, key, what] = min(first, hour), max(last, hour)

    def since(self, kind: str, key: str) -> tuple[int, ...]:
        """Give the values of `SINCE`."""
        none = (-1, -1)
        return (
            *self._seen.get((kind, key, "negatives"), none),
            *self._seen.get((kind, key, "wrong"), none),
        )

    def of_window(self, window: str, sums: Sums) -> tuple[int, ...]:
        """Give the sum of its stars, its last hour at work, and the values of `SINCE`."""
        stars = sum(star * n for star, n in sums.stars[window].items())
        return (stars, self.last.get(window, -1), *self.since("w", window))


def _nav(scope: Scope, city: Tables, town: str) -> dict[str, Row]:
    rows: dict[str, Row] = {"city": (city["city"]["city"][0], ABOVE)}
    if scope.kind == "town":
        return rows | {
            f"town:{key}": (row[0], BESIDE) for key, row in city["town"].items() if key != UNPLACED
        }
    rows[f"town:{town}"] = (city["town"][town][0], ABOVE)
    beside = members_of(Scope("town", town), city)
    return rows | {f"centre:{key}": (city["centre"][key][0], BESIDE) for key in beside}


def _centre_rows(
    members: tuple[str, ...], city: Tables, windows: Mapping[str, Row], sums: Sums,
    hours: _Hours, troubles: Mapping[str, Row],
) -> dict[str, Row]:  # fmt: skip
    desks: dict[str, int] = defaultdict(int)
    for row in windows.values():
        desks[str(row[0])] += 1
    rows: dict[str, Row] = {}
    for centre in members:
        row = city["centre"][centre]
        seen = attend(sums.centres.get(centre, {}))
        level = max(seen.level, gravest(troubles, "centre", centre))
        figures = sums.centres.get(centre, {})
        held = (*values(figures, HELD.values()), cards(troubles, "centre", centre))
        since = hours.since("c", centre)
        rows[centre] = (*row, level, seen.reason, desks[centre], *since, *held)
    return rows


def _usual(picture: Picture, cells: DayCells, members: tuple[str, ...]) -> dict[str, Row]:
    """Give what was accepted by hour on the earlier days at hand, and how many days: two sums."""
    by_hour, days = [0] * HOURS, set()
    for key, day, hour in cells.earlier(members):
        n = picture.sums.get(key, 0)
        if n:
            by_hour[hour] += n
            days.add(day)
    if not days:
        return {}
    rows: dict[str, Row] = {"days": (len(days),)}
    rows.update({f"{hour:02}": (n,) for hour, n in enumerate(by_hour) if n})
    return rows


def _rank(city: Tables, town: str) -> dict[str, Row]:
    """Give the place of a town by accepted per window of its own; ties share the better place."""
    windows: dict[str, int] = defaultdict(int)
    accepted: dict[str, int] = {}
    town_at = COLUMNS["centre"].index("town") - 1
    for row in city["window"].values():
        centre = city["centre"].get(str(row[0]))
        if centre:
            windows[str(centre[town_at])] += 1
    at = 2 + FIGURES.index("accepted")
    for key, row in city["town"].items():
        if windows.get(key):
            accepted[key] = int(row[at] or 0)
    if town not in accepted:
        return {}
    own, desks = accepted[town], windows[town]
    better = sum(n * desks > own * windows[key] for key, n in accepted.items())
    return {town: (better + 1, len(accepted), desks, own)}
