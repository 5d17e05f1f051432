"""The catalog: the only file that knows which lake it is (DuckDB + DuckLake, local Parquet).

The DuckLake and SQLite extensions come with pip wheels and are loaded from there by path: nothing
is fetched, and nothing is written to a home directory.
"""

import fcntl
import importlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import duckdb

from ledger.contracts.errors import UserError
from ledger.log.seam import Cut

URL_PREFIX = "ducklake:sqlite:///"
CATALOG_FILE = "catalog.sqlite"
EXTENSIONS = ("ducklake", "sqlite_scanner")
BUSY_MS = 10_000
"""How long a reader or writer of the SQLite catalog waits for another before it gives up."""

LOCK_SECONDS = 60.0
LOCK_POLL_SECONDS = 0.05
KEEP_OLD_FILES = "10 minutes"
"""Merged-away Parquet files stay this long, for queries that began before the merge."""

Connection = duckdb.DuckDBPyConnection
Row = tuple[Any, ...]

TABLES = """
CREATE TABLE IF NOT EXISTS lake.events (
  "partition" SMALLINT, "offset" BIGINT,
  id VARCHAR, type VARCHAR, stream VARCHAR, stream_key VARCHAR, version INTEGER,
  occurred_at TIMESTAMPTZ, recorded_at TIMESTAMPTZ, occurred_local TIMESTAMP,
  centre VARCHAR, "window" VARCHAR, dept VARCHAR, channel VARCHAR,
  source_system VARCHAR, source_seq VARCHAR, source_class VARCHAR,
  actor_kind VARCHAR, actor_staff VARCHAR, actor_post VARCHAR, late_reason VARCHAR,
  case_no VARCHAR,
  data VARCHAR, stamp VARCHAR, raw BLOB, chain BLOB
);
CREATE TABLE IF NOT EXISTS lake.offsets ("partition" SMALLINT, until BIGINT);
CREATE TABLE IF NOT EXISTS lake.counts (
  "partition" SMALLINT, "offset" BIGINT, code VARCHAR, hour TIMESTAMP, centre VARCHAR,
  "window" VARCHAR, amount BIGINT
);
CREATE TABLE IF NOT EXISTS lake.counted ("partition" SMALLINT, until BIGINT, version VARCHAR);
"""

OPTIONS = """
CALL lake.set_option('parquet_compression', 'zstd');
CALL lake.set_option('data_inlining_row_limit', 0, table_name => 'events');
CALL lake.set_option('data_inlining_row_limit', 64, table_name => 'offsets');
CALL lake.set_option('data_inlining_row_limit', 0, table_name => 'counts');
CALL lake.set_option('data_inlining_row_limit', 64, table_name => 'counted');
"""


class LakeError(UserError):
    """The lake cannot be used or cannot answer; one sentence: what, where, what to do."""


def catalog_path(url: str) -> Path:
    """Give the catalog file of a lake: `ducklake:sqlite:///path/x.sqlite` or a plain folder.

    Raises:
        LakeError: another scheme.

    """
    if url.startswith(URL_PREFIX):
        path = Path("/" + url.removeprefix(URL_PREFIX).lstrip("/"))
        return path if path.suffix else path / CATALOG_FILE
    if "://" in url or url.startswith("ducklake:"):
        raise LakeError(f"lake {url}: only folders and {URL_PREFIX}<path> are known; name a folder")
    return Path(url) / CATALOG_FILE


def load_extensions(con: Connection) -> None:
    """Load DuckLake and the SQLite scanner from their wheels; no network, no install.

    Raises:
        LakeError: a wheel is missing or made for another DuckDB.

    """
    for name in EXTENSIONS:
        package = importlib.import_module(f"duckdb_extension_{name}")
        home = Path(str(package.__file__)).parent / "extensions" / f"v{duckdb.__version__}"
        file = home / f"{name}.duckdb_extension"
        if not file.exists():
            raise LakeError(
                f"extension {name} for duckdb {duckdb.__version__} is not in its wheel; "
                f"install duckdb-extension-{name.replace('_', '-')}=={duckdb.__version__}"
            )
        con.execute(f"LOAD '{file}'")


class Lake:
    """One open lake. Safe to share between threads: each takes its own `connection`."""

    def __init__(self, url: str, *, read_only: bool = False) -> None:
        self.url = url
        self.path = catalog_path(url)
        self.read_only = read_only
        if read_only and not self.path.exists():
            raise LakeError(f"no lake at {self.path.parent}; run `taizhang archive --once` first")
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._root = duckdb.connect(
            config={"autoinstall_known_extensions": "false",
                    "autoload_known_extensions": "false",
                    "temp_directory": str(self.path.with_suffix(".spill"))}
        )  # fmt: skip
        load_extensions(self._root)
        self._root.execute("SET TimeZone = 'Asia/Shanghai'; SET preserve_insertion_order = false")
        mode = "READ_ONLY" if read_only else "META_JOURNAL_MODE 'WAL'"
        try:
            self._root.execute(
                f"ATTACH 'ducklake:sqlite:{_quoted(self.path)}' AS lake (DATA_PATH "
                f"'{_quoted(self.files)}/', OVERRIDE_DATA_PATH true, META_BUSY_TIMEOUT {BUSY_MS}, "
                f"{mode})"
            )
        except duckdb.Error as error:
            raise LakeError(f"lake {self.path} cannot be opened: {_first_line(error)}") from error
        if not read_only:
            with self.writing():
                self._root.execute(TABLES)
                self._root.execute(OPTIONS)

    @property
    def files(self) -> Path:
        """Where the Parquet files lie: `catalog.files/` beside `catalog.sqlite`."""
        return self.path.with_suffix(".files")

    def connection(self) -> Connection:
        """Give a connection of one's own whose unqualified names are the lake's tables."""
        con = self._root.cursor()
        con.execute("USE lake")
        return con

    def sql(self, text: str, parameters: Sequence[Any] | dict[str, Any] = ()) -> list[Row]:
        """Run one of our own queries and give its rows.

        Raises:
            LakeError: the lake could not answer; the message names the cause.

        """
        con = self.connection()
        try:
            return con.execute(text, parameters or None).fetchall()
        except duckdb.Error as error:
            raise LakeError(f"lake {self.path}: {_first_line(error)}") from error
        finally:
            con.close()

    def cut(self, partitions: int) -> Cut:
        """Give the cut up to which the lake holds every event; from its own offsets."""
        known: dict[int, int] = dict(
            self.sql('SELECT "partition", max(until) FROM offsets GROUP BY "partition"')
        )
        return tuple(known.get(p, 0) for p in range(partitions + 1))

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the lake's writing lock: two archivers take turns, and never write a row twice.

        An appended row conflicts with nothing in DuckLake, so the catalog alone would let two
        archivers append the same events. The lock is the kernel's: a killed holder frees it.

        Raises:
            LakeError: another process held the lock for a minute.

        """
        with self.path.with_suffix(".lock").open("ab") as file:
            give_up = monotonic() + LOCK_SECONDS
            while True:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if monotonic() > give_up:
                        raise LakeError(
                            f"another archiver has held {self.path} for a minute; end it, or wait"
                        ) from None
                    sleep(LOCK_POLL_SECONDS)
            yield

    def commit(self, statements: Sequence[tuple[str, Any]], views: dict[str, Any]) -> None:
        """Run all statements as one DuckLake commit: all of them, or none, survive a crash.

        `views` are Arrow tables that the statements name. Call within `writing`.

        Raises:
            LakeError: nothing was written; read the offsets again and retry the whole.

        """
        con = self.connection()
        try:
            for name, table in views.items():
                con.register(name, table)
            con.execute("BEGIN")
            for text, parameters in statements:
                con.execute(text, parameters)
            con.execute("COMMIT")
        except duckdb.Error as error:
            raise LakeError(f"lake {self.path}: commit failed: {_first_line(error)}") from error
        finally:
            con.close()  # An open transaction is rolled back by this.

    def compact(self) -> int:
        """Merge small Parquet files and drop those merged away before; give files merged."""
        with self.writing():
            before = self.sql("SELECT count(*) FROM ducklake_list_files('lake', 'events')")[0][0]
            self.sql("CALL ducklake_flush_inlined_data('lake')")
            self.sql("CALL ducklake_merge_adjacent_files('lake')")
            self.sql(
                "CALL ducklake_expire_snapshots('lake', "
                f"older_than => now() - INTERVAL '{KEEP_OLD_FILES}')"
            )
            self.sql(
                "CALL ducklake_cleanup_old_files('lake', "
                f"older_than => now() - INTERVAL '{KEEP_OLD_FILES}')"
            )
            after = self.sql("SELECT count(*) FROM ducklake_list_files('lake', 'events')")[0][0]
        return int(before - after)

    def close(self) -> None:
        """Let go; safe to call twice."""
        self._root.close()


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")


def _first_line(error: Exception) -> str:
    return next((line for line in str(error).splitlines() if line.strip()), type(error).__name__)
