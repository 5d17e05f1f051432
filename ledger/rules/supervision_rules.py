"""监察规则 (supervision rules) R01–R32 as data: what touches each, at which level (domain.md 5.2).

Three tables: `RULES` names them; `TOUCHES` says which fact touches one by itself; `LEVELS` says
how long before or after the due of a clock time itself does. docs/rules.md is printed from them
(`make docs`). Thresholds are defaults; local practice differs.
"""

from enum import StrEnum
from typing import NamedTuple

from ledger.contracts.codes import AlertLevel
from ledger.rules.measures import Where

REMIND, YELLOW, RED = AlertLevel
VERSION = 1
"""Of these tables; stands in every alert they raise."""


class Mode(StrEnum):
    """How a rule is watched."""

    LIVE = "live"
    """In the batch of the fact, or at the tick, by the ledger."""
    BOTH = "live, sweep"
    """As live; what takes more than one stream comes as a command."""
    SWEEP = "sweep"
    """By queries over the lake; comes as a command."""
    COMMAND = "command"
    """Found by machinery (fsck); comes as a command."""


class Rule(NamedTuple):
    """One rule."""

    id: str
    name: str
    mode: Mode
    elsewhere: str = ""
    """What a sweep or a command decides."""


RULES: dict[str, Rule] = {
    rule.id: rule
    for rule in (
        Rule("R01", "未一次性告知", Mode.LIVE),
        Rule("R02", "超期", Mode.LIVE),
        Rule("R03", "错窗受理", Mode.BOTH, "yellow: five or more a day at one window"),
        Rule("R04", "体外循环-无台账出证", Mode.SWEEP,
             "red: a certificate on a list handed in, and no case of its item and holder"),
        Rule("R05", "体外循环-事后补录", Mode.SWEEP,
             "yellow: a course entered within ten minutes; over a tenth of a department's "
             "week late; no ticket, agent or seat, red with the first"),
        Rule("R06", "体外循环-进而不办", Mode.SWEEP,
             "yellow: in a hall for 90 days, none taken in there, ten of the department nearby"),
        Rule("R07", "岗位未分离", Mode.LIVE),
        Rule("R08", "多次补正", Mode.LIVE),
        Rule("R09", "评价异常", Mode.SWEEP,
             "yellow: ten quick five stars from one device; one person for five applicants; "
             "four fifths of a window-day at once"),
        Rule("R10", "应评未邀", Mode.SWEEP,
             "remind: a twentieth of a window-day not invited; hall and rating are two partitions"),
        Rule("R11", "重复收件", Mode.BOTH, "remind: same applicant, item and region twice"),
        Rule("R12", "反复转办", Mode.LIVE),
        Rule("R13", "转办未签收", Mode.LIVE),
        Rule("R14", "违规不受理", Mode.LIVE),
        Rule("R15", "违规收费", Mode.LIVE),
        Rule("R16", "滥用特别程序", Mode.LIVE),
        Rule("R17", "出件送达超期", Mode.LIVE),
        Rule("R18", "出件不符", Mode.LIVE),
        Rule("R19", "数据未上报", Mode.BOTH,
             "yellow: an exchange failed four times since it last succeeded"),
        Rule("R20", "文书缺失", Mode.LIVE),
        Rule("R21", "指南不全", Mode.SWEEP,
             "remind: an element missing; over five working days older than the item"),
        Rule("R22", "空岗考勤", Mode.LIVE),
        Rule("R23", "大厅拥堵", Mode.LIVE),
        Rule("R24", "差评未处置", Mode.LIVE),
        Rule("R25", "差评集中", Mode.SWEEP, "yellow: three valid negatives of a window, person or "
             "item in 7 days; over a twentieth of a window's month"),
        Rule("R26", "通报未整改", Mode.LIVE),
        Rule("R27", "进驻面积站点代办缺失", Mode.SWEEP,
             "yellow: a hall smaller than its norm, a department not in after its deadline or out "
             "without a document, a station offline, a village that lost its last agent, a town "
             "without a help window"),
        Rule("R28", "容缺违规", Mode.LIVE),
        Rule("R29", "告知承诺未核查", Mode.LIVE),
        Rule("R30", "越权办理", Mode.BOTH, "red: under a list that was revoked afterwards"),
        Rule("R31", "上下班外异常操作", Mode.LIVE),
        Rule("R32", "链校验失败", Mode.COMMAND, "red: fsck found something"),
    )
}  # fmt: skip


class Touch(NamedTuple):
    """One way in which a fact touches a rule by itself."""

    rule: str
    event: str
    level: AlertLevel
    when: str
    """For readers, with the near miss."""
    miss: str
    flag: str = ""
    """It stands in the stamp's flags."""
    where: tuple[Where, ...] = ()
    test: str = ""
    """Name of a condition in `supervision_conditions`, for what takes the state or a calendar."""
    about: str = ""
    """Field that tells several alerts of the rule in one subject apart; "": one a subject."""


def _clock(code: str) -> tuple[Where, ...]:
    return (Where("data.clock", "=", code),)


def _flag(rule: str, event: str, level: AlertLevel, when: str, miss: str, about: str = "") -> Touch:
    return Touch(rule, event, level, when, miss, flag=rule, about=about)


BREACH, LOOP_BREACH = "case.clock_breached", "rating.clock_breached"
CORRECTING = ("case.event_voided", "case.event_amended", "rating.event_voided",
              "hall.event_voided")  # fmt: skip

TOUCHES: tuple[Touch, ...] = (
    Touch("R01", BREACH, RED, "C1 breached: told after the fifth working day, or never",
          "told on the fifth working day", where=_clock("C1")),
    _flag("R01", "case.deemed_accepted", RED, "deemed accepted", "accepted in time"),
    Touch("R02", BREACH, YELLOW, "C3 breached (承诺时限)", "concluded on the last day",
          where=_clock("C3")),
    Touch("R02", BREACH, RED, "C2 breached (法定时限)", "concluded on the last day",
          where=_clock("C2")),
    Touch("R02", BREACH, YELLOW, "C4 breached (环节时限)", "finished on the last day",
          where=_clock("C4"), about="data.about"),
    Touch("R02", BREACH, YELLOW, "C10 breached: no hearing twenty working days after the request",
          "begun before that", where=_clock("C10"), about="data.about"),
    Touch("R02", "case.extension_granted", RED, "granted after the legal due, or entered after its "
          "breach; by the promise where the law sets none", "granted on the last day",
          flag="R02", test="extended_late"),
    *(
        _flag("R03", event, REMIND, "at a window that does not take the item",
              "at one that covers it")
        for event in ("case.submitted", "case.accepted")
    ),
    Touch("R07", "case.decision_made", RED, "decided by whoever accepted",
          "the item allows one person", flag="R07", test="accepted_by_actor"),
    _flag("R07", "case.accepted", YELLOW, "accepted by the agent who asks for it (代办)",
          "by another person, or nobody else is there"),
    _flag("R07", "case.decision_made", YELLOW, "decided by a reviewer", "by another person"),
    _flag("R07", "case.issued", YELLOW, "issued by whoever decided", "by another person"),
    _flag("R07", "neg.verified", YELLOW, "verified by the rated", "by another person",
          "data.rating_id"),
    _flag("R07", "neg.called_back", YELLOW, "called back by the rated", "by another person",
          "data.rating_id"),
    _flag("R07", "appeal.upheld", YELLOW, "decided by the unit itself", "by the city",
          "data.rating_id"),
    _flag("R07", "appeal.denied", YELLOW, "decided by the unit itself", "by the city",
          "data.rating_id"),
    _flag("R07", "inspection.conducted", YELLOW, "inspected by the centre itself", "by others"),
    _flag("R08", "case.supplement_noticed", YELLOW, "not the first of the case", "the first"),
    *(
        _flag("R08", event, YELLOW, "for want of a material that no notice named",
              "of one that a notice named")
        for event in ("case.not_accepted", "case.decision_made")
    ),
    _flag("R11", "case.supplement_noticed", YELLOW,
          "asks for shared data or an e-licence (重复要件)", "for what only the applicant has",
          "data.notice_no"),
    _flag("R12", "case.transferred", YELLOW, "the fourth but for refused ones, or back to where it "
          "came from", "the third"),
    Touch("R13", BREACH, YELLOW, "C5 breached: unsigned for four working hours",
          "signed in the fourth hour", where=_clock("C5"), about="data.about"),
    _flag("R14", "case.not_accepted", RED, "without a document", "with one"),
    _flag("R14", "complaint.replied", RED, "confirms that a complete file was refused", "unfounded",
          "data.complaint_id"),
    _flag("R15", "case.fee_charged", RED, "without a standard", "with one"),
    _flag("R15", "agent.fee_violation_reported", RED, "any fee of an agent", "none was asked"),
    _flag("R16", "case.special_started", YELLOW, "stops the legal clock without basis or notice",
          "does not stop it", "data.sp_no"),
    Touch("R16", "case.special_started", YELLOW, "one working day or less before the due",
          "two working days before", test="special_at_the_last", about="data.sp_no"),
    Touch("R16", "case.special_ended", YELLOW, "excluded days are more than twice the legal limit",
          "exactly twice", test="excluded_too_long"),
    _flag("R16", "case.hearing_notified", YELLOW, "less than seven days before the hearing",
          "seven days before"),
    Touch("R16", BREACH, YELLOW, "C9 breached: open for longer than was told",
          "ended on the last day told", where=_clock("C9"), about="data.about"),
    Touch("R17", BREACH, RED, "C8 breached", "delivered on the tenth working day",
          where=_clock("C8")),
    Touch("R18", "case.issued", RED, "names another decision than was made", "names the decision",
          test="other_decision"),
    Touch("R19", BREACH, YELLOW, "C15 breached: not reported by eight the next day",
          "reported at eight", where=_clock("C15")),
    _flag("R20", "case.accepted", YELLOW, "without a document number", "with one"),
    _flag("R20", "case.not_accepted", YELLOW, "without a document number", "with one"),
    _flag("R20", "case.decision_made", YELLOW, "elsewhere, without a document number", "with one"),
    Touch("R22", "staff.clock_in", REMIND, "came after opening", "at opening",
          test="late_a_little", about="data.staff_id"),
    Touch("R22", "staff.clock_in", YELLOW, "came over ten minutes after opening",
          "ten minutes after", test="late_a_lot", about="data.staff_id"),
    *(
        Touch("R24", LOOP_BREACH, YELLOW, f"{name} not done by its due", "done on the last day",
              where=_clock(code), about="data.rating_id")
        for code, name in (("C11.verify", "核实"), ("C11.rectify", "整改"),
                           ("C11.callback", "回访"))
    ),
    _flag("R24", "neg.closed", YELLOW, "closed elsewhere, its duties undone", "all done",
          "data.rating_id"),
    _flag("R24", "neg.extension_granted", YELLOW, "granted after the due", "before it",
          "data.rating_id"),
    Touch("R26", "inspection.clock_breached", YELLOW, "C13 breached: a finding of a notice is not "
          "accepted as rectified", "accepted on the last day", where=_clock("C13"),
          about="data.finding_id"),
    _flag("R28", "case.accepted", YELLOW, "without a material that may not follow",
          "without one that may"),
    _flag("R28", "case.deficiency_committed", YELLOW, "the item allows none, or not of this",
          "it allows it"),
    Touch("R28", BREACH, YELLOW, "C7 breached: the deferred materials never came (待终止)",
          "filled on the last day", where=_clock("C7")),
    _flag("R30", "case.accepted", RED, "at a centre without list or claim, entered elsewhere",
          "with both"),
    _flag("R30", "case.deemed_accepted", RED, "by silence, at a centre without list or claim",
          "with both"),
    *(
        Touch("R31", event, REMIND, "by staff, before 08:00, after 18:00 or on no working day",
              "at 08:00 of a working day", test="off_hours")
        for event in ("case.decision_made", *CORRECTING)
    ),
)  # fmt: skip


class Instant(NamedTuple):
    """When time itself touches a rule, counted from a clock that still runs."""

    rule: str
    clock: str
    level: AlertLevel
    by: str
    """`left`: from the morning on which so many working days are left; `share`: likewise, or a
    fifth of the limit; `after`: at the end of so many working days after the due; `minutes`: so
    many working minutes after the start."""
    n: int
    miss: str = "stopped before"


LEVELS: tuple[Instant, ...] = (
    Instant("R01", "C1", REMIND, "left", 1),
    Instant("R02", "C3", REMIND, "share", 1),
    Instant("R13", "C5", REMIND, "minutes", 120),
    Instant("R13", "C5", RED, "minutes", 480),
    Instant("R28", "C7", REMIND, "left", 1),
    Instant("R17", "C8", REMIND, "left", 2),
    *(
        Instant("R24", code, level, count, n)
        for code in ("C11.verify", "C11.rectify", "C11.callback")
        for level, count, n in ((REMIND, "left", 1), (RED, "after", 5))
        if (code, level) != ("C11.verify", REMIND)  # Its limit is one working day.
    ),
    Instant("R26", "C13", RED, "after", 5),
)
"""A limit so short that it would be reminded of at its start is not reminded of."""


class Watched(NamedTuple):
    """What time touches without a clock: of cases with a commitment, and of halls."""

    rule: str
    level: AlertLevel
    when: str
    miss: str


WATCHED: tuple[Watched, ...] = (
    Watched("R22", YELLOW, "a window open, its person away for over 15 minutes in service hours",
            "back after 15 minutes"),
    Watched("R22", YELLOW, "a window open, its person clocked out for over 15 minutes in service "
            "hours", "closed after 15 minutes"),
    Watched("R22", REMIND, "out up to ten minutes before closing, for good", "out at closing"),
    Watched("R22", YELLOW, "out over ten minutes before closing, for good", "ten minutes before"),
    Watched("R22", REMIND, "no clock-out by the end of the day", "clocked out"),
    Watched("R23", YELLOW, "somebody waits for 35 minutes: over 30 for five minutes",
            "called in the 35th minute"),
    Watched("R23", YELLOW, "more than ten wait for each open window, for five minutes",
            "exactly ten an open window"),
    Watched("R29", YELLOW, "a commitment unchecked 60 days after the decision",
            "checked, or the decision revoked, on the last day"),
    Watched("R29", YELLOW, "found broken, not revoked within ten working days",
            "revoked on the tenth"),
)  # fmt: skip
