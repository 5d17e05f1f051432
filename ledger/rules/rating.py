"""好差评 (rating): one per service and way of rating, and the loop of the negative (domain 3.6).

Refused are the impossible and the unauthorised. What other systems report as done — a rating
outside its window, a loop closed without callback, the rated who verified themselves — is a fact,
recorded and flagged (law 2).
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from ledger.contracts.codes import CentreLevel, SourceClass
from ledger.contracts.commands import Command
from ledger.contracts.events import rating as facts
from ledger.contracts.events import rating_loop as loop
from ledger.rules.rated import Service, subject_of
from ledger.rules.rating_state import (
    OF_A_SERVICE,
    RECTIFY,
    Rating,
    State,
    breached,
    evolve,
    fold,
)
from ledger.rules.reference import Reference
from ledger.rules.refusals import Code, Refused
from ledger.rules.workdays import Calendar

__all__ = ["Rating", "State", "check", "check_due", "check_known", "check_limits", "check_people",
           "check_service", "evolve", "fold", "found"]  # fmt: skip

NEGATIVE_STARS_MAX = 2
RATING_WINDOW_WORKDAYS = 10
"""评价期限, from the end of the service."""
APPEAL_WORKDAYS = 5
DEFAULTS_TAKEN = frozenset({SourceClass.IMPORTED, SourceClass.HISTORICAL})
"""`allow_default_rating`: source classes whose 默认好评 is put down; it is never counted."""
OUTSIDE_WINDOW = "outside_window"
"""Flag of an imported rating that came too late to be asked for."""
NOT_SEPARATED = "R07"
UNHANDLED = "R24"

Data = Mapping[str, Any]
AFTER_CLOSING = frozenset({loop.NegInstructed.TYPE, loop.AppealFiled.TYPE, loop.AppealUpheld.TYPE,
                           loop.AppealDenied.TYPE})  # fmt: skip
NOT_ADOPTED = frozenset({loop.NegReplied.TYPE, loop.NegInstructed.TYPE, loop.NegClosed.TYPE})
"""What is still done about a negative that was not adopted."""


def check_known(state: State, of: Service, kind: str, data: Data) -> None:
    """Refuse what is about a service or a rating that is not there.

    Raises:
        Refused: E_REF.

    """
    if kind in OF_A_SERVICE:
        if not of.known:
            raise Refused(Code.E_REF, f"the rated {of.name} is not known, or was voided")
    elif data["rating_id"] not in state.ratings:
        raise Refused(Code.E_REF, f"rating {data['rating_id']} is not known here")


def check_service(state: State, of: Service, kind: str, data: Data, source: str, at: str) -> None:
    """Refuse a second rating of one service, or one of a service that has not ended.

    Raises:
        Refused: E_STATE or E_TIME_ORDER.

    """
    if of.ended_at is None:
        raise Refused(Code.E_STATE, f"the {of.name} has not ended yet; rate it afterwards", of.ways)
    if kind == facts.RatingDefaulted.TYPE and source not in DEFAULTS_TAKEN:
        raise Refused(Code.E_STATE, "silence is no praise: 默认好评 is not configured here")
    if kind == facts.RatingSubmitted.TYPE:
        if data["via"] in state.rated(subject_of(data)):
            said = f"this {of.name} was rated by {data['via']} before (一次一评)"
            raise Refused(Code.E_STATE, said)
        if data["rating_id"] in state.ratings:
            raise Refused(Code.E_STATE, f"rating {data['rating_id']} is there")
    if at < of.ended_at:
        raise Refused(
            Code.E_TIME_ORDER, f"rated at {at}, before the {of.name} ended, {of.ended_at}"
        )


def check(state: State, kind: str, data: Data, at: str, *, hard: bool) -> None:
    """Refuse a fact about a rating that cannot follow what is known of it.

    `hard`: entered here, so that a loop is closed only when its duties were done.

    Raises:
        Refused: E_STATE or E_TIME_ORDER.

    """
    of = state.ratings[data["rating_id"]]  # It is there: `check_known`.
    if kind == facts.RatingAppended.TYPE:
        if of.appended:
            raise Refused(Code.E_STATE, "this rating was added to before (追评 is once)")
        _after(at, of.at)
        return
    if of.dispatched_at is None:
        raise Refused(Code.E_STATE, "no negative was dispatched for this rating")
    if of.closed_at is not None and kind not in AFTER_CLOSING:
        raise Refused(Code.E_STATE, "this negative is closed", ("neg.instruct",))
    if kind.startswith("appeal."):
        _check_appeal(of, kind, at)
    elif of.decided == "upheld" and kind not in NOT_ADOPTED:
        ways = ("neg.close", "neg.instruct", "neg.reply")
        raise Refused(Code.E_STATE, "this rating is not adopted (不予采纳)", ways)
    else:
        _check_loop(of, kind, at, hard=hard)


def _check_appeal(of: Rating, kind: str, at: str) -> None:
    if kind == loop.AppealFiled.TYPE:
        if of.appeal_at is not None:
            raise Refused(Code.E_STATE, "an appeal was filed before")
        _after(at, of.dispatched_at)
        return
    if of.appeal_at is None or of.decided is not None:
        raise Refused(Code.E_STATE, "no appeal is open", ("appeal.file",) * (not of.appeal_at))
    _after(at, of.appeal_at)


def _check_loop(of: Rating, kind: str, at: str, *, hard: bool) -> None:
    """Refuse a step of the loop that is out of turn."""
    wrong, needs = "", of.dispatched_at
    match kind:
        case loop.NegPrechecked.TYPE:
            wrong = "it was prechecked or verified before" * (of.prechecked or bool(of.finding))
        case loop.NegVerified.TYPE:
            wrong = "it was verified before" * bool(of.finding)
        case loop.NegRectifyPlanned.TYPE | loop.NegRectified.TYPE:
            needs = of.verified_at
            wrong = _not_to_rectify(of)
            if kind == loop.NegRectifyPlanned.TYPE and of.planned:
                wrong = "its rectification was planned before"
        case loop.NegExtensionGranted.TYPE:
            wrong = "it was rectified or extended before" * (of.extended or bool(of.rectified_at))
        case loop.NegCalledBack.TYPE:
            needs = of.last_call_at or of.rectified_at or of.verified_at
            wrong = _not_to_call(of)
        case loop.NegClosed.TYPE:
            needs = max(filter(None, (of.replied_at, of.called_back_at, of.dispatched_at)))
            wrong = _not_to_close(of) if hard else ""
    if wrong:
        raise Refused(Code.E_STATE, f"{kind}: {wrong}")
    _after(at, needs)


def _not_to_rectify(of: Rating) -> str:
    if not of.is_valid:
        return "only what was verified as valid or partly is rectified"
    return "it was rectified before" if of.rectified_at else ""


def _not_to_call(of: Rating) -> str:
    if of.called_back_at:
        return "the callback is done"
    if of.finding is None:
        return "verify it first"
    return "rectify it first" if of.is_valid and not of.rectified_at else ""


def _not_to_close(of: Rating) -> str:
    if not of.replied_at:
        return "the rater got no reply"
    if of.decided == "upheld":
        return ""
    if of.finding is None or (of.is_valid and not of.rectified_at):
        return "it is not verified and rectified"
    return "a real-name negative is called back" * (of.real_name and not of.called_back_at)


def _after(at: str, needed: str | None) -> None:
    if needed is not None and at < needed:
        raise Refused(Code.E_TIME_ORDER, f"at {at}, before the fact it needs, at {needed}")


def check_limits(
    state: State, of: Service, kind: str, data: Data, at: str, calendar: Calendar
) -> None:
    """Refuse a rating outside its window and a late appeal, entered here.

    Raises:
        Refused: E_LIMIT.

    """
    if kind == facts.RatingSubmitted.TYPE:
        days = _days(calendar, of.ended_at or at, at)
        if days > RATING_WINDOW_WORKDAYS:
            raise Refused(
                Code.E_LIMIT,
                f"rated {days} working days after the {of.name} ended; "
                f"at most {RATING_WINDOW_WORKDAYS}",
            )
        return
    if kind == loop.AppealFiled.TYPE:
        about = state.ratings[data["rating_id"]]
        days = _days(calendar, about.dispatched_at or at, at)
        if days > APPEAL_WORKDAYS:
            raise Refused(
                Code.E_LIMIT,
                f"filed {days} working days after the dispatch; at most {APPEAL_WORKDAYS}",
            )


def check_due(state: State, kind: str, data: Data) -> None:
    """Refuse an extension that makes nothing longer.

    Raises:
        Refused: E_LIMIT.

    """
    if kind == loop.NegExtensionGranted.TYPE:
        due = state.ratings[data["rating_id"]].rectify_due[:10]
        if data["new_due"] <= due:
            raise Refused(Code.E_LIMIT, f"new_due is not after the due of {due}")


def _days(calendar: Calendar, start: str, at: str) -> int:
    first, last = (datetime.fromisoformat(text).date() for text in (start, at))
    return calendar.elapsed(first, last)


def check_people(
    state: State, of: Service, kind: str, data: Data, command: Command, reference: Reference
) -> None:
    """Refuse the rated as verifier or callback officer, the unit as judge of its own appeal.

    Raises:
        Refused: E_SOD.

    """
    staff = command.actor.staff
    if staff is None:
        return
    if kind in {loop.NegVerified.TYPE, loop.NegCalledBack.TYPE} and staff in of.staff:
        raise Refused(Code.E_SOD, f"{staff} is rated here; another person has to do it")
    if kind not in {loop.AppealUpheld.TYPE, loop.AppealDenied.TYPE}:
        return
    about = state.ratings[data["rating_id"]]
    known = reference.staff.get(staff)
    home = reference.centres.get((known.centre if known else None) or "")
    town = home is not None and home.level is not CentreLevel.CITY
    own = known is not None and known.dept is not None and known.dept == of.dept
    if town or own or staff == about.appeal_by or staff in of.staff:
        raise Refused(Code.E_SOD, f"{staff} belongs to the rated; the city decides appeals")


def found(
    state: State, of: Service, kind: str, data: Data, command: Command, reference: Reference,
    at: str,
) -> list[str]:  # fmt: skip
    """Give the flags of what another system reports though it would be refused here."""
    if command.source_class is SourceClass.HISTORICAL:
        return []
    flags = []
    try:
        check_limits(state, of, kind, data, at, reference.calendar)
    except Refused:
        flags.append(OUTSIDE_WINDOW)
    try:
        check_people(state, of, kind, data, command, reference)
    except Refused:
        flags.append(NOT_SEPARATED)
    about = state.ratings.get(data.get("rating_id", ""))
    if about is None:
        return flags
    late = kind == loop.NegExtensionGranted.TYPE and (
        at > about.rectify_due or breached(state.clocks, RECTIFY, about)
    )
    if late or (kind == loop.NegClosed.TYPE and _not_to_close(about)):
        flags.append(UNHANDLED)
    return flags
