"""Caused commands (引发的命令): what a fact means for another stream (design.md 5).

They travel as commands of the ledger itself, with numbers that follow from the fact: in the same
transaction as the fact, decided by whoever writes their partition, and never twice.
"""

from collections.abc import Callable

import orjson

from ledger.contracts.codes import SourceClass
from ledger.contracts.events.case_course import CaseVisited
from ledger.contracts.events.hall import ServiceFinished
from ledger.contracts.wire import Event

LEDGER = "ledger"
"""The source system of what the ledger says to itself."""


def _visits(event: Event) -> list[bytes]:
    """到窗: each case that a ticket was served for was visited at that window."""
    data = event["data"]["data"]
    historical = event["sourceclass"] == SourceClass.HISTORICAL
    said = {
        "type": CaseVisited.COMMAND, "occurred_at": event["time"], "source_system": LEDGER,
        "source_class": SourceClass.HISTORICAL if historical else SourceClass.SYSTEM,
        "centre": event.get("centre"), "window": event.get("window"), "causation": event["id"],
        "data": {"hall": event["subject"].partition("/")[2], "ticket_id": data["ticket_id"]},
    }  # fmt: skip
    return [
        orjson.dumps({**said, "key": case_id, "source_seq": f"{event['id']}>{case_id}"})
        for case_id in dict.fromkeys(data["case_ids"])
    ]


CAUSES: dict[str, Callable[[Event], list[bytes]]] = {ServiceFinished.TYPE: _visits}
"""Event type → the commands it causes; both roads of a writer hand them in."""
