"""一件事: what the tables of a bundle and its members cannot say."""

from datetime import timedelta

import pytest

from ledger.contracts.events.bundle import MEMBERS_MAX
from ledger.rules import bundle as rules
from processors.views.fold import compile_fold
from tests.tabled_ways import DESK, Tabled


@pytest.fixture
def bundle(hall):
    return Tabled(hall, "bundle")


def cells(bundle):
    sums, fold = {}, compile_fold()
    for event in bundle.hall.events(bundle.name):
        fold(sums, event)
    return {cell: n for cell, n in sums.items() if n and "T" not in cell.split("|")[1]}


def add(bundle, *cases):
    for case in cases:
        bundle.must("bundle.add_member", {"case_id": case})


def conclude(bundle, *cases):
    for case in cases:
        bundle.must("bundle.conclude_member", {"case_id": case})


@pytest.mark.parametrize(("bundle", "case"), [("B1", "C1"), ("B" * 64, "C" * 64)])
def test_what_a_member_causes_is_taken_however_long_the_names_are(hall, bundle, case):
    """Names of 64 characters each, and a number of 128 at most: a longer one ends in a hash."""
    for said in ("case.submit", "case.accept"):
        hall.usual(said, case)
    hall.must("bundle.open", bundle, {"theme": "出生", "lead_dept": "民政"}, **DESK)
    hall.must("bundle.add_member", bundle, {"case_id": case}, **DESK)
    (caused,) = hall.spoken[-1].caused
    first, again = hall.decide(caused), hall.decide(caused)

    assert (first.receipt.status, again.receipt.status) == ("accepted", "duplicate")
    number = first.receipt.key.removeprefix("ledger/")
    assert number.startswith(f"bundle/{bundle}@2>C"[:95])
    assert len(number) <= 128
    if len(bundle) == 2:
        assert number == "bundle/B1@2>C1"


REFUSED = [  # members | concluded | command | other data | code
    ((), (), "bundle.close", {"cases": ["C1"]}, "E_STATE"),
    (("C1", "C2"), ("C1",), "bundle.close", {"cases": ["C1", "C2"]}, "E_STATE"),
    (("C1", "C2"), ("C1",), "bundle.close", {"cases": ["C1"]}, "E_STATE"),
    (("C1",), ("C1",), "bundle.close", {"cases": ["C1", "C9"]}, "E_STATE"),
    (("C1",), ("C1",), "bundle.close", {"cases": []}, "E_FIELD"),
    (("C1",), (), "bundle.conclude_member", {"case_id": "C9"}, "E_STATE"),
    (("C1",), (), "bundle.add_member", {"case_id": "C1"}, "E_STATE"),
    ((), (), "bundle.open", {}, "E_STATE"),
]


@pytest.mark.parametrize(("members", "concluded", "command", "but", "code"), REFUSED)
def test_each_invariant_refuses(bundle, members, concluded, command, but, code):
    bundle.must("bundle.open")
    add(bundle, *members)
    conclude(bundle, *concluded)
    receipt = bundle.say(command, but)

    assert (receipt.status, receipt.code) == ("refused", code), receipt


@pytest.mark.parametrize("command", ["bundle.add_member", "bundle.conclude_member"])
@pytest.mark.parametrize("road", [(), "CLO"])
def test_members_join_and_are_concluded_only_while_it_is_open(bundle, road, command):
    if road:
        bundle.bring_to(road)

    assert bundle.say(command, {"case_id": "C7"}).code == "E_STATE"


def test_a_department_nobody_knows_leads_nothing(bundle):
    assert bundle.say("bundle.open", {"lead_dept": "海关"}).code == "E_REF"
    assert bundle.say("bundle.open", {"lead_dept": "海关"}, source_class="imported").status == (
        "accepted"
    )


def test_a_bundle_has_a_largest_size(bundle):
    bundle.must("bundle.open")
    add(bundle, *(f"C{n}" for n in range(MEMBERS_MAX)))

    assert bundle.say("bundle.add_member", {"case_id": "C99"}).code == "E_LIMIT"


def test_nothing_happens_before_what_it_needs(bundle):
    bundle.must("bundle.open")
    early = bundle.hall.now - timedelta(hours=1)
    assert bundle.say("bundle.add_member", at=early).code == "E_TIME_ORDER"
    bundle.hall.wait(hours=3)
    add(bundle, "C1")
    conclude(bundle, "C1")
    between = bundle.hall.now - timedelta(hours=2)

    assert bundle.say("bundle.close", at=between).code == "E_TIME_ORDER"


def test_the_whole_way_counts_each_case_once_where_the_bundle_was_opened(bundle):
    bundle.must("bundle.open")
    add(bundle, "C1")
    bundle.must("bundle.add_member", {"case_id": "C2"}, centre="key")
    conclude(bundle, "C2", "C1")
    bundle.must("bundle.close", {"cases": ["C1", "C2"]})

    assert bundle.stamp == {"theme": "出生", "lead_dept": "民政", "lead_centre": "town"}
    assert cells(bundle) == {"bundle_cases|2020-06-01|town|": 2}


def test_a_voided_member_no_longer_counts_and_holds_nothing_up(bundle):
    bundle.must("bundle.open")
    add(bundle, "C1", "C2")
    conclude(bundle, "C1")
    assert bundle.void(3).status == "accepted"
    assert cells(bundle) == {"bundle_cases|2020-06-01|town|": 1}
    bundle.must("bundle.close", {"cases": ["C1"]})

    receipt = bundle.void(4)
    assert (receipt.code, receipt.legal) == ("E_DEPENDENT", ("bundle/B1@7",))


# ---------------------------------------------------------- what cases and bundles tell each other


def caused(hall):
    """Hand in what the last decision caused, until nothing is; give the receipts by type."""
    made, queue = [], list(hall.spoken[-1].caused)
    while queue:
        decision = hall.decide(queue.pop(0))
        made.append((decision.receipt.stream, decision.receipt.status, decision.receipt.code))
        queue += decision.caused
    return made


def member(bundle, case="C1"):
    history = bundle.hall.events(bundle.name)
    return rules.RULES.fold(history).of(case).status


def test_a_case_that_is_added_knows_so_and_tells_of_its_conclusion(bundle):
    bundle.hall.bring_to("DEC+")
    bundle.must("bundle.open")
    add(bundle, "C1")
    assert caused(bundle.hall) == [("case/C1", "accepted", "")]
    bundle.hall.wait(minutes=1)
    assert bundle.hall.conclude().status == "accepted"
    assert caused(bundle.hall) == [("bundle/B1", "accepted", "")]

    assert member(bundle) == "CON"


def test_a_case_that_was_concluded_before_tells_so_when_it_is_added(bundle):
    bundle.hall.bring_to("DEC+")
    assert bundle.hall.conclude().status == "accepted"
    assert caused(bundle.hall) == []
    bundle.hall.wait(minutes=1)
    bundle.must("bundle.open")
    add(bundle, "C1")

    assert caused(bundle.hall) == [("case/C1", "accepted", ""), ("bundle/B1", "accepted", "")]
    assert member(bundle) == "CON"


def test_a_conclusion_told_late_is_heard_of_when_the_case_had_become_a_member(bundle):
    bundle.hall.bring_to("DEC+")
    early = bundle.hall.now
    bundle.hall.wait(hours=2)
    bundle.must("bundle.open")
    add(bundle, "C1")
    joined = bundle.hall.last(bundle.name)["time"]
    caused(bundle.hall)
    bundle.hall.wait(hours=1)
    assert bundle.hall.conclude(at=early).status == "accepted"

    assert caused(bundle.hall) == [("bundle/B1", "accepted", "")]
    assert bundle.hall.last(bundle.name)["time"] == joined


def test_a_case_nobody_knows_is_refused_and_told_to_nobody(bundle):
    bundle.must("bundle.open")
    add(bundle, "C9")

    assert caused(bundle.hall) == [("case/C9", "refused", "E_STATE")]


def test_a_case_joins_a_bundle_once(hall):
    hall.bring_to("ACC")
    assert hall.usual("case.bundle").status == "accepted"

    assert hall.usual("case.bundle").code == "E_STATE"
