"""Queues of a hall (排队): who is called when to which window; pure scheduling, no commands.

First come, first served at whichever fitting window is free first; windows pause for lunch.
Seconds are counted from 09:00; windows open a little before.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush
from random import Random
from typing import Any, NamedTuple

from producers.city.faults import Rates, meets
from producers.city.today import HOUR, MINUTE
from producers.city.town import Window

GAP = 40
"""Seconds between two services at a window: in them the next ticket is called."""
PATIENCE = 90 * MINUTE
LUNCH = (HOUR * 5 // 2, HOUR * 7 // 2)
"""When lunch breaks begin, earliest and latest."""


class Visitor(NamedTuple):
    """Who takes a ticket: when, for which windows, and how long it takes once it begins."""

    at: int
    windows: tuple[Window, ...]
    seconds: int
    queue: str
    case: str = ""
    """The case that is submitted; "": only a question."""
    named: bool = True
    """The clerk names the case when the service ends, so that the ledger notes its visit."""


@dataclass
class Ticket:
    """What becomes of a ticket: (second, verb, data) of each fact after it was issued."""

    no: int
    visitor: Visitor
    facts: list[tuple[int, str, dict[str, Any]]] = field(default_factory=list)
    calls: int = 0
    window: Window | None = None
    """Where it is served, in the end."""
    start: int | None = None
    """When the sitting that leads to the case begins; None: it comes to nothing."""

    def say(self, at: int, verb: str, **data: Any) -> None:  # noqa: ANN401
        """Note a fact."""
        self.facts.append((at, verb, data))


@dataclass
class Seat:
    """A window on one day: who sits there, from when, and when it is free again."""

    window: Window
    opens: int
    free: int
    breaks: list[tuple[int, int, str]]
    """(begin, seconds, reason) of pauses to come."""
    pauses: list[tuple[int, int, str]] = field(default_factory=list)
    """(begin, end, reason) of pauses as they were."""
    last: Ticket | None = None

    def next_start(self, ready: int) -> int:
        """Give when a service that is ready then could begin."""
        free = self.free
        for begin, seconds, _ in self.breaks:
            if begin > max(ready, free) + GAP:
                break
            free = max(begin, free + 5) + seconds
        return max(ready, free) + GAP

    def take(self, start: int, until: int) -> None:
        """Be busy until then; pauses that begin before `start` have been taken."""
        while self.breaks and self.breaks[0][0] <= start:
            begin, seconds, reason = self.breaks.pop(0)
            begin = max(begin, self.free + 5)
            self.pauses.append((begin, begin + seconds, reason))
            self.free = begin + seconds
        self.free = max(self.free, until)

    def rest(self, closing: int) -> None:
        """Take the pauses that are left and still fit into the day."""
        while self.breaks and max(self.breaks[0][0], self.free) + self.breaks[0][1] < closing:
            self.take(self.breaks[0][0], 0)


class _Job(NamedTuple):
    ready: int
    no: int
    stage: int
    """0 begins, 1 goes on after parking, 2 begins again at another window."""
    windows: tuple[Window, ...]


def seat(window: Window, rates: Rates, rng: Random, closing: int) -> Seat:
    """Open a window in the morning, with its breaks of the day."""
    opens = -int(rng.uniform(20, 600))
    breaks = []
    if closing > LUNCH[1]:
        breaks.append((int(rng.uniform(*LUNCH)), int(rng.uniform(25, 45)) * MINUTE, "meal"))
    if meets(rates, "device_fault", rng):
        at = int(rng.uniform(0, closing - HOUR))
        breaks.append((at, int(rng.uniform(3, 30)) * MINUTE, "device_fault"))
    return Seat(window, opens, opens, sorted(breaks))


def serve(
    visitors: Sequence[Visitor], seats: dict[str, Seat], rates: Rates, rng: Random, closing: int
) -> list[Ticket]:
    """Give every visitor, in order of arrival, a ticket and what becomes of it."""
    tickets = [Ticket(no, visitor) for no, visitor in enumerate(visitors)]
    jobs = [_Job(v.at, no, 0, v.windows) for no, v in enumerate(visitors)]
    heapify(jobs)
    while jobs:
        job = heappop(jobs)
        ticket = tickets[job.no]
        ready = [seats[w.id] for w in job.windows if w.id in seats]
        if not ready:
            ticket.say(job.ready + 5 * MINUTE, "cancel")
            continue
        start, best = min((each.next_start(job.ready), n) for n, each in enumerate(ready))
        if start + ticket.visitor.seconds > closing or start - job.ready > PATIENCE:
            _give_up(ticket, job)
            continue
        for follow in _served(ticket, job, ready[best], start, rates, rng):
            heappush(jobs, follow)
    for each in seats.values():
        each.rest(closing)
    return tickets


def _give_up(ticket: Ticket, job: _Job) -> None:
    """Too late or too long: who is parked is finished as unable, others go home."""
    if job.stage == 1:
        ticket.say(job.ready, "finish_service", outcome="unable")
    else:
        ticket.say(job.ready + 5 * MINUTE, "cancel")


def _served(
    ticket: Ticket, job: _Job, at: Seat, start: int, rates: Rates, rng: Random
) -> list[_Job]:
    """Let a window call and serve a ticket, whole or until something happens; what follows."""
    window, visitor = at.window, ticket.visitor
    if job.stage == 1:
        at.take(start, start + visitor.seconds)
        ticket.say(start, "resume")
        return _finish(ticket, at, start, rates, rng)
    called = start - rng.randrange(10, GAP - 5)
    ticket.calls += 1
    at.take(start, start)
    ticket.say(called, "call", window_id=window.id, call_no=ticket.calls)
    if ticket.calls == 1 and meets(rates, "called_twice", rng):
        ticket.say(called + 2, "call.xE_STATE", window_id=window.id, call_no=ticket.calls)
    if ticket.calls == 1 and (gone := _missing(rates, rng)):
        at.take(start, start + MINUTE)
        ticket.say(start + MINUTE, "pass_over")
        back = start + MINUTE + rng.randrange(3 * MINUTE, 15 * MINUTE)
        return [] if gone == "lost" else [_Job(back, job.no, 0, job.windows)]
    ticket.say(start, "start_service", window_id=window.id, staff_id=window.clerk)
    if job.stage == 0 and meets(rates, "transferred", rng):
        until = start + rng.randrange(30, 3 * MINUTE)
        at.take(start, until)
        ticket.say(until, "transfer", to_queue=visitor.queue)
        return [_Job(until, job.no, 2, job.windows)]
    if meets(rates, "parked", rng):
        until = start + rng.randrange(MINUTE, 4 * MINUTE)
        at.take(start, until)
        ticket.say(until, "park", reason=rng.choice(("fetch_material", "payment")))
        return [_Job(until + rng.randrange(5, 25) * MINUTE, job.no, 1, (window,))]
    at.take(start, start + visitor.seconds)
    return _finish(ticket, at, start, rates, rng)


def _missing(rates: Rates, rng: Random) -> str:
    return next((kind for kind in ("lost", "no_show") if meets(rates, kind, rng)), "")


def _finish(ticket: Ticket, at: Seat, start: int, rates: Rates, rng: Random) -> list[_Job]:
    visitor = ticket.visitor
    at.last, ticket.window = ticket, at.window
    if not visitor.case:
        ticket.say(start + visitor.seconds, "finish_service", outcome="consult_only")
    elif meets(rates, "unable", rng):
        ticket.say(start + visitor.seconds, "finish_service", outcome="unable")
    else:
        ticket.start = start
        ticket.say(start + visitor.seconds, "finish_service", outcome="normal",
                   case_ids=[visitor.case] if visitor.named else [])  # fmt: skip
    return []
