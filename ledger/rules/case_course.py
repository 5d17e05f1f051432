"""办件 (case): the fold of the facts beside the main path: 补正, 容缺, 特别程序, 送达."""

from typing import Any

from ledger.contracts.events import case_course as course
from ledger.contracts.wire import Event
from ledger.rules.case_state import Special, State
from ledger.rules.places import in_charge

ENDS = {
    course.NotAccepted.TYPE: "NAC",
    course.CaseWithdrawn.TYPE: "WDR",
    course.CaseTerminated.TYPE: "TER",
}

ON_THE_SPOT = frozenset({"window", "locker"})
"""Ways of delivery for which somebody comes to the hall."""
Changes = dict[str, Any]
"""Fields of `State` → what they are now."""


def accepted(state: State, event: Event, since: str, at: str) -> Changes:
    """Give what an acceptance changes that counts from `since` and was made at `at`."""
    stamp = event["data"]["stamp"]
    centre = event.get("centre") or state.holder_centre
    return {
        "status": "ACC",
        "accepted_at": since,
        "held_since": at,
        "accept_centre": event.get("centre"),
        "accept_window": event.get("window"),
        "accept_staff": event.get("actorstaff"),
        "holder_centre": centre,
        "route": ((state.holder_dept, centre),),
        "project_type": stamp.get("project_type", state.project_type),
        "promised_due": stamp.get("promised_due"),
        "told_due": stamp.get("told_due"),
        "statutory_due": stamp.get("statutory_due"),
        "due_provisional": stamp.get("due_provisional"),
        "acceptance": event.get("id"),
        "one_person_ok": stamp.get("one_person_ok", False),
        "physical_result": stamp.get("physical_result"),
        "allows": frozenset(stamp.get("allows", ())),
        "deferred": frozenset(event["data"]["data"].get("deferred") or ()) - state.got,
    }


def course_changes(state: State, event: Event) -> Changes:
    """Give what an accepted fact changes; total, an unknown type changes nothing."""
    data, at, kind = event["data"]["data"], event["time"], event["type"]
    if kind in ENDS:
        return {
            "status": ENDS[kind],
            "ended_at": at,
            "transfer": None,
            "special": None,
            "suspended_at": None,
        }
    match kind:
        case course.ClockBreached.TYPE if event["data"]["stamp"].get("open"):
            late = (data["clock"], data["due"], *in_charge(data))
            return {"late": (*state.late, late)}
        case course.DeemedAccepted.TYPE:
            return accepted(state, event, data["effective_at"], at)
        case course.CollectedRemote.TYPE:
            return {"collected_remote": True}
        case course.CommitmentSigned.TYPE:
            return {"commitment_signed": True}
        case course.CommitmentVerified.TYPE:
            return {"commitment_checked": (at, data["kept"])}
        case course.TransferRefused.TYPE:
            back = state.transfer.sender_status if state.transfer else state.status
            return {"status": back, "transfer": None, "held_since": at}
        case course.SpecialStarted.TYPE:
            opened = Special(data["sp_no"], at, data["kind"])
            return {"special": opened, "specials_seen": state.specials_seen | {data["sp_no"]}}
        case course.SpecialEnded.TYPE:
            return {"special": None, "cleared_at": max(state.cleared_at or "", at)}
        case course.ExtensionGranted.TYPE:
            return {"extended_at": at}
        case course.ClockSuspended.TYPE:
            return {"suspended_at": at}
        case course.ClockResumed.TYPE:
            return {"suspended_at": None}
        case course.CaseDelivered.TYPE:
            ended = state.status in ENDS.values()
            handed = (*state.handed_at, at) if data["method"] in ON_THE_SPOT else state.handed_at
            return {
                "status": state.status if ended else "DLV",
                "delivered_at": at,
                "handed_at": handed,
            }
        case course.CaseArchived.TYPE:
            return {"status": "ARC"}
        case course.CaseVisited.TYPE:
            return {"visits": (*state.visits, at)}
        case course.HearingRequested.TYPE:
            return {"hearing_asked_at": at}
        case course.CaseBundled.TYPE:
            return {"bundles": (*state.bundles, (data["bundle_id"], at))}
        case course.DecisionRevoked.TYPE:
            return {"revoked_at": at}
    return _material_changes(state, event)


def _material_changes(state: State, event: Event) -> Changes:
    """Give what a fact about materials changes: 当场更正, 补正, 容缺."""
    data, at, kind = event["data"]["data"], event["time"], event["type"]
    match kind:
        case course.SupplementNoticed.TYPE:
            return {
                "status": "SUP",
                "noticed_at": at,
                "notices": state.notices + 1,
                "noticed": state.noticed | set(data["missing"]),
            }
        case course.Supplemented.TYPE:
            got = state.got | set(data["materials"])
            return {
                "got": got,
                **({"status": "SUB", "received_at": at} if data["complete"] else {}),
            }
        case course.MaterialCorrected.TYPE:
            return {"got": state.got | set(data["materials"])}
        case course.DeficiencyCommitted.TYPE:
            return {
                "materials_owed": frozenset(data["materials"]),
                "deferred": state.deferred - set(data["materials"]),
                "deficiency_at": at,
            }
        case course.DeficiencyFilled.TYPE:
            came = set(data["materials"])
            return {
                "materials_owed": state.materials_owed - came,
                "deferred": state.deferred - came,
                "cleared_at": max(state.cleared_at or "", at),
            }
        case course.DeficiencyFailed.TYPE:
            return {"deficiency_failed": True}
    return {}


def to_end(state: State) -> str:
    """Give why a case waits for somebody to terminate it (终止), as `case.terminated` says it.

    Its supplement or its deferred materials never came: the clock is broken and runs on, or they
    were given up (domain.md 4.2 C6 and C7, decision 0016). "": it does not.
    """
    if state.status not in {"SUP", "ACC", "TRN", "REV"}:
        return ""
    broken = state.clocks.breached_names
    late = {clock.code for clock in state.clocks.all if clock.stop is None and clock.name in broken}
    if state.deficiency_failed or "C7" in late:
        return "deficiency_failed"
    return "supplement_overdue" if "C6" in late else ""
