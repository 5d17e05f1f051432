"""What is rated (评价对象): a case, a visit of a hall, an agent's task; as its ratings look at it.

A rating lies in the partition of what it is about, under its key; which of the three it is about
is what the fact says (`subject`), never what the key looks like (decision 0013).
Source: domain.md 3.6 (subject), 4.3 (rating on the hall device before the case is concluded).
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from ledger.contracts.events import agent as tasks
from ledger.rules import case, hall, outcomes, places, stamps, tabled

Stamp = dict[str, Any]
StateOf = Callable[[str], Any]
"""Name of a stream of the partition → its folded state."""


class Subject(NamedTuple):
    """What a fact says it is about, within the key of its stream."""

    kind: str = "case"
    ticket: str = ""


class Service(NamedTuple):
    """A service that may be rated."""

    name: str
    """For refusals."""
    known: bool
    ended_at: str | None
    """When it ended, ISO 8601 +08:00; None: not yet."""
    stamp: Stamp
    """What it gives the stamp of every fact about its ratings: item, department, place."""
    staff: frozenset[str]
    """Who is rated."""
    ends: Stamp
    """What it gives the stamp of a rating: when it ended, and whether it counts in K22."""
    ways: tuple[str, ...] = ()
    """What brings it to its end."""

    @property
    def dept(self) -> str | None:
        """Its department, where that is known."""
        return self.stamp.get("dept")


def subject_of(data: Mapping[str, Any]) -> Subject:
    """Give what a fact of a rating stream is about; without a word of it a case."""
    return Subject(data.get("subject", "case"), data.get("ticket_id") or "")


def service_of(subject: Subject, key: str, state_of: StateOf) -> Service:
    """Give the service that a subject is, as it stands."""
    match subject.kind:
        case "ticket":
            return _visit(subject.ticket, key, state_of(f"hall/{key}"))
        case "agent_task":
            return _task(state_of(f"agent/{key}"))
    return _case(state_of(f"case/{key}"))


def _case(of: case.State) -> Service:
    """A case is rated when it is concluded, laid to who accepted, decided and issued it.

    What was never accepted is rated where it was received.
    """
    staff = frozenset(filter(None, (of.accept_staff, of.approve_staff, *of.issue_staff)))
    known, at = of.status not in {"-", "VOI"}, of.concluded_at
    ends: Stamp = {} if at is None else {"concluded_at": at}
    if at is not None and outcomes.is_rateable(of.result_code, at, of):
        ends["rateable"] = True
    ways = case.legal(of) if known else ()
    stamp = stamps.history_parts(of)
    for name, place in zip(("accept_centre", "accept_window"), places.home(of), strict=True):
        stamp |= {} if place is None else {name: place}
    return Service("case", known, at, stamp, staff, ends, ways)


def _visit(ticket_id: str, key: str, state: hall.State) -> Service:
    """A visit is rated when its service ended, laid to the window and the people who served it."""
    name, centre = f"visit of ticket {ticket_id}", key.rpartition(".")[0]
    ticket = state.tickets.get(ticket_id)
    if ticket is None:
        return Service(name, False, None, {"accept_centre": centre}, frozenset(), {})  # noqa: FBT003
    stamp: Stamp = {"accept_centre": centre}
    ends: Stamp = {}
    if ticket.finished_at is not None:
        stamp |= {"accept_window": ticket.window} if ticket.window else {}
        ends = {"ended_at": ticket.finished_at}
        ends |= {"rateable": True} if ticket.with_case else {}
    ways = ("ticket.finish_service",) if ticket.status == "SERV" else ()
    return Service(name, True, ticket.finished_at, stamp, frozenset(ticket.served_by), ends,  # noqa: FBT003
                   ways)  # fmt: skip


def _task(state: tabled.State) -> Service:
    """A task is rated when it ended, laid to the agents who took it, at the last one's centre."""
    told = state.of().told
    held = [told[kind.TYPE] for kind in (tasks.AgentAccepted, tasks.AgentHandedToTown)
            if kind.TYPE in told]  # fmt: skip
    asked, ended = told.get(tasks.AgentRequested.TYPE), told.get(tasks.AgentEnded.TYPE)
    place = {"item": asked.data["item"] if asked else None,
             "accept_centre": held[-1].centre if held else None}  # fmt: skip
    return Service(
        "task", asked is not None, ended.at if ended else None,
        {name: value for name, value in place.items() if value is not None},
        frozenset(each.data["agent_id"] for each in held),
        {"ended_at": ended.at} if ended else {}, ("agent.end",),
    )  # fmt: skip
