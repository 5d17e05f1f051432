"""What the seam promises, asked of every book behind it."""

import asyncio
import hashlib
import random
import subprocess
import sys
from itertools import chain as join
from itertools import pairwise

import orjson
import pytest

from ledger.contracts.codes import COMMAND_BYTES_MAX
from ledger.contracts.errors import UserError
from ledger.contracts.events import COMMANDS
from ledger.contracts.events.base import Payload
from ledger.contracts.wire import decode
from ledger.log.open import open_log
from ledger.log.seam import Unreachable
from ledger.proof.chain import chain, genesis


class Breaks(Payload):
    """A fact whose code has a defect: what every rule may be one day."""

    TYPE = "test.broke"
    COMMAND = "test.break"
    STREAM = "case"

    def model_dump(self, **_):
        return {"share": 1 // 0}


async def digest(book):
    """What both books must agree on: (stream, version, type, data, stamp) per stream.

    `reference.adopted` names an offset, and Kafka counts its markers: left out.
    """
    streams = {}
    for records in await book.records():
        for record in records:
            event = decode(record.value)
            if not event["subject"].startswith("partition/"):
                body = event["data"]
                row = [event["streamversion"], event["type"], body["data"], body["stamp"]]
                streams.setdefault(event["subject"], []).append(row)
    told = orjson.dumps(streams, option=orjson.OPT_SORT_KEYS)
    return len(streams), hashlib.sha256(told).hexdigest()


async def test_a_command_becomes_a_fact_that_anybody_can_read(book):
    """The receipt names the events; they are there when it is given."""
    receipt = await book.log.submit(book.case("C1", seq="s1"))
    events = await book.events("case/C1")

    assert (receipt.status, receipt.stream, receipt.version) == ("accepted", "case/C1", 1)
    assert receipt.key == "test/s1"
    assert [event["id"] for event in events] == list(receipt.events) == ["case/C1@1"]
    assert events[0]["data"]["data"]["case_no"] == "C1"
    assert events[0]["data"]["stamp"]["dept"] == "D1"


async def test_the_same_command_again_is_the_same_answer_and_no_second_fact(book):
    """A window that lost the answer asks again; white space and key order do not matter."""
    raw = book.case("C1")
    first = await book.log.submit(raw)
    again = await book.log.submit(orjson.dumps(orjson.loads(raw), option=orjson.OPT_INDENT_2))
    at_once = await asyncio.gather(*(book.log.submit(raw) for _ in range(5)))

    assert again == first.model_copy(update={"status": "duplicate"})
    assert {receipt.status for receipt in at_once} == {"duplicate"}
    assert len(await book.events("case/C1")) == 1


async def test_a_number_that_is_bound_is_not_used_for_something_else(book):
    """Another command of the case under the same source number is refused for ever, and kept.

    Of the same partition, at least: a writer on Kafka does not know what others have bound.
    """
    await book.log.submit(book.case("C1", seq="s1"))
    conflict = await book.log.submit(book.step("C1", 1, seq="s1"))
    rejects = [reject async for reject in book.log.rejects()]

    assert (conflict.status, conflict.code) == ("refused", "E_DUP_CONFLICT")
    assert [reject.body["code"] for reject in rejects] == ["E_DUP_CONFLICT"]
    assert len(await book.events("case/C1")) == 1


async def test_a_refusal_is_kept_once_and_decided_again(book):
    """What was wrong may be right tomorrow: a refused number is not bound."""
    accept = book.raw("case.accept", "C1", {"accept_no": "A1"}, centre="HM", seq="a1")
    refused = [await book.log.submit(accept) for _ in range(2)]
    await book.log.submit(book.case("C1"))
    accepted = await book.log.submit(accept)
    rejects = [reject.body async for reject in book.log.rejects()]

    assert [receipt.code for receipt in refused] == ["E_STATE", "E_STATE"]
    assert refused[0].legal == ("case.submit",)
    assert accepted.status == "accepted"
    assert [(body["key"], body["code"]) for body in rejects] == [("test/a1", "E_STATE")]
    assert orjson.loads(rejects[0]["head"])["key"] == "C1"


async def test_of_two_counters_at_one_version_one_wins(book):
    """The other must look again."""
    await book.log.submit(book.case("C1"))
    receipts = await asyncio.gather(
        *(book.log.submit(book.step("C1", number, expected_version=1)) for number in (1, 2))
    )

    assert sorted(receipt.status for receipt in receipts) == ["accepted", "refused"]
    assert sorted(receipt.code for receipt in receipts) == ["", "E_VERSION"]
    assert [event["streamversion"] for event in await book.events("case/C1")] == [1, 2]


async def test_commands_of_one_stream_keep_their_order(book):
    """Handed in together, decided one after another."""
    raws = [book.case("C1"), *(book.step("C1", number) for number in range(1, 60))]
    raws += [book.case(f"D{n}") for n in range(60)]
    receipts = await book.log.submit_many(raws)
    events = await book.events("case/C1")

    assert {receipt.status for receipt in receipts} == {"accepted"}
    assert [receipt.version for receipt in receipts[:60]] == list(range(1, 61))
    assert [e["data"]["data"].get("step_no", 0) for e in events] == list(range(60))


async def test_cuts_divide_a_scan_without_losing_or_doubling_a_record(book):
    """A reader that stopped at a cut goes on from it."""
    cuts = [None]
    for part in range(3):
        await book.log.submit_many([book.case(f"C{part}-{n}") for n in range(40)])
        cuts.append(await book.log.end())
    parts = [await book.records(a, b) for a, b in pairwise(cuts)]
    whole = await book.records()
    joined = [list(join(*each)) for each in zip(*parts, strict=True)]
    offsets = [[record.offset for record in records] for records in whole]

    assert joined == whole
    told = [r for records in whole for r in records if b'"subject":"partition/' in r.value]
    assert sum(len(records) for records in whole) - len(told) == 3 + 120
    assert offsets == [sorted(set(each)) for each in offsets]
    assert all(o < end for each, end in zip(offsets, cuts[-1], strict=True) for o in each)
    assert await book.records(cuts[-1]) == [[], [], [], []]


async def test_a_scan_ends_where_the_book_ended_when_it_began(book):
    """An archiver that reads while the halls write comes to an end."""
    await book.log.submit_many([book.case(f"C{n}") for n in range(30)])
    before = await book.records()
    scan, seen = book.log.scan(), 0
    async for batch in scan:
        seen += len(batch)
        await book.log.submit_many([book.case(f"D{seen}-{n}") for n in range(10)])

    assert seen == sum(len(records) for records in before)


async def test_the_chain_can_be_recomputed_by_anybody(book):
    """Bytes as stored, each linked to the one before; partitions begin differently."""
    await book.log.submit_many([book.case(f"C{n}") for n in range(30)])
    for number, records in enumerate(await book.records()):
        head = genesis(number)
        for record in records:
            head = chain(head, record.value)
            assert record.chain == head


async def test_a_restart_keeps_everything(book):
    """Receipts, versions, the chain; and time does not run backwards when the clock does."""
    raws = [book.case(f"C{n}") for n in range(20)]
    steps = [book.step(f"C{n}", 1) for n in range(20)]
    first = await book.log.submit_many(raws)
    before = await book.records()
    book.now = book.now.replace(hour=8)
    await book.restart()
    again = await book.log.submit_many(raws)
    more = await book.log.submit_many(steps)
    after = await book.records()

    assert [r.model_copy(update={"status": "accepted"}) for r in again] == first
    assert {receipt.status for receipt in again} == {"duplicate"}
    assert [receipt.version for receipt in more] == [2] * 20
    assert [new[: len(old)] for old, new in zip(before, after, strict=True)] == before
    for number, records in enumerate(after):
        times = [decode(record.value)["recordedat"] for record in records]
        head = genesis(number)
        for record in records:
            head = chain(head, record.value)
        assert times == sorted(times)
        assert records[-1].chain == head


async def test_a_command_that_breaks_the_rules_is_refused_alone(book, monkeypatch):
    """One bad command must not wedge a partition for ever; it did, in a trial."""
    monkeypatch.setitem(COMMANDS, Breaks.COMMAND, Breaks)
    raws = [book.case(f"C{n}") for n in range(20)]
    bad = book.raw("test.break", "C3", centre="HM", seq="bad")
    receipts = await book.log.submit_many([*raws[:10], bad, *raws[10:]])
    rejects = [reject.body async for reject in book.log.rejects()]
    broken = receipts.pop(10)

    assert (broken.key, broken.code) == ("test/bad", "E_INTERNAL")
    assert {receipt.status for receipt in receipts} == {"accepted"}
    assert [body["code"] for body in rejects] == ["E_INTERNAL"]
    assert [len(await book.events(f"case/C{n}")) for n in range(20)] == [1] * 20


async def test_a_command_that_is_too_large_is_refused_and_wedges_nothing(book):
    """1 MB where 256 KiB is the limit; its first 4 KiB are kept."""
    large = book.raw("case.submit", "C1", {"case_no": "x" * 1_000_000})
    assert len(large) > COMMAND_BYTES_MAX
    receipts = await book.log.submit_many([book.case("C0"), large, book.case("C1")])
    rejects = [reject.body async for reject in book.log.rejects()]

    assert [receipt.code for receipt in receipts] == ["", "E_LIMIT", ""]
    assert [(b["code"], b["size"], len(b["head"])) for b in rejects] == [
        ("E_LIMIT", len(large), 4096)
    ]


async def test_the_largest_command_there_may_be_is_taken(book):
    """Exactly 256 KiB get through every limit on the way."""
    small = book.raw("case.submit", "C1", {"x": ""}, centre="HM")
    raw = book.raw("case.submit", "C1", {"x": "y" * (COMMAND_BYTES_MAX - len(small))}, centre="HM",
                   seq=orjson.loads(small)["source_seq"])  # fmt: skip
    assert len(raw) == COMMAND_BYTES_MAX
    receipt = await book.log.submit(raw)

    assert receipt.code == "E_FIELD"


@pytest.mark.parametrize("raw", [b"", b"\xff\x00nonsense", b"[1]", b'{"type": "case.submit"}'])
async def test_what_is_no_command_is_refused_and_kept(book, raw):
    """A broken sender is seen in `rejects`, not in a log file."""
    receipt = await book.log.submit(raw)
    rejects = [reject.body async for reject in book.log.rejects()]

    assert (receipt.status, receipt.code) == ("refused", "E_FIELD")
    assert [(body["hash"], body["size"]) for body in rejects] == [(receipt.hash, len(raw))]


async def test_ticks_and_beats_move_the_pulse_and_record_nothing(book):
    """Freshness on a wall is the age of the last tick whose position was folded."""
    await book.log.submit(book.case("C1"))
    await book.tick(minutes=1)
    before = await book.records()
    receipts = await book.tick(minutes=5)
    beat = book.raw("source.beat", "hall", {"centres": ["HM", "LB"]}, source_class="system")
    receipts.append(await book.log.submit(beat))
    pulses = await book.log.pulses()
    ends = await book.log.end()

    assert {receipt.status for receipt in receipts} == {"noted"}
    assert await book.records() == before
    assert [pulse.partition for pulse in pulses] == [0, 1, 2, 3]
    assert {pulse.now for pulse in pulses} == {book.now.isoformat()}
    assert [centre for pulse in pulses for centre in sorted(pulse.beats)] == ["HM", "LB"]
    for pulse, records, end in zip(pulses, before, ends, strict=True):
        last = records[-1].offset + 1 if records else 0
        assert last == pulse.position <= end


async def test_pulses_survive_a_restart_and_go_on(book):
    """A wall that is opened after a restart does not show a dead city."""
    await book.tick(minutes=5)
    await book.restart()
    await book.tick(minutes=1)

    assert {pulse.now for pulse in await book.log.pulses()} == {book.now.isoformat()}


@pytest.mark.kafka
async def test_equal_commands_make_equal_books(both_books):
    """The seam has two sides of nothing: how one appends is not seen in what is written."""
    digests = []
    for book in both_books:
        rng = random.Random(7)
        for _ in range(5):
            await book.tick(minutes=10)
            raws = []
            for n in range(60):
                key = f"C{rng.randrange(40)}"
                kind = rng.randrange(4)
                seq = f"{_}-{n}"
                raws.append([
                    book.case(key, seq=seq), book.step(key, rng.randrange(1, 4), seq=seq),
                    book.raw("case.accept", key, {"accept_no": "A"}, centre="HM", seq=seq),
                    book.raw("case.finish_step", key, {"step_no": 1}, centre="HM", seq=seq),
                ][kind])  # fmt: skip
            receipts = await book.log.submit_many(raws)
        digests.append((await digest(book), [r.model_dump_json() for r in receipts]))

    assert digests[0] == digests[1]
    assert digests[0][0][0] > 30


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("file:///x", "names no book; use sqlite"),
        ("kafka://127.0.0.1:1", "No Kafka answers at 127.0.0.1:1: start it"),
        ("kafka://h/x", "is not the address of a Kafka ledger"),
    ],
)
async def test_a_book_that_cannot_be_opened_is_said_in_one_sentence(url, sentence):
    """What, where, what to do; never a traceback."""
    with pytest.raises(UserError, match=sentence):
        await open_log(url)


@pytest.mark.kafka
async def test_a_broker_without_our_topics_is_no_book(broker):
    """An empty ledger must not begin beside a lost one."""
    with pytest.raises(UserError, match=r"is missing at .*: make it with taizhang kafka init"):
        await open_log(f"{broker.url}?prefix=nobody")


async def test_two_processes_do_not_share_an_embedded_book(tmp_path):
    """The second is told who is in the way."""
    code = (
        "import asyncio, sys; from ledger.log.open import open_log\n"
        "try: asyncio.run(open_log(sys.argv[1]))\n"
        "except Exception as error: print(error)"
    )
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    log = await open_log(url)
    said = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-c", code, url], capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    await log.close()

    assert "ledger.db is open in another process; stop that one or use another" in said.stdout
    with pytest.raises(Unreachable, match="closed"):
        await log.submit(b"{}")


async def test_a_ticket_served_for_a_case_is_a_visit_of_the_case_told_once(book):
    """A fact for another stream travels as a command, in the same transaction."""
    hall = f"HM.{book.now.date()}"
    at = {"centre": "HM"}
    seated = {**at, "window": "W1"}
    staff = {"window_id": "W1", "staff_id": "s1"}
    rows = [
        book.raw("window.create", "W1", {"centre": "HM", "no": "1", "kind": "comp:other"},
                 source_class="system"),
        book.raw("staff.join", "s1", {"centre": "HM", "dept": "D1"}, source_class="system"),
    ]  # fmt: skip
    await book.log.submit_many(rows)
    ticket = {"ticket_id": "T1"}
    at_window = {**ticket, "window_id": "W1"}
    receipts = await book.log.submit_many([
        book.case("C1"),
        book.case("C2"),
        book.raw("window.open", hall, staff, **seated),
        book.raw("ticket.issue", hall, {**ticket, "no": "A1", "queue_id": "q"}, **at),
        book.raw("ticket.call", hall, {**at_window, "call_no": 1}, **seated),
        book.raw("ticket.start_service", hall, {**ticket, **staff}, **seated),
        finish := book.raw(
            "ticket.finish_service", hall,
            {**ticket, "outcome": "normal", "case_ids": ["C1", "C2", "C1"]}, **seated),
        finish,
    ])  # fmt: skip
    await book.tick(seconds=1)
    visits = {key: await eventually(book, key) for key in ("C1", "C2")}

    assert [r.status for r in receipts] == ["accepted"] * 7 + ["duplicate"], receipts
    for key, facts in visits.items():
        assert [e["data"]["data"] for e in facts] == [{"hall": hall, "ticket_id": "T1"}], key
        assert facts[0]["causation"] == receipts[6].events[0]


async def eventually(book, key):
    """Give the visits of a case, once there are some."""
    async with asyncio.timeout(20):
        while True:
            events = await book.events(f"case/{key}")
            if found := [e for e in events if e["type"] == "case.visited"]:
                return found
            await book.tick(seconds=1)
