"""What the counter looks up (窗口索引): reference data and the cases still open, in memory.

Built by one scan of the log on the first question, then kept up by scanning only what is new:
each later question costs the events since the last one. A finished case leaves only its number.
Some figures are in docs/counter.md. Behind Kafka the same code works, but every scan opens readers
for all partitions: give a busy city a view for this instead.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from ledger.contracts.events.case import CaseAccepted, CaseSubmitted
from ledger.contracts.events.rating import RatingEventRestamped, RatingEventVoided
from ledger.contracts.events.rating_loop import NegDispatched
from ledger.contracts.wire import Event, decode
from ledger.log.seam import Cut, Log
from ledger.rules import case, hall
from ledger.rules.clocks import Clocks
from ledger.rules.corrections import current
from ledger.rules.rated import Subject
from ledger.rules.rating_state import Rating
from ledger.rules.rating_state import State as Ratings
from ledger.rules.rating_state import evolve as evolve_ratings
from ledger.rules.rating_state import fold as fold_ratings
from ledger.rules.reference import Reference

NUMBERS_MAX = 200_000
"""Numbers of finished cases kept for a search, newest: about 40 MB."""

CORRECTIONS = (".event_voided", ".event_restamped")
BEGINS = frozenset({NegDispatched.TYPE, RatingEventVoided.TYPE, RatingEventRestamped.TYPE})
"""Facts after which a negative may be open of which nothing was known."""
NOWHERE = case.State()


@dataclass(frozen=True, slots=True)
class Row:
    """One case as a work list shows it; times are ISO 8601 +08:00 strings."""

    case_id: str
    version: int = 0
    state: case.State = NOWHERE
    case_no: str = ""
    centre: str | None = None
    """Where it was received; acceptance takes over."""
    window: str | None = None
    due: str | None = None
    """承诺期限, or 法定期限 where nothing was promised."""
    at: str = ""
    """When its newest fact happened."""
    sources: frozenset[str] = frozenset()

    @property
    def is_open(self) -> bool:
        """Tell whether anybody still has something to do: not voided, not concluded and handed."""
        status = self.state.status
        if status in {"-", "VOI"}:
            return False
        return self.state.concluded_at is None or status == "DEC+"


@dataclass(frozen=True, slots=True)
class Negative:
    """One negative whose loop is not closed."""

    key: str
    """Case id, a hall's day, or task id."""
    number: str
    """As it was printed for the citizen: of the case, or of the ticket."""
    rating: Rating
    clocks: Clocks
    at: str
    """When the newest fact about the ratings under its key happened."""


@dataclass(frozen=True, slots=True)
class Rated:
    """The ratings under one key, some of them negatives that wait for somebody."""

    version: int
    state: Ratings
    numbers: Mapping[Subject, str]
    sources: frozenset[str]
    at: str


def after(row: Row, event: Event) -> Row:
    """Give the row after one effective fact."""
    data, stamp = event["data"]["data"], event["data"]["stamp"]
    row = replace(
        row, state=case.evolve(row.state, event), at=event["time"],
        version=max(row.version, event["streamversion"]),
        sources=row.sources | {event["sourcesystem"]},
    )  # fmt: skip
    if event["type"] == CaseSubmitted.TYPE:
        row = replace(row, case_no=data["case_no"])
    if event["type"] in {CaseSubmitted.TYPE, CaseAccepted.TYPE}:
        row = replace(row, centre=event.get("centre"), window=event.get("window"))
    if event["type"] == CaseAccepted.TYPE:
        row = replace(row, due=stamp.get("promised_due") or stamp.get("statutory_due"))
    return row


def row_of(case_id: str, history: list[Event]) -> Row:
    """Fold a whole stream, corrections and all."""
    row = Row(case_id)
    for event in current(history).values():
        row = after(row, event)
    if history:
        newest = history[-1]
        row = replace(
            row, state=case.fold(history), version=newest["streamversion"],
            sources=row.sources | {event["sourcesystem"] for event in history},
        )  # fmt: skip
    return row


class Index:
    """Reference data and open cases, as of the last `catch_up`."""

    def __init__(self, log: Log) -> None:
        self.reference = Reference()
        self.cut: Cut | None = None
        self._log = log
        self._open: dict[str, Row] = {}
        self._rated: dict[str, Rated] = {}
        self._numbers: OrderedDict[str, str] = OrderedDict()
        self._turn = asyncio.Lock()

    async def catch_up(self) -> None:
        """Fold what was recorded since the last call in.

        Raises:
            Unreachable: the log is away; what was folded stays.

        """
        async with self._turn:
            end = await self._log.end()
            if self.cut == end:
                return
            seen = list(self.cut or [0] * len(end))
            async for batch in self._log.scan(tuple(seen), end):
                for record in batch:
                    await self._take(decode(record.value))
                seen[batch[-1].partition] = batch[-1].offset + 1
                self.cut = tuple(seen)
            self.cut = end

    async def _take(self, event: Event) -> None:
        stream, _, key = event["subject"].partition("/")
        if stream in {"org", "item"}:
            self.reference.apply(event)
        if stream == "rating":
            await self._take_rating(key, event)
        if stream != "case":
            return
        row = self._open.get(key)
        if row is not None and event["streamversion"] <= row.version:
            return
        if event["type"].endswith(CORRECTIONS) or (row is None and event["streamversion"] > 1):
            row = row_of(key, await self.history(key))
        else:
            row = after(row or Row(key), event)
        if row.is_open:
            self._open[key] = row
        else:
            self._open.pop(key, None)
        if row.case_no:
            self._numbers[row.case_no] = key
            while len(self._numbers) > NUMBERS_MAX:
                self._numbers.popitem(last=False)

    async def _take_rating(self, key: str, event: Event) -> None:
        known = self._rated.get(key)
        if known is not None and event["streamversion"] <= known.version:
            return
        version, at = event["streamversion"], event["time"]
        if known is None:
            if event["type"] not in BEGINS:
                return  # A rating that is no negative, or the end of one that is told again.
            known = Rated(0, Ratings(), {}, frozenset(), at)
        if known.version != version - 1 or event["type"].endswith(CORRECTIONS):
            history = [decode(record.value) async for record in self._log.read(f"rating/{key}")]
            state, version = fold_ratings(history), history[-1]["streamversion"]
        else:
            state = evolve_ratings(known.state, event)
        told = replace(known, version=version, state=state, at=max(at, known.at))
        for subject in {r.subject for r in state.ratings.values() if r.step} - {*known.numbers}:
            number, sources = await self._named(subject, key)
            told = replace(told, numbers={**told.numbers, subject: number},
                           sources=told.sources | sources)  # fmt: skip
        if any(rating.step for rating in state.ratings.values()):
            self._rated[key] = told
        else:
            self._rated.pop(key, None)

    async def _named(self, subject: Subject, key: str) -> tuple[str, frozenset[str]]:
        """Give the number of what was rated, and the sources that had a hand in it."""
        if subject.kind == "case":
            row = row_of(key, await self.history(key))
            return row.case_no, row.sources
        stream = f"{'hall' if subject.ticket else 'agent'}/{key}"
        history = [decode(record.value) async for record in self._log.read(stream)]
        ticket = hall.fold(history).tickets.get(subject.ticket) if subject.ticket else None
        return (ticket.no if ticket else key), frozenset(e["sourcesystem"] for e in history)

    def negatives(self, source: str) -> Iterator[Negative]:
        """Give the open negatives of cases, halls and tasks that a source has had a hand in."""
        for key, known in self._rated.items():
            if source in known.sources:
                for rating in known.state.ratings.values():
                    if rating.step:
                        number = known.numbers[rating.subject]
                        yield Negative(key, number, rating, known.state.clocks, known.at)

    async def history(self, case_id: str) -> list[Event]:
        """Give all events of a case, from the log itself."""
        return [decode(record.value) async for record in self._log.read(f"case/{case_id}")]

    def rows(self, source: str) -> Iterator[Row]:
        """Give the open cases that a source has had a hand in."""
        return (row for row in self._open.values() if source in row.sources)

    async def find(self, text: str, source: str, most: int) -> list[Row]:
        """Give the cases of a source with that id, or whose number begins or ends so."""
        ids = [text] if text in self._open else []
        for case_no, case_id in reversed(self._numbers.items()):
            if len(ids) >= most:
                break
            if case_id not in ids and (case_no.startswith(text) or case_no.endswith(text)):
                ids.append(case_id)
        rows = [self._open.get(key) or row_of(key, await self.history(key)) for key in ids]
        return [row for row in rows if source in row.sources]
