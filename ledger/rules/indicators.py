"""Prints docs/indicators.md from the table of measures: `make docs`."""

from typing import NamedTuple

from ledger.rules.measure import fields
from ledger.rules.measures import DECISION_BOUNDS_WORKDAYS, MEASURES, Measure, Where


class Formula(NamedTuple):
    """How an indicator of domain.md 6.2 is read from sums: `code`, `−code`, `80×code`."""

    number: str
    name: str
    over: tuple[str, ...]
    under: tuple[str, ...] = ()
    """The denominator; () where the indicator is a count."""


ELAPSED_N = tuple(f"elapsed_from_{low}d" for low in DECISION_BOUNDS_WORKDAYS)
KEPT = ("promised_early", "promised_met")
NOT_ADOPTED = ("−not_adopted_1", "−not_adopted_2")
VALID = (*(f"stars_{stars}" for stars in (5, 4, 3, 2, 1)), *NOT_ADOPTED)
"""What was submitted and is adopted; 默认好评 is no such fact."""

FORMULAE = (
    Formula("K01", "申请量", ("submitted",)),
    Formula("K02", "受理量", ("accepted",)),
    Formula("K03", "办结量", ("concluded",)),
    Formula("K04", "在办量", ("in_progress",)),
    Formula("K05", "叫号量", ("tickets_called",)),
    Formula("K05a", "取号量", ("tickets_issued",)),
    Formula("K05b", "过号率", ("no_shows",), ("tickets_called",)),
    Formula("K06", "当前等候人数", ("waiting",)),
    Formula("K07", "平均等候(秒)", ("wait_seconds",), ("wait_n",)),
    Formula("K08", "等候15分钟以内比例", ("wait_from_0m", "wait_from_5m", "wait_from_10m"),
            ("wait_n",)),
    Formula("K09", "平均办理时长(秒)", ("service_seconds",), ("service_n",)),
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
    Formula("K22", "参评率", ("rated_services",), ("rateable",)),
    Formula("K23", "好评率", ("stars_5", "stars_4", "stars_3"), VALID),
    Formula("K24", "差评率", ("stars_2", "stars_1", *NOT_ADOPTED), VALID),
    Formula("K25", "实名差评回访率", ("callback_in_time",), ("callback_resolved",)),
    Formula("K26", "差评整改率", ("rectified",), ("verified_valid",)),
    Formula("K27", "差评按期整改率", ("rectify_in_time",), ("rectify_resolved",)),
    Formula("K28", "综合满意度",
            ("100×stars_5", "80×stars_4", "60×stars_3", "30×stars_2", "−30×not_adopted_2"), VALID),
    Formula("K29", "申诉成立率", ("appeals_upheld",), ("appeals_decided",)),
    Formula("K29b", "不予采纳数", ("not_adopted_1", "not_adopted_2")),
    Formula("K30", "预警", ("alerts_remind",)),
    Formula("K30y", "黄牌", ("alerts_yellow",)),
    Formula("K30r", "红牌", ("alerts_red",)),
    Formula("K30c", "撤牌", ("alerts_cancelled",)),
    Formula("K31", "出件及时率", ("delivered_in_time",), ("delivered_in_time", "delivery_broken")),
    Formula("K32", "转办签收及时率", ("signed_in_time",),
            ("signed_in_time", "signing_refused", "signing_broken")),
    Formula("K33", "容缺兑现率", ("deficiency_met",),
            ("deficiency_met", "deficiency_failed", "deficiency_broken")),
    Formula("K34", "代办量", ("agent_done",)),
    Formula("K34b", "代办按时率", ("agent_in_time",), ("agent_in_time", "agent_overdue")),
    Formula("K34c", "代办满意率", ("agent_satisfied",), ("agent_called_back",)),
    Formula("K38", "窗口利用率", ("serving_seconds",), ("open_seconds",)),
    Formula("K39", "空岗率", ("unattended_seconds",), ("open_seconds",)),
    Formula("K40", "路由正确率", ("accepted_at_window", "−wrong_window"), ("accepted_at_window",)),
    Formula("K41", "补录率", ("late_entries",), ("case_events",)),
    Formula("K42", "体外循环疑似率", ("suspected",), ("concluded",)),
    Formula("K43", "数据上报及时率", ("exchanged_in_time",),
            ("exchanged_in_time", "exchange_broken")),
    Formula("K44", "联办件", ("joint_accepted",)),
    Formula("K44b", "异地代收件", ("remote_accepted",)),
    Formula("K44c", "一件事件", ("bundle_cases",)),
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
them over their sum, each at the instant at which it was settled (时限办结的归属时刻): in time where
the case was accepted, broken where it was when it was due (decision 0015).

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


def term(said: str) -> tuple[int, str]:
    """Give weight and code of a term of a formula."""
    weight, times, code = said.removeprefix("−").rpartition("×")
    sign = -1 if said.startswith("−") else 1
    return sign * (int(weight) if times else 1), code


def _sum(terms: tuple[str, ...]) -> str:
    said = ""
    for weight, code in map(term, terms):
        sign = " − " if weight < 0 else " + "
        many = f"{abs(weight)} × " if abs(weight) > 1 else ""
        said += f"{sign}{many}`{code}`"
    return said.removeprefix(" + ")


def _row(measure: Measure) -> str:
    when = " and ".join(map(_condition, measure.where)) or "always"
    amount = f"`{measure.amount}`" if isinstance(measure.amount, str) else f"{measure.amount:+d}"
    cells = (
        f"`{measure.code}`", measure.name, measure.unit, f"`{measure.event}`", when, amount,
        _place(measure.centre), _place(measure.window),
        "level" if measure.gauge else "day" if measure.daily else "hour, day", _place(measure.when),
    )  # fmt: skip
    return f"| {' | '.join(cells)} |\n"


def _place(place: str) -> str:
    return ", else ".join(f"`{field}`" for field in fields(place)) or "–"


def _condition(where: Where) -> str:
    if where.op in {"present", "absent"}:
        return f"`{where.field}` is {'known' if where.op == 'present' else 'unknown'}"
    value: object = where.value
    if isinstance(where.value, bool):
        value = str(where.value).lower()
    elif isinstance(where.value, tuple):
        value = ", ".join(map(str, where.value))
    return f"`{where.field}` {where.op} {value}"
