"""Attention (关注): from the figures of a place to 正常 ●, 预警 ▲ or 告警 ◆, and the reason.

Pure. These are the wall's own thresholds on sums of today: they say where to look. They are not
the 黄牌 and 红牌 of electronic supervision, which are facts in the ledger.
"""

from collections.abc import Mapping
from typing import Literal, NamedTuple

Level = Literal[0, 1, 2]
"""0 正常, 1 预警, 2 告警."""


class Threshold(NamedTuple):
    """From `least` on, and from `ppm` parts per million of the base on, it is `level`."""

    code: str
    name: str
    base: str
    base_name: str
    least: int
    ppm: int
    level: Level


THRESHOLDS: tuple[Threshold, ...] = (
    Threshold("negatives", "差评", "rated", "评价", 3, 50_000, 2),
    Threshold("wrong_window", "错窗", "accepted", "受理", 5, 50_000, 2),
    Threshold("negatives", "差评", "rated", "评价", 2, 20_000, 1),
    Threshold("wrong_window", "错窗", "accepted", "受理", 3, 20_000, 1),
)


class Attention(NamedTuple):
    """What to look at in one place."""

    level: Level
    reason: str
    """"差评 3（评价 41）"; "" = nothing."""


def attend(figures: Mapping[str, int]) -> Attention:
    """Judge the figures of one place by the thresholds; the gravest level, all its reasons."""
    level: Level = 0
    reasons: list[str] = []
    named: set[str] = set()
    for rule in THRESHOLDS:
        count, base = figures.get(rule.code, 0), figures.get(rule.base, 0)
        over = count >= rule.least and count * 1_000_000 >= rule.ppm * base
        if over and rule.code not in named:
            named.add(rule.code)
            level = max(level, rule.level)
            reasons.append(f"{rule.name} {count:,}（{rule.base_name} {base:,}）")
    return Attention(level, " · ".join(reasons))
