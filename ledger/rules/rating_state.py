"""好差评 (rating): what is known of the ratings under one key; folded from its effective facts.

`evolve` is total: it folds facts that were accepted, `rating.check` judges them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ledger.contracts.events import rating as facts
from ledger.contracts.events import rating_loop as loop
from ledger.contracts.wire import Event
from ledger.rules.clocks import NONE, Breach, Clock, Clocks
from ledger.rules.effective import current
from ledger.rules.rated import Subject, subject_of
from ledger.rules.workdays import end_of

VALID = frozenset({"valid", "partly"})
CALL_ATTEMPTS = 3
CALL_DAYS = 2
"""Unreached after so many attempts on so many days is done all the same (domain.md 3.6)."""
VERIFY, RECTIFY, CALL_BACK, APPEAL = "C11.verify", "C11.rectify", "C11.callback", "C12"
OF_A_SERVICE = frozenset(
    {facts.RatingSubmitted.TYPE, facts.RatingInvited.TYPE, facts.RatingDefaulted.TYPE}
)
"""Facts that say what they are about; the others name a rating."""
PLACE = ("item", "dept", "accept_centre", "accept_window")


@dataclass(frozen=True, slots=True)
class Rating:
    """One rating and its loop; times are ISO 8601 +08:00 strings."""

    rating_id: str
    at: str
    stars: int
    via: str
    subject: Subject
    real_name: bool = False
    place: Mapping[str, Any] = field(default_factory=dict)
    """Item, department and place of what was rated, as stamped."""
    dispatched_at: str | None = None
    rectify_due: str = ""
    """As dispatched, or as extended in time."""
    appended: bool = False
    prechecked: bool = False
    planned: bool = False
    finding: str | None = None
    verified_at: str | None = None
    extended: bool = False
    rectified_at: str | None = None
    callback_due: str = ""
    calls: tuple[tuple[str, int], ...] = ()
    """Local day and attempts of each callback that reached nobody, until one counts."""
    last_call_at: str = ""
    called_back_at: str | None = None
    """When the callback was done: reached, or unreached often enough."""
    replied_at: str | None = None
    closed_at: str | None = None
    appeal_at: str | None = None
    appeal_by: str | None = None
    """Staff who filed it."""
    decided: str | None = None
    """`upheld` or `denied`."""

    @property
    def is_valid(self) -> bool:
        """The finding asks for rectification."""
        return self.finding in VALID

    @property
    def step(self) -> str:
        """What has to be done next, and so by whom: verify, rectify, callback, reply, appeal.

        "": nothing; no negative, or closed. Of an open appeal the city decides; then the loop
        goes on where it stood.
        """
        if self.dispatched_at is None or self.closed_at is not None:
            return ""
        if self.appeal_at is not None and self.decided is None:
            return "appeal"
        if self.decided == "upheld":
            return "reply"
        if self.finding is None:
            return "verify"
        if self.is_valid and self.rectified_at is None:
            return "rectify"
        return "callback" if self.real_name and self.called_back_at is None else "reply"


@dataclass(frozen=True, slots=True)
class State:
    """The ratings that count of what has one key, and their clocks."""

    ratings: Mapping[str, Rating] = field(default_factory=dict)
    """Rating id → the rating; in the order in which they were given."""
    clocks: Clocks = NONE
    subjects: frozenset[Subject] = frozenset()
    """What was rated, or asked to be."""

    def rated(self, subject: Subject) -> frozenset[str]:
        """Give the ways (channels) in which a service has been rated."""
        return frozenset(each.via for each in self.ratings.values() if each.subject == subject)


def fold(history: Iterable[Event]) -> State:
    """Fold the effective facts of one rating stream."""
    state = State()
    for event in current(history).values():
        state = evolve(state, event)
    return state


def evolve(state: State, event: Event) -> State:
    """Give the state after one more fact; total."""
    kind, data, at = event["type"], event["data"]["data"], event["time"]
    if kind in OF_A_SERVICE and (subject := subject_of(data)) not in state.subjects:
        state = replace(state, subjects=state.subjects | {subject})
    if kind == facts.RatingSubmitted.TYPE:
        stamp = event["data"]["stamp"]
        place = {name: stamp[name] for name in PLACE if name in stamp}
        new = Rating(data["rating_id"], at, data["stars"], data["via"], subject_of(data),
                     data.get("real_name", False), place)  # fmt: skip
        return replace(state, ratings={**state.ratings, new.rating_id: new})
    was = state.ratings.get(data.get("rating_id", ""))
    if was is None:
        return state
    now = _moved(was, event, breached(state.clocks, RECTIFY, was))
    clocks = _ticking(state.clocks, was, now, event)
    if now is was and clocks is state.clocks:
        return state
    return replace(state, ratings={**state.ratings, now.rating_id: now}, clocks=clocks)


def _moved(was: Rating, event: Event, rectify_breached: bool) -> Rating:  # noqa: FBT001
    """Give the rating after one more fact of it."""
    data, at = event["data"]["data"], event["time"]
    match event["type"]:
        case facts.RatingAppended.TYPE:
            return replace(was, appended=True)
        case loop.NegDispatched.TYPE:
            return replace(was, dispatched_at=at, rectify_due=data["rectify_due"])
        case loop.NegPrechecked.TYPE:
            return replace(was, prechecked=True)
        case loop.NegVerified.TYPE:
            return replace(was, verified_at=at, finding=data["finding"])
        case loop.NegRectifyPlanned.TYPE:
            return replace(was, planned=True)
        case loop.NegExtensionGranted.TYPE:
            heals = at <= was.rectify_due and not rectify_breached
            due = end_of(data["new_due"]) if heals else was.rectify_due
            return replace(was, extended=True, rectify_due=due)
        case loop.NegRectified.TYPE:
            due = event["data"]["stamp"].get("callback_due", "")
            return replace(was, rectified_at=at, callback_due=due)
        case loop.NegCalledBack.TYPE:
            return _called(was, data, at)
        case loop.NegReplied.TYPE:
            return replace(was, replied_at=was.replied_at or at)
        case loop.NegClosed.TYPE:
            return replace(was, closed_at=at)
        case loop.AppealFiled.TYPE:
            return replace(was, appeal_at=at, appeal_by=event.get("actorstaff"))
        case loop.AppealUpheld.TYPE:
            return replace(was, decided="upheld")
        case loop.AppealDenied.TYPE:
            return replace(was, decided="denied")
    return was


def _called(was: Rating, data: Mapping[str, Any], at: str) -> Rating:
    calls = (*was.calls, (at[:10], data["attempts"]))
    enough = (
        sum(n for _, n in calls) >= CALL_ATTEMPTS and len({day for day, _ in calls}) >= CALL_DAYS
    )
    done = at if data["reached"] or enough else None
    return replace(was, calls=calls, last_call_at=at, called_back_at=was.called_back_at or done)


# ------------------------------------------------------------------------------------------ clocks


def _clock(code: str, rating_id: str, due: str) -> Clock:
    """Give a clock that is named by its due, so that an extended one is another clock."""
    return Clock(code, rating_id, due, due=due)


def breached(clocks: Clocks, code: str, of: Rating) -> bool:
    """Tell whether a breach of a rating's clock is recorded and counts."""
    return any(each[:2] == (code, of.rating_id) for each in clocks.breached)


def _stop(clocks: Clocks, of: Rating, at: str, *codes: str) -> Clocks:
    return clocks._replace(
        all=tuple(
            clock._replace(stop=at)
            if clock.stop is None and clock.about == of.rating_id and clock.code in codes
            else clock
            for clock in clocks.all
        ),
    )


def _start(clocks: Clocks, code: str, of: Rating, due: str) -> Clocks:
    return clocks._replace(all=(*clocks.all, _clock(code, of.rating_id, due)))


def _ticking(clocks: Clocks, was: Rating, now: Rating, event: Event) -> Clocks:
    """Give the clocks after one more fact of a rating: C11 核实, 整改, 回访; C12 申诉."""
    data, at = event["data"]["data"], event["time"]
    match event["type"]:
        case loop.RatingClockBreached.TYPE:
            due = data["due"]
            breach = Breach(data["clock"], data["rating_id"], due, event["id"], due)
            return clocks._replace(breached=(*clocks.breached, breach))
        case loop.NegDispatched.TYPE:
            clocks = _start(clocks, VERIFY, now, data["verify_due"])
            return _start(clocks, RECTIFY, now, data["rectify_due"])
        case loop.NegVerified.TYPE if now.is_valid:
            return _stop(clocks, now, at, VERIFY)
        case loop.NegVerified.TYPE:
            return _stop(clocks, now, at, VERIFY, RECTIFY)
        case loop.NegExtensionGranted.TYPE if now.rectify_due != was.rectify_due:
            old = (RECTIFY, now.rating_id, was.rectify_due)
            longer = _clock(RECTIFY, now.rating_id, now.rectify_due)
            return clocks._replace(all=tuple(longer if c.name == old else c for c in clocks.all))
        case loop.NegRectified.TYPE:
            clocks = _stop(clocks, now, at, RECTIFY)
            return _start(clocks, CALL_BACK, now, now.callback_due) if now.callback_due else clocks
        case loop.NegCalledBack.TYPE if now.called_back_at and not was.called_back_at:
            return _stop(clocks, now, at, CALL_BACK)
        case loop.AppealFiled.TYPE if due := event["data"]["stamp"].get("decide_due"):
            return _start(clocks, APPEAL, now, due)
        case loop.AppealDenied.TYPE:
            return _stop(clocks, now, at, APPEAL)
        case loop.AppealUpheld.TYPE:
            return _stop(clocks, now, at, APPEAL, VERIFY, RECTIFY, CALL_BACK)
    return clocks
