"""Deadlines of the negative loop (差评时限): C11 核实, 整改, 回访, C12 申诉 (domain.md 4.2).

The mechanism is that of cases (`deadlines.settle_clocks`); here is only whose breach it is. Dues
were told when the clock began, so that a changed calendar moves only those told after it.
"""

from collections.abc import Callable, Sequence

from ledger.contracts.events.rating_loop import RatingClockBreached
from ledger.contracts.wire import Event
from ledger.rules import clocks, rating
from ledger.rules.deadlines import settle_clocks
from ledger.rules.facts import Draft
from ledger.rules.rating_facts import breach_stamp
from ledger.rules.reference import Reference


def settle(
    stream: str, state: rating.State, reference: Reference, tick: str,
    history: Callable[[], Sequence[Event]],
) -> list[Draft]:  # fmt: skip
    """Draft the breaches that are missing, withdraw those without ground; [] mostly."""

    def breach(clock: clocks.Clock, due: str) -> Draft:
        data = {"rating_id": clock.about, "clock": clock.code, "due": due}
        stamp = breach_stamp(state.ratings[clock.about])
        return Draft(stream, RatingClockBreached.TYPE, data, stamp, at=due, derived=True)

    return settle_clocks(stream, state.clocks, reference, tick, history, breach)


def next_look(state: rating.State, reference: Reference) -> str | None:
    """Give when the ratings of a case have to be looked at again; None: never by themselves."""
    return clocks.next_due(state.clocks, reference.calendar)
