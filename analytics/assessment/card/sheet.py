"""The window performance sheet (窗口绩效表): computed at a cut, with n, score and provenance."""

import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Iterable
from datetime import date, timedelta
from fractions import Fraction
from importlib import resources
from statistics import median
from typing import Any, NamedTuple, Self

from analytics.assessment.card.figures import HERE, SCORE_UNITS, Config, Figure, load
from analytics.assessment.second_road import QUERIES
from analytics.lake.catalog import Connection, Lake
from analytics.lake.rebuild import at_cut, contributions_sql, day_sql
from ledger.contracts.errors import UserError
from ledger.log.seam import Cut
from ledger.rules.measures import MEASURES

PERIOD = re.compile(r"\d{4}-\d{2}(-\d{2})?")
VOIDED = QUERIES / "prelude" / "0_voided.sql"
"""What was taken back by the cut, as the second road has it."""
TABLES = ("seats", "accepters", "servers", "windows", "vias", "placed")
MORE = (
    "stream, stream_key, version, json_extract_string(data, '$.rating_id') AS rating, "
    "coalesce(json_extract_string(data, '$.holder_dept'), "
    "json_extract_string(data, '$.office_dept')) AS laid_dept"
)
KEEP = (
    "stream, stream_key, version, rating, laid_dept, "
    "stream || '/' || stream_key || '@' || version AS fact"
)


class Value(NamedTuple):
    """A figure of one subject."""

    num: int
    den: int
    """0: nothing to divide by, or a count."""
    n: int
    enough: bool
    """n reaches min_n, or the figure is a count; a count that is not is unknown."""

    @property
    def ratio(self) -> Fraction | None:
        """The figure as a number; None: nothing to divide by."""
        return Fraction(self.num, self.den) if self.den else None


class Row(NamedTuple):
    """One window, or one member of staff, of one centre."""

    subject: str
    centre: str
    key: str
    """'' = no window: online, or not told."""
    kind: str
    values: dict[str, Value]
    score: int | None
    """1/10,000; None: 样本不足."""
    parts: dict[str, Fraction]
    """Share earned of each figure that was scored, in [0, 1]."""
    rank: tuple[int, int] | None = None
    """Place among those of the same type in the whole city, and how many were scored."""


class Window(NamedTuple):
    """A window as it is at the cut."""

    key: str
    centre: str
    centre_name: str
    town: str
    no: str
    kind: str


class Sheet(NamedTuple):
    """A whole sheet."""

    period: str
    centre: str
    """'' = every centre."""
    cut: Cut
    chain: tuple[str, ...]
    """The link of each partition at the cut: what the inputs were."""
    calendars: tuple[tuple[str, str], ...]
    """(key, numbers of the notices): of the calendars in force, and of what overrides them."""
    inputs: str
    """SHA-256 over cut, chain, definitions, figures and SQL: equal inputs, equal sheets."""
    config: Config
    windows: dict[str, Window]
    rows: tuple[Row, ...]
    satisfaction: tuple[tuple[str, str, str, str, int], ...]
    """(centre, window, side, measure, amount)."""


class Event(NamedTuple):
    """One fact behind a figure."""

    subject: str
    key: str
    measure: str
    fact: str
    amount: int


def check_period(text: str) -> str:
    """Give a month, YYYY-MM, or a day, YYYY-MM-DD.

    Raises:
        UserError: neither.

    """
    try:
        if PERIOD.fullmatch(text):
            date.fromisoformat(text if len(text) > len("2020-06") else f"{text}-01")
            return text
    except ValueError:
        pass
    message = f"{text} is no month, YYYY-MM, and no day, YYYY-MM-DD"
    raise UserError(message)


def cut_of(lake: Lake, partitions: int, said: str | None) -> Cut:
    """Give the cut that was asked for, or all that the lake holds.

    Raises:
        UserError: not so many offsets, or more than the lake holds.

    """
    held = lake.cut(partitions)
    if said is None:
        return held
    try:
        cut = tuple(map(int, said.split(",")))
    except ValueError:
        cut = ()
    if len(cut) != len(held) or any(
        wanted > there for wanted, there in zip(cut, held, strict=True)
    ):
        message = f"--cut {said}: {len(held)} offsets, none behind {','.join(map(str, held))}"
        raise UserError(message)
    return cut


class Card:
    """The tables of a month or day at a cut, made once; close it after use."""

    def __init__(self, lake: Lake, cut: Cut, period: str) -> None:
        """Make the tables.

        Raises:
            UserError: no such period.
            LakeError: the lake cannot be read.

        """
        self.period, self.cut, self.config = check_period(period), cut, load()
        self._con = at_cut(lake, cut)
        _tables(self._con, period, self.config)
        self.windows = {row[0]: Window(*row) for row in self._all(
            'SELECT "window", centre, centre_name, town, no, kind FROM windows')}  # fmt: skip

    def __enter__(self) -> Self:
        """Give itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Let go."""
        self._con.close()

    def sheet(self, centre: str = "") -> Sheet:
        """Give the sheet of one centre or of all.

        Medians are always of the whole city, so that a centre's sheet and the city's agree.

        Raises:
            UserError: no such centre.

        """
        if centre and centre not in {window.centre for window in self.windows.values()}:
            message = f"no centre {centre} with a window; there are " + ", ".join(
                sorted({window.centre for window in self.windows.values()}))  # fmt: skip
            raise UserError(message)
        rows = _rows(self._all(_text("sheet")), self.windows, self.config)
        rated = [row for row in self._all(_text("satisfaction")) if centre in {"", row[0]}]
        calendars = self._all(
            "SELECT stream_key, concat_ws('、', "
            "json_extract_string(max_by(data, version) FILTER (ends_with(type, 'published')), "
            "'$.doc_no'), "
            "json_extract_string(max_by(data, version) FILTER (ends_with(type, 'overridden')), "
            "'$.doc_no')) "
            'FROM events JOIN cut USING ("partition") WHERE "offset" < cut.until '
            "AND type IN ('calendar.published', 'calendar.overridden') "
            "GROUP BY stream_key ORDER BY stream_key")  # fmt: skip
        chain = dict(self._all(
            'SELECT "partition", arg_max(hex(chain), "offset") FROM events '
            'JOIN cut USING ("partition") WHERE "offset" < cut.until GROUP BY ALL'))  # fmt: skip
        links = tuple(chain.get(partition, "").lower() for partition in range(len(self.cut)))
        return Sheet(
            self.period, centre, self.cut, links, tuple(calendars),
            _hash(self.config, self.cut, links, self.period, centre), self.config, self.windows,
            tuple(row for row in rows if centre in {"", row.centre}), tuple(rated),
        )  # fmt: skip

    def events(self, codes: Iterable[str], centre: str = "", key: str = "") -> list[Event]:
        """Give the facts behind figures, or measures, of a window or person; '' = all.

        Raises:
            UserError: no such figure.

        """
        known = {figure.code: figure.measures for figure in self.config.figures}
        known |= {code: frozenset({code}) for each in known.values() for code in each}
        wanted: set[str] = set()
        for code in codes:
            if code not in known:
                message = f"no figure {code}; there are " + ", ".join(known)
                raise UserError(message)
            wanted |= known[code]
        asked = {"codes": sorted(wanted), "centre": centre, "key": key}
        return [Event(*row) for row in self._all(_text("events"), asked)]

    def _all(self, query: str, parameters: dict[str, Any] | None = None) -> list[Any]:
        return self._con.execute(query, parameters).fetchall()


def _text(name: str) -> str:
    return resources.files(HERE).joinpath(f"{name}.sql").read_text("utf-8")


def _tables(con: Connection, period: str, config: Config) -> None:
    """Make the tables that the queries read."""
    into = "CREATE OR REPLACE TEMP TABLE parts AS"
    codes = {code for figure in config.figures for code in figure.measures}
    wanted = [measure for measure in MEASURES if measure.code in codes]
    first = date.fromisoformat(f"{period}-01"[: len("2020-06-01")])
    month = (first.replace(day=1) + timedelta(31)).replace(day=1)
    until = first + timedelta(1) if len(period) > len("2020-06") else month
    con.execute("SET VARIABLE first = $first", {"first": first})
    con.execute("SET VARIABLE until = $until", {"until": until})
    # What counts in a period was recorded after it began; the day before it, for skewed clocks.
    con.execute(contributions_sql(
        wanted, MORE, "known_at >= CAST(getvariable('first') - 1 AS TIMESTAMPTZ)"
    ))  # fmt: skip
    for query in day_sql(wanted, KEEP):
        con.execute(
            f"{into} SELECT * FROM ({query}) "  # noqa: S608 (compiled from our own table)
            "WHERE day >= getvariable('first') AND day < getvariable('until')"
        )
        into = "INSERT INTO parts"
    con.execute(f"CREATE OR REPLACE TEMP TABLE voided AS {VOIDED.read_text('utf-8')}")
    for table in TABLES:
        con.execute(f"CREATE OR REPLACE TEMP TABLE {table} AS {_text(table)}")
    con.execute(
        "CREATE OR REPLACE TEMP TABLE formulas "
        "(figure VARCHAR, part VARCHAR, code VARCHAR, weight BIGINT)"
    )
    con.executemany("INSERT INTO formulas VALUES (?, ?, ?, ?)", [
        [figure.code, part, code, weight]
        for figure in config.figures
        for part, formula in (("num", figure.num), ("den", figure.den), ("n", figure.n))
        for code, weight in formula.items()
    ])  # fmt: skip


def _rows(found: list[Any], windows: dict[str, Window], config: Config) -> list[Row]:
    """Give the scored rows of every window there is and of everybody who did something."""
    sums: dict[tuple[str, str, str], dict[str, tuple[int, int, int]]] = defaultdict(dict)
    kinds: dict[tuple[str, str, str], str] = {}
    for window in windows.values():
        place = "window", window.centre, window.key
        sums[place], kinds[place] = {}, window.kind
    for subject, centre, key, kind, figure, num, den, n in found:
        place = subject, centre, key
        sums[place][figure] = num, den, n
        kinds.setdefault(place, kind or "")
    values = {
        place: {
            figure.code: _value(figure, mine.get(figure.code, (0, 0, 0)), config, place[0])
            for figure in config.figures
        }
        for place, mine in sums.items()
    }
    medians = _medians(values, kinds, config)
    made = []
    for place, mine in values.items():
        score, parts = _score(mine, medians.get((place[0], kinds[place]), {}), config)
        # What was done at no window is nobody's performance.
        scored = (score, parts) if place[2] and kinds[place] else (None, {})
        made.append(Row(*place, kinds[place], mine, *scored))
    ranked = _ranked(made)
    return sorted(
        ranked, key=lambda row: (row.subject == "staff", row.centre, _order(row, windows))
    )


def _ranked(rows: list[Row]) -> list[Row]:
    """Give the rows with their places among their own type; equal scores share a place."""
    scores: dict[tuple[str, str], list[int]] = defaultdict(list)
    for row in rows:
        if row.score is not None:
            scores[row.subject, row.kind].append(row.score)
    made = []
    for row in rows:
        mine, rank = scores[row.subject, row.kind], None
        if row.score is not None:
            rank = (1 + sum(other > row.score for other in mine), len(mine))
        made.append(row._replace(rank=rank))
    return made


def _order(row: Row, windows: dict[str, Window]) -> tuple[bool, str, bool, str, str]:
    window = windows.get(row.key)
    number = window.no if window else ""
    return (row.subject == "staff", row.centre, not row.key, number, row.key)


def _value(figure: Figure, sums: tuple[int, int, int], config: Config, subject: str) -> Value:
    num, den, told = sums
    if figure.window_only and subject == "staff":
        return Value(0, 0, 0, enough=False)
    if not figure.den:
        return Value(num, 0, num, enough=True)
    n = told if figure.n else den
    return Value(num, den, n, n >= config.min_n and den > 0)


def _medians(
    values: dict[tuple[str, str, str], dict[str, Value]], kinds: dict[tuple[str, str, str], str],
    config: Config,
) -> dict[tuple[str, str], dict[str, Fraction]]:  # fmt: skip
    """Give (subject, window type) → figure → median over those who did anything of it."""
    seen: dict[tuple[str, str], dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    for place, mine in values.items():
        for code, weight in config.score.items():
            if weight.median_of_type and code in mine and mine[code].num > 0 and place[2]:
                seen[place[0], kinds[place]][code].append(mine[code].num)
    return {
        kind: {code: Fraction(median(map(Fraction, nums))) for code, nums in each.items()}
        for kind, each in seen.items()
    }


def _score(
    values: dict[str, Value], medians: dict[str, Fraction], config: Config
) -> tuple[int | None, dict[str, Fraction]]:
    """Give the score over what can be scored, its weights made whole, and the share of each."""
    parts, weights = {}, Fraction(0)
    for code, weight in config.score.items():
        value = values.get(code)
        x: Fraction | None = None
        if value is not None and weight.median_of_type:
            x = value.num / medians[code] if medians.get(code) else None
        elif value is not None and value.enough:
            x = value.ratio
        if x is not None:
            parts[code] = weight.norm(x)
            weights += weight.weight
    if weights < config.min_weight:
        return None, parts
    total = sum(config.score[code].weight * share for code, share in parts.items())
    return round(total / weights * SCORE_UNITS), parts


def _hash(config: Config, cut: Cut, chain: tuple[str, ...], period: str, centre: str) -> str:
    said = {
        "cut": cut, "chain": chain, "period": period, "centre": centre,
        "measures": repr(MEASURES), "card": config.source.decode(),
        "sql": [_text(name) for name in (*TABLES, "sheet", "events", "satisfaction")],
    }  # fmt: skip
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()
