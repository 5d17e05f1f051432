"""fsck (查账): re-derives what a book says of itself, and names every place where it is wrong.

The chain over the bytes as stored, versions, ids, times, types, the shape of every fact — and,
deep, the whole history again: each fact is turned back into its command, decided by the rules
with the reference data its partition had adopted, and compared byte by byte, stamps included.
Reads any `Log`; never stops at the first finding.
"""

import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import orjson
from pydantic import ValidationError

from ledger.contracts.codes import partition_of
from ledger.contracts.commands import BEAT, CLOCK, TICK
from ledger.contracts.events import FACTS
from ledger.contracts.events.reference import ReferenceAdopted, ReferencePayload
from ledger.contracts.events.source import SourceReturned
from ledger.contracts.wire import Event, decode, event_id
from ledger.log.seam import Cut, Log, Record
from ledger.proof.chain import chain, genesis
from ledger.rules.alerts import raising
from ledger.rules.partition import Partition
from ledger.rules.recording import Decision, Stored, keep_looks

FINDINGS_MAX = 1000
"""Findings that are listed; `found` counts them all."""

ZONE = "+08:00"
RESTAMPED = ".event_restamped"
CLAMPED = "clamped"


class Finding(NamedTuple):
    """One place where the book is wrong."""

    kind: str
    partition: int
    offset: int
    id: str
    message: str


class Report:
    """What was found so far."""

    def __init__(self) -> None:
        self.events = 0
        self.streams = 0
        self.found = 0
        self.findings: list[Finding] = []

    def add(self, kind: str, record: Record, ident: str, message: str) -> None:
        """Note one finding; the first 1,000 are kept."""
        self.found += 1
        if len(self.findings) < FINDINGS_MAX:
            self.findings.append(Finding(kind, record.partition, record.offset, ident, message))


async def fsck(
    log: Log, *, deep: bool = True, on_progress: Callable[[int, Cut], None] | None = None
) -> dict[str, Any]:
    """Check the whole book as it is now; gives `{events, streams, root, found, findings}`.

    `root` is one hash over the last links of all partitions: two books with one root are one
    book. `deep` decides every command again; it holds one partition's events in memory.

    Raises:
        Unreachable: the book cannot be read to its end.

    """
    report = Report()
    end = await log.end()
    reference: list[Event] = []
    heads: dict[int, bytes] = {}
    # The reference partition first: the others decide with what it holds.
    for partition in (log.partitions, *range(log.partitions)):
        check = PartitionCheck(partition, log.partitions, report, reference, deep=deep)
        only = tuple(end[p] if p == partition else 0 for p in range(len(end)))
        async for records in log.scan(None, only):
            for record in records:
                check.see(record)
            if on_progress:
                on_progress(report.events, end)
        check.finish(end[partition])
        heads[partition] = check.head
    root = hashlib.sha256(b"".join(heads[p] for p in sorted(heads))).hexdigest()
    return {
        "events": report.events, "streams": report.streams, "root": root, "found": report.found,
        "findings": [finding._asdict() for finding in report.findings],
    }  # fmt: skip


def alarms(findings: list[dict[str, Any]], now: datetime) -> list[bytes]:
    """Give the commands that raise a red alert (R32 链校验失败) for each stream with a finding.

    What lies in no stream is laid to its partition.
    """
    first: dict[str, dict[str, Any]] = {}
    for finding in findings:
        stream = finding["id"].rpartition("@")[0]
        first.setdefault(stream or f"partition/{finding['partition']}", finding)
    return [
        raising("fsck", now, {
            "rule_id": "R32", "level": "red", "subject": stream, "about": finding["kind"],
            "since": now.isoformat(), "facts": [finding["id"]] if finding["id"] else [],
        })
        for stream, finding in first.items()
    ]  # fmt: skip


class PartitionCheck:
    """One partition, read from its first event to its last."""

    def __init__(
        self, number: int, partitions: int, report: Report, reference: list[Event], *, deep: bool
    ) -> None:
        self.head = genesis(number)
        self._number = number
        self._partitions = partitions
        self._report = report
        self._versions: dict[str, int] = {}
        self._recorded_at = ""
        self._reached = 0
        self._reference = reference
        self._replay = Replay(number, partitions, report, reference) if deep else None

    def see(self, record: Record) -> None:
        """Check the next event of the partition."""
        self._report.events += 1
        self._reached = record.offset + 1
        if chain(self.head, record.value) != record.chain:
            self._report.add("chain", record, "", "its link does not follow from the one before: "
                             "bytes were changed, or an event is missing before it")  # fmt: skip
        # Go on from what is stored, so that one change is one finding.
        self.head = record.chain
        try:
            event = decode(record.value)
            kind, subject, version = event["type"], event["subject"], event["streamversion"]
            body, times = event["data"], (event["time"], event["recordedat"])
            data, _ = body["data"], body["stamp"]
        except (ValueError, KeyError, TypeError) as error:
            self._report.add("unreadable", record, "", f"not an event: {error!r}")
            return
        self._envelope(record, event, subject, version)
        self._times(record, event["id"], *times)
        self._shape(record, event["id"], kind, data)
        if self._number == self._partitions and kind in FACTS:
            self._reference.append(event)
        if self._replay:
            self._replay.see(record, event)

    def finish(self, end: int) -> None:
        """Check what only the end of the partition shows."""
        self._report.streams += len(self._versions)
        if self._replay:
            self._replay.finish()
        if self._reached == 0 and end > 0:
            self._report.add("missing", Record(self._number, 0, b"", b""), "",
                             f"the book ends at {end}, but no event can be read")  # fmt: skip

    def _envelope(self, record: Record, event: Event, subject: str, version: int) -> None:
        ident = event["id"]
        expected = self._versions.get(subject, 0) + 1
        if version != expected:
            self._report.add("version", record, ident,
                             f"version {version} of {subject}, expected {expected}")  # fmt: skip
        self._versions[subject] = max(version, expected)
        if ident != event_id(subject, version):
            self._report.add("id", record, ident, f"should be {event_id(subject, version)}")
        home = self._home(subject, event["type"])
        if home != self._number:
            self._report.add("place", record, ident, f"{subject} belongs to partition {home}")

    def _home(self, subject: str, kind: str) -> int:
        stream, _, key = subject.partition("/")
        if stream == ReferenceAdopted.STREAM:
            return int(key) if key.isdecimal() else -1
        fact = FACTS.get(kind)
        if fact is not None and issubclass(fact, ReferencePayload):
            return self._partitions
        return partition_of(key, self._partitions)

    def _times(self, record: Record, ident: str, at: str, recorded_at: str) -> None:
        for text in (at, recorded_at):
            try:
                datetime.fromisoformat(text)
            except ValueError:
                self._report.add("time", record, ident, f"{text!r} is no time")
                return
            if not text.endswith(ZONE):
                self._report.add("time", record, ident, f"{text} is not in {ZONE}")
        if recorded_at < self._recorded_at:
            self._report.add("time", record, ident, f"recorded at {recorded_at}, after an event "
                             f"that was recorded at {self._recorded_at}")  # fmt: skip
        if at > recorded_at:
            self._report.add("time", record, ident, f"happened at {at}, after it was recorded")
        self._recorded_at = max(self._recorded_at, recorded_at)

    def _shape(self, record: Record, ident: str, kind: str, data: dict[str, Any]) -> None:
        fact = FACTS.get(kind)
        if fact is None:
            self._report.add("type", record, ident, f"no fact is called {kind!r}")
            return
        try:
            fact.model_validate(data)
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            where = ".".join(map(str, first["loc"]))
            self._report.add("data", record, ident, f"{kind}: {where}: {first['msg']}")


class Replay:
    """Law 8: the same commands, decided again at the same instants, make the same bytes."""

    def __init__(
        self, number: int, partitions: int, report: Report, reference: list[Event]
    ) -> None:
        self._number = number
        self._is_reference = number == partitions
        self._report = report
        self._reference = reference
        self._stored: dict[str, list[bytes]] = {}
        self._looks: dict[str, str | None] = {}
        self._partition = Partition(number, self, is_reference=self._is_reference)
        self._expected: list[Stored] = []

    def history(self, stream: str) -> list[bytes]:
        """Give the stored events of a stream (the `Store` of the rules)."""
        return self._stored.get(stream, [])

    def receipt(self, key: str) -> bytes | None:  # noqa: ARG002
        """Nothing is bound: every event is decided once, from its place in the book."""
        return None

    def due(self, before: str, limit: int) -> list[str]:
        """Give the streams a tick has to look at."""
        found = [(look, name) for name, look in self._looks.items() if look is not None]
        return [name for look, name in sorted(found)[:limit] if look < before]

    def see(self, record: Record, event: Event) -> None:
        """Derive the next stored event and compare."""
        broken = False
        if not self._expected:
            broken = not self._derive(record, event)
        if self._expected:
            expected = self._expected.pop(0)
            broken = expected.value != record.value
            if broken:
                self._report.add("derived", record, event["id"], _differ(expected.value, event))
        self._stored.setdefault(event["subject"], []).append(record.value)
        if broken:
            self._start_again()
        elif not self._expected:
            self._partition.settle()

    def finish(self) -> None:
        """Say so when the book ends in the middle of a batch."""
        if self._expected:
            last = self._expected[0]
            self._report.add("missing", Record(self._number, -1, b"", b""),
                             event_id(last.stream, last.version),
                             "the batch before the end should have made this event")  # fmt: skip

    def _derive(self, record: Record, event: Event) -> bool:
        """Fill `_expected` with what the event's command makes; False when it makes nothing."""
        moment = datetime.fromisoformat(event["recordedat"])
        if event["type"] == ReferenceAdopted.TYPE:
            known, offset = self._partition.reference.offset, event["data"]["data"]["offset"]
            made = self._partition.adopt(self._reference[known:offset], offset, moment)
            if made is None:
                self._report.add("derived", record, event["id"], "nothing new was adopted")
                return False
            return self._expect(made, record, event)
        fact = FACTS.get(event["type"])
        if event["sourcesystem"] == CLOCK:
            decision = self._partition.decide(tick_of(event), moment)
            return self._expect(decision, record, event)
        if event["type"] == SourceReturned.TYPE:
            return self._expect(self._partition.decide(command_of(event, BEAT), moment),
                                record, event)  # fmt: skip
        if fact is None or not fact.COMMAND:
            self._report.add("derived", record, event["id"],
                             "no command makes this fact, and no batch before it did")  # fmt: skip
            return False
        return self._expect(
            self._partition.decide(command_of(event, fact.COMMAND), moment), record, event
        )

    def _expect(self, decision: Decision, record: Record, event: Event) -> bool:
        """Await what a command makes; False when it makes nothing."""
        keep_looks(self._looks, decision.looks)
        if decision.receipt.status == "refused":
            self._report.add("legality", record, event["id"],
                             f"{decision.receipt.code}: {decision.receipt.message}")  # fmt: skip
            return False
        self._expected = list(decision.events)
        if not self._expected:
            self._report.add("derived", record, event["id"], "its command makes no fact")
        return bool(self._expected)

    def _start_again(self) -> None:
        """Trust what is stored from here on, so that one wrong event is one finding."""
        reference = self._partition.reference
        self._expected = []
        self._partition = Partition(self._number, self, is_reference=self._is_reference)
        self._partition.reference = reference


def tick_of(event: Event) -> bytes:
    """Turn a fact that a tick made back into the tick; its number names partition and instant."""
    number, _, at = event["sourceseq"].partition("@")
    return orjson.dumps({
        "type": TICK, "key": number, "occurred_at": at, "source_system": CLOCK,
        "source_seq": event["sourceseq"], "source_class": "system",
    })  # fmt: skip


def command_of(event: Event, kind: str) -> bytes:
    """Turn a fact back into the command that asked for it."""
    stamp = event["data"]["stamp"]
    at = datetime.fromisoformat(event["time"])
    if CLAMPED in stamp.get("flags", []):
        at += timedelta(seconds=1)  # It was ahead of the ledger's clock; how far is not kept.
    actor = {"kind": event["actorkind"], "staff": event.get("actorstaff"),
             "post": event.get("actorpost")}  # fmt: skip
    command = {
        "type": kind, "key": event["subject"].partition("/")[2], "occurred_at": at.isoformat(),
        "source_system": event["sourcesystem"], "source_seq": event["sourceseq"],
        "source_class": event["sourceclass"], "actor": actor, "centre": event.get("centre"),
        "dept": event.get("dept"), "window": event.get("window"),
        "channel": event.get("channel"), "late_reason": event.get("latereason"),
        "causation": event.get("causation"), "correlation": event.get("correlation"),
        "data": event["data"]["data"],
    }  # fmt: skip
    return orjson.dumps(command)


def _differ(expected: bytes, event: Event) -> str:
    """Say in one sentence how a stored event differs from what the rules make."""
    made: dict[str, Any] = orjson.loads(expected)
    stored: dict[str, Any] = dict(event)
    for part in ("stamp", "data"):
        a, b = made["data"].get(part, {}), stored["data"].get(part, {})
        for name in sorted({*a, *b}):
            if a.get(name) != b.get(name):
                return f"{part}.{name} is {b.get(name)!r}, the rules make {a.get(name)!r}"
    for name in sorted({*made, *stored} - {"data"}):
        if made.get(name) != stored.get(name):
            return f"{name} is {stored.get(name)!r}, the rules make {made.get(name)!r}"
    return "the bytes differ in their order"
