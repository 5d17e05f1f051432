"""The matrix of docs/states.md is the law: every cell is tried through the real decision."""

import re
from copy import copy
from functools import cache
from pathlib import Path

import pytest

from ledger.contracts.events import FACTS
from ledger.contracts.events import case as facts
from ledger.contracts.wire import decode
from ledger.rules import case
from ledger.rules.partition import Partition

STATES_MD = Path(__file__).parents[2] / "docs" / "states.md"
OTHERS = "any other event"
OWN = {"case.deemed_accepted"}
"""Written by the ledger itself: there is no command to try."""


def printed():
    """The first table: event → state → cell, as an auditor reads it."""
    lines = [line for line in STATES_MD.read_text().splitlines() if line.startswith("|")]
    rows = [[cell.strip().strip("`") for cell in line[1:-1].split("|")] for line in lines]
    header, _, *body = rows[: next((i for i, r in enumerate(rows) if r[0] == OTHERS), 0)]
    states = [cell.split(" ")[0].strip("`") for cell in header[1:]]
    return {row[0]: dict(zip(states, row[1:], strict=True)) for row in body}


TABLE = printed()
STATES = list(TABLE["case.submitted"])
CELLS = [(event, state, cell) for event, row in TABLE.items() for state, cell in row.items()]
BUT = {
    "case.decision_made +": {"outcome": "partly"},
    "case.decision_made −": {"outcome": "rejected", "reason_code": "x", "remedies_told": True},
    "case.supplemented in part": {"complete": False},
    "case.transferred": {"transfer_id": "t9", "to_dept": "住建"},
    "case.delivered": {"method": "electronic"},
}


def after(cell, state):
    return state if cell == "=" else cell.rstrip("¹²³⁴")


def command_of(event):
    return case.COMMAND_OF[event.split(" ")[0]]


@pytest.fixture(scope="module")
def brought(new_hall):
    """(event, state, legal?) → a hall with the case there; each is built once."""

    @cache
    def build(state, item, command):
        hall = new_hall()
        if command:
            hall.ready_for(command, state=state, item=item)
        else:
            hall.bring_to(state, item=item)
        return hall

    def give(event, state, cell):
        item = "escalated" if event == "case.escalated_result" else "generous"
        if cell.endswith("¹"):
            item = "instant"
        bare = event in OWN or event == "submission voided" or cell == "×"
        built = build(state, item, "" if bare else command_of(event))
        return thrown_away(built)

    return give


def thrown_away(hall):
    """A hall of which nothing is kept: it may decide once."""
    again = copy(hall)
    again.spoken, again.order = [], []
    again.partition = Partition(0, hall.shelf)
    again.partition.reference = hall.partition.reference
    again.shelf = copy(hall.shelf)
    again.shelf.keep = lambda _: None
    return again


def attempt(hall, event):
    if event == "submission voided":
        own = list(case.current(hall.events("case/C1"))) or ["case/C1@1"]
        return hall.void(*own)
    return hall.usual(command_of(event), but=BUT.get(event))


def month_later(hall):
    """The types of what the ledger writes by itself, when nobody does anything for a month."""
    hall.wait(days=30)
    hall.decide(hall.raw("clock.tick", "0", {}, source_class="system", source_system="clock",
                         source_seq="0@month"))  # fmt: skip
    return [decode(each.value)["type"] for each in hall.spoken[-1].events]


def new_status(hall):
    fresh = [decode(each.value) for each in hall.spoken[-1].events if each.stream == "case/C1"]
    return case.fold([*hall.events("case/C1"), *fresh]).status


@pytest.mark.parametrize(("event", "state", "cell"), CELLS)
def test_every_cell_of_the_printed_matrix_is_what_the_ledger_decides(brought, event, state, cell):
    hall = brought(event, state, cell)
    if event in OWN:
        made = month_later(hall)
        assert (event in made) == (cell != "×"), made
        assert cell == "×" or new_status(hall) == after(cell, state)
        return
    receipt = attempt(hall, event)

    if cell != "×":
        assert receipt.status == "accepted", receipt
        assert new_status(hall) == after(cell, state)
    elif event == "submission voided":
        assert receipt.code in {"E_REF", "E_STATE"}
    else:
        kind = event.split(" ")[0]
        assert (receipt.status, receipt.code) == ("refused", "E_STATE"), receipt
        assert receipt.message.startswith((f"{kind} in state {state} ", "already concluded"))
        assert receipt.legal == case.legal(hall.state())


def test_a_refused_transfer_goes_back_to_the_review_it_came_from(hall):
    hall.bring_to("REV")
    hall.transfer(number="t2", to="住建")
    hall.must("case.refuse_transfer", data={"transfer_id": "t2", "reason_code": "x"},
              source_class="imported")  # fmt: skip

    assert hall.state().status == "REV"


def test_the_printed_matrix_has_every_state_and_event_of_the_code():
    split = {"case.decision_made": (" +", " −"), "case.supplemented": (" complete", " in part")}
    known = {kind for row in case.MATRIX.values() for kind in row}
    wanted = {kind + part for kind in known for part in split.get(kind, ("",))}

    assert set(STATES) == set(case.MATRIX) == set(case.STATE_NAMES)
    assert set(TABLE) == wanted | {"submission voided"}


@pytest.mark.parametrize("state", STATES)
def test_the_code_holds_the_same_cells_as_the_printed_table(state):
    code = {}
    for event, then in case.MATRIX[state].items():
        if event == facts.DecisionMade.TYPE:
            code |= {f"{event} +": "DEC+", f"{event} −": "DEC-"}
        elif event == "case.supplemented":
            code |= {f"{event} complete": then, f"{event} in part": "="}
        else:
            code[event] = "ACC" if then == "BACK" else then
    said = {e: row[state].rstrip("¹²³⁴") for e, row in TABLE.items() if row[state] != "×"}

    assert {**code, **({"submission voided": "VOI"} if state not in {"-", "VOI"} else {})} == said


def test_any_other_event_has_its_row():
    text = STATES_MD.read_text().split("## Other events")[1].split("## 大厅")[0]
    rows = dict(re.findall(r"^\| `([\w.]+)` \| (.+) \|$", text, re.MULTILINE))
    in_matrix = {kind for row in case.MATRIX.values() for kind in row}
    others = {t for t in FACTS if t.startswith(("case.", "rating."))} - in_matrix

    assert set(rows) == others


CONCLUDABLE = [state for state in STATES if facts.CaseConcluded.TYPE in case.MATRIX[state]]
AMENDED = {"-": "E_REF", "VOI": "E_STATE"}
# command | state | said after its conclusion | code
BESIDE = [
    *(("case.amend_event", state, False, AMENDED.get(state, "")) for state in STATES),
    *((rate, state, False, "E_REF" if state in AMENDED else "" if state == "ARC" else "E_STATE")
      for rate in ("rating.submit", "rating.invite") for state in STATES),
    *((rate, state, True, "") for rate in ("rating.submit", "rating.invite")
      for state in CONCLUDABLE),
]  # fmt: skip


@pytest.mark.parametrize(("command", "state", "concluded", "code"), BESIDE)
def test_what_is_legal_beside_the_matrix_is_tried_in_every_state(
    hall, command, state, concluded, code
):
    hall.bring_to(state)
    if concluded:
        assert hall.conclude().status == "accepted"
    said = hall.say(command) if command == "rating.invite" else hall.usual(command)

    assert said.code == code, said


def test_after_the_conclusion_the_case_can_still_be_issued_but_not_concluded(hall):
    hall.bring_to("DEC+")
    hall.conclude()
    again = hall.conclude()

    assert (again.code, again.message.split(";")[0]) == ("E_STATE", "already concluded")
    assert "case.issue" in again.legal
    assert "case.conclude" not in again.legal
    assert hall.issue().status == "accepted"
    assert hall.conclude().code == "E_STATE"
