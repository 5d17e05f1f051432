"""好差评 (rating): one per case and way of rating, after the case is concluded (domain.md 3.6)."""

from collections.abc import Iterable
from dataclasses import dataclass

from ledger.contracts.events.rating import RatingSubmitted
from ledger.contracts.wire import Event
from ledger.rules import case
from ledger.rules.refusals import Code, Refused


@dataclass(frozen=True, slots=True)
class State:
    """The ways (channels) in which a case has been rated."""

    rated: frozenset[str] = frozenset()


def check_known(of: case.State) -> None:
    """Refuse a rating of a case that is not there.

    Raises:
        Refused: E_REF.

    """
    if of.status in {"-", "VOI"}:
        raise Refused(Code.E_REF, "the rated case is not known, or was voided")


def check(state: State, of: case.State, payload: RatingSubmitted, at: str) -> None:
    """Refuse a second rating of one service, or one of a case that is not concluded.

    Raises:
        Refused: E_STATE or E_TIME_ORDER.

    """
    if of.concluded_at is None:
        ways = case.legal(of)
        raise Refused(Code.E_STATE, "the case is not concluded yet; rate it afterwards", ways)
    if payload.via in state.rated:
        raise Refused(Code.E_STATE, f"this case was rated by {payload.via} before (一次一评)")
    if at < of.concluded_at:
        raise Refused(
            Code.E_TIME_ORDER, f"rated at {at}, before the conclusion at {of.concluded_at}"
        )


def fold(history: Iterable[Event]) -> State:
    """Fold the effective ratings of one case."""
    events = list(history)
    gone = case.voided(events)
    return State(
        frozenset(
            e["data"]["data"]["via"]
            for e in events
            if e["type"] == RatingSubmitted.TYPE and e["id"] not in gone
        )
    )


def evolve(state: State, event: Event) -> State:
    """Give the state after one more fact; total."""
    if event["type"] != RatingSubmitted.TYPE:
        return state
    return State(state.rated | {event["data"]["data"]["via"]})
