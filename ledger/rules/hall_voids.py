"""作废更正 in a hall: a fact of the day is taken back, and the day is told again without it.

What then counts differently — the fact itself, the waits, services and open times that hung on
it — is one `hall.event_restamped` each, as with cases (design.md 2.5).
"""

from ledger.contracts.events.hall import HallEventRestamped, HallEventVoided
from ledger.contracts.wire import Event
from ledger.rules import hall
from ledger.rules.corrections import targets_of
from ledger.rules.facts import Draft
from ledger.rules.refusals import Code, Refused
from ledger.rules.streams import Asked


def decide_void(asked: Asked) -> list[Draft]:
    """Void facts of a hall's day: the void, then its restatements.

    Raises:
        Refused: E_STATE, E_TIME_ORDER, E_SOD; E_DEPENDENT naming the facts for `cascade`.

    """
    gone, facts = targets_of(asked.data, asked.at, asked.history_of(asked.stream))
    state = hall.State()
    restated: list[tuple[Event, Event | None]] = []
    needing = []
    for target, fact in facts.items():
        if target in gone:
            restated.append((fact, None))
            continue
        kind, data, at = fact["type"], fact["data"]["data"], fact["time"]
        try:
            hall.check(state, kind, data, at)
        except Refused:
            needing.append(target)
            continue
        after = _restamp(fact, state)
        state = hall.evolve(state, after)
        if after != fact:
            restated.append((fact, after))
    if needing:
        raise Refused(
            Code.E_DEPENDENT,
            f"{', '.join(needing)} would no longer be legal; name them in cascade",
            tuple(needing),
        )
    drafts = [Draft(asked.stream, HallEventVoided.TYPE, asked.data, {}, state=state)]
    for before, now in restated:
        told = {"target": before["id"], "before": before, "after": now}
        drafts.append(Draft(asked.stream, HallEventRestamped.TYPE, told, {}, before["id"], state))
    return drafts


def _restamp(fact: Event, state: hall.State) -> Event:
    """Give the fact with its stamp as of `state`, which is before it; its flags are kept."""
    data, stamp = fact["data"]["data"], fact["data"]["stamp"]
    fresh = hall.stamp_of(state, fact["type"], data, fact["time"])
    if "flags" in stamp:
        fresh["flags"] = stamp["flags"]
    return fact if fresh == stamp else {**fact, "data": {"data": data, "stamp": fresh}}
