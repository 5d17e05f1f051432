"""Measures (指标的和): every sum we keep, as data (law 4 of design.md).

A measure says which event counts, on which condition, how much, and at which place. The same
table compiles to the fold of the live views (`processors/views/fold.py`) and to the SQL that
rebuilds a year (`analytics/lake/rebuild.py`), and prints docs/indicators.md.

A *cell* is one sum: `code|bucket|centre|window`. The bucket is the local hour
(`2020-06-01T09`) or day (`2020-06-01`) of `occurred_at`; a gauge has an empty bucket and never
expires. An absent place is the empty string: the explicit bucket "no window".
"""

from itertools import pairwise

from ledger.contracts.events import FACTS
from ledger.rules.measure import Measure, Where, at_hall
from ledger.rules.measures_now import HALL_NOW, REGISTERS

__all__ = ["CELLS_PER_EVENT_MAX", "CLOCK_MEASURES", "DECISION_BOUNDS_WORKDAYS", "HALL_MEASURES",
           "MEASURES", "NO_RESULT", "PROMISED_TYPES", "WORKDAY_MINUTES", "Measure",
           "Where"]  # fmt: skip

WORKDAY_MINUTES = 480
"""Working minutes of a working day: 09:00 to 17:00, Asia/Shanghai."""

DECISION_BOUNDS_WORKDAYS = (0, 1, 2, 3, 5, 10, 20)
"""Lower bounds of the buckets of working time from acceptance to decision, in working days."""


def _decision_buckets() -> tuple[Measure, ...]:
    bounds = (*DECISION_BOUNDS_WORKDAYS, None)
    made = []
    for low, high in pairwise(bounds):
        where = [Where("stamp.working_minutes", ">=", (low or 0) * WORKDAY_MINUTES)]
        label = f"≥{low}个工作日"
        if high is not None:
            where.append(Where("stamp.working_minutes", "<", high * WORKDAY_MINUTES))
            label = f"{low}–{high}个工作日"
        made.append(
            Measure(f"decision_from_{low}d", f"决定用时 {label}", "件", "case.decision_made",
                    where=tuple(where))
        )  # fmt: skip
    return tuple(made)


WAIT_BOUNDS_MINUTES = (0, 5, 10, 15, 20, 30, 45, 60, 90, 120)
"""Lower bounds of the buckets of waiting time, in minutes (domain.md K08)."""


def _wait_buckets() -> tuple[Measure, ...]:
    made = []
    for low, high in pairwise((*WAIT_BOUNDS_MINUTES, None)):
        where = [Where("stamp.wait_seconds", ">=", (low or 0) * 60)]
        label = f"≥{low}分钟"
        if high is not None:
            where.append(Where("stamp.wait_seconds", "<", high * 60))
            label = f"{low}–{high}分钟"
        made.append(at_hall(f"wait_from_{low}m", f"等候 {label}", "人次",
                            "ticket.service_started", where=tuple(where)))  # fmt: skip
    return tuple(made)


_NORMAL = (Where("data.outcome", "=", "normal"),)

HALL_MEASURES: tuple[Measure, ...] = (
    at_hall("tickets_issued", "取号量", "张", "ticket.issued", window=""),
    at_hall("tickets_called", "叫号量", "张", "ticket.called",
            where=(Where("stamp.first_call", "=", value=True),)),
    at_hall("no_shows", "过号量", "次", "ticket.no_show"),
    *(
        at_hall("waiting", "当前等候人数", "人", event, "stamp.waiting", window="", gauge=True)
        for event in ("ticket.issued", "ticket.called", "ticket.transferred", "ticket.cancelled",
                      "ticket.expired")
    ),
    at_hall("wait_n", "等候人次", "人次", "ticket.service_started"),
    at_hall("wait_seconds", "等候时长", "秒", "ticket.service_started", "stamp.wait_seconds"),
    *_wait_buckets(),
    at_hall("service_n", "办理人次", "人次", "ticket.service_finished", where=_NORMAL),
    at_hall("service_seconds", "办理时长", "秒", "ticket.service_finished",
            "stamp.service_seconds", _NORMAL),
    *(
        at_hall("open_seconds", "窗口开放时间", "秒", event, "stamp.open_seconds")
        for event in ("ticket.service_started", "ticket.service_finished", "ticket.transferred",
                      "ticket.parked", "ticket.resumed", "window.paused", "window.closed")
    ),
    *(
        at_hall("serving_seconds", "窗口办理时间", "秒", event, "stamp.serving_seconds")
        for event in ("ticket.service_finished", "ticket.transferred", "ticket.parked",
                      "window.closed")
    ),
    *(
        at_hall("unattended_seconds", "空岗时间", "秒", event, "stamp.unattended_seconds")
        for event in ("staff.returned", "staff.clock_in", "staff.clock_out", "staff.on_leave",
                      "window.paused", "window.closed")
    ),
)  # fmt: skip
"""The hall's own (K05–K09, K38, K39)."""


def _rating_loop() -> tuple[Measure, ...]:
    """参评, 不予采纳, 差评整改, 回访, 申诉: K22–K29; a resolution counts at min(done, breach)."""
    in_time = Where("stamp.in_time", "=", value=True)
    rateable = (Where("stamp.rateable", "="),)
    made = [
        _placed("rateable", "可评服务", "件", "case.concluded", where=rateable),
        at_hall("rateable", "可评服务", "件", "ticket.service_finished", where=rateable),
        *(Measure("rated_services", "参评服务", "件", "rating.submitted", when=end,
                  where=(Where("stamp.first", "="), *rateable, Where(end, "present")))
          for end in ("stamp.concluded_at", "stamp.ended_at")),
        *(Measure(f"not_adopted_{stars}", f"不予采纳 ({stars}星)", "次", "appeal.upheld",
                  when="stamp.rated_at", where=(Where("stamp.stars", "=", stars),))
          for stars in (1, 2)),
        *(Measure("verified_valid", "差评属实", "件", "neg.verified",
                  where=(Where("data.finding", "=", finding),)) for finding in ("valid", "partly")),
        Measure("rectified", "差评已整改", "件", "neg.rectified", when="stamp.verified_at"),
        *(Measure("appeals_decided", "申诉决定", "件", kind)
          for kind in ("appeal.upheld", "appeal.denied")),
        Measure("appeals_upheld", "申诉成立", "件", "appeal.upheld"),
    ]  # fmt: skip
    for code, name, done in (("rectify", "差评整改", "neg.rectified"),
                             ("callback", "实名差评回访", "neg.called_back")):  # fmt: skip
        breach = Where("data.clock", "=", f"C11.{code}")
        made += [
            Measure(f"{code}_in_time", f"{name}按期", "件", done, where=(in_time,)),
            Measure(f"{code}_resolved", f"{name}到期", "件", done, where=(in_time,)),
            Measure(f"{code}_resolved", f"{name}到期", "件", "rating.clock_breached",
                    where=(breach,)),
        ]  # fmt: skip
    return tuple(made)


PROMISED_TYPES = ("promised", "joint", "escalated")
"""Types of case with a promised limit to keep."""
NO_RESULT = (2, 3)
"""Result codes that are no 办结 of the figures (K03)."""
COUNTED = Where("data.result_code", "not in", NO_RESULT)


def _own(
    code: str, name: str, unit: str, event: str, where: tuple[Where, ...] = (), when: str = ""
) -> Measure:
    """Give a measure that counts where the fact itself was, not where its case was accepted."""
    return Measure(code, name, unit, event, 1, where, "centre", "window", when=when)


def _told(code: str, name: str, event: str, *where: Where) -> Measure:
    """Give a measure that counts where something was told, if need be where it was received."""
    return Measure(code, name, "件", event, 1, where, "stamp.counts_centre or centre",
                   "stamp.counts_window or window")  # fmt: skip


def _broken(code: str, name: str, clock: str, *where: Where) -> Measure:
    """Give the measure of a clock's breaches: when it was due, at whom it is laid to (0015)."""
    return _placed(code, name, "件", "case.clock_breached",
                   where=(Where("data.clock", "=", clock), *where))  # fmt: skip


def _placed(
    code: str, name: str, unit: str, event: str, amount: int | str = 1,
    where: tuple[Where, ...] = (),
) -> Measure:  # fmt: skip
    """Give a measure that counts where its stamp says, else where the case was accepted."""
    return Measure(code, name, unit, event, amount, where,
                   "stamp.counts_centre or stamp.accept_centre",
                   "stamp.counts_window or stamp.accept_window")  # fmt: skip


def _elapsed() -> tuple[Measure, ...]:
    made = [_placed("elapsed_days", "办件用时", "工作日", "case.concluded", "stamp.elapsed_days",
                    (Where("stamp.elapsed_days", "present"),))]  # fmt: skip
    for low, high in pairwise((*DECISION_BOUNDS_WORKDAYS, None)):
        where = [Where("stamp.elapsed_days", ">=", low or 0)]
        label = f"≥{low}个工作日"
        if high is not None:
            where.append(Where("stamp.elapsed_days", "<", high))
            label = f"{low}–{high}个工作日"
        made.append(_placed(f"elapsed_from_{low}d", f"办件用时 {label}", "件", "case.concluded",
                            where=tuple(where)))  # fmt: skip
    return tuple(made)


def _at_conclusion() -> tuple[Measure, ...]:
    yes = [
        ("promised_early", "承诺时限内提前办结", Where("stamp.promised", "=", "early")),
        ("promised_met", "承诺时限内按时办结", Where("stamp.promised", "=", "met")),
        ("statutory_met", "法定时限内办结", Where("stamp.statutory", "=", "met")),
        ("quick", "即办或当日办结", Where("stamp.quick", "=")),
        ("instant_met", "即办件当日办结", Where("stamp.instant_met", "=")),
        ("visits_once", "窗口件一次办结", Where("stamp.visits", "=", "once")),
        ("visits_more", "窗口件多次到场", Where("stamp.visits", "=", "more")),
        ("told_once", "一次告知", Where("stamp.told", "=", "once")),
        ("told_more", "多次告知", Where("stamp.told", "=", "more")),
        ("returned", "退件", Where("data.result_code", "=", 5)),
        ("all_online", "全程网办", Where("stamp.all_online", "=")),
    ]
    return tuple(
        _placed(code, name, "件", "case.concluded", where=(where,)) for code, name, where in yes
    )


def _entries() -> tuple[Measure, ...]:
    """补录: what a command made, by the hour in which it was recorded (K41)."""
    late = (Where("latereason", "present"),)
    kinds = sorted(
        kind for kind, fact in FACTS.items()
        if fact.STREAM == "case" and fact.COMMAND
        and not kind.endswith((".event_voided", ".event_amended"))
    )  # fmt: skip
    return tuple(
        measure
        for kind in kinds
        for measure in (
            _own("case_events", "办件记录", "条", kind, when="recordedat"),
            _own("late_entries", "补录", "条", kind, late, "recordedat"),
        )
    )


_PROMISE = Where("stamp.project_type", "in", PROMISED_TYPES)
_IN_TIME = (Where("stamp.in_time", "="),)

CLOCK_MEASURES: tuple[Measure, ...] = (
    Measure("accepted", "受理量", "件", "case.deemed_accepted", when="data.effective_at"),
    *_elapsed(),
    *_at_conclusion(),
    _broken("promised_broken", "承诺时限内未办结", "C3", _PROMISE),
    _broken("statutory_broken", "法定时限内未办结", "C2", _PROMISE),
    _broken("overdue_promised", "承诺超期件", "C3"),
    _broken("overdue_statutory", "法定超期件", "C2"),
    _broken("instant_broken", "即办件当日未办结", "C0"),
    _told("noticed", "补正件", "case.supplement_noticed", Where("stamp.first", "=")),
    _told("not_accepted", "不予受理", "case.not_accepted"),
    _own("submitted_online", "网上申请", "件", "case.submitted",
         (Where("channel", "in", ("web", "mobile")),)),
    Measure("delivered_in_time", "出件及时", "件", "case.delivered", where=_IN_TIME),
    _broken("delivery_broken", "出件超期", "C8"),
    Measure("signed_in_time", "转办按时签收", "次", "case.transfer_received", where=_IN_TIME),
    Measure("signing_refused", "转办按时拒签", "次", "case.transfer_refused", where=_IN_TIME),
    _broken("signing_broken", "转办签收超时", "C5"),
    Measure("deficiency_met", "容缺按期补齐", "件", "case.deficiency_filled", where=_IN_TIME),
    Measure("deficiency_failed", "容缺未补", "件", "case.deficiency_failed", where=_IN_TIME),
    _broken("deficiency_broken", "容缺逾期", "C7"),
    _placed("exchanged_in_time", "按时上报", "条", "case.exchanged", "stamp.reported",
            where=(Where("stamp.reported", "present"),)),
    _broken("exchange_broken", "上报超时", "C15"),
    Measure("accepted_at_window", "窗口受理量", "件", "case.accepted",
            where=(Where("window", "present"),)),
    *(
        Measure(code, name, "件", kind, where=(where,), when=when)
        for kind, when in (("case.accepted", ""), ("case.deemed_accepted", "data.effective_at"))
        for code, name, where in (
            ("joint_accepted", "联办件", Where("stamp.project_type", "=", "joint")),
            ("remote_accepted", "异地代收件", Where("stamp.remote", "=")),
        )
    ),
    *_entries(),
)  # fmt: skip
"""Time limits and how a case came to its end (K02, K10–K21, K31–K33, K40, K41, K44)."""


def _agents() -> tuple[Measure, ...]:
    """代办: K34, at the centre of the agent; on time / (on time + overdue) is 代办按时率."""
    done = Where("data.outcome", "=", "done")
    ended = "stamp.ended_at"
    return tuple(
        Measure(code, name, "件", event, where=where, when=when, centre="stamp.agent_centre",
                window="")
        for code, name, event, where, when in (
            ("agent_done", "代办量", "agent.ended", (done,), ""),
            ("agent_in_time", "代办按时", "agent.ended",
             (done, Where("stamp.in_time", "=", value=True)), ""),
            ("agent_overdue", "代办超时", "agent.clock_breached", (), ""),
            ("agent_called_back", "代办回访", "agent.called_back", (), ended),
            ("agent_satisfied", "代办满意", "agent.called_back",
             (Where("data.satisfied", "=", value=True),), ended),
        )
    )  # fmt: skip


def _findings() -> tuple[Measure, ...]:
    """巡查问题整改: K45, at the inspected centre; each finding once, at min(accepted, breach)."""
    return tuple(
        Measure(code, name, "个", event, amount, where, centre="stamp.centre", window="")
        for code, name, event, amount, where in (
            ("findings_rectified", "巡查问题按期整改", "rectification.accepted",
             "stamp.findings_in_time", (Where("stamp.findings_in_time", "present"),)),
            ("findings_overdue", "巡查问题超期未整改", "inspection.clock_breached", 1, ()),
        )
    )  # fmt: skip


def _alerts() -> tuple[Measure, ...]:
    """预警, 黄牌, 红牌, 撤牌 (K30) at raise, rise and cancellation; and those that are open."""
    made = [Measure("alerts_cancelled", "撤牌", "张", "alert.cancelled", centre="stamp.centre",
                    window="stamp.window")]  # fmt: skip
    for level, name in (("remind", "预警"), ("yellow", "黄牌"), ("red", "红牌")):
        made += [Measure(f"alerts_{level}", name, "张", event, centre="stamp.centre",
                         window="stamp.window", where=(Where("data.level", "=", level),))
                 for event in ("alert.raised", "alert.escalated")]  # fmt: skip
        made += [Measure(f"alerts_open_{level}", f"未销{name}", "张", event, centre="stamp.centre",
                         window="", where=(Where("stamp.entered", "=", level),), gauge=True)
                 for event in ("alert.raised", "alert.escalated")]  # fmt: skip
        made += [Measure(f"alerts_open_{level}", f"未销{name}", "张", event, -1,
                         (Where("stamp.left", "=", level),), "stamp.left_centre", "", gauge=True)
                 for event in ("alert.escalated", "alert.cancelled", "alert.closed")]  # fmt: skip
    return tuple(made)


def _claims() -> tuple[Measure, ...]:
    """时限压缩 (K14): both limits of what a centre has claimed, as they stand."""
    return tuple(
        Measure(f"claimed_{name}", f"认领事项{label}", "1/56工作日", event, f"stamp.{name}_units",
                (Where(f"stamp.{name}_units", "present"),), "data.centre_id", "", gauge=True)
        for name, label in (("promised", "承诺时限"), ("statutory", "法定时限"))
        for event in ("item.claimed", "item.unclaimed", "item.claim_declined")
    )  # fmt: skip


_SILENCES = (
    Measure("source_silences", "来源失联", "次", "source.silent", centre="stamp.centre", window=""),
    Measure("source_silent_seconds", "来源失联时长", "秒", "source.returned",
            "stamp.silent_seconds", centre="stamp.centre", window=""),
)  # fmt: skip
"""A silence counts when it begins, how long it was when it ends; at the source's own hall."""

MEASURES: tuple[Measure, ...] = (
    Measure("submitted", "申请量", "件", "case.submitted", centre="centre", window="window"),
    Measure("accepted", "受理量", "件", "case.accepted"),
    Measure("in_progress", "在办量", "件", "case.accepted", window="", gauge=True),
    Measure("in_progress", "在办量", "件", "case.deemed_accepted", window="", gauge=True),
    # What is concluded was accepted, if perhaps without a centre, or ended before it was.
    Measure("in_progress", "在办量", "件", "case.concluded", amount=-1, window="", gauge=True,
            where=(Where("stamp.never_accepted", "absent"),)),
    # The level by the hour is what was accepted less what left: the wall looks back with it.
    Measure("left", "离开在办", "件", "case.concluded", window="",
            where=(Where("stamp.never_accepted", "absent"),)),
    Measure("wrong_window", "错窗受理", "件", "case.accepted",
            where=(Where("stamp.wrong_window", "=", value=True),)),
    Measure("decision_n", "决定量", "件", "case.decision_made",
            where=(Where("stamp.working_minutes", "present"),)),
    Measure("decision_minutes", "受理到决定的工作时间", "工作分钟", "case.decision_made",
            amount="stamp.working_minutes", where=(Where("stamp.working_minutes", "present"),)),
    *_decision_buckets(),
    _placed("concluded", "办结量", "件", "case.concluded", where=(COUNTED,)),
    _placed("suspected", "体外循环疑似", "件", "case.concluded",
            where=(Where("stamp.suspected", "="), COUNTED)),
    Measure("issued", "出件量", "件", "case.issued"),
    *(
        Measure(f"stars_{stars}", f"{name} ({stars}星)", "次", "rating.submitted",
                where=(Where("data.stars", "=", stars),))
        for stars, name in ((5, "非常满意"), (4, "满意"), (3, "基本满意"), (2, "不满意"),
                            (1, "非常不满意"))
    ),
    Measure("negatives", "差评", "次", "rating.submitted", where=(Where("data.stars", "<", 3),)),
    *HALL_MEASURES,
    *_rating_loop(),
    *HALL_NOW,
    *REGISTERS,
    *CLOCK_MEASURES,
    *_agents(),
    *_findings(),
    Measure("bundle_cases", "一件事件", "件", "bundle.member_added", centre="stamp.lead_centre",
            window=""),
    *_alerts(),
    *_claims(),
    *_SILENCES,
)  # fmt: skip

CELLS_PER_EVENT_MAX = 30
"""What a conclusion told late of a suspected case touches; the mean over all facts is five
(decision 0008)."""
