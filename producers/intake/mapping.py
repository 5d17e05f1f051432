"""Mappings (映射): how the rows of one source system read as our commands; pure.

A mapping is a TOML file (`mappings/*.toml`), so that the reading of a source lies in data and is
reviewed as such; docs/imports.md explains the keys. Conditions look at earlier rows of the same
case in the file, never at the ledger.
"""

import hashlib
import re
import tomllib
from collections.abc import Mapping as Table
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ledger.contracts.codes import SHANGHAI, Channel, SourceClass
from ledger.contracts.errors import UserError
from producers.intake.cells import Dated

PLACEHOLDER = re.compile(r"\{([^{}]+)\}")
FORBIDDEN = re.compile(r"[|/@\x00-\x1f]")
ID_MAX = 64

Row = Table[str, str]
"""Column → cell, as text; absent and empty mean the same."""


class MappingError(UserError):
    """The mapping cannot be used; the message says which key is wrong and why."""


class RowRefused(Exception):
    """A row that cannot be read as commands: a code of ours and one sentence."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(f"{code}: {reason}")
        self.code = code
        self.reason = reason


class Shape(BaseModel):
    """A frozen part of a mapping; unknown keys are mistakes."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Columns(Shape):
    """Which column holds what every row needs."""

    case: str
    activity: str
    time: str
    external: str | None = None
    """The row's number in its source; without it a digest of the row stands for it."""


class Cell(Shape):
    """How one column becomes a code or an identifier."""

    column: str
    empty: tuple[str, ...] = ()
    """Words by which the source says "nothing"."""
    values: dict[str, str] = Field(default_factory=dict)
    """Cell → ours; when given, any other cell is refused."""
    prefix: str = ""


class When(Shape):
    """A condition: all of it must hold."""

    seen: tuple[str, ...] = ()
    """Activities that earlier rows of the case had."""
    unseen: tuple[str, ...] = ()
    equals: dict[str, str] = Field(default_factory=dict)


class Line(Shape):
    """One command that a row gives; `{column}`, `{case}`, `{step}` … stand for its values."""

    type: str
    data: dict[str, str | int | bool] = Field(default_factory=dict)


class Rule(Shape):
    """Rows of these activities give these commands; the first rule that fits, wins."""

    activities: tuple[str, ...] = Field(min_length=1)
    when: When = When()
    commands: tuple[Line, ...] = Field(min_length=1)


class ReferenceBlock(Shape):
    """What the ledger must know first: id → data of the fact."""

    occurred_at: datetime
    depts: dict[str, dict[str, Any]] = Field(default_factory=dict)
    centres: dict[str, dict[str, Any]] = Field(default_factory=dict)
    windows: dict[str, dict[str, Any]] = Field(default_factory=dict)
    staff: dict[str, dict[str, Any]] | list[str] = Field(default_factory=dict)
    items: dict[str, dict[str, Any]] = Field(default_factory=dict)


class Mapping(Shape):
    """A whole mapping file."""

    source: str = Field(pattern=r"^[^\s/|@]+$", max_length=64)
    source_class: Literal[SourceClass.HISTORICAL, SourceClass.IMPORTED] = SourceClass.HISTORICAL
    encoding: Literal["auto", "utf-8", "gb18030"] = "auto"
    delimiter: str = Field(default=",", min_length=1, max_length=1)
    utc_offset_hours: float = Field(default=8, ge=-12, le=14)
    """For times without an offset."""
    time_format: str | None = None
    """As `datetime.strptime`; without it ISO 8601. Dates that are no text are known as such."""
    not_before: date = date(1980, 1, 1)
    """An earlier date is a spreadsheet's zero, not a fact."""
    case_prefix: str = ""
    columns: Columns
    require: dict[str, str] = Field(default_factory=dict)
    """Column → the only value with which a row can be read."""
    titles: dict[str, str] = Field(default_factory=dict)
    """Column → its heading in the template, where ours does not fit; files may have either."""
    channel: Cell | None = None
    centre: Cell | None = None
    window: Cell | None = None
    dept: Cell | None = None
    staff: Cell | None = None
    reference: ReferenceBlock | None = None
    rule: tuple[Rule, ...] = Field(min_length=1)

    def columns_used(self) -> set[str]:
        """Give every column that must be in the file's header."""
        cells = (self.channel, self.centre, self.window, self.dept, self.staff)
        used = {cell.column for cell in cells if cell}
        used |= {self.columns.case, self.columns.activity, self.columns.time, *self.require}
        for rule in self.rule:
            used |= set(rule.when.equals)
            for line in rule.commands:
                texts = (value for value in line.data.values() if isinstance(value, str))
                used |= {name for text in texts for name in PLACEHOLDER.findall(text)}
        used |= {self.columns.external} if self.columns.external else set()
        return used - {"case", "activity", "step", "external"}


def parse_mapping(text: str) -> Mapping:
    """Read a mapping from TOML.

    Raises:
        MappingError: not TOML, or a key that is missing, unknown or wrong.

    """
    try:
        return Mapping.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise MappingError(f"the mapping is not TOML: {error}") from None
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"])) or "mapping"
        raise MappingError(f"{where}: {first['msg']}") from None


def reference_commands(mapping: Mapping) -> list[dict[str, Any]]:
    """Give the commands of the `[reference]` block, in an order in which each finds its names."""
    block = mapping.reference
    if block is None:
        return []
    staff = block.staff if isinstance(block.staff, dict) else {key: {} for key in block.staff}
    kinds = (("dept.register", block.depts), ("centre.open", block.centres),
             ("window.create", block.windows), ("staff.join", staff),
             ("item.register", block.items))  # fmt: skip
    return [
        {
            "type": kind, "key": key, "occurred_at": _aware(block.occurred_at, mapping).isoformat(),
            "source_system": mapping.source, "source_seq": f"{kind}/{key}",
            "source_class": "system", "actor": {"kind": "system"}, "late_reason": "import",
            "data": data,
        }
        for kind, facts in kinds
        for key, data in facts.items()
    ]  # fmt: skip


@dataclass(slots=True)
class CaseSeen:
    """What earlier rows of one case in this file were."""

    activities: set[str] = field(default_factory=set)
    steps: int = 0
    rows: dict[bytes, tuple[Rule, int]] = field(default_factory=dict)
    """Digest of a row → how it was read, for rows that come twice."""


class Reader:
    """Turns the rows of one file, in order, into commands."""

    def __init__(self, mapping: Mapping) -> None:
        self.mapping = mapping
        self._cases: dict[str, CaseSeen] = {}
        self._slugs: dict[tuple[str, str], str] = {}

    def commands(self, row: Row) -> list[dict[str, Any]]:
        """Give the commands of the next row of the file.

        A row that was there before, cell by cell, gives the same commands again: the ledger
        knows them as duplicates.

        Raises:
            RowRefused: the row cannot be read; the rows after it can.

        """
        columns = self.mapping.columns
        case_no = row.get(columns.case, "").strip()
        if not case_no:
            raise RowRefused("E_FIELD", f"no case number in column {columns.case}")
        case = self._slug("case", case_no, self.mapping.case_prefix)
        digest = hashlib.sha256(repr(sorted(row.items())).encode("utf-8", "replace")).digest()[:12]
        seen = self._cases.setdefault(case, CaseSeen())
        if (known := seen.rows.get(digest)) is not None:
            return self._read(row, case, digest, *known)
        for column, value in self.mapping.require.items():
            if row.get(column, "") != value:
                raise RowRefused("E_FIELD", f"{column} is {row.get(column)!r}, not {value!r}")
        activity = row.get(columns.activity, "").strip()
        rule = self._rule(row, activity, seen)
        made = self._read(row, case, digest, rule, seen.steps + 1)
        seen.rows[digest] = (rule, seen.steps + 1)
        seen.activities.add(activity)
        seen.steps += any("{step}" in line.data.values() for line in rule.commands)
        return made

    def _read(
        self, row: Row, case: str, digest: bytes, rule: Rule, step: int
    ) -> list[dict[str, Any]]:
        columns = self.mapping.columns
        external = row.get(columns.external or "", "").strip() or digest.hex()
        if re.search(r"[\s|]", external):
            raise RowRefused("E_FIELD", f"{columns.external} {external!r} holds a blank or |")
        activity = row[columns.activity].strip()
        names = {**row, "case": row[columns.case].strip(), "activity": activity,
                 "external": external, "step": str(step)}  # fmt: skip
        envelope = self._envelope(row, case)
        return [
            {**envelope, "type": line.type, "source_seq": f"{case}/{external}/{n}",
             "data": _data(line, names, activity)}
            for n, line in enumerate(rule.commands, 1)
        ]  # fmt: skip

    def _rule(self, row: Row, activity: str, seen: CaseSeen) -> Rule:
        if not activity:
            raise RowRefused("E_FIELD", f"no activity in column {self.mapping.columns.activity}")
        fitting = [rule for rule in self.mapping.rule if activity in rule.activities]
        for rule in fitting:
            when = rule.when
            if (
                seen.activities.issuperset(when.seen)
                and seen.activities.isdisjoint(when.unseen)
                and all(row.get(column, "") == value for column, value in when.equals.items())
            ):
                return rule
        why = "fits no condition of its rules" if fitting else "is in no rule of the mapping"
        raise RowRefused("E_TYPE", f"activity {activity!r} {why}")

    def _envelope(self, row: Row, case: str) -> dict[str, Any]:
        mapping = self.mapping
        envelope: dict[str, Any] = {
            "type": "",
            "key": case,
            "occurred_at": _moment(row.get(mapping.columns.time, ""), mapping).isoformat(),
            "source_system": mapping.source,
            "source_seq": "",
            "source_class": mapping.source_class.value,
            "actor": {"kind": "external"},
        }
        if staff := self._id("staff", row):
            envelope["actor"] = {"kind": "staff", "staff": staff}
        for name in ("centre", "dept", "window", "channel"):
            if value := self._id(name, row):
                envelope[name] = value
        return envelope

    def _id(self, name: str, row: Row) -> str | None:
        cell: Cell | None = getattr(self.mapping, name)
        if cell is None:
            return None
        value = row.get(cell.column, "").strip()
        if not value or value in cell.empty:
            return None
        if cell.values:
            if value not in cell.values:
                known = ", ".join(cell.values)
                raise RowRefused(
                    "E_FIELD", f"{cell.column} {value!r} is not in the mapping; it knows {known}"
                )
            value = cell.values[value]
        if name == "channel" and value not in list(Channel):
            raise RowRefused("E_FIELD", f"{value!r} is no channel of ours")
        return self._slug(name, value, cell.prefix)

    def _slug(self, name: str, value: str, prefix: str) -> str:
        """Make an identifier of a cell: blanks become `-`, nothing else is changed.

        What could not be told apart afterwards, or cannot be an identifier, is refused.
        """
        if found := FORBIDDEN.search(value):
            raise RowRefused("E_FIELD", f"{name} {value[:80]!r} holds {found[0]!r}, no id may")
        slug = prefix + re.sub(r"\s+", "-", value)
        if len(slug) > ID_MAX:
            raise RowRefused(
                "E_FIELD", f"{name} {slug[:40]}… has {len(slug)} characters; at most {ID_MAX}"
            )
        first = self._slugs.setdefault((name, slug), value)
        if first != value:
            raise RowRefused("E_FIELD", f"{name} {value!r} and {first!r} would both be {slug}")
        return slug


def _data(line: Line, names: Row, activity: str) -> dict[str, Any]:
    """Fill a command's data; a key whose columns are all empty is not recorded."""
    data: dict[str, Any] = {}
    for key, template in line.data.items():
        if template == "{step}":
            data[key] = int(names["step"])
        elif not isinstance(template, str):
            data[key] = template
        elif wanted := PLACEHOLDER.findall(template):
            if any(names.get(name, "").strip() for name in wanted):
                data[key] = PLACEHOLDER.sub(lambda found: names.get(found[1], ""), template)
        else:
            data[key] = template
    if line.type.startswith("case."):
        data["activity"] = activity
    return data


def _moment(text: str, mapping: Mapping) -> datetime:
    try:
        if mapping.time_format and not isinstance(text, Dated):
            moment = datetime.strptime(text.strip(), mapping.time_format)  # noqa: DTZ007  see _aware
        else:
            moment = datetime.fromisoformat(text.strip())
        moment = _aware(moment, mapping)
        # One instant, one text: the same log with other offsets is a duplicate, no conflict.
        ours = moment.astimezone(SHANGHAI)
    except (ValueError, OverflowError):
        wanted = mapping.time_format or "ISO 8601"
        raise RowRefused("E_FIELD", f"time {text[:40]!r} is not {wanted}") from None
    if moment.date() < mapping.not_before:
        raise RowRefused(
            "E_FIELD",
            f"time {text[:40]!r} is before {mapping.not_before}, the mapping's not_before",
        )
    return ours


def _aware(moment: datetime, mapping: Mapping) -> datetime:
    if moment.tzinfo is not None:
        return moment
    return moment.replace(tzinfo=timezone(timedelta(hours=mapping.utc_offset_hours)))
