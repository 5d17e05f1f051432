"""Bytes ⇄ event: CloudEvents 1.0 JSON in structured mode, read through upcasters.

Source: CloudEvents 1.0 §2.3 (attribute names are lower-case letters and digits, scalar values).
An event in memory is the parsed wire form itself, a plain dict: readers on the hot path take
what they need and nothing is copied.
"""

from collections.abc import Callable
from typing import Any, NotRequired, TypedDict

import orjson


class Body(TypedDict):
    """`data`: what the source said; `stamp`: what the ledger worked out at the door."""

    data: dict[str, Any]
    stamp: dict[str, Any]


class Event(TypedDict):
    """One event on the wire. `time` = occurred_at, `recordedat`: both ISO 8601, always +08:00."""

    specversion: str
    id: str
    source: str
    type: str
    subject: str
    time: str
    datacontenttype: str
    schemaversion: int
    recordedat: str
    streamversion: int
    sourcesystem: str
    sourceseq: str
    sourceclass: str
    actorkind: str
    actorstaff: NotRequired[str]
    actorpost: NotRequired[str]
    centre: NotRequired[str]
    dept: NotRequired[str]
    window: NotRequired[str]
    channel: NotRequired[str]
    latereason: NotRequired[str]
    causation: NotRequired[str]
    correlation: NotRequired[str]
    data: Body


Upcaster = Callable[[Event], Event]

UPCASTERS: dict[tuple[str, int], Upcaster] = {}
"""(type, schema version) → the step to the next version; readers see only the newest."""


def encode(event: Event) -> bytes:
    """Give the bytes that are stored, hashed and kept for ever; key order is insertion order."""
    return orjson.dumps(event)


def decode(raw: bytes) -> Event:
    """Read one stored event and lift it to the newest schema version.

    Raises:
        orjson.JSONDecodeError: the bytes are no JSON; park the record with its position.

    """
    event: Event = orjson.loads(raw)
    if UPCASTERS:
        event = lifted(event)
        if event["type"].endswith(".event_restamped"):
            # The facts inside are as old as they were when they were restated.
            body = event["data"]["data"]
            for part in ("before", "after"):
                if body[part] is not None:
                    body[part] = lifted(body[part])
    return event


def lifted(event: Event) -> Event:
    """Give the event in the newest schema version of its type."""
    while lift := UPCASTERS.get((event["type"], event["schemaversion"])):
        event = lift(event)
    return event


def event_id(stream: str, version: int) -> str:
    """Derive an event's id from its place, never from chance: `case/C1@3`."""
    return f"{stream}@{version}"
