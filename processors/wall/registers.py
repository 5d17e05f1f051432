"""Registers (登记簿): what is due, late, unanswered and waiting now, and who has to act.

Pure. A register is a sum kept under the day its entries are due, by place and holder
(`ledger/rules/measures.py`): what is open of a day is what was entered less what was ended, so the
oldest entry tells since when, the key where and with whom. Alerts (`alert.raised`, newest by id)
come into the same rows, `alert/<id>` of the newest facts: {level, rule_id, name, since, dept,
centre, window, acknowledged}.
"""

from collections import defaultdict
from collections.abc import Container, Iterable, Mapping
from datetime import date, timedelta
from itertools import islice
from typing import Any, NamedTuple

from processors.views.picture import Picture
from processors.wall.acting import CITY_OFFICE, MANAGER, at_window, office

Row = tuple[str | int | None, ...]

TROUBLE_COLUMNS = ("key", "level", "town", "centre", "what", "n", "since", "holder")
"""`since`: ISO day, ISO instant, or HH:MM of today. `holder`: who has to act (应由谁处理)."""
DUE_COLUMNS = ("key", "today", "tomorrow", "promised", "statutory", "since")
"""By department; "" = the front (前台). `since`: day of the oldest due that passed; "" = none."""
HALL_COLUMNS = ("key", "oldest", "heads")
"""HH:MM from which somebody waits ("" = nobody does), and people in the hall."""
TROUBLES_MAX = 40
"""Troubles in the table of a wall, the worst; tiles are coloured by all of them."""

RED, YELLOW = 2, 1
LONG_WAIT_MIN, VERY_LONG_WAIT_MIN = 30, 60
"""R23: yellow over 30 minutes; twice that is red."""
NEGATIVE_RED_DAYS = 7
"""R24: red five working days after the breach."""

LATE = {"late_statutory": ("法定超期", RED), "late_promised": ("承诺超期", YELLOW)}
STEPS = {
    "verify": ("待核实", "评价专员"), "rectify": ("待整改", "责任部门"),
    "callback": ("待回访", "回访专员"), "reply": ("待答复办结", "评价专员"),
    "appeal": ("申诉待裁定", CITY_OFFICE),
}  # fmt: skip
ALERTS = "alert/"
CARD = "alert|"
"""Rows of troubles that open alerts are told by begin so."""
LEVELS = {"red": RED, "yellow": YELLOW}
COUNTED = frozenset({"R02"})
"""Rules whose alerts the registers count already: a late case is not told twice."""
STANDING = frozenset({"R06", "R21", "R27"})
"""Rules of how a place is set up, not of today: they would colour a wall for months, and are the
desk's (指南, 面积, 进驻)."""
BESIDE = {"neg_open": "R24", "wait": "R23", "closed": "R23"}
"""Row of a register → the rule whose alerts of that centre would tell it once more."""


class Entry(NamedTuple):
    """What is open of one day, place and holder; `n` > 0."""

    code: str
    day: str
    centre: str
    holder: str
    n: int


class Hall(NamedTuple):
    """A hall now."""

    waiting: int
    oldest: str
    windows_open: int
    windows_paused: int


def count(entries: Iterable[Entry], day: str) -> dict[str, dict[str, int]]:
    """Give by centre: due today, late, negatives open and past their due."""
    figures: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for code, due, centre, _, n in entries:
        here = figures[centre]
        if code == "due_open" and due == day:
            here["due_today"] += n
        elif code in LATE:
            here[code] += n
        elif code == "neg_open":
            here["neg_open"] += n
            here["neg_late"] += n * (due < day)
    return figures


def due_rows(entries: Iterable[Entry], day: str) -> dict[str, Row]:
    """Give the due counters by department, the latest first."""
    if not day:
        return {}
    after = (date.fromisoformat(day) + timedelta(1)).isoformat()
    sums: dict[str, list[Any]] = {}
    for code, due, _, holder, n in entries:
        at = {"late_promised": 2, "late_statutory": 3}.get(code)
        if code == "due_open" and due in {day, after}:
            at = int(due == after)
        if at is None:
            continue
        row = sums.setdefault(holder, [0, 0, 0, 0, ""])
        row[at] += n
        if code in LATE:
            row[4] = min(due, row[4] or due)
    worst = sorted(sums.items(), key=lambda each: (-each[1][3], -each[1][2], -each[1][0], each[0]))
    return {holder: tuple(row) for holder, row in worst}


def trouble_rows(
    entries: Iterable[Entry], halls: Mapping[str, Hall], picture: Picture, towns: Mapping[str, str]
) -> dict[str, Row]:
    """Give what is wrong now, the worst and oldest first: where, what, since when, whose."""
    found = [*_late(entries, picture), *_queues(halls, picture.now)]
    told = {(BESIDE.get(key.partition("|")[0], ""), centre) for key, _, centre, *_ in found}
    found += _alerts(picture, told)
    found.sort(key=lambda each: (-each[1], each[5], each[0]))
    return {
        key: (level, towns.get(centre, ""), centre, what, n, since, holder)
        for key, level, centre, what, n, since, holder in found
    }


Trouble = tuple[str, int, str, str, int, str, str]
"""Key, level, centre, what, how many, since, holder."""


def _late(entries: Iterable[Entry], picture: Picture) -> list[Trouble]:
    day = picture.now[:10]
    merged: dict[tuple[str, str, str], tuple[int, str]] = {}
    for code, due, centre, holder, n in entries:
        if code in LATE or (code == "neg_open" and due < day):
            before, oldest = merged.get((code, centre, holder), (0, due))
            merged[code, centre, holder] = before + n, min(due, oldest)
    found: list[Trouble] = []
    for (code, centre, holder), (n, since) in merged.items():
        if code in LATE:
            what, level = LATE[code]
            who = office(holder, picture)
        else:
            step, who = STEPS.get(holder, (holder, ""))
            what = f"差评{step}逾期"
            days = (date.fromisoformat(day) - date.fromisoformat(since)).days
            level = RED if days > NEGATIVE_RED_DAYS else YELLOW
        found.append((f"{code}|{centre}|{holder}", level, centre, what, n, since, who))
    return found


def _queues(halls: Mapping[str, Hall], now: str) -> list[Trouble]:
    found: list[Trouble] = []
    for centre, hall in halls.items():
        if hall.waiting <= 0 or not hall.oldest:
            continue
        if not hall.windows_open:
            found.append((f"closed|{centre}", RED, centre, "无窗开放，等候", hall.waiting,
                          hall.oldest, MANAGER))  # fmt: skip
            continue
        minutes = _minutes(now[11:16]) - _minutes(hall.oldest)
        if minutes > LONG_WAIT_MIN:
            level = RED if minutes > VERY_LONG_WAIT_MIN else YELLOW
            found.append((f"wait|{centre}", level, centre, "排队过久", hall.waiting, hall.oldest,
                          MANAGER))  # fmt: skip
    return found


def _minutes(clock: str) -> int:
    hour, _, minute = clock.partition(":")
    return int(hour) * 60 + int(minute) if hour.isdecimal() and minute.isdecimal() else 0


def _alerts(picture: Picture, told: Container[tuple[str, str]]) -> list[Trouble]:
    """Give the open alerts that are not `told` (rule, centre), those of one holder as one row."""
    merged: dict[tuple[str, str, str, str], tuple[int, int, str]] = {}
    for key, said in picture.latest.items():
        level = LEVELS.get(str(said.get("level"))) if key.startswith(ALERTS) else None
        rule, centre = str(said.get("rule_id")), str(said.get("centre") or "")
        if level is None or rule in COUNTED | STANDING or (rule, centre) in told:
            continue
        what = str(said.get("name") or rule)
        what += "（已签收）" if said.get("acknowledged") else ""
        dept, window = str(said.get("dept") or ""), str(said.get("window") or "")
        if dept or not window:
            holder = office(dept, picture) if dept else MANAGER if centre else CITY_OFFICE
        else:
            no = picture.latest.get(f"window.created/{window}", {}).get("no", window)
            what, holder = f"{no} 号窗{what}", at_window(centre, window, picture)
        place = (rule, what, centre, holder)
        n, before, since = merged.get(place, (0, 0, str(said.get("since", ""))))
        oldest = min(since, str(said.get("since", since)))
        merged[place] = (n + 1, max(level, before), oldest)
    return [
        (f"{CARD}{rule}|{centre}|{holder}|{what}", level, centre, what, n, since, holder)
        for (rule, what, centre, holder), (n, level, since) in merged.items()
    ]


def _told_of(troubles: Mapping[str, Row], column: str, key: str, what: str) -> dict[str, int]:
    """Give column `what` of the troubles of one `town` or `centre`, by their keys."""
    at, of = TROUBLE_COLUMNS.index(what) - 1, TROUBLE_COLUMNS.index(column) - 1
    return {name: int(row[at] or 0) for name, row in troubles.items() if row[of] == key}


def gravest(troubles: Mapping[str, Row], column: str, key: str) -> int:
    """Give the worst level among the troubles of a town or a centre; 0 = none."""
    return max(_told_of(troubles, column, key, "level").values(), default=0)


def cards(troubles: Mapping[str, Row], column: str, key: str) -> int:
    """Give how many open cards (黄牌, 红牌) of the troubles are of a town or a centre."""
    told = _told_of(troubles, column, key, "n")
    return sum(n for name, n in told.items() if name.startswith(CARD))


def shown(troubles: Mapping[str, Row]) -> dict[str, Row]:
    """Give the worst of the troubles, as many as a table takes."""
    return dict(islice(troubles.items(), TROUBLES_MAX))
