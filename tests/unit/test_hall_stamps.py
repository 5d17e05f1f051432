"""大厅: the stamps of a hall's facts, and what ticks bring about."""

from datetime import datetime, timedelta

import pytest

from processors.views.fold import compile_fold
from tests.hall_day import TOWN_STREAM, HallDay, clerk


@pytest.fixture
def day(hall):
    return HallDay(hall)


def stamp(event):
    return event["data"]["stamp"]


def cells(day):
    sums, fold = {}, compile_fold()
    for event in day.hall.events(TOWN_STREAM):
        fold(sums, event)
    return sums


def waiting(day):
    return cells(day).get("waiting||town|", 0)


def test_a_visit_is_stamped_with_its_wait_its_service_and_its_window(day):
    day.open()
    assert stamp(day.issue()) == {"waiting": 1, "waits_from": "10:00"}
    day.hall.wait(minutes=7, seconds=30)
    assert stamp(day.call()) == {
        "window": "town-1", "waiting": -1, "first_call": True, "waited_from": "10:00"}  # fmt: skip
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
        "serving_seconds": 120, "rateable": True}  # fmt: skip
    day.hall.wait(minutes=1)
    assert stamp(day.window("pause")) == {"window": "town-1", "open_seconds": 60}
    day.hall.wait(minutes=60)
    assert stamp(day.window("resume")) == {"window": "town-1"}
    day.hall.wait(minutes=1)
    assert stamp(day.window("close")) == {
        "window": "town-1", "open_seconds": 60, "was": "open"}  # fmt: skip


def test_a_transfer_begins_a_new_wait(day):
    day.bring_to("SERV")
    day.hall.wait(minutes=4)
    assert stamp(day.ticket("transfer", to_window="town-2")) == {
        "window": "town-1", "waiting": 1, "open_seconds": 240, "serving_seconds": 240,
        "waits_from": "10:06"}  # fmt: skip
    day.open("town-2", "dai")
    day.hall.wait(minutes=6)
    assert stamp(day.call(window="town-2")) == {
        "window": "town-2", "waiting": -1, "waited_from": "10:06"}  # fmt: skip
    assert stamp(day.start(window="town-2"))["wait_seconds"] == 360


def test_after_a_no_show_the_wait_is_from_the_last_call(day):
    day.bring_to("PASS")
    day.hall.wait(minutes=20)
    day.call()
    day.hall.wait(minutes=2)
    day.call()
    day.hall.wait(minutes=1)

    assert stamp(day.start())["wait_seconds"] == 60


def test_a_no_show_is_forgotten_with_the_transfer(day):
    day.bring_to("PASS")
    day.call()
    day.ticket("transfer")
    day.hall.wait(minutes=6)
    day.call()
    day.hall.wait(minutes=1)

    assert stamp(day.start())["wait_seconds"] == 420


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


# ------------------------------------------------------------------------------------- corrections


def void(day, *versions, minutes=0, **more):
    """Void facts of the day, as of so many minutes ago."""
    targets = [f"{TOWN_STREAM}@{version}" for version in versions]
    data = {"target": targets[0], "cascade": targets[1:], "reason_code": "other",
            "requested_by": "fu", "approved_by": "gu", **more}  # fmt: skip
    at = day.hall.now - timedelta(minutes=minutes)
    return day.say("hall.void_event", data, who="fu", post="corrector", at=at)


def test_a_voided_call_gives_its_time_back(day):
    """Without the no-show and the second call the wait is from the issue again."""
    day.bring_to("PASS")
    day.hall.wait(minutes=20)
    day.call()
    day.start()
    assert cells(day)["wait_seconds|2020-06-01|town|town-1"] == 0
    assert void(day, 4, 5).status == "accepted"
    made = cells(day)

    assert made["no_shows|2020-06-01|town|town-1"] == 0
    assert made["wait_seconds|2020-06-01|town|town-1"] == 22 * 60
    assert made["open_seconds|2020-06-01|town|town-1"] == 22 * 60
    assert day.state.tickets["T1"].status == "SERV"


def test_a_voided_ticket_no_longer_waits(day):
    day.issue()
    assert void(day, 1).status == "accepted"

    assert waiting(day) == 0
    assert day.issue()["type"] == "ticket.issued"


WRONG = {
    "a fact that others need": ((3,), {}, "E_DEPENDENT"),
    "a fact that is not there": ((99,), {}, "E_REF"),
    "one person twice": ((4,), {"requested_by": "fu", "approved_by": "fu"}, "E_AUTH"),
    "whoever entered it": ((4,), {"approved_by": "an"}, "E_SOD"),
    "what happened later": ((4,), {"minutes": 9}, "E_TIME_ORDER"),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_void_that_is_wrong_is_refused(day, what):
    versions, more, code = WRONG[what]
    day.hall.org_must("staff.grant_post", "an", {"post": "correct_approver", "granted_by": "x"})
    day.bring_to("SERV")

    assert void(day, *versions, **more).code == code


def test_a_fact_is_voided_once(day):
    day.issue()
    void(day, 1)

    assert void(day, 1).code == "E_STATE"


def test_an_open_window_whose_person_is_away_is_stamped_where_that_ends(day):
    """Not while it is paused, not twice, and by the whole second (K39)."""
    day.open()
    day.staff("record_in")
    day.hall.wait(minutes=1)
    assert stamp(day.staff("leave_post")) == {}
    day.hall.wait(minutes=4)
    assert stamp(day.window("pause"))["unattended_seconds"] == 240
    day.hall.wait(minutes=9)
    day.window("resume")
    day.hall.wait(minutes=2)
    assert stamp(day.staff("return")) == {"window": "town-1", "unattended_seconds": 120}
    day.hall.wait(minutes=8)
    assert stamp(day.window("close")) == {"window": "town-1", "open_seconds": 600, "was": "open"}
    assert cells(day)["unattended_seconds|2020-06-01|town|town-1"] == 360


# what is said, minute by minute, of `an` at town-1, who came at 10:00 | (fact, seconds) of 空岗
ABSENCES = [
    ("record_out 5 close", [("window.closed", 300)]),
    ("record_out 5 pause 3 resume 2 record_in 4 close",
     [("window.paused", 300), ("staff.clock_in", 120)]),
    ("leave_post 4 record_out 5 close", [("staff.clock_out", 240), ("window.closed", 300)]),
    ("record_out 4 record_leave 5 close", [("staff.on_leave", 240), ("window.closed", 300)]),
    ("close 1 record_out 5 open 3 close", [("window.closed", 180)]),
    ("close 1 record_out 5 record_in 5 open 3 close", []),
    ("leave_post 2 return 3 close", [("staff.returned", 120)]),
]  # fmt: skip


@pytest.mark.parametrize(("story", "wanted"), ABSENCES)
def test_a_window_whose_person_has_clocked_out_is_unattended_until_that_ends(day, story, wanted):
    day.staff("record_in")
    day.open()
    for word in story.split():
        if word.isdigit():
            day.hall.wait(minutes=int(word))
        elif word == "open":
            day.open()
        elif word in {"pause", "resume", "close"}:
            day.window(word)
        else:
            day.staff(word)
    found = [(e["type"], e["data"]["stamp"]["unattended_seconds"])
             for e in day.hall.events(TOWN_STREAM)
             if "unattended_seconds" in e["data"]["stamp"]]  # fmt: skip

    assert found == wanted
