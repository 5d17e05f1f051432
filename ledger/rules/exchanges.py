"""数据上报 (exchange): what of a case is reported to a platform, and by when (C15).

Whether a case is reported at all, and where to, the item says that was in force when it was
submitted. Source: domain.md 3.11 (tables of the platforms), 4.2 C15.
"""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from ledger.contracts.events import case as facts
from ledger.contracts.events import case_course as course
from ledger.contracts.wire import Event
from ledger.rules.clocks import Clock, Clocks

EXPORTED = frozenset({
    facts.CaseAccepted.TYPE,  # UP_PRO_ACCEPT
    facts.StepFinished.TYPE, facts.Transferred.TYPE, facts.DecisionMade.TYPE,  # UP_PRO_PROCESS
    course.SpecialStarted.TYPE, course.SpecialEnded.TYPE,  # UP_PRO_SPECIAL_PROCEDURE
    facts.CaseConcluded.TYPE, facts.CaseIssued.TYPE, course.CaseDelivered.TYPE,  # UP_PRO_RESULT
})  # fmt: skip
"""Facts that are reported, each by its own due. A submission goes with the acceptance; a deemed
acceptance has no document, and is our own finding of days ago; ratings travel on their own way."""
NEXT_MORNING = "T08:00:00+08:00"


def report_due(at: str) -> str:
    """Give until when a fact of `at` is reported: at eight the next day (T+1), whatever day it is.

    Both ISO 8601 +08:00.
    """
    return (date.fromisoformat(at[:10]) + timedelta(1)).isoformat() + NEXT_MORNING


def owed(event: Event) -> Clock:
    """Start the clock of a fact that has to be reported; it is told apart by its version."""
    version = event.get("id", "").rpartition("@")[2]
    return Clock("C15", version, event["time"], due=report_due(event["time"]))


def handed_over(clocks: Clocks, data: Mapping[str, Any], at: str) -> tuple[Clock, ...]:
    """Give the clocks that an exchange stops: of what had happened, if it went to the platform."""
    if not data["ok"] or data["target"] != clocks.reported_to:
        return ()
    return tuple(c for c in clocks.all if c.code == "C15" and c.stop is None and c.start <= at)


def settled(clocks: Clocks, done: tuple[Clock, ...], at: str) -> Clocks:
    """Stop clocks at an exchange; what was in time owes nothing any more and is forgotten."""
    if not done:
        return clocks
    return clocks._replace(all=tuple(
        clock._replace(stop=at) if clock in done else clock
        for clock in clocks.all if clock not in done or clock.due < at
    ))  # fmt: skip
