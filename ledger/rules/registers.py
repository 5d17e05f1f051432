"""登记簿 (registers): what the end of a case takes out of what is due, and of what is late.

A case is entered by its acceptance (`told_due`: the promise as it was told, whatever calendar
comes after) and by the breach of a limit that runs on (`open`); it is taken out by its end, whose
stamp names the same day, centre and department. These are history parts: a correction works them
out anew. `ledger/rules/measures.py` sums them.
"""

from collections.abc import Mapping
from typing import Any

from ledger.contracts.events import case as facts
from ledger.contracts.events import case_course as course
from ledger.rules.case import State

Stamp = dict[str, Any]

CASE_ENDS = frozenset({facts.CaseConcluded.TYPE, course.CaseWithdrawn.TYPE,
                       course.CaseTerminated.TYPE})  # fmt: skip
LATE = {"C2": "statutory", "C3": "promised"}
"""Clock of a case → its name in the register of what is late."""
REGISTERED = ("told_due", *(f"{which}_late{more}" for which in LATE.values()
                                for more in ("", "_dept", "_centre")))  # fmt: skip
"""What the end of a case takes out of the registers of what is due, and of what is late."""


def ended(before: State, at: str) -> Stamp:
    """Stamp the end of a case with the entries it ends; `before` is the state before the fact.

    A breach after the fact is one that the fact shows to be none, and is withdrawn with it.
    """
    if before.is_over:
        return {}
    stamp: Stamp = {"told_due": before.told_due}
    for clock, due, dept, centre in before.late:
        if due < at:
            name = f"{LATE[clock]}_late"
            stamp |= {name: due, f"{name}_dept": dept, f"{name}_centre": centre}
    return {name: value for name, value in stamp.items() if value is not None}


def ended_anew(stamp: Stamp, before: State, at: str) -> Stamp:
    """Give the stamp of the end of a case with the entries it ends as of `before`."""
    kept = {name: value for name, value in stamp.items() if name not in REGISTERED}
    return {**kept, **ended(before, at)}


def is_open(state: State, data: Mapping[str, Any]) -> bool:
    """Tell whether the clock of a breach runs on: the case is late now, and not only was."""
    name = (data["clock"], data["about"], data["start"])
    return data["clock"] in LATE and any(
        clock.name == name and clock.stop is None for clock in state.clocks.all
    )
