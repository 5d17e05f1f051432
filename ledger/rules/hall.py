"""大厅 (hall): what may happen in a hall, the stamps of its facts, and what time brings about.

Source: domain.md 3.4, 4.3, 6.2 (K05–K09, K38, K39). Stamps make every live reader a function of one
event: `window` (where it counts), `waiting` (change of the number of waiting tickets),
`waited_from` and `waits_from` (minute from which it waited before, and waits after), `was` (a
window before it closed), `more` (people in the hall, against the count before), `first_call`,
`wait_seconds`, `service_seconds`, `rateable` (可评: a service that ended with a case),
`open_seconds` and `serving_seconds` since the last change of the window, and `unattended_seconds`
of it that end here (空岗). An interval counts whole in the hour in which it ends; the local day is
exact, since a hall's stream is one day.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from ledger.contracts.codes import SourceClass
from ledger.contracts.events import hall as facts
from ledger.contracts.wire import Event
from ledger.rules.facts import Draft
from ledger.rules.hall_state import (
    PERSON_STATUS,
    State,
    Ticket,
    Window,
    evolve,
    evolve_ticket,
    fold,
    is_served,
    seconds_between,
)
from ledger.rules.reference import Reference
from ledger.rules.refusals import Code, Refused
from ledger.rules.streams import Asked

__all__ = ["TICKETS", "State", "check_known", "decide", "evolve", "fold", "next_look", "row_of",
           "settle"]  # fmt: skip

Data = Mapping[str, Any]

LEFT_AFTER = timedelta(minutes=30)
"""窗口关闭后在办号: so long after its window closed a ticket in service is finished as left."""
DAY_END = "T23:59:59+08:00"
"""When tickets of the day that were not served expire."""

_UNSERVED = (facts.TicketParked, facts.TicketTransferred, facts.TicketCancelled,
             facts.TicketExpired)  # fmt: skip
TICKETS: dict[str, tuple[type[facts.TicketPayload], ...]] = {
    "-": (facts.TicketIssued,),
    "WAIT": (facts.TicketCheckedIn, facts.TicketCalled, *_UNSERVED),
    "CALL": (facts.TicketCalled, facts.ServiceStarted, facts.TicketNoShow, *_UNSERVED),
    "PASS": (facts.TicketCalled, facts.TicketCancelled, facts.TicketExpired),
    "SERV": (facts.ServiceFinished, facts.TicketParked, facts.TicketTransferred),
    "END": (),
    "parked": (facts.TicketResumed, facts.TicketCancelled, facts.TicketExpired),
    "parked SERV": (facts.TicketResumed, facts.ServiceFinished),
}
"""Status of a ticket → the facts that may follow; docs/states.md prints it."""

WINDOWS = {
    facts.WindowOpened.TYPE: ("closed",),
    facts.WindowPaused.TYPE: ("open",),
    facts.WindowResumed.TYPE: ("paused",),
    facts.WindowClosed.TYPE: ("open", "paused"),
}
"""Fact of a window → where it may follow."""
PEOPLE = {
    facts.ClockIn.TYPE: ("none", "out"),
    facts.ClockOut.TYPE: ("in", "away"),
    facts.LeftPost.TYPE: ("in",),
    facts.Returned.TYPE: ("away",),
    facts.OnLeave.TYPE: ("none", "out"),
}
"""Fact about somebody's presence → where it may follow."""


def check_known(asked: Asked) -> None:
    """Refuse a window that is not of this hall, and staff nobody knows.

    Raises:
        Refused: E_REF.

    """
    centre = asked.key.rpartition(".")[0]
    for name in filter(None, (asked.data.get("window_id"), asked.data.get("to_window"))):
        window = asked.reference.windows.get(name)
        if window is None or window.centre != centre:
            raise Refused(Code.E_REF, f"window {name} is not known at {centre} (window.create)")
    staff = asked.data.get("staff_id")
    interactive = asked.command.source_class is SourceClass.INTERACTIVE
    if interactive and staff is not None and staff not in asked.reference.staff:
        raise Refused(Code.E_REF, f"staff {staff} is not known (staff.join)")


def decide(asked: Asked) -> list[Draft]:
    """Decide a fact of a hall's day.

    Raises:
        Refused: E_STATE, E_TIME_ORDER.

    """
    state: State = asked.state
    kind = asked.payload.TYPE
    check(state, kind, asked.data, asked.at)
    return [Draft(asked.stream, kind, asked.data, stamp_of(state, kind, asked.data, asked.at))]


# ----------------------------------------------------------------------------- what may happen


def check(state: State, kind: str, data: Data, at: str) -> None:
    """Refuse a fact that cannot follow `state`.

    Raises:
        Refused: E_STATE with what is legal; E_TIME_ORDER.

    """
    if kind in WINDOWS:
        _check_window(state, kind, data, at)
    elif kind in PERSON_STATUS:
        _check_person(state, kind, data, at)
    elif "ticket_id" in data:
        _check_ticket(state, kind, data, at)


def _refuse(what: str, allowed: Sequence[str] = ()) -> Refused:
    ways = f"; legal is {', '.join(allowed)}" if allowed else ""
    return Refused(Code.E_STATE, what + ways, tuple(allowed))


def _in_order(what: str, at: str, after: str) -> None:
    if at < after:
        raise Refused(
            Code.E_TIME_ORDER, f"{what} at {at} is before the fact it needs, which was at {after}"
        )


def _check_window(state: State, kind: str, data: Data, at: str) -> None:
    name = data["window_id"]
    window = state.windows.get(name)
    status = window.status if window else "closed"
    if status not in WINDOWS[kind]:
        fitting = [f.COMMAND for f in (facts.WindowOpened, facts.WindowPaused,
                                       facts.WindowResumed, facts.WindowClosed)
                   if status in WINDOWS[f.TYPE]]  # fmt: skip
        raise _refuse(f"window {name} is {status}", fitting)
    if kind == facts.WindowOpened.TYPE and (seat := state.seat_of(data["staff_id"])):
        raise _refuse(f"{data['staff_id']} sits at window {seat}; close it first",
                      [facts.WindowClosed.COMMAND])  # fmt: skip
    if kind == facts.WindowPaused.TYPE and window and window.serving:
        raise _refuse(f"window {name} serves ticket {window.serving}; finish or park it first",
                      [facts.ServiceFinished.COMMAND, facts.TicketParked.COMMAND])  # fmt: skip
    if window:
        _in_order(kind, at, window.at)


def _check_person(state: State, kind: str, data: Data, at: str) -> None:
    person = state.people.get(data["staff_id"])
    status = person.status if person else "none"
    if status not in PEOPLE[kind]:
        raise _refuse(f"{data['staff_id']} is {status}; {kind} follows {' or '.join(PEOPLE[kind])}")
    if person:
        _in_order(kind, at, person.at)


def _check_ticket(state: State, kind: str, data: Data, at: str) -> None:
    ticket = state.tickets.get(data["ticket_id"])
    if kind == facts.TicketIssued.TYPE and data["no"] in state.numbers and ticket is None:
        raise _refuse(f"number {data['no']} was issued before today; take a new one")
    may = TICKETS[row_of(ticket)]
    if kind not in {fact.TYPE for fact in may}:
        raise _refuse(f"{kind}: ticket {data['ticket_id']} is {row_of(ticket)}",
                      sorted(fact.COMMAND for fact in may))  # fmt: skip
    if ticket is None:
        return
    if part := _PARTS.get(kind):
        part(state, ticket, data, at)
    _in_order(kind, at, ticket.last)
    window = _changing(state, kind, data)
    if window is not None and window.status == "open":
        _in_order(kind, at, window.at)


def row_of(ticket: Ticket | None) -> str:
    """Give the row of `TICKETS` for a ticket."""
    if ticket is None:
        return "-"
    if ticket.parked_at is not None:
        return "parked SERV" if ticket.status == "SERV" else "parked"
    return ticket.status


def _checked_in(_: State, ticket: Ticket, data: Data, __: str) -> None:
    if ticket.checked_in:
        raise _refuse("checked in before")
    if ticket.appointment not in {None, data["appointment_id"]}:
        raise _refuse(f"the ticket is of appointment {ticket.appointment}")


def _open_window(state: State, name: str) -> Window:
    window = state.windows.get(name)
    if window is None or window.status != "open":
        status = window.status if window else "closed"
        raise _refuse(f"window {name} is {status}; nobody can be served there",
                      [facts.WindowResumed.COMMAND if status == "paused"
                       else facts.WindowOpened.COMMAND])  # fmt: skip
    return window


def _free_window(state: State, name: str) -> Window:
    window = _open_window(state, name)
    if window.serving is not None:
        raise _refuse(f"window {name} serves ticket {window.serving}; finish or park it first",
                      [facts.ServiceFinished.COMMAND, facts.TicketParked.COMMAND])  # fmt: skip
    return window


def _called(state: State, ticket: Ticket, data: Data, at: str) -> None:
    window = _open_window(state, data["window_id"])
    if data["call_no"] <= ticket.call_no:
        raise _refuse(f"call {ticket.call_no} was made before; the next has a higher number")
    _in_order(facts.TicketCalled.TYPE, at, window.since)


def _started(state: State, ticket: Ticket, data: Data, _: str) -> None:
    if data["window_id"] != ticket.window:
        raise _refuse(f"window {ticket.window} called the ticket last",
                      [facts.TicketCalled.COMMAND])  # fmt: skip
    window = _free_window(state, data["window_id"])
    if window.staff != data["staff_id"]:
        raise _refuse(f"{window.staff} sits at window {data['window_id']}")


def _resumed(state: State, ticket: Ticket, _: Data, __: str) -> None:
    if ticket.status == "SERV":
        _free_window(state, ticket.window or "")


_PARTS: dict[str, Callable[[State, Ticket, Data, str], None]] = {
    facts.TicketCheckedIn.TYPE: _checked_in,
    facts.TicketCalled.TYPE: _called,
    facts.ServiceStarted.TYPE: _started,
    facts.TicketResumed.TYPE: _resumed,
}


# ---------------------------------------------------------------------------------- stamps

CLOCK = slice(len("2020-06-01T"), len("2020-06-01T09:30"))
"""The minute of an instant."""
_NO_LONGER_WAITS = {facts.TicketCalled.TYPE, facts.TicketCancelled.TYPE, facts.TicketExpired.TYPE}
_TOUCHING = {facts.ServiceFinished.TYPE, facts.TicketTransferred.TYPE, facts.TicketParked.TYPE,
             facts.TicketResumed.TYPE, facts.ServiceStarted.TYPE}  # fmt: skip


def _changing(state: State, kind: str, data: Data) -> Window | None:
    """Give the window (as it is before) that a legal fact changes, None for most facts."""
    if kind in WINDOWS:
        return state.windows.get(data["window_id"])
    ticket = state.tickets.get(data.get("ticket_id", ""))
    if ticket is None or kind not in _TOUCHING:
        return None
    begins = kind == facts.ServiceStarted.TYPE or (
        kind == facts.TicketResumed.TYPE and ticket.status == "SERV"
    )
    return state.windows.get(ticket.window or "") if begins or is_served(ticket) else None


def stamp_of(state: State, kind: str, data: Data, at: str) -> dict[str, Any]:
    """Stamp a legal fact; `state` is the one before it."""
    stamp: dict[str, Any] = {}
    ticket = state.tickets.get(data.get("ticket_id", ""))
    place = data.get("window_id") or (ticket.window if ticket else None)
    if place is not None:
        stamp["window"] = place
    if kind == facts.TicketIssued.TYPE:
        stamp |= {"waiting": 1, "waits_from": at[CLOCK]}
    elif kind == facts.Headcount.TYPE:
        stamp["more"] = data["count"] - state.heads
    if ticket is not None:
        stamp |= _ticket_stamp(ticket, kind, at)
        after = evolve_ticket(ticket, kind, data, at, told=True)
        if after.finished_at is not None and after.with_case:
            stamp["rateable"] = True
        before_, after_ = (t.since[CLOCK] if t.waiting else None for t in (ticket, after))
        if before_ != after_:
            stamp |= {"waited_from": before_} if before_ else {}
            stamp |= {"waits_from": after_} if after_ else {}
    window = _changing(state, kind, data)
    if window is not None and kind == facts.WindowClosed.TYPE:
        stamp["was"] = window.status
    if window is not None and window.status == "open":
        spent = seconds_between(window.at, at)
        stamp["open_seconds"] = spent
        if window.serving is not None:
            stamp["serving_seconds"] = spent
    return stamp | _unattended(state, kind, data, at)


def _unattended(state: State, kind: str, data: Data, at: str) -> dict[str, Any]:
    """Give for how long a window was open and its person away or out, where that ends (K39).

    Each fact about the person ends one stretch: who leaves the post and then clocks out has two.
    """
    if kind in {facts.WindowPaused.TYPE, facts.WindowClosed.TYPE}:
        name = data["window_id"]
    elif kind in PERSON_STATUS:
        name = state.seat_of(data["staff_id"])
    else:
        return {}
    window = state.windows.get(name or "")
    person = state.people.get(window.staff or "") if window is not None else None
    if window is None or person is None or window.status != "open" or not person.gone:
        return {}
    spent = seconds_between(max(person.at, window.since), at)
    return {"window": name, "unattended_seconds": spent} if spent > 0 else {}


def _ticket_stamp(ticket: Ticket, kind: str, at: str) -> dict[str, Any]:
    if kind in _NO_LONGER_WAITS and ticket.waiting:
        first = {"first_call": True} if kind == facts.TicketCalled.TYPE else {}
        return {"waiting": -1, **(first if ticket.call_no == 0 else {})}
    match kind:
        case facts.TicketCalled.TYPE if ticket.call_no == 0:
            return {"first_call": True}
        case facts.TicketTransferred.TYPE if not ticket.waiting:
            return {"waiting": 1}
        case facts.ServiceStarted.TYPE:
            return {"wait_seconds": seconds_between(ticket.since, at) - ticket.parked}
        case facts.ServiceFinished.TYPE:
            parked = ticket.parked
            if ticket.parked_at is not None:
                parked += seconds_between(ticket.parked_at, at)
            return {"service_seconds": seconds_between(ticket.since, at) - parked}
    return {}


# ------------------------------------------------------------------------- what time brings about


def settle(
    stream: str, state: State, _: Reference, tick: str, __: Callable[[], Sequence[Event]]
) -> list[Draft]:
    """Draft what a tick finds: services that a closed window left behind, and the day's end."""
    drafts: list[Draft] = []
    if not tick:
        return drafts
    for at, kind, ticket_id in sorted(_due(state)):
        if not at < tick:
            break
        finished = kind == facts.ServiceFinished.TYPE
        data = {"ticket_id": ticket_id, **({"outcome": "left", "case_ids": []} if finished else {})}
        stamp = stamp_of(state, kind, data, at)
        centre = stream.partition("/")[2].rpartition(".")[0]
        drafts.append(Draft(stream, kind, data, stamp, at=at, centre=centre, derived=True))
        told: Any = {"type": kind, "time": at, "subject": stream, "sourceclass": "system",
                     "data": {"data": data, "stamp": stamp}}  # fmt: skip
        state = evolve(state, told)
    return drafts


def next_look(state: State, _: Reference) -> str | None:
    """Give when the hall has to be looked at again; None: never by itself."""
    return min((at for at, *_ in _due(state)), default=None)


def _due(state: State) -> list[tuple[str, str, str]]:
    """Give (when, fact, ticket) of what time will bring about unless something happens first."""
    end = state.day + DAY_END
    found = []
    for ticket_id, ticket in state.tickets.items():
        if ticket.status == "SERV":
            window = state.windows.get(ticket.window or "")
            if window is not None and window.status == "closed":
                last = datetime.fromisoformat(max(window.at, ticket.last))
                at = min((last + LEFT_AFTER).isoformat(), end)
                found.append((at, facts.ServiceFinished.TYPE, ticket_id))
        elif ticket.status != "END" and not ticket.lapsed:
            found.append((end, facts.TicketExpired.TYPE, ticket_id))
    return found
