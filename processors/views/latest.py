"""Newest by key (最新值): the one kind of view that is no sum; decided by stream version.

A wall needs the names behind the cells: which centres, windows, items and departments there are.
They are facts of the reference partition, and the newest one of each key counts. It also lists
the open alerts (电子监察), one row each; an alert that is no longer open is taken from the list;
and who sat down at each window last. Whether the window is still open is for the sums to say.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any, NamedTuple

from ledger.rules.supervision_rules import RULES

REFERENCE = frozenset({"centre.opened", "window.created", "window.type_changed", "item.registered",
                       "dept.registered"})  # fmt: skip
ANEW = {"window.type_changed": "window.created"}
"""A fact that tells the whole of a thing anew → the one whose place it takes."""
ALERTS = frozenset({"alert.raised", "alert.escalated", "alert.acknowledged", "alert.explained",
                    "alert.cancelled", "alert.closed"})  # fmt: skip
SEAT = "window.opened"
DAY_BITS = 24
"""A hall has a stream a day: which fact is newer is decided by the day, then by the version."""
KEPT = REFERENCE | ALERTS | {SEAT}
"""The facts that are kept; of others no wall needs anything but sums."""
ALERT = "alert/"
ROW = ("rule_id", "level", "subject", "about", "since", "dept", "centre", "window", "acknowledged",
       "explained")  # fmt: skip
"""What the list of alerts says of one, where it is known; `name` is the rule's."""
LEVELS = ("red", "yellow", "remind")


class Newest(NamedTuple):
    """What is known of one key, and the version of its stream that said so."""

    version: int
    data: Mapping[str, Any]
    """Empty: the key is gone."""


Latest = dict[str, Newest]
"""`centre.opened/sanxing` → its newest data; `alert/ID` → its row; `window.opened/ID` → who sat."""


def fold_latest(latest: Latest, event: Mapping[str, Any]) -> None:
    """Remember a fact if it is newer than what is known; order does not matter.

    What is gone is remembered as gone. Total: an event of any other type changes nothing.
    """
    kind, body, version = event["type"], event["data"], event["streamversion"]
    if kind in REFERENCE:
        key = event["subject"].partition("/")[2]
        name, data = f"{ANEW.get(kind, kind)}/{key}", body["data"]
    elif kind in ALERTS:
        name, data = ALERT + body["data"]["alert_id"], _row(body["stamp"])
    elif kind == SEAT:
        said = body["data"]
        name, data = f"{SEAT}/{said['window_id']}", {"staff_id": said["staff_id"]}
        version += date.fromisoformat(event["time"][:10]).toordinal() << DAY_BITS
    else:
        return
    known = latest.get(name)
    if known is None or known.version < version:
        latest[name] = Newest(version, data)


def _row(stamp: Mapping[str, Any]) -> dict[str, Any]:
    """Give the row of an alert that is listed; {} for one that is not."""
    if not stamp.get("listed"):
        return {}
    row = {name: stamp[name] for name in ROW if name in stamp}
    return {"name": RULES[stamp["rule_id"]].name, **row}


def keep(latest: Latest, name: str, newest: Newest) -> None:
    """Put one entry in its place unless a newer one is there; take out what is gone."""
    known = latest.get(name)
    if not newest.data:
        latest.pop(name, None)
    elif known is None or known.version < newest.version:
        latest[name] = newest


def open_alerts(latest: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Give the rows of the open alerts of a picture: the gravest first, then the oldest."""
    rows = [{"alert_id": name.removeprefix(ALERT), **row} for name, row in latest.items()
            if name.startswith(ALERT)]  # fmt: skip
    return sorted(rows, key=lambda r: (LEVELS.index(r["level"]), r["since"], r["alert_id"]))
