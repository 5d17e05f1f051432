"""The matrix of docs/states.md is the law: every cell is tried through the real decision."""

import re
from pathlib import Path

import pytest

from ledger.contracts.events import FACTS
from ledger.contracts.events import case as facts
from ledger.rules import case

STATES_MD = Path(__file__).parents[2] / "docs" / "states.md"
OTHERS = "any other event"
TRY = {
    "case.submitted": "submit", "case.accepted": "accept", "case.transferred": "transfer",
    "case.transfer_received": "receive", "case.concluded": "conclude", "case.issued": "issue",
    "case.step_started": "step",
}  # fmt: skip


def printed():
    """Rows of the first table: state → column → cell, as an auditor reads them."""
    lines = [line for line in STATES_MD.read_text().splitlines() if line.startswith("|")]
    rows = [[cell.strip().strip("`") for cell in line[1:-1].split("|")] for line in lines]
    header, _, *body = rows[: next((i for i, r in enumerate(rows) if r[0] == OTHERS), 0)]
    return {
        row[0].split(" ")[0].strip("`"): dict(zip(header[1:], row[1:], strict=True)) for row in body
    }


TABLE = printed()
CELLS = [(state, event, cell) for state, row in TABLE.items() for event, cell in row.items()]


def attempt(hall, event):
    match event.split(" "):
        case ["case.decision_made", sign]:
            return hall.decide_on(outcome="approved" if sign == "+" else "rejected")
        case ["case.step_finished"]:
            return hall.say("case.finish_step", data={"step_no": 7}, who="cui", post="review")
        case ["submission", "voided"]:
            own = [e["id"] for e in hall.events("case/C1") if not e["type"].endswith("voided")
                   and not e["type"].endswith("restamped")]  # fmt: skip
            return hall.void(*own) if own else hall.void("case/C1@1")
    more = {"case.transferred": {"number": "t9", "to": "住建"}, "case.step_started": {"number": 8}}
    return getattr(hall, TRY[event])("C1", **more.get(event, {}))


@pytest.mark.parametrize(("state", "event", "cell"), CELLS)
def test_every_cell_of_the_printed_matrix_is_what_the_ledger_decides(hall, state, event, cell):
    hall.bring_to(state, item="instant" if cell.endswith("¹") else "promised")
    if event == "case.step_finished" and state in {"SUB", "ACC", "TRN", "REV"}:
        hall.step(number=7)
    elif event == "case.step_finished" and state in {"DEC+", "DEC-"}:
        hall.step(number=7, who="an")
    before = len(hall.shelf.log)
    receipt = attempt(hall, event)

    if cell == "×":
        wanted = {"submission voided": {"E_REF", "E_STATE"}}.get(event, {"E_STATE"})
        assert (receipt.status, receipt.code in wanted) == ("refused", True), receipt
        assert len(hall.shelf.log) == before
        assert hall.state().status == state
    else:
        assert receipt.status == "accepted", receipt
        assert hall.state().status == (state if cell == "=" else cell.rstrip("¹"))


@pytest.mark.parametrize("state", [state for state in TABLE if state != "VOI"])
def test_every_cross_of_a_case_event_names_the_legal_commands(hall, state):
    hall.bring_to(state)
    crosses = [e for e, cell in TABLE[state].items() if cell == "×" and e in TRY]

    for event in crosses:
        receipt = attempt(hall, event)
        assert receipt.legal == case.legal(hall.state()), event


def test_the_printed_matrix_has_every_state_and_event_of_the_code():
    columns = set(next(iter(TABLE.values())))
    decided = {"case.decision_made +", "case.decision_made −"}

    assert set(TABLE) == set(case.MATRIX) == set(case.STATE_NAMES)
    assert columns == set(case.COMMAND_OF) - {"case.decision_made", ""} | decided | {
        "submission voided"
    }


def test_the_code_holds_the_same_cells_as_the_printed_table():
    for state, row in TABLE.items():
        code = {}
        for event, after in case.MATRIX[state].items():
            if event == facts.DecisionMade.TYPE:
                code |= {f"{event} +": "DEC+", f"{event} −": "DEC-"}
            else:
                code[event] = after
        said = {e: c.rstrip("¹") for e, c in row.items() if c != "×" and e != "submission voided"}

        assert code == said, state


def test_any_other_event_has_its_row():
    text = STATES_MD.read_text()
    rows = dict(re.findall(r"^\| `([\w.]+)` \| (.+) \|$", text, re.MULTILINE))
    in_matrix = set(case.COMMAND_OF)
    others = {t for t in FACTS if t.startswith(("case.", "rating."))} - in_matrix

    assert set(rows) == others


def test_after_the_conclusion_the_case_can_still_be_issued_but_not_concluded(hall):
    hall.bring_to("DEC+")
    hall.conclude()
    again = hall.conclude()

    assert (again.code, again.legal) == ("E_STATE", ("case.finish_step", "case.issue",
                                                      "case.start_step"))  # fmt: skip
    assert hall.issue().status == "accepted"
    assert hall.conclude().code == "E_STATE"
