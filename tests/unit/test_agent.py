"""帮办代办: what the table of a task cannot say — letters, agents, the clock C14, corrections."""

from datetime import timedelta

import pytest

from ledger.contracts.wire import decode
from ledger.rules import agent, alerts
from ledger.rules.partition import Partition
from processors.views.fold import compile_fold
from tests.tabled_ways import TOWN, VILLAGE, Tabled
from tests.ticking import amend


@pytest.fixture
def task(hall):
    return Tabled(hall, "agent")


def cells(task):
    sums, fold = {}, compile_fold()
    for event in task.hall.events(task.name):
        fold(sums, event)
    return {cell: n for cell, n in sums.items() if n and "T" not in cell.split("|")[1]}


REFUSED = [  # status | command | other data | other envelope | code
    ("ENT", "agent.entrust", {"letter_doc": None}, {}, "E_FIELD"),
    ("ENT", "agent.accept", {"due": "2020-05-31"}, {}, "E_LIMIT"),
    ("ENT", "agent.accept", {"due": "2199-12-31"}, {}, "E_LIMIT"),
    ("ENT", "agent.accept", {}, {"centre": None}, "E_FIELD"),
    ("ENT", "agent.accept", {"agent_id": "an"}, {}, "E_REF"),
    ("ENT", "agent.accept", {"agent_id": "nobody"}, {}, "E_REF"),
    ("ENT", "agent.accept", {"agent_id": "ta"}, {}, "E_REF"),
    ("ENT", "agent.accept", {"agent_id": "ka"}, {"centre": "key"}, "E_REF"),
    ("ACC", "agent.hand_to_town", {"agent_id": "va"}, VILLAGE, "E_REF"),
    ("-", "agent.request", {"village": "nowhere"}, {}, "E_REF"),
    ("-", "agent.request", {"item": "nothing"}, {}, "E_REF"),
    ("ENT", "agent.decline", {"reason": None}, {}, "E_FIELD"),
    ("ACC", "agent.link_case", {"case_id": None}, {}, "E_FIELD"),
    ("ACC", "agent.report_fee", {"amount_fen": -1}, {}, "E_FIELD"),
    ("-", "agent.request", {"name": "张三"}, {}, "E_FIELD"),
]


@pytest.mark.parametrize(("status", "command", "but", "more", "code"), REFUSED)
def test_each_invariant_refuses(task, status, command, but, more, code):
    task.bring_to(status)
    receipt = task.say(command, but, **more)

    assert (receipt.status, receipt.code) == ("refused", code), receipt


VILLAGE_ONLY = {"village": "village"}
# what was told of the agent | command of the acceptance says otherwise | code
APPOINTED = [
    ([], {}, ""),
    ([("agent.appoint", VILLAGE_ONLY)], {}, ""),
    ([("agent.appoint", {**VILLAGE_ONLY, "items_scope": ["promised"]})], {}, ""),
    ([("agent.appoint", {**VILLAGE_ONLY, "items_scope": ["instant"]})], {}, "E_REF"),
    ([("agent.appoint", {**VILLAGE_ONLY, "items_scope": ["instant"]})],
     {"source_class": "imported"}, ""),
    ([("agent.appoint", {"village": "key"})], {}, "E_REF"),
    ([("agent.appoint", VILLAGE_ONLY), ("agent.dismiss", VILLAGE_ONLY)], {}, "E_REF"),
    ([("agent.appoint", VILLAGE_ONLY), ("agent.dismiss", VILLAGE_ONLY),
      ("agent.appoint", VILLAGE_ONLY)], {}, ""),
]  # fmt: skip


@pytest.mark.parametrize(("facts", "more", "code"), APPOINTED)
def test_an_agent_takes_the_items_of_the_appointment_while_it_lasts(task, facts, more, code):
    for command, data in facts:
        task.hall.org_must(command, "vi", data)
        task.hall.wait(minutes=1)
    task.bring_to("ENT")

    assert task.say("agent.accept", **more).code == code


def test_nobody_acts_for_a_citizen_without_their_letter(task):
    task.must("agent.request", {"kind": "act_for"})
    receipt = task.say("agent.accept")
    assert (receipt.code, receipt.legal) == ("E_STATE", ("agent.entrust",))
    task.must("agent.entrust")

    assert task.say("agent.accept").status == "accepted"


def test_help_and_visits_need_no_letter_and_the_town_may_take_a_task(task):
    task.must("agent.request", {"kind": "visit"})
    accepted = task.must("agent.accept", {"agent_id": "ta"}, **TOWN)

    assert accepted["data"]["stamp"] == {"agent": "ta", "agent_centre": "town"}


def test_what_another_system_reports_of_its_agents_is_a_fact(task):
    task.must("agent.request", {"kind": "help"})
    other = {"who": None, "post": None, "centre": None, "source_class": "imported"}
    accepted = task.must("agent.accept", {"agent_id": "theirs"}, **other)

    assert accepted["data"]["stamp"] == {"agent": "theirs"}


@pytest.mark.parametrize("outcome", ["cannot", "withdrawn"])
def test_only_what_was_done_has_a_result(task, outcome):
    task.bring_to("ACC")
    task.must("agent.end", {"outcome": outcome})

    assert task.say("agent.deliver_result").code == "E_STATE"
    assert task.say("agent.call_back").status == "accepted"


@pytest.mark.parametrize("command", ["agent.call_back", "agent.hand_to_town"])
def test_some_things_happen_once(task, command):
    task.bring_to("END" if command == "agent.call_back" else "ACC")
    task.must(command)

    assert task.say(command).code == "E_STATE"


@pytest.mark.parametrize(("status", "command"), [("REQ", "agent.entrust"), ("ACC", "agent.end"),
                                                 ("SUS", "agent.resume")])  # fmt: skip
def test_nothing_happens_before_what_it_needs(task, status, command):
    task.bring_to(status)

    assert task.say(command, at=task.hall.now - timedelta(hours=1)).code == "E_TIME_ORDER"


@pytest.mark.parametrize(("source", "flags"), [("interactive", ["R15"]), ("imported", ["R15"]),
                                               ("historical", None)])  # fmt: skip
def test_any_fee_of_an_agent_is_flagged(task, source, flags):
    task.bring_to("REQ")
    task.must("agent.report_fee", source_class=source)

    assert task.stamp.get("flags") == flags
    assert bool(cards(task)) == bool(flags)


def cards(task):
    return list(alerts.fold(task.hall.events("supervision/T1")).values())


@pytest.mark.parametrize(("before", "centre"), [((), "village"), (("agent.hand_to_town",), "town")])
def test_a_fee_is_a_red_card_of_the_centre_of_whoever_holds_the_task(task, before, centre):
    """One card, however often it was asked; it goes with the last report that counts."""
    task.bring_to("ACC")
    for command in (*before, "agent.report_fee", "agent.report_fee"):
        task.must(command)
    found = [(card.rule, card.level, card.dept, card.centre) for card in cards(task)]
    first = len(task.kinds) - 1

    assert found == [("R15", "red", None, centre)]
    assert task.void(first).status == "accepted"
    assert cards(task)[0].status == "open"
    assert task.void(first + 1).status == "accepted"
    assert (cards(task)[0].status, cards(task)[0].reason) == ("cancelled", "corrected")


def test_a_fee_before_anybody_took_the_task_is_laid_to_its_village(task):
    task.bring_to("REQ")
    task.must("agent.report_fee")

    assert [card.centre for card in cards(task)] == ["village"]


def test_a_correction_of_a_case_of_the_same_number_leaves_the_card_of_the_task(task):
    task.hall.bring_to("ACC", key="T1")
    task.bring_to("ACC")
    task.must("agent.report_fee")
    case_no = {"case_no": {"old": "T1", "new": "C9"}}
    assert amend(task.hall, 1, case_no, key="T1").status == "accepted"

    assert [card.status for card in cards(task)] == ["open"]


# ------------------------------------------------------------------------------------------- C14


def test_the_due_is_the_day_committed_to_and_its_breach_is_told_once(task):
    task.bring_to("ACC")
    task.tick("06-05T23:59")
    assert task.kinds[-1] == "agent.accepted"
    task.tick("06-06T00:00")
    task.tick("06-06T00:01")
    task.must("agent.end")

    assert task.kinds[3:] == ["agent.clock_breached", "agent.ended"]
    assert task.hall.events(task.name)[3]["time"] == "2020-06-05T23:59:59.999000+08:00"
    assert task.stamp["in_time"] is False
    assert cells(task) == {"agent_overdue|2020-06-05|village|": 1,
                           "agent_done|2020-06-06|village|": 1}  # fmt: skip


def test_an_end_that_comes_too_late_brings_its_breach_along(task):
    task.bring_to("ACC")
    task.hall.wait(days=5)
    task.must("agent.end")

    assert task.kinds[-2:] == ["agent.ended", "agent.clock_breached"]


def test_late_evidence_withdraws_the_breach_in_its_own_batch(task):
    task.bring_to("ACC")
    on_time = task.hall.now
    task.tick("06-09T09:00")
    task.must("agent.end", at=on_time, late_reason="paper")

    assert task.kinds[-3:] == ["agent.ended", "agent.event_voided", "agent.event_restamped"]
    assert cells(task) == {"agent_done|2020-06-01|village|": 1,
                           "agent_in_time|2020-06-01|village|": 1}  # fmt: skip


def test_while_it_waits_for_the_citizen_the_clock_stands_and_the_due_moves(task):
    task.bring_to("SUS")
    task.tick("06-10T09:00")
    assert task.kinds[-1] == "agent.suspended"
    task.must("agent.resume")  # nine days later: due on the 14th
    task.tick("06-14T23:59")
    assert task.kinds[-1] == "agent.resumed"
    task.must("agent.suspend")
    task.tick("06-20T09:00")
    task.must("agent.end")

    assert task.stamp["in_time"] is True
    task.tick("07-30T09:00")
    assert "agent.clock_breached" not in task.kinds


def test_waiting_that_begins_or_is_told_after_the_due_heals_nothing(task):
    task.bring_to("ACC")
    before = task.hall.now
    task.tick("06-08T09:00")
    task.must("agent.suspend", at=before, late_reason="paper")
    task.tick("06-20T09:00")
    task.must("agent.resume")
    task.must("agent.end")

    assert task.kinds.count("agent.clock_breached") == 1
    assert task.stamp["in_time"] is False


def test_waiting_told_in_time_but_begun_after_the_due_moves_nothing(task):
    task.bring_to("ACC")
    task.hall.wait(days=6)
    task.must("agent.suspend")
    task.hall.wait(days=3)
    task.must("agent.resume")
    task.must("agent.end")

    assert task.kinds[-2:] == ["agent.ended", "agent.clock_breached"]
    assert task.hall.last(task.name)["data"]["data"]["due"][:10] == "2020-06-05"


def test_history_has_no_clock(task):
    for command in ("agent.request", "agent.entrust", "agent.accept"):
        task.must(command, source_class="historical")
    task.tick("07-30T09:00")
    task.must("agent.end")

    assert "agent.clock_breached" not in task.kinds
    assert "in_time" not in task.stamp


def test_a_breach_is_laid_to_whom_held_the_task_when_the_due_passed(task):
    task.bring_to("ACC")
    task.tick("06-06T09:00")
    task.must("agent.hand_to_town")
    task.must("agent.end", **TOWN)
    task.must("agent.call_back")

    assert cells(task) == {
        "agent_overdue|2020-06-05|village|": 1, "agent_done|2020-06-06|town|": 1,
        "agent_called_back|2020-06-06|town|": 1, "agent_satisfied|2020-06-06|town|": 1,
    }  # fmt: skip


# ------------------------------------------------------------------------------------- corrections


def test_a_fact_that_others_need_is_voided_with_them(task):
    task.bring_to("END")
    receipt = task.void(3)
    assert (receipt.code, receipt.legal) == ("E_DEPENDENT", ("agent/T1@4",))
    assert task.void(3, 4).status == "accepted"

    assert cells(task) == {}
    task.tick("07-30T09:00")
    assert "agent.clock_breached" not in task.kinds


def test_a_breach_is_withdrawn_by_the_ledger_only_and_with_what_it_followed_from(task):
    task.bring_to("ACC")
    task.tick("06-06T09:00")
    assert task.void(4).code == "E_STATE"
    assert task.void(3).status == "accepted"

    assert cells(task) == {}
    assert agent.RULES.fold(task.hall.events(task.name)).breached == ()


def test_waiting_that_never_was_makes_an_end_late(task):
    task.bring_to("SUS")
    task.tick("06-03T09:00")
    task.must("agent.resume")
    task.hall.wait(days=4)
    task.must("agent.end")
    assert task.stamp["in_time"] is True
    assert task.void(4, 5).status == "accepted"

    assert task.kinds[-1] == "agent.clock_breached"
    assert cells(task) == {"agent_overdue|2020-06-05|village|": 1,
                           "agent_done|2020-06-07|village|": 1}  # fmt: skip


def test_a_handing_over_that_never_was_moves_what_counts_back(task):
    task.bring_to("ACC")
    task.must("agent.hand_to_town")
    task.must("agent.end", **TOWN)
    assert "agent_done|2020-06-01|town|" in cells(task)
    task.void(4)

    assert cells(task) == {"agent_done|2020-06-01|village|": 1,
                           "agent_in_time|2020-06-01|village|": 1}  # fmt: skip


def test_a_replay_of_the_commands_makes_the_same_bytes(task, new_hall):
    task.bring_to("SUS")
    task.tick("06-10T09:00")
    task.must("agent.resume")
    task.tick("06-20T09:00")
    task.must("agent.end")
    task.void(4, 5)
    again = new_hall(furnished=False)
    again.partition = Partition(0, again.shelf)
    again.partition.reference = task.hall.partition.reference
    for raw, now in task.hall.order:
        again.now = now
        again.decide(raw)

    assert [decode(v) for v in again.shelf.history(task.name)] == task.hall.events(task.name)
