"""Files as rows (读表): CSV, JSON Lines and XES, also gzipped; Parquet and XLSX.

One bad row never hides the others: it comes out as a `Bad` with its number and reason. Only a
file that has no rows at all — not there, no header, UTF-16 — raises.
"""

import csv
from collections.abc import Iterator
from pathlib import Path

import orjson

from producers.intake.apart import apart_rows
from producers.intake.cells import (
    Bad,
    BrokenOff,
    FileRefused,
    Good,
    checked,
    named,
    require_columns,
)
from producers.intake.mapping import Mapping
from producers.intake.raw import GZIP_MAGIC, lines
from producers.intake.titles import columns_by_title
from producers.intake.xes import xes_rows

BOM_UTF8 = b"\xef\xbb\xbf"
BOMS_UTF16 = (b"\xff\xfe", b"\xfe\xff")
JSON_SUFFIXES = (".jsonl", ".ndjson", ".json")
XES_SUFFIXES = (".xes",)
MAGIC = {"xlsx": b"PK\x03\x04", "parquet": b"PAR1"}
APART = {".xlsx": "xlsx", ".xlsm": "xlsx", ".parquet": "parquet", ".pq": "parquet"}
"""Read in a process of their own, because native code parses them: see apart.py."""
OLE_MAGIC = b"\xd0\xcf\x11\xe0"
"""Excel before 2007, and every Excel file with a password."""


def rows(path: Path, mapping: Mapping) -> Iterator[Good | Bad]:
    """Give the rows of a file in order, the bad ones too.

    Raises:
        FileRefused: not there, empty, damaged, UTF-16, hostile XML, or without a column that the
            mapping needs.

    """
    if not path.is_file():
        raise FileRefused(f"{path} is not there; check the name")
    stem = path.with_suffix("") if path.suffix.lower() == ".gz" else path
    suffix = stem.suffix.lower()
    if kind := _kind_apart(path, suffix):
        return apart_rows(path, kind, mapping.columns_used(), columns_by_title(mapping))
    if suffix in XES_SUFFIXES:
        return xes_rows(path)
    found = _encoding(path)
    encoding = found if mapping.encoding == "auto" else mapping.encoding
    text = _texts(path, encoding)
    if suffix in JSON_SUFFIXES:
        return _json_rows(text)
    return _csv_rows(path, text, mapping)


def _kind_apart(path: Path, suffix: str) -> str | None:
    """Tell XLSX and Parquet by name and by first bytes, which must agree.

    Raises:
        FileRefused: they do not, or it is a spreadsheet that we do not read.

    """
    with path.open("rb") as file:
        head = file.read(8)
    kind = APART.get(suffix)
    if head.startswith(OLE_MAGIC):
        raise FileRefused(f"{path} is an old Excel file or has a password; save it as plain .xlsx")
    if kind and head.startswith(GZIP_MAGIC):
        raise FileRefused(f"{path} is gzipped, and {suffix} is compressed in itself; gunzip it")
    if kind and not head.startswith(MAGIC[kind]):
        raise FileRefused(f"{path} is no {suffix} file; have it sent again")
    for other, magic in MAGIC.items():
        if not kind and head.startswith(magic):
            raise FileRefused(f"{path} is no {suffix or 'CSV'} file; save or name it as .{other}")
    return kind


def _csv_rows(path: Path, text: Iterator[str], mapping: Mapping) -> Iterator[Good | Bad]:
    reader = csv.reader(text, delimiter=mapping.delimiter)
    try:
        header = named(next(reader), columns_by_title(mapping))
    except (StopIteration, csv.Error, BrokenOff) as error:
        why = f": {error}" if str(error) else ""
        raise FileRefused(f"{path} has no header line{why}") from None
    require_columns(path, header, mapping.columns_used())
    return _numbered(reader, header)


def _numbered(reader: Iterator[list[str]], header: list[str]) -> Iterator[Good | Bad]:
    number = 0
    while True:
        number += 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except BrokenOff as error:
            yield Bad(number, "E_FILE", str(error))
            return
        except csv.Error as error:
            yield Bad(number, "E_LIMIT", f"the row is no CSV: {error}")
            continue
        if not cells:
            number -= 1  # A blank line is no row.
        elif len(cells) != len(header):
            yield Bad(number, "E_FIELD", f"{len(cells)} cells where the header has {len(header)}")
        else:
            yield checked(number, dict(zip(header, cells, strict=True)))


def _json_rows(text: Iterator[str]) -> Iterator[Good | Bad]:
    number = 0
    while True:
        number += 1
        try:
            line = next(text)
        except StopIteration:
            return
        except BrokenOff as error:
            yield Bad(number, "E_FILE", str(error))
            return
        if not line.strip():
            number -= 1
            continue
        yield _json_row(number, line)


def _json_row(number: int, line: str) -> Good | Bad:
    try:
        fields = orjson.loads(line.encode("utf-8", "surrogateescape"))
    except orjson.JSONDecodeError as error:
        return Bad(number, "E_FIELD", f"not JSON: {error}")
    if not isinstance(fields, dict):
        return Bad(number, "E_FIELD", "a line must be one JSON object")
    cells = {}
    for name, value in fields.items():
        if isinstance(value, dict | list):
            return Bad(number, "E_FIELD", f"{name} holds an object or a list, not a value")
        cells[name] = "" if value is None else value if isinstance(value, str) else str(value)
    return checked(number, cells)


# ------------------------------------------------------------------------------- bytes and text


def _encoding(path: Path) -> str:
    """Tell UTF-8 from GB18030: the one with fewer lines that it cannot read; a tie is UTF-8.

    Reads the whole file, and so finds out whether it is damaged before anything is handed in.
    """
    wrong = {"utf-8": 0, "gb18030": 0}
    first = True
    try:
        for line in lines(path):
            if first and line.startswith(BOMS_UTF16):
                raise FileRefused(f"{path} is UTF-16; save it as UTF-8 or GB18030")
            first = False
            if line.isascii():
                continue
            for name in wrong:
                try:
                    line.decode(name)
                except UnicodeDecodeError:
                    wrong[name] += 1
    except BrokenOff:
        pass
    return min(wrong, key=lambda name: wrong[name])


def _texts(path: Path, encoding: str) -> Iterator[str]:
    first = True
    for raw in lines(path):
        line = raw.removeprefix(BOM_UTF8) if first else raw
        first = False
        yield line.decode(encoding, "surrogateescape")
