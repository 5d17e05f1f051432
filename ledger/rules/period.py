"""What was published (日结, 月结, 重述公布): one stream a centre, `period/CENTRE`.

A published total is never edited: `day.closed` says it once, `period.restated` says what it is
now, and `period.frozen` that a month has been handed in. The state holds each day as restated.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ledger.contracts.events import period as facts
from ledger.contracts.wire import Event
from ledger.rules.facts import Draft
from ledger.rules.refusals import Code, Refused
from ledger.rules.streams import Asked

Totals = Mapping[str, int]
MONTH = len("2020-06")


@dataclass(frozen=True, slots=True)
class State:
    """What a centre's public knows of its figures."""

    days: Mapping[str, Totals] = field(default_factory=dict)
    """Day → its totals as published last; zero and absent are the same."""
    frozen: frozenset[str] = frozenset()
    """Months and years handed in."""
    cut: tuple[int, ...] = ()
    """Up to where they were taken."""

    def totals(self, period: str) -> dict[str, int]:
        """Give the totals of a month or year: the sum of its published days."""
        sums: Counter[str] = Counter()
        for day, totals in self.days.items():
            if day.startswith(f"{period}-"):
                sums.update(totals)
        return {code: total for code, total in sums.items() if total}

    def is_frozen(self, day: str) -> bool:
        """Tell whether the month or the year of a day, or of a month, was handed in."""
        return day[:MONTH] in self.frozen or day[:4] in self.frozen


def fold(history: Sequence[Event]) -> State:
    """Give the state after all facts of the stream."""
    state = State()
    for event in history:
        state = evolve(state, event)
    return state


def evolve(state: State, event: Event) -> State:
    """Fold one fact in; total."""
    data = event["data"]["data"]
    match event["type"]:
        case facts.DayClosed.TYPE:
            state = replace(state, days={**state.days, data["day"]: data["totals"]})
        case facts.PeriodFrozen.TYPE:
            state = replace(state, frozen=state.frozen | {data["period"]})
        case facts.PeriodRestated.TYPE:
            days = dict(state.days)
            for change in data["changes"]:
                known = days.get(change["day"], {})
                days[change["day"]] = {**known, change["code"]: change["now"]}
            state = replace(state, days=days)
        case _:
            return state
    return replace(state, cut=max(state.cut, tuple(data["cut"])))


def check_known(asked: Asked) -> None:
    """Refuse a centre that is not known.

    Raises:
        Refused: E_REF.

    """
    if asked.key != facts.NOWHERE and asked.key not in asked.reference.centres:
        raise Refused(Code.E_REF, f"centre {asked.key} is not known (centre.open)")


def decide(asked: Asked) -> list[Draft]:
    """Draft the fact that a closing job asks for.

    Raises:
        Refused: E_VERSION, E_STATE, E_FROZEN, E_TIME_ORDER.

    """
    state, data = asked.state, asked.data
    match asked.payload:
        case facts.DayClosed():
            _check_close(state, asked.key, data["day"])
            end = data["day"]
        case facts.PeriodFrozen():
            _check_freeze(state, asked.key, data["period"], data["totals"])
            end = data["period"]
        case _:
            _check_restatement(state, asked.key, data["changes"])
            end = max(change["day"] for change in data["changes"])
    _check_order(state, asked, end)
    return [Draft(asked.stream, asked.payload.TYPE, data, {})]


def _check_close(state: State, centre: str, day: str) -> None:
    if day in state.days:
        raise Refused(Code.E_STATE, f"{day} of {centre} is closed; restate what differs",
                      (facts.PeriodRestated.COMMAND,))  # fmt: skip
    if state.is_frozen(day):
        raise Refused(Code.E_FROZEN, f"{day} of {centre} lies in a period that is frozen",
                      (facts.PeriodRestated.COMMAND,))  # fmt: skip


def _check_freeze(state: State, centre: str, period: str, totals: Totals) -> None:
    published = state.totals(period)
    said = {code: total for code, total in totals.items() if total}
    if said != published:
        code = min(code for code in {**said, **published} if said.get(code) != published.get(code))
        raise Refused(
            Code.E_STATE,
            f"{period} of {centre}: {code} is {said.get(code, 0)}, but its published days make "
            f"{published.get(code, 0)}; close or restate its days first",
            (facts.DayClosed.COMMAND, facts.PeriodRestated.COMMAND),
        )
    is_year = len(period) < MONTH
    if is_year and (open_ := {d[:MONTH] for d in state.days if d[:4] == period} - state.frozen):
        raise Refused(Code.E_STATE, f"{min(open_)} of {centre} is not frozen yet",
                      (facts.PeriodFrozen.COMMAND,))  # fmt: skip
    if state.is_frozen(period):
        raise Refused(Code.E_FROZEN, f"{period} of {centre} is frozen; restate what differs",
                      (facts.PeriodRestated.COMMAND,))  # fmt: skip


def _check_restatement(state: State, centre: str, changes: Sequence[Mapping[str, Any]]) -> None:
    """Refuse to restate what was never published, or something else than was published."""
    for change in changes:
        day, code = change["day"], change["code"]
        published = state.days.get(day, {}).get(code, 0)
        if published != change["published"]:
            raise Refused(
                Code.E_VERSION,
                f"{code} of {day} was published as {published}, not {change['published']}",
            )
    for change in changes:
        if change["day"] not in state.days and not state.is_frozen(change["day"]):
            raise Refused(Code.E_STATE, f"{change['day']} of {centre} was never published",
                          (facts.DayClosed.COMMAND,))  # fmt: skip


def _check_order(state: State, asked: Asked, end: str) -> None:
    """Refuse what is published before its end, or restated at an older cut than the last.

    A quiet day may be closed after the next ones, at its own cut: nothing was known of it then.
    """
    if asked.at[: len(end)] <= end:
        raise Refused(Code.E_TIME_ORDER, f"{end} is not over at {asked.at}")
    cut = asked.data["cut"]
    if asked.payload.TYPE != facts.DayClosed.TYPE and any(map(int.__lt__, cut, state.cut)):
        raise Refused(Code.E_TIME_ORDER, "the cut is before one that was published")
