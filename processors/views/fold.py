"""The fold (归并): compiles the measures to one function, event → sums.

`fold(sums, event)` adds the event to plain integer sums; `event_restamped` takes the former
fact back in its own buckets and counts the new one. Total: an event that no measure knows
changes nothing, and nothing raises on a well-formed event. Order does not matter, partitions
add up.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ledger.rules.measures import MEASURES, Measure, Where

Sums = dict[str, int]
"""Cell key → sum; zero and absent mean the same."""

Fold = Callable[[Sums, Mapping[str, Any]], None]

_OPS = {"=": "==", ">=": ">=", "<": "<"}


def _field(path: str) -> str:
    """Give the Python expression that reads a field; None where it is absent."""
    scope, _, name = path.rpartition(".")
    source = {"": "e", "data": "d", "stamp": "s"}[scope]
    return f"{source}.get({name!r})"


def _test(where: Where) -> str:
    read = _field(where.field)
    if where.op == "present":
        return f"{read} is not None"
    if where.op == "=":
        return f"{read} == {where.value!r}"
    return f"({read} is not None and {read} {_OPS[where.op]} {where.value!r})"


def _lines(measure: Measure) -> list[str]:
    place = "{c}|{w}"
    read_centre = _field(measure.centre) if measure.centre else "''"
    read_window = _field(measure.window) if measure.window else "''"
    amount = str(measure.amount) if isinstance(measure.amount, int) else _field(measure.amount)
    test = " and ".join(map(_test, measure.where)) or "True"
    hour, day = ("{x[:13]}", "{x[:10]}") if measure.when else ("{h}", "{h10}")
    buckets = [""] if measure.gauge else [day] if measure.daily else [hour, day]
    lines = [f"    if {test}:", f"        c = {read_centre} or ''; w = {read_window} or ''"]
    if measure.when:
        lines.append(f"        x = {_field(measure.when)} or t")
    for bucket in buckets:
        lines.append(f"        k = f'{measure.code}|{bucket}|{place}'")
        lines.append(f"        sums[k] = sums.get(k, 0) + sign * {amount}")
    return lines


def _compile_type(measures: Iterable[Measure]) -> Callable[[Sums, Mapping[str, Any], int], None]:
    body = [
        "def one(sums, e, sign):",
        "    d = e['data']['data']; s = e['data']['stamp']; t = e['time']",
        "    h = t[:13]; h10 = t[:10]",
    ]
    for measure in measures:
        body += _lines(measure)
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
