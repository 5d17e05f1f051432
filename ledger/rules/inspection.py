"""督查 (inspection): the tables of an inspection and its findings, its clock C13, where it counts.

Source: domain.md 3.8, 4.2, 5.3. The whole is the inspection, its subjects are the findings; a
notice is the findings it names. A covert inspection says nothing before it was conducted but the
seal of its plan, which `inspection.conducted` opens. What an assessment takes over
(`inspection.counted`) and standards, training and guidance are other streams' facts.
"""

from dataclasses import replace
from datetime import datetime
from typing import Any

from ledger.contracts.codes import LimitUnit, Post, SourceClass
from ledger.contracts.events import inspection as facts
from ledger.contracts.events.base import Limit
from ledger.contracts.wire import Event
from ledger.rules import clocks, tabled
from ledger.rules.facts import HARD
from ledger.rules.refusals import Code, Refused
from ledger.rules.streams import Asked
from ledger.rules.tabled import Course, Data, State, Subject, check_due, rules
from ledger.rules.workdays import end_of

CLOCK = "C13"
RECTIFY = Limit(n=10, unit=LimitUnit.WORKDAY)
"""What a notice gives that names no day (domain.md 4.2)."""
CONTEST_WORKDAYS = 3
OUTSIDE_WINDOW = "outside_window"
OWN_CENTRE = "R07"

PLANNED, SEALED = facts.InspectionPlanned.TYPE, facts.InspectionSealed.TYPE
CONDUCTED, RECORDED = facts.InspectionConducted.TYPE, facts.FindingRecorded.TYPE
CONTESTED, DECIDED = facts.FindingContested.TYPE, facts.FindingContestDecided.TYPE
ISSUED, CLOSED = facts.NoticeIssued.TYPE, facts.NoticeClosed.TYPE
SUBMITTED, ACCEPTED = facts.RectificationSubmitted.TYPE, facts.RectificationAccepted.TYPE

MOVES = {
    PLANNED: {"-": "PLA"},
    SEALED: {"-": "SEA"},
    CONDUCTED: {"PLA": "CON", "SEA": "CON"},
    RECORDED: {"-": "REC"},
    CONTESTED: {"REC": "CTD"},
    DECIDED: {"CTD": "DEC"},
    ISSUED: {"DEC": "NTD", "REC": "NTD"},
    SUBMITTED: {"NTD": "SUB"},
    facts.RectificationRejected.TYPE: {"SUB": "NTD"},
    ACCEPTED: {"SUB": "ACC"},
    CLOSED: {"ACC": "CLO"},
}
ROOMS = {kind: "inspection" if kind.startswith("inspection.") else "finding" for kind in MOVES}
BY_THE_INSPECTED = frozenset({"finding.contest", "rectification.submit"})
BY_INSPECTORS = frozenset({"inspection.conduct", "finding.record"})


# -------------------------------------------------------------------------------- what is known


def check_known(asked: Asked) -> None:
    """Refuse inspectors, people, windows and addressees nobody knows, entered here.

    Raises:
        Refused: E_REF.

    """
    data, reference = asked.data, asked.reference
    if asked.command.source_class not in HARD:
        return
    for name in data.get("inspectors", ()):
        staff = reference.staff.get(name)
        if staff is None or Post.INSPECTOR not in staff.posts:
            raise Refused(Code.E_REF, f"{name} is no inspector (staff.join, staff.grant_post)")
    for name in data.get("staff_ids", ()):
        if name not in reference.staff:
            raise Refused(Code.E_REF, f"staff {name} is not known (staff.join)")
    for name in data.get("addressees", ()):
        if name not in reference.centres and name not in reference.depts:
            raise Refused(Code.E_REF, f"{name} is no centre or department (centre.open)")
    inspected = inspected_by(asked.state)
    if (name := data.get("window_id")) is not None and inspected is not None:
        window = reference.windows.get(name)
        if window is None or window.centre != inspected:
            raise Refused(Code.E_REF, f"{name} is no window of {inspected} (window.create)")


def check_right(asked: Asked) -> None:
    """Refuse what only the inspected may say, from elsewhere; a town speaks for its villages.

    Raises:
        Refused: E_AUTH.

    """
    command, inspected = asked.command, inspected_by(asked.state)
    hard = command.source_class in HARD and command.type in BY_THE_INSPECTED
    if not hard or inspected is None:
        return
    staff = asked.reference.staff.get(command.actor.staff or "")
    own = {inspected, asked.reference.centres[inspected].town}
    if staff is None or staff.centre not in own:
        raise Refused(Code.E_AUTH, f"{command.actor.staff} does not belong to {inspected}, "
                      "which was inspected, or its town")  # fmt: skip


def inspected_by(state: State) -> str | None:
    """Give the centre that was inspected; None: not conducted, or not told."""
    conducted = state.of().told.get(CONDUCTED)
    return None if conducted is None else conducted.centre


# -------------------------------------------------------------------------------- what is legal


def check(state: State, kind: str, data: Data, at: str) -> None:
    """Refuse what the tables cannot: findings of nothing, other plans, notices of what is open.

    Raises:
        Refused: E_STATE, E_LIMIT.

    """
    whole = state.of()
    if kind == CONDUCTED:
        _check_opened(whole, data)
    elif kind == RECORDED:
        if whole.status != "CON":
            ways = () if whole.status == "-" else (facts.InspectionConducted.COMMAND,)
            raise Refused(Code.E_STATE, f"{kind}: the inspection is in state {whole.status}, "
                          "not conducted", ways)  # fmt: skip
        if sum(bool(about) for about in state.subjects) >= facts.FINDINGS_MAX:
            raise Refused(Code.E_LIMIT, f"an inspection has at most {facts.FINDINGS_MAX} findings")
    elif kind == ISSUED:
        _check_notice(state, data)
        if (due := data.get("rectify_due")) is not None:
            check_due(due, at)
    elif kind == CLOSED:
        own = findings_of(state, data["notice_no"])
        if own != set(data["finding_ids"]):
            named = ", ".join(sorted(own)) or "none"
            raise Refused(Code.E_STATE, f"{kind}: the findings of {data['notice_no']} are {named}; "
                          "finding_ids names others")  # fmt: skip


def _check_opened(whole: Subject, data: Data) -> None:
    """Refuse to conduct a covert inspection without its plan, or by another one."""
    sealed, plan = whole.told.get(SEALED), data.get("opened")
    if sealed is None:
        if plan is not None:
            raise Refused(Code.E_STATE, "opened: this inspection was planned openly")
        return
    if plan is None:
        raise Refused(Code.E_STATE, "a sealed inspection is conducted with its plan (opened)")
    if facts.SealedPlan.model_validate(plan).seal() != sealed.data["seal"]:
        raise Refused(Code.E_STATE, "opened: not the plan that was sealed")


def _check_notice(state: State, data: Data) -> None:
    """Refuse a number that is taken, and findings that were dropped."""
    if findings_of(state, data["notice_no"]):
        raise Refused(Code.E_STATE, f"notice {data['notice_no']} is issued; take another number")
    dropped = [
        about
        for about in data["finding_ids"]
        if (decided := state.of(about).told.get(DECIDED)) and decided.data["outcome"] == "dropped"
    ]
    if dropped:
        raise Refused(Code.E_STATE, f"{ISSUED}: {', '.join(dropped)} dropped after a contest")


def findings_of(state: State, notice_no: str) -> set[str]:
    """Give the findings that a notice names; none: there is no such notice."""
    return {
        about
        for about, of in state.subjects.items()
        if (told := of.told.get(ISSUED)) and told.data["notice_no"] == notice_no
    }


def check_dated(asked: Asked) -> None:
    """Refuse a conduct elsewhere than planned, a late contest, a notice before it is decided.

    A finding is decided when a contest is, or when nobody contested it in three working days.

    Raises:
        Refused: E_STATE, E_LIMIT.

    """
    kind, state = asked.payload.TYPE, asked.state
    planned = state.of().told.get(PLANNED)
    if kind == CONDUCTED and planned is not None and planned.centre != asked.command.centre:
        raise Refused(Code.E_STATE, f"{kind}: it is {planned.centre} that was planned")
    if asked.command.source_class not in HARD:
        return
    if kind == CONTESTED and (days := _contest_over(asked, asked.data["finding_id"])):
        raise Refused(Code.E_LIMIT, f"contested {days} working days after it was recorded; "
                      f"at most {CONTEST_WORKDAYS}")  # fmt: skip
    if kind == ISSUED and (undecided := _undecided(asked)):
        raise Refused(Code.E_STATE, f"{kind}: {', '.join(undecided)} may be contested for "
                      f"{CONTEST_WORKDAYS} working days", ("finding.contest",))  # fmt: skip


def _contest_over(asked: Asked, about: str) -> int:
    """Give the working days since a finding was recorded, once they are too many; else 0."""
    first, last = (
        datetime.fromisoformat(at).date()
        for at in (asked.state.of(about).told[RECORDED].at, asked.at)
    )
    days = asked.reference.calendar.elapsed(first, last)
    return days if days > CONTEST_WORKDAYS else 0


def _undecided(asked: Asked) -> list[str]:
    return [
        about
        for about in asked.data["finding_ids"]
        if DECIDED not in asked.state.of(about).told and not _contest_over(asked, about)
    ]


# -------------------------------------------------------------------------- stamps and clocks


def seen(asked: Asked) -> dict[str, Any]:
    """Stamp a notice with its due, and what would be refused here with its flag.

    Raises:
        Refused: E_SOD: nobody inspects the centre they belong to.

    """
    kind, command, stamp = asked.payload.TYPE, asked.command, {}
    if kind == ISSUED:
        told = asked.data.get("rectify_due")
        stamp["rectify_due"] = (
            end_of(told) if told else asked.reference.calendar.due_at(asked.at, RECTIFY)
        )
    own = _own_people(asked)
    if own and command.source_class in HARD:
        raise Refused(Code.E_SOD, f"{own[0]} belongs to the inspected centre; "
                      "others have to inspect it")  # fmt: skip
    if command.source_class is SourceClass.HISTORICAL:
        return stamp
    outside = (kind == CONTESTED and _contest_over(asked, asked.data["finding_id"])) or (
        kind == ISSUED and _undecided(asked)
    )
    flags = [OWN_CENTRE] if own and kind == CONDUCTED else [OUTSIDE_WINDOW] if outside else []
    return {**stamp, "flags": flags} if flags else stamp


def _own_people(asked: Asked) -> list[str]:
    """Give who inspects and belongs to the inspected centre (domain.md 5.3)."""
    command = asked.command
    inspected = inspected_by(asked.state) or command.centre
    names = list(asked.data.get("inspectors", ()))
    if command.type in BY_INSPECTORS and command.actor.staff is not None:
        names.append(command.actor.staff)
    staff = asked.reference.staff
    return [name for name in names if name in staff and staff[name].centre == inspected]


def stamp_of(state: State, kind: str, data: Data, at: str, centre: str | None) -> dict[str, Any]:
    """Stamp a fact with the inspected centre, an acceptance with how many findings were in time."""
    place = centre if kind in {PLANNED, CONDUCTED} else inspected_by(state)
    stamp: dict[str, Any] = {"centre": place} if place else {}
    if kind == ACCEPTED:
        dues = [state.of(about).due for about in data["finding_ids"]]
        if in_time := sum(at <= due for due in dues):
            stamp["findings_in_time"] = in_time
    return stamp


def learn(of: Subject, event: Event, _: bool) -> Subject:  # noqa: FBT001
    """Give the finding with its due: of the notice; C13 stops when the city accepts."""
    match event["type"]:
        case facts.NoticeIssued.TYPE if event["sourceclass"] != SourceClass.HISTORICAL:
            return replace(of, due=event["data"]["stamp"].get("rectify_due", ""))
        case facts.RectificationAccepted.TYPE:
            return replace(of, stop=event["time"])
    return of


COURSE = Course(
    MOVES, ids=("finding_id",), many="finding_ids", rooms=ROOMS, known=check_known, check=check,
    learn=learn, stamp=stamp_of, dated=check_dated, seen=seen, kept=frozenset({"rectify_due"}),
    clock=CLOCK, breach=facts.InspectionClockBreached.TYPE,
)  # fmt: skip
RULES = rules(COURSE)._replace(check_right=check_right)


def ticking(state: State) -> clocks.Clocks:
    """Give the clocks of the findings of an inspection."""
    return tabled.ticking(COURSE, state)
