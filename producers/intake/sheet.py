"""XLSX as rows (电子表格): the one sheet whose header has the mapping's columns.

Cells that a person sees filled and a program finds empty — merged, a formula never calculated, an
error — cost their row; nothing is guessed.
"""

import posixpath
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from datetime import date, datetime
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple
from xml.parsers import expat

from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    SheetTypeEnum,
    load_workbook,
)

from producers.intake.cells import (
    Bad,
    Dated,
    FileRefused,
    Good,
    checked,
    named,
    plain_number,
    require_columns,
)
from producers.intake.markup import Hostile, xml_parser
from producers.intake.raw import CHUNK_BYTES

HEADER_ROWS_MAX = 20
"""The header may stand below a heading, but not below this row."""
INFLATED_BYTES_MAX = 1024**3
"""Of all parts together, as the file itself declares; what lies about it meets the memory limit."""
EXACT_MAX = 10**15
"""A number of a spreadsheet has 15 digits; what follows is already lost."""
REFERENCE = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")


class Found(NamedTuple):
    """A sheet with a header."""

    sheet: CalamineSheet
    header_row: int
    """From 0."""
    columns: list[str]


def sheet_rows(
    path: Path, needed: AbstractSet[str], titles: Mapping[str, str]
) -> Iterator[Good | Bad]:
    """Give the rows below the header; `row` counts from it, empty rows too, as the eye does.

    Raises:
        FileRefused: no XLSX, cut off, a bomb, without a header, or with two sheets that fit.

    """
    _weigh(path)
    try:
        book = load_workbook(path)
        found = _only_sheet(path, book, needed, titles)
        return _rows(found, _unseen(path, found.sheet.name), needed)
    except (CalamineError, expat.ExpatError, KeyError, OSError, ValueError) as error:
        why = str(error)[:200]
        raise FileRefused(f"{path} is no XLSX, cut off or has a password: {why}") from None
    except (Hostile, zipfile.BadZipFile) as error:
        raise FileRefused(f"{path} is refused: {error}") from None


def _weigh(path: Path) -> None:
    try:
        with zipfile.ZipFile(path) as parts:
            size = sum(part.file_size for part in parts.infolist())
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise FileRefused(
            f"{path} is no XLSX or is cut off ({error}); have it sent again"
        ) from None
    if size > INFLATED_BYTES_MAX:
        raise FileRefused(
            f"{path} would inflate to {size:,} bytes; at most {INFLATED_BYTES_MAX:,}, so split it"
        )


def _only_sheet(
    path: Path, book: CalamineWorkbook, needed: AbstractSet[str], titles: Mapping[str, str]
) -> Found:
    fitting: list[Found] = []
    first: list[str] = []
    for meta in book.sheets_metadata:
        if meta.typ != SheetTypeEnum.WorkSheet:
            continue
        sheet = book.get_sheet_by_name(meta.name)
        for at, cells in enumerate(islice(sheet.iter_rows(), HEADER_ROWS_MAX)):
            columns = named((cell_text(cell).strip() for cell in cells), titles)
            first = first or [column for column in columns if column]
            if needed <= set(columns):
                require_columns(path, columns, needed)
                fitting.append(Found(sheet, at, columns))
                break
    if len(fitting) > 1:
        names = " and ".join(found.sheet.name for found in fitting[:2])
        raise FileRefused(f"{path}: sheets {names} both hold cases; keep one a file")
    if not fitting and not first:
        raise FileRefused(f"{path} has no header line: its sheets are empty")
    if not fitting:
        require_columns(path, first, needed)
        raise FileRefused(f"{path} has no sheet with the mapping's columns")
    return fitting[0]


def _rows(
    found: Found, unseen: Mapping[int, Mapping[int, str]], needed: AbstractSet[str]
) -> Iterator[Good | Bad]:
    sheet, header, columns = found
    left = sheet.start[1] if sheet.start else 0
    wanted = {left + at: name for at, name in enumerate(columns) if name in needed}
    merged = _merged(sheet, wanted, header)
    for at, values in enumerate(sheet.iter_rows()):
        blind = {column: why for column, why in unseen.get(at, {}).items() if column in wanted}
        if at <= header or not (blind or at in merged or any(value != "" for value in values)):
            continue
        number = at - header
        lost = [
            name for name, value in zip(columns, values, strict=False)
            if name in needed and isinstance(value, float) and abs(value) >= EXACT_MAX
        ]  # fmt: skip
        if at in merged:
            reason = f"cells {merged[at]} are merged; take that off and fill each"
            yield Bad(number, "E_FIELD", reason)
        elif blind:
            column, why = min(blind.items())
            yield Bad(number, "E_FIELD", f"{wanted[column]} {why}")
        elif lost:
            reason = "is a number of over 15 digits, whose end is lost; keep that column as text"
            yield Bad(number, "E_FIELD", f"{lost[0]} {reason}")
        else:
            texts = map(cell_text, values)
            cells = {name: text for name, text in zip(columns, texts, strict=False) if name}
            yield checked(number, cells)


def _merged(sheet: CalamineSheet, wanted: Mapping[int, str], header: int) -> dict[int, str]:
    """Give row → the merged cells in it that hide a column we read."""
    last = sheet.end[0] if sheet.end else 0
    merged: dict[int, str] = {}
    for (top, left), (bottom, right) in sheet.merged_cell_ranges or []:
        if any(left <= column <= right for column in wanted):
            name = f"{_letters(left)}{top + 1}:{_letters(right)}{bottom + 1}"
            for row in range(max(top, header + 1), min(bottom, last) + 1):
                merged[row] = name
    return merged


def _letters(column: int) -> str:
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def cell_text(value: object) -> str:
    """Write a cell as a person reads it: dates in ISO 8601, whole numbers without ".0"."""
    match value:
        case str() | bool():
            return str(value)
        case int() | float():
            return plain_number(value)
        case datetime():
            return Dated(value.isoformat(" "))
        case date():
            return Dated(value.isoformat())
        case _:
            return str(value)


# ---------------------------------------------------------------- what calamine shows as empty


def _unseen(path: Path, name: str) -> dict[int, dict[int, str]]:
    """Give row → column → why a cell is empty that is none: errors, formulas without a result."""
    with zipfile.ZipFile(path) as parts:
        scan = _Scan()
        _parse(parts, _part(parts, name), scan.start, scan.end, scan.text)
    return scan.unseen


def _part(parts: zipfile.ZipFile, name: str) -> str:
    ids: dict[str, str] = {}
    targets: dict[str, str] = {}

    def sheet(tag: str, attributes: dict[str, str]) -> None:
        if tag == "sheet":
            ids[attributes["name"]] = next(v for k, v in attributes.items() if k.endswith(":id"))

    def relation(tag: str, attributes: dict[str, str]) -> None:
        if tag == "Relationship":
            targets[attributes["Id"]] = attributes["Target"]

    _parse(parts, "xl/workbook.xml", sheet)
    _parse(parts, "xl/_rels/workbook.xml.rels", relation)
    return posixpath.normpath(posixpath.join("/xl", targets[ids[name]])).lstrip("/")


def _parse(
    parts: zipfile.ZipFile,
    part: str,
    start: Callable[[str, dict[str, str]], None],
    end: Callable[[str], None] = lambda _: None,
    text: Callable[[str], None] | None = None,
) -> None:
    parse = xml_parser(start, end, text).Parse
    with parts.open(part) as file:
        while chunk := file.read(CHUNK_BYTES):
            parse(chunk, False)  # noqa: FBT003  positional only
    parse(b"", True)  # noqa: FBT003  positional only


class _Scan:
    """Walks through a sheet's XML and keeps only the cells that deceive."""

    def __init__(self) -> None:
        self.unseen: dict[int, dict[int, str]] = {}
        self._row = self._column = -1
        self._is_formula = self._is_error = self._in_value = self._has_value = False

    def start(self, tag: str, attributes: dict[str, Any]) -> None:
        if tag == "row":
            self._row = int(attributes.get("r", self._row + 2)) - 1
            self._column = -1
        elif tag == "c":
            self._column += 1
            if place := REFERENCE.fullmatch(attributes.get("r", "")):
                self._column = sum(
                    (ord(letter) - 64) * 26**at for at, letter in enumerate(reversed(place[1]))
                ) - 1  # fmt: skip
                self._row = int(place[2]) - 1
            self._is_formula = self._has_value = False
            self._is_error = attributes.get("t") == "e"
        elif tag == "f":
            self._is_formula = True
        self._in_value = tag in {"v", "t"}

    def text(self, _: str) -> None:
        self._has_value = self._has_value or self._in_value

    def end(self, tag: str) -> None:
        self._in_value = False
        if tag == "c" and (self._is_error or (self._is_formula and not self._has_value)):
            why = "is an error" if self._is_error else "is a formula that was never calculated"
            self.unseen.setdefault(self._row, {})[self._column] = why
