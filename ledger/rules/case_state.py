"""办件 (case): what is known of one case; a value, folded from its effective facts."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from ledger.rules.clocks import NONE, Clocks


class Transfer(NamedTuple):
    """An unsigned transfer (转办在途)."""

    transfer_id: str
    to_dept: str
    to_centre: str | None
    at: str
    sender_status: str
    """The state to go back to when it is refused."""
    kind: str
    """dispatch, refer, escalate, return, delegate."""


class Special(NamedTuple):
    """An open special procedure (特别程序)."""

    sp_no: str
    at: str
    kind: str


class State(NamedTuple):
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
    physical_result: bool | None = None
    """Whether a document is handed out, likewise; None: nobody said."""
    allows: frozenset[str] = frozenset()
    """What the item allows besides, likewise: `deficiency`, `commitment`, `special:KIND`."""
    applicant: str | None = None
    """Reference of the applicant in the vault."""
    agent: str | None = None
    """代办员 who acts for the applicant, where the case names the task."""
    asks: Mapping[str, Any] = MappingProxyType({})
    """材料: id → name, required, deferrable, source; of the item as it was at the submission."""
    got: frozenset[str] = frozenset()
    """Materials that came, as far as it was said."""
    ticked: bool = False
    """The submission said which materials came."""
    noticed: frozenset[str] = frozenset()
    """Materials that notices of what is missing named (补正)."""
    deferred: frozenset[str] = frozenset()
    """容缺: materials that were to follow at acceptance, and are neither committed to nor there."""
    held_since: str | None = None
    """When the present holder accepted or signed for the case, or got it back unsigned."""
    holder_dept: str | None = None
    holder_centre: str | None = None
    route: tuple[tuple[str | None, str | None], ...] = ()
    """(department, centre) of all that held the case since acceptance, the present one last."""
    review_staff: frozenset[str] = frozenset()
    approve_staff: str | None = None
    decided_at: str | None = None
    concluded_at: str | None = None
    result_code: int | None = None
    """Of its conclusion."""
    transfer: Transfer | None = None
    transfers_seen: frozenset[str] = frozenset()
    steps_open: tuple[tuple[int, str], ...] = ()
    steps_seen: frozenset[int] = frozenset()
    received_at: str | None = None
    """When the materials came, or came complete after a supplement: C1 runs from here."""
    received_centre: str | None = None
    received_window: str | None = None
    """Where it was submitted: what ends before it is accepted counts there."""
    noticed_at: str | None = None
    notices: int = 0
    materials_owed: frozenset[str] = frozenset()
    """容缺: deferred materials that have not come."""
    deficiency_at: str | None = None
    deficiency_failed: bool = False
    acceptance: str | None = None
    """Id of the fact by which it is accepted."""
    promised_due: str | None = None
    statutory_due: str | None = None
    due_provisional: bool | None = None
    commitment_signed: bool = False
    commitment_checked: tuple[str, bool] | None = None
    """告知承诺: when it was checked, and whether it was kept."""
    special: Special | None = None
    specials_seen: frozenset[str] = frozenset()
    cleared_at: str | None = None
    """When what a decision had to wait for came last: a special procedure's end, materials owed."""
    extended_at: str | None = None
    hearing_asked_at: str | None = None
    suspended_at: str | None = None
    issued_at: str | None = None
    issue_staff: frozenset[str] = frozenset()
    delivered_at: str | None = None
    revoked_at: str | None = None
    ended_at: str | None = None
    """When it was not accepted, withdrawn or terminated: the end without a decision."""
    channel: str | None = None
    """How it was submitted; K17 and K21 tell window cases and online cases apart by it."""
    collected_remote: bool = False
    """异地代收: another place collected it, before it was accepted here."""
    visits: tuple[str, ...] = ()
    """到窗: when a ticket was served for the case, in order of recording."""
    handed_at: tuple[str, ...] = ()
    """When a result was handed over on the spot, by a window or a locker, likewise."""
    bundles: tuple[tuple[str, str], ...] = ()
    """一件事: the bundles it is a member of, each with since when."""
    clocks: Clocks = NONE
    corrected: bool = False
    """A fact of the case was voided or amended."""
    told_due: str | None = None
    """The promised due as it was told at acceptance; a later calendar moves only `promised_due`."""
    late: tuple[tuple[str, str, str | None, str | None], ...] = ()
    """超期: clock, due, department and centre of the breaches of running limits of the case."""

    @property
    def is_over(self) -> bool:
        """Tell whether its limits run no longer: concluded, or ended without a decision."""
        return self.concluded_at is not None or self.ended_at is not None
