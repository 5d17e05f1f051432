"""来源心跳 (source): whether a source is silent, as far as facts tell (decision 0012).

A beat is noted; of a silent source it is its return. That a source is silent nobody but a watchman
can say, because what did not come leaves no trace: `producers/watchman.py` says it, and here it is
checked against what the ledger knows, its service hours and the stream.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from ledger.contracts.codes import SourceClass
from ledger.contracts.commands import BEAT
from ledger.contracts.events import source as facts
from ledger.rules.facts import Draft
from ledger.rules.refusals import Code, Refused
from ledger.rules.streams import Asked
from ledger.rules.tabled import Course, Data, State, rules
from ledger.rules.workdays import Calendar

SILENT_AFTER_MINUTES = 2
"""Of service time, 09:00 to 17:00 on working days: the 120 s after which a wall says 失联."""

MOVES = {
    facts.SourceSilent.TYPE: {"-": "SIL", "ALV": "SIL"},
    facts.SourceReturned.TYPE: {"SIL": "ALV"},
}


def stream_of(source: str) -> str:
    """Give the stream of a source system."""
    return f"{facts.SourcePayload.STREAM}/{source}"


def silent_from(since: str, calendar: Calendar) -> str:
    """Give when a source that was heard last at `since` is silent, ISO 8601 +08:00.

    Outside service hours no time passes: a hall that is switched off at night is not broken.
    """
    return calendar.add_minutes(datetime.fromisoformat(since), SILENT_AFTER_MINUTES).isoformat()


def check(state: State, kind: str, data: Data, _: str) -> None:
    """Refuse a silence that began before the source was heard again.

    Raises:
        Refused: E_TIME_ORDER.

    """
    heard = state.of().since
    if kind == facts.SourceSilent.TYPE and heard and _moment(data["since"]) < _moment(heard):
        raise Refused(
            Code.E_TIME_ORDER, f"the source was heard at {heard}, after {data['since']}; look again"
        )


def check_right(asked: Asked) -> None:
    """Refuse everybody but the watchman.

    Raises:
        Refused: E_AUTH.

    """
    if asked.command.source_class is not SourceClass.SYSTEM:
        raise Refused(Code.E_AUTH, f"{asked.command.type} is for the watchman (class system)")


def stamp_of(state: State, kind: str, data: Data, at: str, _: str | None) -> dict[str, Any]:
    """Stamp where a silence counts, at the first centre it names, and how long it lasted."""
    silent = state.of().told.get(facts.SourceSilent.TYPE)
    said = data if silent is None or kind == facts.SourceSilent.TYPE else silent.data
    stamp: dict[str, Any] = {"centre": said["centres"][0]} if said["centres"] else {}
    if silent is not None and kind == facts.SourceReturned.TYPE:
        since = silent.data["since"]
        lasted = _moment(at) - _moment(since)
        stamp |= {"since": since, "silent_seconds": lasted // timedelta(seconds=1)}
    return stamp


def heard(state: State, source: str, centres: Sequence[str], at: str) -> list[Draft]:
    """Draft the return of a source that is heard at `at`, by the ledger's clock; [] mostly.

    The clock of a source is its own affair: one that runs slow returns all the same.
    """
    kind = facts.SourceReturned.TYPE
    if state.of().status not in MOVES[kind]:
        return []
    data = {"centres": list(centres)}
    return [Draft(stream_of(source), kind, data, stamp_of(state, kind, data, at, None), at=at)]


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


COURSE = Course(MOVES, check=check, stamp=stamp_of)
_RULES = rules(COURSE)


def decide(asked: Asked) -> list[Draft]:
    """Decide that a source is silent.

    Raises:
        Refused: E_STATE; E_LIMIT before it is silent for long enough; E_TIME_ORDER.

    """
    of = asked.state.of()
    if of.status not in MOVES[asked.payload.TYPE]:
        since = of.told[facts.SourceSilent.TYPE].data["since"]
        raise Refused(
            Code.E_STATE, f"{asked.key} is silent since {since}; legal is {BEAT}", (BEAT,)
        )
    due = silent_from(asked.data["since"], asked.reference.calendar)
    if asked.at < due:
        raise Refused(
            Code.E_LIMIT,
            f"{asked.key} is silent from {due} on, {SILENT_AFTER_MINUTES} minutes of service time "
            f"after its last beat, not at {asked.at}",
        )
    return _RULES.decide(asked)


RULES = _RULES._replace(decide=decide, check_right=check_right)
