"""The archiver's promise: every event once, whoever stops it and however many there are."""

import asyncio
import multiprocessing
import os
import signal
from datetime import datetime

import orjson
import pytest

from analytics.lake import archiver
from analytics.lake.archiver import archive
from analytics.lake.catalog import Lake, LakeError
from ledger.contracts.codes import SHANGHAI
from ledger.log.seam import Record
from ledger.log.sqlite import SqliteLog

NOON = datetime(2020, 6, 1, 12, 0, tzinfo=SHANGHAI)
CASES = 300


def command(number):
    return orjson.dumps(
        {"type": "case.submit", "key": f"C{number}", "occurred_at": NOON.isoformat(),
         "source_system": "test", "source_seq": str(number), "source_class": "imported",
         "data": {"case_no": f"NO-{number}", "item": "item"}}
    )  # fmt: skip


REFERENCE = [
    ("dept.register", "民政", {"name": "民政"}),
    ("item.register", "item", {"name": "事项", "dept": "民政", "project_type": "promised"}),
]


async def filled(path, cases):
    log = await SqliteLog.open(path / "ledger.db", lambda: NOON)
    for n, (kind, key, data) in enumerate(REFERENCE):
        await log.submit(orjson.dumps(
            {"type": kind, "key": key, "occurred_at": NOON.isoformat(), "source_system": "ref",
             "source_seq": str(n), "source_class": "system", "data": data}))  # fmt: skip
    receipts = await log.submit_many([command(n) for n in cases])
    assert {r.status for r in receipts} == {"accepted"}
    return log


@pytest.fixture
async def log(tmp_path):
    made = await filled(tmp_path, range(CASES))
    yield made
    await made.close()


async def stored(log):
    return sorted(
        [(r.partition, r.offset, r.value, r.chain) async for rs in log.scan() for r in rs]
    )


def archived(lake):
    return lake.sql(
        'SELECT "partition", "offset", raw, chain FROM events ORDER BY "partition", "offset"'
    )


async def test_what_is_stored_is_what_is_archived_to_the_byte(log, tmp_path):
    lake = Lake(str(tmp_path / "lake"))
    done = await archive(log, lake)

    assert archived(lake) == await stored(log)
    assert done.cut == lake.cut(log.partitions) == await log.end()
    assert done.events == sum(await log.end())


async def test_archiving_again_adds_nothing_and_going_on_adds_the_rest(log, tmp_path):
    lake = Lake(str(tmp_path / "lake"))
    await archive(log, lake)
    again = await archive(log, lake)
    await log.submit_many([command(n) for n in range(CASES, CASES + 50)])
    more = await archive(log, lake)

    assert (again.events, more.events) == (0, 50)
    assert archived(lake) == await stored(log)


async def test_the_lake_is_opened_again_by_another_reader_and_after_it_was_moved(log, tmp_path):
    lake = Lake(f"ducklake:sqlite://{tmp_path}/a/x.sqlite")
    await archive(log, lake)
    lake.close()
    (tmp_path / "a").rename(tmp_path / "b")
    reader = Lake(f"ducklake:sqlite://{tmp_path}/b/x.sqlite", read_only=True)

    assert archived(reader) == await stored(log)
    with pytest.raises(LakeError):
        reader.sql("DELETE FROM events")


def test_what_a_query_spills_lies_beside_the_lake(tmp_path, monkeypatch):
    """DuckDB's own choice is the folder one happens to stand in, which may be read-only or full."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    lake = Lake(str(tmp_path / "lake"))
    many = "SELECT count(DISTINCT i::VARCHAR || repeat('x', 200)) FROM range(800000) AS t(i)"
    lake.sql("SET memory_limit = '64MB'")

    assert lake.sql(many) == [(800_000,)]
    assert [*(tmp_path / "here").iterdir()] == []
    assert lake.sql("SELECT current_setting('temp_directory')") == [
        (str(tmp_path / "lake" / "catalog.spill"),)
    ]


async def test_rows_and_offsets_are_one_commit(log, tmp_path):
    """A commit that fails after its rows leaves no row; the whole is retried."""
    lake = Lake(str(tmp_path / "lake"))
    end = await log.end()
    good = lake.commit
    lake.commit = lambda statements, views: good(
        [*statements, ("SELECT error('cut')", None)], views
    )
    with pytest.raises(LakeError, match="cut"):
        await asyncio.to_thread(archiver.commit, lake, [], end)
    lake.commit = good
    counts = [lake.sql("SELECT count(*) FROM events"), lake.sql("SELECT count(*) FROM offsets")]

    assert counts == [[(0,)], [(0,)]]


async def test_two_archivers_that_hold_the_same_events_write_them_once(log, tmp_path):
    """Both have read the log before either commits: the second finds that all is there."""
    lakes = [Lake(str(tmp_path / "lake")) for _ in range(2)]
    records = [r async for rs in log.scan() for r in rs]
    end = await log.end()
    wrote = await asyncio.gather(
        *(asyncio.to_thread(archiver.commit, lake, records, end) for lake in lakes)
    )

    assert sorted(wrote) == [0, len(records)]
    assert archived(lakes[0]) == await stored(log)


async def test_an_archiver_that_read_less_does_not_set_the_lake_back(log, tmp_path):
    lake = Lake(str(tmp_path / "lake"))
    await archive(log, lake)
    records = [r async for rs in log.scan() for r in rs if r.offset < 3]
    late = tuple(min(3, to) for to in await log.end())

    assert archiver.commit(lake, records, late) == 0
    assert lake.cut(log.partitions) == await log.end()


async def test_bytes_that_are_no_event_are_kept_and_stop_nobody(log, tmp_path):
    lake = Lake(str(tmp_path / "lake"))
    poison = [
        Record(0, n, value, b"x" * 32)
        for n, value in enumerate(
            [b"{}", b"not json", b"\xff\xfe", b'{"id": 5, "data": 3}', b"[1]", b'{"time": "soon"}']
        )
    ]
    archiver.commit(lake, poison, (len(poison), *[0] * log.partitions))

    assert [row[2] for row in archived(lake)] == [record.value for record in poison]


async def test_merging_small_files_changes_no_row(log, tmp_path):
    lake = Lake(str(tmp_path / "lake"))
    for n in range(CASES, CASES + 12):
        await log.submit(command(n))
        await archive(log, lake)
    merged = lake.compact()

    assert merged == 11
    assert archived(lake) == await stored(log)


def _archive_for_ever(path, each, tell):
    """Be a process that archives in tiny commits and tells of each, until it is killed."""

    async def work():
        archiver.COMMIT_EVENTS_MAX = each
        log = _Frozen(path)
        await archive(log, Lake(str(path / "lake")), on_progress=lambda _: tell.send(1))

    asyncio.run(work())


class _Frozen:
    """The rows of an embedded book, read without its lock, as a second process sees them."""

    def __init__(self, path):
        import sqlite3  # noqa: PLC0415

        rows = sqlite3.connect(path / "ledger.db").execute(
            "SELECT position >> 40, position & 1099511627775, value, chain FROM events "
            "ORDER BY position"
        )
        self.records = [Record(*row) for row in rows]
        self.partitions = 12

    async def end(self):
        last = dict.fromkeys(range(13), 0) | {r.partition: r.offset + 1 for r in self.records}
        return tuple(last[p] for p in range(13))

    async def scan(self, start, end):
        for record in self.records:
            if start[record.partition] <= record.offset < end[record.partition]:
                yield [record]


@pytest.mark.slow
async def test_killed_at_any_step_and_with_a_rival_it_writes_each_event_once(log, tmp_path):
    """Two processes with tiny commits, both killed while they work; what they tell sets when."""
    lake = Lake(str(tmp_path / "lake"))
    context = multiprocessing.get_context("spawn")
    for kills in range(3):
        heard, tell = context.Pipe(duplex=False)
        pair = [
            context.Process(target=_archive_for_ever, args=(tmp_path, 7 + n, tell))
            for n in range(2)
        ]
        for process in pair:
            process.start()
        tell.close()
        for _ in range(3 + kills):
            heard.recv()
        for process in pair:
            os.kill(process.pid, signal.SIGKILL)
            process.join()
        assert 0 < sum(lake.cut(log.partitions)) < sum(await log.end())
    await archive(log, lake)

    assert archived(lake) == await stored(log)
