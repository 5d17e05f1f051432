"""Rows and cells (行与单元格): what every kind of file becomes; pure."""

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from typing import NamedTuple

from ledger.contracts.errors import UserError

CELL_CHARS_MAX = 64 * 1024
LINE_BYTES_MAX = 16 * 1024 * 1024
"""A longer line, or XML without a new row, is cut and refused: memory stays bounded."""


class FileRefused(UserError):
    """The file as a whole cannot be read; the message is one sentence: what, where, what to do."""


class BrokenOff(Exception):
    """The bytes end too early; what came before, whole lines, is good."""


class Good(NamedTuple):
    """A row that can be read."""

    row: int
    """From 1, the header not counted."""
    cells: dict[str, str]


class Bad(NamedTuple):
    """A row that cannot."""

    row: int
    code: str
    reason: str


class Dated(str):
    """ISO 8601 text of a cell that its file holds as a date; `time_format` is for text only."""

    __slots__ = ()


def checked(number: int, cells: dict[str, str]) -> Good | Bad:
    """Refuse a row with a cell that is too long or was not text."""
    for name, value in cells.items():
        if len(value) > CELL_CHARS_MAX:
            return Bad(
                number, "E_LIMIT",
                f"{name[:80]} has {len(value):,} characters; at most {CELL_CHARS_MAX:,}",
            )  # fmt: skip
        if not value.isascii() and any("\udc80" <= char <= "\udcff" for char in value):
            return Bad(number, "E_FIELD", f"{name} holds bytes that are no text in this encoding")
    return Good(number, cells)


def named(header: Iterable[str], titles: Mapping[str, str]) -> list[str]:
    """Give a header in the mapping's names, also when it has the template's titles.

    Args:
        header: as the file has it.
        titles: title → column; a column that the header has by its own name keeps it.

    """
    header = list(header)
    own = set(header)
    return [
        name if (column := titles.get(name, name)) in own else column for name in header
    ]  # fmt: skip


def require_columns(path: object, header: Iterable[str], needed: AbstractSet[str]) -> None:
    """Refuse a table without a column that the mapping reads, or with one twice.

    Raises:
        FileRefused: naming the columns.

    """
    header = list(header)
    if missing := sorted(needed - set(header)):
        raise FileRefused(
            f"{path} has no column {', '.join(missing)}; is it the right mapping? "
            f"It has {', '.join(header)[:300]}"
        )
    if double := sorted(name for name in needed if header.count(name) > 1):
        raise FileRefused(f"{path} has column {', '.join(double)} twice; which one is meant?")


def plain_number(value: float) -> str:
    """Write a number as a person would: no ".0", and nothing for what is no number."""
    if isinstance(value, float):
        if value.is_integer():
            return str(int(value))
        return repr(value) if value - value == 0 else ""
    return str(value)
