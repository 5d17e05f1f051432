"""What is so now, as sums by day: of a hall today, and what is open under the day it is due."""

from ledger.rules.measure import Measure, Where, at_hall


def _hall_now() -> tuple[Measure, ...]:
    """What is so in a hall now: sums over one day, which every hall begins with nothing."""

    def level(code: str, name: str, unit: str, event: str, amount: int | str = 1,
              *where: Where, window: str = "stamp.window") -> Measure:  # fmt: skip
        return at_hall(code, name, unit, event, amount, where, window, daily=True)

    open_, paused = ("windows_open", "开放窗口", "个"), ("windows_paused", "暂停窗口", "个")
    tickets = ("ticket.issued", "ticket.checked_in", "ticket.called", "ticket.transferred",
               "ticket.cancelled", "ticket.expired")  # fmt: skip
    waits = ("waiting_from", "等候人数，按起等时刻", "人")
    return (
        level(*open_, "window.opened"), level(*open_, "window.resumed"),
        level(*open_, "window.paused", -1),
        level(*open_, "window.closed", -1, Where("stamp.was", "=", "open")),
        level(*paused, "window.paused"), level(*paused, "window.resumed", -1),
        level(*paused, "window.closed", -1, Where("stamp.was", "=", "paused")),
        level("heads", "在厅人数", "人", "hall.headcount", "stamp.more", window=""),
        *(level(*waits, kind, 1, Where("stamp.waits_from", "present"), window="stamp.waits_from")
          for kind in tickets),
        *(level(*waits, kind, -1, Where("stamp.waited_from", "present"),
                window="stamp.waited_from") for kind in tickets if kind != "ticket.issued"),
    )  # fmt: skip


HALL_NOW = _hall_now()

CASE_ENDS = ("case.concluded", "case.withdrawn", "case.terminated")
LATE = {"C2": "statutory", "C3": "promised"}
"""Clock of a case → the register of the cases that are past its due."""
NEG_STEPS = ("neg.dispatched", "neg.verified", "neg.rectified", "neg.called_back",
             "neg.extension_granted", "neg.closed", "appeal.filed", "appeal.upheld",
             "appeal.denied")  # fmt: skip
"""What may move a negative to another step of its loop, or to another due."""


def _registers() -> tuple[Measure, ...]:
    """登记簿: what is open now, under the day it is due (不计时), by place and by who holds it.

    `due_open`: accepted cases under the promise told at acceptance, by department of the item;
    pauses and extensions move the clock, not this. `late_*`: cases past the due of a running clock,
    by whom the breach is laid to. `neg_open`: negatives under the due of their rectification, by
    the step that has to be done next.
    """

    def kept(code: str, name: str, event: str, amount: int, when: str, *places: str) -> Measure:
        centre, holder = places
        return Measure(code, name, "件", event, amount, (Where(when, "present"),), centre, holder,
                       when=when, daily=True)  # fmt: skip

    due = ("due_open", "在办，按承诺到期日")
    home = ("stamp.accept_centre", "stamp.dept")
    made = [kept(*due, kind, 1, "stamp.told_due", *home)
            for kind in ("case.accepted", "case.deemed_accepted")]  # fmt: skip
    made += [kept(*due, kind, -1, "stamp.told_due", *home) for kind in CASE_ENDS]
    for clock, which in LATE.items():
        late = (f"late_{which}", {"C2": "法定超期在办", "C3": "承诺超期在办"}[clock])
        breach = kept(*late, "case.clock_breached", 1, "data.due",
                      "data.holder_centre or data.office_centre",
                      "data.holder_dept or data.office_dept")  # fmt: skip
        counted = (Where("data.clock", "=", clock), Where("stamp.open", "=", value=True))
        made.append(breach._replace(where=counted))
        made += [kept(*late, kind, -1, f"stamp.{which}_late", f"stamp.{which}_late_centre",
                      f"stamp.{which}_late_dept") for kind in CASE_ENDS]  # fmt: skip
    negative = ("neg_open", "未办结差评，按整改到期日")
    for kind in NEG_STEPS:
        made.append(kept(*negative, kind, 1, "stamp.neg_due", "stamp.accept_centre",
                         "stamp.neg_step"))  # fmt: skip
        if kind != "neg.dispatched":
            made.append(kept(*negative, kind, -1, "stamp.neg_was_due", "stamp.accept_centre",
                             "stamp.neg_was"))  # fmt: skip
    return tuple(made)


REGISTERS = _registers()
