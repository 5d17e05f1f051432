"""The template of a mapping: explained in Chinese, safe to open, and read back when filled."""

import argparse
import re
import zipfile
from pathlib import Path
from xml.sax.saxutils import escape

import orjson
import pytest
from python_calamine import load_workbook

from ledger.log.sqlite import SqliteLog
from ledger.terminal import Commands, main
from producers.__main__ import add_commands
from producers.intake.files import rows
from producers.intake.importer import import_file, inert, load_mapping
from producers.intake.mapping import Reader, parse_mapping
from producers.intake.template import template_columns, write_template
from producers.intake.titles import titles_of

WABO = Path("producers/intake/mappings/wabo_receipt.toml")
OFFICE = parse_mapping("""
source = "banshi"
time_format = "%Y/%m/%d %H:%M"
[columns]
case = "办件编号"
activity = "环节"
time = "发生时间"
[channel]
column = "渠道"
values = { "窗口" = "window", "网上" = "web" }
[staff]
column = "经办人"
[titles]
"=1+1" = "=cmd|'/c calc'!A0"
[[rule]]
activities = ["收件"]
commands = [{ type = "case.submit", data = { case_no = "{case}", item = "i1", note = "{=1+1}" } }]
[reference]
occurred_at = 2019-01-01
items = { i1 = { name = "事项", dept = "d1", project_type = "promised" } }
depts = { d1 = { name = "部门" } }
staff = ["s1", "s2"]
""")


@pytest.fixture(params=["wabo", "office"])
def mapping(request):
    return load_mapping(WABO) if request.param == "wabo" else OFFICE


@pytest.fixture
def template(tmp_path, mapping):
    path = tmp_path / "t.xlsx"
    write_template(path, mapping)
    return path


def sheets(path):
    book = load_workbook(path)
    return {name: list(book.get_sheet_by_name(name).iter_rows()) for name in book.sheet_names}


def filled(path, lines):
    """Type lines below the header, as a spreadsheet would keep text."""
    xml = ""
    for number, line in enumerate(lines, 2):
        cells = (f"<c t='inlineStr'><is><t>{escape(text)}</t></is></c>" for text in line)
        xml += f"<row r='{number}'>{''.join(cells)}</row>"
    with zipfile.ZipFile(path) as old:
        parts = {name: old.read(name) for name in old.namelist()}
    sheet = "xl/worksheets/sheet1.xml"
    parts[sheet] = parts[sheet].replace(b"</sheetData>", xml.encode() + b"</sheetData>")
    with zipfile.ZipFile(path, "w") as new:
        for name, data in parts.items():
            new.writestr(name, data)


def test_every_column_is_explained_with_its_values_and_an_example(template, mapping):
    book = sheets(template)
    notes = {row[0]: row for row in book["说明"][1:]}

    assert list(book) == ["办件", "说明", "取值"]
    assert book["办件"] == [list(titles_of(mapping).values())]
    assert all(re.search("[\u4e00-\u9fff=]", title) for title in book["办件"][0])
    for column in template_columns(mapping):
        title, name, required, text, allowed, example = notes[column.title]
        assert (name, required) == (column.name, "是" if column.is_required else "否")
        assert text
        assert (allowed != "任意") == bool(column.allowed)
        assert example == column.example
        assert title == column.title


async def test_the_examples_of_the_second_sheet_import_back(template, mapping, tmp_path):
    columns = template_columns(mapping)
    filled(template, [[column.example for column in columns]])
    log = await SqliteLog.open(tmp_path / "ledger.db")
    result = await import_file(log, template, mapping)
    await log.close()

    assert (result["rows"], result["mapped"], result["events"]) == (1, 1, 1)


def test_a_filled_template_saved_as_csv_reads_the_same(template, mapping, tmp_path):
    columns = template_columns(mapping)
    filled(template, [[column.example for column in columns]])
    file = tmp_path / "t.csv"
    lines = [[column.title for column in columns], [column.example for column in columns]]
    file.write_text("\n".join(",".join(line) for line in lines), "utf-8-sig")

    assert [row.cells for row in rows(file, mapping)] == [
        row.cells for row in rows(template, mapping)
    ]


def test_hostile_text_in_a_filled_template_stays_text(tmp_path):
    path = tmp_path / "t.xlsx"
    write_template(path, OFFICE)
    hostile = "=cmd|'/c calc'!A0"
    filled(path, [["C1", "收件", "2024/06/03 09:30", "窗口", "s1", hostile]])
    (row,) = rows(path, OFFICE)
    (command,) = Reader(OFFICE).commands(row.cells)

    assert command["data"]["note"] == hostile


def test_no_cell_of_a_template_is_a_formula_or_a_link(template):
    """Not even when a mapping names a column like one."""
    with zipfile.ZipFile(template) as parts:
        xml = {name: parts.read(name).decode() for name in parts.namelist()}
    found = [name for name, text in xml.items() if "<f>" in text or "<hyperlink" in text]

    assert found == []


def test_lists_are_chosen_from_and_closed_ones_refuse_the_rest(template, mapping):
    with zipfile.ZipFile(template) as parts:
        sheet = parts.read("xl/worksheets/sheet1.xml").decode()
    words = load_workbook(template).get_sheet_by_name("取值")
    lists = dict(enumerate(zip(*words.iter_rows(), strict=True), words.start[1]))
    for at, column in enumerate(template_columns(mapping)):
        letter = chr(ord("A") + at)
        (rule,) = re.findall(
            rf'<dataValidation ([^>]*sqref="{letter}2:[^>]*?)(?:/>|>(.*?)</data)', sheet
        )
        if not column.allowed:
            assert 'type="list"' not in rule[0]
            continue
        last = len(column.allowed) + 1
        assert f"<formula1>取值!${letter}$2:${letter}${last}</formula1>" in rule[1]
        assert ('errorStyle="warning"' in rule[0]) is not column.is_closed
        assert tuple(lists[at][1:last]) == column.allowed


def test_two_columns_never_share_a_heading():
    """A heading that another column bears by itself would send its cells there."""
    names = {"case": "环节", "activity": "a", "time": "t"}
    mapping = OFFICE.model_copy(
        update={"columns": OFFICE.columns.model_copy(update=names), "titles": {"t": "环节"}}
    )
    titles = titles_of(mapping)

    assert (titles["环节"], titles["a"], titles["t"]) == ("环节", "a", "t")
    assert len(set(titles.values())) == len(titles)


def taizhang(*arguments):
    parser = argparse.ArgumentParser()
    add_commands(Commands(parser))
    return main(parser, ["import", *map(str, arguments)])


def test_the_command_writes_a_template_and_never_overwrites_one(tmp_path, capsys):
    path = tmp_path / "t.xlsx"

    assert taizhang("--template", path, "--mapping", WABO, "--json") == 0
    assert orjson.loads(capsys.readouterr().out) == {"template": str(path), "columns": 10}

    before = path.read_bytes()

    assert taizhang("--template", path, "--mapping", WABO) == 2
    assert "may be filled in" in capsys.readouterr().err
    assert path.read_bytes() == before


@pytest.mark.parametrize("more", [[], ["f.csv", "--template", "t.xlsx"]])
def test_the_command_wants_a_file_or_a_template_and_not_both(capsys, more):
    assert taizhang("--mapping", WABO, *more) == 2
    assert "either a FILE" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\t=1"])
def test_a_report_for_a_spreadsheet_holds_no_formula(text):
    assert inert(text) == "'" + text
    assert inert("a=1") == "a=1"
