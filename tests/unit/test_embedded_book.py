"""The embedded book at its edges: closing, reopening, numbers shared by two partitions."""

import asyncio
from datetime import datetime

import orjson
import pytest

from ledger import bench
from ledger.contracts.codes import SHANGHAI, partition_of
from ledger.contracts.errors import Unreachable
from ledger.contracts.receipts import Receipt
from ledger.log.seam import LogError
from ledger.log.sqlite import SqliteLog
from ledger.log.sqlite_writer import SqliteStore, Writer

NOW = datetime(2020, 6, 1, 10, 0, tzinfo=SHANGHAI)
KEYS = [f"C{n}" for n in range(40)]
FIRST = KEYS[0]
ELSEWHERE = next(key for key in KEYS if partition_of(key) != partition_of(FIRST))


def command(kind, key, data, seq, source_class="imported"):
    return orjson.dumps({"type": kind, "key": key, "occurred_at": NOW.isoformat(), "data": data,
                         "source_system": "x", "source_seq": seq,
                         "source_class": source_class})  # fmt: skip


def submission(key, seq):
    return command("case.submit", key, {"case_no": key, "item": "i"}, seq)


@pytest.fixture
async def log(tmp_path):
    made = await SqliteLog.open(tmp_path / "ledger.db", lambda: NOW)
    item = {"name": "i", "dept": "d", "project_type": "promised"}
    await made.submit(command("dept.register", "d", {"name": "d"}, "d", "system"))
    await made.submit(command("item.register", "i", item, "i", "system"))
    yield made
    await made.close()


async def test_one_number_in_two_partitions_stops_neither(log):
    """A partition knows what it bound itself, as on Kafka; and a batch must not fail for it."""
    twice = [submission(FIRST, "s"), submission(ELSEWHERE, "s")]
    receipts = await log.submit_many(twice)
    again = await log.submit_many(twice)

    assert [r.status for r in receipts] == ["accepted", "accepted"]
    assert [r.status for r in again] == ["duplicate", "duplicate"]
    assert [r.stream for r in again] == [f"case/{FIRST}", f"case/{ELSEWHERE}"]


async def test_a_number_with_a_nul_stops_neither_itself_nor_its_neighbours(log):
    hostile = submission(FIRST, "a\0b")
    assert b"\\u0000" in hostile
    for _ in range(2):
        hostile_answer, other = await log.submit_many([hostile, submission(ELSEWHERE, "ok")])
        assert (hostile_answer.code, other.code) == ("E_FIELD", "")


def test_a_command_that_the_file_refuses_does_not_take_its_neighbours_along(tmp_path, monkeypatch):
    """Whatever a look-up misses: the others are answered, and the one is, after three times."""
    book = Writer(tmp_path / "ledger.db", 12)
    item = {"name": "i", "dept": "d", "project_type": "promised"}
    book.commit(
        [
            command("dept.register", "d", {"name": "d"}, "d", "system"),
            command("item.register", "i", item, "i", "system"),
            submission(FIRST, "s"),
        ],
        NOW,
    )
    known = SqliteStore.receipt
    monkeypatch.setattr(
        SqliteStore, "receipt", lambda self, key: None if key == "x/s" else known(self, key)
    )
    bad = command("case.charge_fee", FIRST, {"amount_fen": 1, "voucher_no": "V"}, "s")
    for _ in range(2):
        before, refused, after = book.commit(
            [submission(KEYS[1], "1"), bad, submission(KEYS[2], "2")], NOW
        )
        assert (before.receipt.code, after.receipt.code) == ("", "")
        assert refused.receipt.code == "E_INTERNAL"
    assert before.receipt.status == "duplicate"
    book.connection.close()


async def test_closing_answers_everybody(log):
    """The batch under way is finished; whoever waits behind it is told to submit again."""
    waiting = [asyncio.create_task(log.submit(submission(f"Z{n}", f"z{n}"))) for n in range(900)]
    await asyncio.sleep(0)  # Everybody has handed in; the first batch has not begun.
    await asyncio.gather(log.close(), log.close())
    answers = await asyncio.wait_for(asyncio.gather(*waiting, return_exceptions=True), 10)

    assert {type(answer) for answer in answers} <= {Receipt, Unreachable}
    with pytest.raises(Unreachable):
        await log.submit(submission("Z", "late"))


async def test_a_book_that_was_refused_can_be_opened_rightly(log, tmp_path):
    await log.close()
    with pytest.raises(LogError, match="12 partitions, not 4"):
        await SqliteLog.open(tmp_path / "ledger.db", lambda: NOW, partitions=4)

    again = await SqliteLog.open(tmp_path / "ledger.db", lambda: NOW)
    await again.close()


async def test_a_scan_to_a_cut_beyond_the_end_gives_all_there_is(log):
    await log.submit_many([submission(key, key) for key in KEYS])
    beyond = tuple(offset + 5 for offset in await log.end())
    everything = [r async for batch in log.scan() for r in batch]

    assert [r async for batch in log.scan(None, beyond) for r in batch] == everything


async def test_hostile_bytes_are_refused_and_the_next_command_is_taken(log):
    deep = b'{"data":' + b'{"a":' * 300 + b"1" + b"}" * 301
    digits = b'{"type":"clock.tick","key":"' + b"9" * 6000 + b'"}'
    answers = await log.submit_many([deep, digits, b"", submission(FIRST, "1")])

    assert [r.code for r in answers] == ["E_FIELD", "E_FIELD", "E_FIELD", ""]


async def test_what_the_bench_says_is_accepted(tmp_path):
    """`bench append` is run by hand: its own commands must pass the door all the same."""
    work = list(bench.commands(2))
    speed, size = await bench._ours(tmp_path, work)  # noqa: SLF001

    assert len(work) == 2 * bench.FACTS_PER_CASE
    assert speed > 0
    assert size > 500
