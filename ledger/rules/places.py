"""计入地 (places): where a fact counts that counts elsewhere than where its case was accepted.

A broken limit counts where the case was when it was due (decision 0015). Such a fact says so in
its stamp, the window too, "" for none; every other fact counts where its case was accepted. These
are history parts: a correction works them out anew.
"""

from collections.abc import Mapping
from typing import Any

from ledger.contracts.events import case_course as course
from ledger.rules.case_state import State

Stamp = dict[str, Any]
Place = tuple[str | None, str | None]
"""Centre and window; either may be nowhere."""
PARTS = ("counts_centre", "counts_window")


def counted_at(kind: str, state: State, data: Mapping[str, Any]) -> Stamp:
    """Stamp where a fact counts, {} where its case was accepted; `state`: the case by then."""
    if kind != course.ClockBreached.TYPE:
        return {}
    at, usual = broken_at(state, data), (state.accept_centre, state.accept_window)
    return {} if at == usual else dict(zip(PARTS, (at[0] or "", at[1] or ""), strict=True))


def broken_at(state: State, data: Mapping[str, Any]) -> Place:
    """Give where a limit was broken: of its front the window too, of a department the centre."""
    dept, centre = in_charge(data)
    is_front = dept is None and centre == state.accept_centre
    return centre, state.accept_window if is_front else None


def in_charge(breach: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """Give department and centre to which a breach is laid.

    The holder's; of the office in charge while the applicant or a special body holds the case.
    """
    office = "holder" if breach.get("holder_kind", "office") == "office" else "office"
    return breach.get(f"{office}_dept"), breach.get(f"{office}_centre")
