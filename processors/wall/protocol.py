"""live/1: the frames between server and wall, and what they say of age. Pure.

    GET /live/v1/snapshot?scope=city             all tables, and the cursor they hold for
    GET /live/v1/stream?scope=city&from=<cursor> text/event-stream, always 200

`scope` is `city`, `town:<id>` or `centre:<id>`; each has tables, numbers and silent centres of its
own.

    hello   proto, build, hb_ms, cursor, ring span, scope, day, cut, freshness
    d       changed rows: [key, column, value, column, value …]; [key] alone = the row is gone
    hb      every 2 s: freshness
    day     a new day, with all tables: "today" is the server's, never the wall's
    resync  {reason}: fetch the snapshot; what has a number up to its cursor is then dropped
    build   {hash}: the page is older than the server; load it anew
    bye     {reason, retry_ms}: the server goes, or will not have you

`id:` is `<incarnation>.<seq>`. Only `d` and `day` take a new number, so numbers without a gap
are deltas without a gap. A frame of `hello`, `d` or `day` names its cut in full; `hb` names it by
its id: the cut of the frame of that number (a cut that moves is a `d` of its own).
Ages are told as ages at `server_ts`; the wall adds what has passed on its own steady clock.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any, Literal, NamedTuple

import orjson

from ledger.contracts.codes import SHANGHAI
from processors.views.picture import Picture
from processors.wall.attention import THRESHOLDS
from processors.wall.registers import Row
from processors.wall.sheet import KINDS, UNITS, Sheet, Tables

PROTO = "live/1"
SCOPE = "city"
HB_MS = 2_000

LATE_S, STALE_S, LOST_S = 5.0, 30.0, 120.0
"""Beyond: 延迟, 陈旧 (greyed, with its age), 失联 (no value is shown)."""
CLOCK_AHEAD_MAX_S = 5.0
"""A proof of life from further in the future proves only that two clocks differ: it is none."""

FrameKind = Literal["hello", "d", "hb", "day", "resync", "bye", "build"]


class Cursor(NamedTuple):
    """A place in the stream of one incarnation of a wall server."""

    incarnation: str
    seq: int

    def __str__(self) -> str:
        return f"{self.incarnation}.{self.seq}"


def parse_cursor(text: str) -> Cursor | None:
    """Read what a wall gave back; None if it is none of ours."""
    incarnation, dot, seq = text.strip().rpartition(".")
    if not (dot and incarnation and seq.isascii() and seq.isdecimal() and len(seq) <= 18):  # noqa: PLR2004 -- fits 64 bits
        return None
    return Cursor(incarnation, int(seq))


def frame(kind: FrameKind, body: Mapping[str, Any], cursor: Cursor | None = None) -> bytes:
    """Give one SSE event."""
    head = f"id: {cursor}\n" if cursor else ""
    return f"{head}event: {kind}\ndata: ".encode() + orjson.dumps(body) + b"\n\n"


# --- freshness --------------------------------------------------------------------------------


class Freshness(NamedTuple):
    """How old a picture is, seen from the server's clock."""

    server_ts: float
    as_of_age: float | None
    """Age of the oldest ledger partition; None = not all have been ticked yet."""
    beat_age: float | None
    """Age of the oldest beat of the centres that are not in `late`; None = there is none."""
    late: Mapping[str, float]
    """Centre → epoch seconds of its last beat, if older than 5 s; 0 = never."""


def freshness(
    picture: Picture, server_ts: float, members: Collection[str] | None = None
) -> Freshness:
    """Work out the ages; what nobody has ever proved is not fresh.

    `members` are the centres that count; None = all.

    A figure adds up every ledger partition, so it is as old as the oldest of them. The reference
    partition (the last of a cut) only gives names.
    """
    parts = picture.as_of[: len(picture.cut) - 1] or picture.as_of
    parts_ages = [_age(at, server_ts) for at in parts or (0.0,)]
    proved = [age for age in parts_ages if age is not None]
    as_of_age = max(proved) if len(proved) == len(parts_ages) else None
    centres = {
        key.removeprefix("centre.opened/"): 0.0
        for key in picture.latest
        if key.startswith("centre.opened/")
    } | dict(picture.beats)
    if members is not None:
        centres = {centre: centres.get(centre, 0.0) for centre in members}
    ages = {centre: _age(at, server_ts) for centre, at in centres.items()}
    late = {c: centres[c] for c, age in ages.items() if age is None or age > LATE_S}
    heard = [age for centre, age in ages.items() if age is not None and centre not in late]
    return Freshness(server_ts, as_of_age, max(heard, default=None), late)


def _age(at: float, server_ts: float) -> float | None:
    if at <= 0.0 or at - server_ts > CLOCK_AHEAD_MAX_S:
        return None
    return max(0.0, server_ts - at)


def freshness_fields(fresh: Freshness) -> dict[str, Any]:
    """Give the fields every live frame carries, short: 0.1 s is fine enough."""
    return {
        "server_ts": round(fresh.server_ts, 2),
        "as_of_age": None if fresh.as_of_age is None else round(fresh.as_of_age, 1),
        "beat_age": None if fresh.beat_age is None else round(fresh.beat_age, 1),
    }


def late_fields(late: Mapping[str, float]) -> dict[str, float]:
    """Give the silent centres, in a fixed order."""
    return {centre: round(at, 1) for centre, at in sorted(late.items())}


# --- the city's clock -------------------------------------------------------------------------

CLOCK_SAME_S = 90.0
"""The city's time may trail real time by this much and still be real time (ticks are sparse)."""
CLOCK_SPAN_S = 10.0
CLOCK_SPAN_MIN_S = 1.5


class CityClock:
    """The ledger's time between two ticks: extrapolated at the speed at which ticks came."""

    def __init__(self) -> None:
        self._seen: list[tuple[float, float]] = []
        self.speed = 1.0

    def observe(self, at: float, now: str) -> None:
        """Hear that at `at` (epoch seconds of a machine) the ledger's time was `now` (ISO)."""
        city = _epoch(now)
        if city is None or (self._seen and at <= self._seen[-1][0]):
            return
        if self._seen and city < self._seen[-1][1]:
            self._seen.clear()
        self._seen.append((at, city))
        while self._seen[-1][0] - self._seen[0][0] > CLOCK_SPAN_S and len(self._seen) > 2:  # noqa: PLR2004 -- a slope needs two
            self._seen.pop(0)
        (first, city_first), (last, city_last) = self._seen[0], self._seen[-1]
        if last - first >= CLOCK_SPAN_MIN_S:
            self.speed = _neat((city_last - city_first) / (last - first))

    def fields(self, server_ts: float) -> dict[str, Any]:
        """Give {"city_ts", "speed"} where the city's time is not real time; else nothing."""
        if not self._seen:
            return {}
        at, city = self._seen[-1]
        now = city + max(0.0, server_ts - at) * self.speed
        if self.speed == 1.0 and abs(now - server_ts) <= CLOCK_SAME_S:
            return {}
        return {"city_ts": round(now, 1), "speed": self.speed}


def _epoch(now: str) -> float | None:
    try:
        moment = datetime.fromisoformat(now)
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=SHANGHAI)).timestamp()


def _neat(speed: float) -> float:
    """Give ×60 for ×59.3: nobody sets a demo to a crooked speed, and a label must not flicker."""
    whole = round(speed)
    if whole >= 10:  # noqa: PLR2004 -- two digits that count
        for step in (100, 50, 10, 5, 1):
            near = round(speed / step) * step
            if near and abs(speed - near) <= 0.04 * near:
                return float(near)
        return float(whole)
    return float(whole) if abs(speed - whole) <= 0.05 * max(1, whole) else round(speed, 1)


# --- rows -------------------------------------------------------------------------------------


def delta(old: Tables, new: Tables) -> dict[str, list[list[Any]]]:
    """Give the changed rows of each table; {} if nothing changed."""
    changes: dict[str, list[list[Any]]] = {}
    for name, rows in new.items():
        before = old.get(name, {})
        changed = [_changed(key, before.get(key), row) for key, row in rows.items()
                   if before.get(key) != row]  # fmt: skip
        changed += [[key] for key in before if key not in rows]
        if changed:
            changes[name] = changed
    return changes


def _changed(key: str, before: Row | None, row: Row) -> list[Any]:
    cells: list[Any] = [key]
    for number, value in enumerate(row, start=1):
        if before is None or before[number - 1] != value:
            cells += (number, value)
    return cells


def full_rows(tables: Tables) -> dict[str, list[list[Any]]]:
    """Give all rows with their keys; nothings (0, "") at its end are left out."""
    return {
        name: [_trim([key, *row]) for key, row in rows.items()] for name, rows in tables.items()
    }


def _trim(row: list[Any]) -> list[Any]:
    while len(row) > 1 and row[-1] in (0, ""):
        row.pop()
    return row


class Live(NamedTuple):
    """All that a frame may say at one instant."""

    cursor: Cursor
    sheet: Sheet
    fresh: Freshness
    clock: Mapping[str, Any]
    late: Mapping[str, float] | None
    """The silent centres if they changed since the last frame, else None."""
    scope: str = SCOPE

    def fields(self) -> dict[str, Any]:
        """Give freshness and clock."""
        late = {} if self.late is None else {"late": late_fields(self.late)}
        return freshness_fields(self.fresh) | dict(self.clock) | late


def d_frame(live: Live, rows: Mapping[str, Any]) -> bytes:
    """Give the frame of changed rows."""
    return frame("d", live.fields() | {"cut": live.sheet.cut, "rows": rows}, live.cursor)


def hb_frame(live: Live) -> bytes:
    """Give the heartbeat."""
    return frame("hb", live.fields(), live.cursor)


def day_frame(live: Live) -> bytes:
    """Give the frame of a new day: everything, at once."""
    body = {"day": live.sheet.day, "cut": live.sheet.cut, "rows": full_rows(live.sheet.tables)}
    return frame("day", live.fields() | body, live.cursor)


def hello_frame(live: Live, *, build: str, ring: Iterable[int]) -> bytes:
    """Give the first frame of every stream; `ring` = first and last number that can be resumed."""
    body = {
        "proto": PROTO, "build": build, "hb_ms": HB_MS, "cursor": str(live.cursor),
        "ring": list(ring), "scope": live.scope, "day": live.sheet.day, "cut": live.sheet.cut,
        "late": late_fields(live.fresh.late),
    }  # fmt: skip
    # No id: a wall that resumes has not got the frames yet that lead up to this cursor.
    return frame("hello", live.fields() | body)


def snapshot(live: Live, *, build: str) -> bytes:
    """Give the snapshot document: arrays with their column names."""
    body = {
        "proto": PROTO, "build": build, "hb_ms": HB_MS, "cursor": str(live.cursor),
        "scope": live.scope, "day": live.sheet.day, "cut": live.sheet.cut,
        "late": late_fields(live.fresh.late), "columns": live.sheet.columns,
        "units": UNITS, "kinds": KINDS,
        "limits_s": [LATE_S, STALE_S, LOST_S],
        "thresholds": [
            [t.level, t.name, t.base_name, t.least, t.ppm] for t in THRESHOLDS
        ],
        "rows": full_rows(live.sheet.tables),
    }  # fmt: skip
    return orjson.dumps(live.fields() | body)
