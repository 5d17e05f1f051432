"""监察标记: each soft rule a fact of a case touches by itself, and who is never flagged."""

import re
from pathlib import Path

import pytest

from ledger.rules import alerts
from ledger.rules.effective import current
from ledger.rules.flags import HISTORY_FLAGS, SAID_FLAGS
from tests.ticking import amend, moment, tick

STATES_MD = Path(__file__).parents[2] / "docs" / "states.md"
PRINTED = {
    flag: set(re.findall(r"`([\w.]+)`", kinds))
    for flag, kinds in re.findall(r"^\| `(R\d\d)` \| (.+?) \|", STATES_MD.read_text(), re.MULTILINE)
}

# command | what is said otherwise | flags; a case of a generous item
SAID = [
    ("case.accept", {}, []),
    ("case.accept", {"accept_no": None}, ["R20"]),
    ("case.refuse_acceptance", {}, []),
    ("case.refuse_acceptance", {"doc_no": None}, ["R14", "R20"]),
    ("case.charge_fee", {}, []),
    ("case.charge_fee", {"standard_id": None}, ["R15"]),
    ("case.start_special", {}, []),
    ("case.start_special", {"legal_basis": None}, ["R16"]),
    ("case.start_special", {"notice_doc": None}, ["R16"]),
    ("case.start_special", {"notice_doc": None, "excluded": False}, []),
    ("case.notice_supplement", {}, []),
    ("case.commit_deficiency", {}, []),
    ("case.transfer", {}, []),
]


def flags(hall, kind=""):
    """The flags of the newest fact, of a type."""
    told = [event for event in hall.events("case/C1") if kind in event["type"]]
    return told[-1]["data"]["stamp"].get("flags", [])


@pytest.mark.parametrize("source", ["interactive", "imported", "historical"])
@pytest.mark.parametrize(("command", "but", "wanted"), SAID)
def test_what_is_said_flags_by_itself(hall, command, but, wanted, source):
    hall.ready_for(command)
    receipt = hall.usual(command, but=but, source_class=source)

    assert receipt.status == "accepted", receipt
    assert flags(hall) == ([] if source == "historical" else wanted)


@pytest.mark.parametrize(
    ("source", "code", "wanted"),
    [("interactive", "E_STATE", None), ("imported", "", ["R28"]), ("historical", "", [])],
)
def test_deferred_materials_that_the_item_does_not_allow(hall, source, code, wanted):
    hall.bring_to("ACC", item="promised")
    receipt = hall.usual("case.commit_deficiency", source_class=source)

    assert receipt.code == code
    if wanted is not None:
        assert flags(hall) == wanted


# where the notice comes | flags
NOTICES = [
    (("case.notice_supplement",), ["R08"]),
    (("case.notice_supplement", "case.supplement"), ["R08"]),
    ((), []),
]


@pytest.mark.parametrize("source", ["interactive", "imported", "historical"])
@pytest.mark.parametrize(("before", "wanted"), NOTICES)
def test_a_second_notice_is_flagged_wherever_it_comes(hall, before, wanted, source):
    hall.bring_to("SUB")
    for command in before:
        assert hall.usual(command).status == "accepted"
    assert hall.usual("case.notice_supplement", source_class=source).status == "accepted"

    assert flags(hall) == ([] if source == "historical" else wanted)


def move(hall, number, dept, centre=None, kind="refer", **more):
    """Send the case on and have it signed for."""
    data = {"transfer_id": number, "kind": kind, "to_dept": dept, "to_centre": centre}
    sent = hall.usual("case.transfer", but=data, source_class="imported", **more)
    assert sent.status == "accepted", sent
    found = flags(hall)
    signed = hall.usual("case.receive_transfer", but={"transfer_id": number},
                        source_class="imported")  # fmt: skip
    assert signed.status == "accepted", signed
    hall.wait(minutes=1)
    return found


# the ways of a case after its acceptance at the counter of `town` | flags of each
MOVES = [
    ([("民政",), ("住建",), ("公安",)], [[], [], []]),
    ([("民政",), ("住建",), ("公安",), ("税务",)], [[], [], [], ["R12"]]),
    ([("民政",), ("住建",), ("民政",)], [[], [], ["R12"]]),
    ([("民政",), ("民政", "town", "return")], [[], ["R12"]]),
    ([("住建",), ("民政", None, "return")], [[], ["R12"]]),
    ([("住建",), ("民政", "key", "return")], [[], []]),
    ([("民政",), ("住建", "town")], [[], []]),
    ([("民政", "town"), ("民政", "key"), ("民政", "town")], [[], [], ["R12"]]),
    ([("民政", "town"), ("民政", "key"), ("民政", "zone")], [[], [], []]),
]


@pytest.mark.parametrize(("moves", "wanted"), MOVES)
def test_a_case_that_is_sent_about_is_flagged(hall, moves, wanted):
    hall.bring_to("ACC")

    assert [move(hall, f"t{n}", *to) for n, to in enumerate(moves)] == wanted


def test_a_refused_transfer_is_no_hop(hall):
    """The case stayed where it was; what is counted are those that were signed for."""
    hall.bring_to("ACC")
    for n in range(4):
        hall.transfer(number=f"r{n}")
        assert flags(hall) == []
        refused = hall.usual("case.refuse_transfer", but={"transfer_id": f"r{n}"})
        assert refused.status == "accepted", refused
    found = [move(hall, f"t{n}", dept) for n, dept in enumerate(("民政", "住建", "公安", "税务"))]

    assert found == [[], [], [], ["R12"]]


def test_history_is_sent_about_without_a_flag(hall):
    hall.bring_to("ACC")
    for n, dept in enumerate(("民政", "住建")):
        move(hall, f"t{n}", dept)
    hall.transfer(number="t3", source_class="historical")

    assert flags(hall) == []


def test_the_page_has_every_flag_of_the_code():
    assert set(PRINTED) == HISTORY_FLAGS | SAID_FLAGS


def extend(hall, text):
    receipt = hall.usual("case.grant_extension", at=moment(text), late_reason="x")
    assert receipt.status == "accepted", receipt


# item | tick before | entered at | granted at | flags; C3 is due 06-15, C2 06-30
EXTENSIONS = [
    ("promised", "", "06-16T10:00", "06-16T10:00", []),
    ("promised", "06-16T08:00", "06-16T10:00", "06-15T10:00", []),
    ("promised", "06-16T08:00", "06-30T10:00", "06-30T10:00", []),
    ("promised", "", "07-01T10:00", "07-01T10:00", ["R02"]),
    ("promised", "", "07-01T10:00", "06-30T10:00", []),
    ("promised", "07-01T08:00", "07-01T10:00", "06-30T10:00", ["R02"]),
    ("bare", "", "06-15T10:00", "06-15T10:00", []),
    ("bare", "", "06-16T10:00", "06-16T10:00", ["R02"]),
    ("bare", "06-16T08:00", "06-16T10:00", "06-12T10:00", ["R02"]),
]  # fmt: skip


@pytest.mark.parametrize(("item", "ticked", "entered", "granted", "wanted"), EXTENSIONS)
def test_an_extension_is_late_by_the_legal_due_or_its_breach(
    hall, item, ticked, entered, granted, wanted
):
    """By the promise only where the law sets no limit; entered after the breach it is late."""
    bare = {"name": "x", "dept": "民政", "project_type": "promised", "promised": {"n": 10}}
    hall.org_must("item.register", "bare", bare)
    hall.bring_to("REV", item=item)
    if ticked:
        tick(hall, ticked)
    hall.now = moment(entered)
    extend(hall, granted)
    cards = alerts.fold(hall.events("supervision/C1")).values()

    found = flags(hall, "case.extension_granted")
    assert [flag for flag in found if flag != "late"] == wanted
    assert [a.level for a in cards if a.level == "red"] == ["red"] * len(wanted)


def test_an_amended_extension_is_judged_anew(hall):
    hall.bring_to("REV")
    hall.now = moment("07-01T10:00")
    extend(hall, "07-01T10:00")
    changes = {"occurred_at": {"old": moment("07-01T10:00").isoformat(),
                               "new": moment("06-12T10:00").isoformat()}}  # fmt: skip
    assert amend(hall, 5, changes).status == "accepted"

    assert "flags" not in current(hall.events("case/C1"))["case/C1@5"]["data"]["stamp"]
    assert "alert.cancelled" in [event["type"] for event in hall.events("supervision/C1")]
