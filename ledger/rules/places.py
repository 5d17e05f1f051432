"""计入地 (places): where a fact counts that counts elsewhere than its measure would look first.

A broken limit counts where the case was when it was due (decision 0015); what ended before it was
accepted, where it was received; a notice that names no centre, likewise. Such a fact says so in its
stamp, the window too, "" for none; every other fact counts where its case was accepted, or where it
was entered. These are history parts: a correction works them out anew.
"""

from collections.abc import Mapping
from typing import Any

from ledger.contracts.events import case as facts
from ledger.contracts.events import case_course as course
from ledger.rules.case_state import State

Place = tuple[str | None, str | None]
"""Centre and window; either may be nowhere."""
NOWHERE: Place = (None, None)
PARTS = ("counts_centre", "counts_window")
ENDED = frozenset({facts.CaseConcluded.TYPE, course.CaseExchanged.TYPE})
"""They count at the home of the case."""
TOLD = frozenset({course.SupplementNoticed.TYPE, course.NotAccepted.TYPE})
"""They count where they were told."""


def counted_at(
    kind: str, state: State, data: Mapping[str, Any], own: Place = NOWHERE
) -> dict[str, Any]:  # fmt: skip
    """Stamp where a fact counts, {} where its measure looks first anyhow.

    `state`: the case by then; `own`: where the fact was entered.
    """
    if kind in TOLD:
        received = state.received_centre, own[1] or state.received_window
        usual, at = own, own if own[0] else received
    else:
        usual = at = state.accept_centre, state.accept_window
        if kind in ENDED:
            at = home(state)
        elif kind == course.ClockBreached.TYPE:
            at = broken_at(state, data)
    return {} if at == usual else dict(zip(PARTS, (at[0] or "", at[1] or ""), strict=True))


def home(state: State) -> Place:
    """Give where a case was accepted; where it was received, if it was not."""
    if state.accepted_at is None:
        return state.received_centre, state.received_window
    return state.accept_centre, state.accept_window


def broken_at(state: State, data: Mapping[str, Any]) -> Place:
    """Give where a limit was broken: of its front the window too, of a department the centre."""
    dept, centre = in_charge(data)
    return centre, front_window(state, dept, centre)


def front_window(state: State, dept: str | None, centre: str | None) -> str | None:
    """Give the window of a case that its front holds: no department, and its centre."""
    front, window = home(state)
    return window if dept is None and centre == front else None


def in_charge(breach: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """Give department and centre to which a breach is laid.

    The holder's; of the office in charge while the applicant or a special body holds the case.
    """
    office = "holder" if breach.get("holder_kind", "office") == "office" else "office"
    return breach.get(f"{office}_dept"), breach.get(f"{office}_centre")
