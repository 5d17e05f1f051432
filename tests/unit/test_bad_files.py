"""Bad files: every bad row is reported with its number and reason, and the rest goes on."""

import csv
import gzip
import io

import orjson
import pytest

from ledger.log.sqlite import SqliteLog
from producers.intake.files import FileRefused, Good, rows
from producers.intake.importer import import_file, load_mapping
from producers.intake.mapping import MappingError, parse_mapping

MAPPING = parse_mapping("""
source = "test"
require = {}
[columns]
case = "办件"
activity = "环节"
time = "时间"
external = "序号"
[channel]
column = "渠道"
values = { "窗口" = "window", "网上" = "web" }
[staff]
column = "经办人"
empty = ["无"]
[[rule]]
activities = ["收件"]
commands = [{ type = "case.submit", data = { case_no = "{case}", item = "i1" } }]
[[rule]]
activities = ["受理"]
when = { unseen = ["受理"] }
commands = [{ type = "case.accept", data = { accept_no = "{序号}" } }]
[[rule]]
activities = ["受理"]
when = { seen = ["受理"] }
commands = [
  { type = "case.start_step", data = { step_no = "{step}", step_name = "{activity}" } },
  { type = "case.finish_step", data = { step_no = "{step}" } },
]
[reference]
occurred_at = 2019-01-01
items = { i1 = { name = "事项", dept = "d1", project_type = "promised" } }
depts = { d1 = { name = "部门" } }
""")

HEADER = ["办件", "环节", "时间", "序号", "渠道", "经办人"]
LINES = [
    ["C1", "收件", "2020-06-01 09:00:00", "1", "窗口", "s1"],
    ["C1", "受理", "2020-06-01 09:10:00", "2", "窗口", "无"],
    ["C2", "收件", "2020-06-01 09:20:00", "3", "网上", "s 2"],
    ["C1", "受理", "2020-06-01 09:30:00", "4", "窗口", "s1"],
]


def table(lines=LINES, header=HEADER, delimiter=","):
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter).writerows([header, *lines])
    return out.getvalue()


def with_line(*cells):
    return table([*LINES[:2], list(cells), *LINES[2:]])


@pytest.fixture
async def log(tmp_path):
    log = await SqliteLog.open(tmp_path / "ledger.db")
    yield log
    await log.close()


async def imported(log, tmp_path, data, name="f.csv", mapping=MAPPING):
    file, report = tmp_path / name, tmp_path / "report.jsonl"
    file.write_bytes(data if isinstance(data, bytes) else data.encode())
    result = await import_file(log, file, mapping, report)
    lines = [orjson.loads(line) for line in report.read_bytes().splitlines()]

    assert result["rows"] == result["mapped"] + result["refused"]
    assert len(lines) == result["refused"]
    return result, lines


GOOD_FORMS = {
    "plain": table().encode(),
    "byte order mark": table().encode("utf-8-sig"),
    "GB18030": table().encode("gb18030"),
    "gzip": gzip.compress(table().encode()),
    "gzip of two members, GB18030": gzip.compress(table().encode("gb18030")[:150])
    + gzip.compress(table().encode("gb18030")[150:]),
    "Unix line ends": table().replace("\r\n", "\n").encode(),
    "blank lines": (table().replace("\r\n", "\r\n\r\n")).encode(),
    "columns in another order": table(
        [line[::-1] for line in LINES], HEADER[::-1]
    ).encode(),
}  # fmt: skip


@pytest.mark.parametrize("form", GOOD_FORMS)
async def test_a_good_file_is_read_in_whatever_form_offices_send_it(log, tmp_path, form):
    result, _ = await imported(log, tmp_path, GOOD_FORMS[form])

    assert (result["rows"], result["refused"], result["events"]) == (4, 0, 5)


async def test_json_lines_say_the_same_as_csv(log, tmp_path):
    await imported(log, tmp_path, table())
    lines = b"\n".join(orjson.dumps(dict(zip(HEADER, line, strict=True))) for line in LINES)
    again, _ = await imported(log, tmp_path, gzip.compress(lines), "f.jsonl.gz")

    assert (again["mapped"], again["events"]) == (4, 0)


DAY = "2020-06-01"
BAD_ROWS = {
    "no case": (["", "收件", DAY, "9", "窗口", ""], "E_FIELD", "no case number"),
    "date of 1900": (["C9", "收件", "1900-01-00", "9", "窗口", ""], "E_FIELD", "1900-01-00"),
    "before 1980": (["C9", "收件", "1900-01-01", "9", "窗口", ""], "E_FIELD", "1980-01-01"),
    "far future": (["C9", "收件", "2100-01-01", "9", "窗口", ""], "E_TIME_FUTURE", "clock"),
    "no time": (["C9", "收件", "", "9", "窗口", ""], "E_FIELD", "time"),
    "unknown activity": (["C9", "吃饭", DAY, "9", "窗口", ""], "E_TYPE", "吃饭"),
    "no activity": (["C9", "", DAY, "9", "窗口", ""], "E_FIELD", "no activity"),
    "unknown channel": (["C9", "收件", DAY, "9", "驿马", ""], "E_FIELD", "驿马"),
    "slash in the case": (["C/9", "收件", DAY, "9", "窗口", ""], "E_FIELD", "'/'"),
    "endless case": (["C" * 65, "收件", DAY, "9", "窗口", ""], "E_FIELD", "at most 64"),
    "cell of 100 KB": (["C9", "收件", DAY, "9", "窗口", "x" * 100_000], "E_LIMIT", "经办人"),
    "cell of 10 MB": (["C9", "收件", DAY, "9", "窗口", "x" * 10_000_000], "E_LIMIT", "CSV"),
    "too few cells": (["C9", "收件"], "E_FIELD", "2 cells"),
    "accepted before it came": (["C9", "受理", DAY, "9", "窗口", ""], "E_STATE", "legal"),
    "number used twice": (["C1", "受理", f"{DAY} 11:00", "2", "窗口", ""], "E_DUP_CONFLICT", ""),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD_ROWS)
async def test_a_bad_row_is_reported_and_the_rest_goes_on(log, tmp_path, name):
    cells, code, reason = BAD_ROWS[name]
    result, report = await imported(log, tmp_path, with_line(*cells))

    assert (result["rows"], result["refused"]) == (5, 1)
    assert [(line["file"], line["row"], line["code"]) for line in report] == [("f.csv", 3, code)]
    assert reason in report[0]["reason"]


async def test_two_cells_that_would_become_one_identifier_are_not_confused(log, tmp_path):
    """`s 2` and `s-2` may be two people; the second spelling is refused, not merged."""
    line = ["C3", "收件", "2020-06-01 10:00", "9", "窗口", "s-2"]
    result, report = await imported(log, tmp_path, table([*LINES, line]))

    assert result["refused"] == 1
    assert "'s 2'" in report[0]["reason"]


async def test_a_row_that_comes_twice_is_one_fact(log, tmp_path):
    """Also a step, whose running number must not count the repetition."""
    result, _ = await imported(log, tmp_path, table([*LINES, *LINES]))

    assert (result["rows"], result["refused"]) == (8, 0)
    assert (result["events"], result["duplicates"]) == (5, 5)


async def test_bytes_that_are_no_text_cost_their_row_only(log, tmp_path):
    data = with_line("C9", "收件", "2020-06-01", "9", "窗口", "XX").encode()
    result, report = await imported(log, tmp_path, data.replace(b"XX", b"\xff\xfe"))

    assert (result["mapped"], result["refused"]) == (4, 1)
    assert (report[0]["row"], report[0]["code"]) == (3, "E_FIELD")
    assert "经办人" in report[0]["reason"]


async def test_a_truncated_gzip_gives_its_whole_rows_and_says_where_it_broke(log, tmp_path):
    lines = [[f"C{n}", "收件", "2020-06-01 09:00", str(n), "窗口", ""] for n in range(3000)]
    whole = gzip.compress(table(lines).encode())
    result, report = await imported(log, tmp_path, whole[: len(whole) // 2], "f.csv.gz")

    assert 1000 < result["mapped"] < 2000
    assert result["refused"] == 1
    assert report[0]["row"] == result["rows"]
    assert (report[0]["code"], "cut off" in report[0]["reason"]) == ("E_FILE", True)


async def test_a_damaged_gzip_is_not_believed_at_all(log, tmp_path):
    """A wrong checksum does not say which row is wrong, and the ledger keeps rows for ever."""
    whole = bytearray(gzip.compress(table().encode()))
    whole[-8] ^= 0xFF
    file = tmp_path / "f.csv.gz"
    file.write_bytes(whole)

    with pytest.raises(FileRefused, match="damaged"):
        await import_file(log, file, MAPPING)

    assert sum(await log.end()) == 0


async def test_json_lines_that_are_none_cost_their_row_only(log, tmp_path):
    good = [orjson.dumps(dict(zip(HEADER, line, strict=True))) for line in LINES]
    bad = [b"{", b"[1]", b'{"\xe5\x8a\x9e\xe4\xbb\xb6": {"a": 1}}', b"\xff"]
    result, report = await imported(log, tmp_path, b"\n".join([*bad, *good]), "f.ndjson")

    assert (result["rows"], result["refused"]) == (8, 4)
    assert [line["row"] for line in report] == [1, 2, 3, 4]


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "no header"),
        (b"a,b\n1,2\n", "no column"),
        (table().encode("utf-16"), "UTF-16"),
        (gzip.compress(table().encode())[:8], "no header"),
    ],
)  # fmt: skip
async def test_a_file_without_rows_is_refused_in_one_sentence(log, tmp_path, data, sentence):
    file = tmp_path / "f.csv"
    file.write_bytes(data)

    with pytest.raises(FileRefused, match=sentence):
        await import_file(log, file, MAPPING)

    assert sum(await log.end()) == 0


async def test_the_report_as_csv_opens_in_a_spreadsheet(log, tmp_path):
    file, report = tmp_path / "f.csv", tmp_path / "report.csv"
    file.write_text(with_line("", "收件", "2020-06-01", "9", "窗口", ""), "utf-8")
    await import_file(log, file, MAPPING, report)
    with report.open(encoding="utf-8-sig", newline="") as opened:
        lines = list(csv.DictReader(opened))

    assert report.read_bytes().startswith(b"\xef\xbb\xbf")
    assert [(line["row"], line["code"]) for line in lines] == [("3", "E_FIELD")]


def test_memory_stays_bounded_on_a_line_without_end(tmp_path):
    file = tmp_path / "f.csv"
    file.write_bytes(table().encode() + b"x" * 20_000_000)
    found = list(rows(file, MAPPING))

    assert [type(each) for each in found[:4]] == [Good] * 4
    assert (len(found), found[4].code) == (5, "E_FILE")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("source = ", "not TOML"),
        ('source = "a b"', "source"),
        ('source = "a"\nrule = []', "columns"),
        ('source = "a"\nsource_class = "interactive"', "source_class"),
        ('source = "a"\ncolour = 1', "colour|columns"),
    ],
)
def test_a_wrong_mapping_says_which_key(tmp_path, text, sentence):
    file = tmp_path / "m.toml"
    file.write_text(text, "utf-8")

    with pytest.raises(MappingError, match=sentence):
        load_mapping(file)


async def test_a_reference_block_that_the_ledger_refuses_stops_the_import(log, tmp_path):
    """Every row would be refused for the same reason: say it once, before the first row."""
    block = MAPPING.reference.model_copy(update={"depts": {}})
    file = tmp_path / "f.csv"
    file.write_text(table(), "utf-8")

    with pytest.raises(MappingError, match="d1"):
        await import_file(log, file, MAPPING.model_copy(update={"reference": block}))
