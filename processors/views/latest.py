"""Newest by key (最新值): the one kind of view that is no sum; decided by stream version.

A wall needs the names behind the cells: which centres, windows, items and departments there are.
They are facts of the reference partition, and the newest one of each key counts.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

KEPT = frozenset({"centre.opened", "window.created", "item.registered", "dept.registered"})
"""The facts that are kept; of the others of the reference partition no wall needs anything."""


class Newest(NamedTuple):
    """What is known of one key, and the version of its stream that said so."""

    version: int
    data: Mapping[str, Any]


Latest = dict[str, Newest]
"""`centre.opened/sanxing` → its newest data."""


def fold_latest(latest: Latest, event: Mapping[str, Any]) -> None:
    """Remember a reference fact if it is newer than what is known; order does not matter.

    Total: an event of any other type changes nothing.
    """
    kind = event["type"]
    if kind not in KEPT:
        return
    name = f"{kind}/{event['subject'].partition('/')[2]}"
    keep(latest, name, Newest(event["streamversion"], event["data"]["data"]))


def keep(latest: Latest, name: str, newest: Newest) -> None:
    """Put one entry in its place unless a newer one is there."""
    known = latest.get(name)
    if known is None or known.version < newest.version:
        latest[name] = newest
