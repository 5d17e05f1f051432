"""How a partition's state lies in `<prefix>.views`: one record a cell, and the position last.

A commit is one transaction: cells, newest facts, then the position record that closes it. A
reader takes over what it read when the position arrives, so that it never shows half a commit.

    s/<cell>      the sum, decimal; no value = the cell is gone
    n/<type>/<key>  {"version", "data"}
    position      {"position", "day"}
"""

import hashlib
from collections.abc import Iterator
from typing import Any

import orjson

from ledger.contracts.codes import REJECT_HEAD_BYTES
from processors.views.latest import Newest
from processors.views.shelf import Change
from processors.views.tally import Parked

POSITION = b"position"
SUM, NEWEST = b"s/", b"n/"

Pair = tuple[bytes, bytes | None]


def pairs(change: Change) -> Iterator[Pair]:
    """Give the records of one commit, the position last."""
    for key, value in change.cells.items():
        yield SUM + key.encode(), b"%d" % value if value else None
    for name, newest in change.latest.items():
        gone = not newest.data
        yield NEWEST + name.encode(), None if gone else orjson.dumps(newest._asdict())
    yield POSITION, orjson.dumps({"position": change.position, "day": change.day})


class Reader:
    """Puts the records of one partition together again; gives a change at each position."""

    def __init__(self) -> None:
        self._begin()

    def _begin(self) -> None:
        self._cells: dict[str, int] = {}
        self._latest: dict[str, Newest] = {}

    def take(self, key: bytes, value: bytes | None) -> Change | None:
        """Take the next record; gives the change that it closes, if it is a position."""
        if key.startswith(SUM):
            self._cells[key[len(SUM) :].decode()] = int(value) if value else 0
        elif key.startswith(NEWEST):
            newest = Newest(**orjson.loads(value)) if value else Newest(0, {})
            self._latest[key[len(NEWEST) :].decode()] = newest
        elif key == POSITION and value:
            place = orjson.loads(value)
            change = Change(self._cells, self._latest, place["position"], place["day"])
            self._begin()
            return change
        return None


def reject_body(partition: int, parked: Parked) -> dict[str, Any]:
    """Give the record of a poison record in `rejects`: the shape of a refusal, and its position."""
    return {
        "key": f"ledger/{partition}@{parked.offset}",
        "hash": hashlib.sha256(parked.value).hexdigest()[:32],
        "code": "E_POISON",
        "message": f"Could not be folded: {parked.reason}",
        "legal": [],
        "at": "",
        "size": len(parked.value),
        "head": parked.value[:REJECT_HEAD_BYTES].decode(errors="replace"),
        "stream": "",
        "partition": partition,
        "offset": parked.offset,
    }
