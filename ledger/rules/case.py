"""办件 (case): states, the matrix, and the fold of a case's effective facts.

`evolve` is total: it folds facts that were accepted, it does not judge them. `check` judges:
the matrix first, then what the matrix cannot say. Source: domain.md 3.3, 4.1.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ledger.contracts.codes import ProjectType
from ledger.contracts.events import case as facts
from ledger.contracts.wire import Event
from ledger.rules.refusals import Code, Refused

KEEP = "="
"""In the matrix: legal, the state stays."""

_STEPS = {facts.StepStarted.TYPE: KEEP, facts.StepFinished.TYPE: KEEP}

MATRIX: dict[str, dict[str, str]] = {
    "-": {facts.CaseSubmitted.TYPE: "SUB"},
    "SUB": {facts.CaseAccepted.TYPE: "ACC", **_STEPS},
    "ACC": {facts.Transferred.TYPE: "TRN", facts.DecisionMade.TYPE: "DEC", **_STEPS},
    "TRN": {facts.TransferReceived.TYPE: "REV", **_STEPS},
    "REV": {facts.Transferred.TYPE: "TRN", facts.DecisionMade.TYPE: "DEC", **_STEPS},
    "DEC+": {facts.CaseIssued.TYPE: "ISS", facts.CaseConcluded.TYPE: KEEP, **_STEPS},
    "DEC-": {facts.CaseConcluded.TYPE: KEEP, **_STEPS},
    "ISS": {facts.CaseIssued.TYPE: KEEP, facts.CaseConcluded.TYPE: KEEP},
    "VOI": {},
}
"""State → legal event → state after; docs/states.md prints it and a test reads it there.

`DEC` stands for DEC+ (approved, partly) or DEC- (rejected). What is not listed is E_STATE.
"""

STATE_NAMES = {
    "-": "无", "SUB": "已收件", "ACC": "已受理", "TRN": "转办在途", "REV": "审查中",
    "DEC+": "已决定(准予)", "DEC-": "已决定(不予)", "ISS": "已出件", "VOI": "作废",
}  # fmt: skip

COMMAND_OF = {fact.TYPE: fact.COMMAND for fact in vars(facts).values()
              if isinstance(fact, type) and issubclass(fact, facts.CasePayload)}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Transfer:
    """An unsigned transfer (转办在途)."""

    transfer_id: str
    to_dept: str
    to_centre: str | None
    at: str


@dataclass(frozen=True, slots=True)
class State:
    """What a decision about a case needs to know; times are ISO 8601 +08:00 strings."""

    status: str = "-"
    item: str | None = None
    dept: str | None = None
    project_type: str | None = None
    submitted_at: str | None = None
    accepted_at: str | None = None
    accept_centre: str | None = None
    accept_window: str | None = None
    accept_staff: str | None = None
    one_person_ok: bool = False
    """Of the item as it was at acceptance (domain.md 4.3: a case finishes under its snapshot)."""
    held_since: str | None = None
    """When the present holder accepted or signed for the case."""
    holder_dept: str | None = None
    holder_centre: str | None = None
    review_staff: frozenset[str] = frozenset()
    approve_staff: str | None = None
    decided_at: str | None = None
    concluded_at: str | None = None
    transfer: Transfer | None = None
    transfers_seen: frozenset[str] = frozenset()
    steps_open: tuple[tuple[int, str], ...] = ()
    steps_seen: frozenset[int] = frozenset()


def legal(state: State) -> tuple[str, ...]:
    """Give the commands that are legal in `state`, for the sentence of a refusal."""
    names = [COMMAND_OF[kind] for kind in MATRIX[state.status]]
    if state.concluded_at is not None:
        names = [name for name in names if name != facts.CaseConcluded.COMMAND]
    return tuple(sorted(names))


def check(state: State, kind: str, data: Mapping[str, Any], at: str, *, hard: bool) -> None:
    """Refuse a fact that cannot follow `state`; `at` is its occurred_at.

    `hard`: the fact was entered here (interactive), so that a promised case cannot be decided
    before a back office signed for it; elsewhere such a decision is a fact (law 2).

    Raises:
        Refused: E_STATE with what is legal; E_TIME_ORDER.

    """
    if kind not in MATRIX[state.status] or (
        kind == facts.CaseConcluded.TYPE and state.concluded_at is not None
    ):
        what = "already concluded" if state.concluded_at and kind == facts.CaseConcluded.TYPE else (
            f"{kind} in state {state.status} ({STATE_NAMES[state.status]})"
        )  # fmt: skip
        ways = legal(state)
        raise Refused(Code.E_STATE, f"{what}; legal is {', '.join(ways) or 'nothing'}", ways)
    _check_parts(state, kind, data)
    if hard and kind == facts.DecisionMade.TYPE and state.status == "ACC" and not is_short(state):
        raise Refused(
            Code.E_STATE,
            "a promised case is transferred and reviewed before it is decided (后台分类审批)",
            (facts.Transferred.COMMAND,),
        )
    needs = _predecessor(state, kind, data)
    if needs is not None and at < needs:
        raise Refused(
            Code.E_TIME_ORDER, f"{kind} at {at} is before the fact it needs, which was at {needs}"
        )


def is_short(state: State) -> bool:
    """Tell whether the case may be decided where it was accepted (4.1, note 4)."""
    return state.one_person_ok or state.project_type == ProjectType.INSTANT


def _check_parts(state: State, kind: str, data: Mapping[str, Any]) -> None:
    """Refuse what the matrix cannot say: steps and transfers that do not pair up."""
    if kind == facts.StepStarted.TYPE and data["step_no"] in state.steps_seen:
        raise Refused(Code.E_STATE, f"step {data['step_no']} was started before; take a new number")
    if kind == facts.StepFinished.TYPE and data["step_no"] not in dict(state.steps_open):
        opened = ", ".join(str(n) for n, _ in state.steps_open) or "none"
        raise Refused(Code.E_STATE, f"step {data['step_no']} is not open; open steps: {opened}",
                      (facts.StepStarted.COMMAND,))  # fmt: skip
    if kind == facts.Transferred.TYPE:
        if data["transfer_id"] in state.transfers_seen:
            raise Refused(Code.E_STATE, f"transfer {data['transfer_id']} was used before")
        sender = (data.get("from_dept") or state.holder_dept,
                  data.get("from_centre") or state.holder_centre)  # fmt: skip
        if sender == (data["to_dept"], data.get("to_centre")):
            raise Refused(Code.E_STATE, f"{data['to_dept']} holds the case; transfer it to another")
    if kind == facts.TransferReceived.TYPE and state.transfer is not None:
        open_id = state.transfer.transfer_id
        if data["transfer_id"] != open_id:
            raise Refused(Code.E_STATE, f"transfer {data['transfer_id']} is not open; {open_id} is")


def _predecessor(state: State, kind: str, data: Mapping[str, Any]) -> str | None:
    """Give the occurred_at of the fact that must come before."""
    match kind:
        case facts.CaseAccepted.TYPE | facts.StepStarted.TYPE:
            return state.submitted_at
        case facts.StepFinished.TYPE:
            return dict(state.steps_open)[data["step_no"]]
        case facts.Transferred.TYPE | facts.DecisionMade.TYPE:
            return state.held_since
        case facts.TransferReceived.TYPE:
            return state.transfer.at if state.transfer else None
        case facts.CaseConcluded.TYPE | facts.CaseIssued.TYPE:
            return state.decided_at
    return None


def evolve(state: State, event: Event) -> State:
    """Give the state after an accepted fact; total, an unknown type changes nothing."""
    data, at, kind = event["data"]["data"], event["time"], event["type"]
    staff = event.get("actorstaff")
    match kind:
        case facts.CaseSubmitted.TYPE:
            stamp = event["data"]["stamp"]
            return replace(
                state, status="SUB", item=data["item"], dept=stamp.get("dept"),
                project_type=stamp.get("project_type"), submitted_at=at,
                holder_centre=event.get("centre"),
            )  # fmt: skip
        case facts.CaseAccepted.TYPE:
            return replace(
                state, status="ACC", accepted_at=at, accept_centre=event.get("centre"),
                accept_window=event.get("window"), accept_staff=staff, held_since=at,
                project_type=event["data"]["stamp"].get("project_type"),
                one_person_ok=event["data"]["stamp"].get("one_person_ok", False),
            )  # fmt: skip
        case facts.StepStarted.TYPE:
            return replace(
                state,
                steps_open=(*state.steps_open, (data["step_no"], at)),
                steps_seen=state.steps_seen | {data["step_no"]},
                review_staff=_reviewers(state, event),
            )
        case facts.StepFinished.TYPE:
            still = tuple(step for step in state.steps_open if step[0] != data["step_no"])
            return replace(state, steps_open=still, review_staff=_reviewers(state, event))
        case facts.Transferred.TYPE:
            moving = Transfer(data["transfer_id"], data["to_dept"], data.get("to_centre"), at)
            return replace(state, status="TRN", transfer=moving,
                           transfers_seen=state.transfers_seen | {data["transfer_id"]})  # fmt: skip
        case facts.TransferReceived.TYPE:
            got = state.transfer
            return replace(state, status="REV", transfer=None, held_since=at,
                           holder_dept=got.to_dept if got else None,
                           holder_centre=got.to_centre if got else None)  # fmt: skip
        case facts.DecisionMade.TYPE:
            after = "DEC-" if data["outcome"] == "rejected" else "DEC+"
            return replace(state, status=after, decided_at=at, approve_staff=staff)
        case facts.CaseConcluded.TYPE:
            return replace(state, concluded_at=at)
        case facts.CaseIssued.TYPE:
            return replace(state, status="ISS")
    return state


def _reviewers(state: State, event: Event) -> frozenset[str]:
    staff = event.get("actorstaff")
    if staff is None or event.get("actorpost") != "review":
        return state.review_staff
    return state.review_staff | {staff}


def fold(history: Iterable[Event]) -> State:
    """Fold the effective facts of a stream: those that no `event_voided` took back."""
    events = list(history)
    gone = voided(events)
    state = State()
    for event in events:
        if event["id"] not in gone:
            state = evolve(state, event)
    if gone and state.status == "-":
        state = replace(state, status="VOI")
    return state


def voided(history: Iterable[Event]) -> set[str]:
    """Give the ids that were taken back by an `event_voided` of the stream."""
    gone: set[str] = set()
    for event in history:
        if event["type"].endswith(".event_voided"):
            data = event["data"]["data"]
            gone |= {data["target"], *data["cascade"]}
    return gone
