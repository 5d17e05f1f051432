"""A book that was tampered with: each change is named; the twelve bugs are in test_twelve_bugs."""

import sqlite3

import orjson
import pytest

from analytics.assessment.second_road import broken_checks
from analytics.lake.archiver import archive, commit
from analytics.lake.catalog import Lake
from analytics.lake.rebuild import rebuild
from analytics.reconcile import BehindError, SplitCutError, reconcile
from ledger.log.fsck import fsck
from ledger.log.seam import Record
from ledger.log.sqlite import SqliteLog
from ledger.proof.chain import chain, genesis

SHIFT = 40


class Book:
    """A finished week whose file can be tampered with, opened again for every question."""

    def __init__(self, path):
        self.path = path

    def rows(self, type_=None):
        with sqlite3.connect(self.path) as file:
            found = file.execute("SELECT position, value FROM events ORDER BY position").fetchall()
        events = [(position, orjson.loads(value)) for position, value in found]
        return [(p, e) for p, e in events if type_ in {None, e["type"]}]

    def change(self, position, event):
        self.execute("UPDATE events SET value = ? WHERE position = ?",
                     (orjson.dumps(event), position))  # fmt: skip

    def execute(self, sql, values=()):
        with sqlite3.connect(self.path) as file:
            file.execute(sql, values)

    def seal(self):
        """Make every link fit again: a forger who holds the whole file can."""
        heads = {}
        for position, event in sqlite3.connect(self.path).execute(
            "SELECT position, value FROM events ORDER BY position"
        ):
            partition = position >> SHIFT
            heads[partition] = chain(heads.get(partition, genesis(partition)), event)
            self.execute("UPDATE events SET chain = ? WHERE position = ?",
                         (heads[partition], position))  # fmt: skip

    async def fsck(self):
        log = await SqliteLog.open(self.path)
        try:
            return await fsck(log)
        finally:
            await log.close()

    async def lake(self, folder):
        log = await SqliteLog.open(self.path)
        lake = Lake(str(folder))
        try:
            await archive(log, lake)
            return lake, await log.end()
        finally:
            await log.close()


@pytest.fixture
async def book(city, tmp_path):
    await city.live(500, 30)
    await city.log.close()
    return Book(tmp_path / "ledger.db")


def kinds(answer):
    return {finding["kind"] for finding in answer["findings"]}


async def test_a_sound_book_has_no_findings(book):
    answer = await book.fsck()

    assert answer["findings"] == []
    assert answer["events"] == len(book.rows())
    assert answer["streams"] == len({event["subject"] for _, event in book.rows()})
    assert len(answer["root"]) == 64


async def test_a_changed_byte_breaks_the_chain_at_its_place_and_nowhere_else(book):
    position, event = book.rows("case.accepted")[3]
    event["data"]["data"]["accept_no"] = "B"
    book.change(position, event)
    answer = await book.fsck()
    breaks = [f for f in answer["findings"] if f["kind"] == "chain"]

    assert [(f["partition"], f["offset"]) for f in breaks] == [
        (position >> SHIFT, position & (2**SHIFT - 1))
    ]


async def test_a_forged_stamp_under_a_fitting_chain_is_derived_again(book):
    position, event = book.rows("case.accepted")[3]
    event["data"]["stamp"]["wrong_window"] = not event["data"]["stamp"]["wrong_window"]
    book.change(position, event)
    book.seal()
    answer = await book.fsck()
    first = answer["findings"][0]

    assert first["kind"] == "derived"
    assert first["id"] == event["id"]
    assert "stamp.wrong_window" in first["message"]


async def test_a_forged_stamp_is_named_by_reconcile_too(book, tmp_path):
    position, event = book.rows("case.decision_made")[1]
    event["data"]["stamp"]["working_minutes"] = 4321
    book.change(position, event)
    book.seal()
    lake, cut = await book.lake(tmp_path / "lake")
    answer = reconcile(rebuild(lake, cut), cut, lake)

    assert not answer["equal"]
    assert {d["code"] for d in answer["differences"]} >= {"decision_minutes"}
    assert all(d["suspect"].startswith("stamps") for d in answer["differences"])


async def test_a_lost_event_leaves_a_gap_in_chain_and_versions(book, tmp_path):
    position, event = book.rows("case.accepted")[2]
    book.execute("DELETE FROM events WHERE position = ?", (position,))
    answer = await book.fsck()
    lake, cut = await book.lake(tmp_path / "lake")
    checks = broken_checks(lake, cut, 10)

    assert {"chain", "version"} <= kinds(answer)
    assert ("versions", event["subject"]) in {(check, what) for check, what, _ in checks}


async def test_a_fact_moved_into_the_past_is_named(book):
    position, event = book.rows("case.concluded")[2]
    event["time"] = "2020-12-01T09:00:00+08:00"
    event["recordedat"] = "2020-12-01T09:00:00+08:00"
    book.change(position, event)
    book.seal()
    answer = await book.fsck()

    assert {"time", "legality"} & kinds(answer)


async def test_an_unknown_type_and_a_wrong_field_are_named(book):
    (first, one), (second, two) = book.rows("rating.submitted")[:2]
    one["type"], two["data"]["data"]["stars"] = "rating.invented", 9
    book.change(first, one)
    book.change(second, two)
    answer = await book.fsck()

    assert {"type", "data"} <= kinds(answer)


async def test_bytes_that_are_no_event_are_named_and_stop_nothing(book):
    position, _ = book.rows("case.submitted")[0]
    book.execute("UPDATE events SET value = ? WHERE position = ?", (b"{", position))
    answer = await book.fsck()

    assert "unreadable" in kinds(answer)
    assert answer["events"] == sum(1 for _ in sqlite3.connect(book.path).execute(
        "SELECT 1 FROM events"))  # fmt: skip


async def test_a_correction_that_forgot_a_restatement_is_named(book):
    """The void is there, but one of the restatements after it is gone."""
    position, _ = book.rows("case.event_restamped")[0]
    book.execute("DELETE FROM events WHERE position = ?", (position,))
    book.seal()

    assert "derived" in kinds(await book.fsck())


async def test_a_live_sum_that_lost_or_doubled_an_event_stands_alone(book, tmp_path):
    lake, cut = await book.lake(tmp_path / "lake")
    live = rebuild(lake, cut)
    cell = next(c for c in sorted(live) if c.startswith("accepted|2020-12-29T"))
    answers = [reconcile({**live, cell: live[cell] + bias}, cut, lake) for bias in (-1, 1)]

    assert [a["differing"] for a in answers] == [1, 1]
    for answer in answers:
        assert answer["differences"][0]["code"] == "accepted"
        assert answer["differences"][0]["suspect"].startswith("views")


async def test_an_archiver_that_wrote_an_event_twice_is_named(book, tmp_path):
    lake, cut = await book.lake(tmp_path / "lake")
    twice = "INSERT INTO lake.events FROM lake.events WHERE type = 'case.issued' LIMIT 1"
    lake.commit([(twice, None)], {})
    checks = broken_checks(lake, cut, 10)

    assert {check for check, _, _ in checks} == {"positions", "versions"}


async def test_an_event_that_cannot_be_read_is_named_by_its_position(book, tmp_path):
    lake, cut = await book.lake(tmp_path / "lake")
    longer = (cut[0] + 1, *cut[1:])
    commit(lake, [Record(0, cut[0], b"rubbish", b"")], longer)

    assert ("unreadable", f"0:{cut[0]}") in {c[:2] for c in broken_checks(lake, longer, 10)}


async def test_a_lake_that_is_behind_says_so_instead_of_a_number(book, tmp_path):
    lake, cut = await book.lake(tmp_path / "lake")

    with pytest.raises(BehindError, match="archive"):
        reconcile({}, (cut[0] + 1, *cut[1:]), lake)


async def test_a_cut_in_the_middle_of_a_correction_is_refused(book, tmp_path):
    lake, cut = await book.lake(tmp_path / "lake")
    position, _ = book.rows("case.event_restamped")[0]
    partition, offset = position >> SHIFT, position & (2**SHIFT - 1)
    inside = tuple(offset if p == partition else until for p, until in enumerate(cut))

    with pytest.raises(SplitCutError, match="middle of a correction"):
        reconcile({}, inside, lake)


async def test_hours_that_the_live_side_may_have_dropped_are_left_out(book, tmp_path):
    lake, cut = await book.lake(tmp_path / "lake")
    live = {c: n for c, n in rebuild(lake, cut).items() if "T" not in c.split("|")[1]}
    answer = reconcile(live, cut, lake, now="2021-03-01T10:00:00+08:00")

    assert answer["equal"] is True
