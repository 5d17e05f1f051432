"""Files as rows (读表): CSV and JSON Lines, also gzipped, in UTF-8 or GB18030.

One bad row never hides the others: it comes out as a `Bad` with its number and reason. Only a
file that has no rows at all — not there, no header, UTF-16 — raises.
"""

import csv
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import orjson

from ledger.contracts.errors import UserError
from producers.intake.mapping import Mapping

CHUNK_BYTES = 256 * 1024
LINE_BYTES_MAX = 16 * 1024 * 1024
"""A longer line is cut and refused: memory stays bounded whatever the file holds."""
CELL_CHARS_MAX = 64 * 1024
GZIP_MAGIC = b"\x1f\x8b"
BOM_UTF8 = b"\xef\xbb\xbf"
BOMS_UTF16 = (b"\xff\xfe", b"\xfe\xff")
JSON_SUFFIXES = (".jsonl", ".ndjson", ".json")


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


def rows(path: Path, mapping: Mapping) -> Iterator[Good | Bad]:
    """Give the rows of a file in order, the bad ones too.

    Raises:
        FileRefused: not there, empty, damaged, UTF-16, or without a column that the mapping needs.

    """
    if not path.is_file():
        raise FileRefused(f"{path} is not there; check the name")
    found = _encoding(path)
    encoding = found if mapping.encoding == "auto" else mapping.encoding
    text = _texts(path, encoding)
    stem = path.with_suffix("") if path.suffix == ".gz" else path
    if stem.suffix.lower() in JSON_SUFFIXES:
        return _json_rows(text)
    return _csv_rows(path, text, mapping)


def _csv_rows(path: Path, text: Iterator[str], mapping: Mapping) -> Iterator[Good | Bad]:
    reader = csv.reader(text, delimiter=mapping.delimiter)
    try:
        header = next(reader)
    except (StopIteration, csv.Error, BrokenOff) as error:
        why = f": {error}" if str(error) else ""
        raise FileRefused(f"{path} has no header line{why}") from None
    if missing := sorted(mapping.columns_used() - set(header)):
        raise FileRefused(
            f"{path} has no column {', '.join(missing)}; is it the right mapping? "
            f"It has {', '.join(header)[:300]}"
        )
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
            yield _checked(number, dict(zip(header, cells, strict=True)))


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
    return _checked(number, cells)


def _checked(number: int, cells: dict[str, str]) -> Good | Bad:
    """Refuse a row with a cell that is too long or was not text."""
    for name, value in cells.items():
        if len(value) > CELL_CHARS_MAX:
            return Bad(
                number, "E_LIMIT",
                f"{name} has {len(value):,} characters; at most {CELL_CHARS_MAX:,}",
            )  # fmt: skip
        if not value.isascii() and any("\udc80" <= char <= "\udcff" for char in value):
            return Bad(number, "E_FIELD", f"{name} holds bytes that are no text in this encoding")
    return Good(number, cells)


# ------------------------------------------------------------------------------- bytes and text


def _encoding(path: Path) -> str:
    """Tell UTF-8 from GB18030: the one with fewer lines that it cannot read; a tie is UTF-8.

    Reads the whole file, and so finds out whether it is damaged before anything is handed in.
    """
    wrong = {"utf-8": 0, "gb18030": 0}
    first = True
    try:
        for line in _lines(path):
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
    for raw in _lines(path):
        line = raw.removeprefix(BOM_UTF8) if first else raw
        first = False
        yield line.decode(encoding, "surrogateescape")


def _lines(path: Path) -> Iterator[bytes]:
    """Give whole lines with their ends; no byte of a GB18030 character is a line end.

    Raises:
        BrokenOff: after the last whole line, when the file is cut off.

    """
    rest = b""
    for chunk in _inflated(path):
        rest += chunk
        *whole, rest = rest.split(b"\n")
        for line in whole:
            yield line + b"\n"
        if len(rest) > LINE_BYTES_MAX:
            raise BrokenOff(f"a line of over {LINE_BYTES_MAX:,} bytes; what follows is not read")
    if rest:
        yield rest


def _inflated(path: Path) -> Iterator[bytes]:
    """Give the bytes of a file, gunzipped when they are gzip whatever the file's name.

    Raises:
        FileRefused: a checksum is wrong.
        BrokenOff: after the last byte of a gzip that is cut off.

    """
    with path.open("rb") as file:
        chunk = file.read(CHUNK_BYTES)
        if not chunk.startswith(GZIP_MAGIC):
            while chunk:
                yield chunk
                chunk = file.read(CHUNK_BYTES)
            return
        inflate = zlib.decompressobj(wbits=31)
        while chunk:
            try:
                yield inflate.decompress(chunk, CHUNK_BYTES)
            except zlib.error as error:
                # No telling which rows are what was sent, and the ledger keeps them for ever.
                raise FileRefused(f"{path} is damaged ({error}); have it sent again") from None
            chunk = inflate.unconsumed_tail
            if inflate.eof:
                chunk = inflate.unused_data.lstrip(b"\0")
                chunk = chunk or file.read(CHUNK_BYTES).lstrip(b"\0")
                inflate = zlib.decompressobj(wbits=31) if chunk else inflate
            chunk = chunk or file.read(CHUNK_BYTES)
        if rest := inflate.flush():
            yield rest
        if not inflate.eof:
            raise BrokenOff("the gzip is cut off in the middle; what follows is missing")
