"""Prints docs/indicators.md from the table of measures: `make docs`."""

from ledger.rules.measures import MEASURES, Measure, Where

HEAD = """\
# Indicators (指标)

Printed from `ledger/rules/measures.py` by `make docs`; a test holds it current.
Every live number is a sum of these cells; ratios are divided and percentiles read from buckets by
whoever reads. A sum is kept by local hour and by local day of the time of the fact; a level (存量)
has no time and never expires. *Time* is the instant whose hour and day a sum is kept under,
where it is not the time of the fact.

| code | 名称 | unit | fact | counted when | amount | centre | window | kept by | time |
|---|---|---|---|---|---|---|---|---|---|
"""


def page() -> str:
    """Give the whole page."""
    return HEAD + "".join(map(_row, MEASURES))


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
    if where.op == "present":
        return f"`{where.field}` is known"
    value = str(where.value).lower() if isinstance(where.value, bool) else where.value
    return f"`{where.field}` {where.op} {value}"
