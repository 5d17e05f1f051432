"""一次一评: a visit is rated as soon as its service ended; a case, a visit, a task are three."""

from datetime import timedelta

import pytest

from ledger.rules import alerts
from ledger.rules.rated import Subject
from ledger.rules.rating import fold
from tests.hall_day import TOWN_KEY, TOWN_STREAM, HallDay
from tests.rating_ways import join, step, tick

STREAM = f"rating/{TOWN_KEY}"
CITIZEN = {"actor": {"kind": "citizen"}}
VISIT = {"rating_id": "r1", "stars": 5, "subject": "ticket", "ticket_id": "T1",
         "via": "hall_tablet"}  # fmt: skip
LOOP = ("precheck", "verify", "plan", "rectify", "reply", "call", "close", "instruct")


@pytest.fixture
def day(new_hall):
    """T1 waits, T2 is served by an at town-1; the staff of the loop is there."""
    made = HallDay(new_hall())
    join(made.hall)
    made.bring_to("SERV", "T2")
    made.issue("T1")
    return made


def serve(day, **data):
    """T1 is served to its end."""
    for verb in ("call", "start"):
        getattr(day, verb)("T1")
        day.hall.wait(minutes=2)
    day.finish("T1", **data)
    day.hall.wait(minutes=1)


def visited(day, stars=5, **data):
    """Let T1 be served and rate its visit."""
    day.finish("T2", outcome="left")
    serve(day, **data)
    receipt = rate(day, stars=stars, real_name=True)
    assert receipt.status == "accepted", receipt


def rate(day, *, more=None, **but):
    data = {name: value for name, value in {**VISIT, **but}.items() if value is not None}
    return day.hall.say("rating.submit", TOWN_KEY, data, **{**CITIZEN, **(more or {})})


def stamp(day, number=0):
    return day.hall.events(STREAM)[number]["data"]["stamp"]


def test_a_visit_is_rated_when_its_service_ended_long_before_any_case_is_concluded(day):
    visited(day, case_ids=["C1", "C2"])
    end = day.state.tickets["T1"].finished_at

    assert stamp(day) == {
        "accept_centre": "town", "accept_window": "town-1", "first": True, "ended_at": end,
        "rateable": True,
    }  # fmt: skip
    assert day.hall.last(TOWN_STREAM)["data"]["stamp"]["rateable"] is True


def test_an_invitation_and_a_default_follow_the_end_of_the_service(day):
    said = {"subject": "ticket", "ticket_id": "T2", "rated_staff": ["an"]}
    assert day.hall.say("rating.invite", TOWN_KEY, said, who="an", post="accept").code == "E_STATE"
    day.finish("T2", outcome="unable")
    assert day.hall.must("rating.invite", TOWN_KEY, said, who="an", post="accept")
    said = {"subject": "ticket", "ticket_id": "T2", "rating_id": "d"}
    assert day.hall.must("rating.default", TOWN_KEY, said, source_class="imported")

    assert stamp(day)["accept_window"] == stamp(day, 1)["accept_window"] == "town-1"
    assert fold(day.hall.events(STREAM)).subjects == {Subject("ticket", "T2")}


REFUSALS = [  # what is said otherwise | minutes ago | code | what would be legal
    ({"ticket_id": "T9"}, 0, "E_REF", ()),
    ({"ticket_id": "T2"}, 0, "E_STATE", ("ticket.finish_service",)),
    ({"ticket_id": "T3"}, 0, "E_STATE", ()),
    ({"ticket_id": "T4"}, 0, "E_STATE", ()),
    ({"via": "qr", "rating_id": "r2"}, 30, "E_TIME_ORDER", ()),
    ({"rating_id": "r2"}, 0, "E_STATE", ()),
    ({"via": "qr"}, 0, "E_STATE", ()),
    ({"via": "qr", "rating_id": "r2"}, 0, "", ()),
    ({"ticket_id": None}, 0, "E_FIELD", ()),
    ({"subject": None}, 0, "E_FIELD", ()),
    ({"subject": "case"}, 0, "E_FIELD", ()),
    ({"subject": "case", "ticket_id": None}, 0, "E_REF", ()),
    ({"subject": "agent_task", "ticket_id": None}, 0, "E_REF", ()),
    ({"subject": "consult", "ticket_id": None}, 0, "E_FIELD", ()),
]


@pytest.mark.parametrize(("but", "ago", "code", "legal"), REFUSALS)
def test_each_invariant_of_a_visit_refuses(day, but, ago, code, legal):
    day.issue("T3")
    day.ticket("cancel", "T3")
    day.finish("T2", outcome="left")
    day.issue("T4")
    day.call("T4")
    day.start("T4")
    day.finish("T4", outcome="left")
    serve(day)
    assert rate(day).status == "accepted"
    day.issue("T5")
    day.call("T5")
    day.start("T5")
    but = {**but, "ticket_id": "T5"} if but.get("ticket_id") == "T2" else but
    receipt = rate(day, **but, more={"at": day.hall.now - timedelta(minutes=ago)})

    assert (receipt.code, tuple(receipt.legal)) == (code, legal), receipt


def test_a_visit_is_rated_within_ten_working_days(day):
    visited(day)
    day.hall.wait(days=15)
    late = {"late_reason": "x"}
    assert rate(day, rating_id="r2", via="sms", more=late).code == "E_LIMIT"
    imported = {**late, "source_class": "imported"}
    assert rate(day, rating_id="r2", via="sms", more=imported).status == "accepted"

    assert stamp(day, 1)["flags"] == ["outside_window"]
    assert stamp(day, 1)["first"] is False


def test_two_visits_of_a_day_and_a_case_of_one_of_them_are_three_services(day):
    day.finish("T2", case_ids=["C1"])
    serve(day)
    for ticket, name in (("T1", "a"), ("T2", "b")):
        assert rate(day, ticket_id=ticket, rating_id=name).status == "accepted"
    day.hall.bring_to("DEC+")
    day.hall.conclude()
    assert day.hall.rate(via="hall_tablet").status == "accepted"

    assert [e["data"]["stamp"]["first"] for e in day.hall.events(STREAM)] == [True, True]
    assert day.hall.last("rating/C1")["data"]["stamp"]["first"] is True


def test_a_case_that_has_the_key_of_a_hall_is_still_a_case(day):
    """What is rated is said, never guessed from how a key looks."""
    visited(day)
    day.hall.bring_to("DEC+", TOWN_KEY)
    day.hall.conclude(TOWN_KEY)
    assert rate(day, subject="case", ticket_id=None, rating_id="c").status == "accepted"
    assert stamp(day, 1)["item"] == "promised"
    assert day.hall.void(f"case/{TOWN_KEY}@6").status == "accepted"
    after = day.hall.last(STREAM)["data"]["data"]

    assert after["target"] == f"{STREAM}@2"
    assert "concluded_at" not in after["after"]["data"]["stamp"]
    assert {s.kind for s in fold(day.hall.events(STREAM)).subjects} == {"ticket", "case"}


def test_a_visit_that_is_told_late_takes_the_case_out_of_what_could_be_rated(new_hall):
    """The service was the visit: the conclusion and its rating count as 可评 and 参评 no more."""
    hall = new_hall()
    hall.bring_to("DEC+")
    before = hall.now
    hall.wait(minutes=5)
    hall.conclude()
    hall.rate(stars=4)
    told = [hall.last()["data"]["stamp"], hall.last("rating/C1")["data"]["stamp"]]
    assert [each.get("rateable") for each in told] == [True, True]
    visit = {"hall": TOWN_KEY, "ticket_id": "T1"}
    assert hall.say("case.visit", data=visit, at=before, source_class="system").status == "accepted"
    after = [hall.last(stream)["data"]["data"]["after"]["data"]["stamp"]
             for stream in ("case/C1", "rating/C1")]  # fmt: skip

    assert ["rateable" in each for each in after] == [False, False]
    assert after[1]["concluded_at"] == told[1]["concluded_at"]


@pytest.mark.parametrize(("code", "rateable"), [(0, True), (4, True), (2, None), (3, None)])
def test_what_was_concluded_as_no_result_is_no_service_to_rate(new_hall, code, rateable):
    hall = new_hall()
    hall.bring_to("DEC+")
    said = {"result_code": code}
    hall.must("case.conclude", data=said, who="bo", post="approve")
    hall.rate()

    assert hall.last()["data"]["stamp"].get("rateable") is rateable
    assert hall.last("rating/C1")["data"]["stamp"].get("rateable") is rateable


# ---------------------------------------------------------------------------------- the loop


def test_a_negative_of_a_visit_walks_the_same_loop(day):
    visited(day, stars=1)
    for name in LOOP:
        receipt = step(day.hall, name, key=TOWN_KEY)
        assert receipt.status == "accepted", (name, receipt)
        day.hall.wait(minutes=5)
    kinds = [event["type"] for event in day.hall.events(STREAM)]

    assert kinds[:2] == ["rating.submitted", "neg.dispatched"]
    assert kinds[-2:] == ["neg.closed", "neg.instructed"]
    assert "dept" not in day.hall.events(STREAM)[1]["data"]["data"]
    assert stamp(day, 2)["accept_window"] == "town-1"


@pytest.mark.parametrize(("before", "name"), [((), "verify"), (("verify", "rectify"), "call")])
def test_who_served_a_ticket_is_rated_and_neither_verifies_nor_calls(day, before, name):
    visited(day, stars=2)
    for each in before:
        step(day.hall, each, key=TOWN_KEY)

    assert step(day.hall, name, key=TOWN_KEY, who="an").code == "E_SOD"
    assert step(day.hall, name, key=TOWN_KEY, who="an", source_class="imported").status == (
        "accepted"
    )
    assert stamp(day, -1)["flags"] == ["R07"]


def test_an_appeal_is_filed_and_decided_by_the_city(day):
    visited(day, stars=1)
    step(day.hall, "appeal", key=TOWN_KEY)
    assert step(day.hall, "uphold", key=TOWN_KEY, who="near").code == "E_SOD"
    assert step(day.hall, "uphold", key=TOWN_KEY).status == "accepted"

    assert fold(day.hall.events(STREAM)).ratings["r1"].decided == "upheld"


def test_what_is_not_done_in_time_is_a_breach_and_a_card_that_a_hall_fact_does_not_cancel(day):
    visited(day, stars=1)
    tick(day.hall, "06-03T00:00")
    breach = day.hall.last(STREAM)
    assert breach["data"]["data"]["clock"] == "C11.verify"
    raised = alerts.fold(day.hall.events(f"supervision/{TOWN_KEY}"))
    cards = [each for each in raised.values() if each.rule == "R24"]
    assert [(each.subject, each.centre, each.status) for each in cards] == [
        (STREAM, "town", "open")]  # fmt: skip
    opened = next(e["id"] for e in day.hall.events(TOWN_STREAM) if e["type"] == "ticket.issued")
    receipt = day.hall.void(opened, stream="hall")
    assert receipt.code == "E_DEPENDENT"
    assert day.hall.void(opened, *receipt.legal, stream="hall").status == "accepted"
    still = alerts.fold(day.hall.events(f"supervision/{TOWN_KEY}"))

    assert [each.status for each in still.values() if each.rule == "R24"] == ["open"]


# ------------------------------------------------------------------------------- corrections


def facts(day, kind):
    return [e["id"] for e in day.hall.events(TOWN_STREAM)
            if e["type"] == kind and e["data"]["data"].get("ticket_id") == "T1"]  # fmt: skip


def test_a_voided_rating_of_a_visit_takes_its_loop_along(day):
    visited(day, stars=1)
    step(day.hall, "verify", key=TOWN_KEY)
    tick(day.hall, "06-03T00:00")
    assert day.hall.void(f"{STREAM}@1", stream="rating").status == "accepted"
    tick(day.hall, "08-01T00:00")

    assert fold(day.hall.events(STREAM)).ratings == {}
    assert day.hall.last(STREAM)["type"] == "rating.event_restamped"


def test_a_voided_end_of_service_leaves_the_rating_at_no_window_until_it_ends_again(day):
    visited(day, stars=1, case_ids=["C1"])
    end = facts(day, "ticket.service_finished")[0]
    assert day.hall.void(end, stream="hall").status == "accepted"
    first, second = (e["data"]["data"]["after"]["data"]["stamp"]
                     for e in day.hall.events(STREAM)[-2:])  # fmt: skip
    assert first == {"accept_centre": "town", "first": True}
    assert "accept_window" not in second
    day.hall.wait(minutes=1)
    day.finish("T1")
    again = day.hall.events(STREAM)[-2]["data"]["data"]["after"]["data"]["stamp"]

    assert again == {"accept_centre": "town", "accept_window": "town-1", "first": True,
                     "ended_at": day.state.tickets["T1"].finished_at}  # fmt: skip
    assert day.hall.events(STREAM)[-2]["causation"] == f"{STREAM}@1"


def test_a_transfer_that_was_not_moves_the_rating_to_the_window_that_served(day):
    day.finish("T2", outcome="left")
    day.open("town-2", "dai")
    day.call("T1")
    day.start("T1")
    day.hall.wait(minutes=1)
    day.ticket("transfer", "T1")
    day.call("T1", "town-2")
    day.start("T1", "town-2")
    day.finish("T1")
    assert rate(day).status == "accepted"
    assert stamp(day)["accept_window"] == "town-2"
    transfer = facts(day, "ticket.transferred")[0]
    receipt = day.hall.void(transfer, stream="hall")
    assert receipt.code == "E_DEPENDENT"
    receipt = day.hall.void(transfer, *receipt.legal, stream="hall")
    assert receipt.status == "accepted", receipt

    after = day.hall.last(STREAM)["data"]["data"]["after"]
    assert after["data"]["stamp"]["accept_window"] == "town-1"


# --------------------------------------------------------------------------------------- tasks


def test_a_task_of_an_agent_is_rated_when_it_ended(new_hall):
    hall = new_hall()
    join(hall)
    other = {"source_class": "imported"}
    about = {"rating_id": "r1", "stars": 1, "subject": "agent_task"}
    hall.must("agent.request", "T1", {"kind": "help", "item": "promised", "village": "village"},
              **other)  # fmt: skip
    hall.must("agent.accept", "T1", {"agent_id": "vi", "due": "2020-06-05"}, centre="village",
              **other)  # fmt: skip
    assert hall.say("rating.submit", "T1", about, **CITIZEN).code == "E_STATE"
    hall.must("agent.hand_to_town", "T1", {"agent_id": "an"}, centre="town", **other)
    hall.must("agent.end", "T1", {"outcome": "done"}, **other)
    hall.must("rating.submit", "T1", about, **CITIZEN)
    assert step(hall, "verify", key="T1", who="an").code == "E_SOD"
    assert hall.events("rating/T1")[0]["data"]["stamp"] == {
        "item": "promised", "accept_centre": "town", "first": True,
        "ended_at": hall.last("agent/T1")["time"]}  # fmt: skip
    for target in ("agent/T1@4", "agent/T1@3"):
        assert hall.void(target, stream="agent").status == "accepted"
    moved = hall.last("rating/T1")["data"]["data"]["after"]["data"]["stamp"]

    assert moved["accept_centre"] == "village"
    hall.must("agent.end", "T1", {"outcome": "done"}, **other)
    ended = [e["data"]["data"]["after"]["data"]["stamp"] for e in hall.events("rating/T1")[-2:]]
    assert any("ended_at" in each for each in ended)
