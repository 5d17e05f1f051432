"""Twelve planted bugs, in every room of the house, and who names each (design.md 10).

A bug in the code of the writer is planted while a few cases of the city are written; one behind
the writer into the finished book, its lake or its live sums. Then sound code looks at it.
"""

import asyncio
import sqlite3
from datetime import date
from typing import NamedTuple

import orjson
import pytest

from analytics import reconcile as roads
from analytics.assessment.second_road import broken_checks
from analytics.lake.archiver import archive
from analytics.lake.catalog import Lake
from analytics.lake.rebuild import MEASURES, rebuild
from ledger.contracts.codes import WindowType
from ledger.log.fsck import fsck
from ledger.rules import case, clock_moves, deadlines, facts, stamps
from producers.city.faults import MILLION, every
from producers.drive import load_city
from tests.agreement.test_two_roads import events_of, folded
from tests.simulation.books import copy_of, furnish, lives, opened, write

SEEDS, CASES_A_DAY = (1, 2), 15
OFTEN = every(MILLION // 5)


class Bug(NamedTuple):
    """Where it is planted, and the witnesses that have to name it."""

    room: str
    named_by: set[str]


BUGS = {
    # the writer, while the book is written
    "a stamp that routes to the wrong window": Bug("writer", {"reconcile:stamps", "fsck:derived"}),
    "a timer that never fires": Bug("writer", {"fsck:derived"}),
    "a timer that fires too early": Bug("writer", {"fsck:derived"}),
    "a void that restates nothing": Bug("writer", {"reconcile:stamps", "fsck:derived"}),
    "an acceptance that nothing refuses": Bug("writer", {"fsck:legality"}),
    # the book, once it is written
    "a byte that was changed": Bug("book", {"fsck:chain"}),
    "an event that was lost": Bug("book", {"fsck:version", "check:versions"}),
    # the archive
    "an archiver that wrote twice": Bug("lake", {"check:positions"}),
    "an archiver that left one out": Bug("lake", {"check:versions"}),
    # the sums
    "a fold that counts twice": Bug("views", {"reconcile:views"}),
    "a fold that loses an event": Bug("views", {"reconcile:views"}),
    "a measure compiled wrongly": Bug("rebuild", {"reconcile:rebuild"}),
}
"""What is planted → where, and who names it."""


@pytest.fixture(scope="module")
def town():
    return load_city()


@pytest.fixture(scope="module")
def furnished(town, tmp_path_factory):
    return asyncio.run(furnish(tmp_path_factory.mktemp("city"), town))


def plant_in_writer(bug, monkeypatch):
    match bug:
        case "a stamp that routes to the wrong window":
            monkeypatch.setattr(stamps, "required_window", lambda *_: WindowType.OTHER)
        case "a timer that never fires":
            monkeypatch.setattr(deadlines, "settle_clocks", lambda *_: [])
        case "a timer that fires too early":
            monkeypatch.setattr(clock_moves, "C5_MINUTES", 5)
        case "a void that restates nothing":
            sound = facts.void_case_facts
            monkeypatch.setattr(facts, "void_case_facts", lambda *a: ([], sound(*a)[1]))
        case "an acceptance that nothing refuses":
            sound = case.check
            monkeypatch.setattr(case, "check", lambda state, kind, *a, **more: (
                None if kind == "case.accepted" else sound(state, kind, *a, **more)))  # fmt: skip


def plant_in_book(bug, path):
    with sqlite3.connect(path) as file:
        position, value = file.execute(
            "SELECT position, value FROM events WHERE instr(value, ?) "
            "ORDER BY position LIMIT 1 OFFSET 2",
            (b'"type":"case.accepted"',),
        ).fetchone()
        if bug == "a byte that was changed":
            event = orjson.loads(value)
            event["data"]["data"]["accept_no"] = "forged"
            file.execute("UPDATE events SET value = ? WHERE position = ?",
                         (orjson.dumps(event), position))  # fmt: skip
        elif bug == "an event that was lost":
            file.execute("DELETE FROM events WHERE position = ?", (position,))


LAKE = {
    "an archiver that wrote twice": (
        "INSERT INTO lake.events FROM lake.events WHERE type = 'case.accepted' LIMIT 1"
    ),
    "an archiver that left one out": (
        "DELETE FROM lake.events WHERE id ="
        " (SELECT min(id) FROM lake.events WHERE type = 'case.accepted')"
    ),
}


def plant_in_lake(bug, lake):
    if bug in LAKE:
        lake.commit([(LAKE[bug], None)], {})


def plant_in_sums(bug, live, monkeypatch):
    cell = min(cell for cell in live if cell.startswith("accepted|2020-06-01|"))
    if bug == "a fold that counts twice":
        live[cell] += live[cell]
    elif bug == "a fold that loses an event":
        live[cell] -= 1
    elif bug == "a measure compiled wrongly":
        fewer = [measure for measure in MEASURES if measure.code != "issued"]
        monkeypatch.setattr(roads, "rebuild", lambda lake, cut: rebuild(lake, cut, fewer))


async def witnesses(town, furnished, folder, bug, monkeypatch):
    """Write a book with the bug somewhere; give all that is said about it."""
    with monkeypatch.context() as planted:
        plant_in_writer(bug, planted)
        async with copy_of(furnished, folder) as (log, clock):
            await write(log, clock, lives(town, SEEDS, date(2020, 6, 1), CASES_A_DAY, OFTEN))
    plant_in_book(bug, folder / "ledger.db")
    lake = Lake(str(folder / "lake"))
    async with opened(folder) as log:
        found = {f"fsck:{finding['kind']}" for finding in (await fsck(log))["findings"]}
        await archive(log, lake)
        plant_in_lake(bug, lake)
        cut, events = await log.end(), await events_of(log)
    live = folded(events, cut)
    plant_in_sums(bug, live, monkeypatch)
    told = roads.reconcile(live, cut, lake)["differences"]
    found |= {f"reconcile:{each['suspect'].partition(':')[0]}" for each in told
              if not each["code"].startswith("check:")}  # fmt: skip
    return found | {f"check:{check}" for check, _, _ in broken_checks(lake, cut, 10)}


def test_there_are_twelve_and_one_for_each_room():
    assert len(BUGS) == 12
    assert {bug.room for bug in BUGS.values()} == {"writer", "book", "lake", "views", "rebuild"}


@pytest.mark.slow
@pytest.mark.parametrize("bug", BUGS)
async def test_a_planted_bug_is_named(town, furnished, tmp_path, monkeypatch, bug):
    found = await witnesses(town, furnished, tmp_path, bug, monkeypatch)

    assert found >= BUGS[bug].named_by


@pytest.mark.slow
async def test_without_a_bug_nobody_says_anything(town, furnished, tmp_path, monkeypatch):
    assert await witnesses(town, furnished, tmp_path, "none", monkeypatch) == set()
