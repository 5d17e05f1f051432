"""Lights (亮灯): how a case stands now, by its running clocks (domain.md 4.2, light profiles).

A light is a pure function of the state of a case, the calendar and the instant, nothing is stored.
`four_tier`: normal, remind (预警), yellow (a promise or a step is broken), red (a statutory limit
is). `two_tier` (Chengdu): yellow when something is near its due, red when it is over. C0 and C6
give none: an instant item has C3 beside C0, and C6 is the applicant's time.
"""

from datetime import datetime
from enum import IntEnum, StrEnum
from typing import NamedTuple

from ledger.contracts.codes import SHANGHAI, LimitUnit
from ledger.contracts.events.base import Limit
from ledger.rules import case, clocks
from ledger.rules.workdays import Calendar


class Profile(StrEnum):
    """亮灯方案."""

    FOUR_TIER = "four_tier"
    TWO_TIER = "two_tier"


class Level(IntEnum):
    """正常, 预警, 黄灯, 红灯: the greater the worse."""

    NORMAL = 0
    REMIND = 1
    YELLOW = 2
    RED = 3


class Light(NamedTuple):
    """A light, and the clock it is of."""

    level: Level
    reason: str = ""
    """In Chinese; "" when normal."""
    clock: str = ""
    about: str = ""
    due: str = ""


class Tier(NamedTuple):
    """When a clock reminds, and what its breach is."""

    name: str
    broken: Level
    days_left: int | None = None
    """Reminds at so many working days left; None: never."""
    share_left: int = 0
    """Reminds besides when no more than so many percent of its working days are left."""


TIERS = {
    "C1": Tier("补正告知", Level.RED, 1),
    "C2": Tier("法定时限", Level.RED),
    "C3": Tier("承诺时限", Level.YELLOW, 1, 20),
    "C4": Tier("环节时限", Level.YELLOW),
    "C5": Tier("转办签收", Level.YELLOW),
    "C7": Tier("容缺补齐", Level.YELLOW, 1),
    "C8": Tier("送达", Level.RED, 2),
    "C9": Tier("特别程序", Level.YELLOW),
    "C10": Tier("听证", Level.YELLOW),
    "C15": Tier("数据上报", Level.YELLOW),
}
C5_REMIND_MINUTES = 120
C5_RED = Limit(n=1, unit=LimitUnit.WORKDAY)


def light(
    state: case.State, calendar: Calendar, now: str, profile: Profile = Profile.FOUR_TIER
) -> Light:
    """Give the light of a case at `now`, ISO 8601 +08:00: the worst of its running clocks.

    Of two equally bad ones the one that is due first. A due that is held off gives none.
    """
    found = []
    for clock in state.clocks.all:
        if clock.stop is None and clock.code in TIERS:
            due = clocks.due_of(state.clocks, clock, calendar)
            if due is not None:
                found.append(_light(clock, due, calendar, now, profile))
    worst = max((each.level for each in found), default=Level.NORMAL)
    if worst is Level.NORMAL:
        return Light(worst)
    return min((each for each in found if each.level is worst), key=lambda e: (e.due, e.clock))


def _light(clock: clocks.Clock, due: str, calendar: Calendar, now: str, profile: Profile) -> Light:
    tier = TIERS[clock.code]
    day = f"{due[:10]} {due[11:16]}"
    if due < now:
        level = Level.RED if profile is Profile.TWO_TIER else _broken(clock, calendar, now)
        return Light(level, f"{tier.name}已超期(至 {day})", clock.code, clock.about, due)
    if not _near(clock, due, calendar, now):
        return Light(Level.NORMAL)
    level = Level.YELLOW if profile is Profile.TWO_TIER else Level.REMIND
    return Light(level, f"{tier.name}将到期(至 {day})", clock.code, clock.about, due)


def _broken(clock: clocks.Clock, calendar: Calendar, now: str) -> Level:
    """Give the level of a breach; a transfer unsigned for a working day is red."""
    start = datetime.fromisoformat(clock.start)
    if clock.code == "C5" and calendar.due(start, C5_RED).isoformat() < now:
        return Level.RED
    return TIERS[clock.code].broken


def _near(clock: clocks.Clock, due: str, calendar: Calendar, now: str) -> bool:
    """Tell whether a clock that is not over yet reminds."""
    start, end = datetime.fromisoformat(clock.start), datetime.fromisoformat(due)
    if clock.code == "C5":
        return calendar.add_minutes(start, C5_REMIND_MINUTES).isoformat() <= now
    tier = TIERS[clock.code]
    if tier.days_left is None:
        return False
    today = datetime.fromisoformat(now).astimezone(SHANGHAI).date()
    left = calendar.elapsed(today, end.date())
    whole = calendar.elapsed(start.astimezone(SHANGHAI).date(), end.date())
    return left <= tier.days_left or left * 100 <= whole * tier.share_left
