"""Replay (回放): a case as it was known at any instant; pure, over the events of its two streams.

*Known* means recorded before the instant; *in truth* means happened before it, as far as is known
today. Nothing is looked up: what counted when follows from the events alone (domain.md 7.4, A1–A5).
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from ledger.contracts.wire import Event
from ledger.rules import case
from ledger.rules.effective import CORRECTIONS, current

NAMES = {
    "case.submitted": "收件", "case.material_corrected_on_spot": "当场更正",
    "case.supplement_noticed": "补正告知", "case.supplemented": "补正", "case.accepted": "受理",
    "case.deemed_accepted": "视为受理", "case.not_accepted": "不予受理",
    "case.collected_remote": "异地代收", "case.handed_over": "移交办理地",
    "case.deficiency_committed": "容缺承诺", "case.deficiency_filled": "容缺补齐",
    "case.deficiency_failed": "容缺未补", "case.commitment_signed": "告知承诺",
    "case.commitment_verified": "承诺核查", "case.step_started": "环节开始",
    "case.step_finished": "环节结束", "case.transferred": "转办", "case.transfer_received": "签收",
    "case.transfer_refused": "拒签退回", "case.special_started": "特别程序开始",
    "case.special_ended": "特别程序结束", "case.extension_granted": "延长",
    "case.clock_suspended": "挂起", "case.clock_resumed": "恢复", "case.clock_breached": "超时",
    "case.escalated_result": "上级批复", "case.decision_made": "审批决定",
    "case.concluded": "办结", "case.issued": "出件", "case.delivered": "送达",
    "case.withdrawn": "撤回", "case.terminated": "终止", "case.fee_charged": "收费",
    "case.fee_refunded": "退费", "case.archived": "归档", "case.decision_revoked": "撤销决定",
    "case.external_status": "外部回传", "case.exchanged": "数据上报", "case.urged": "催办督办",
    "case.visited": "到窗", "case.hearing_requested": "申请听证",
    "case.hearing_notified": "听证通知", "case.bundled": "并入一件事",
    "case.event_voided": "作废更正", "case.event_amended": "更正", "case.event_restamped": "重述",
    "rating.invited": "邀评", "rating.defaulted": "默认好评", "rating.appended": "追评",
    "neg.dispatched": "差评派单", "neg.prechecked": "预审", "neg.verified": "核实",
    "neg.rectify_planned": "整改计划", "neg.rectified": "整改", "neg.extension_granted": "整改延期",
    "neg.replied": "回复", "neg.called_back": "回访", "neg.instructed": "批示",
    "neg.closed": "差评办结", "appeal.filed": "申诉", "appeal.upheld": "申诉成立",
    "appeal.denied": "申诉不成立", "rating.clock_breached": "差评超时",
    "rating.submitted": "评价", "rating.event_voided": "作废评价",
    "rating.event_restamped": "重述评价",
}  # fmt: skip
"""Event type → what a clerk calls it."""

CLOCKS = (("C2", "法定时限", "statutory_due"), ("C3", "承诺时限", "promised_due"))
DATE_LENGTH = len("2020-06-01")


class Stored(NamedTuple):
    """One event with its place in the book."""

    partition: int
    offset: int
    chain: bytes
    event: Event


class Instant(NamedTuple):
    """Up to when something was known: recorded until `time` (included), or before `offset`."""

    time: datetime | None = None
    offset: int | None = None

    def knows(self, stored: Stored) -> bool:
        """Tell whether the event was in the book at this instant."""
        if self.offset is not None:
            return stored.offset < self.offset
        if self.time is not None:
            return datetime.fromisoformat(stored.event["recordedat"]) <= self.time
        return True


def replay(history: Sequence[Stored], instant: Instant) -> dict[str, Any]:
    """Give the case as it was known at `instant`: `{case_no, state, at, clocks, events, …}`.

    `history` are all events of the case and of its rating stream in order of position.
    """
    known = [stored for stored in history if instant.knows(stored)]
    cases = [s.event for s in known if s.event["subject"].startswith("case/")]
    ratings = [s.event for s in known if s.event["subject"].startswith("rating/")]
    counting = {**current(cases), **current(ratings)}
    state = case.fold(cases)
    last = known[-1] if known else None
    at = instant.time.isoformat() if instant.time else (last.event["recordedat"] if last else "")
    return {
        "case_no": _case_no(history),
        "case_id": history[0].event["subject"].partition("/")[2] if history else "",
        "state": state.status,
        "state_name": case.STATE_NAMES[state.status],
        "at": at,
        "position": f"{last.partition}:{last.offset}" if last else "",
        "known": len(known),
        "later": len(history) - len(known),
        "truly": _truly(history, at),
        "holder": {"dept": state.holder_dept, "centre": state.holder_centre},
        "clocks": clocks(list(counting.values()), at),
        "corrections": [_correction(s) for s in known if s.event["type"].endswith(CORRECTIONS)],
        "ratings": [
            {"stars": e["data"]["data"]["stars"], "via": e["data"]["data"]["via"],
             "at": e["time"], "id": e["id"]}
            for e in counting.values() if e["type"] == "rating.submitted"
        ],
        "effective": [e["id"] for e in sorted(counting.values(), key=lambda e: e["time"])],
        "events": _rows(known, counting),
    }  # fmt: skip


def _case_no(history: Sequence[Stored]) -> str:
    for stored in history:
        if stored.event["type"] == "case.submitted":
            number: str = stored.event["data"]["data"]["case_no"]
            return number
    return ""


def _truly(history: Sequence[Stored], at: str) -> dict[str, str]:
    """Give the state the case was in at `at`, by all that is known today (A2)."""
    facts = current([s.event for s in history if s.event["subject"].startswith("case/")])
    state = case.fold(
        sorted((e for e in facts.values() if e["time"] <= at), key=lambda e: e["time"])
    )
    status = "VOI" if not facts and len(history) else state.status
    return {"state": status, "state_name": case.STATE_NAMES[status]}


def clocks(facts: Sequence[Event], at: str) -> list[dict[str, Any]]:
    """Give the clocks of the case at `at`, from the facts that count.

    On time is by local date: concluded no later than the day of the due (domain.md 4.2).
    """
    accepted = next((e for e in facts if e["type"] == "case.accepted"), None)
    if accepted is None:
        return []
    stamp = accepted["data"]["stamp"]
    concluded = next((e["time"] for e in facts if e["type"] == "case.concluded"), None)
    decided = next((e for e in facts if e["type"] == "case.decision_made"), None)
    found = []
    for ident, name, field in CLOCKS:
        due = stamp.get(field)
        if due is None:
            continue
        late = (concluded or at)[:DATE_LENGTH] > due[:DATE_LENGTH]
        result = ("late" if late else "on_time") if concluded else ("over" if late else "running")
        found.append(
            {
                "clock": ident, "name": name, "start": accepted["time"], "due": due,
                "provisional": bool(stamp.get("due_provisional")), "stop": concluded,
                "result": result, "calendar": stamp.get("calendar"),
                "decision_working_minutes": decided["data"]["stamp"].get("working_minutes")
                if decided else None,
            }
        )  # fmt: skip
    return found


def _correction(stored: Stored) -> dict[str, Any]:
    data = stored.event["data"]["data"]
    return {
        "id": stored.event["id"], "at": stored.event["recordedat"],
        "voids": [data["target"], *data["cascade"]] if "cascade" in data else [],
        "amends": data["target"] if "changes" in data else None,
        "changes": data.get("changes", {}), "reason": data["reason_code"],
        "requested_by": data["requested_by"], "approved_by": data["approved_by"],
        "entered_by": stored.event.get("actorstaff"),
    }  # fmt: skip


def _counts_as(event: Event, now: Event | None) -> dict[str, Any] | None:
    """Give what an amended fact says now, None where it says what it said."""
    names = ("time", "centre", "window", "dept", "channel")
    if now is None:
        return None
    changed: dict[str, Any] = {n: now.get(n) for n in names if now.get(n) != event.get(n)}
    if now["data"]["data"] != event["data"]["data"]:
        changed["data"] = now["data"]["data"]
    return changed or None


def _rows(known: Sequence[Stored], counting: dict[str, Event]) -> list[dict[str, Any]]:
    """Give the events in raw order; each says whether it counts, and what corrected it."""
    amended_by = {
        stored.event["data"]["data"]["target"]: stored.event["id"]
        for stored in known
        if stored.event["type"].endswith(".event_amended")
    }
    voided_by = {
        target: stored.event["id"]
        for stored in known
        if stored.event["type"].endswith("event_voided")
        for target in (stored.event["data"]["data"]["target"],
                       *stored.event["data"]["data"]["cascade"])
    }  # fmt: skip
    rows = []
    for stored in known:
        event = stored.event
        now = counting.get(event["id"])
        was, now_stamp = event["data"]["stamp"], now["data"]["stamp"] if now else None
        rows.append(
            {
                "position": f"{stored.partition}:{stored.offset}", "id": event["id"],
                "version": event["streamversion"], "type": event["type"],
                "name": NAMES.get(event["type"], event["type"]),
                "occurred_at": event["time"], "recorded_at": event["recordedat"],
                "actor": {"kind": event["actorkind"], "staff": event.get("actorstaff"),
                          "post": event.get("actorpost")},
                "centre": event.get("centre"), "window": event.get("window"),
                "dept": event.get("dept"), "channel": event.get("channel"),
                "source": f"{event['sourcesystem']}/{event['sourceseq']}",
                "source_class": event["sourceclass"], "late_reason": event.get("latereason"),
                "flags": was.get("flags", []), "counts": event["id"] in counting,
                "voided_by": voided_by.get(event["id"]),
                "amended_by": amended_by.get(event["id"]), "counts_as": _counts_as(event, now),
                "data": event["data"]["data"], "stamp": was,
                "stamp_now": now_stamp if now_stamp != was else None,
                "chain": stored.chain.hex(),
            }
        )  # fmt: skip
    return rows
