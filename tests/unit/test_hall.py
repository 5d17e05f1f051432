"""大厅: what may follow in a hall, the stamps of its facts, and what ticks bring about."""

from datetime import datetime, timedelta

import pytest
from tests.hall_day import CLERKS, GUIDE, MACHINE, MANAGER, TOWN_KEY, TOWN_STREAM, HallDay, clerk

from ledger.contracts.codes import Post
from ledger.contracts.events import COMMANDS, FACTS
from ledger.rules import duty
from ledger.rules import hall as rules
from processors.views.fold import compile_fold

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
    assert day.must("hall.count_heads", {"count": 41}, **MACHINE)["data"]["stamp"] == {}


def test_every_fact_of_a_hall_is_tried_by_the_tables_above():
    tried = {*ticket_commands(), *(f"window.{v}" for v in ("open", "pause", "resume", "close")),
             *(f"staff.{v}" for v in ("record_in", "record_out", "leave_post", "return",
                                      "record_leave")), "hall.count_heads"}  # fmt: skip
    assert tried == set(FACT_OF)
    assert {kind for kind, fact in FACTS.items() if fact.STREAM == "hall"} == set(FACT_OF.values())


# ------------------------------------------------------------------------------- the invariants


BROKEN = {
    "a number twice a day": ("WAIT", lambda d: d.issue("T2", no="T1", say=d.say), "E_STATE"),
    "a window that is closed": ("WAIT", lambda d: d.call(window="town-2", say=d.say), "E_STATE"),
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


# -------------------------------------------------------------------------------------- stamps


def stamp(event):
    return event["data"]["stamp"]


def test_a_visit_is_stamped_with_its_wait_its_service_and_its_window(day):
    day.open()
    assert stamp(day.issue()) == {"waiting": 1}
    day.hall.wait(minutes=7, seconds=30)
    assert stamp(day.call()) == {"window": "town-1", "waiting": -1, "first_call": True}
    day.hall.wait(seconds=30)
    assert stamp(day.start()) == {"window": "town-1", "wait_seconds": 480, "open_seconds": 480}
    day.hall.wait(minutes=3)
    assert stamp(day.ticket("park")) == {
        "window": "town-1", "open_seconds": 180, "serving_seconds": 180}  # fmt: skip
    day.hall.wait(minutes=10)
    assert stamp(day.ticket("resume")) == {"window": "town-1", "open_seconds": 600}
    day.hall.wait(minutes=2)
    assert stamp(day.finish(case_ids=["C1"])) == {
        "window": "town-1", "service_seconds": 300, "open_seconds": 120,
        "serving_seconds": 120}  # fmt: skip
    day.hall.wait(minutes=1)
    assert stamp(day.window("pause")) == {"window": "town-1", "open_seconds": 60}
    day.hall.wait(minutes=60)
    assert stamp(day.window("resume")) == {"window": "town-1"}
    day.hall.wait(minutes=1)
    assert stamp(day.window("close")) == {"window": "town-1", "open_seconds": 60}


def test_a_transfer_begins_a_new_wait(day):
    day.bring_to("SERV")
    day.hall.wait(minutes=4)
    assert stamp(day.ticket("transfer", to_window="town-2")) == {
        "window": "town-1", "waiting": 1, "open_seconds": 240, "serving_seconds": 240}  # fmt: skip
    day.open("town-2", "dai")
    day.hall.wait(minutes=6)
    assert stamp(day.call(window="town-2")) == {"window": "town-2", "waiting": -1}
    assert stamp(day.start(window="town-2"))["wait_seconds"] == 360


def test_after_a_no_show_the_wait_is_from_the_last_call(day):
    day.bring_to("PASS")
    day.hall.wait(minutes=20)
    day.call()
    day.hall.wait(minutes=2)
    day.call()
    day.hall.wait(minutes=1)

    assert stamp(day.start())["wait_seconds"] == 60


def test_an_appointment_waits_from_its_check_in_and_parking_is_no_wait(day):
    day.open()
    day.issue(appointment_id="a1")
    day.hall.wait(minutes=30)
    day.ticket("check_in")
    day.hall.wait(minutes=2)
    day.ticket("park")
    day.hall.wait(minutes=15)
    day.ticket("resume")
    day.hall.wait(minutes=3)
    day.call()

    assert stamp(day.start())["wait_seconds"] == 300


def test_the_number_of_those_who_wait_comes_back_to_zero(day):
    day.open()
    for number in range(6):
        day.issue(f"T{number}")
    day.call("T0")
    day.ticket("pass_over", "T0")
    day.ticket("cancel", "T0")
    day.ticket("cancel", "T1")
    day.ticket("transfer", "T2")
    day.call("T3")
    day.ticket("transfer", "T3")
    day.ticket("park", "T4")
    assert waiting(day) == 4
    day.hall.wait(days=1)
    day.tick()

    assert waiting(day) == 0
    assert day.tick() == ()


def waiting(day):
    sums, fold = {}, compile_fold()
    for event in day.hall.events(TOWN_STREAM):
        fold(sums, event)
    return sums.get("waiting||town|", 0)


# ---------------------------------------------------------------------------- what time brings


def test_a_ticket_that_a_closed_window_left_is_finished_after_thirty_minutes(day):
    day.bring_to("SERV")
    day.hall.wait(minutes=5)
    closed = datetime.fromisoformat(day.window("close")["time"])
    day.hall.wait(minutes=30)
    assert day.tick() == ()
    day.hall.wait(seconds=1)
    day.tick()
    left = day.hall.last(TOWN_STREAM)

    assert left["type"] == "ticket.service_finished"
    assert left["data"]["data"] == {"ticket_id": "T1", "outcome": "left", "case_ids": []}
    assert datetime.fromisoformat(left["time"]) == closed + timedelta(minutes=30)
    assert (left["sourceclass"], left["actorkind"], left["centre"]) == ("system", "system", "town")
    assert "open_seconds" not in stamp(left)
    assert not any(cell.startswith("service_n|") for cell in cells(day))


def cells(day):
    sums, fold = {}, compile_fold()
    for event in day.hall.events(TOWN_STREAM):
        fold(sums, event)
    return sums


def test_who_is_finished_in_time_is_not_finished_again(day):
    day.bring_to("SERV")
    day.window("close")
    day.hall.wait(minutes=10)
    day.finish()
    day.hall.wait(minutes=60)

    assert day.tick() == ()


def test_a_window_that_opens_again_keeps_its_ticket(day):
    day.bring_to("SERV")
    day.window("close")
    day.hall.wait(minutes=10)
    day.open()
    day.hall.wait(minutes=60)

    assert day.tick() == ()
    assert stamp(day.finish())["serving_seconds"] == 3600


def test_a_parked_ticket_of_a_closed_window_is_left_too(day):
    day.bring_to("parked SERV")
    day.window("close")
    day.hall.wait(minutes=31)

    assert len(day.tick()) == 1
    assert day.state.tickets["T1"].status == "END"


def test_what_a_hall_without_its_line_tells_after_midnight_still_counts(day):
    """The ledger expired the ticket; then the outbox of the hall delivers what had happened."""
    day.open()
    day.issue()
    called = day.hall.now + timedelta(minutes=5)
    day.hall.wait(hours=15)
    day.tick()
    assert day.hall.last(TOWN_STREAM)["type"] == "ticket.expired"
    assert day.hall.last(TOWN_STREAM)["time"] == "2020-06-01T23:59:59+08:00"
    call = {"ticket_id": "T1", "window_id": "town-1", "call_no": 1}
    event = day.must("ticket.call", call, at=called, **clerk("an"))
    begin = {"ticket_id": "T1", "window_id": "town-1", "staff_id": "an"}
    start = day.must("ticket.start_service", begin, at=called, **clerk("an"))

    assert stamp(event) == {"window": "town-1", "first_call": True}
    assert stamp(start)["wait_seconds"] == 300
    assert waiting(day) == 0


def test_the_states_of_a_day_are_folded_as_they_evolved(day):
    day.bring_to("WAIT")
    day.ticket("park")

    assert day.hall.partition._state(TOWN_STREAM) == day.state
    assert day.state.day == TOWN_KEY.rpartition(".")[2]
    assert CLERKS[0] == day.state.windows["town-1"].staff
