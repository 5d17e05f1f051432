"""XES that lies, breaks off or attacks: refused in a sentence, or one row of it is."""

import gzip

import orjson
import pytest

from producers.intake import xes
from producers.intake.cells import Dated, FileRefused, Good
from producers.intake.files import rows
from producers.intake.mapping import Reader, RowRefused, parse_mapping

MAPPING = parse_mapping("""
source = "test"
time_format = "%d.%m.%Y"
[columns]
case = "case:concept:name"
activity = "concept:name"
time = "time:timestamp"
[[rule]]
activities = ["收件"]
commands = [{ type = "case.submit", data = { case_no = "{case}", item = "i1" } }]
""")

EVENT = (
    '<event><string key="concept:name" value="收件"/>'
    '<date key="time:timestamp" value="2020-06-01T09:00:00.5+02:00"/>'
    '<float key="cost" value="3.0"/><boolean key="ok" value="true"/></event>'
)
TRACE = f'<trace><string key="concept:name" value="C1"/>{EVENT}</trace>'
CELLS = {
    "case:concept:name": "C1", "concept:name": "收件",
    "time:timestamp": "2020-06-01T09:00:00.5+02:00", "cost": "3.0", "ok": "true",
}  # fmt: skip


def log(inside, before=""):
    return f'<?xml version="1.0" encoding="UTF-8"?>{before}\n<log xes.version="2.0">{inside}</log>'


def event(inside):
    return TRACE.replace(EVENT, f"<event>{inside}</event>")


def read(tmp_path, data, name="f.xes"):
    file = tmp_path / name
    file.write_bytes(data if isinstance(data, bytes) else data.encode())
    return list(rows(file, MAPPING))


GOOD_FORMS = {
    "plain": log(TRACE).encode(),
    "gzip": gzip.compress(log(TRACE).encode()),
    "UTF-16": log(TRACE).replace("UTF-8", "UTF-16").encode("utf-16"),
    "GB18030": log(TRACE).replace("UTF-8", "GB2312").encode("gb18030"),
    "with prefixes": log(TRACE).replace("<", "<x:").replace("<x:/", "</x:").replace("<x:?", "<?")
    .replace("<x:log", '<x:log xmlns:x="http://www.xes-standard.org/"').encode(),
    "attributes of attributes": log(TRACE.replace(
        '<float key="cost" value="3.0"/>',
        '<float key="cost" value="3.0"><string key="currency" value="CNY"/></float>'
        '<list key="l"><values><string key="v" value="1"/></values></list>')).encode(),
    "extensions, globals, classifiers": log(
        '<extension name="Concept" prefix="concept" uri="http://example.org/c.xesext"/>'
        f'<global scope="trace"><string key="concept:name" value="x"/></global>{TRACE}').encode(),
}  # fmt: skip


@pytest.mark.parametrize("form", GOOD_FORMS)
def test_a_log_is_read_in_whatever_form_tools_write_it(tmp_path, form):
    assert read(tmp_path, GOOD_FORMS[form]) == [Good(1, CELLS)]


def test_a_date_of_the_file_is_a_date_whatever_format_the_mapping_expects_of_text(tmp_path):
    (row,) = read(tmp_path, log(TRACE))
    (command,) = Reader(MAPPING).commands(row.cells)

    assert isinstance(row.cells["time:timestamp"], Dated)
    assert command["occurred_at"] == "2020-06-01T15:00:00.500000+08:00"
    with pytest.raises(RowRefused, match="time"):
        Reader(MAPPING).commands({**row.cells, "time:timestamp": "2020-06-01"})


def entity(text):
    return f"<!DOCTYPE log [{text}]>"


BOMB = entity("".join(
    f'<!ENTITY e{n} "{f"&e{n - 1};" * 10 if n else "x" * 100}">' for n in range(9)
))  # fmt: skip
HOSTILE = {
    "billion laughs": log(event('<string key="concept:name" value="&e8;"/>'), BOMB),
    "a file of ours": log(
        event('<string key="a">&f;</string>'), entity('<!ENTITY f SYSTEM "file:///etc/passwd">')
    ),
    "a parameter entity": log(TRACE, entity('<!ENTITY % p SYSTEM "http://127.0.0.1:9/x"> %p;')),
    "a document type alone": log(TRACE, '<!DOCTYPE log SYSTEM "http://127.0.0.1:9/xes.dtd">'),
    "nesting without end": "<log>" + "<trace>" * 100_000,
}


@pytest.mark.parametrize("name", [name for name in HOSTILE if "nesting" not in name])
def test_hostile_xml_is_refused_before_anything_is_handed_in(tmp_path, name):
    with pytest.raises(FileRefused, match="is refused: it has a DOCTYPE or entities"):
        read(tmp_path, HOSTILE[name])


def test_nesting_without_end_stops_the_reading(tmp_path):
    """Expat would keep every open element."""
    (row,) = read(tmp_path, HOSTILE["nesting without end"])

    assert (row.code, "nested" in row.reason) == ("E_FILE", True)


BAD_ROWS = {
    "cell of 10 MB": (event(f'<string key="a" value="{"x" * 10_000_000}"/>'), "E_LIMIT", "a has"),
    "no value": (event('<string key="a"/>'), "E_FIELD", "no value"),
    "no key": (event('<string value="a"/>'), "E_FIELD", "no key"),
    "attribute twice": (event('<int key="a" value="1"/>' * 2), "E_FIELD", "twice"),
    "case attribute twice": (
        TRACE.replace("<event>", '<string key="concept:name" value="C2"/><event>'),
        "E_FIELD", "case:concept:name stands twice",
    ),
    "event that poses as its case": (
        event('<string key="case:concept:name" value="C2"/>'), "E_FIELD", "of the trace and of",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD_ROWS)
def test_a_bad_event_is_reported_and_the_rest_goes_on(tmp_path, name):
    bad, code, reason = BAD_ROWS[name]
    first, second, third = read(tmp_path, log(TRACE + bad + TRACE))

    assert (first, third) == (Good(1, CELLS), Good(3, CELLS))
    assert (second.row, second.code) == (2, code)
    assert reason in second.reason


BROKEN = {
    "cut off": (log(TRACE * 3)[:-200], "cut off or wrong"),
    "gzip cut off": (gzip.compress(log(TRACE * 3 + "<!--" + "ä" * 99 + "-->").encode())[:-12], ""),
    "no XML from there": (log(TRACE * 2 + "<<<"), "cut off or wrong"),
    "control characters": (log(TRACE * 2 + event('<string key="a" value="\x01"/>')), "wrong"),
    "an entity nobody declared": (log(TRACE * 2 + event("&lol;")), "wrong"),
    "case attributes behind the events": (
        log(TRACE * 2 + TRACE.replace("</trace>", '<int key="a" value="1"/></trace>')),
        "a follows its events",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_log_that_breaks_gives_its_whole_events_and_says_where(tmp_path, name):
    data, reason = BROKEN[name]
    *good, last = read(tmp_path, data)

    assert [row.cells for row in good] == [CELLS] * len(good)
    assert len(good) in {2, 3}
    assert (last.row, last.code) == (len(good) + 1, "E_FILE")
    assert reason in last.reason


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "empty"),
        (b"hello", "no XML"),
        (b"<html></html>", "begins with <html>"),
        (b"\xff\xfe\xfd", "no XML"),
        (b"<?xml version='1.0' encoding='GBK'?><log a='\xff\xff'/>", "no XML"),
        (b"PK\x03\x04", "name it as .xlsx"),
    ],
)
def test_what_is_no_log_is_refused_in_one_sentence(tmp_path, data, sentence):
    with pytest.raises(FileRefused, match=sentence):
        read(tmp_path, data)


def test_a_log_with_a_wrong_checksum_is_not_believed_at_all(tmp_path):
    data = bytearray(gzip.compress(log(TRACE).encode()))
    data[-8] ^= 0xFF

    with pytest.raises(FileRefused, match="damaged"):
        read(tmp_path, bytes(data), "f.xes.gz")


def test_an_event_outside_of_any_case_costs_its_row_only(tmp_path):
    (row,) = read(tmp_path, log(EVENT))

    with pytest.raises(RowRefused, match="no case number"):
        Reader(MAPPING).commands(row.cells)


def test_memory_stays_bounded_on_an_event_without_end(tmp_path, monkeypatch):
    monkeypatch.setattr(xes, "LINE_BYTES_MAX", 1_000_000)
    endless = "<event>" + '<string key="a" value="b"/>' * 100_000
    first, last = read(tmp_path, log(TRACE)[: -len("</log>")] + "<trace>" + endless)

    assert (first, last.code) == (Good(1, CELLS), "E_FILE")
    assert "without a new event" in last.reason


def test_json_lines_of_an_event_say_the_same(tmp_path):
    """One mapping serves both, as process mining tools name columns alike."""
    file = tmp_path / "f.jsonl"
    file.write_bytes(orjson.dumps(CELLS))

    assert list(rows(file, MAPPING)) == read(tmp_path, log(TRACE))
