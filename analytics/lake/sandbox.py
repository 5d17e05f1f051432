"""People's own SQL (自助查询): in a process of its own that can be killed; read-only, no network.

The sandbox never sees the catalog. It is given the Parquet files of one instant, and may open
those and nothing else. DuckDB says that untrusted SQL needs the operating system's help: the
process may write no file at all (`RLIMIT_FSIZE` 0), and is killed at the time limit.
Source: product.md 4.1, measured there; tests/unit/test_sandbox.py is the table of attempts.
"""

import re
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import orjson

from analytics.lake.catalog import Lake
from ledger.contracts.errors import UserError

SECONDS_MAX = 10.0
ROWS_MAX = 100_000
TEXT_MAX = 100_000
MEMORY = "1GB"

TABLES = ("events", "offsets")
"""What people may read, by the names the lake gives them."""

EXPLAIN = re.compile(r"^\s*EXPLAIN\s+(ANALYZE\s+)?(\([^)]*\)\s*)?", re.IGNORECASE)

OPENING = re.compile(r"(\s|--[^\n]*(\n|$)|/\*.*?\*/|\()*(\w*)", re.DOTALL)
OPENINGS = frozenset({"SELECT", "WITH", "FROM", "VALUES", "DESCRIBE", "SUMMARIZE", "SHOW"})
"""First words that may open a query; `PRAGMA database_list` too is a SELECT to the parser."""

DENIED = re.compile(
    r"\b(duckdb_\w+|pragma_\w+|read_\w+|parquet_\w+|glob|sniff_csv|query|query_table|getenv|"
    r"current_setting|which_secret|getvariable|sqlite_\w+|ducklake_\w+|from_substrait\w*|"
    r"test_\w+|repeat_row|force_checkpoint|checkpoint|enable_\w+|disable_\w+|set_\w+|"
    r"write_log|parse_duckdb_log_message|load_aws_credentials|json_execute_serialized_sql)\"?\s*\(",
    re.IGNORECASE,
)
"""Functions that tell about the server or run text as SQL."""

CATALOGS = re.compile(
    r"\b(duckdb_\w+|information_schema|pg_catalog|sqlite_master)\b", re.IGNORECASE
)


class SqlError(UserError):
    """The query was refused, failed or took too long; one sentence for the person who wrote it."""


def run_sql(
    lake: Lake, text: str, *, seconds: float = SECONDS_MAX, rows_max: int = ROWS_MAX
) -> list[dict[str, Any]]:
    """Run one SELECT or EXPLAIN over the lake as it is now and give its rows.

    Raises:
        SqlError: not a single SELECT, not allowed, wrong, more than `rows_max` rows, or not done
            after `seconds`; nothing was changed.

    """
    query = gate(text)
    job = {"query": query, "rows_max": rows_max, "tables": tables_of(lake)}
    try:
        done = subprocess.run(  # noqa: S603 (our own module; the query is data on its input)
            [sys.executable, "-I", "-c", _BOOT, str(Path(__file__).parents[2])],
            input=orjson.dumps(job), capture_output=True, timeout=seconds, check=False,
            env={}, cwd="/",
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise SqlError(f"not done after {seconds:g} seconds; narrow the query") from None
    if done.returncode != 0:
        raise SqlError("the query ended its process (memory or a forbidden act); narrow it")
    answer: dict[str, Any] = orjson.loads(done.stdout)
    if "error" in answer:
        raise SqlError(answer["error"])
    rows: list[dict[str, Any]] = answer["rows"]
    return rows


_BOOT = (
    "import sys; sys.path.insert(0, sys.argv[1]); from analytics.lake.sandbox import work; work()"
)


def gate(text: str) -> str:
    """Let one SELECT or EXPLAIN of one pass, without functions that tell about the server.

    Raises:
        SqlError: why it does not pass.

    """
    if len(text) > TEXT_MAX:
        raise SqlError(f"a query of {len(text):,} characters; at most {TEXT_MAX:,}")
    inner = EXPLAIN.sub("", text, count=1)
    try:
        statements = duckdb.extract_statements(inner)
    except duckdb.Error as error:
        raise SqlError(_sentence(error)) from None
    if len(statements) != 1:
        raise SqlError(f"{len(statements)} statements; write exactly one SELECT")
    if statements[0].type != duckdb.StatementType.SELECT:
        raise SqlError(f"{statements[0].type.name} is not allowed; write one SELECT")
    opening = OPENING.match(inner)
    if opening is None or opening[3].upper() not in OPENINGS:
        raise SqlError(f"{opening[3] if opening else 'this'} is not allowed; write one SELECT")
    if found := DENIED.search(inner) or CATALOGS.search(inner):
        raise SqlError(f"{found[1]} is not allowed here; the tables are {', '.join(TABLES)}")
    return text


def tables_of(lake: Lake) -> dict[str, list[str] | list[list[int]]]:
    """Give what the tables are made of at this instant: Parquet files, or the rows themselves."""
    files = lake.sql("SELECT data_file FROM ducklake_list_files('lake', 'events')")
    offsets = lake.sql(
        'SELECT "partition", max(until) FROM offsets GROUP BY "partition" ORDER BY "partition"'
    )
    return {"events": [row[0] for row in files], "offsets": [list(row) for row in offsets]}


def work() -> None:
    """Be the process: read a job on standard input, write `{rows}` or `{error}`."""
    job = orjson.loads(sys.stdin.buffer.read())
    try:
        answer: dict[str, Any] = {"rows": _rows(job)}
    except (duckdb.Error, SqlError) as error:
        answer = {"error": _sentence(error)}
    sys.stdout.buffer.write(orjson.dumps(answer, default=_plain))


def _rows(job: dict[str, Any]) -> list[dict[str, Any]]:
    con = duckdb.connect()
    con.execute("SET TimeZone = 'Asia/Shanghai'")
    _open(con, job["tables"]["events"], job["tables"]["offsets"])
    con.execute("SET allowed_paths = $1", [job["tables"]["events"]])
    con.execute(
        f"SET memory_limit = '{MEMORY}'; SET max_temp_directory_size = '0GB';"
        "SET autoinstall_known_extensions = false; SET autoload_known_extensions = false;"
        "SET enable_external_access = false; SET lock_configuration = true"
    )
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    cursor = con.execute(job["query"])
    names = [column[0] for column in cursor.description or ()]
    rows = cursor.fetchmany(job["rows_max"] + 1)
    if len(rows) > job["rows_max"]:
        raise SqlError(f"more than {job['rows_max']:,} rows; add a LIMIT or group them")
    return [dict(zip(names, row, strict=True)) for row in rows]


def _open(con: duckdb.DuckDBPyConnection, files: list[str], offsets: list[list[int]]) -> None:
    con.execute('CREATE TABLE offsets ("partition" SMALLINT, until BIGINT)')
    if offsets:
        con.executemany("INSERT INTO offsets VALUES (?, ?)", offsets)
    if not files:
        raise SqlError("the lake is empty; run `taizhang archive --once`")
    listed = ", ".join("'" + file.replace("'", "''") + "'" for file in files)
    con.execute(f"CREATE VIEW events AS SELECT * FROM read_parquet([{listed}])")  # noqa: S608


def _sentence(error: Exception) -> str:
    """Give the first line of an error, without the server's paths."""
    line = next((line for line in str(error).splitlines() if line.strip()), "failed")
    return re.sub(r"(/[\w.-]+){2,}", "…", line)


def _plain(value: object) -> object:
    return value.hex() if isinstance(value, bytes) else str(value)
