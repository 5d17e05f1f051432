"""The streams there are, and the rules of each (domain.md 3.1)."""

from collections.abc import Sequence
from typing import Any

from ledger.contracts.events.rating import RatingSubmitted
from ledger.contracts.wire import Event
from ledger.rules import case, deadlines, hall, hall_voids, rating
from ledger.rules.corrections import check_targets
from ledger.rules.door import CORRECTIONS, check_grant, check_receiver
from ledger.rules.facts import (
    Draft,
    decide_case,
    decide_case_amendment,
    decide_case_void,
    decide_rating,
    decide_rating_void,
    restate_ratings,
)
from ledger.rules.streams import Asked, StreamRules


def _known_in_case(asked: Asked) -> None:
    if asked.command.type.endswith(CORRECTIONS):
        check_targets(asked.stream, asked.data, asked.history_of(asked.stream))


def _right_in_case(asked: Asked) -> None:
    if asked.command.type in {"case.receive_transfer", "case.refuse_transfer"}:
        check_receiver(asked.command, asked.state.transfer, asked.reference)


def _decide_case(asked: Asked) -> list[Draft]:
    ratings = f"rating/{asked.key}"
    if asked.command.type.endswith(CORRECTIONS):
        story = (asked.stream, asked.data, asked.at, asked.history_of(asked.stream),
                 asked.history_of(ratings), ratings)  # fmt: skip
        if asked.command.type.endswith(".void_event"):
            return decide_case_void(*story)
        return decide_case_amendment(*story, asked.reference)
    drafts = decide_case(
        asked.stream, asked.command, asked.payload, asked.data, asked.at, asked.state,
        asked.reference,
    )  # fmt: skip
    if asked.command.type == "case.accept":
        # Accepted again after a void: ratings given before count where it is accepted now
        # (tests/agreement/test_corrections.py).
        drafts += restate_ratings(ratings, asked.history_of(ratings), drafts[0].state)
    return drafts


def _known_in_rating(asked: Asked) -> None:
    if isinstance(asked.payload, RatingSubmitted):
        rating.check_known(asked.state_of(f"case/{asked.key}"))
    else:
        _known_in_case(asked)


def _decide_rating(asked: Asked) -> list[Draft]:
    if asked.command.type.endswith(CORRECTIONS):
        return decide_rating_void(
            asked.stream, asked.data, asked.at, asked.history_of(asked.stream)
        )
    of: case.State = asked.state_of(f"case/{asked.key}")
    return decide_rating(asked.stream, asked.payload, asked.state, of, asked.at)


def _known_in_hall(asked: Asked) -> None:
    _known_in_case(asked)
    hall.check_known(asked)


def _decide_hall(asked: Asked) -> list[Draft]:
    if asked.command.type.endswith(CORRECTIONS):
        return hall_voids.decide_void(asked)
    return hall.decide(asked)


def _decide_reference(asked: Asked) -> list[Draft]:
    check_grant(asked.payload, asked.key)
    return [Draft(asked.stream, asked.payload.TYPE, asked.data, {})]


def _stateless(_: Sequence[Event]) -> None:
    return None


def _unmoved(_: Any, __: Event) -> None:  # noqa: ANN401
    return None


_REFERENCE = StreamRules(_stateless, _unmoved, _decide_reference)

STREAMS: dict[str, StreamRules] = {
    "case": StreamRules(
        case.fold, case.evolve, _decide_case, _known_in_case, _right_in_case,
        deadlines.settle, deadlines.next_look,
    ),
    "rating": StreamRules(rating.fold, rating.evolve, _decide_rating, _known_in_rating),
    "hall": StreamRules(hall.fold, hall.evolve, _decide_hall, _known_in_hall,
                        settle=hall.settle, next_look=hall.next_look),
    "org": _REFERENCE,
    "item": _REFERENCE,
    "partition": _REFERENCE,
}  # fmt: skip
"""Prefix of the stream → its rules."""


def rules_of(stream: str) -> StreamRules:
    """Give the rules of a stream by its name, `prefix/key`."""
    return STREAMS[stream.partition("/")[0]]
