"""The writer's state file (状态文件): what one partition holds, stamped with how far it is folded.

Losing it costs only time: everything in it is folded again from the topics. It is owned under a
flock; while a stalled writer still holds that, its successor works on a private file.
"""

import contextlib
import fcntl
import os
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from ledger.log.kafka_records import BrokenPromise
from ledger.proof.chain import genesis
from ledger.rules.recording import EVERY, keep_looks

SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (
    one INTEGER PRIMARY KEY CHECK (one = 1), position INTEGER NOT NULL, chain BLOB NOT NULL,
    recorded_at TEXT NOT NULL, command INTEGER NOT NULL, rejects INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS events (
    stream TEXT NOT NULL, version INTEGER NOT NULL, value BLOB NOT NULL,
    PRIMARY KEY (stream, version)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS receipts (key TEXT PRIMARY KEY, body BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS rejects (key TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS looks (stream TEXT PRIMARY KEY, due TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS looks_due ON looks (due);
"""


class Mark(NamedTuple):
    """How far the file is folded, and what the next event continues."""

    position: int
    """Behind the last event folded; 0 = none."""
    chain: bytes
    recorded_at: str
    """Of the last event."""
    command: int
    """Offset of the command that made the last event; −1 = none."""
    rejects: int
    """Rejects before this offset are known."""


class Row(NamedTuple):
    """One event to keep."""

    stream: str
    version: int
    value: bytes


@dataclass(slots=True)
class Page:
    """What is merged into the file at once."""

    events: list[Row] = field(default_factory=list)
    """In order of the partition."""
    receipts: dict[str, bytes] = field(default_factory=dict)
    """Receipt key → receipt JSON, of accepted commands."""
    rejects: list[str] = field(default_factory=list)
    """What `reject_key` gives."""
    looks: dict[str, str | None] = field(default_factory=dict)
    """Stream → when a tick looks at it; "" = at the next one, None = never. `EVERY`: those that
    are stored, before the others here."""

    def look(self, said: Mapping[str, str | None]) -> None:
        """Take in what a decision said of looks."""
        keep_looks(self.looks, said)
        if EVERY in said:
            self.looks[EVERY] = ""


def beginning(number: int) -> Mark:
    """Give the mark of a partition of which nothing is folded."""
    return Mark(0, genesis(number), "", -1, 0)


def reject_key(key: str, digest: str, code: str) -> str:
    """Give what makes two rejects the same one."""
    return f"{key}\n{digest}\n{code}"


class StateFile:
    """The state of one partition (`ledger.rules.partition.Store`); used by one task at a time."""

    def __init__(self, number: int, path: Path) -> None:
        """Open `path`, or a private file that goes with this object if another process owns it."""
        self._number = number
        self._lock = _lock(path)
        self.is_private = self._lock is None
        where = "" if self.is_private else path
        self._connection = sqlite3.connect(where)
        try:
            self._prepare()
        except sqlite3.DatabaseError:
            # A damaged file is not mended: it is folded again.
            self._connection.close()
            for suffix in ("", "-wal", "-shm"):
                Path(f"{path}{suffix}").unlink(missing_ok=True)
            self._connection = sqlite3.connect(where)
            self._prepare()
        self.mark = self._read_mark()

    def _prepare(self) -> None:
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=NORMAL")
        self._connection.executescript(SCHEMA)
        with self._connection:
            self._connection.execute(
                "INSERT OR IGNORE INTO meta VALUES (1, ?, ?, ?, ?, ?)", beginning(self._number)
            )

    def _read_mark(self) -> Mark:
        row = self._connection.execute(
            "SELECT position, chain, recorded_at, command, rejects FROM meta"
        ).fetchone()
        return Mark(*row)

    def history(self, stream: str) -> list[bytes]:
        """Give the stored events of a stream in order of version."""
        rows = self._connection.execute(
            "SELECT value FROM events WHERE stream = ? ORDER BY version", (stream,)
        )
        return [row[0] for row in rows]

    def version(self, stream: str) -> int:
        """Give the last version of a stream; 0 = there is none."""
        row = self._connection.execute(
            "SELECT max(version) FROM events WHERE stream = ?", (stream,)
        ).fetchone()
        return row[0] or 0

    def receipt(self, key: str) -> bytes | None:
        """Give the receipt a source key is bound to."""
        row = self._connection.execute("SELECT body FROM receipts WHERE key = ?", (key,)).fetchone()
        return None if row is None else row[0]

    def due(self, before: str, limit: int) -> list[str]:
        """Give the streams a tick has to look at."""
        rows = self._connection.execute(
            "SELECT stream FROM looks WHERE due < ? ORDER BY due, stream LIMIT ?", (before, limit)
        )
        return [row[0] for row in rows]

    def is_rejected(self, key: str) -> bool:
        """Tell whether a reject (`reject_key`) is kept already."""
        row = self._connection.execute("SELECT 1 FROM rejects WHERE key = ?", (key,)).fetchone()
        return row is not None

    def merge(self, page: Page, mark: Mark) -> None:
        """Keep a page and move the mark, all or nothing.

        Raises:
            BrokenPromise: the file is not at the mark we think it is, or has such an event.

        """
        try:
            with self._connection:
                moved = self._connection.execute(
                    "UPDATE meta SET position = ?, chain = ?, recorded_at = ?, command = ?, "
                    "rejects = ? WHERE position = ? AND chain = ? AND rejects = ?",
                    (*mark, self.mark.position, self.mark.chain, self.mark.rejects),
                ).rowcount
                if moved != 1:
                    raise BrokenPromise(
                        f"The state of partition {self._number} is not at {self.mark.position}: "
                        "somebody else wrote to the file; it is read again"
                    )
                self._insert(page)
        except sqlite3.IntegrityError as cause:
            raise BrokenPromise(
                f"The state of partition {self._number} has an event twice ({cause}); "
                "it is read again"
            ) from cause
        self.mark = mark

    def _insert(self, page: Page) -> None:
        put = self._connection.executemany
        put("INSERT INTO events VALUES (?, ?, ?)", page.events)
        put("INSERT OR REPLACE INTO receipts VALUES (?, ?)", page.receipts.items())
        put("INSERT OR IGNORE INTO rejects VALUES (?)", [(key,) for key in page.rejects])
        if page.looks.pop(EVERY, None) is not None:
            self._connection.execute("UPDATE looks SET due = ''")
        put(
            "INSERT OR REPLACE INTO looks VALUES (?, ?)",
            [(stream, due) for stream, due in page.looks.items() if due is not None],
        )
        gone = [(stream,) for stream, due in page.looks.items() if due is None]
        put("DELETE FROM looks WHERE stream = ?", gone)

    def clear(self) -> None:
        """Forget everything: the file is of another ledger."""
        with self._connection:
            for table in ("meta", "events", "receipts", "rejects", "looks"):
                self._connection.execute(f"DELETE FROM {table}")  # noqa: S608 -- our own names
        self._prepare()
        self.mark = self._read_mark()

    def close(self) -> None:
        """Close the file and give up the lock; safe to call twice."""
        self._connection.close()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def _lock(path: Path) -> int | None:
    """Take the lock beside `path`; None: another process has it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = os.open(path.with_name(path.name + ".lock"), os.O_RDWR | os.O_CREAT, 0o644)
    with contextlib.suppress(OSError):
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return lock
    os.close(lock)
    return None
