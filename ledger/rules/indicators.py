"""Prints docs/indicators.md from the table of measures: `make docs`."""

from typing import NamedTuple

from ledger.rules.measures import DECISION_BOUNDS_WORKDAYS, MEASURES, Measure, Where


class Formula(NamedTuple):
    """How an indicator of domain.md 6.1 is read from sums; codes with − are taken off."""

    number: str
    name: str
    over: tuple[str, ...]
    under: tuple[str, ...] = ()
    """The denominator; () where the indicator is a count."""


ELAPSED_N = tuple(f"elapsed_from_{low}d" for low in DECISION_BOUNDS_WORKDAYS)
KEPT = ("promised_early", "promised_met")

FORMULAE = (
    Formula("K02", "受理量", ("accepted",)),
    Formula("K03", "办结量", ("concluded",)),
    Formula("K10", "平均办件用时(工作日)", ("elapsed_days",), ELAPSED_N),
    Formula("K11", "按时办结率(承诺)", KEPT, (*KEPT, "promised_broken")),
    Formula("K11b", "按时办结率(法定)", ("statutory_met",), ("statutory_met", "statutory_broken")),
    Formula("K12", "提前办结率", ("promised_early",), ELAPSED_N),
    Formula("K13", "超期件(承诺)", ("overdue_promised",)),
    Formula("K13b", "超期件(法定)", ("overdue_statutory",)),
    Formula("K14", "时限压缩率", ("claimed_statutory", "−claimed_promised"),
            ("claimed_statutory",)),
    Formula("K15", "即办率", ("quick",), ("concluded",)),
    Formula("K16", "即办兑现率", ("instant_met",), ("instant_met", "instant_broken")),
    Formula("K17", "一次办结率", ("visits_once",), ("visits_once", "visits_more")),
    Formula("K18", "一次告知率", ("told_once",), ("told_once", "told_more")),
    Formula("K19", "补正率", ("noticed",), ("submitted",)),
    Formula("K19b", "不予受理率", ("not_accepted",), ("submitted",)),
    Formula("K19c", "退件率", ("returned",), ("submitted",)),
    Formula("K20", "网办率", ("submitted_online",), ("submitted",)),
    Formula("K21", "全程网办率", ("all_online",), ("concluded",)),
    Formula("K22", "参评率", ("rated_services",), ("concluded",)),
    Formula("K31", "出件及时率", ("delivered_in_time",), ("delivered_in_time", "delivery_broken")),
    Formula("K32", "转办签收及时率", ("signed_in_time",),
            ("signed_in_time", "signing_refused", "signing_broken")),
    Formula("K33", "容缺兑现率", ("deficiency_met",),
            ("deficiency_met", "deficiency_failed", "deficiency_broken")),
    Formula("K39", "空岗率", ("unattended_seconds",), ("open_seconds",)),
    Formula("K40", "路由正确率", ("accepted_at_window", "−wrong_window"), ("accepted_at_window",)),
    Formula("K41", "补录率", ("late_entries",), ("case_events",)),
    Formula("K42", "体外循环疑似率", ("suspected",), ("concluded",)),
    Formula("K43", "数据上报及时率", ("exchanged_in_time",),
            ("exchanged_in_time", "exchange_broken")),
    Formula("K44", "联办件", ("joint_accepted",)),
    Formula("K44b", "异地代收件", ("remote_accepted",)),
    Formula("K45", "巡查问题整改率", ("findings_rectified",),
            ("findings_rectified", "findings_overdue")),
)  # fmt: skip

HEAD = """\
# Indicators (指标)

Printed from `ledger/rules/measures.py` by `make docs`; a test holds it current.
Every live number is a sum of these cells; ratios are divided and percentiles read from buckets by
whoever reads. A sum is kept by local hour and by local day of the time of the fact; a level (存量)
has no time and never expires. *Time* is the instant whose hour and day a sum is kept under,
where it is not the time of the fact.

## Formulae

What happened in time and what was broken are classes that exclude one another; a rate is one of
them over their sum, each at the instant at which it was settled (时限办结的归属时刻).

| | 指标 | = | over |
|---|---|---|---|
"""

SUMS = """\

## Sums

| code | 名称 | unit | fact | counted when | amount | centre | window | kept by | time |
|---|---|---|---|---|---|---|---|---|---|
"""


def page() -> str:
    """Give the whole page."""
    return HEAD + "".join(map(_formula, FORMULAE)) + SUMS + "".join(map(_row, MEASURES))


def _formula(formula: Formula) -> str:
    over, under = _sum(formula.over), _sum(formula.under) or "–"
    return f"| {formula.number} | {formula.name} | {over} | {under} |\n"


def _sum(codes: tuple[str, ...]) -> str:
    said = " + ".join(f"`{code}`" for code in codes)
    return said.replace("+ `−", "− `")


def _row(measure: Measure) -> str:
    when = " and ".join(map(_condition, measure.where)) or "always"
    amount = f"`{measure.amount}`" if isinstance(measure.amount, str) else f"{measure.amount:+d}"
    cells = (
        f"`{measure.code}`", measure.name, measure.unit, f"`{measure.event}`", when, amount,
        _place(measure.centre), _place(measure.window),
        "level" if measure.gauge else "day" if measure.daily else "hour, day", _place(measure.when),
    )  # fmt: skip
    return f"| {' | '.join(cells)} |\n"


def _place(field: str) -> str:
    return f"`{field}`" if field else "–"


def _condition(where: Where) -> str:
    if where.op in {"present", "absent"}:
        return f"`{where.field}` is {'known' if where.op == 'present' else 'unknown'}"
    value: object = where.value
    if isinstance(where.value, bool):
        value = str(where.value).lower()
    elif isinstance(where.value, tuple):
        value = ", ".join(map(str, where.value))
    return f"`{where.field}` {where.op} {value}"
