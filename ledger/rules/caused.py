"""Caused commands (引发的命令): what a fact means for another stream (design.md 5).

They travel as commands of the ledger itself, with numbers that follow from the fact: in the same
transaction as the fact, decided by whoever writes their partition, and never twice.
"""

import hashlib
from collections.abc import Callable

import orjson

from ledger.contracts.codes import SourceClass
from ledger.contracts.commands import SEQ_MAX
from ledger.contracts.events.bundle import BundleMemberAdded, BundleMemberConcluded
from ledger.contracts.events.case import CaseConcluded
from ledger.contracts.events.case_course import CaseBundled, CaseVisited
from ledger.contracts.events.hall import ServiceFinished
from ledger.contracts.wire import Event

HASH_DIGITS = 32
LEDGER = "ledger"
"""The source system of what the ledger says to itself."""


def _number(event: Event, key: str) -> str:
    """Give the number of what a fact causes in `key`: both names, or their hash where too long."""
    number = f"{event['id']}>{key}"
    if len(number) <= SEQ_MAX:
        return number
    digest = hashlib.sha256(number.encode()).hexdigest()[:HASH_DIGITS]
    return f"{number[: SEQ_MAX - HASH_DIGITS - 1]}~{digest}"


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
        orjson.dumps({**said, "key": case_id, "source_seq": _number(event, case_id)})
        for case_id in dict.fromkeys(data["case_ids"])
    ]


def _said(event: Event, kind: str, key: str, data: dict[str, str], at: str) -> bytes:
    historical = event["sourceclass"] == SourceClass.HISTORICAL
    return orjson.dumps({
        "type": kind, "key": key, "occurred_at": at, "source_system": LEDGER,
        "source_seq": _number(event, key), "causation": event["id"], "data": data,
        "source_class": SourceClass.HISTORICAL if historical else SourceClass.SYSTEM,
    })  # fmt: skip


def _joins(event: Event) -> list[bytes]:
    """并入一件事: a case that was added to a bundle knows so."""
    bundle = {"bundle_id": event["subject"].partition("/")[2]}
    case_id = event["data"]["data"]["case_id"]
    return [_said(event, CaseBundled.COMMAND, case_id, bundle, event["time"])]


def _concludes(event: Event) -> list[bytes]:
    """成员办结: the bundles of a case hear of its conclusion, not before they had it."""
    case_id = event["subject"].partition("/")[2]
    return [
        _said(event, BundleMemberConcluded.COMMAND, bundle, {"case_id": case_id},
              max(event["time"], since))
        for bundle, since in event["data"]["stamp"].get("bundles", {}).items()
    ]  # fmt: skip


def _concluded_before(event: Event) -> list[bytes]:
    """成员办结: what was concluded before it became a member."""
    if "concluded" not in event["data"]["stamp"]:
        return []
    data = {"case_id": event["subject"].partition("/")[2]}
    bundle = event["data"]["data"]["bundle_id"]
    return [_said(event, BundleMemberConcluded.COMMAND, bundle, data, event["time"])]


CAUSES: dict[str, Callable[[Event], list[bytes]]] = {
    ServiceFinished.TYPE: _visits, BundleMemberAdded.TYPE: _joins,
    CaseConcluded.TYPE: _concludes, CaseBundled.TYPE: _concluded_before,
}  # fmt: skip
"""Event type → the commands it causes; both roads of a writer hand them in."""
