"""A case as it was known at any instant: one story, told by hand (domain.md 7.4, A1–A5)."""

from datetime import datetime

import orjson
import pytest

from analytics.audit.case import AuditError, NotFoundError, audit_case, find, parse_at, timeline
from analytics.audit.replay import NAMES, Instant, Stored, replay
from analytics.lake.archiver import commit
from analytics.lake.catalog import Lake
from ledger.contracts.codes import SHANGHAI
from ledger.contracts.events import FACTS
from ledger.log.seam import Record

DUE = "2020-06-04T23:59:59.999000+08:00"


def fact(offset, stream, version, kind, at, data, *, recorded=None, stamp=None, staff="wang"):
    at = f"2020-06-{at}:00+08:00"
    return Stored(3, offset, bytes([offset]) * 32, {
        "specversion": "1.0", "id": f"{stream}@{version}", "type": kind, "subject": stream,
        "time": at, "recordedat": f"2020-06-{recorded}:00+08:00" if recorded else at,
        "schemaversion": 1, "streamversion": version, "sourcesystem": "test",
        "sourceseq": str(offset), "sourceclass": "interactive", "actorkind": "staff",
        "actorstaff": staff, "centre": "libao", "window": "libao-2",
        "data": {"data": data, "stamp": stamp or {}},
    })  # fmt: skip


PLACE = {"accept_centre": "libao", "accept_window": "libao-2", "item": "i", "dept": "民政"}
STORY = [
    fact(1, "case/C1", 1, "case.submitted", "01T09:00", {"case_no": "NO-1", "item": "i"}),
    fact(2, "case/C1", 2, "case.accepted", "01T09:10", {}, stamp={**PLACE, "promised_due": DUE}),
    fact(4, "case/C1", 3, "case.decision_made", "02T10:00", {"outcome": "approved", "doc_no": "D"},
         recorded="03T08:00", stamp={**PLACE, "working_minutes": 530}, staff="li"),
    fact(5, "case/C1", 4, "case.concluded", "03T09:00", {"result_code": 0}, stamp=PLACE),
    fact(6, "rating/C1", 1, "rating.submitted", "03T12:00",
         {"rating_id": "r", "stars": 2, "via": "qr"}, stamp=PLACE, staff=None),
]  # fmt: skip
VOID = [
    fact(8, "case/C1", 5, "case.event_voided", "05T09:00", {
        "target": "case/C1@4", "reason_code": "wrong_case", "requested_by": "zhao",
        "approved_by": "qian", "cascade": []}, staff="zhao"),
    fact(9, "case/C1", 6, "case.event_restamped", "05T09:00", {
        "target": "case/C1@4", "before": STORY[3].event, "after": None}, staff="zhao"),
]  # fmt: skip


def at(day):
    return Instant(time=datetime.fromisoformat(f"2020-06-{day}:00").replace(tzinfo=SHANGHAI))


@pytest.mark.parametrize(
    ("instant", "state", "known", "later"),
    [
        (at("01T08:00"), "-", 0, 7),
        (at("01T09:00"), "SUB", 1, 6),
        (at("02T12:00"), "ACC", 2, 5),
        (at("03T08:00"), "DEC+", 3, 4),
        (Instant(offset=2), "SUB", 1, 6),
        (Instant(offset=3), "ACC", 2, 5),
        (Instant(), "DEC+", 7, 0),
    ],
)
def test_what_was_known_is_what_had_been_recorded(instant, state, known, later):
    answer = replay([*STORY, *VOID], instant)

    assert (answer["state"], answer["known"], answer["later"]) == (state, known, later)
    assert answer["case_no"] == "NO-1"


def test_what_was_known_and_what_was_true_may_differ():
    """The decision of the 2nd was entered on the 3rd."""
    answer = replay(STORY, at("02T12:00"))

    assert answer["state"] == "ACC"
    assert answer["truly"]["state"] == "DEC+"


@pytest.mark.parametrize(
    ("story", "instant", "result"),
    [
        (STORY, at("02T12:00"), "running"),
        (STORY, at("05T00:00"), "on_time"),
        (STORY[:3], at("05T00:00"), "over"),
        ([*STORY, *VOID], at("05T08:00"), "on_time"),
        ([*STORY, *VOID], at("05T10:00"), "over"),
    ],
)
def test_the_clock_says_what_it_said_then(story, instant, result):
    """A voided conclusion stops no clock: after the correction the case is overdue."""
    (clock,) = replay(story, instant)["clocks"]

    assert clock["result"] == result
    assert clock["due"] == DUE


def test_a_correction_names_who_asked_and_who_approved():
    answer = replay([*STORY, *VOID], Instant())
    (fix,) = answer["corrections"]
    concluded = next(e for e in answer["events"] if e["id"] == "case/C1@4")

    assert (fix["requested_by"], fix["approved_by"], fix["voids"]) == (
        "zhao",
        "qian",
        ["case/C1@4"],
    )
    assert (concluded["counts"], concluded["voided_by"]) == (False, "case/C1@5")
    assert "case/C1@4" not in answer["effective"]
    assert answer["ratings"] == [
        {"stars": 2, "via": "qr", "at": "2020-06-03T12:00:00+08:00", "id": "rating/C1@1"}
    ]


AMENDED = [
    fact(8, "case/C1", 5, "case.event_amended", "05T09:00", {
        "target": "case/C1@2", "reason_code": "typing_error", "requested_by": "zhao",
        "approved_by": "qian", "changes": {"window": {"old": "libao-2", "new": "libao-3"},
                                           "accept_no": {"new": "受-1"}}}, staff="zhao"),
    fact(9, "case/C1", 6, "case.event_restamped", "05T09:00", {
        "target": "case/C1@2", "before": STORY[1].event, "after": {
            **STORY[1].event, "window": "libao-3",
            "data": {"data": {"accept_no": "受-1"}, "stamp": {"accept_window": "libao-3"}}}},
        staff="zhao"),
]  # fmt: skip


def test_an_amended_fact_shows_what_it_said_and_what_it_counts_as():
    answer = replay([*STORY, *AMENDED], Instant())
    (fix,) = answer["corrections"]
    rows = {e["id"]: e for e in answer["events"]}
    accepted = rows["case/C1@2"]

    assert (fix["voids"], fix["amends"]) == ([], "case/C1@2")
    assert (accepted["counts"], accepted["amended_by"]) == (True, "case/C1@5")
    assert (accepted["window"], accepted["data"]) == ("libao-2", {})
    assert accepted["counts_as"] == {"window": "libao-3", "data": {"accept_no": "受-1"}}
    assert accepted["stamp_now"] == {"accept_window": "libao-3"}
    assert rows["case/C1@1"]["counts_as"] is None
    text = timeline(answer)
    assert "更正 case/C1@2 window: libao-2 → libao-3, accept_no: 无 → 受-1; 事由" in text
    assert "已由 case/C1@5 更正" in text
    assert replay([*STORY, *AMENDED], at("04T09:00"))["corrections"] == []


def test_every_fact_of_a_case_has_a_name_for_a_clerk():
    beside = ("case.", "rating.", "neg.", "appeal.")
    assert set(NAMES) == {kind for kind in FACTS if kind.startswith(beside)}


def test_every_event_shows_its_position_and_its_link():
    events = replay(STORY, Instant())["events"]

    assert [e["position"] for e in events] == ["3:1", "3:2", "3:4", "3:5", "3:6"]
    assert events[0]["chain"] == "01" * 32


def test_the_timeline_is_one_page_of_chinese():
    text = timeline(replay([*STORY, *VOID], Instant()))

    assert "办件 NO-1 (C1)" in text
    assert "✗ 2020-06-03 09:00" in text
    assert "申请 zhao, 审批 qian" in text
    assert "入账 2020-06-03 08:00" in text
    assert "评价 2 星" in text


def test_an_instant_is_a_time_or_a_position():
    assert parse_at("2020-06-01T10:35")[0].time == datetime(2020, 6, 1, 10, 35, tzinfo=SHANGHAI)
    assert parse_at("3:120") == (Instant(offset=120), 3)
    assert parse_at("120") == (Instant(offset=120), None)
    with pytest.raises(AuditError, match="no time and no position"):
        parse_at("yesterday")


@pytest.fixture
def lake(tmp_path):
    made = Lake(str(tmp_path))
    records = [Record(3, s.offset, orjson.dumps(s.event), s.chain) for s in [*STORY, *VOID]]
    commit(made, records, (0, 0, 0, 10, *[0] * 9))
    yield made
    made.close()


async def test_a_case_is_found_by_its_number_or_its_id(lake):
    by_no, by_id = await audit_case(lake, "NO-1"), await audit_case(lake, "C1")

    stood = {"lights", "shares"}
    assert by_no == by_id
    assert {k: v for k, v in by_no.items() if k not in stood} == replay([*STORY, *VOID], Instant())
    assert [found.case_id for found in await find(lake, "NO-")] == ["C1"]


async def test_a_case_that_is_not_there_or_a_foreign_position_is_said_in_a_sentence(lake):
    with pytest.raises(NotFoundError, match="NO-2"):
        await audit_case(lake, "NO-2")
    with pytest.raises(AuditError, match="partition 3"):
        await audit_case(lake, "C1", "4:7")
