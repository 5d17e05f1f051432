"""What tests of clocks say to a hall: ticks, corrections; and what they read."""

from datetime import datetime

from ledger.contracts.codes import SHANGHAI
from ledger.rules.effective import current

HEARING = {"sp_no": "s1", "kind": "hearing", "legal_basis": "行政许可法 §45", "days_told": 30,
           "notice_doc": "T1", "excluded": True}  # fmt: skip


def moment(text):
    """An instant of 2020, MM-DDTHH:MM."""
    return datetime.fromisoformat(f"2020-{text}:00+08:00").astimezone(SHANGHAI)


def tick(hall, text):
    hall.now = moment(text)
    raw = hall.raw("clock.tick", "0", {}, source_class="system", source_system="clock",
                   source_seq=f"0@{hall.now.isoformat()}")  # fmt: skip
    return hall.decide(raw)


def breaches(hall, key="C1"):
    """The breaches that count: (clock, day of the due)."""
    return [
        (e["data"]["data"]["clock"], e["time"][5:10])
        for e in current(hall.events(f"case/{key}")).values() if e["type"] == "case.clock_breached"
    ]  # fmt: skip


def kinds(hall, since=0):
    return [e["type"].removeprefix("case.") for e in hall.events("case/C1")][since:]


def amend(hall, version, changes, key="C1"):
    data = {"target": f"case/{key}@{version}", "changes": changes, "reason_code": "x",
            "evidence": "E", "requested_by": "fu", "approved_by": "gu"}  # fmt: skip
    return hall.say("case.amend_event", key, data, who="fu", post="corrector")
