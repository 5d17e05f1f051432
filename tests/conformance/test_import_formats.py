"""The real log as XES, Parquet and XLSX gives the ledger the same events as the CSV."""

import asyncio
import csv
import gzip
import hashlib
from datetime import UTC, datetime, timedelta, timezone
from itertools import groupby
from pathlib import Path
from xml.sax.saxutils import quoteattr

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter

from ledger.log.sqlite import SqliteLog
from producers.intake.files import rows
from producers.intake.importer import import_file, load_mapping
from producers.intake.mapping import Reader
from producers.intake.titles import titles_of

FILE = Path("tests/data/receipt.csv.gz")
MAPPING = load_mapping(Path("producers/intake/mappings/wabo_receipt.toml"))
TIME = "time:timestamp"
NOW = datetime(2024, 1, 1, tzinfo=UTC)


def table():
    with gzip.open(FILE, "rt", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def attribute(name, value):
    kind = "date" if name == TIME else "string"
    return f"<{kind} key={quoteattr(name)} value={quoteattr(value)}/>\n" if value else ""


def as_xes(path):
    with gzip.open(path, "wt", encoding="utf-8", compresslevel=1) as out:
        out.write('<?xml version="1.0" encoding="UTF-8"?>\n<log xes.version="2.0">\n')
        out.write('<global scope="event"><string key="concept:name" value="UNKNOWN"/></global>\n')
        for _, events in groupby(table(), lambda row: row["case:concept:name"]):
            out.write("<trace>\n")
            for at, row in enumerate(events):
                for name, text in row.items() if at == 0 else ():
                    if name.startswith("case:"):
                        out.write(attribute(name.removeprefix("case:"), text))
                own = (attribute(*each) for each in row.items() if not each[0].startswith("case:"))
                out.write(f"<event>{''.join(own)}</event>\n")
            out.write("</trace>\n")
        out.write("</log>\n")


def as_parquet(path):
    lines = table()
    columns = {name: [row[name] or None for row in lines] for name in lines[0]}
    moments = [datetime.fromisoformat(text) for text in columns[TIME]]
    columns[TIME] = pa.array(moments, pa.timestamp("ns", "Europe/Amsterdam"))
    pq.write_table(pa.table(columns), path, row_group_size=1000)


def as_xlsx(path):
    """With the template's headings, a title above them, and dates that are dates."""
    lines, titles = table(), titles_of(MAPPING)
    zone = timezone(timedelta(hours=MAPPING.utc_offset_hours))
    with xlsxwriter.Workbook(path, {"constant_memory": True}) as book:
        moment = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss.000"})
        book.add_worksheet("封面").write_string(0, 0, "Bouwvergunningen")
        sheet = book.add_worksheet("数据")
        sheet.write_string(0, 0, "2010–2012")
        for at, name in enumerate(lines[0]):
            sheet.write_string(1, at, titles.get(name, name))
        for number, row in enumerate(lines, 2):
            for at, (name, text) in enumerate(row.items()):
                if name == TIME:
                    local = datetime.fromisoformat(text).astimezone(zone).replace(tzinfo=None)
                    sheet.write_datetime(number, at, local, moment)
                elif text:
                    sheet.write_string(number, at, text)


FORMS = {"receipt.xes.gz": as_xes, "receipt.parquet": as_parquet, "receipt.xlsx": as_xlsx}


async def events_of(file, folder):
    """Import into a new ledger whose clock stands; give the digest of its facts, and the result."""
    folder.mkdir()
    log = await SqliteLog.open(folder / "ledger.db", lambda: NOW)
    result = await import_file(log, file, MAPPING)
    facts = sorted([record.value async for batch in log.scan() for record in batch])
    await log.close()
    return hashlib.sha256(b"\n".join(facts)).hexdigest(), result


def commands(file):
    reader = Reader(MAPPING)
    return [(each.row, reader.commands(each.cells)) for each in rows(file, MAPPING)]


@pytest.fixture(scope="module")
def from_csv(tmp_path_factory):
    return asyncio.run(events_of(FILE, tmp_path_factory.mktemp("csv") / "ledger"))


@pytest.mark.slow
@pytest.mark.parametrize("name", FORMS)
async def test_the_same_log_in_another_format_is_the_same_history(tmp_path, from_csv, name):
    """Zones, NULL, serial dates and headings differ; what happened does not."""
    FORMS[name](tmp_path / name)

    # The bytes of the commands too: sent again in another format, the log is a duplicate.
    assert commands(tmp_path / name) == commands(FILE)

    digest, result = await events_of(tmp_path / name, tmp_path / "ledger")

    assert result == from_csv[1]
    assert (result["rows"], result["mapped"], result["refused"]) == (8577, 8573, 4)
    assert digest == from_csv[0]
