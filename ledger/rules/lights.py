"""Lights (亮灯): how a case stands now, by its running clocks (domain.md 4.2, light profiles).

A light is a pure function of the state of a case, the calendar and the instant, nothing is stored.
`four_tier`: normal, remind (预警), yellow (a promise or a step is broken), red (a statutory limit
is). `two_tier` (Chengdu): yellow when something is near its due, red when it is over. C0 and C6
give none: an instant item has C3 beside C0, and C6 is the applicant's time. A light changes at the
instants at which the cards of its clock are raised (`alert_instants`).
"""

from collections.abc import Sequence
from enum import IntEnum, StrEnum
from typing import NamedTuple

from ledger.contracts.codes import AlertLevel
from ledger.rules import case, clocks
from ledger.rules.alert_instants import Moment, of_clock
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
    """What a clock is called, and what its breach is; when it reminds, its card says (`LEVELS`)."""

    name: str
    broken: Level


TIERS = {
    "C1": Tier("补正告知", Level.RED),
    "C2": Tier("法定时限", Level.RED),
    "C3": Tier("承诺时限", Level.YELLOW),
    "C4": Tier("环节时限", Level.YELLOW),
    "C5": Tier("转办签收", Level.YELLOW),
    "C7": Tier("容缺补齐", Level.YELLOW),
    "C8": Tier("送达", Level.RED),
    "C9": Tier("特别程序", Level.YELLOW),
    "C10": Tier("听证", Level.YELLOW),
    "C15": Tier("数据上报", Level.YELLOW),
}


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
                moments = tuple(of_clock(state.clocks, clock, calendar))
                found.append(_light(clock, due, moments, now, profile))
    worst = max((each.level for each in found), default=Level.NORMAL)
    if worst is Level.NORMAL:
        return Light(worst)
    return min((each for each in found if each.level is worst), key=lambda e: (e.due, e.clock))


def _light(
    clock: clocks.Clock, due: str, moments: Sequence[Moment], now: str, profile: Profile
) -> Light:
    tier = TIERS[clock.code]
    day = f"{due[:10]} {due[11:16]}"
    if due < now:
        red = any(each.level == AlertLevel.RED and each.at < now for each in moments)
        broken = Level.RED if red or profile is Profile.TWO_TIER else tier.broken
        return Light(broken, f"{tier.name}已超期(至 {day})", clock.code, clock.about, due)
    if not any(each.level == AlertLevel.REMIND and each.at <= now for each in moments):
        return Light(Level.NORMAL)
    level = Level.YELLOW if profile is Profile.TWO_TIER else Level.REMIND
    return Light(level, f"{tier.name}将到期(至 {day})", clock.code, clock.about, due)
