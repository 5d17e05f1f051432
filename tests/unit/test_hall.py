"""大厅: what may follow in a hall, and who may say it."""

import re
from datetime import timedelta
from pathlib import Path

import pytest

from ledger.contracts.codes import Post
from ledger.contracts.events import COMMANDS, FACTS
from ledger.rules import duty
from ledger.rules import hall as rules
from tests.hall_day import GUIDE, MACHINE, MANAGER, TOWN_STREAM, HallDay, clerk

FACT_OF = {command: fact.TYPE for command, fact in COMMANDS.items() if fact.STREAM == "hall"}


@pytest.fixture
def day(hall):
    return HallDay(hall)


def ticket_commands():
    return sorted(c for c in FACT_OF if c.startswith("ticket."))


SAY = {
    "ticket.issue": lambda day, say: day.issue(say=say),
    "ticket.call": lambda day, say: day.call(say=say),
    "ticket.start_service": lambda day, say: day.start(say=say),
    "ticket.finish_service": lambda day, say: day.finish(say=say),
}


def attempt(day, command):
    if command in SAY:
        return SAY[command](day, day.say)
    return day.ticket(command.removeprefix("ticket."), say=day.say)


@pytest.mark.parametrize("row", rules.TICKETS)
@pytest.mark.parametrize("command", ticket_commands())
def test_every_fact_of_a_ticket_is_appended_or_refused_as_the_table_says(day, row, command):
    day.bring_to(row)
    day.hall.wait(minutes=1)
    before = len(day.hall.shelf.log)
    receipt = attempt(day, command)

    if FACT_OF[command] in {fact.TYPE for fact in rules.TICKETS[row]}:
        assert receipt.status == "accepted", receipt
        assert day.hall.last(TOWN_STREAM)["type"] == FACT_OF[command]
    else:
        assert receipt.code == "E_STATE", receipt
        assert set(receipt.legal) == {fact.COMMAND for fact in rules.TICKETS[row]}
        assert len(day.hall.shelf.log) == before


WINDOW_ROWS = {"closed": (), "open": ("open",), "paused": ("open", "pause")}


@pytest.mark.parametrize("row", WINDOW_ROWS)
@pytest.mark.parametrize("verb", ["open", "pause", "resume", "close"])
def test_every_fact_of_a_window_is_appended_or_refused_as_the_table_says(day, row, verb):
    for step in (*WINDOW_ROWS[row], verb):
        day.hall.wait(minutes=1)
        receipt = day.open(say=day.say) if step == "open" else day.window(step, say=day.say)
    legal = row in rules.WINDOWS[FACT_OF[f"window.{verb}"]]

    assert (receipt.status, receipt.code) == (("accepted", "") if legal else ("refused", "E_STATE"))


PRESENCE = {"none": (), "in": ("record_in",), "away": ("record_in", "leave_post"),
            "out": ("record_in", "record_out"), "leave": ("record_leave",)}  # fmt: skip


@pytest.mark.parametrize("row", PRESENCE)
@pytest.mark.parametrize("verb", ["record_in", "record_out", "leave_post", "return",
                                  "record_leave"])  # fmt: skip
def test_every_fact_of_attendance_is_appended_or_refused_as_the_table_says(day, row, verb):
    for step in PRESENCE[row]:
        day.staff(step)
    legal = row in rules.PEOPLE[FACT_OF[f"staff.{verb}"]]

    assert day.staff(verb, say=day.say).code == ("" if legal else "E_STATE")


def test_the_head_count_of_a_sensor_is_a_fact(day):
    counted = [day.must("hall.count_heads", {"count": n}, **MACHINE) for n in (41, 30)]

    assert [fact["data"]["stamp"] for fact in counted] == [{"more": 41}, {"more": -11}]


def test_every_fact_of_a_hall_is_tried_by_the_tables_above():
    tried = {*ticket_commands(), *(f"window.{v}" for v in ("open", "pause", "resume", "close")),
             *(f"staff.{v}" for v in ("record_in", "record_out", "leave_post", "return",
                                      "record_leave")), "hall.count_heads"}  # fmt: skip
    voids = {"hall.void_event"}  # test_hall_stamps.py
    told = {kind for kind, fact in FACTS.items() if fact.STREAM == "hall"}
    assert tried | voids == set(FACT_OF)
    assert told == {*FACT_OF.values(), "hall.event_restamped"}


# ------------------------------------------------------------------------------- the invariants


BROKEN = {
    "a number twice a day": ("WAIT", lambda d: d.issue("T2", no="T1", say=d.say), "E_STATE"),
    "a window that is closed": ("WAIT", lambda d: d.call(window="town-2", say=d.say), "E_STATE"),
    "a window that is paused": (
        "WAIT", lambda d: (d.window("pause"), d.call(say=d.say))[1], "E_STATE"),
    "a pause for no reason of the list": (
        "WAIT", lambda d: d.window("pause", reason="mood", say=d.say), "E_FIELD"),
    "an end without an outcome": ("SERV", lambda d: d.finish(outcome="mood", say=d.say), "E_FIELD"),
    "fewer people than none": (
        "-", lambda d: d.say("hall.count_heads", {"count": -1}, **MACHINE), "E_FIELD"),
    "a call without a new number": ("CALL", lambda d: d.call(number=1, say=d.say), "E_STATE"),
    "service where nobody called": (
        "CALL", lambda d: (d.open("town-2", "dai"), d.start(window="town-2", say=d.say))[1],
        "E_STATE"),
    "service by who does not sit there": ("CALL", lambda d: d.start(staff="dai", say=d.say),
                                          "E_STATE"),
    "two tickets at one window": (
        "SERV", lambda d: (d.issue("T2"), d.call("T2"), d.start("T2", say=d.say))[2], "E_STATE"),
    "two people at one window": ("WAIT", lambda d: d.open(staff="dai", say=d.say), "E_STATE"),
    "one person at two windows": ("WAIT", lambda d: d.open("town-2", "an", say=d.say), "E_STATE"),
    "a pause over a ticket": ("SERV", lambda d: d.window("pause", say=d.say), "E_STATE"),
    "resumed at a busy window": (
        "parked SERV",
        lambda d: (d.issue("T2"), d.call("T2"), d.start("T2"), d.ticket("resume", say=d.say))[3],
        "E_STATE"),
    "another appointment": (
        "-", lambda d: (d.issue(appointment_id="a9"), d.ticket("check_in", say=d.say))[1],
        "E_STATE"),
    "checked in twice": (
        "WAIT", lambda d: (d.ticket("check_in"), d.ticket("check_in", say=d.say))[1], "E_STATE"),
    "a window of another hall": ("WAIT", lambda d: d.call(window="key-1", say=d.say), "E_REF"),
    "staff nobody knows": ("-", lambda d: d.open(staff="who", say=d.say), "E_REF"),
    "a transfer to nowhere": ("WAIT", lambda d: d.ticket("transfer", to_queue=None, say=d.say),
                              "E_FIELD"),
    "two windows in one command": (
        "WAIT", lambda d: d.say("window.close", {"window_id": "town-1"}, window="town-2",
                                **MANAGER), "E_FIELD"),
    "the key of another day": (
        "-", lambda d: d.say("hall.count_heads", {"count": 1}, key="town.2020-06-02"), "E_FIELD"),
    "the key of no hall": ("-", lambda d: d.say("hall.count_heads", {"count": 1}, key="town"),
                           "E_FIELD"),
    "the centre of another hall": (
        "-", lambda d: d.say("hall.count_heads", {"count": 1}, centre="key"), "E_FIELD"),
    "a centre nobody knows": (
        "-", lambda d: d.say("hall.count_heads", {"count": 1}, centre="x", key="x.2020-06-01"),
        "E_REF"),
    "a name of somebody": (
        "-", lambda d: d.issue(name="张三", say=d.say), "E_FIELD"),
}  # fmt: skip


@pytest.mark.parametrize("what", BROKEN)
def test_each_invariant_refuses(day, what):
    row, do, code = BROKEN[what]
    day.bring_to(row)
    day.hall.wait(minutes=1)
    receipt = do(day)

    assert (receipt.status, receipt.code) == ("refused", code), receipt


EARLY = {
    "WAIT": lambda d, at: d.say("ticket.cancel", {"ticket_id": "T1"}, at=at, **GUIDE),
    "CALL": lambda d, at: d.say("ticket.pass_over", {"ticket_id": "T1"}, at=at, **clerk("an")),
    "SERV": lambda d, at: d.say("window.close", {"window_id": "town-1"}, at=at, **MANAGER),
    "-": lambda d, at: (
        d.staff("record_in"),
        d.say("staff.record_out", {"staff_id": "an"}, at=at, **MANAGER),
    )[1],
}


@pytest.mark.parametrize("row", EARLY)
def test_nothing_happens_before_what_it_needs(day, row):
    day.bring_to(row)
    receipt = EARLY[row](day, day.hall.now - timedelta(minutes=30))

    assert (receipt.status, receipt.code) == ("refused", "E_TIME_ORDER"), receipt


def test_a_call_is_not_before_its_window_opened(day):
    day.issue()
    early = day.hall.now + timedelta(minutes=1)
    day.hall.wait(minutes=5)
    day.open()
    data = {"ticket_id": "T1", "window_id": "town-1", "call_no": 1}

    assert day.say("ticket.call", data, at=early, **clerk("an")).code == "E_TIME_ORDER"


# --------------------------------------------------------------------------------------- posts

DESK, HALL, ALL = "accept issue agent", "hall_manager", "guide accept issue agent hall_manager"
MAY = {
    "ticket.issue": "guide citizen system", "ticket.check_in": "guide citizen system",
    **dict.fromkeys(("ticket.call", "ticket.start_service", "ticket.finish_service",
                     "ticket.pass_over", "ticket.park", "ticket.resume"), DESK),
    "ticket.transfer": f"{DESK} guide", "ticket.cancel": f"{DESK} guide citizen",
    "ticket.expire": f"{HALL} system", "window.open": HALL, "window.close": HALL,
    "window.pause": ALL, "window.resume": ALL, "staff.record_in": f"{ALL} system",
    "staff.record_out": f"{ALL} system", "staff.leave_post": ALL, "staff.return": ALL,
    "staff.record_leave": HALL, "hall.count_heads": f"{HALL} system",
    "hall.void_event": "corrector",
}  # fmt: skip


def test_who_may_do_what_in_a_hall():
    said = {
        command: {
            *(post.value for post in duty.POSTS[command]),
            *(["citizen"] if command in duty.CITIZEN_COMMANDS else []),
            *(["system"] if command in duty.SYSTEM_COMMANDS else []),
        }
        for command in FACT_OF
    }

    assert said == {command: set(who.split()) for command, who in MAY.items()}


@pytest.mark.parametrize("post", Post)
def test_the_posts_of_a_call_are_held_to(day, post):
    day.bring_to("WAIT")
    day.hall.org_must("staff.join", "new", {"centre": "town"})
    day.hall.org_must("staff.grant_post", "new", {"post": post.value, "granted_by": "chief"})
    data = {"ticket_id": "T1", "window_id": "town-1", "call_no": 1}
    receipt = day.say("ticket.call", data, who="new", post=post.value)

    assert receipt.code == ("" if post.value in DESK.split() else "E_AUTH")


def test_the_printed_tables_are_those_of_the_code():
    """docs/states.md, as an auditor reads it."""
    text = (
        (Path(__file__).parents[2] / "docs" / "states.md").read_text().partition("大厅 (hall)")[2]
    )
    rows = [[cell.strip() for cell in line[1:-1].split("|")] for line in text.splitlines()
            if line.startswith("| `")]  # fmt: skip
    printed = {re.match("`([^`]+)`", first)[1]: rest for first, rest in rows}
    tickets = {row: " ".join(f"`{fact.TYPE}`" for fact in facts)
               for row, facts in rules.TICKETS.items()}  # fmt: skip
    others = {kind: ", ".join(rows) for kind, rows in {**rules.WINDOWS, **rules.PEOPLE}.items()}

    assert printed == {**tickets, **others}
