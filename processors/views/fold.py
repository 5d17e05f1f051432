"""The fold (归并): compiles the measures to one function, event → sums.

`fold(sums, event)` adds the event to plain integer sums; `event_restamped` takes the former
fact back in its own buckets and counts the new one. Total: an event that no measure knows
changes nothing, and nothing raises on a well-formed event. Order does not matter, partitions
add up.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from ledger.rules.measure import fields
from ledger.rules.measures import MEASURES, Measure, Where

Sums = dict[str, int]
"""Cell key → sum; zero and absent mean the same."""

Fold = Callable[[Sums, Mapping[str, Any]], None]


def _field(path: str) -> str:
    """Give the Python expression that reads a field; None where it is absent."""
    scope, _, name = path.rpartition(".")
    source = {"": "e", "data": "d", "stamp": "s"}[scope]
    return f"{source}.get({name!r})"


def _place(place: str) -> str:
    """Give the Python expression for the first of its fields that is known; '' for nowhere."""
    *first, last = fields(place) or [""]
    told = f"({_field(last)} or '')" if last else "''"
    for field in reversed(first):
        told = f"(q if (q := {_field(field)}) is not None else {told})"
    return told


def _test(where: Where) -> str:
    read = _field(where.field)
    match where.op:
        case "present":
            return f"{read} is not None"
        case "absent":
            return f"{read} is None"
        case "=":
            return f"{read} == {where.value!r}"
        case "in":
            return f"{read} in {where.value!r}"
        case "not in":
            return f"{read} not in {(None, *_values(where))!r}"
    return f"({read} is not None and {read} {where.op} {where.value!r})"


def _values(where: Where) -> tuple[int | str, ...]:
    return where.value if isinstance(where.value, tuple) else (where.value,)


def _cells(measure: Measure, places: tuple[str, ...]) -> list[str]:
    """Give the lines that add to the cells of a measure: hour and day, or the gauge."""
    amount = str(measure.amount) if isinstance(measure.amount, int) else _field(measure.amount)
    add = "sign" if amount == "1" else f"sign * {amount}"
    return [
        line
        for place in places
        for line in (f"k = {measure.code + '|'!r} + {place}", f"sums[k] = get(k, 0) + {add}")
    ]


def _group(group: Sequence[Measure]) -> list[str]:
    """Give the lines for measures that share place and time: both are put in words once."""
    one = group[0]
    lines = [f"p = '|' + {_place(one.centre)} + '|' + {_place(one.window)}"]
    if one.gauge:
        names: tuple[str, ...] = ("p",)
    elif one.daily:
        names = ("day",)
        lines += [f"day = ({_field(one.when)} or t)[:10] + p" if one.when else "day = t[:10] + p"]
    else:
        names = ("hour", "day")
        lines += [f"x = {_field(one.when)} or t" if one.when else "x = t",
                  "hour = x[:13] + p", "day = x[:10] + p"]  # fmt: skip
    tests = [" and ".join(map(_test, measure.where)) for measure in group]
    if len(group) == 1 and tests[0]:
        return [f"if {tests[0]}:", *(f"    {line}" for line in lines + _cells(one, names))]
    for test, measure in zip(tests, group, strict=True):
        cells = _cells(measure, names)
        lines += [f"if {test}:", *(f"    {line}" for line in cells)] if test else cells
    return lines


def _compile_type(measures: Iterable[Measure]) -> Callable[[Sums, Mapping[str, Any], int], None]:
    body = [
        "def one(sums, e, sign):",
        "    d = e['data']['data']; s = e['data']['stamp']; t = e['time']; get = sums.get",
    ]
    groups: dict[tuple[str, str, str, bool, bool], list[Measure]] = {}
    for measure in measures:
        shared = (measure.centre, measure.window, measure.when, measure.gauge, measure.daily)
        groups.setdefault(shared, []).append(measure)
    for group in groups.values():
        body += [f"    {line}" for line in _group(group)]
    scope: dict[str, Any] = {}
    # The source is our own table of measures, never input.
    exec("\n".join(body), scope)  # noqa: S102
    one: Callable[[Sums, Mapping[str, Any], int], None] = scope["one"]
    return one


def compile_fold(measures: Iterable[Measure] = MEASURES) -> Fold:
    """Compile a table of measures to `fold(sums, event)`."""
    table = list(measures)
    by_type = {
        kind: _compile_type([m for m in table if m.event == kind])
        for kind in {m.event for m in table}
    }

    def fold(sums: Sums, event: Mapping[str, Any]) -> None:
        kind = event["type"]
        one = by_type.get(kind)
        if one is not None:
            one(sums, event, 1)
        elif kind.endswith(".event_restamped"):
            body = event["data"]["data"]
            for fact, sign in ((body["before"], -1), (body["after"], 1)):
                if fact is not None and (counted := by_type.get(fact["type"])):
                    counted(sums, fact, sign)

    return fold
