"""大厅 (hall): what is known of one hall on one day; a value, folded from its facts.

`evolve` is total: it folds facts that were accepted, it does not judge them; `hall.check` judges.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from ledger.contracts.events import hall as facts
from ledger.contracts.wire import Event
from ledger.rules.effective import current

WAITING_MAX = 10
"""Tickets in line for each open window; with more the hall is congested (R23)."""


@dataclass(frozen=True, slots=True)
class Ticket:
    """One ticket; `status` is WAIT, CALL, PASS (过号), SERV or END."""

    no: str
    status: str
    since: str
    """Where its wait, or its service, is counted from."""
    last: str
    """When the last fact that a person or device told of it happened."""
    appointment: str | None = None
    checked_in: bool = False
    parked_at: str | None = None
    parked: int = 0
    """Seconds parked since `since`."""
    call_no: int = 0
    window: str | None = None
    """The window that called last, or serves."""
    served_by: tuple[str, ...] = ()
    """Staff who began to serve it; the last one answers for the visit."""
    finished_at: str | None = None
    """When its service ended, other than by leaving: from then on the visit is rated."""
    with_case: bool = False
    """Its service ended with a case."""
    passed: bool = False
    """Nobody came to a call of this visit transaction."""
    lapsed: bool = False
    """Expired by the ledger itself; what really happened may still be told."""

    @property
    def waiting(self) -> bool:
        """Tell whether it counts as waiting (K06)."""
        return self.status == "WAIT" and not self.lapsed

    @property
    def in_line(self) -> bool:
        """Tell whether its person stands there now: it waits, and is not parked."""
        return self.waiting and self.parked_at is None


@dataclass(frozen=True, slots=True)
class Window:
    """One window; `status` is open, paused or closed."""

    status: str
    at: str
    """When it last changed."""
    since: str
    """When it last opened, paused, resumed or closed."""
    staff: str | None = None
    serving: str | None = None
    """The ticket in service."""


@dataclass(frozen=True, slots=True)
class Person:
    """The presence of one member of staff: in, out, away or leave."""

    status: str
    at: str
    gone: str | None = None
    """Since when they are away or out; leave (请假) taken from there goes on with it."""


@dataclass(frozen=True, slots=True)
class State:
    """A hall's day."""

    day: str = ""
    tickets: Mapping[str, Ticket] = field(default_factory=dict)
    numbers: frozenset[str] = frozenset()
    windows: Mapping[str, Window] = field(default_factory=dict)
    people: Mapping[str, Person] = field(default_factory=dict)
    heads: int = 0
    """People in the hall, as counted last."""
    queued: int = 0
    """Tickets in line."""
    crowded: str = ""
    """Since when more are in line than ten for each open window; "": they are not."""

    @property
    def is_crowded(self) -> bool:
        """Tell whether too many are in line; no open window is reckoned as one."""
        if self.queued <= WAITING_MAX:
            return False
        opened = sum(window.status == "open" for window in self.windows.values())
        return self.queued > WAITING_MAX * max(opened, 1)

    def seat_of(self, staff: str) -> str | None:
        """Give the window at which somebody sits."""
        return next((id_ for id_, window in self.windows.items() if window.staff == staff), None)


WINDOW_STATUS = {
    facts.WindowOpened.TYPE: "open", facts.WindowPaused.TYPE: "paused",
    facts.WindowResumed.TYPE: "open", facts.WindowClosed.TYPE: "closed",
}  # fmt: skip
PERSON_STATUS = {
    facts.ClockIn.TYPE: "in", facts.ClockOut.TYPE: "out", facts.LeftPost.TYPE: "away",
    facts.Returned.TYPE: "in", facts.OnLeave.TYPE: "leave",
}  # fmt: skip


def seconds_between(start: str, end: str) -> int:
    """Give the whole seconds between two instants; fractions of a second are cut off each."""
    first, last = (datetime.fromisoformat(t).replace(microsecond=0) for t in (start, end))
    return int((last - first).total_seconds())


def fold(history: Iterable[Event]) -> State:
    """Fold the facts of a hall's day that count, as they count now."""
    state = State()
    for event in current(history).values():
        state = evolve(state, event)
    return state


def evolve(state: State, event: Event) -> State:
    """Give the state after an accepted fact; total, an unknown type changes nothing."""
    after = _told(state, event)
    since = (state.crowded or event["time"]) if after.is_crowded else ""
    return after if since == state.crowded else replace(after, crowded=since)


def _told(state: State, event: Event) -> State:
    data, at, kind = event["data"]["data"], event["time"], event["type"]
    if not state.day:
        state = replace(state, day=event["subject"].rpartition(".")[2])
    if kind in WINDOW_STATUS:
        return _evolve_window(state, kind, data, at)
    if kind in PERSON_STATUS:
        person = _moved(state.people.get(data["staff_id"]), PERSON_STATUS[kind], at)
        return replace(state, people={**state.people, data["staff_id"]: person})
    if kind == facts.Headcount.TYPE:
        return replace(state, heads=data["count"])
    if kind == facts.TicketIssued.TYPE:
        ticket = Ticket(data["no"], "WAIT", at, at, data.get("appointment_id"))
        return replace(_with(state, data["ticket_id"], ticket),
                       numbers=state.numbers | {data["no"]})  # fmt: skip
    known = state.tickets.get(data.get("ticket_id", ""))
    if known is None:
        return state
    after = evolve_ticket(known, kind, data, at, told=event["sourceclass"] != "system")
    return _seat(_with(state, data["ticket_id"], after), data["ticket_id"], known, after, at)


def _moved(before: Person | None, status: str, at: str) -> Person:
    """Give somebody's presence after a fact about it; an absence begins where they left."""
    gone = before.gone if before is not None else None
    if status in {"away", "out"}:
        gone = gone or at
    return Person(status, at, None if status == "in" else gone)


def _with(state: State, ticket_id: str, ticket: Ticket) -> State:
    before = state.tickets.get(ticket_id)
    queued = state.queued + ticket.in_line - (before is not None and before.in_line)
    return replace(state, tickets={**state.tickets, ticket_id: ticket}, queued=queued)


def _evolve_window(state: State, kind: str, data: Mapping[str, Any], at: str) -> State:
    before = state.windows.get(data["window_id"], Window("closed", at, at))
    staff = data.get("staff_id", before.staff) if kind != facts.WindowClosed.TYPE else None
    window = replace(before, status=WINDOW_STATUS[kind], at=at, since=at, staff=staff)
    return replace(state, windows={**state.windows, data["window_id"]: window})


def evolve_ticket(
    ticket: Ticket, kind: str, data: Mapping[str, Any], at: str, *, told: bool
) -> Ticket:
    """Give the ticket after one more fact; `told`: by a person or device, not by the ledger."""
    if kind == facts.TicketExpired.TYPE and not told and ticket.parked_at is None:
        return replace(ticket, lapsed=True)
    ticket = replace(ticket, last=at)
    match kind:
        case facts.TicketCheckedIn.TYPE:
            return replace(ticket, checked_in=True, since=at, parked=0)
        case facts.TicketCalled.TYPE:
            if ticket.passed:
                ticket = replace(ticket, since=at, parked=0)
            return replace(ticket, status="CALL", window=data["window_id"],
                           call_no=data["call_no"])  # fmt: skip
        case facts.TicketNoShow.TYPE:
            return replace(ticket, status="PASS", passed=True)
        case facts.ServiceStarted.TYPE:
            return replace(ticket, status="SERV", since=at, parked=0,
                           served_by=(*ticket.served_by, data["staff_id"]))  # fmt: skip
        case facts.TicketTransferred.TYPE:
            return replace(ticket, status="WAIT", since=at, parked=0, passed=False, lapsed=False,
                           window=None)  # fmt: skip
        case facts.TicketParked.TYPE:
            return replace(ticket, parked_at=at)
        case facts.TicketResumed.TYPE:
            away = seconds_between(ticket.parked_at or at, at)
            return replace(ticket, parked_at=None, parked=ticket.parked + away)
        case facts.ServiceFinished.TYPE if is_served_out(data):
            return replace(ticket, status="END", parked_at=None, finished_at=at,
                           with_case=bool(data.get("case_ids")))  # fmt: skip
        case facts.ServiceFinished.TYPE | facts.TicketCancelled.TYPE | facts.TicketExpired.TYPE:
            return replace(ticket, status="END", parked_at=None)
    return ticket


def is_served_out(data: Mapping[str, Any]) -> bool:
    """Tell whether a service ended before everybody: not as `left` (窗口关闭, 人走了)."""
    return bool(data["outcome"] != "left")


def is_served(ticket: Ticket) -> bool:
    """Tell whether a window works on the ticket now."""
    return ticket.status == "SERV" and ticket.parked_at is None


def _seat(state: State, ticket_id: str, before: Ticket, after: Ticket, at: str) -> State:
    """Let the window know that it began or ceased to serve."""
    if is_served(before) == is_served(after):
        return state
    name = after.window if is_served(after) else before.window
    window = state.windows.get(name or "")
    if window is None or name is None:
        return state
    window = replace(window, serving=ticket_id if is_served(after) else None)
    if window.status == "open":
        window = replace(window, at=at)
    return replace(state, windows={**state.windows, name: window})
