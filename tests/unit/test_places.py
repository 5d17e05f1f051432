"""计入地: a broken limit counts where it is laid to, what was not accepted where received (0015).

A row tells a case of town-1 and the cells, by day, that are looked at.
"""

import pytest

from ledger.rules import alerts
from ledger.rules.effective import current
from processors.views.fold import compile_fold
from tests.ticking import HEARING
from tests.unit.test_outcomes import ENTRIES, NOTICED, TWICE, amend, at, cells, ended, road, tell

FOLD = compile_fold()

CITY = {"to_dept": "住建", "to_centre": "city"}
SENT = (*road()[:2], ("06-01T10:10", "case.transfer", CITY))
AT_CITY = (*SENT, ("06-01T10:15", "case.receive_transfer", {}, {"source_class": "imported"}))
DECIDED = (*AT_CITY, ("06-02T10:00", "case.decide", {}, {"source_class": "imported"}))
LATER = ("06-20T10:00", "tick")
SPECIAL = {**HEARING, "days_told": 3}
IMPORTED = {"source_class": "imported"}


def every(hall):
    """Give the sums by day of all measures, but for alerts."""
    sums = {}
    for event in hall.events("case/C1"):
        FOLD(sums, event)
    return {cell: n for cell, n in sums.items() if n and "T" not in cell.split("|")[1]}


# what | story | cells of its breaches: sums at their places
BROKEN = [
    ("the front holds it still: its window", (*road()[:2], LATER),
     "promised_broken|2020-06-15|town|town-1 overdue_promised|2020-06-15|town|town-1"),
    ("another centre signed for it", (*AT_CITY, LATER),
     "promised_broken|2020-06-15|city| overdue_promised|2020-06-15|city|"),
    ("a department without a centre: that of the front, no window", (*road()[:4], LATER),
     "promised_broken|2020-06-15|town| overdue_promised|2020-06-15|town|"),
    ("on the way, and long past the signing: the receiver's", (*SENT, LATER),
     ("signing_broken|2020-06-01|city| promised_broken|2020-06-15|city| "
      "overdue_promised|2020-06-15|city|")),
    ("signed for too late: the receiver's",
     (*SENT, ("06-01T14:11", "case.receive_transfer", {}, IMPORTED)),
     "signing_broken|2020-06-01|city|"),
    ("sent back unsigned in time: the front's",
     (*SENT, ("06-01T11:00", "case.refuse_transfer", {}, IMPORTED), LATER),
     "promised_broken|2020-06-15|town|town-1 overdue_promised|2020-06-15|town|town-1"),
    ("an instant case that went to another centre on the day",
     (*road("instant")[:2], *AT_CITY[2:], LATER),
     "instant_broken|2020-06-01|city| overdue_promised|2020-06-01|city|"),
    ("not handed over: where it was decided", (*DECIDED, ("06-02T11:00", *ended()), LATER),
     "delivery_broken|2020-06-16|city|"),
    ("deferred materials that never came to the front",
     (*road("generous")[:2], ("06-01T11:00", "case.commit_deficiency"), ("06-11T10:00", "tick")),
     "deficiency_broken|2020-06-10|town|town-1"),
    ("deferred materials, while another centre runs a hearing: that centre is in charge",
     (*road("generous")[:2], ("06-01T10:06", "case.commit_deficiency"), *AT_CITY[2:],
      ("06-09T11:00", "case.start_special", SPECIAL, IMPORTED), ("06-11T10:00", "tick")),
     "deficiency_broken|2020-06-10|city|"),
    ("not reported by the centre that held it the next morning",
     (*road("reported")[:2], *AT_CITY[2:], ("06-02T09:00", "tick")),
     "exchange_broken|2020-06-02|city|"),
]  # fmt: skip


@pytest.mark.parametrize(("what", "story", "places"), BROKEN)
def test_a_broken_limit_counts_where_it_is_laid_to(hall, what, story, places):
    tell(hall, *story)
    found = {cell for cell in cells(hall) if cell.split("_")[0] == "overdue" or "broken|" in cell}

    assert found == set(places.split()), what


UNANSWERED = (*NOTICED[:1], ("07-20T10:00", "case.terminate", {"reason": "supplement_overdue"}))
RECEIVED = (("06-01T10:00", "case.submit"),)

# what | story | cells but for entries and applications
NOT_ACCEPTED = [
    ("sent back, what was missing did not come",
     (*RECEIVED, *UNANSWERED, ("07-21T10:00", *ended(5))),
     ("noticed|2020-06-01 told_once|2020-07-21 visits_once|2020-07-21 returned|2020-07-21 "
      "concluded|2020-07-21 rateable|2020-07-21")),
    ("not accepted", (*RECEIVED, ("06-01T10:05", "case.refuse_acceptance"),
                      ("06-02T10:00", *ended(6))),
     ("not_accepted|2020-06-01 visits_once|2020-06-02 concluded|2020-06-02 "
      "rateable|2020-06-02")),
    ("told twice and withdrawn",
     (*RECEIVED, *TWICE, ("06-01T11:00", "case.withdraw"), ("06-02T10:00", *ended(5))),
     ("noticed|2020-06-01 told_more|2020-06-02 visits_more|2020-06-02 returned|2020-06-02 "
      "concluded|2020-06-02 rateable|2020-06-02")),
    ("reported in time, though it was never accepted",
     (("06-01T10:00", "case.submit", {"item": "reported"}),
      ("06-01T10:05", "case.refuse_acceptance"), ("06-02T10:00", *ended(3)),
      ("06-02T11:00", "case.exchange")),
     "not_accepted|2020-06-01 exchanged_in_time|2020-06-02"),
    ("not reported, though it was never accepted",
     (("06-01T10:00", "case.submit", {"item": "reported"}),
      ("06-01T10:05", "case.refuse_acceptance"), ("06-02T10:00", *ended(3)), LATER),
     "not_accepted|2020-06-01 exchange_broken|2020-06-03"),
]  # fmt: skip


@pytest.mark.parametrize(("what", "story", "days"), NOT_ACCEPTED)
def test_what_ended_before_it_was_accepted_counts_where_it_was_received(hall, what, story, days):
    tell(hall, *story)
    found = {cell for cell in every(hall)
             if cell.split("|")[0] not in {*ENTRIES, "submitted"}}  # fmt: skip

    assert found == {f"{each}|town|town-1" for each in days.split()}, what


def test_a_notice_that_names_its_centre_counts_there(hall):
    tell(hall, *RECEIVED, ("06-01T10:01", "case.notice_supplement", {}, {"centre": "key"}))

    assert every(hall)["noticed|2020-06-01|key|"] == 1


def test_an_application_amended_to_another_window_takes_its_end_along(hall):
    tell(hall, *RECEIVED, ("06-01T10:05", "case.refuse_acceptance"), ("06-02T10:00", *ended(6)))
    amend(hall, 1, window="town-3")

    assert every(hall)["concluded|2020-06-02|town|town-3"] == 1
    assert every(hall)["not_accepted|2020-06-01|town|town-3"] == 1


def test_what_was_in_time_counts_where_it_was_accepted(hall):
    tell(hall, *DECIDED, ("06-02T11:00", *ended()), ("06-02T12:00", "case.issue"),
         ("06-02T13:00", "case.deliver"))  # fmt: skip
    found = {cell.split("|")[0]: cell.split("|")[2:] for cell in cells(hall)}
    codes = ("promised_early", "statutory_met", "delivered_in_time", "signed_in_time")

    assert {code: found[code] for code in codes} == {code: ["town", "town-1"] for code in codes}


def test_a_breach_at_the_front_follows_its_acceptance_to_another_window(hall):
    tell(hall, *road()[:2], LATER)
    amend(hall, 2, window="town-3")

    assert cells(hall)["promised_broken|2020-06-15|town|town-3"] == 1
    assert "promised_broken|2020-06-15|town|town-1" not in cells(hall)


def registered(hall):
    return {cell for cell in every(hall) if cell.startswith(("late_promised", "late_statutory"))}


def test_a_case_that_is_late_during_a_procedure_is_late_at_the_office_in_charge(hall):
    """It began on the last day, and stops the clock from the day after: broken all the same."""
    began = ("06-15T11:00", "case.start_special", SPECIAL, IMPORTED)
    tell(hall, *road("generous")[:2], *AT_CITY[2:], began, LATER)

    assert registered(hall) == {"late_promised|2020-06-15|city|住建"}
    tell(hall, ("06-22T10:00", "case.withdraw"))
    assert registered(hall) == set()


def test_the_card_of_a_procedure_that_lasts_too_long_is_that_of_the_office_in_charge(hall):
    began = ("06-01T11:00", "case.start_special", SPECIAL, IMPORTED)
    tell(hall, *road("generous")[:2], *AT_CITY[2:], began, ("06-08T08:00", "tick"))
    card = hall.last("supervision/C1")["data"]["data"]

    assert (card["rule_id"], card["holder_dept"], card["holder_centre"]) == ("R16", "住建", "city")


def cards(hall):
    """Give (rule, level, department, centre, window) of the cards that are open."""
    known = alerts.fold(hall.events("supervision/C1")).values()
    return [(each.rule, each.level, each.dept, each.centre, each.window)
            for each in known if each.status == "open"]  # fmt: skip


def test_a_card_on_the_way_is_the_senders_until_it_should_be_signed_for_then_the_receivers(hall):
    seen = []
    for when in ("06-01T12:15", "06-01T15:00", "06-02T12:00"):
        tell(hall, *(() if seen else SENT), (when, "tick"))
        seen += cards(hall)

    assert seen == [("R13", "remind", "民政", "town", "town-1"),
                    ("R13", "yellow", "住建", "city", None),
                    ("R13", "red", "住建", "city", None)]  # fmt: skip


def test_a_card_of_the_front_is_that_of_its_window(hall):
    tell(hall, *road()[:2], ("06-12T10:00", "tick"))
    assert cards(hall) == [("R02", "remind", "民政", "town", "town-1")]
    tell(hall, LATER)
    assert cards(hall) == [("R02", "yellow", "民政", "town", "town-1")]


LATE = {**IMPORTED, "late_reason": "网断"}
TOLD_LATE = (
    ("06-22T10:00", "case.transfer", CITY, {**LATE, "at": at("06-02T10:00")}),
    ("06-22T10:01", "case.receive_transfer", {}, {**LATE, "at": at("06-02T11:00")}),
)


def test_a_breach_is_laid_to_who_is_told_of_late_and_so_are_card_and_register(hall):
    """Its event stays: what was recorded after it heals nothing, though it was laid to others."""
    paused = ("06-22T09:00", "case.suspend_clock", {"legal_basis": "§1"}, IMPORTED)
    tell(hall, *road()[:2], LATER, paused, *TOLD_LATE)

    assert {cell for cell in every(hall) if "broken|" in cell} == {
        "promised_broken|2020-06-15|city|"
    }
    assert registered(hall) == {"late_promised|2020-06-15|city|住建"}
    assert cards(hall) == [("R02", "yellow", "住建", "city", None)]
    tell(hall, ("06-23T10:00", "case.withdraw"))
    assert registered(hall) == set()


def test_a_transfer_that_never_was_takes_the_breach_of_an_ended_case_back_to_the_front(hall):
    tell(hall, *AT_CITY, LATER, ("06-20T11:00", "case.withdraw"))
    assert cards(hall) == [("R02", "yellow", "住建", "city", None)]
    assert hall.void("case/C1@3", "case/C1@4").status == "accepted"

    assert every(hall)["promised_broken|2020-06-15|town|town-1"] == 1
    assert registered(hall) == set()
    assert ("R02", "yellow", "民政", "town", "town-1") in cards(hall)
    ended = current(hall.events("case/C1"))["case/C1@6"]["data"]["stamp"]
    assert ended["promised_late_centre"] == "town"
