"""差评闭环: every fact of the rating stream appended once, and refused once for each invariant."""

from datetime import datetime, timedelta

import pytest

from ledger.contracts.codes import SHANGHAI
from ledger.contracts.events import FACTS
from ledger.rules.rating import fold
from tests.rating_ways import ABOUT, STEPS, rate_badly, step, tick, walk


@pytest.fixture
def rated(new_hall):
    """C1 is concluded and rated with one star by a citizen who gave a name, 2020-06-01."""

    def make(stars=1, **more):
        hall = new_hall()
        rate_badly(hall, stars, **more)
        return hall

    return make


def kinds(hall):
    return [event["type"] for event in hall.events("rating/C1")]


def breaches(hall):
    facts = [e["data"]["data"] for e in hall.events("rating/C1")
             if e["type"] == "rating.clock_breached"]  # fmt: skip
    return [(each["clock"], each["due"][5:10]) for each in facts]


WHOLE = ("precheck", "verify", "plan", "extend", "rectify", "reply", "call", "close", "instruct")
APPENDS = [  # what was done before | the step | the fact
    ((), "append", "rating.appended"),
    *((WHOLE[:n], WHOLE[n], f"neg.{fact}") for n, fact in enumerate((
        "prechecked", "verified", "rectify_planned", "extension_granted", "rectified", "replied",
        "called_back", "closed", "instructed"))),
    ((), "appeal", "appeal.filed"),
    (("appeal",), "uphold", "appeal.upheld"),
    (("appeal",), "deny", "appeal.denied"),
    (("mistaken",), "call", "neg.called_back"),
    (("appeal", "uphold", "reply"), "close", "neg.closed"),
]  # fmt: skip


@pytest.mark.parametrize(("before", "name", "fact"), APPENDS)
def test_each_step_of_the_loop_appends_its_fact(rated, before, name, fact):
    hall = rated()
    walk(hall, *before, name)
    event = hall.last("rating/C1")

    assert event["type"] == fact
    if fact != "rating.appended":
        assert event["data"]["stamp"]["stars"] == 1
    assert event["data"]["stamp"]["accept_window"] == "town-1"


REFUSALS = [  # what was done before | the step | days later | more | code
    ((), "precheck", 0, {"data": {"rating_id": "r9"}}, "E_REF"),
    ((), "precheck", 0, {"data": {"reasonable": None}}, "E_FIELD"),
    ((), "append", 0, {"data": {"stars": 6}}, "E_FIELD"),
    ((), "verify", 0, {"data": {"finding": "mood"}}, "E_FIELD"),
    (("verify",), "plan", 0, {"data": {"by": "soon"}}, "E_FIELD"),
    ((), "extend", 0, {"data": {"approver": None}}, "E_FIELD"),
    ((), "reply", 0, {"data": {"via": "shout"}}, "E_FIELD"),
    ((), "call", 0, {"data": {"reached": "perhaps"}}, "E_FIELD"),
    ((), "appeal", 0, {"data": {"reason": "mood"}}, "E_FIELD"),
    ((), "instruct", 0, {"data": {"rating_id": "r9"}}, "E_REF"),
    ((), "instruct", -1, {}, "E_TIME_ORDER"),
    (("append",), "append", 0, {}, "E_STATE"),
    ((), "append", -1, {}, "E_TIME_ORDER"),
    (("precheck",), "precheck", 0, {}, "E_STATE"),
    (("verify",), "precheck", 0, {}, "E_STATE"),
    (("verify",), "verify", 0, {}, "E_STATE"),
    ((), "verify", -1, {}, "E_TIME_ORDER"),
    ((), "verify", 0, {"who": "an"}, "E_SOD"),
    ((), "plan", 0, {}, "E_STATE"),
    (("verify", "plan"), "plan", 0, {}, "E_STATE"),
    ((), "rectify", 0, {}, "E_STATE"),
    (("mistaken",), "rectify", 0, {}, "E_STATE"),
    (("verify", "rectify"), "rectify", 0, {}, "E_STATE"),
    (("verify",), "rectify", -1, {}, "E_TIME_ORDER"),
    (("extend",), "extend", 0, {}, "E_STATE"),
    (("verify", "rectify"), "extend", 0, {}, "E_STATE"),
    ((), "shorten", 0, {}, "E_LIMIT"),
    ((), "call", 0, {}, "E_STATE"),
    (("verify",), "call", 0, {}, "E_STATE"),
    (("verify", "rectify"), "call", 0, {"who": "an"}, "E_SOD"),
    (("verify", "rectify", "call"), "miss", 0, {}, "E_STATE"),
    (("verify", "rectify", "miss"), "miss", -1, {}, "E_TIME_ORDER"),
    (("verify", "rectify", "call"), "close", 0, {}, "E_STATE"),
    (("verify", "rectify", "reply"), "close", 0, {}, "E_STATE"),
    (("reply",), "close", 0, {}, "E_STATE"),
    (WHOLE[:8], "reply", 0, {}, "E_STATE"),
    (("appeal", "uphold"), "verify", 0, {}, "E_STATE"),
    ((), "reply", -1, {}, "E_TIME_ORDER"),
    (("appeal",), "appeal", 0, {}, "E_STATE"),
    ((), "appeal", 8, {}, "E_LIMIT"),
    ((), "appeal", -1, {}, "E_TIME_ORDER"),
    ((), "uphold", 0, {}, "E_STATE"),
    (("appeal", "deny"), "uphold", 0, {}, "E_STATE"),
    (("appeal",), "deny", -1, {}, "E_TIME_ORDER"),
    (("appeal",), "uphold", 0, {"who": "near"}, "E_SOD"),
    (("appeal",), "deny", 0, {"who": "near"}, "E_SOD"),
]  # fmt: skip


@pytest.mark.parametrize(("before", "name", "days", "more", "code"), REFUSALS)
def test_each_invariant_refuses(rated, before, name, days, more, code):
    hall = rated()
    walk(hall, *before)
    at = hall.now + timedelta(days=days) if days < 0 else None
    hall.wait(days=max(days, 0))
    more = {**more, "data": {**STEPS[name][1], **more["data"]}} if "data" in more else more
    kind, data, who = STEPS[name]
    said = {"data": {**ABOUT, **data}, **who, **more}
    count = len(hall.shelf.log)
    receipt = hall.say(kind, at=at, late_reason="x", **said)

    assert receipt.code == code, receipt
    assert len(hall.shelf.log) == count


def test_the_tables_have_every_fact_of_the_loop():
    own = {kind for kind, fact in FACTS.items() if fact.STREAM == "rating" and fact.COMMAND}
    about_a_rating = {kind for kind in own if "rating_id" in FACTS[kind].model_fields}

    assert {fact for _, _, fact in APPENDS} == about_a_rating - {
        "rating.submitted", "rating.defaulted"
    }  # fmt: skip
    assert {name for _, name, *_ in REFUSALS} >= set(STEPS) - {"mistaken"}


# a second rating of the case says otherwise | code
SECOND = [
    ({"via": "sms"}, ""), ({"via": "qr"}, "E_STATE"),
    ({"via": "sms", "rating_id": "r1"}, "E_STATE"),
    ({"via": "sms", "stars": 0}, "E_FIELD"), ({"via": "sms", "stars": 6}, "E_FIELD"),
    ({"via": "pigeon"}, "E_FIELD"), ({"via": "sms", "rater_ref": "张三"}, "E_FIELD"),
]  # fmt: skip


@pytest.mark.parametrize(("but", "code"), SECOND)
def test_a_service_is_rated_once_by_each_way_with_one_to_five_stars(rated, but, code):
    hall = rated()
    said = {"rating_id": "r2", "stars": 4, **but}

    assert hall.say("rating.submit", data=said, actor={"kind": "citizen"}).code == code


def test_a_negative_is_dispatched_with_its_dues_and_a_good_one_is_not(rated):
    hall = rated()
    assert kinds(hall) == ["rating.submitted", "neg.dispatched"]
    order = hall.last("rating/C1")
    assert order["actorkind"] == "system"
    said = order["data"]["data"]
    assert (said["dept"], said["verify_due"][:10], said["rectify_due"][:10]) == (
        "民政", "2020-06-02", "2020-06-22",
    )  # fmt: skip

    assert kinds(rated(3)) == ["rating.submitted"]
    assert kinds(rated(source_class="historical", channel="web")) == ["rating.submitted"]
    assert step(rated(3), "verify").code == "E_STATE"


def test_a_rating_is_given_within_ten_working_days(rated):
    hall = rated(5)
    hall.wait(days=14)
    assert hall.rate(stars=4, via="sms").status == "accepted"
    hall.wait(days=1)
    late = {"via": "pc", "late_reason": "x"}
    assert hall.rate(**late).code == "E_LIMIT"
    assert hall.rate(**late, source_class="imported").status == "accepted"

    assert hall.last("rating/C1")["data"]["stamp"]["flags"] == ["outside_window"]


def test_silence_is_praise_only_for_systems_that_say_so_and_is_never_counted(rated):
    hall = rated(5)
    silent = {"rating_id": "d1"}
    assert hall.say("rating.default", data=silent).code == "E_AUTH"
    assert hall.say("rating.default", data=silent, source_class="system").code == "E_STATE"
    raw = {"data": {"rating_id": "d1"}, "source_class": "imported"}
    assert hall.say("rating.default", **raw).status == "accepted"

    assert list(fold(hall.events("rating/C1")).ratings) == ["r1"]


def test_an_invitation_needs_a_service_that_ended(new_hall):
    hall = new_hall()
    assert hall.say("rating.invite", data={}).code == "E_REF"
    hall.bring_to("DEC+")
    assert hall.say("rating.invite", data={}, who="an", post="accept").code == "E_STATE"
    hall.conclude()

    assert hall.say("rating.invite", data={"rated_staff": ["an"]}).status == "accepted"


def test_what_another_system_did_wrongly_is_kept_and_flagged(rated):
    hall = rated()
    assert step(hall, "verify", who="an", source_class="imported").status == "accepted"
    assert hall.last("rating/C1")["data"]["stamp"]["flags"] == ["R07"]
    assert step(hall, "close", source_class="imported").status == "accepted"

    assert hall.last("rating/C1")["data"]["stamp"]["flags"] == ["R24"]


def test_unreached_three_times_on_two_days_is_done(rated):
    hall = rated()
    walk(hall, "verify", "rectify", "reply", "miss", "miss", "miss")
    assert step(hall, "close").code == "E_STATE"
    hall.wait(days=1)
    walk(hall, "miss")

    assert hall.last("rating/C1")["data"]["stamp"]["in_time"] is True
    assert step(hall, "close").status == "accepted"


# --------------------------------------------------------------------------------------- deadlines


def test_each_clock_is_breached_once_at_the_tick_behind_its_due(rated):
    hall = rated()
    walk(hall, "appeal")
    tick(hall, "06-02T23:59")
    assert breaches(hall) == []
    tick(hall, "06-03T00:00")
    assert breaches(hall) == [("C11.verify", "06-02")]
    tick(hall, "06-24T00:00")
    tick(hall, "06-24T01:00")
    assert breaches(hall)[1:] == [("C12", "06-08"), ("C11.rectify", "06-22")]
    walk(hall, "verify", "rectify")
    tick(hall, "07-01T00:00")

    # 25 and 26 June are 端午节, the 28th is worked.
    assert breaches(hall)[3:] == [("C11.callback", "06-29")]


def test_a_late_rectification_brings_its_breach_along(rated):
    hall = rated()
    walk(hall, "verify")
    hall.now = datetime(2020, 6, 23, 9, tzinfo=SHANGHAI)
    step(hall, "rectify")

    assert breaches(hall) == [("C11.rectify", "06-22")]
    assert kinds(hall)[-2:] == ["neg.rectified", "rating.clock_breached"]
    assert hall.events("rating/C1")[-2]["data"]["stamp"]["in_time"] is False


def test_late_evidence_withdraws_a_breach_in_its_own_batch(rated):
    hall = rated()
    walk(hall, "verify")
    on_time = hall.now
    tick(hall, "06-23T01:00")
    step(hall, "rectify", at=on_time, late_reason="paper")

    assert kinds(hall)[-3:] == ["neg.rectified", "rating.event_voided", "rating.event_restamped"]
    assert fold(hall.events("rating/C1")).clocks.breached == ()


def test_one_extension_in_time_moves_the_due_and_a_late_one_heals_nothing(rated):
    hall = rated()
    walk(hall, "verify", "extend")
    tick(hall, "07-10T23:59")
    assert breaches(hall) == []
    tick(hall, "07-11T00:00")
    assert breaches(hall) == [("C11.rectify", "07-10")]

    late = rated()
    walk(late, "verify")
    tick(late, "06-23T00:00")
    walk(late, "extend", "rectify")
    assert breaches(late) == [("C11.rectify", "06-22")]
    assert late.events("rating/C1")[-2]["data"]["stamp"]["flags"] == ["R24"]


def test_what_is_found_mistaken_or_not_adopted_is_not_due_for_rectification(rated):
    mistaken, upheld = rated(), rated()
    walk(mistaken, "mistaken")
    walk(upheld, "appeal", "uphold")
    for hall in (mistaken, upheld):
        tick(hall, "08-01T00:00")
        assert breaches(hall) == []


# ------------------------------------------------------------------------------------- corrections


def test_a_voided_rating_takes_its_loop_along(rated):
    hall = rated()
    walk(hall, "verify", "rectify", "call")
    tick(hall, "06-03T00:00")
    assert hall.void("rating/C1@1", stream="rating").status == "accepted"
    assert fold(hall.events("rating/C1")).ratings == {}
    tick(hall, "08-01T00:00")

    assert breaches(hall) == []
    again = {"rating_id": "r1", "stars": 2}
    receipt = hall.say("rating.submit", data=again, actor={"kind": "citizen"},
                       source_class="imported")  # fmt: skip
    assert receipt.status == "accepted"


def test_a_step_that_others_need_is_voided_with_them(rated):
    hall = rated()
    walk(hall, "verify", "rectify")
    receipt = hall.void("rating/C1@3", stream="rating")
    assert (receipt.code, receipt.legal) == ("E_DEPENDENT", ("rating/C1@4",))
    assert hall.void("rating/C1@2", stream="rating").code == "E_STATE"
    assert hall.void("rating/C1@3", "rating/C1@4", stream="rating").status == "accepted"

    assert fold(hall.events("rating/C1")).ratings["r1"].finding is None


VOIDS = [  # version | otherwise | code
    (9, {}, "E_REF"),
    (3, {"data": {"approved_by": "fu"}}, "E_AUTH"),
    (3, {"data": {"requested_by": "hu", "approved_by": "hu"}, "source_class": "imported"}, "E_SOD"),
    (4, {"data": {"approved_by": "an"}}, "E_SOD"),
    (4, {"data": {"requested_by": "an"}, "who": "an"}, "E_SOD"),
    (4, {"data": {"requested_by": "an"}, "source_class": "imported"}, "E_SOD"),
    (3, {"data": {"approved_by": "ro"}, "source_class": "imported"}, "E_SOD"),
    (3, {"hours": 1}, "E_TIME_ORDER"),
    (2, {}, "E_STATE"),
    (3, {}, "E_DEPENDENT"),
    (4, {}, ""),
]


@pytest.mark.parametrize(("version", "more", "code"), VOIDS)
def test_a_void_of_the_loop_needs_two_people_its_target_and_its_time(rated, version, more, code):
    hall = rated()
    walk(hall, "verify", "rectify")
    for staff, post in (("ro", "correct_approver"), ("an", "correct_approver"),
                        ("an", "corrector")):  # fmt: skip
        hall.org_must("staff.grant_post", staff, {"post": post, "granted_by": "chief"})
    at = hall.now - timedelta(hours=more.get("hours", 0))
    said = {name: value for name, value in more.items() if name != "hours"}

    assert hall.void(f"rating/C1@{version}", stream="rating", at=at, **said).code == code


def test_a_voided_extension_makes_a_rectification_late(rated):
    hall = rated()
    walk(hall, "verify", "extend")
    hall.now = datetime(2020, 6, 24, 9, tzinfo=SHANGHAI)
    walk(hall, "rectify")
    assert breaches(hall) == []
    hall.void("rating/C1@4", stream="rating")

    assert breaches(hall) == [("C11.rectify", "06-22")]
    body = hall.events("rating/C1")[-2]["data"]["data"]
    assert body["after"]["data"]["stamp"]["in_time"] is False
