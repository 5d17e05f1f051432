"""Each refusal of docs/refusals.md, provoked; and commands that are wrong in two ways."""

import re
from datetime import timedelta
from pathlib import Path

import orjson
import pytest

from ledger.contracts.codes import REJECT_HEAD_BYTES
from ledger.contracts.events.period import totals_hash
from ledger.rules.recording import failed_decision
from ledger.rules.refusals import Code

REFUSALS_MD = Path(__file__).parents[2] / "docs" / "refusals.md"
ROWS = [
    [cell.strip() for cell in line[1:-1].split("|")]
    for line in REFUSALS_MD.read_text().splitlines()
    if re.match(r"\| \d", line)
]
CODES = [row[1].strip("`") for row in ROWS]
COUNTER = {"centre": "town", "window": "town-1", "channel": "window"}
LATE = timedelta(days=5)
AHEAD = timedelta(hours=1)


def edited(raw, **fields):
    """A command with some fields replaced; None takes one away."""
    command = {**orjson.loads(raw), **fields}
    return orjson.dumps({k: v for k, v in command.items() if v is not None})


def submission(hall, **fields):
    raw = hall.raw("case.submit", "C1", {"case_no": "1", "item": "promised"}, who="an",
                   post="accept", **COUNTER)  # fmt: skip
    return edited(raw, **fields)


# What makes a good submission refused, by step; later ones leave earlier ones alone.
FAULTS = {
    1: lambda _: {"data": {"note": "x" * 300_000}},
    2: lambda _: {"occurred_at": "1900-01-01T00:00:00+08:00"},
    3: lambda _: {"source_seq": "s7", "correlation": "another"},
    4: lambda _: {"type": "case.approve"},
    5: lambda _: {"data": {"case_no": "1"}},
    6: lambda hall: {"occurred_at": (hall.now + AHEAD).isoformat()},
    7: lambda hall: {"occurred_at": (hall.now - LATE).isoformat()},
    8: lambda _: {"window": "town-9"},
    9: lambda _: {"actor": {"kind": "staff", "staff": "cui", "post": "review"}},
    10: lambda _: {"expected_version": 0},
    11: lambda _: {},
}


def spoil(hall, *steps):
    """A second submission of C1 (which is E_STATE) that is wrong at the given steps."""
    fields = {}
    for step in sorted(steps, reverse=True):
        fields |= FAULTS[step](hall)
    return submission(hall, **fields)


@pytest.fixture
def opened(hall):
    """C1 is submitted by command s7."""
    hall.now += timedelta(days=7)
    receipt = hall.decide(submission(hall, source_seq="s7")).receipt
    assert receipt.status == "accepted", receipt
    return hall


@pytest.mark.parametrize("step", FAULTS)
def test_each_fault_of_a_submission_has_its_code(opened, step):
    receipt = opened.decide(spoil(opened, step)).receipt

    assert receipt.code == CODES[step - 1], receipt


PAIRS = [(a, b) for a in FAULTS for b in FAULTS if a < b and {a, b} not in ({1, 5}, {2, 6}, {2, 7},
                                                                             {6, 7})]  # fmt: skip


@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_of_two_faults_the_earlier_is_answered(opened, first, second):
    """The pairs left out need two values of one field."""
    receipt = opened.decide(spoil(opened, first, second)).receipt

    assert receipt.code == CODES[first - 1], receipt


def test_the_codes_of_the_page_are_those_of_the_code_in_order():
    assert [int(row[0]) for row in ROWS] == list(range(1, len(ROWS) + 1))
    assert list(dict.fromkeys(CODES)) == [code.value for code in Code]
    assert CODES.count("E_FIELD") == CODES.count("E_LIMIT") == 2
    assert all(len(row) == 5 and all(row) for row in ROWS)


def test_every_example_of_the_page_is_what_the_ledger_says(new_hall):
    said = set()

    def note(receipt):
        assert receipt.status == "refused"
        said.add((receipt.code, receipt.message))

    hall = new_hall()
    note(hall.decide(b'{"data": "' + b"x" * 300_002 + b'"}').receipt)
    note(hall.decide(submission(hall, occurred_at="1900-01-01T00:00:00+08:00")).receipt)
    hall.decide(submission(hall, source_seq="s7"))
    note(hall.decide(submission(hall, source_seq="s7", channel="web")).receipt)
    note(hall.say("case.approve"))
    note(hall.say("case.decide", data={"outcome": "rejected", "doc_no": "1"}))
    note(hall.accept(at=hall.now + AHEAD))
    note(hall.accept(at=hall.now - timedelta(days=5)))
    note(hall.accept(window="town-9"))
    note(hall.decide_on(who="cui", post="review"))
    note(hall.accept(expected_version=0))
    note(hall.accept(at=hall.now - timedelta(hours=1)))
    hall.accept()
    note(hall.accept("C9"))
    note(hall.usual("case.grant_extension", but={"days": 12}))
    note(hall.void("case/C1@1"))
    hall.transfer()
    hall.receive()
    note(hall.decide_on(who="an"))
    hall.now += timedelta(days=40)
    months = {"period": "2020-06", "centre": "town", "cut": [1], "totals": {},
              "totals_hash": totals_hash({})}  # fmt: skip
    hall.say("period.freeze", "town", months, source_class="system")
    note(hall.say("period.freeze", "town", months, source_class="system"))
    note(failed_decision(b"{}", hall.now).receipt)

    assert said == {(row[1].strip("`"), row[3]) for row in ROWS}


def test_a_refused_command_changes_nothing_and_its_reject_says_why(opened):
    before = (dict(opened.shelf.streams), dict(opened.shelf.receipts), opened.state())
    decision = opened.decide(spoil(opened, 9))

    assert decision.events == ()
    assert (opened.shelf.streams, opened.shelf.receipts, opened.state()) == before
    assert decision.reject == {
        "key": decision.receipt.key, "hash": decision.receipt.hash, "code": "E_AUTH",
        "message": decision.receipt.message, "legal": ["accept", "agent"], "stream": "case/C1",
        "at": opened.now.isoformat(), "size": len(opened.order[-1][0]),
        "head": opened.order[-1][0].decode(),
    }  # fmt: skip


def test_a_reject_keeps_4_kib_of_a_large_command(hall):
    decision = hall.decide(b"x" * 1_000_000)

    assert decision.receipt.code == "E_LIMIT"
    assert len(decision.reject["head"]) == REJECT_HEAD_BYTES
    assert decision.reject["size"] == 1_000_000


def test_a_refused_command_is_decided_again_when_it_is_sent_again(hall):
    raw = submission(hall, centre="town", window="town-1")
    early = edited(raw, type="case.accept", source_seq="9", data={"accept_no": "A1"})
    assert hall.decide(early).receipt.code == "E_STATE"
    hall.decide(raw)

    assert hall.decide(early).receipt.status == "accepted"


VOIDS = [
    # Unknown, no approver, voided before, too early, one person, needed by others: in this order.
    (("case/C1@9", "case/C1@1"), {"requested_by": "fu", "approved_by": "fu"}, 0, "E_REF"),
    (("case/C1@4",), {}, 0, "E_REF"),
    (("case/C1@3",), {"requested_by": "fu", "approved_by": "fu"}, 3, "E_AUTH"),
    (("case/C2@1",), {}, 0, "E_REF"),
    (("case/C1@3",), {}, 3, "E_STATE"),
    (("case/C1@1",), {"approved_by": "hu"}, 3, "E_TIME_ORDER"),
    (("case/C1@1",), {"requested_by": "hu", "approved_by": "hu"}, 0, "E_SOD"),
    (("case/C1@1",), {}, 0, "E_DEPENDENT"),
]


@pytest.mark.parametrize(("targets", "people", "hours", "code"), VOIDS)
def test_a_void_that_is_wrong_in_several_ways(hall, targets, people, hours, code):
    hall.submit()
    hall.accept(who="dai")
    hall.wait(hours=1)
    hall.step()
    assert hall.void("case/C1@3").status == "accepted"
    data = {"target": targets[0], "reason_code": "other", "requested_by": "fu",
            "approved_by": "gu", "cascade": targets[1:], **people}  # fmt: skip
    who = {"who": "hu" if people.get("requested_by") == "hu" else "fu", "post": "corrector"}
    receipt = hall.say("case.void_event", "C1", data, at=hall.now - timedelta(hours=hours), **who)

    assert receipt.code == code, receipt


RATINGS = [("C9", "E_REF"), ("C1", "E_STATE")]


@pytest.mark.parametrize(("key", "code"), RATINGS)
def test_an_unknown_case_is_said_before_a_stale_version(hall, key, code):
    hall.submit()

    assert hall.rate(key, expected_version=7).code == ("E_REF" if key == "C9" else "E_VERSION")
    assert hall.rate(key).code == code
