"""办件 (case): the fold of a case's effective facts.

`evolve` is total: it folds facts that were accepted, it does not judge them; `check` of
`case_matrix` judges. Source: domain.md 3.3, 4.1.
"""

from collections.abc import Iterable

from ledger.contracts.codes import Post
from ledger.contracts.events import case as facts
from ledger.contracts.events import case_course as course
from ledger.contracts.wire import Event
from ledger.rules import clock_moves
from ledger.rules.case_course import Changes, accepted, course_changes
from ledger.rules.case_matrix import (
    COMMAND_OF,
    KEEP,
    MATRIX,
    RESULTS,
    STATE_NAMES,
    check,
    is_short,
    legal,
)
from ledger.rules.case_state import Special, State, Transfer
from ledger.rules.effective import CORRECTIONS, current

VOIDED = ".event_voided"
PLACES = {name: place for place, name in enumerate(State._fields)}

__all__ = [
    "COMMAND_OF",
    "KEEP",
    "MATRIX",
    "RESULTS",
    "STATE_NAMES",
    "Special",
    "State",
    "Transfer",
    "check",
    "corrected",
    "evolve",
    "fold",
    "is_short",
    "legal",
    "voided",
]


def evolve(state: State, event: Event) -> State:
    """Give the state after an accepted fact; total, an unknown type changes nothing."""
    changes = _changes(state, event)
    ticking = clock_moves.evolve(state.clocks, event)
    if ticking is not state.clocks:
        changes["clocks"] = ticking
    return _changed(state, changes) if changes else state


def _changed(state: State, changes: Changes) -> State:
    """Do what `_replace` does, in a third of its time: every fact of a case comes by here."""
    values = list(state)
    for name, value in changes.items():
        values[PLACES[name]] = value
    return State._make(values)


def _changes(state: State, event: Event) -> Changes:
    data, at, kind = event["data"]["data"], event["time"], event["type"]
    staff = event.get("actorstaff")
    match kind:
        case facts.CaseSubmitted.TYPE:
            stamp = event["data"]["stamp"]
            return {
                "status": "SUB",
                "item": data["item"],
                "dept": stamp.get("dept"),
                "project_type": stamp.get("project_type"),
                "submitted_at": at,
                "received_at": at,
                "holder_centre": event.get("centre"),
                "received_centre": event.get("centre"),
                "received_window": event.get("window"),
                "allows": frozenset(stamp.get("allows", ())),
                "channel": event.get("channel"),
                "agent": _agent(event),
                "applicant": data.get("applicant_ref"),
                "asks": stamp.get("asks", {}),
                "got": frozenset(data.get("materials") or ()),
                "ticked": data.get("materials") is not None,
            }
        case facts.CaseAccepted.TYPE:
            return accepted(state, event, at, at)
        case facts.StepStarted.TYPE:
            return {
                "steps_open": (*state.steps_open, (data["step_no"], at)),
                "steps_seen": state.steps_seen | {data["step_no"]},
                "review_staff": _reviewers(state, event),
            }
        case facts.StepFinished.TYPE:
            still = tuple(step for step in state.steps_open if step[0] != data["step_no"])
            return {"steps_open": still, "review_staff": _reviewers(state, event)}
        case facts.Transferred.TYPE:
            moving = Transfer(
                data["transfer_id"], data["to_dept"], data.get("to_centre"), at, state.status,
                data["kind"],
            )  # fmt: skip
            return {
                "status": "TRN",
                "transfer": moving,
                "transfers_seen": state.transfers_seen | {data["transfer_id"]},
            }
        case facts.TransferReceived.TYPE:
            got = state.transfer
            holder = (got.to_dept, got.to_centre) if got else (None, None)
            return {
                "status": "REV",
                "transfer": None,
                "held_since": at,
                "holder_dept": holder[0],
                "holder_centre": holder[1],
                "route": (*state.route, holder),
                "review_staff": _reviewers(state, event),
            }
        case facts.DecisionMade.TYPE:
            after = "DEC-" if data["outcome"] == "rejected" else "DEC+"
            return {"status": after, "decided_at": at, "approve_staff": staff}
        case facts.CaseConcluded.TYPE:
            return {"concluded_at": at, "result_code": data["result_code"]}
        case facts.CaseIssued.TYPE:
            issuers = state.issue_staff | ({staff} if staff else set())
            return {"status": "ISS", "issued_at": at, "issue_staff": issuers}
    return course_changes(state, event)


def _agent(event: Event) -> str | None:
    """Give who acts for the applicant: whom the submission names, or who entered it as agent."""
    data = event["data"]["data"]
    entered = "agent_task_id" in data and event.get("actorpost") == Post.AGENT
    named: str | None = data.get("agent_staff")
    return named or (event.get("actorstaff") if entered else None)


def _reviewers(state: State, event: Event) -> frozenset[str]:
    staff = event.get("actorstaff")
    if staff is None or event.get("actorpost") != "review":
        return state.review_staff
    return state.review_staff | {staff}


def fold(history: Iterable[Event]) -> State:
    """Fold the facts of a stream that count, as they count now."""
    events = list(history)
    state = State()
    for event in current(events).values():
        state = evolve(state, event)
    if any(event["type"].endswith(CORRECTIONS) for event in events):
        state = corrected(state, events)
        if state.status == "-" and voided(events):
            state = state._replace(status="VOI")
    return state


def corrected(state: State, history: Iterable[Event]) -> State:
    """Give the state with what the corrections themselves tell, beside the facts that count."""
    events, deemed, at = list(history), set(), ""
    for event in events:
        kind, data = event["type"], event["data"]["data"]
        if kind == course.DeemedAccepted.TYPE:
            deemed.add(event["id"])
        elif kind.endswith(VOIDED) and deemed & {data["target"], *data["cascade"]}:
            at = max(at, event["time"])
    ticking = state.clocks._replace(deemed_voided=at) if at else state.clocks
    return state._replace(corrected=True, clocks=ticking)


def voided(history: Iterable[Event]) -> set[str]:
    """Give the ids that were taken back by an `event_voided` of the stream."""
    gone: set[str] = set()
    for event in history:
        if event["type"].endswith(VOIDED):
            data = event["data"]["data"]
            gone |= {data["target"], *data["cascade"]}
    return gone
