"""Parquet and XLSX that lie, break off or attack: refused in a sentence, or one row of it is."""

import gzip
import math
import resource
import struct
import zipfile
from datetime import UTC, date, datetime, time
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter

from producers.intake import apart
from producers.intake.cells import Bad, Dated, FileRefused, Good
from producers.intake.files import rows
from producers.intake.mapping import Reader, RowRefused, parse_mapping

MAPPING = parse_mapping("""
source = "test"
time_format = "%d.%m.%Y"
[columns]
case = "办件"
activity = "环节"
time = "时间"
[[rule]]
activities = ["收件"]
commands = [{ type = "case.submit", data = { case_no = "{case}", item = "i1" } }]
""")

HEADER = ["办件", "环节", "时间", "备注"]
MOMENT = datetime(2020, 6, 1, 9, 30, 15)  # noqa: DTZ001  a cell has no zone
GOOD = ["C1", "收件", MOMENT, "好"]
CELLS = dict(zip(HEADER, ["C1", "收件", "2020-06-01 09:30:15", "好"], strict=True))


def read(file):
    return list(rows(file, MAPPING))


# ---------------------------------------------------------------------------------------- sheets


def write_sheet(sheet, lines, moment, top=0):
    for row, line in enumerate(lines, top):
        for at, value in enumerate(line):
            match value:
                case datetime() | date():
                    sheet.write_datetime(row, at, value, moment)
                case ("formula", text, result):
                    sheet.write_formula(row, at, text, None, result)
                case str():
                    sheet.write_string(row, at, value)
                case bool():
                    sheet.write_boolean(row, at, value)
                case None:
                    pass
                case _:
                    sheet.write_number(row, at, value)


@pytest.fixture
def book(tmp_path):
    """Write a workbook: sheets by name as lists of lines, and what else is done to the first."""

    def made(sheets, then=lambda _: None, top=0):
        path = tmp_path / "f.xlsx"
        with xlsxwriter.Workbook(path) as out:
            moment = out.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
            for name, lines in sheets.items():
                write_sheet(out.add_worksheet(name), lines, moment, top)
            then(out.worksheets()[0])
        return path

    return made


VALUES = {
    "date with time": (MOMENT, "2020-06-01 09:30:15"),
    "text": (" 007 ", " 007 "),
    "whole number": (3, "3"),
    "fraction": (3.25, "3.25"),
    "long number": (32068419900101, "32068419900101"),
    "truth": (True, "True"),
    "formula with a result": (("formula", "=1+1", 2), "2"),
    "formula that is text": ("=cmd|'/c calc'!A0", "=cmd|'/c calc'!A0"),
    "link that is text": ("http://127.0.0.1:9/", "http://127.0.0.1:9/"),
    "error in a column nobody reads": (("formula", "=1/0", "#DIV/0!"), ""),
    "nothing": (None, ""),
}


@pytest.mark.parametrize("name", VALUES)
def test_a_cell_says_what_a_person_reads_in_it(book, name):
    value, text = VALUES[name]

    assert read(book({"a": [HEADER, [*GOOD[:3], value]]})) == [Good(1, {**CELLS, "备注": text})]


def test_a_date_of_the_sheet_is_a_date_whatever_format_the_mapping_expects_of_text(book):
    dated, day, written, iso = read(book({"a": [HEADER, GOOD, ["C1", "收件", date(2020, 6, 2)],
        ["C1", "收件", "03.06.2020"], ["C1", "收件", "2020-06-04"]]}))  # fmt: skip
    moments = [Reader(MAPPING).commands(row.cells)[0]["occurred_at"]
               for row in (dated, day, written)]  # fmt: skip

    assert isinstance(dated.cells["时间"], Dated)
    assert moments == ["2020-06-01T09:30:15+08:00", "2020-06-02T00:00:00+08:00",
                       "2020-06-03T00:00:00+08:00"]  # fmt: skip
    with pytest.raises(RowRefused, match="2020-06-04"):
        Reader(MAPPING).commands(iso.cells)


def test_a_heading_and_a_cover_may_stand_before_the_header_and_rows_count_from_it(book):
    lines = [["二〇二〇年六月办件"], [], HEADER, GOOD, [], [*GOOD[:3], "二"]]
    found = read(book({"封面": [["某某中心"]], "空": [], "办件": lines}, top=3))

    assert [(row.row, row.cells["备注"]) for row in found] == [(1, "好"), (3, "二")]


def test_a_date_of_1900_is_a_spreadsheets_zero(book):
    (row,) = read(book({"a": [HEADER, ["C1", "收件", date(1900, 1, 1)]]}))

    with pytest.raises(RowRefused, match="1980-01-01"):
        Reader(MAPPING).commands(row.cells)


BAD_ROWS = {
    "formula never calculated": (["C1", "收件", ("formula", "=NOW()", "")], "E_FIELD", "formula"),
    "formula in an empty row": ([("formula", "=A1", "")], "E_FIELD", "办件 is a formula"),
    "error": (["C1", ("formula", "=X9", "#REF!"), MOMENT], "E_FIELD", "环节 is an error"),
    "number too long": ([320684199001011234, "收件", MOMENT], "E_FIELD", "15 digits"),
}


@pytest.mark.parametrize("name", BAD_ROWS)
def test_a_bad_row_of_a_sheet_is_reported_and_the_rest_goes_on(book, name):
    line, code, reason = BAD_ROWS[name]
    first, second, third = read(book({"a": [HEADER, GOOD, line, GOOD]}))

    assert (first, third) == (Good(1, CELLS), Good(3, CELLS))
    assert (second.row, second.code) == (2, code)
    assert reason in second.reason


def test_merged_cells_cost_their_rows(book):
    """Which of the rows is meant, only the one who merged them knows."""
    file = book(
        {"a": [HEADER, GOOD, GOOD, [None, *GOOD[1:]], GOOD]},
        lambda sheet: (sheet.merge_range(2, 0, 3, 0, "C1"), sheet.merge_range(1, 3, 2, 3, "好")),
    )
    found = read(file)

    assert [type(row) for row in found] == [Good, Bad, Bad, Good]
    assert found[1] == Bad(2, "E_FIELD", "cells A3:A4 are merged; take that off and fill each")


REFUSED_BOOKS = {
    "empty": ({"a": [], "b": []}, "sheets are empty"),
    "another header": ({"a": [["姓名", "电话"], ["张三", "1"]]}, "no column 办件, 时间, 环节"),
    "two sheets of cases": ({"一月": [HEADER, GOOD], "二月": [HEADER]}, "一月 and 二月 both"),
    "a column twice": ({"a": [[*HEADER, "办件"], GOOD]}, "办件 twice"),
}


@pytest.mark.parametrize("name", REFUSED_BOOKS)
def test_a_workbook_that_nobody_can_read_one_way_is_refused(book, name):
    sheets, sentence = REFUSED_BOOKS[name]

    with pytest.raises(FileRefused, match=sentence):
        read(book(sheets))


def repacked(path, part, data):
    """Write another text into one part of a workbook."""
    with zipfile.ZipFile(path) as old:
        texts = {name: old.read(name) for name in old.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for name, text in {**texts, part: data(texts[part]) if callable(data) else data}.items():
            new.writestr(name, text)
    return path


SHEET, STRINGS = "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml"


def test_a_cell_of_ten_megabytes_costs_its_row_only(book):
    """Excel writes none, but the file is somebody else's."""
    file = book({"a": [HEADER, GOOD, [*GOOD[:3], "长"], GOOD]})
    repacked(file, STRINGS, lambda text: text.replace("长".encode(), b"x" * 10_000_000))
    first, second, third = read(file)

    assert (first, third) == (Good(1, CELLS), Good(3, CELLS))
    assert (second.row, second.code) == (2, "E_LIMIT")


def quoting(count):
    """Give rows that all quote the header's first text: 5 MB, a few bytes each."""
    line = "".join(f'<row r="{n}"><c r="A{n}" t="s"><v>0</v></c></row>' for n in range(2, count))
    return lambda text: text.replace(b"</sheetData>", line.encode() + b"</sheetData>")


def far_corner(text):
    return text.replace(b"</sheetData>", b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
                        b"</sheetData>")  # fmt: skip


def doctype(text):
    return text.replace(b"<worksheet", b'<!DOCTYPE x [<!ENTITY a "b">]><worksheet', 1)


HOSTILE = {
    "two cells at opposite corners": ([(SHEET, far_corner)], "its reader stopped"),
    "one long text a thousand times": (
        [(SHEET, quoting(2000)), (STRINGS, lambda t: t.replace("办件".encode(), b"x" * 5_000_000))],
        "its reader stopped",
    ),
    "entities": ([(SHEET, doctype)], "DOCTYPE or entities"),
    "no XML in it": ([("xl/workbook.xml", b"\0\0\0")], "no XLSX"),
}


def peak_kilobytes():
    """Of any process that this one ever waited for."""
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_workbook_is_refused_and_its_memory_is_bounded(book, monkeypatch, name):
    """What it takes down is the reading process, never the import."""
    monkeypatch.setattr(apart, "MEMORY_BYTES_MAX", 500_000_000)
    changes, sentence = HOSTILE[name]
    file = book({"a": [HEADER, GOOD]})
    for part, data in changes:
        repacked(file, part, data)

    before = peak_kilobytes()

    with pytest.raises(FileRefused, match=sentence):
        read(file)

    assert peak_kilobytes() <= max(before, 500_000)


def test_a_zip_bomb_that_says_so_is_not_opened(book):
    file = book({"a": [HEADER, GOOD]})
    data = bytearray(file.read_bytes())
    at = data.rindex(b"PK\x01\x02")  # Of the last part: its size once inflated.
    data[at + 24 : at + 28] = struct.pack("<I", 2**32 - 2)
    file.write_bytes(data)

    with pytest.raises(FileRefused, match="would inflate to 4,29"):
        read(file)


def test_a_zip_bomb_that_lies_meets_the_limit(book, monkeypatch):
    """The reader inflates what is there, not what is declared."""
    monkeypatch.setattr(apart, "MEMORY_BYTES_MAX", 300_000_000)
    file = book({"a": [HEADER, GOOD]})
    repacked(file, STRINGS, lambda text: text.replace("好".encode(), b"x" * 200_000_000))
    data = bytearray(file.read_bytes())
    at = data.rindex(STRINGS.encode()) - 46
    data[at + 24 : at + 28] = struct.pack("<I", 1000)
    file.write_bytes(data)

    with pytest.raises(FileRefused, match=r"its reader stopped|no XLSX"):
        read(file)


# -------------------------------------------------------------------------------------- parquet


def parquet(path, columns, **options):
    pq.write_table(pa.table(columns), path, **options)
    return path


def with_note(values, kind=None):
    count = len(values)
    return {"办件": ["C1"] * count, "环节": ["收件"] * count, "时间": [MOMENT] * count,
            "备注": pa.array(values, kind)}  # fmt: skip


NOTES = {
    "NULL": ([None], None, ""),
    "text": (["x"], None, "x"),
    "categories": (["x"], pa.dictionary(pa.int8(), pa.string()), "x"),
    "whole number": ([3], None, "3"),
    "whole number beside NULL in pandas": ([3.0], None, "3"),
    "not a number": ([math.nan], None, ""),
    "money": ([Decimal("1.20")], None, "1.20"),
    "truth": ([True], None, "True"),
    "day": ([date(2020, 6, 1)], None, "2020-06-01"),
    "time of day": ([time(9, 30)], None, "09:30:00"),
    "moment with zone": (
        [datetime(2020, 6, 1, tzinfo=UTC)], pa.timestamp("us", "Asia/Shanghai"),
        "2020-06-01 08:00:00+08:00",
    ),
    "moment in nanoseconds": ([1_591_000_000_123_456_789], pa.timestamp("ns"),
                              "2020-06-01 08:26:40.123456"),
    "bytes that are text": (["好".encode()], pa.binary(), "好"),
}  # fmt: skip


@pytest.mark.parametrize("name", NOTES)
def test_a_value_of_parquet_reads_as_in_a_csv(tmp_path, name):
    values, kind, text = NOTES[name]
    file = parquet(tmp_path / "f.parquet", with_note(values, kind))

    assert read(file) == [Good(1, {**CELLS, "备注": text})]


BAD_NOTES = {
    "date beyond all calendars": ([0, 2**62, 0], pa.timestamp("us"), "E_FIELD"),
    "bytes that are no text": ([b"a", b"\xff", b"b"], pa.binary(), "E_FIELD"),
    "text that is no text": (
        pa.Array.from_buffers(pa.string(), 3, pa.array([b"a", b"\xff", b"b"]).buffers()),
        pa.string(), "E_FIELD",
    ),
    "cell of 10 MB": (["a", "x" * 10_000_000, "b"], None, "E_LIMIT"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD_NOTES)
def test_a_bad_value_of_parquet_costs_its_row_only(tmp_path, name):
    values, kind, code = BAD_NOTES[name]
    columns = with_note([None] * 3) | {
        "备注": values if isinstance(values, pa.Array) else pa.array(values, kind)
    }
    found = read(parquet(tmp_path / "f.parquet", columns))

    assert [type(row) for row in found] == [Good, Bad, Good]
    assert (found[1].row, found[1].code, "备注" in found[1].reason) == (2, code, True)


def test_nested_columns_are_not_read_and_not_asked_for(tmp_path):
    file = parquet(tmp_path / "f.pq", with_note(["好"]) | {"附件": [[{"a": 1}]]})

    assert read(file) == [Good(1, CELLS)]


def test_a_damaged_row_group_gives_the_rows_before_it_and_says_where(tmp_path):
    notes = [f"{n}" * 50 for n in range(4096)]
    file = parquet(tmp_path / "f.parquet", with_note(notes), row_group_size=1024)
    start = pq.ParquetFile(file).metadata.row_group(2).column(0).file_offset or (
        pq.ParquetFile(file).metadata.row_group(2).column(0).dictionary_page_offset
    )
    data = bytearray(file.read_bytes())
    data[start : start + 200] = b"\xff" * 200
    file.write_bytes(data)
    *good, last = read(file)

    assert len(good) == 2048
    assert (last.row, last.code, "damaged" in last.reason) == (2049, "E_FILE", True)


REFUSED = {
    "no Parquet": ("f.parquet", b"hello", "is no .parquet file"),
    "nothing": ("f.parquet", b"", "is no .parquet file"),
    "its first bytes only": ("f.parquet", b"PAR1" + b"\0" * 99, "no Parquet file"),
    "no XLSX": ("f.xlsx", b"hello", "is no .xlsx file"),
    "its first bytes only, XLSX": ("f.xlsx", b"PK\x03\x04" + b"\0" * 99, "is cut off"),
    "old Excel or a password": ("f.xlsx", b"\xd0\xcf\x11\xe0" * 9, "old Excel"),
    "gzipped": ("f.xlsx.gz", gzip.compress(b"x"), "gunzip it"),
    "a workbook named CSV": ("f.csv", b"PK\x03\x04abc", "name it as .xlsx"),
    "Parquet named CSV": ("f.csv", b"PAR1abc", "name it as .parquet"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_file_that_is_not_what_its_name_says_is_refused_in_one_sentence(tmp_path, name):
    file, data, sentence = REFUSED[name]
    (tmp_path / file).write_bytes(data)

    with pytest.raises(FileRefused, match=sentence):
        read(tmp_path / file)


def test_a_truncated_file_is_refused_as_a_whole(tmp_path, book):
    """Both keep their table of contents at the end: without it nothing can be believed."""
    for file in (book({"a": [HEADER, GOOD]}), parquet(tmp_path / "f.parquet", with_note(["x"]))):
        file.write_bytes(file.read_bytes()[:-40])

        with pytest.raises(FileRefused, match="cut off"):
            read(file)


def test_parquet_without_a_column_is_the_wrong_file(tmp_path):
    with pytest.raises(FileRefused, match="no column 办件, 时间, 环节"):
        read(parquet(tmp_path / "f.parquet", {"a": [1]}))
