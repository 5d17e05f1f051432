"""Streams that a table rules (表驱动): tasks of agents, bundles, complaints, inspections.

A table says after which status a fact may follow and which status comes then. What one stream
knows beyond it — what else a fact needs, what it teaches, its stamp — is its `Course`. A stream
is about one subject or, named by an id in the data, several; "" is the one, or the whole. A fact
may be about several at once: all of them follow the table. A subject may have a due, which names
its clock, so that a due that moved is another clock.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial
from types import MappingProxyType
from typing import Any, NamedTuple

from ledger.contracts.codes import SourceClass
from ledger.contracts.events import FACTS
from ledger.contracts.wire import Event
from ledger.rules import clocks
from ledger.rules.corrections import check_targets, targets_of
from ledger.rules.deadlines import History, settle_clocks
from ledger.rules.door import CORRECTIONS
from ledger.rules.effective import current
from ledger.rules.facts import Draft
from ledger.rules.reference import Reference
from ledger.rules.refusals import Code, Refused
from ledger.rules.streams import Asked, StreamRules, never, no_drafts, nothing

Data = Mapping[str, Any]
Moves = Mapping[str, Mapping[str, str]]
"""Fact → status it may follow → status after it; docs/states.md prints it."""

DUE_DAYS_MAX = 366
"""What is committed to for later than that is a slip of the hand."""
NONE = "-"
"""The status of what is not there yet."""


class Told(NamedTuple):
    """The newest fact of a type, as far as later ones look at it."""

    at: str
    data: Data
    centre: str | None


@dataclass(frozen=True, slots=True)
class Subject:
    """A task, a bundle, a member of it, a complaint …; times are ISO 8601 +08:00 strings."""

    status: str = NONE
    since: str = ""
    """When the status last changed."""
    told: Mapping[str, Told] = field(default_factory=dict)
    """Type of a fact → the newest of it."""
    due: str = ""
    """As committed to, and moved; "" where no clock runs."""
    stop: str | None = None
    held: bool = False
    """Its clock stands, and with it the due."""


@dataclass(frozen=True, slots=True)
class State:
    """What is known of one stream."""

    subjects: Mapping[str, Subject] = field(default_factory=dict)
    breached: tuple[clocks.Breach, ...] = ()
    """Clock, subject and due of each breach that is recorded, and the event's id."""

    def of(self, about: str = "") -> Subject:
        """Give a subject, one that is not there as such."""
        return self.subjects.get(about) or Subject()

    def late(self, about: str) -> bool:
        """Tell whether the breach of a subject's due, as it stands, is recorded and counts."""
        return any(each[1:3] == (about, self.of(about).due) for each in self.breached)


class Course(NamedTuple):
    """One stream: its table, and what the table cannot say."""

    moves: Moves
    ids: tuple[str, ...] = ()
    """Fields that name the subject; the first names those that have a due."""
    many: str = ""
    """Field that names several subjects, in facts that have it."""
    subject: Callable[[str, Data], str] | None = None
    """Fact, data → its subject, in streams where the field alone does not tell."""
    rooms: Mapping[str, str] = MappingProxyType({})
    """Fact → the kind of its subject, where one stream has several with statuses of their own."""
    once: frozenset[str] = frozenset()
    """Facts that are told once of a subject, though its status stays."""
    known: Callable[[Asked], None] = nothing
    """Refuse what is not known (E_REF)."""
    check: Callable[[State, str, Data, str], None] = lambda *_: None
    """State, fact, data, time: refuse what else is not legal (E_STATE, then E_LIMIT)."""
    learn: Callable[[Subject, Event, bool], Subject] = lambda of, *_: of
    """Subject after the table, fact, its breach is recorded → subject with its due."""
    stamp: Callable[[State, str, Data, str, str | None], dict[str, Any]] = lambda *_: {}
    """State before, fact, data, time, centre of the fact → its stamp but the flags."""
    flags: Callable[[State, str, Data], list[str]] = lambda *_: []
    """State before, fact, data → the soft rules it touches."""
    dated: Callable[[Asked], None] = nothing
    """Refuse what calendar and envelope of the day do not allow (E_STATE, E_LIMIT); asked once."""
    seen: Callable[[Asked], dict[str, Any]] = lambda _: {}
    """What calendar and people of the day say: refused (E_SOD), or stamped for good (`kept`)."""
    kept: frozenset[str] = frozenset()
    """Parts of a stamp that a restatement keeps, besides the flags."""
    clock: str = ""
    breach: str = ""
    """Fact that says that the clock's due passed."""

    def abouts(self, kind: str, data: Data) -> tuple[str, ...]:
        """Give the subjects of a fact: one, mostly."""
        if self.many and self.many in data:
            return tuple(data[self.many])
        if self.subject is not None:
            return (self.subject(kind, data),)
        return (next((data[name] for name in self.ids if name in data), ""),)


def rules(course: Course) -> StreamRules:
    """Give the rules of a stream."""

    def known(asked: Asked) -> None:
        if asked.command.type.endswith(CORRECTIONS):
            check_targets(asked.stream, asked.data, asked.history_of(asked.stream))
        else:
            course.known(asked)

    def decided(asked: Asked) -> list[Draft]:
        corrects = asked.command.type.endswith(CORRECTIONS)
        return decide_void(course, asked) if corrects else decide(course, asked)

    return StreamRules(
        partial(fold, course), partial(evolve, course), decided, known,
        settle=partial(settle, course) if course.breach else no_drafts,
        next_look=partial(next_look, course) if course.breach else never,
    )  # fmt: skip


# ------------------------------------------------------------------------------------------ state


def fold(course: Course, history: Iterable[Event]) -> State:
    """Fold the facts of a stream that count, as they count now."""
    state = State()
    for event in current(history).values():
        state = evolve(course, state, event)
    return state


def evolve(course: Course, state: State, event: Event) -> State:
    """Give the state after an accepted fact; total, an unknown type changes nothing."""
    kind, data, at = event["type"], event["data"]["data"], event["time"]
    abouts = course.abouts(kind, data)
    if kind == course.breach:
        due = data["due"]
        breach = clocks.Breach(data["clock"], abouts[0], due, event["id"], due)
        return replace(state, breached=(*state.breached, breach))
    moved = {}
    for about in abouts:
        was = state.of(about)
        status = course.moves.get(kind, {}).get(was.status)
        if status is None:
            continue
        told = {**was.told, kind: Told(at, data, event.get("centre"))}
        since = was.since if status == was.status else at
        now = replace(was, status=status, since=since, told=told)
        moved[about] = course.learn(now, event, state.late(about))
    return replace(state, subjects={**state.subjects, **moved}) if moved else state


# --------------------------------------------------------------------------------------- decisions


def decide(course: Course, asked: Asked) -> list[Draft]:
    """Decide a fact of a stream.

    Raises:
        Refused: E_STATE, E_LIMIT, E_TIME_ORDER.

    """
    kind, data, state = asked.payload.TYPE, asked.data, asked.state
    check(course, state, kind, data, asked.at, asked)
    stamp = course.stamp(state, kind, data, asked.at, asked.command.centre) | course.seen(asked)
    if asked.command.source_class is not SourceClass.HISTORICAL and (
        found := course.flags(state, kind, data)
    ):
        stamp["flags"] = found
    return [Draft(asked.stream, kind, data, stamp)]


def check(
    course: Course, state: State, kind: str, data: Data, at: str, asked: Asked | None = None
) -> None:
    """Refuse a fact that cannot follow `state`; `asked`: the command, unless it is history.

    Raises:
        Refused: E_STATE with what is legal, E_LIMIT, E_TIME_ORDER.

    """
    abouts = course.abouts(kind, data)
    subjects = [state.of(about) for about in abouts]
    for of in subjects:
        if of.status not in course.moves[kind]:
            ways = legal(course, of.status, course.rooms.get(kind))
            what = f"{kind} in state {of.status}; legal is {', '.join(ways) or 'nothing'}"
            raise Refused(Code.E_STATE, what, ways)
        if kind in course.once and kind in of.told:
            raise Refused(Code.E_STATE, f"{kind}: told before, at {of.told[kind].at}")
    course.check(state, kind, data, at)
    if asked is not None:
        course.dated(asked)
    needed = [*subjects, state.of()] if any(abouts) else state.subjects.values()
    after = max((each.since for each in needed), default="")
    if at < after:
        raise Refused(
            Code.E_TIME_ORDER, f"{kind} at {at} is before the fact it needs, which was at {after}"
        )


def check_due(due: str, at: str) -> None:
    """Refuse a day committed to that is over, or more than a year away.

    Raises:
        Refused: E_LIMIT.

    """
    days = (date.fromisoformat(due) - date.fromisoformat(at[:10])).days
    if not 0 <= days <= DUE_DAYS_MAX:
        raise Refused(
            Code.E_LIMIT, f"due {due} is {days} days after it is committed to; 0 to {DUE_DAYS_MAX}"
        )


def legal(course: Course, status: str, room: str | None) -> tuple[str, ...]:
    """Give the commands that are legal in a status of a kind of subject."""
    ways = (
        FACTS[kind].COMMAND
        for kind, after in course.moves.items()
        if status in after and course.rooms.get(kind) == room
    )
    return tuple(sorted(ways))


def decide_void(course: Course, asked: Asked) -> list[Draft]:
    """Void facts of a stream: the void, then one restatement a fact that counts differently.

    A breach is left to `settle`, which withdraws what lost its ground.

    Raises:
        Refused: E_STATE, also for what the ledger worked out; E_TIME_ORDER, E_SOD; E_DEPENDENT
            naming the facts for `cascade`.

    """
    gone, facts = targets_of(asked.data, asked.at, asked.history_of(asked.stream))
    state = State()
    restated: list[tuple[Event, Event | None]] = []
    needing = []
    for target, fact in facts.items():
        kind, data, at = fact["type"], fact["data"]["data"], fact["time"]
        if target in gone:
            if kind == course.breach:
                raise Refused(Code.E_STATE, f"the ledger worked {target} out by itself")
            restated.append((fact, None))
            continue
        if kind != course.breach:
            try:
                check(course, state, kind, data, at)
            except Refused:
                needing.append(target)
                continue
        after = _restamp(course, fact, state)
        state = evolve(course, state, after)
        if after != fact:
            restated.append((fact, after))
    if needing:
        names = ", ".join(needing)
        raise Refused(Code.E_DEPENDENT, f"{names} would no longer be legal; name them in cascade",
                      tuple(needing))  # fmt: skip
    drafts = [Draft(asked.stream, asked.payload.TYPE, asked.data, {}, state=state)]
    restamped = f"{asked.payload.STREAM}.event_restamped"
    for before, now in restated:
        told = {"target": before["id"], "before": before, "after": now}
        drafts.append(Draft(asked.stream, restamped, told, {}, before["id"], state))
    return drafts


def _restamp(course: Course, fact: Event, state: State) -> Event:
    """Give the fact with its stamp as of `state`, which is before it; what was seen is kept."""
    data, stamp = fact["data"]["data"], fact["data"]["stamp"]
    fresh = course.stamp(state, fact["type"], data, fact["time"], fact.get("centre"))
    fresh |= {name: stamp[name] for name in stamp if name in course.kept or name == "flags"}
    return fact if fresh == stamp else {**fact, "data": {"data": data, "stamp": fresh}}


# ------------------------------------------------------------------------------------------ clocks


def settle(
    course: Course, stream: str, state: State, reference: Reference, tick: str, history: History
) -> list[Draft]:
    """Draft the breaches that are missing, withdraw those without ground; [] mostly."""

    def breach(clock: clocks.Clock, due: str) -> Draft:
        named = {course.ids[0]: clock.about} if clock.about else {}
        data = {"clock": clock.code, **named, "due": due}
        stamp = course.stamp(state, course.breach, data, due, None)
        return Draft(stream, course.breach, data, stamp, at=due, derived=True)

    return settle_clocks(stream, ticking(course, state), reference, tick, history, breach)


def next_look(course: Course, state: State, reference: Reference) -> str | None:
    """Give when a stream has to be looked at again; None: never by itself."""
    return clocks.next_due(ticking(course, state), reference.calendar)


def ticking(course: Course, state: State) -> clocks.Clocks:
    """Give the clocks of a stream, running and stopped; those that stand have no due."""
    running = (
        clocks.Clock(course.clock, about, of.due, due=of.due, stop=of.stop)
        for about, of in state.subjects.items()
        if of.due and not of.held
    )
    return clocks.Clocks(all=tuple(running), breached=state.breached)
