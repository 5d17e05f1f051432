"""What counts (有效历史): the facts of a stream after its corrections (domain.md 3.9).

The raw history is never edited; `event_restamped` says of each fact how it counts now.
"""

from collections.abc import Iterable

from ledger.contracts.wire import Event

CORRECTIONS = (".event_voided", ".event_amended")
"""Facts about facts: they count through the restatements of their batch."""
RESTAMPED = ".event_restamped"


def current(history: Iterable[Event]) -> dict[str, Event]:
    """Give the facts of a stream that count, id → fact as it counts now, in original order."""
    facts: dict[str, Event] = {}
    for event in history:
        kind = event["type"]
        if kind.endswith(RESTAMPED):
            data = event["data"]["data"]
            if data["after"] is None:
                facts.pop(data["target"], None)
            else:
                facts[data["target"]] = data["after"]
        elif not kind.endswith(CORRECTIONS):
            facts[event["id"]] = event
    return facts
