"""大厅 (hall): tickets, windows and attendance of one centre on one day (domain.md 3.4).

The stream key is `<centre>.<YYYY-MM-DD>`. People are never named: a ticket has a number, a member
of staff an id.
"""

from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from ledger.contracts.events.base import EventRestamped, EventVoided, Id, Payload

CASES_MAX = 32


class HallPayload(Payload):
    """A fact of a hall's day."""

    STREAM: ClassVar[str] = "hall"


class TicketPayload(HallPayload):
    """A fact about one ticket."""

    ticket_id: Id


class TicketIssued(TicketPayload):
    """取号: `no` is what is printed on the ticket, once a day and centre."""

    TYPE: ClassVar[str] = "ticket.issued"
    COMMAND: ClassVar[str] = "ticket.issue"

    no: Id
    queue_id: Id
    item_group: Id | None = None
    id_checked: bool = False
    priority: bool = Field(default=False, description="老人, 军人, 残疾人 …; never which")
    appointment_id: Id | None = None


class TicketCheckedIn(TicketPayload):
    """预约签到: from here on the citizen waits."""

    TYPE: ClassVar[str] = "ticket.checked_in"
    COMMAND: ClassVar[str] = "ticket.check_in"

    appointment_id: Id


class TicketCalled(TicketPayload):
    """叫号: `call_no` grows with each call of the ticket."""

    TYPE: ClassVar[str] = "ticket.called"
    COMMAND: ClassVar[str] = "ticket.call"

    window_id: Id
    call_no: int = Field(ge=1, le=1000)


class ServiceStarted(TicketPayload):
    """开始办理, at the window that called last."""

    TYPE: ClassVar[str] = "ticket.service_started"
    COMMAND: ClassVar[str] = "ticket.start_service"

    window_id: Id
    staff_id: Id


class TicketTransferred(TicketPayload):
    """转号: to another queue or window; the citizen waits anew (a new visit transaction)."""

    TYPE: ClassVar[str] = "ticket.transferred"
    COMMAND: ClassVar[str] = "ticket.transfer"

    to_queue: Id | None = None
    to_window: Id | None = None

    @model_validator(mode="after")
    def _somewhere(self) -> Self:
        if self.to_queue is None and self.to_window is None:
            message = "to_queue or to_window is needed"
            raise ValueError(message)
        return self


class TicketParked(TicketPayload):
    """挂号: put aside, to fetch a paper; this time is neither wait nor service."""

    TYPE: ClassVar[str] = "ticket.parked"
    COMMAND: ClassVar[str] = "ticket.park"

    reason: Literal["fetch_material", "payment", "other"] = "other"


class TicketResumed(TicketPayload):
    """解挂."""

    TYPE: ClassVar[str] = "ticket.resumed"
    COMMAND: ClassVar[str] = "ticket.resume"


class ServiceFinished(TicketPayload):
    """办理结束; `unable` is 办不成. The ledger writes `left` when a window closed over it."""

    TYPE: ClassVar[str] = "ticket.service_finished"
    COMMAND: ClassVar[str] = "ticket.finish_service"

    outcome: Literal["normal", "consult_only", "unable", "left"]
    case_ids: tuple[Id, ...] = Field(default=(), max_length=CASES_MAX)


class TicketNoShow(TicketPayload):
    """过号: called, and nobody came; the ticket may be called once more."""

    TYPE: ClassVar[str] = "ticket.no_show"
    COMMAND: ClassVar[str] = "ticket.pass_over"


class TicketCancelled(TicketPayload):
    """弃号: the citizen gave the ticket back."""

    TYPE: ClassVar[str] = "ticket.cancelled"
    COMMAND: ClassVar[str] = "ticket.cancel"


class TicketExpired(TicketPayload):
    """作废过期号: the day ended; the ledger itself writes it at the first tick after midnight."""

    TYPE: ClassVar[str] = "ticket.expired"
    COMMAND: ClassVar[str] = "ticket.expire"


class WindowPayload(HallPayload):
    """A fact about one window."""

    window_id: Id


class WindowOpened(WindowPayload):
    """开窗: somebody sits down; one person, one window."""

    TYPE: ClassVar[str] = "window.opened"
    COMMAND: ClassVar[str] = "window.open"

    staff_id: Id


class WindowPaused(WindowPayload):
    """暂停服务: 吃饭, 取材料, 设备故障, 培训."""

    TYPE: ClassVar[str] = "window.paused"
    COMMAND: ClassVar[str] = "window.pause"

    reason: Literal["meal", "fetch_material", "device_fault", "training"]


class WindowResumed(WindowPayload):
    """恢复服务."""

    TYPE: ClassVar[str] = "window.resumed"
    COMMAND: ClassVar[str] = "window.resume"


class WindowClosed(WindowPayload):
    """关窗."""

    TYPE: ClassVar[str] = "window.closed"
    COMMAND: ClassVar[str] = "window.close"


class StaffPayload(HallPayload):
    """A fact about the presence of one member of staff."""

    staff_id: Id


class ClockIn(StaffPayload):
    """签到."""

    TYPE: ClassVar[str] = "staff.clock_in"
    COMMAND: ClassVar[str] = "staff.record_in"


class ClockOut(StaffPayload):
    """签退."""

    TYPE: ClassVar[str] = "staff.clock_out"
    COMMAND: ClassVar[str] = "staff.record_out"


class LeftPost(StaffPayload):
    """离岗."""

    TYPE: ClassVar[str] = "staff.left_post"
    COMMAND: ClassVar[str] = "staff.leave_post"


class Returned(StaffPayload):
    """回岗."""

    TYPE: ClassVar[str] = "staff.returned"
    COMMAND: ClassVar[str] = "staff.return"


class OnLeave(StaffPayload):
    """请假, for this day."""

    TYPE: ClassVar[str] = "staff.on_leave"
    COMMAND: ClassVar[str] = "staff.record_leave"

    kind: Literal["annual", "sick", "official", "other"] = "other"


class Headcount(HallPayload):
    """在厅人数: what a sensor at the door counted."""

    TYPE: ClassVar[str] = "hall.headcount"
    COMMAND: ClassVar[str] = "hall.count_heads"

    count: int = Field(ge=0, le=100_000)


class HallEventVoided(EventVoided):
    """作废更正 of a fact of a hall's day."""

    TYPE: ClassVar[str] = "hall.event_voided"
    COMMAND: ClassVar[str] = "hall.void_event"
    STREAM: ClassVar[str] = "hall"


class HallEventRestamped(EventRestamped):
    """重述 of a fact of a hall's day."""

    TYPE: ClassVar[str] = "hall.event_restamped"
    STREAM: ClassVar[str] = "hall"
