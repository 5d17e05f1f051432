"""监察预警: every fact of the supervision stream appended, and refused once for each invariant."""

from pathlib import Path

import orjson
import pytest

from ledger.contracts.events import COMMANDS
from ledger.log.fsck import alarms
from ledger.rules import alerts, duty
from ledger.rules.partition import Partition
from ledger.rules.supervision_page import page
from ledger.rules.supervision_rules import RULES
from processors.runtime.wire import Reader, pairs
from processors.views.board import Board
from processors.views.fold import compile_fold
from processors.views.latest import fold_latest, open_alerts
from processors.views.shelf import Shelf as Counted
from processors.views.tally import Tally
from tests.conftest import Shelf
from tests.unit.test_supervision import SCENES, play, raised

RULES_MD = Path(__file__).parents[2] / "docs" / "rules.md"
STREAM = "supervision/C1"
MANAGER = {"who": "mo", "post": "hall_manager"}
CITY = {"who": "sup", "post": "city_supervisor"}
SWEEP = {"source_class": "system", "source_system": "sweep"}


def swept(level="yellow", about="w1", rule="R09", key="C1", **more):
    subject = f"case/{key}"
    return {
        "alert_id": alerts.alert_id(rule, subject, about), "rule_id": rule, "level": level,
        "subject": subject, "about": about, "since": "2020-06-01T09:00:00+08:00",
        "holder_centre": "town", **more,
    }  # fmt: skip


@pytest.fixture
def city(new_hall):
    """A hall with two city supervisors and a yellow card of R08 about C1."""
    hall = new_hall()
    for staff in ("sup", "zhu"):
        hall.org_must("staff.join", staff, {"centre": "city"})
        hall.org_must("staff.grant_post", staff, {"post": "city_supervisor", "granted_by": "x"})
    play(hall, SCENES["R08", "case.supplement_noticed", "first"][0])
    return hall


def card(hall):
    return next(alert for alert in raised(hall) if alert.rule == "R08")


def do(hall, command, data=None, **more):
    return hall.say(f"alert.{command}", "C1", {"alert_id": card(hall).alert_id, **(data or {})},
                    **more)  # fmt: skip


STEPS = {
    "acknowledge": ({}, MANAGER),
    "explain": ({"reason_code": "flood", "evidence": "海监〔2020〕3号"}, MANAGER),
    "close": ({}, CITY),
    "cancel": ({"reason_code": "mistaken", "approver": "zhu"}, CITY),
}


def walk(hall, *steps):
    for step in steps:
        hall.wait(minutes=1)
        data, who = STEPS[step]
        receipt = do(hall, step, data, **who)
        assert receipt.status == "accepted", (step, receipt)


# what was done | what is done now, otherwise | code; "" = accepted
ACTS = [
    ((), "acknowledge", {}, {}, ""),
    (("acknowledge",), "acknowledge", {}, {}, "E_STATE"),
    ((), "explain", {}, {}, ""),
    (("explain",), "explain", {}, {}, ""),
    ((), "close", {}, {}, "E_STATE"),
    ((), "close", {}, {"source_class": "imported"}, ""),
    (("explain",), "close", {}, {}, ""),
    (("explain",), "close", {"reason_code": "resolved"}, {}, "E_STATE"),
    (("explain", "close"), "close", {}, {}, "E_STATE"),
    (("explain", "close"), "explain", {}, {}, "E_STATE"),
    (("explain", "close"), "acknowledge", {}, {}, "E_STATE"),
    (("cancel",), "explain", {}, {}, "E_STATE"),
    (("cancel",), "close", {}, {}, "E_STATE"),
    ((), "explain", {"alert_id": "0" * 16}, {}, "E_REF"),
    ((), "close", {"alert_id": "0" * 16}, {}, "E_REF"),
    ((), "cancel", {"alert_id": "0" * 16}, {}, "E_REF"),
    ((), "explain", {"reason_code": None}, {}, "E_FIELD"),
    (("explain", "close"), "cancel", {}, {}, ""),
    ((), "cancel", {}, {}, ""),
    (("cancel",), "cancel", {}, {}, "E_STATE"),
    (("cancel",), "acknowledge", {}, {}, "E_STATE"),
    ((), "cancel", {"approver": "sup"}, {}, "E_SOD"),
    ((), "cancel", {"approver": "sup"}, {"source_class": "imported"}, "E_SOD"),
    ((), "cancel", {"approver": "mo"}, {}, "E_AUTH"),
    ((), "cancel", {"approver": "mo"}, {"source_class": "imported"}, "E_AUTH"),
    ((), "cancel", {"approver": "ghost"}, {}, "E_REF"),
    ((), "cancel", {"approver": "ghost"}, {"source_class": "imported"}, "E_REF"),
    ((), "cancel", {}, {"who": None, "post": None, "source_class": "historical"}, "E_AUTH"),
    ((), "cancel", {"reason_code": "corrected"}, {}, "E_STATE"),
    ((), "cancel", {}, MANAGER, "E_AUTH"),
    ((), "close", {}, MANAGER, "E_AUTH"),
    ((), "explain", {}, {"who": "an", "post": "accept"}, "E_AUTH"),
    ((), "acknowledge", {"alert_id": "0" * 16}, {}, "E_REF"),
    ((), "acknowledge", {"alert_id": "x"}, {}, "E_FIELD"),
    ((), "raise", swept(), {}, "E_AUTH"),
]


@pytest.mark.parametrize(("before", "step", "but", "more", "code"), ACTS)
def test_what_people_may_do_with_an_alert(city, before, step, but, more, code):
    walk(city, *before)
    city.wait(minutes=1)
    data, who = STEPS.get(step, ({}, CITY))
    receipt = do(city, step, {**data, **but}, **{**who, **more})

    assert (receipt.code, receipt.status) == (code, "refused" if code else "accepted"), receipt


def test_nobody_handles_an_alert_before_it_is_there(city):
    receipt = do(city, "acknowledge", at=city.now.replace(hour=8), **MANAGER)

    assert receipt.code == "E_TIME_ORDER"


# raised before | then | code, and the fact
RAISES = [
    ([], swept(), "", "alert.raised"),
    ([swept()], swept(), "E_STATE", None),
    ([swept("red")], swept(), "E_STATE", None),
    ([swept()], swept("red"), "", "alert.escalated"),
    ([swept()], swept(about="w2"), "", "alert.raised"),
    ([], swept(rule="R08"), "E_STATE", None),
    ([], swept(rule="R99"), "E_REF", None),
    ([], swept(key="C2"), "E_FIELD", None),
    ([], {**swept(), "about": "w3"}, "E_FIELD", None),
    ([], swept("black"), "E_FIELD", None),
]


@pytest.mark.parametrize(("before", "data", "code", "fact"), RAISES)
def test_what_a_sweep_raises(city, before, data, code, fact):
    for each in before:
        city.must("alert.raise", "C1", each, **SWEEP)
    receipt = city.say("alert.raise", "C1", data, **SWEEP)

    assert receipt.code == code, receipt
    if fact:
        assert city.last(STREAM)["type"] == fact


FINDINGS = [{"kind": "derived", "partition": 0, "id": "case/C1@2"},
            {"kind": "chain", "partition": 0, "id": ""},
            {"kind": "version", "partition": 0, "id": "case/C1@3"}]  # fmt: skip


def test_what_fsck_found_is_red_and_raised_once_a_stream(city):
    """R32; a book that is whole gives no command."""
    made = alarms(FINDINGS, city.now)
    receipts = [city.decide(raw).receipt for raw in (*made, *made)]
    red = [(alert.subject, alert.about) for alert in raised(city) if alert.rule == "R32"]

    assert [r.status for r in receipts] == ["accepted"] * 2 + ["duplicate"] * 2, receipts
    assert red == [("case/C1", "derived"), ("partition/0", "chain")]
    assert alarms([], city.now) == []


def test_an_escalation_is_a_command_of_its_own_so_that_a_book_can_be_checked(city):
    city.must("alert.raise", "C1", swept(), **SWEEP)

    assert city.say("alert.escalate", "C1", swept("red"), **SWEEP).status == "accepted"
    assert city.say("alert.escalate", "C1", swept("red"), **SWEEP).code == "E_STATE"
    assert city.say("alert.escalate", "C1", swept("red", "w9"), **SWEEP).code == "E_REF"


def test_what_a_sweep_raised_no_correction_of_the_case_cancels(city):
    city.must("alert.raise", "C1", swept(), **SWEEP)
    assert city.void("case/C1@4").status == "accepted"
    status = {alert.rule: (alert.status, alert.reason) for alert in raised(city)}

    assert status == {"R08": ("cancelled", "corrected"), "R09": ("open", "")}


# scene | what is corrected | rule → level, status, reason
CORRECTIONS = [
    ("=SUB|case.accept @window=town-2", ("case/C1@2",), {"R03": ("remind", "cancelled")}),
    ("=ACC|06-16T09:00|tick|06-16T10:00", ("case/C1@2", "case/C1@3"),
     {"R02": ("yellow", "cancelled"), "R01": ("remind", "open")}),
    ("=REV|case.decide @who=an", ("case/C1@5",), {"R07": ("red", "cancelled")}),
    ("=ACC|06-11T08:00|tick", ("case/C1@2",),
     {"R02": ("remind", "closed"), "R01": ("remind", "open")}),
    ("=SUB|case.notice_supplement|case.notice_supplement", ("case/C1@2",),
     {"R08": ("yellow", "cancelled")}),
    ("=SUB|case.notice_supplement|case.notice_supplement|case.notice_supplement", ("case/C1@2",),
     {"R08": ("yellow", "open")}),
]  # fmt: skip


@pytest.mark.parametrize(("scene", "gone", "wanted"), CORRECTIONS)
def test_an_alert_without_ground_is_cancelled_by_the_ledger(new_hall, scene, gone, wanted):
    hall = new_hall()
    play(hall, scene)
    receipt = hall.void(*gone)
    assert receipt.status == "accepted", receipt

    assert {a.rule: (a.level, a.status) for a in raised(hall)} == wanted


def test_late_evidence_takes_the_card_back_and_leaves_the_record(new_hall):
    hall = new_hall()
    play(hall, "=REV|06-16T09:00|tick")
    at = hall.now.replace(day=15, hour=15)
    late = {"at": at, "late_reason": "断网", "source_class": "imported"}
    for command in ("case.decide", "case.conclude"):
        assert hall.usual(command, **late).status == "accepted"
    story = [(e["type"], e["data"]["data"].get("level")) for e in hall.events(STREAM)]

    assert story == [("alert.raised", "remind"), ("alert.escalated", "yellow"),
                     ("alert.cancelled", None)]  # fmt: skip
    assert card_of(hall, "R02").reason == "corrected"


def card_of(hall, rule):
    return next(alert for alert in raised(hall) if alert.rule == rule)


def test_a_card_that_loses_the_ground_of_its_level_falls_to_what_there_still_is(new_hall):
    """Unsigned for a day is red; told that it was signed after five hours, it is yellow."""
    hall = new_hall()
    play(hall, "=TRN|06-02T10:30|tick")
    assert card_of(hall, "R13").level == "red"
    at = hall.now.replace(day=1, hour=15)
    received = hall.usual("case.receive_transfer", at=at, source_class="imported")
    assert received.status == "accepted"

    story = [(e["type"], e["data"]["data"].get("level")) for e in hall.events(STREAM)]
    assert story == [
        ("alert.raised", "remind"), ("alert.escalated", "yellow"), ("alert.escalated", "red"),
        ("alert.cancelled", None), ("alert.raised", "yellow"),
    ]  # fmt: skip
    assert (card_of(hall, "R13").level, card_of(hall, "R13").status) == ("yellow", "open")


def test_a_reminder_ends_with_its_clock_and_rises_when_the_due_passes(new_hall):
    done, late = new_hall(), new_hall()
    play(done, "=REV|06-11T08:00|tick|06-12T10:00|case.decide|case.conclude")
    play(late, "=REV|06-11T08:00|tick|06-16T08:00|tick|07-01T08:00|tick")

    assert (card_of(done, "R02").status, card_of(done, "R02").reason) == ("closed", "resolved")
    assert [e["data"]["data"]["level"] for e in late.events(STREAM)
            if e["data"]["data"]["rule_id"] == "R02"] == ["remind", "yellow", "red"]  # fmt: skip


def test_a_congestion_that_is_over_is_closed_by_the_ledger(new_hall):
    hall = new_hall()
    play(hall, SCENES["R23", "35 minutes", "yellow"][0])
    play(hall, "06-02T09:40|ticket.call {'ticket_id':'T0','window_id':'town-1','call_no':1}")

    assert [(a.rule, a.status, a.reason) for a in raised(hall)] == [("R23", "closed", "resolved")]


@pytest.mark.parametrize("scenes", SCENES.values(), ids=map(str, SCENES))
def test_a_replay_raises_the_same_alerts(new_hall, scenes):
    hall = new_hall()
    play(hall, scenes[0])
    again, shelf = Partition(0, other := Shelf()), other
    again.reference = hall.partition.reference
    for raw, now in hall.order:
        decision = again.decide(raw, now)
        shelf.keep(decision)
        again.settle()
    made = [value for stream, values in sorted(hall.shelf.streams.items())
            for value in values if not stream.startswith("partition/")]  # fmt: skip
    replayed = [value for stream, values in sorted(shelf.streams.items())
                for value in values if not stream.startswith("partition/")]  # fmt: skip

    assert replayed == made
    looks = {s: look for s, look in hall.shelf.looks.items() if look == ""}
    assert looks == {}
    for event in (orjson.loads(value) for value in made):
        assert event["time"] <= event["recordedat"], event["id"]


LATER = [
    "=REV|06-11T08:00|tick|06-16T10:00|case.decide|case.conclude",
    "=SUB|06-05T08:00|tick|06-09T10:00|case.accept",
    "=TRN|06-01T12:30|tick|06-01T16:00|case.receive_transfer",
    "rated|neg.verify|06-19T08:00|tick|06-24T10:00|neg.rectify|neg.call_back",
]


@pytest.mark.parametrize("scene", sorted({*LATER, *(fires for fires, _ in SCENES.values())}))
def test_the_gauges_are_the_alerts_that_are_open(new_hall, scene):
    hall, fold, sums, latest = new_hall(), compile_fold(), {}, {}
    play(hall, scene)
    for stream in hall.shelf.streams:
        if stream.startswith("supervision/"):
            for event in hall.events(stream):
                fold(sums, event)
                fold_latest(latest, event)
    found = raised(hall)
    for level in ("remind", "yellow", "red"):
        counted = {cell: n for cell, n in sums.items() if f"alerts_open_{level}|" in cell and n}
        still = [alert for alert in found if alert.status == "open" and alert.level == level]

        assert sum(counted.values()) == len(still), found
        assert all(n > 0 for n in counted.values())
    rows = open_alerts({name: newest.data for name, newest in latest.items() if newest.data})
    assert {row["alert_id"] for row in rows} == {a.alert_id for a in found if alerts.is_listed(a)}
    assert all(row["name"] == RULES[row["rule_id"]].name for row in rows)


def test_a_row_that_is_gone_is_taken_from_the_list(city):
    """The shelf of a partition and the board of a wall forget it alike."""
    walk(city, "explain", "close")
    events = city.events(STREAM)
    tallies = [{}, {}]
    fold_latest(tallies[0], events[0])
    for event in events[1:]:
        fold_latest(tallies[1], event)
    shelf, board, reader = Counted(), Board(1), Reader()
    for number, latest in enumerate(tallies):
        tally = Tally(number)
        tally.latest, tally.position = latest, number + 1
        change = shelf.settle(tally)
        records = [reader.take(key, value) for key, value in pairs(change)]
        shelf.adopt(change)
        board.change(0, records[-1])

        assert [row["rule_id"] for row in open_alerts(board.picture().latest)] == (
            [] if number else ["R08"]
        )
        assert len(shelf.latest) == (0 if number else 1)


HISTORY = ["case.accept {'accept_no':null}", "case.refuse_acceptance {'doc_no':null}"]


@pytest.mark.parametrize("said", HISTORY)
def test_history_raises_no_alert(new_hall, said):
    hall = new_hall()
    command, _, data = said.partition(" ")
    hall.bring_to("SUB")
    hall.usual(command, but=orjson.loads(data.replace("'", '"')), source_class="historical")
    play(hall, "07-15T09:00|tick")

    assert [a for a in raised(hall) if a.rule in {"R14", "R20"}] == []


def test_the_posts_are_those_of_the_table():
    commands = {c for c, fact in COMMANDS.items() if fact.STREAM == "supervision"}

    assert {c: duty.POSTS[c] for c in commands} == {
        "alert.raise": frozenset(), "alert.escalate": frozenset(),
        "alert.acknowledge": {"hall_manager", "city_supervisor"},
        "alert.explain": {"hall_manager", "city_supervisor"},
        "alert.cancel": {"city_supervisor"}, "alert.close": {"city_supervisor"},
    }  # fmt: skip


def test_the_printed_rules_are_current():
    """Run `make docs` after changing a rule."""
    assert RULES_MD.read_text() == page()
