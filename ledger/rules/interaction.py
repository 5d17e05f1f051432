"""咨询投诉 (interaction): the table of consultations and complaints, and when a reply is due.

Source: domain.md 3.8a. Several may lie in the stream of one case, each a subject of its own.
"""

from dataclasses import replace
from typing import Any

from ledger.contracts.codes import SourceClass
from ledger.contracts.events import interaction as facts
from ledger.contracts.wire import Event
from ledger.rules.refusals import Code, Refused
from ledger.rules.streams import Asked
from ledger.rules.tabled import Course, Data, State, Subject, check_due, rules
from ledger.rules.workdays import end_of

CLOCK = "reply"
REFUSED_WRONGLY = "R14"

MOVES = {
    facts.ConsultAsked.TYPE: {"-": "ASK"},
    facts.ConsultAnswered.TYPE: {"ASK": "ANS"},
    facts.ComplaintFiled.TYPE: {"-": "FIL"},
    facts.ComplaintAccepted.TYPE: {"FIL": "ACC"},
    facts.ComplaintExtended.TYPE: {"ACC": "ACC"},
    facts.ComplaintReplied.TYPE: {"ACC": "REP"},
    facts.ComplaintClosed.TYPE: {"FIL": "CLO", "ACC": "CLO", "REP": "CLO"},
}


def check_known(asked: Asked) -> None:
    """Refuse what is about a case that is not known; departments and staff, entered here.

    Raises:
        Refused: E_REF.

    """
    data = asked.data
    if (case := data.get("case_id")) is not None:
        of = asked.state_of(f"case/{case}")
        if of.status in {"-", "VOI"}:
            raise Refused(Code.E_REF, f"case {case} is not known, or was voided")
    if asked.command.source_class is not SourceClass.INTERACTIVE:
        return
    dept, staff = data.get("target_dept"), data.get("target_staff")
    if dept is not None and dept not in asked.reference.depts:
        raise Refused(Code.E_REF, f"department {dept} is not known (dept.register)")
    if staff is not None and staff not in asked.reference.staff:
        raise Refused(Code.E_REF, f"staff {staff} is not known (staff.join)")


def check(state: State, kind: str, data: Data, at: str) -> None:
    """Refuse a due in the past, an extension that is none, a complaint settled without a reply.

    Raises:
        Refused: E_STATE, E_LIMIT.

    """
    if kind == facts.ComplaintAccepted.TYPE:
        check_due(data["due"], at)
        return
    of = state.of(data.get("complaint_id", ""))
    if kind == facts.ComplaintExtended.TYPE:
        due = of.told[facts.ComplaintAccepted.TYPE].data["due"]
        if data["new_due"] <= due:
            raise Refused(Code.E_LIMIT, f"new_due is not after the due of {due}")
        check_due(data["new_due"], at)
    elif kind == facts.ComplaintClosed.TYPE:
        settled = data["outcome"] == "settled"
        if settled and facts.ComplaintReplied.TYPE not in of.told:
            raise Refused(Code.E_STATE, "settled needs a reply", (facts.ComplaintReplied.COMMAND,))


def learn(of: Subject, event: Event, breached: bool) -> Subject:  # noqa: FBT001
    """Give the complaint with its due; an extension after the due, or its breach, heals nothing."""
    kind, at, data = event["type"], event["time"], event["data"]["data"]
    match kind:
        case facts.ComplaintAccepted.TYPE if event["sourceclass"] != SourceClass.HISTORICAL:
            return replace(of, due=end_of(data["due"]))
        case facts.ComplaintExtended.TYPE if of.due and at <= of.due and not breached:
            return replace(of, due=end_of(data["new_due"]))
        case facts.ComplaintReplied.TYPE | facts.ComplaintClosed.TYPE:
            return replace(of, stop=of.stop or at)
    return of


def stamp_of(state: State, kind: str, data: Data, at: str, centre: str | None) -> dict[str, Any]:
    """Stamp what follows a complaint with whom it is about, and a reply with being in time."""
    of = state.of(data.get("complaint_id", ""))
    filed = of.told.get(facts.ComplaintFiled.TYPE)
    said, place = (data, centre) if kind == facts.ComplaintFiled.TYPE else ({}, None)
    if filed is not None:
        said, place = filed.data, filed.centre
    stamp = {name: said[name] for name in ("source", "matter", "target_dept") if name in said}
    if place:
        stamp["filed_centre"] = place
    if kind == facts.ComplaintReplied.TYPE and of.due:
        stamp["in_time"] = at <= of.due
    return stamp


def flags(state: State, kind: str, data: Data) -> list[str]:
    """Give R14 违规不受理: it is confirmed that a complete file was refused."""
    if kind != facts.ComplaintReplied.TYPE or data["finding"] != "confirmed":
        return []
    filed = state.of(data["complaint_id"]).told[facts.ComplaintFiled.TYPE]
    return [REFUSED_WRONGLY] if filed.data["matter"] == "refused" else []


RULES = rules(Course(
    MOVES, ids=("complaint_id", "consult_id"), once=frozenset({facts.ComplaintExtended.TYPE}),
    known=check_known, check=check, learn=learn, stamp=stamp_of, flags=flags,
    clock=CLOCK, breach=facts.ComplaintClockBreached.TYPE,
))  # fmt: skip
