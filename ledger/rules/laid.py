"""责任归属 (to whom an alert is laid): who acted or held, or whom time passed (domain.md 4.2).

What a fact shows is laid to its own place, what time shows to who held the case then.
"""

from typing import Any

from ledger.contracts.events import case_course as course
from ledger.contracts.wire import Event
from ledger.rules import agent, case, inspection
from ledger.rules.alert_instants import Moment
from ledger.rules.effective import current
from ledger.rules.holders import office_of, state_at
from ledger.rules.places import front_window, in_charge
from ledger.rules.supervision_conditions import Beside

Laid = tuple[str | None, str | None, str | None]
"""Department, centre and window."""


def place_of(event: Event, beside: Beside) -> Laid:
    """Give department, centre and window to which what a fact shows is laid."""
    data, stamp = event["data"]["data"], event["data"]["stamp"]
    kind, _, key = event["subject"].partition("/")
    window = event.get("window") or stamp.get("window")
    if kind == "hall":
        return event.get("dept"), _centre_of_hall(event["subject"]), window
    if kind == "inspection":
        return None, stamp.get("centre"), None
    if event["type"] == course.ClockBreached.TYPE:
        dept, centre = in_charge(data)
        window = stamp.get("counts_window", stamp.get("accept_window"))
        return dept or stamp.get("dept"), centre, window or None
    if kind == "agent":
        return None, agent.centre_of(beside.state_of(event["subject"]), stamp), None
    of: case.State
    if kind == "interaction":
        of = beside.state_of(f"case/{key}")
        centre = of.accept_centre or of.holder_centre or stamp.get("filed_centre")
        return stamp.get("target_dept") or of.dept, centre, None
    dept = event.get("dept") or stamp.get("dept")
    centre = event.get("centre") or stamp.get("accept_centre")
    if dept is None or centre is None:
        of = beside.state_of(f"case/{key}")
        dept, centre = dept or of.dept, centre or of.accept_centre or of.holder_centre
    return dept, centre, window


def _centre_of_hall(stream: str) -> str:
    return stream.partition("/")[2].rpartition(".")[0]


def held_by(stream: str, state: Any, moment: Moment, beside: Beside) -> Laid:  # noqa: ANN401
    """Give department, centre and window of what time touched: the holder's, the rated's."""
    kind = stream.partition("/")[0]
    if kind == "hall":
        name = moment.about.partition(".")[0]
        return None, _centre_of_hall(stream), name if name in state.windows else None
    if kind == "inspection":
        return None, inspection.inspected_by(state), None
    if kind == "rating":
        place = state.ratings[moment.about].place
        return place.get("dept"), place.get("accept_centre"), place.get("accept_window")
    then = state_at(current(beside.history_of(stream)).values(), moment.at)
    office = office_of(then, moment.at, beside.reference.calendar)
    window = front_window(then, office.dept, office.centre)
    return office.dept or state.dept, office.centre, window
