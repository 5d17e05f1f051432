"""What a stream brings to the partition that decides it: one `StreamRules` a stream.

A partition knows no stream by name. It asks the rules of the stream a command goes to, hands them
what they may look at (`Asked`), and records the drafts they give.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from ledger.contracts.commands import Command
from ledger.contracts.events.base import Payload
from ledger.contracts.wire import Event
from ledger.rules.facts import Draft
from ledger.rules.reference import Reference


class Asked(NamedTuple):
    """One command, validated, and everything its rules may look at."""

    command: Command
    payload: Payload
    stream: str
    data: Mapping[str, Any]
    state: Any
    """The state of the command's own stream, before it."""
    at: str
    """When the fact happened, ISO 8601 +08:00."""
    reference: Reference
    state_of: Callable[[str], Any]
    """Folded state of any stream of the partition."""
    history_of: Callable[[str], Sequence[Event]]
    """All events of a stream of the partition, the batch under way included."""
    version: int
    """Of the command's own stream, before it."""
    recorded_at: str
    """When what the command makes is recorded, ISO 8601 +08:00."""

    @property
    def key(self) -> str:
        """The stream key, shared by the streams that lie beside each other."""
        return self.command.key


def nothing(_: Asked) -> None:
    """Check nothing."""


def no_drafts(*_: object) -> list[Draft]:
    """Time asks nothing of this stream."""
    return []


def never(*_: object) -> str | None:
    """No tick has to look at this stream."""
    return None


def whole(state: object) -> object:
    """Dues follow from all of the state."""
    return state


class StreamRules(NamedTuple):
    """The rules of one stream."""

    fold: Callable[[Sequence[Event]], Any]
    """All events of a stream → its state."""
    evolve: Callable[[Any, Event], Any]
    """State, one more fact that is no correction → state."""
    decide: Callable[[Asked], list[Draft]]
    """The drafts of a command. Raises Refused: E_STATE, E_TIME_ORDER, E_SOD, E_DEPENDENT …"""
    check_known: Callable[[Asked], None] = nothing
    """Refuse what is not known (E_REF), before anybody's right is looked at."""
    check_right: Callable[[Asked], None] = nothing
    """Refuse who may not (E_AUTH), after the posts."""
    settle: Callable[[str, Any, Reference, str, Callable[[], Sequence[Event]]], list[Draft]] = (
        no_drafts
    )
    """Stream, state, reference, tick ("" outside a tick), history → what time asks for."""
    next_look: Callable[[Any, Reference], str | None] = never
    """When a tick has to look at the stream again."""
    timed: Callable[[Any], object] = whole
    """State → the part dues follow from; a fact that leaves it as it is asks nothing of time."""
