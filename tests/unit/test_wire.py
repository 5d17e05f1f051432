"""Samples of every fact ever written stay readable; the encoder still writes the same bytes.

tests/golden/wire holds one stored event a type and schema version, taken from real decisions.
A new version adds a file; no file is ever edited (`make history`).
"""

from pathlib import Path

import orjson
import pytest

from ledger.contracts import wire
from ledger.contracts.commands import Command
from ledger.contracts.events import FACTS
from ledger.contracts.wire import decode, encode
from ledger.rules import case, rating
from ledger.rules.facts import Draft, envelope
from ledger.rules.reference import Reference
from processors.views.fold import compile_fold

SAMPLES = sorted((Path(__file__).parents[1] / "golden" / "wire").glob("*.json"))
IDS = [sample.stem for sample in SAMPLES]


def test_every_fact_has_a_sample_of_every_version():
    wanted = {
        f"{fact.TYPE}@{version}"
        for fact in FACTS.values()
        for version in range(1, fact.SCHEMA_VERSION + 1)
    }

    assert set(IDS) == wanted


@pytest.mark.parametrize("sample", SAMPLES, ids=IDS)
def test_a_sample_is_read_lifted_and_valid(sample):
    event = decode(sample.read_bytes())
    fact = FACTS[event["type"]]
    assert event["schemaversion"] == fact.SCHEMA_VERSION
    payload = fact.model_validate(event["data"]["data"])

    assert payload.model_dump(mode="json", exclude_none=True).keys() >= (
        {k for k, v in event["data"]["data"].items() if v is not None}
    )


@pytest.mark.parametrize("sample", SAMPLES, ids=IDS)
def test_a_sample_that_is_not_lifted_is_written_back_as_it_was(sample):
    raw = sample.read_bytes()
    event = orjson.loads(raw)
    if (event["type"], event["schemaversion"]) not in wire.UPCASTERS:
        assert encode(decode(raw)) == raw


@pytest.mark.parametrize("sample", SAMPLES, ids=IDS)
def test_a_sample_is_folded(sample):
    event = decode(sample.read_bytes())
    sums, reference = {}, Reference()
    compile_fold()(sums, event)
    if event["type"] == "staff.post_granted":
        reference.apply(decode((sample.parent / "staff.joined@1.json").read_bytes()))
        event = {**event, "subject": "org/an"}
    reference.apply(event)
    state = case.evolve(case.State(), event)

    assert isinstance(rating.fold([event]), rating.State)
    assert all(isinstance(total, int) for total in sums.values())
    if event["type"] in {"case.submitted", "case.accepted", "case.decision_made"}:
        assert sums
        assert state.status in case.MATRIX


FIXED = (
    b'{"specversion":"1.0","id":"case/C1@3","source":"/taizhang","type":"case.accepted",'
    b'"subject":"case/C1","time":"2020-06-01T09:00:00+08:00","datacontenttype":'
    b'"application/json","schemaversion":1,"recordedat":"2020-06-01T09:00:00.250000+08:00",'
    b'"streamversion":3,"sourcesystem":"hall-1","sourceseq":"7","sourceclass":"interactive",'
    b'"actorkind":"staff","actorstaff":"an","actorpost":"accept","centre":"town",'
    b'"window":"town-1","channel":"window","latereason":"\xe6\x96\xad\xe7\xbd\x91",'
    b'"data":{"data":{"accept_no":"1"},"stamp":{"item":"i"}}}'
)


def test_the_encoder_writes_the_same_bytes_for_the_same_fact():
    """The chain is over these bytes: a change here is a new schema version, with its upcaster."""
    command = Command.model_validate({
        "type": "case.accept", "key": "C1", "occurred_at": "2020-06-01T01:00:00Z",
        "source_system": "hall-1", "source_seq": "7", "centre": "town", "window": "town-1",
        "actor": {"kind": "staff", "staff": "an", "post": "accept"}, "channel": "window",
        "late_reason": "断网"})  # fmt: skip
    draft = Draft("case/C1", "case.accepted", {"accept_no": "1"}, {"item": "i"})
    at, now = "2020-06-01T09:00:00+08:00", "2020-06-01T09:00:00.250000+08:00"

    assert encode(envelope(draft, command, at, now, 3)) == FIXED


def test_an_older_version_is_lifted_step_by_step(monkeypatch):
    """Readers know the newest version only; the steps are in one place."""
    first = {**orjson.loads(FIXED), "type": "x"}
    steps = {("x", n): lambda e, n=n: {**e, "schemaversion": n + 1} for n in (1, 2)}
    monkeypatch.setattr(wire, "UPCASTERS", steps)

    assert decode(orjson.dumps(first))["schemaversion"] == 3


def test_the_facts_inside_a_restatement_are_lifted_too(monkeypatch):
    """Views subtract `before` with the code of today."""
    raw = (SAMPLES[0].parent / "case.event_restamped@1.json").read_bytes()
    steps = {("case.issued", 1): lambda e: {**e, "schemaversion": 2}}
    monkeypatch.setattr(wire, "UPCASTERS", steps)
    body = decode(raw)["data"]["data"]

    assert (body["before"]["schemaversion"], body["after"]) == (2, None)
