"""The deciding side of the embedded book: partitions, group commit, recovery.

Used by one thread only. A batch is decided on the partitions' own overlay and inserted in one
transaction; after any failure nothing in memory is trusted.
"""

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson

from ledger.contracts.commands import command_hash, hashed, key_of, route
from ledger.contracts.wire import Event, decode
from ledger.log.seam import Heard, LogError, Pulse
from ledger.proof.chain import chain, genesis
from ledger.rules.partition import Partition
from ledger.rules.recording import EVERY, Decision, Stored, failed_decision, keep_looks
from ledger.rules.registry import told_by

SHIFT = 40
"""Row id = partition << 40 | offset: the primary key is the position, in order."""
ATTEMPTS_MAX = 3
PAGE_BYTES = 16_384
"""Of a new book: a dozen events of 1 KB to a page, where 4,096 hold three."""
CHECKPOINT_PAGES = 4_000
"""64 MiB of WAL: the upper pages of the indexes are copied home once in 50,000 events."""
SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS events (
    position INTEGER PRIMARY KEY, stream TEXT NOT NULL, version INTEGER NOT NULL,
    value BLOB NOT NULL, chain BLOB NOT NULL);
CREATE UNIQUE INDEX IF NOT EXISTS events_stream ON events (stream, version);
CREATE TABLE IF NOT EXISTS receipts (
    partition INTEGER NOT NULL, key TEXT NOT NULL, body BLOB NOT NULL,
    PRIMARY KEY (key, partition)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS rejects (
    n INTEGER PRIMARY KEY, partition INTEGER NOT NULL, key TEXT NOT NULL, hash TEXT NOT NULL,
    code TEXT NOT NULL, body BLOB NOT NULL, UNIQUE (key, hash, code));
CREATE TABLE IF NOT EXISTS looks (
    stream TEXT PRIMARY KEY, partition INTEGER NOT NULL, due TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS looks_due ON looks (partition, due);
CREATE TABLE IF NOT EXISTS heard (
    source TEXT PRIMARY KEY, partition INTEGER NOT NULL, now TEXT NOT NULL,
    centres TEXT NOT NULL) WITHOUT ROWID;
"""


class SqliteStore:
    """What is stored of one partition (`ledger.rules.partition.Store`), over a connection."""

    def __init__(
        self, connection: sqlite3.Connection, partition: int,
        unbound: AbstractSet[str] = frozenset(),
    ) -> None:  # fmt: skip
        self._connection = connection
        self._partition = partition
        self._unbound = unbound

    def history(self, stream: str) -> list[bytes]:
        """Give the stored events of a stream in order of version."""
        rows = self._connection.execute(
            "SELECT value FROM events WHERE stream = ? ORDER BY version", (stream,)
        )
        return [row[0] for row in rows]

    def receipt(self, key: str) -> bytes | None:
        """Give the receipt a source key is bound to, in this partition (as on Kafka)."""
        if key in self._unbound:
            return None
        row = self._connection.execute(
            "SELECT body FROM receipts WHERE key = ? AND partition = ?", (key, self._partition)
        ).fetchone()
        return None if row is None else row[0]

    def due(self, before: str, limit: int) -> list[str]:
        """Give the streams a tick has to look at."""
        rows = self._connection.execute(
            "SELECT stream FROM looks WHERE partition = ? AND due < ? ORDER BY due, stream LIMIT ?",
            (self._partition, before, limit),
        )
        return [row[0] for row in rows]


class Writer:
    """The writing side, used by one thread only: partitions, ends and chain heads."""

    def __init__(self, path: Path, partitions: int) -> None:
        self.partitions = partitions
        self.connection = connect(path)
        self.connection.executescript(SCHEMA)
        self._check_partitions(path)
        self.ends: list[int] = []
        self._heads: list[bytes] = []
        self._open: dict[int, Partition] = {}
        self._new_events: list[tuple[int, str, int, bytes, bytes]] = []
        self._new_receipts: list[tuple[int, str, bytes]] = []
        self._new_looks: dict[int, dict[str, str | None]] = defaultdict(dict)
        self._attempts: Counter[str] = Counter()
        self._unbound: set[str] = set()
        """Source keys of the batch that no receipt is bound to: asked once for all of them."""
        self._sources: dict[int, dict[str, Heard]] = defaultdict(dict)
        for source, number, heard_at, centres in self.connection.execute("SELECT * FROM heard"):
            known = Heard(0.0, heard_at, tuple(orjson.loads(centres)))
            self._sources[number][source] = known
        self.reload()

    def _check_partitions(self, path: Path) -> None:
        row = self.connection.execute("SELECT value FROM meta WHERE name='partitions'").fetchone()
        if row is None:
            with self.connection:
                self.connection.execute(
                    "INSERT INTO meta VALUES ('partitions', ?)", (str(self.partitions),)
                )
        elif int(row[0]) != self.partitions:
            message = f"{path} has {row[0]} partitions, not {self.partitions}; they never change"
            raise LogError(message)

    def reload(self) -> None:
        """Forget everything in memory and read ends and chain heads from the file."""
        self._open.clear()
        self._new_events.clear()
        self._new_receipts.clear()
        self._new_looks.clear()
        self.ends, self._heads = [], []
        for partition, (end, head) in enumerate(last_links(self.connection, self.partitions)):
            self.ends.append(end)
            self._heads.append(head or genesis(partition))

    def commit(self, batch: Sequence[bytes], now: datetime) -> list[Decision]:
        """Decide a batch and make it durable, or raise and leave the file untouched."""
        work = [(raw, hashed(raw)) for raw in batch]
        while True:
            try:
                with self.connection:
                    self._ask_keys(fields for _, (_, fields) in work)
                    decisions = [self._one(raw, now, read) for raw, read in work]
                    self._flush()
            except _Broken:
                # One bad command must not stop its neighbours: after three rebuilds it alone is
                # refused (tests/conformance, "a command that breaks the rules").
                self.reload()
                continue
            except sqlite3.IntegrityError:
                self.reload()
                if len(batch) > 1:  # Nor one that the file refuses: each by itself.
                    return [self.commit([raw], now)[0] for raw in batch]
                self._attempts[command_hash(batch[0])] += 1
                continue
            except Exception:
                self.reload()
                raise
            for partition in self._open.values():
                partition.settle()
            return decisions

    def _ask_keys(self, batch: Iterable[Any]) -> None:
        # `json_each` ends a text at NUL: such a key is looked up by itself, where it matters.
        keys = {key for fields in batch if (key := key_of(fields)) and "\0" not in key}
        bound = self.connection.execute(
            "SELECT key FROM receipts WHERE key IN (SELECT value FROM json_each(?))",
            (orjson.dumps(list(keys)).decode(),),
        )
        self._unbound.clear()
        self._unbound |= keys.difference(row[0] for row in bound)

    def _one(self, raw: bytes, now: datetime, read: tuple[str, Any]) -> Decision:
        """Decide a command, and behind it those that its facts cause."""
        decision = self._alone(raw, route(raw, self.partitions, read[1]), now, read)
        for caused in decision.caused:
            self._one(caused, now, hashed(caused))
        return decision

    def _alone(
        self, raw: bytes, number: int, now: datetime, read: tuple[str, Any]
    ) -> Decision:  # fmt: skip
        if self._attempts and self._attempts[command_hash(raw)] >= ATTEMPTS_MAX:
            decision = failed_decision(raw, now)
        else:
            partition = self._partition(number, now)
            try:
                decision = partition.decide(raw, now, read)
            except sqlite3.Error:
                raise
            except Exception as error:
                self._attempts[command_hash(raw)] += 1
                raise _Broken from error
        self._keep(number, decision)
        if decision.receipt.status == "accepted":
            receipt = decision.receipt
            self._new_receipts.append((number, receipt.key, receipt.as_json()))
        if (reject := decision.reject) is not None:
            self.connection.execute(
                "INSERT OR IGNORE INTO rejects (partition, key, hash, code, body) "
                "VALUES (?, ?, ?, ?, ?)",
                (number, reject["key"], reject["hash"], reject["code"], orjson.dumps(reject)),
            )
        return decision

    def _keep(self, number: int, decision: Decision) -> None:
        """Keep events and looks of a decision for the end of the batch."""
        if EVERY in decision.looks:
            self.connection.execute("UPDATE looks SET due = '' WHERE partition = ?", (number,))
        keep_looks(self._new_looks[number], decision.looks)
        for event in decision.events:
            self._append(number, event)

    def _append(self, number: int, event: Stored) -> None:
        link = chain(self._heads[number], event.value)
        position = (number << SHIFT) + self.ends[number]
        self._new_events.append((position, event.stream, event.version, event.value, link))
        self._heads[number] = link
        self.ends[number] += 1

    def _flush(self) -> None:
        """Insert what the batch has made so far, inside its transaction."""
        insert = self.connection.executemany
        insert("INSERT INTO events VALUES (?, ?, ?, ?, ?)", self._new_events)
        insert("INSERT INTO receipts VALUES (?, ?, ?)", self._new_receipts)
        looks = [(s, n, due) for n, new in self._new_looks.items() for s, due in new.items()]
        insert(
            "INSERT OR REPLACE INTO looks VALUES (?, ?, ?)",
            [look for look in looks if look[2] is not None],
        )
        insert(
            "DELETE FROM looks WHERE stream = ?",
            [(stream,) for stream, _, due in looks if due is None],
        )
        insert(
            "INSERT OR REPLACE INTO heard VALUES (?, ?, ?, ?)",
            [
                (source, number, at, orjson.dumps(centres).decode())
                for number, partition in self._open.items()
                for source, (at, centres) in partition.heard.items()
            ],
        )
        self._new_looks.clear()
        self._new_events.clear()
        self._new_receipts.clear()

    def _partition(self, number: int, now: datetime) -> Partition:
        partition = self._open.get(number)
        if partition is None:
            partition = self._open[number] = self._resume(number)
        behind = partition.reference.offset < self.ends[self.partitions]
        if behind and not partition.is_reference:
            facts = self._reference(partition.reference.offset, self.ends[self.partitions])
            adopted = partition.adopt(facts, self.ends[self.partitions], now)
            if adopted is not None:
                self._keep(number, adopted)
        return partition

    def _resume(self, number: int) -> Partition:
        store = SqliteStore(self.connection, number, self._unbound)
        partition = Partition(number, store, is_reference=number == self.partitions)
        row = self.connection.execute(
            "SELECT value FROM events WHERE position = ?",
            ((number << SHIFT) + self.ends[number] - 1,),
        ).fetchone()
        if row is not None:
            partition.resume(decode(row[0])["recordedat"])
        if partition.is_reference:
            known = self.ends[number]
        else:
            history = store.history(f"partition/{number}")
            known = told_by([decode(value) for value in history]).adopted
        for fact in self._reference(0, known):
            partition.reference.apply(fact)
        partition.reference.offset = 0 if partition.is_reference else known
        return partition

    def _reference(self, start: int, end: int) -> list[Event]:
        base = self.partitions << SHIFT
        first, last = base + start, base + end
        rows = self.connection.execute(
            "SELECT value FROM events WHERE position >= ? AND position < ? ORDER BY position",
            (first, last),
        )
        fresh = [row[3] for row in self._new_events if first <= row[0] < last]
        return [decode(value) for value in (*(row[0] for row in rows), *fresh)]

    def pulse(self, number: int, at: float) -> Pulse | None:
        """Give the pulse of a partition after a committed tick."""
        partition = self._open.get(number)
        if partition is None or not partition.tick:
            return None
        beats = dict.fromkeys(partition.beats, at)
        partition.beats.clear()
        sources = self._sources[number]
        for source, (heard_at, centres) in partition.heard.items():
            sources[source] = Heard(at, heard_at, tuple(centres))
        partition.heard.clear()
        return Pulse(number, self.ends[number], at, partition.tick, beats, dict(sources))


class _Broken(Exception):
    """A command broke the rules' code; the batch is decided again without trust."""


def connect(path: Path) -> sqlite3.Connection:
    """Open a connection: WAL, FULL; used by one thread at a time."""
    connection = sqlite3.connect(path, check_same_thread=False, timeout=30)
    connection.execute(f"PRAGMA page_size={PAGE_BYTES}")
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute(f"PRAGMA wal_autocheckpoint={CHECKPOINT_PAGES}")
    connection.execute("PRAGMA cache_size=-65536")
    return connection


def last_links(connection: sqlite3.Connection, partitions: int) -> list[tuple[int, bytes | None]]:
    """Give end and chain head of each partition; head None: the partition is empty."""
    found: list[tuple[int, bytes | None]] = []
    for partition in range(partitions + 1):
        row = connection.execute(
            "SELECT position, chain FROM events WHERE position >= ? AND position < ? "
            "ORDER BY position DESC LIMIT 1",
            (partition << SHIFT, (partition + 1) << SHIFT),
        ).fetchone()
        found.append((0, None) if row is None else (row[0] - (partition << SHIFT) + 1, row[1]))
    return found


def stored_partitions(path: Path) -> int:
    """Give how many ledger partitions the book at `path` was made with."""
    connection = connect(path)
    try:
        row = connection.execute("SELECT value FROM meta WHERE name = 'partitions'").fetchone()
    except sqlite3.DatabaseError as error:
        message = f"{path} is no book of ours ({error})"
        raise LogError(message) from error
    finally:
        connection.close()
    return int(row[0])
