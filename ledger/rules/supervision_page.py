"""Prints docs/rules.md from the tables of 电子监察: `make docs`."""

from ledger.rules.supervision_rules import (
    LEVELS,
    RULES,
    TOUCHES,
    WATCHED,
    Instant,
    Mode,
    Rule,
    Touch,
    Watched,
)

HEAD = """\
# Supervision rules (监察规则)

Printed from `ledger/rules/supervision_rules.py` by `make docs`; a test holds it current, and
`tests/unit/test_supervision.py` plays for every live row the case that fires it and the near miss
that does not. Source: domain.md 5.2, 4.2 (levels of clocks).

An alert is one for each rule, subject and *about*; its id is their hash, and its level only
rises. *live* is raised by the ledger in the batch of the fact, or at the tick that passes the
instant; *sweep* and *command* come as `alert.raise`; what a sweep finds of how something stands
(a station offline) is one alert each time that it stands so, its *about* ends in `@` and the day
since when. Imported history raises nothing. When a
correction, or evidence that came late, takes the ground away, the ledger cancels the alert
(`corrected`), and raises it anew at the level there still is ground for; the record stays. A
reminder is closed by the ledger (`resolved`) when its clock stops, and so is a congestion that is
over; cards are for people: acknowledged, explained, closed, or cancelled by two. Where no service
hours are known, those of a working day are taken, 09:00 to 17:00. Who should have been present is
not known to the ledger: absence (旷工) is left to people.

| rule | 名称 | how | fact or clock | touched when | level | near miss | about |
|---|---|---|---|---|---|---|---|
"""
BY = {
    "left": "`{0.clock}`: from the morning on which the working days left are {0.n}",
    "share": "`{0.clock}`: likewise, {0.n} or a fifth of the limit",
    "after": "`{0.clock}`: still open {0.n} working days after its due",
    "minutes": "`{0.clock}`: still open after {0.n} working minutes",
}


def page() -> str:
    """Give the whole page."""
    return HEAD + "".join(line for rule in RULES.values() for line in _lines(rule))


def _lines(rule: Rule) -> list[str]:
    rows: list[tuple[str, ...]] = []
    rows += [_touch(each) for each in TOUCHES if each.rule == rule.id]
    rows += [_instant(each) for each in LEVELS if each.rule == rule.id]
    rows += [_watched(each) for each in WATCHED if each.rule == rule.id]
    if rule.elsewhere:
        level, colon, what = rule.elsewhere.rpartition(": ")
        how = Mode.SWEEP.value if rule.mode is Mode.BOTH else rule.mode.value
        rows.append((how, "–", what if colon else rule.elsewhere, level or "–", "–", "–"))
    return [f"| {rule.id} | {rule.name} | {' | '.join(row)} |\n" for row in rows]


def _touch(row: Touch) -> tuple[str, ...]:
    about = f"`{row.about}`" if row.about else "–"
    return "live", f"`{row.event}`", row.when, row.level.value, row.miss, about


def _instant(row: Instant) -> tuple[str, ...]:
    return "live", "tick", BY[row.by].format(row), row.level.value, row.miss, "as its clock"


def _watched(row: Watched) -> tuple[str, ...]:
    return "live", "tick", row.when, row.level.value, row.miss, "–"
