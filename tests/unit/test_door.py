"""At the door: clocks of terminals, late entries, repeated numbers, and what no terminal means."""

import json
from datetime import timedelta

import orjson
import pytest

from ledger.contracts.commands import command_hash, route
from ledger.contracts.events.reference import DeptRegistered, ItemRegistered
from ledger.contracts.wire import decode
from ledger.rules.reading import as_stored

FAR = "2020-06-01T10:00:00+08:00"


# ahead of the ledger, in seconds | code | flagged
SKEWS = [(0, "", []), (1, "", ["clamped"]), (300, "", ["clamped"]), (301, "E_TIME_FUTURE", None),
         (3600, "E_TIME_FUTURE", None)]  # fmt: skip


@pytest.mark.parametrize(("seconds", "code", "flags"), SKEWS)
def test_a_clock_up_to_five_minutes_ahead_is_taken_as_now(hall, seconds, code, flags):
    assert hall.submit(at=hall.now + timedelta(seconds=seconds)).code == code
    if flags is not None:
        event = hall.last()
        assert (event["time"], event["recordedat"]) == (FAR, FAR)
        assert event["data"]["stamp"].get("flags", []) == flags


# happened | entered | source class | reason | code | flagged; 1 June 2020 is a Monday
LATE = [
    ("2020-05-29T16:00", "2020-06-01T10:00", "interactive", None, "", []),
    ("2020-05-28T16:00", "2020-06-01T10:00", "interactive", None, "E_LATE_REASON", None),
    ("2020-05-28T16:00", "2020-06-01T10:00", "interactive", "断网", "", ["late"]),
    ("2020-05-28T16:00", "2020-06-01T10:00", "imported", None, "", ["late"]),
    ("2011-05-28T16:00", "2020-06-01T10:00", "historical", None, "", []),
    ("2020-06-24T16:00", "2020-06-28T10:00", "interactive", None, "", []),
    ("2020-04-30T16:00", "2020-05-06T10:00", "interactive", None, "", []),
    ("2020-04-30T16:00", "2020-05-07T10:00", "interactive", None, "E_LATE_REASON", None),
]


@pytest.mark.parametrize(("happened", "entered", "source", "reason", "code", "flags"), LATE)
def test_more_than_one_working_day_late_needs_a_reason(
    new_hall, happened, entered, source, reason, code, flags
):
    hall = new_hall()
    zone = hall.now.tzinfo
    registered = hall.now
    hall.now = registered.fromisoformat(entered).replace(tzinfo=zone)
    if hall.now < registered:  # The ledger's clock never runs backwards: register earlier.
        hall = new_hall(furnished=False)
        hall.now = registered.fromisoformat("2020-04-01T10:00").replace(tzinfo=zone)
        hall.furnish()
        hall.now = registered.fromisoformat(entered).replace(tzinfo=zone)
    at = registered.fromisoformat(happened).replace(tzinfo=zone)

    assert hall.submit(at=at, source_class=source, late_reason=reason).code == code
    if flags is not None:
        assert hall.last()["data"]["stamp"].get("flags", []) == flags
        assert hall.last()["time"] == at.isoformat()


# submitted with | code
PLACES = [
    ({"centre": None, "window": None}, "E_FIELD"), ({"window": None}, "E_FIELD"),
    ({"channel": None}, "E_FIELD"), ({"window": None, "channel": "web"}, ""),
    ({"window": None, "source_class": "imported"}, ""),
    ({"centre": "nowhere", "window": None, "channel": "web"}, "E_REF"),
    ({"centre": "key"}, "E_REF"),
]  # fmt: skip


@pytest.mark.parametrize(("place", "code"), PLACES)
def test_what_is_done_at_a_counter_says_at_which(hall, place, code):
    assert hall.submit(**place).code == code


def test_time_never_runs_backwards_in_a_partition(hall):
    hall.submit()
    hall.now -= timedelta(minutes=1)
    receipt = hall.accept(at=hall.now + timedelta(minutes=1))

    assert (receipt.status, hall.last()["recordedat"]) == ("accepted", FAR)


def test_nobody_rates_a_service_before_it_is_concluded(hall):
    hall.bring_to("DEC+")
    assert hall.rate().code == "E_STATE"
    hall.conclude()

    assert hall.rate(at=hall.now - timedelta(minutes=1)).code == "E_TIME_ORDER"
    assert hall.rate().status == "accepted"


def test_a_decision_is_not_made_before_the_case_was_signed_for(hall):
    hall.bring_to("REV")
    early = hall.decide_on(at=hall.now - timedelta(minutes=2))

    assert early.code == "E_TIME_ORDER"
    assert hall.decide_on(at=hall.now - timedelta(minutes=1)).status == "accepted"


def test_the_same_bytes_again_get_the_same_answer(hall):
    raw = hall.raw("case.submit", "C1", {"case_no": "1", "item": "promised"},
                   source_class="imported")  # fmt: skip
    first = hall.decide(raw)
    again = hall.decide(raw)
    other_order = hall.decide(json.dumps(json.loads(raw), indent=2, sort_keys=True).encode())

    assert again.receipt == first.receipt.model_copy(update={"status": "duplicate"})
    assert (again.events, again.reject) == ((), None)
    assert other_order.receipt == again.receipt


def test_a_number_is_bound_for_ever_also_within_one_batch(hall):
    raw = hall.raw("case.submit", "C1", {"case_no": "1", "item": "promised"},
                   source_class="imported")  # fmt: skip
    other = raw.replace(b'"case_no":"1"', b'"case_no":"2"')
    assert raw != other
    codes = [hall.partition.decide(each, hall.now).receipt.code for each in (raw, other, raw)]

    assert codes == ["", "E_DUP_CONFLICT", ""]


def test_a_conflict_names_what_the_number_made(hall):
    hall.submit()
    hall.seq -= 1
    receipt = hall.accept()

    assert (receipt.code, "case/C1@1" in receipt.message) == ("E_DUP_CONFLICT", True)


def nested(depth):
    return b'{"data":' + b'{"a":' * depth + b"1" + b"}" * depth + b"}"


def command(**fields):
    known = {"type": "case.submit", "key": "C1", "occurred_at": FAR, "source_system": "x",
             "source_seq": "1", "source_class": "imported",
             "data": {"case_no": "1", "item": "promised"}}  # fmt: skip
    return orjson.dumps({**known, **fields})


HOSTILE = [
    b"", b"null", b"[]", b"{}", b"1", b"\xff\xfe", b'"\\ud800"', b"{" * 5000, nested(200),
    nested(300), nested(900), nested(5000), b'{"type":1,"key":2}', b'{"type":"case.submit"}',
    b'{"type":"clock.tick","key":"' + b"9" * 6000 + b'"}',
    command(occurred_at="0001-01-01T00:00:00+14:00"), command(occurred_at="9999-12-31T23:59:59Z"),
    command(occurred_at="1900-01-01T00:00:00+08:00"), command(occurred_at="2020-06-01T10:00:00"),
    command(occurred_at=1e300), command(occurred_at="nonsense"), command(key="a/b"),
    command(key=""), command(key="x" * 65), command(key="a|b"), command(key="a@1"),
    command(type="clock.tick", key="0", occurred_at="9999-12-31T23:59:59Z"),
    command(type="source.beat", data={"centres": "all"}), command(type="source.beat",
                                                                  data={"centres": [1]}),
    command(type="source.beat", data={"centres": ["x" * 65]}),
    command(type="source.beat", data={"centres": ["x"] * 5000}),
    command(type="no.such"), command(type="case.event_restamped"), command(type="case.submitted"),
    command(type="centre.open"), command(data={"case_no": "1" * 51, "item": "promised"}),
    command(data={"case_no": 10**18, "item": "promised"}), command(data=None), command(data=[]),
    command(data={"case_no": "1", "item": "promised", "x" * 100_000: 1}),
    command(expected_version=2**40), command(expected_version=-1), command(actor={"kind": "x"}),
    command(type="case.void_event", data={"target": "case/C1@1", "reason_code": "other",
            "requested_by": "a", "approved_by": "b", "cascade": ["y" * 200_000]}),
    command(source_seq="a b"), command(centre="a|b"), command(unknown=1),
    command(source_seq="a\0b"), command(source_seq="a\u202eb"), command(source_system="x\x7f"),
    command(key="C1\u200b"), command(key="C1\x85"), command(centre="a\0"), command(causation="\0"),
    command(correlation="\x1b"), command(late_reason="a\0b"), command(late_reason=""),
    command(late_reason=" "), command(occurred_at=1590976800), command(occurred_at="1590976800"),
    command(occurred_at=True), command(data={"case_no": "1\u202e2", "item": "promised"}),
    command(data={"case_no": "1\u200b", "item": "promised"}),
    command(data={"case_no": "1\0", "item": "promised"}),
    command(data={"case_no": "1", "item": "pro\u200bmised"}),
]  # fmt: skip


@pytest.mark.parametrize("raw", HOSTILE, ids=range(len(HOSTILE)))
def test_what_no_terminal_means_is_refused_in_one_short_sentence(hall, raw):
    """Never an exception: a command that raises three times stops a partition meanwhile."""
    assert 0 <= route(raw, 12) <= 12
    assert len(command_hash(raw)) == 32
    decision = hall.decide(raw)

    assert (decision.receipt.status, decision.events) == ("refused", ()), decision
    assert decision.receipt.code in {"E_FIELD", "E_TYPE", "E_LIMIT"}
    assert 0 < len(decision.receipt.message) < 1000
    assert len(orjson.dumps(decision.reject)) < 20_000


# command | field | what no field of ours holds: it crashed a writer, or said nothing
NOT_MEANT = [
    *[("case.commit_deficiency", "due_at", at) for at in (
        "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "2020-05-31T17:00:00+08:00",
        1590976800)],
    ("case.commit_deficiency", "commitment_doc", " "),
    ("case.urge", "reply_due", "9999-12-31T00:00:00Z"),
    ("case.request_hearing", "told_on", "9999-12-27"),
    ("case.notify_hearing", "held_on", "0001-01-01"),
    ("case.withdraw", "request_doc", " "), ("case.withdraw", "request_doc", "a\u202eb"),
    ("case.accept", "accept_no", ""), ("case.decide", "doc_no", "D\0"),
    ("case.decide", "legal_basis", " "),
    ("case.grant_extension", "told_doc", ""), ("case.start_special", "notice_doc", " "),
    ("case.start_special", "legal_basis", ""), ("case.amend_event", "evidence", " "),
    ("rating.submit", "stars", True), ("case.conclude", "result_code", True),
    ("case.charge_fee", "amount_fen", True), ("case.charge_fee", "voucher_no", "V\u200b"),
    ("case.grant_extension", "days", True),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "field", "said"), NOT_MEANT)
def test_a_field_that_says_nothing_or_cannot_be_meant_is_refused(hall, kind, field, said):
    hall.ready_for(kind)

    assert hall.usual(kind, but={field: said}).code == "E_FIELD"
    assert hall.usual(kind).status == "accepted"


def test_what_an_older_door_let_in_is_read_as_it_was():
    """A partition that could not read the log would never start again."""
    named = {"name": "民政\u200b", "utility": True}
    item = {"name": "x", "dept": "d\u200b", "project_type": "instant", "promised": {"n": 0}}

    assert as_stored(DeptRegistered, named).name == "民政\u200b"
    known = as_stored(ItemRegistered, item)
    assert (known.dept, known.promised.n, known.project_type) == ("d\u200b", 0, "instant")
    with pytest.raises(ValueError, match="project_type"):
        as_stored(ItemRegistered, {**item, "project_type": 5})


NUMBERS = [
    ("centre.open", "c", {"name": "x", "level": "town", "tier": "zone", "town": "c",
                          "hall_area_m2": "9" * 30}),
    ("calendar.publish", "cal-2020", {"year": 2021, "doc_no": "1"}),
    ("calendar.publish", "cal-2021", {"year": 2021, "doc_no": "1", "holidays": ["2020-12-31"]}),
    ("item.register", "i", {"name": "x", "dept": "民政", "project_type": "promised",
                            "promised": {"n": 21}, "statutory": {"n": 20}}),
    ("item.register", "i", {"name": "x", "dept": "民政", "project_type": "promised",
                            "promised": {"n": 49, "unit": "hour"},
                            "statutory": {"n": 2, "unit": "day"}}),
    ("item.register", "i", {"name": "x", "dept": "民政", "project_type": "instant",
                            "promised": {"n": 2}}),
    ("window.change_type", "town-1", {"centre": "town", "no": "1", "kind": "comp:other",
                                      "load_evidence": {"x": 1e30}}),
    ("region.rename", "r1", {"name": "x", "effective_from": "9999-12-31"}),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "key", "data"), NUMBERS)
def test_reference_facts_that_contradict_themselves_are_refused(hall, kind, key, data):
    assert hall.org_say(kind, key, data).code == "E_FIELD"


UNKNOWN = [
    ("window.create", "w", {"centre": "nowhere", "no": "1", "kind": "issue"}),
    ("centre.open", "c", {"name": "x", "level": "village", "tier": "village", "town": "nowhere"}),
    ("item.register", "i", {"name": "x", "dept": "nobody", "project_type": "promised"}),
    ("staff.grant_post", "nobody", {"post": "accept", "granted_by": "chief"}),
]


@pytest.mark.parametrize(("kind", "key", "data"), UNKNOWN)
def test_reference_facts_point_to_something(hall, kind, key, data):
    assert hall.org_say(kind, key, data).code == "E_REF"


def test_a_promise_longer_than_the_law_allows_is_refused(hall):
    hall.submit()
    long = {"accept_no": "1", "promised": {"n": 21}, "statutory": {"n": 20}}

    assert hall.accept(data=long).code == "E_FIELD"
    assert hall.accept(data={**long, "statutory": {"n": 21}}).status == "accepted"


def test_commands_of_the_other_kind_of_partition_are_refused(hall):
    raw = hall.raw("case.submit", "C1", {"case_no": "1", "item": "promised"}, channel="web")

    assert hall.offices.decide(raw, hall.now).receipt.code == "E_TYPE"
    assert hall.say("dept.register", "x", {"name": "x"}).code == "E_TYPE"


def test_ticks_and_beats_are_noted_and_only_the_first_tick_of_a_day_leaves_a_trace(hall):
    tick = hall.say("clock.tick", "0")
    again = hall.say("clock.tick", "0")
    beat = hall.say("source.beat", "hall-1", {"centres": ["town", "village"]})

    assert {tick.status, again.status, beat.status} == {"noted"}
    assert hall.partition.tick == FAR
    assert hall.partition.beats == {"town", "village"}
    traces = [decode(value) for value in hall.shelf.log]
    assert [(e["type"], e["data"]["data"]) for e in traces] == [("clock.ticked", {"to": FAR})]


def test_an_event_on_the_wire_is_a_cloud_event_with_flat_scalar_attributes(hall):
    hall.submit(correlation="c", causation="d", late_reason="e", dept="民政")
    event = decode(hall.shelf.log[0])

    assert event["id"] == "case/C1@1"
    assert all(name.isalnum() and name == name.lower() for name in event)
    assert all(isinstance(v, str | int) for n, v in event.items() if n != "data")
    assert set(event["data"]) == {"data", "stamp"}
