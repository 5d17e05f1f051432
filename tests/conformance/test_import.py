"""The importer on the real log of tests/data, against a count that shares no code with it."""

import csv
import gzip
from collections import Counter
from pathlib import Path

import orjson
import pytest

from ledger.log.sqlite import SqliteLog
from producers.intake.importer import import_file, load_mapping

FILE = Path("tests/data/receipt.csv.gz")
MAPPING = Path("producers/intake/mappings/wabo_receipt.toml")


@pytest.fixture
async def log(tmp_path):
    log = await SqliteLog.open(tmp_path / "ledger.db")
    yield log
    await log.close()


def oracle():
    """Ten lines of standard library: per activity, how many events the file makes."""
    cases, events, accepted = set(), Counter(), set()
    with gzip.open(FILE, "rt", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            case, activity = row["case:concept:name"], row["concept:name"]
            cases.add(case)
            if activity.startswith("T04"):
                events[activity] += case not in accepted
                accepted.add(case)
            else:
                events[activity] += 1 if activity.startswith("Confirmation") else 2
    return cases, events


async def facts(log):
    return [
        orjson.loads(record.value)
        async for batch in log.scan()
        for record in batch
        if record.partition < log.partitions and b'"subject":"case/' in record.value
    ]


async def test_the_real_log_is_mapped_but_for_four_rows_each_explained(log, tmp_path):
    """A second T04 is a second acceptance, and a case is accepted once."""
    report = tmp_path / "refused.jsonl"
    progress = []
    result = await import_file(log, FILE, MAPPING, report, progress.append)
    refused = [orjson.loads(line) for line in report.read_bytes().splitlines()]

    assert (result["rows"], result["mapped"], result["refused"]) == (8577, 8573, 4)
    assert progress[-1] == 8577
    assert {line["code"] for line in refused} == {"E_STATE"}
    assert {line["activity"] for line in refused} == {"T04 Determine confirmation of receipt"}
    assert all(line["file"] == FILE.name and line["row"] and line["reason"] for line in refused)

    cases, events = oracle()
    recorded = await facts(log)
    counted = Counter(event["data"]["data"]["activity"] for event in recorded)

    assert {event["subject"].partition("/")[2] for event in recorded} == cases
    assert counted == events
    assert result["events"] == len(recorded) == events.total()


async def test_importing_again_adds_no_event_and_gives_the_same_account(log):
    first = await import_file(log, FILE, MAPPING)
    end = await log.end()
    again = await import_file(log, FILE, MAPPING)

    assert await log.end() == end
    assert again["events"] == 0
    assert [again[name] for name in ("rows", "mapped", "refused")] == [
        first[name] for name in ("rows", "mapped", "refused")
    ]


async def test_what_the_source_said_is_kept_beside_our_reading(log):
    await import_file(log, FILE, MAPPING)
    events = [orjson.loads(record.value) async for record in log.read("case/case-10025")]
    submitted, accepted = events[0], next(e for e in events if e["type"] == "case.accepted")

    assert submitted["data"]["data"]["activity"] == "Confirmation of receipt"
    assert submitted["channel"] == "web"
    assert "dept" not in submitted, "EMPTY is nothing, not a department"
    assert submitted["actorstaff"] == "wabo-Resource03"
    assert accepted["data"]["data"]["deadline"] == "2011-12-05 01:06:40+01:00"
    assert accepted["centre"] == "wabo-General"
    assert "promised_due" not in accepted["data"]["stamp"], "the source tells no limit of ours"


def test_the_table_of_activities_in_the_docs_is_the_mapping():
    """The reading is part of the result: what the docs print is what the importer does."""
    printed = {}
    for line in Path("docs/imports.md").read_text("utf-8").splitlines():
        cells = [cell.strip(" `") for cell in line.strip("|").split("|")]
        if len(cells) == 3 and cells[2].isdecimal():
            printed[cells[0]] = [part.strip(" `") for part in cells[1].split("+")]
    mapped = {
        activity: [line.type for line in rule.commands]
        for rule in load_mapping(MAPPING).rule
        for activity in rule.activities
    }

    assert printed == mapped
    assert len(mapped) == 27
