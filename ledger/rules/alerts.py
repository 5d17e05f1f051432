"""监察预警 (alerts): what is known of the alerts of one subject, and what people may do with them.

One stream a subject, folded to alert id → alert. An alert is open, closed or cancelled; its level
only rises. What the ledger cancelled because its ground was corrected away (`corrected`) may be
raised again when the ground comes back; what people cancelled only rises, never returns.
Source: domain.md 3.10, 5.2.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import orjson

from ledger.contracts.codes import AlertLevel, Post, SourceClass
from ledger.contracts.events import supervision as facts
from ledger.contracts.events.case import CaseConcluded, CaseEventRestamped
from ledger.contracts.wire import Event
from ledger.rules.effective import current
from ledger.rules.facts import Draft
from ledger.rules.refusals import Code, Refused
from ledger.rules.streams import Asked
from ledger.rules.supervision_rules import RULES, Mode

ORDER = {AlertLevel.REMIND: 0, AlertLevel.YELLOW: 1, AlertLevel.RED: 2}
CORRECTED = "corrected"
RESOLVED = "resolved"
LEDGER = "ledger"
SUSPICIOUS = frozenset({"R04", "R05"})
"""体外循环: a case with such an alert, open or confirmed, is suspected (K42)."""
SAYING = frozenset({facts.AlertRaised.TYPE, facts.AlertEscalated.TYPE})


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert; times are ISO 8601 +08:00 strings."""

    alert_id: str
    rule: str
    level: str
    subject: str
    about: str
    at: str
    """When it was raised, or raised to its present level."""
    facts: tuple[str, ...] = ()
    dept: str | None = None
    centre: str | None = None
    window: str | None = None
    swept: bool = False
    """Raised by a command; its ground lies in many streams and is not looked for in this one."""
    status: str = "open"
    reason: str = ""
    """Why it was closed or cancelled."""
    acknowledged: bool = False
    explained: bool = False


State = Mapping[str, Alert]
"""Alert id → the alert, in the order in which they were raised."""


def alert_id(rule: str, subject: str, about: str) -> str:
    """Give the id of an alert: a function of rule, subject and about, never of chance or time."""
    return hashlib.sha256(f"{rule}|{subject}|{about}".encode()).hexdigest()[:16]


def raising(source: str, now: datetime, said: Mapping[str, Any]) -> bytes:
    """Give the command by which machinery raises an alert; the same again is a duplicate.

    `said` are the fields of `AlertSaid` but the id; None is left out.
    """
    name = alert_id(said["rule_id"], said["subject"], said.get("about", ""))
    data = {"alert_id": name, **{k: v for k, v in said.items() if v is not None}}
    return orjson.dumps({
        "type": facts.AlertRaised.COMMAND, "key": said["subject"].partition("/")[2],
        "occurred_at": now.isoformat(), "source_system": source,
        "source_seq": f"{name}.{said['level']}", "source_class": SourceClass.SYSTEM,
        "data": data,
    })  # fmt: skip


def subject_stream(key: str) -> str:
    """Give the stream in which the alerts about a subject lie."""
    return f"supervision/{key}"


def fold(history: Iterable[Event]) -> State:
    """Fold all facts of one supervision stream."""
    state: State = {}
    for event in history:
        state = evolve(state, event)
    return state


def evolve(state: State, event: Event) -> State:
    """Give the state after one more fact; total."""
    kind, data = event["type"], event["data"]["data"]
    before = state.get(data.get("alert_id", ""))
    if kind in SAYING:
        after = said(before, data, event["time"], swept="swept" in event["data"]["stamp"])
    elif before is None:
        return state
    else:
        after = handled(before, kind, data)
    return {**state, after.alert_id: after}


def said(before: Alert | None, data: Mapping[str, Any], at: str, *, swept: bool = False) -> Alert:
    """Give the alert after it was raised, or raised to another level."""
    return Alert(
        data["alert_id"], data["rule_id"], data["level"], data["subject"], data.get("about", ""),
        at, tuple(data.get("facts", ())), data.get("holder_dept"), data.get("holder_centre"),
        data.get("window"), swept, explained=False,
        acknowledged=before is not None and before.acknowledged and before.status == "open",
    )  # fmt: skip


def handled(alert: Alert, kind: str, data: Mapping[str, Any]) -> Alert:
    """Give the alert after what people, or the ledger, did about it."""
    match kind:
        case facts.AlertAcknowledged.TYPE:
            return replace(alert, acknowledged=True)
        case facts.AlertExplained.TYPE:
            return replace(alert, explained=True)
        case facts.AlertCancelled.TYPE:
            return replace(alert, status="cancelled", reason=data["reason_code"])
        case facts.AlertClosed.TYPE:
            return replace(alert, status="closed", reason=data.get("reason_code", ""))
    return alert


def rises(before: Alert | None, level: str) -> str | None:
    """Give the fact that brings an alert to a level; None: it is there, or above.

    Only the ledger's own cancellation (`corrected`) is undone by the ledger.
    """
    if before is None or (before.status == "cancelled" and before.reason == CORRECTED):
        return facts.AlertRaised.TYPE
    if ORDER[AlertLevel(level)] > ORDER[AlertLevel(before.level)]:
        return facts.AlertEscalated.TYPE
    return None


def stamp_of(before: Alert | None, after: Alert) -> dict[str, Any]:
    """Stamp a fact of an alert with the alert as it is now, and with which open ones it changes.

    `entered`: the level at which it is open from now on; `left`: the level (at `left_centre`) at
    which it was open until now; `listed`: a wall lists it.
    """
    stamp: dict[str, Any] = {
        "rule_id": after.rule, "level": after.level, "status": after.status,
        "subject": after.subject, "about": after.about, "since": after.at, "dept": after.dept,
        "centre": after.centre, "window": after.window, "acknowledged": after.acknowledged or None,
        "explained": after.explained or None, "listed": is_listed(after) or None,
    }  # fmt: skip
    was = before if before is not None and before.status == "open" else None
    if was is None or after.status != "open" or was.level != after.level:
        if was is not None:
            stamp |= {"left": was.level, "left_centre": was.centre}
        if after.status == "open":
            stamp["entered"] = after.level
    return {name: value for name, value in stamp.items() if value is not None}


def suspected(state: State) -> bool:
    """Tell whether something not cancelled says that the case was dealt with outside (体外循环)."""
    return any(
        alert.rule in SUSPICIOUS and alert.status != "cancelled"
        and alert.subject.startswith("case/") for alert in state.values()
    )  # fmt: skip


def _recounted(asked: Asked, after: Alert) -> list[Draft]:
    """Restate the conclusion of a case that is suspected from now on, or no longer."""
    stream = f"case/{asked.key}"
    now = suspected({**asked.state, after.alert_id: after})
    if after.rule not in SUSPICIOUS or now == suspected(asked.state):
        return []
    return [
        Draft(stream, CaseEventRestamped.TYPE,
              {"target": name, "before": fact, "after": as_suspected(fact, told=now)}, {}, name,
              derived=True)
        for name, fact in current(asked.history_of(stream)).items()
        if fact["type"] == CaseConcluded.TYPE
    ]  # fmt: skip


def as_suspected(fact: Event, *, told: bool) -> Event:
    """Give a conclusion as it counts when its case is suspected, or is not."""
    stamp = {k: v for k, v in fact["data"]["stamp"].items() if k != "suspected"}
    stamp |= {"suspected": True} if told else {}
    return {**fact, "data": {**fact["data"], "stamp": stamp}}


def is_listed(alert: Alert) -> bool:
    """Tell whether a wall lists it: an open card, or what time reminds of and is still to be done.

    A reminder of what is done (错窗受理, 迟到) is counted, and looked up where one looks for it.
    """
    return alert.status == "open" and (alert.level != AlertLevel.REMIND or not alert.facts)


# ----------------------------------------------------------------------------- what people may do


def check_known(asked: Asked) -> None:
    """Refuse what is about an alert, or a rule, that is not there.

    Raises:
        Refused: E_REF, E_FIELD.

    """
    data, kind = asked.data, asked.payload.TYPE
    if kind in SAYING:
        _check_said(asked)
    if kind != facts.AlertRaised.TYPE and data["alert_id"] not in asked.state:
        raise Refused(Code.E_REF, f"alert {data['alert_id']} of {asked.key} is not known")


def _check_said(asked: Asked) -> None:
    data = asked.data
    rule = RULES.get(data["rule_id"])
    if rule is None:
        raise Refused(Code.E_REF, f"rule {data['rule_id']} is not known", tuple(RULES))
    if data["subject"].partition("/")[2] != asked.key:
        raise Refused(Code.E_FIELD, f"subject is a stream with the key {asked.key}")
    if data["alert_id"] != alert_id(rule.id, data["subject"], data["about"]):
        raise Refused(Code.E_FIELD, "alert_id is not the hash of rule, subject and about")


def decide(asked: Asked) -> list[Draft]:
    """Decide a command about an alert.

    Raises:
        Refused: E_STATE, E_TIME_ORDER, E_AUTH, E_SOD.

    """
    kind, data = asked.payload.TYPE, asked.data
    if kind in SAYING:
        before: Alert | None = asked.state.get(data["alert_id"])
        if RULES[data["rule_id"]].mode is Mode.LIVE:
            raise Refused(Code.E_STATE, f"{data['rule_id']} is raised by the ledger itself")
        rising = rises(before, data["level"])
        if rising is None:
            raise Refused(Code.E_STATE, "this alert was raised to this level before")
        raised = said(before, data, asked.at)
        stamp = {**stamp_of(before, raised), "swept": True}
        draft = Draft(asked.stream, rising, data, stamp, centre=data.get("holder_centre"))
        return [draft, *_recounted(asked, raised)]
    of: Alert = asked.state[data["alert_id"]]  # It is there: `check_known`.
    _check_handling(of, kind, hard=asked.command.source_class is SourceClass.INTERACTIVE)
    if asked.at < of.at:
        raise Refused(Code.E_TIME_ORDER, f"at {asked.at}, before the alert, at {of.at}")
    if kind == facts.AlertCancelled.TYPE:
        _check_cancelling(asked)
    elif data.get("reason_code") == RESOLVED and kind == facts.AlertClosed.TYPE:
        raise Refused(Code.E_STATE, f"{RESOLVED} is for the ledger to say", ("handled",))
    after = handled(of, kind, data)
    draft = Draft(asked.stream, kind, data, stamp_of(of, after), centre=of.centre)
    return [draft, *_recounted(asked, after)]


def _check_handling(alert: Alert, kind: str, *, hard: bool) -> None:
    if kind == facts.AlertCancelled.TYPE:
        if alert.status == "cancelled":
            raise Refused(Code.E_STATE, "this alert was cancelled before")
        return
    if alert.status != "open":
        ways = ("alert.cancel",) if alert.status == "closed" else ()
        raise Refused(Code.E_STATE, f"this alert is {alert.status}", ways)
    if kind == facts.AlertAcknowledged.TYPE and alert.acknowledged:
        raise Refused(Code.E_STATE, "this alert was acknowledged before", ("alert.explain",))
    card = alert.level != AlertLevel.REMIND
    if hard and kind == facts.AlertClosed.TYPE and card and not alert.explained:
        raise Refused(Code.E_STATE, "a card is explained before it is closed", ("alert.explain",))


def _check_cancelling(asked: Asked) -> None:
    """Refuse a cancellation by one person, or approved by somebody without the post."""
    approver = asked.data["approver"]
    if asked.data["reason_code"] == CORRECTED:
        raise Refused(Code.E_STATE, f"{CORRECTED} is for the ledger to say", ("mistaken", "other"))
    if asked.command.source_class is not SourceClass.SYSTEM:
        known = asked.reference.staff.get(approver)
        if known is None or Post.CITY_SUPERVISOR not in known.posts:
            raise Refused(Code.E_AUTH, f"{approver} does not hold post {Post.CITY_SUPERVISOR}")
    if approver == asked.command.actor.staff:
        raise Refused(Code.E_SOD, "whoever cancels an alert needs another person to approve it")
