"""A partition's writer, without the world: decides one command after another (laws 1, 2, 3, 6).

Pure: what is stored comes through a `Store`, time is an argument, nothing is written here. The
logs drive it: `decide` a batch, make the batch durable, then `settle()`. When durability failed
or is unknown, drop the whole `Partition` and build a new one from the store.
"""

import sys
from collections import OrderedDict
from datetime import datetime
from typing import Any, NamedTuple, Protocol

from ledger.contracts.codes import SHANGHAI, SourceClass
from ledger.contracts.commands import BEAT, TICK, Command, hashed
from ledger.contracts.events import REFERENCE_COMMANDS
from ledger.contracts.events.base import Payload
from ledger.contracts.events.reference import ClockTicked, ReferenceAdopted
from ledger.contracts.receipts import Receipt
from ledger.contracts.wire import Event, decode, encode, event_id
from ledger.rules import source, supervision
from ledger.rules.caused import CAUSES
from ledger.rules.door import check_duty, check_fields, check_late, check_references
from ledger.rules.facts import Draft, envelope
from ledger.rules.reading import centres_of, parse, payload_of
from ledger.rules.recording import (
    EVERY,
    Decision,
    Stored,
    keep_looks,
    reject_body,
)
from ledger.rules.reference import Reference
from ledger.rules.refusals import Code, Refused
from ledger.rules.registry import rules_of
from ledger.rules.streams import Asked, never
from ledger.rules.supervision_conditions import Beside

REFOLDED = (".event_voided", ".event_amended", ".event_restamped")
"""Corrections: the state is folded again from the facts that count."""
NOTED = frozenset({TICK, BEAT})
LOOKS_A_TICK = 5000
"""Streams that one tick looks at; the next tick goes on."""
AFTER_ALL = "~"
"""After every look."""
DAY = len("2020-06-01")
LONG_AGO = datetime.min.replace(tzinfo=SHANGHAI)
STATES_KEPT = 50_000
"""Streams whose folded state stays in memory; others are folded again when asked for."""


class Store(Protocol):
    """What is durable of one partition, for look-ups on demand."""

    def history(self, stream: str) -> list[bytes]:
        """Give the stored events of one stream in order of version."""
        ...

    def receipt(self, key: str) -> bytes | None:
        """Give the stored receipt of an accepted command, as JSON."""
        ...

    def due(self, before: str, limit: int) -> list[str]:
        """Give the streams a tick has to look at: look < `before`, ≤ `limit`.

        Earliest first, then by name. What a decision says in `looks` is kept by stream; "" is
        earlier than every tick.
        """
        ...


class Stream(NamedTuple):
    """A stream's version (facts so far) and folded state."""

    version: int
    state: Any


class Partition:
    """The folded state of one partition; one at a time decides."""

    def __init__(self, number: int, store: Store, *, is_reference: bool = False) -> None:
        self.number = number
        self.is_reference = is_reference
        self.reference = Reference()
        self.tick = ""
        self.beats: set[str] = set()
        self.heard: dict[str, tuple[str, list[str]]] = {}
        """Source → when its newest beat was heard, by the ledger's clock, and for which centres."""
        self._store = store
        self._streams: OrderedDict[str, Stream] = OrderedDict()
        self._new_events: dict[str, list[bytes]] = {}
        self._new_receipts: dict[str, Receipt] = {}
        self._new_looks: dict[str, str | None] = {}
        self._looks: dict[str, str | None] = {}
        self._all_due = False
        """A calendar was adopted in this batch."""
        self._caused: list[bytes] = []
        self._touched: list[Event] = []
        """Facts of the batch that may touch a rule of 电子监察."""
        self._recorded_at = ""
        self._told: datetime | None = None
        self._moment = LONG_AGO

    def resume(self, recorded_at: str) -> None:
        """Continue after the last stored event, recorded then: time never runs backwards."""
        self._recorded_at = max(self._recorded_at, recorded_at)
        self._told = None

    def settle(self) -> None:
        """The batch is durable: forget the overlay, trim the cache."""
        self._new_events.clear()
        self._new_receipts.clear()
        self._new_looks.clear()
        self._all_due = False
        while len(self._streams) > STATES_KEPT:
            self._streams.popitem(last=False)

    def adopt(self, facts: list[Event], offset: int, now: datetime) -> Decision | None:
        """Fold reference facts up to `offset` in and say so in the partition itself.

        Gives the `reference.adopted` fact to append before anything else of the batch; None when
        there is nothing new. A new calendar moves dues: every open stream is looked at anew.
        """
        if offset <= self.reference.offset:
            return None
        calendar = self.reference.calendar
        for fact in facts:
            self.reference.apply(fact)
        self.reference.offset = offset
        draft = Draft(f"partition/{self.number}", ReferenceAdopted.TYPE, {"offset": offset}, {})
        command = Command(
            type="reference.adopt", key=str(self.number), occurred_at=self._now(now),
            source_system="ledger", source_seq=f"adopt-{self.number}-{offset}",
            source_class=SourceClass.SYSTEM,
        )  # fmt: skip
        event = self._record(draft, command, self._at(command.occurred_at), self._now(now))
        looks = {} if self.reference.calendar is calendar else {EVERY: ""}
        keep_looks(self._new_looks, looks)
        self._all_due |= bool(looks)
        noted = Receipt(key=f"ledger/{command.source_seq}", hash="", status="noted")
        return Decision(noted, (event,), None, looks)

    def decide(
        self, raw: bytes, now: datetime, read: tuple[str, Any] | None = None
    ) -> Decision:  # fmt: skip
        """Decide one command; refusals are results, only a defect of ours raises.

        `read`: what `hashed` gives of it, where the caller asked before.
        """
        moment = self._now(now)
        key, stream = "", ""
        digest, fields = read or hashed(raw)
        self._looks, self._caused, self._touched = {}, [], []
        try:
            command = parse(raw, fields)
            key = f"{command.source_system}/{command.source_seq}"
            if command.type in NOTED:
                return self._note(command, key, digest, moment)
            if bound := self._receipt(key):
                if bound.hash == digest:
                    return Decision(bound.model_copy(update={"status": "duplicate"}))
                raise Refused(
                    Code.E_DUP_CONFLICT,
                    f"{key} is bound to another command, which made {', '.join(bound.events)}",
                )
            if (command.type in REFERENCE_COMMANDS) != self.is_reference:
                raise Refused(Code.E_TYPE, f"{command.type!r} does not belong to this partition")
            payload = payload_of(command)
            check_fields(command, payload)
            stream = f"{payload.STREAM}/{command.key}"
            recorded = self._record_all(command, payload, stream, moment)
        except Refused as refused:
            return self._refuse(refused, key, digest, stream, raw, moment)
        receipt = Receipt(
            key=key, hash=digest, status="accepted", stream=stream,
            version=self._streams[stream].version,
            events=tuple(event_id(e.stream, e.version) for e in recorded),
        )  # fmt: skip
        self._new_receipts[key] = receipt
        return Decision(receipt, tuple(recorded), None, self._looks, tuple(self._caused))

    # ------------------------------------------------------------------------- inside one command

    def _record_all(
        self, command: Command, payload: Payload, stream: str, moment: datetime
    ) -> list[Stored]:
        flags = check_late(command, moment, self.reference)
        occurred = min(command.occurred_at, moment)
        if occurred < command.occurred_at:
            flags.append("clamped")
        at = self._at(occurred)
        data = payload.model_dump(mode="json", exclude_none=True)
        rules = rules_of(stream)
        version, before = self._stream(stream)
        asked = Asked(command, payload, stream, data, before, at, self.reference, self._state,
                      self._history, version, self._at(moment))  # fmt: skip
        check_references(command, payload, data, self.reference)
        rules.check_known(asked)
        check_duty(command, data, self.reference, lambda: self._history(stream))
        rules.check_right(asked)
        if command.expected_version is not None and command.expected_version != version:
            raise Refused(
                Code.E_VERSION,
                f"{stream} is at version {version}, not {command.expected_version}; read it again",
            )
        drafts = rules.decide(asked)
        if flags:
            first = drafts[0]
            drafts[0] = first._replace(
                stamp={**first.stamp, "flags": [*first.stamp.get("flags", []), *flags]}
            )
        recorded = [self._record(draft, command, at, moment) for draft in drafts]
        if rules.timed(self._state(stream)) is rules.timed(before) and not self._touched:
            return recorded
        return recorded + self._settle(stream, command, moment, at)

    def _settle(
        self, stream: str, command: Command, moment: datetime, at: str, tick: str = ""
    ) -> list[Stored]:
        """Record what time asks of a stream now, and when it has to be looked at again.

        `at` is when the command's fact happened, or the tick. Asked until nothing more is: a
        deemed acceptance starts clocks that may be due as well.
        """
        rules = rules_of(stream)
        if rules.next_look is never:
            return []
        recorded: list[Stored] = []
        while drafts := rules.settle(
            stream, self._stream(stream).state, self.reference, tick,
            lambda: self._history(stream),
        ):  # fmt: skip
            recorded += [self._record(draft, command, "", moment) for draft in drafts]
        recorded += self._supervise(stream, command, moment, at, tick)
        state = self._stream(stream).state
        looks = (
            rules.next_look(state, self.reference),
            supervision.look(stream, state, self.reference, self._state, self.tick),
        )
        look = min((look for look in looks if look is not None), default=None)
        self._looks[stream] = self._new_looks[stream] = look
        return recorded

    def _supervise(
        self, stream: str, command: Command, moment: datetime, at: str, tick: str
    ) -> list[Stored]:
        """Record what the batch makes of the alerts about a stream."""
        touched, self._touched = self._touched, []
        now = tick or self._at(moment)
        beside = Beside(self.reference, self._state, self._history)
        drafts = supervision.alerts_of(stream, touched, beside, at, now, tick)
        return [self._record(draft, command, "", moment) for draft in drafts]

    def _tick(self, command: Command, moment: datetime) -> list[Stored]:
        """Look at every stream that is due before the tick, earliest first."""
        fresh = {
            stream
            for stream, look in self._new_looks.items()
            if look is not None and look < self.tick
        }
        stored = self._due()
        # In order of name, so that a replay finds the same order whatever it knew of dues.
        streams = sorted(fresh | (set(stored) - set(self._new_looks)))
        recorded = []
        for stream in streams:
            recorded += self._settle(stream, command, moment, self.tick, self.tick)
        told = self._stream(f"partition/{self.number}").state
        if self.is_reference or not (recorded or told.ticked[:DAY] < self.tick[:DAY]):
            return recorded
        to = self.tick if len(stored) < LOOKS_A_TICK else told.ticked
        if not to:
            return recorded
        draft = Draft(f"partition/{self.number}", ClockTicked.TYPE, {"to": to}, {},
                      at=self.tick, derived=True)  # fmt: skip
        return [self._record(draft, command, "", moment), *recorded]

    def _due(self) -> list[str]:
        """Give the stored streams to look at; a calendar of this batch is not stored yet."""
        if not self._all_due:
            return self._store.due(self.tick, LOOKS_A_TICK)
        every = self._store.due(AFTER_ALL, sys.maxsize)
        return sorted(set(every) - set(self._new_looks))[:LOOKS_A_TICK]

    def _record(self, draft: Draft, command: Command, at: str, moment: datetime) -> Stored:
        before = self._stream(draft.stream)
        version = before.version + 1
        if draft.event is None:
            recorded_at = self._at(moment)
            event = envelope(draft, command, draft.at or at or recorded_at, recorded_at, version)
        else:
            event = draft.event
            event["data"]["stamp"] = dict(draft.stamp)
        value = encode(event)
        self._new_events.setdefault(draft.stream, []).append(value)
        if supervision.touches(event):
            self._touched.append(event)
        if draft.state is not None:
            state = draft.state
        elif draft.type.endswith(REFOLDED):
            state = rules_of(draft.stream).fold(self._history(draft.stream))
        else:
            state = rules_of(draft.stream).evolve(before.state, event)
        self._streams[draft.stream] = Stream(version, state)
        self._streams.move_to_end(draft.stream)
        if causes := CAUSES.get(draft.type):
            self._caused += causes(event)
        if self.is_reference:
            self.reference.apply(event)
        return Stored(draft.stream, version, value)

    def _note(self, command: Command, key: str, digest: str, moment: datetime) -> Decision:
        recorded: list[Stored] = []
        if command.type == TICK:
            self.tick = max(self.tick, self._at(command.occurred_at))
            recorded = self._tick(command, moment)
        else:
            recorded = self._hear(command, moment)
        noted = Receipt(key=key, hash=digest, status="noted")
        return Decision(noted, tuple(recorded), None, self._looks, tuple(self._caused))

    def _hear(self, beat: Command, moment: datetime) -> list[Stored]:
        """Note that a source is alive; of one that was silent it is its return."""
        centres, at = centres_of(beat), self._at(moment)
        self.beats.update(centres)
        self.heard[beat.key] = (at, centres)
        drafts = source.heard(self._state(source.stream_of(beat.key)), beat.key, centres, at)
        return [self._record(draft, beat, at, moment) for draft in drafts]

    def _refuse(
        self, refused: Refused, key: str, digest: str, stream: str, raw: bytes, moment: datetime
    ) -> Decision:
        return Decision(
            Receipt(
                key=key, hash=digest, status="refused", stream=stream, code=refused.code.value,
                message=refused.message, legal=refused.legal,
            ),
            (),
            reject_body(refused, key, digest, stream, raw, self._at(moment)),
        )  # fmt: skip

    # ------------------------------------------------------------------------------ what is known

    def _stream(self, name: str) -> Stream:
        known = self._streams.get(name)
        if known is None:
            history = self._history(name)
            known = Stream(len(history), rules_of(name).fold(history))
            self._streams[name] = known
        else:
            self._streams.move_to_end(name)
        return known

    def _state(self, name: str) -> Any:  # noqa: ANN401
        return self._stream(name).state

    def _history(self, stream: str) -> list[Event]:
        stored = self._store.history(stream)
        return [decode(value) for value in (*stored, *self._new_events.get(stream, ()))]

    def _receipt(self, key: str) -> Receipt | None:
        if known := self._new_receipts.get(key):
            return known
        stored = self._store.receipt(key)
        return None if stored is None else Receipt.model_validate_json(stored)

    def _now(self, now: datetime) -> datetime:
        """Give `now`, never before the last one of this partition."""
        if now is self._told:
            return self._moment
        self._told, local = now, now.astimezone(SHANGHAI)
        text = local.isoformat()
        if text < self._recorded_at:
            local = datetime.fromisoformat(self._recorded_at)
        else:
            self._recorded_at = text
        self._moment = local
        return local

    def _at(self, moment: datetime) -> str:
        if moment is self._moment:
            return self._recorded_at
        return moment.astimezone(SHANGHAI).isoformat()
