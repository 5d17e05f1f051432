"""结果戳 and what they count: each class of the time-limit figures, and its near misses.

A row tells a case and names the sums it is in; only those of `CLOCK_MEASURES` are looked at, but
for the entries of K41, which have rows of their own.
"""

from datetime import datetime

import pytest

from ledger.contracts.wire import decode
from ledger.rules.case_state import State
from ledger.rules.measures import CLOCK_MEASURES
from ledger.rules.outcomes import Around, outcome
from processors.views.fold import compile_fold

FOLD = compile_fold(CLOCK_MEASURES)
ENTRIES = {"case_events", "late_entries"}
HEARING = {"kind": "hearing", "excluded": True}


def cells(hall):
    """Cell → sum of the days, over the whole log; zeros are left out."""
    sums = {}
    for value in hall.shelf.log:
        FOLD(sums, decode(value))
    return {
        cell: n for cell, n in sums.items()
        if n and len(cell.split("|")[1]) == len("2020-06-01")
    }  # fmt: skip


def counted(hall):
    """Code → (days in June, sum) of what the log counts."""
    found = {}
    for cell, n in cells(hall).items():
        code, bucket, _, _ = cell.split("|")
        if code not in ENTRIES:
            days, total = found.get(code, ("", 0))
            found[code] = (days + bucket[-5:], total + n)
    return {code: f"{days} {n}" for code, (days, n) in found.items()}


def at(moment):
    return datetime.fromisoformat(f"2020-{moment}:00+08:00")


def tell(hall, *story):
    """Say commands, each (when, command, fields said otherwise …); now goes along."""
    for when, command, *but in story:
        hall.now = at(when)
        said = but[0] if but else {}
        more = but[1] if len(but) > 1 else {}
        if command == "tick":
            hall.decide(hall.raw("clock.tick", "0", {}, source_class="system",
                                 source_system="clock", source_seq=when))  # fmt: skip
            continue
        receipt = hall.usual(command, but=said, **more)
        assert receipt.status == "accepted", (when, command, receipt)


def road(item="promised", channel="window", before=(), until="06-01T10:20"):
    """Submitted at 10:00 on Monday 1 June, decided at `until`; ten working days are promised."""
    web = {"channel": channel}
    return (
        ("06-01T10:00", "case.submit", {"item": item}, web), *before,
        ("06-01T10:05", "case.accept", {}), ("06-01T10:10", "case.transfer"),
        ("06-01T10:15", "case.receive_transfer"), (until, "case.decide"),
    )  # fmt: skip


def ended(result=0):
    return "case.conclude", {"result_code": result}


ELSEWHERE = {"source_class": "imported"}
"""Other systems end cases with results that the counter is not offered."""
NOTICED = (
    ("06-01T10:01", "case.notice_supplement"), ("06-01T10:02", "case.supplement"),
)  # fmt: skip
TWICE = (*NOTICED, ("06-01T10:03", "case.notice_supplement"), ("06-01T10:04", "case.supplement"))
DONE = "06-01 1"
EARLY = {"statutory_met", "promised_early", "visits_once", "accepted_at_window", "signed_in_time"}
NOTE = {"noticed", "told_once"}

# what | story | codes that count, without the elapsed days | elapsed: bucket and days
CONCLUDED = [
    ("the same day", (*road(), ("06-01T11:00", *ended())), EARLY | {"quick"}, (0, 0)),
    ("the next day", (*road(), ("06-02T11:00", *ended())), EARLY, (1, 1)),
    ("on the last but one day", (*road(), ("06-12T11:00", *ended())), EARLY, (5, 9)),
    ("on the last day, to the millisecond: not early", (*road(), ("06-15T23:59", *ended())),
     EARLY - {"promised_early"} | {"promised_met"}, (10, 10)),
    ("a day too late", (*road(), ("06-16T00:00", *ended())),
     EARLY - {"promised_early"} | {"promised_broken", "overdue_promised"}, (10, 11)),
    ("later than the law", (*road(), ("07-01T09:00", *ended())),
     EARLY - {"promised_early", "statutory_met"}
     | {"promised_broken", "overdue_promised", "statutory_broken", "overdue_statutory"}, (20, 21)),
    ("with a partial result", (*road(), ("06-02T11:00", *ended(4))), EARLY, (1, 1)),
    ("without a result of its own", (*road(), ("06-02T11:00", *ended(6), ELSEWHERE)),
     EARLY - {"statutory_met", "promised_early"}, None),
    ("returned", (*road(), ("06-02T11:00", *ended(5), ELSEWHERE)),
     EARLY - {"statutory_met", "promised_early"} | {"returned"}, None),
    ("withdrawn is no conclusion of the figures", (*road(), ("06-01T11:00", *ended(2))),
     {"accepted_at_window", "signed_in_time"}, None),
    ("told once", (*road(before=NOTICED), ("06-02T11:00", *ended())), EARLY | NOTE, (1, 1)),
    ("told twice", (*road(before=TWICE), ("06-02T11:00", *ended())),
     EARLY - {"visits_once"} | {"noticed", "told_more", "visits_more"}, (1, 1)),
    ("told twice and withdrawn", (*road(before=TWICE), ("06-02T11:00", *ended(3))),
     {"noticed", "told_more", "accepted_at_window", "signed_in_time"}, None),
    ("online", (*road(channel="web"), ("06-02T11:00", *ended())),
     EARLY - {"visits_once"} | {"submitted_online", "all_online"}, (1, 1)),
    ("by telephone", (*road(channel="hotline"), ("06-02T11:00", *ended())),
     EARLY - {"visits_once"}, (1, 1)),
    ("online, but the paper was handed over before",
     (*road(channel="mobile"), ("06-01T12:00", "case.issue"), ("06-01T13:00", "case.deliver"),
      ("06-02T11:00", *ended())),
     EARLY - {"visits_once"} | {"submitted_online", "delivered_in_time"}, (1, 1)),
    ("online, and sent", (*road(channel="mobile"), ("06-01T12:00", "case.issue"),
                          ("06-01T13:00", "case.deliver", {"method": "courier"}),
                          ("06-02T11:00", *ended())),
     EARLY - {"visits_once"} | {"submitted_online", "delivered_in_time", "all_online"}, (1, 1)),
    ("joint", (*road("joint"), ("06-02T11:00", *ended())), EARLY | {"joint_accepted"}, (1, 1)),
    ("collected elsewhere",
     (*road(before=(("06-01T10:02", "case.collect_remote"),)), ("06-02T11:00", *ended())),
     EARLY | {"remote_accepted"}, (1, 1)),
    ("instant, the same day", (*road("instant"), ("06-01T11:00", *ended())),
     EARLY - {"promised_early", "statutory_met"} | {"quick", "instant_met"}, None),
    ("instant, and never accepted: nothing was done at once",
     (*road("instant")[:1], ("06-01T10:05", "case.refuse_acceptance"), ("06-01T11:00", *ended(6))),
     {"visits_once", "not_accepted"}, None),
    ("heard for a week, which does not count",
     (*road("generous", until="06-12T10:00")[:-1],
      ("06-02T10:00", "case.start_special", HEARING), ("06-09T10:00", "case.end_special"),
      ("06-12T10:00", "case.decide"), ("06-16T11:00", *ended())), EARLY, (5, 6)),
    ("heard after the promise was broken: it stays so, and the days do not count",
     (*road("generous")[:-1], ("06-16T08:00", "tick"),
      ("06-16T10:00", "case.start_special", HEARING), ("06-18T10:00", "case.end_special"),
      ("06-19T10:00", "case.decide"), ("06-19T11:00", *ended())),
     EARLY - {"promised_early"} | {"promised_broken", "overdue_promised"}, (10, 12)),
]  # fmt: skip


@pytest.mark.parametrize(("what", "story", "codes", "elapsed"), CONCLUDED)
def test_a_conclusion_is_in_one_class_of_each_figure(hall, what, story, codes, elapsed):
    tell(hall, *story)
    found = counted(hall)

    days = {}
    if elapsed:
        bucket, n = elapsed
        days = {f"elapsed_from_{bucket}d": 1} | ({"elapsed_days": n} if n else {})
    assert {c: int(n.split()[1]) for c, n in found.items()} == dict.fromkeys(codes, 1) | days, what


# what | story | code → day and sum
AT_THEIR_TIME = [
    ("a promise is broken when it is due, and concluding later changes nothing",
     (*road(), ("06-20T10:00", "tick"), ("06-22T10:00", *ended())),
     {"promised_broken": "06-15 1", "overdue_promised": "06-15 1", "promised_met": None,
      "statutory_met": "06-22 1"}),
    ("an open case is late at once", (*road(), ("06-20T10:00", "tick")),
     {"promised_broken": "06-15 1", "overdue_promised": "06-15 1", "statutory_met": None}),
    ("an instant case has no promise to break, yet breaks its limit",
     (*road("instant"), ("06-20T10:00", "tick")),
     {"promised_broken": None, "overdue_promised": "06-01 1", "instant_broken": "06-01 1"}),
    ("an instant case that was withdrawn the same day",
     (*road("instant")[:2], ("06-01T11:00", "case.withdraw"), ("06-20T10:00", "tick")),
     {"instant_broken": None, "overdue_promised": None}),
    ("a delivery within ten working days",
     (*road(), ("06-01T12:00", "case.issue"), ("06-15T12:00", "case.deliver")),
     {"delivered_in_time": "06-15 1", "delivery_broken": None}),
    ("a delivery too late",
     (*road(), ("06-01T12:00", "case.issue"), ("06-16T12:00", "case.deliver")),
     {"delivered_in_time": None, "delivery_broken": "06-15 1"}),
    ("a second delivery counts no more",
     (*road(), ("06-01T12:00", "case.issue"), ("06-02T12:00", "case.deliver"),
      ("06-03T12:00", "case.deliver")),
     {"delivered_in_time": "06-02 1"}),
    ("signed in the last minute of four working hours",
     (*road()[:3], ("06-01T14:10", "case.receive_transfer")),
     {"signed_in_time": "06-01 1", "signing_broken": None}),
    ("signed a minute later",
     (*road()[:3], ("06-01T14:11", "case.receive_transfer")),
     {"signed_in_time": None, "signing_broken": "06-01 1"}),
    ("refused in time", (*road()[:3], ("06-01T14:00", "case.refuse_transfer")),
     {"signing_refused": "06-01 1", "signed_in_time": None, "signing_broken": None}),
    ("refused too late", (*road()[:3], ("06-02T14:00", "case.refuse_transfer")),
     {"signing_refused": None, "signing_broken": "06-01 1"}),
    ("deferred materials came",
     (*road("generous")[:2], ("06-01T11:00", "case.commit_deficiency"),
      ("06-10T16:00", "case.fill_deficiency")),
     {"deficiency_met": "06-10 1", "deficiency_broken": None}),
    ("deferred materials came too late",
     (*road("generous")[:2], ("06-01T11:00", "case.commit_deficiency"),
      ("06-10T17:01", "case.fill_deficiency")),
     {"deficiency_met": None, "deficiency_broken": "06-10 1"}),
    ("half of the deferred materials came",
     (*road("generous")[:2], ("06-01T11:00", "case.commit_deficiency"),
      ("06-10T16:00", "case.fill_deficiency", {"materials": ["m1"]}), ("06-11T10:00", "tick")),
     {"deficiency_met": None, "deficiency_broken": "06-10 1"}),
    ("and the other half",
     (*road("generous")[:2], ("06-01T11:00", "case.commit_deficiency"),
      ("06-08T16:00", "case.fill_deficiency", {"materials": ["m1"]}),
      ("06-09T16:00", "case.fill_deficiency", {"materials": ["m2"]}), ("06-11T10:00", "tick")),
     {"deficiency_met": "06-09 1", "deficiency_broken": None}),
    ("deferred materials were given up",
     (*road("generous")[:2], ("06-01T11:00", "case.commit_deficiency"),
      ("06-08T16:00", "case.fail_deficiency"), ("06-11T10:00", "tick")),
     {"deficiency_failed": "06-08 1", "deficiency_broken": None}),
    ("not accepted", (("06-01T10:00", "case.submit"), ("06-03T10:00", "case.refuse_acceptance")),
     {"not_accepted": "06-03 1"}),
    ("a deemed acceptance counts from the receipt",
     (("06-01T10:00", "case.submit"), ("06-20T10:00", "tick")),
     {"accepted": "06-01 1", "accepted_at_window": None}),
    ("the first of two notices", (("06-01T10:00", "case.submit"), *TWICE),
     {"noticed": "06-01 1"}),
]  # fmt: skip


@pytest.mark.parametrize(("what", "story", "sums"), AT_THEIR_TIME)
def test_an_obligation_counts_once_at_its_resolution(hall, what, story, sums):
    tell(hall, *story)
    found = counted(hall)

    assert {code: found.get(code) for code in sums} == sums, what


def test_history_has_no_time_limits(hall):
    past = {"source_class": "historical"}
    tell(hall, *((*step[:2], step[2] if len(step) > 2 else {}, past) for step in road()),
         ("06-02T11:00", *ended(), past))  # fmt: skip

    assert counted(hall) == {"accepted_at_window": DONE, "visits_once": "06-02 1"}


# ------------------------------------------------------------------------------------- corrections


def amend(hall, number, **changes):
    fact = hall.events("case/C1")[number - 1]
    said = {
        name: {"old": fact["time"] if name == "occurred_at" else
               fact["data"]["data"].get(name, fact.get(name)), "new": new}
        for name, new in changes.items()
    }  # fmt: skip
    receipt = hall.usual("case.amend_event", but={
        "target": fact["id"], "changes": said, "evidence": "E1"})  # fmt: skip
    assert receipt.status == "accepted", receipt


def test_voiding_the_first_notice_makes_the_second_the_first(hall):
    tell(hall, ("06-01T10:00", "case.submit"), *NOTICED,
         ("06-02T10:03", "case.notice_supplement"))  # fmt: skip
    assert counted(hall)["noticed"] == DONE
    hall.void("case/C1@2", "case/C1@3")

    assert counted(hall)["noticed"] == "06-02 1"


def test_voiding_a_notice_of_a_concluded_case_makes_it_told_once(hall):
    tell(hall, *road(before=TWICE), ("06-02T11:00", *ended()))
    assert counted(hall)["told_more"] == "06-02 1"
    hall.void("case/C1@4", "case/C1@5")
    found = counted(hall)

    assert (found.get("told_more"), found.get("visits_more")) == (None, None)
    assert (found["told_once"], found["visits_once"]) == ("06-02 1", "06-02 1")


def test_a_conclusion_amended_to_have_been_in_time_has_no_breach(hall):
    tell(hall, *road(), ("06-16T09:00", *ended()))
    assert counted(hall)["promised_broken"] == "06-15 1"
    amend(hall, 6, occurred_at="2020-06-15T16:00:00+08:00")
    found = counted(hall)

    assert "promised_broken" not in found
    assert (found["promised_met"], found["elapsed_days"]) == ("06-15 1", "06-15 10")


def test_an_acceptance_amended_to_an_earlier_day_breaks_the_promise(hall):
    tell(hall, *road(before=(), until="06-02T10:00"), ("06-15T09:00", *ended()))
    amend(hall, 1, occurred_at="2020-05-29T10:00:00+08:00")
    amend(hall, 2, occurred_at="2020-05-29T10:05:00+08:00")
    found = counted(hall)

    assert found["promised_broken"] == "06-12 1"
    assert "promised_met" not in found
    assert found["elapsed_days"] == "06-15 11"


def test_a_case_amended_to_be_instant_has_no_promise(hall):
    tell(hall, *road(), ("06-01T16:00", *ended()))
    amend(hall, 2, project_type="instant")
    found = counted(hall)

    assert (found.get("promised_early"), found.get("elapsed_from_0d")) == (None, None)
    assert (found["instant_met"], found["quick"]) == (DONE, DONE)


def test_a_conclusion_on_paper_takes_the_breach_back(hall):
    tell(hall, *road(), ("06-20T10:00", "tick"))
    late = {"at": at("06-12T10:00"), "late_reason": "网断"}
    tell(hall, ("06-22T10:00", *ended(), late))
    found = counted(hall)

    assert (found["promised_early"], found.get("promised_broken")) == ("06-12 1", None)


def test_visits_make_a_case_one_of_more_also_when_they_are_told_late(hall):
    tell(hall, *road(), ("06-01T10:30", "case.visit"), ("06-03T10:00", *ended()))
    assert counted(hall)["visits_once"] == "06-03 1"
    tell(hall, ("06-03T12:00", "case.visit", {"ticket_id": "K9"}, {"at": at("06-02T12:00")}))
    found = counted(hall)

    assert ("visits_once" in found, found["visits_more"]) == (False, "06-03 1")
    hall.void(hall.events("case/C1")[-2]["id"])
    assert counted(hall)["visits_once"] == "06-03 1"


FETCHED = [  # channel | what was told after the conclusion | what counts no longer, what does
    ("web", ("case.deliver", {}), "all_online", ""),
    ("web", ("case.deliver", {}, {"at": at("06-08T12:00")}), "all_online", ""),
    ("web", ("case.deliver", {"method": "locker"}), "all_online", ""),
    ("mobile", ("case.visit", {}), "all_online", ""),
    ("web", ("case.deliver", {"method": "courier"}), "", "all_online"),
    ("window", ("case.visit", {"ticket_id": "K9"}), "visits_once", "visits_more"),
    ("window", ("case.deliver", {}), "", "visits_once"),
]


@pytest.mark.parametrize(("channel", "fetched", "gone", "counts"), FETCHED)
def test_who_fetches_the_result_came_to_the_hall(hall, channel, fetched, gone, counts):
    """K17, K21: the day of the conclusion is restated, however late that is."""
    before = [("06-01T10:30", "case.visit")] if channel == "window" else []
    tell(hall, *road(channel=channel), *before, ("06-03T10:00", *ended()),
         ("06-03T11:00", "case.issue"))  # fmt: skip
    was = counted(hall)
    tell(hall, ("06-09T10:00", *fetched))
    found = counted(hall)

    assert (gone in was, gone in found) == (bool(gone), False)
    assert not counts or found[counts] == "06-03 1"
    assert hall.last()["type"].endswith("event_restamped") == bool(gone)
    hall.void(next(e["id"] for e in reversed(hall.events("case/C1"))
                   if e["type"] in {"case.delivered", "case.visited"}))  # fmt: skip
    assert counted(hall) == was


def test_a_calendar_published_later_leaves_outcomes_alone_unless_a_correction_moves_them(hall):
    tell(hall, *road(), ("06-12T11:00", *ended()))
    hall.org_must("calendar.publish", "cal-2020", {"year": 2020, "doc_no": "2",
                                                   "holidays": ["2020-06-08"]})  # fmt: skip
    amend(hall, 2, accept_no="A2")
    assert counted(hall)["elapsed_days"] == "06-12 9"
    amend(hall, 6, occurred_at="2020-06-11T11:00:00+08:00")

    assert counted(hall)["elapsed_days"] == "06-11 7"


def test_entries_count_when_and_where_they_were_recorded(hall):
    tell(hall, ("06-03T10:00", "case.submit", {}, {"at": at("06-01T10:00"), "late_reason": "网断"}))
    assert cells(hall) == {
        "case_events|2020-06-03|town|town-1": 1, "late_entries|2020-06-03|town|town-1": 1,
    }  # fmt: skip
    hall.void("case/C1@1")

    assert cells(hall) == {}


VISITS = [  # visits | notices | class
    ((), 0, "once"), (("06-01T09:00",), 1, "once"), (("06-01T09:00", "06-01T10:00"), 0, "more"),
    (("06-01T09:00",), 2, "more"), (("06-01T09:00", "06-02T09:00"), 0, "more"),
]  # fmt: skip


@pytest.mark.parametrize(("visits", "notices", "told"), VISITS)
def test_a_window_case_is_done_at_once_when_nobody_had_to_come_twice(hall, visits, notices, told):
    """A visit after the conclusion, to fetch the result, is one too."""
    came = tuple(at(visit).isoformat() for visit in visits)
    state = State(channel="window", notices=notices, visits=came)
    around = Around(state, state, state)
    data, when = {"result_code": 0}, at("06-01T16:00").isoformat()
    calendar = hall.partition.reference.calendar
    online = state._replace(channel="web")

    assert outcome("case.concluded", data, when, around, calendar)["visits"] == told
    again = outcome("case.concluded", data, when, Around(online, online, online), calendar)
    assert ("all_online" in again) == (not visits)
