"""People's own SQL: what may be asked, and the table of attempts at more (product.md 4.1)."""

import orjson
import pytest

from analytics.lake.archiver import commit
from analytics.lake.catalog import Lake
from analytics.lake.sandbox import SqlError, run_sql
from ledger.log.seam import Record
from ledger.proof.chain import chain, genesis


def event(number):
    return orjson.dumps(
        {"id": f"case/C{number}@1", "type": "case.submitted", "subject": f"case/C{number}",
         "time": "2020-06-01T09:00:00+08:00", "recordedat": "2020-06-01T09:00:00+08:00",
         "streamversion": 1, "centre": "libao",
         "data": {"data": {"case_no": f"NO-{number}"}, "stamp": {}}}
    )  # fmt: skip


@pytest.fixture(scope="module")
def lake(tmp_path_factory):
    made = Lake(str(tmp_path_factory.mktemp("lake")))
    values = [event(n) for n in range(5)]
    records = [Record(0, n, v, chain(genesis(0), v)) for n, v in enumerate(values)]
    commit(made, records, (5, *[0] * 12))
    yield made
    made.close()


ALLOWED = {
    "SELECT count(*) AS n FROM events": [{"n": 5}],
    "FROM events SELECT max(case_no) AS m": [{"m": "NO-4"}],
    "WITH x AS (SELECT 1 AS a) SELECT a FROM x": [{"a": 1}],
    'SELECT until FROM offsets WHERE "partition" = 0;': [{"until": 5}],
    "SELECT occurred_at AS t FROM events LIMIT 1": [{"t": "2020-06-01T09:00:00+08:00"}],
    "-- how many\nSELECT count(DISTINCT centre) AS n FROM events": [{"n": 1}],
}


@pytest.mark.parametrize("text", ALLOWED)
def test_a_question_is_answered(lake, text):
    assert run_sql(lake, text) == ALLOWED[text]


def test_a_plan_is_shown(lake):
    assert "explain_value" in run_sql(lake, "EXPLAIN ANALYZE SELECT * FROM events")[0]


HOSTILE = {
    "SELECT 1; SELECT 2": "2 statements",
    "": "0 statements",
    "SELEC 1": "syntax error",
    "DROP TABLE offsets": "DROP is not allowed",
    "INSERT INTO offsets VALUES (1, 2)": "INSERT is not allowed",
    "UPDATE offsets SET until = 0": "UPDATE is not allowed",
    "DELETE FROM offsets": "DELETE is not allowed",
    "CREATE TEMP TABLE x AS SELECT 1": "CREATE is not allowed",
    "CREATE MACRO f() AS 1": "CREATE is not allowed",
    "COPY events TO '/tmp/stolen.csv'": "COPY is not allowed",
    "EXPLAIN ANALYZE COPY (SELECT 1) TO '/tmp/stolen.csv'": "COPY is not allowed",
    "EXPLAIN ANALYZE DELETE FROM offsets": "DELETE is not allowed",
    "/* x */ EXPLAIN ANALYZE COPY (SELECT 1) TO '/tmp/stolen.csv'": "EXPLAIN is not allowed",
    "EXPORT DATABASE '/tmp/stolen'": "EXPORT is not allowed",
    "ATTACH ':memory:' AS other": "ATTACH is not allowed",
    "ATTACH '/tmp/other.db'": "ATTACH is not allowed",
    "INSTALL httpfs": "is not allowed",
    "LOAD httpfs": "LOAD is not allowed",
    "SET memory_limit = '64GB'": "SET is not allowed",
    "SET enable_external_access = true": "SET is not allowed",
    "RESET lock_configuration": "is not allowed",
    "PRAGMA database_list": "is not allowed",
    "CALL pragma_version()": "CALL is not allowed",
    "PREPARE p AS SELECT 1": "PREPARE is not allowed",
    "USE memory": "is not allowed",
    "CHECKPOINT": "is not allowed",
    "SELECT * FROM '/etc/passwd'": "does not exist",
    "SELECT * FROM '/etc/passwd.csv'": "",
    "SELECT * FROM read_text('/etc/passwd')": "read_text is not allowed",
    "SELECT * FROM \"read_text\"('/etc/passwd')": "",
    "SELECT * FROM read_csv('/etc/passwd')": "read_csv is not allowed",
    "SELECT * FROM glob('/*')": "glob is not allowed",
    "SELECT * FROM sniff_csv('/etc/passwd')": "sniff_csv is not allowed",
    "SELECT * FROM 'https://example.org/x.parquet'": "",
    "SELECT * FROM sqlite_scan('/tmp/x.db', 't')": "sqlite_scan is not allowed",
    "SELECT * FROM duckdb_settings()": "duckdb_settings is not allowed",
    'SELECT * FROM "duckdb_databases"()': "duckdb_databases is not allowed",
    "SELECT * FROM duckdb_views": "duckdb_views is not allowed",
    "SELECT sql FROM sqlite_master": "sqlite_master is not allowed",
    "SELECT * FROM information_schema.tables": "information_schema is not allowed",
    "SELECT getenv('HOME')": "getenv is not allowed",
    "SELECT current_setting('home_directory')": "current_setting is not allowed",
    "SELECT * FROM query('SELECT 1')": "query is not allowed",
    "SELECT nothing FROM events": "nothing",
}


@pytest.mark.parametrize("text", HOSTILE)
def test_an_attempt_at_more_is_refused_in_one_sentence(lake, text):
    with pytest.raises(SqlError) as refused:
        run_sql(lake, text)

    assert HOSTILE[text] in str(refused.value)
    assert "\n" not in str(refused.value)
    assert str(lake.path.parent) not in str(refused.value)


def test_nothing_was_changed_by_all_that(lake):
    assert lake.sql("SELECT count(*) FROM events") == [(5,)]


def test_a_query_that_does_not_end_is_killed(lake):
    """One that takes no memory: or a fast machine comes to the end of that first."""
    for_hours = "SELECT sum(hash(a, b)) FROM range(1000000) a(a), range(1000000) b(b)"
    with pytest.raises(SqlError, match="not done after"):
        run_sql(lake, for_hours, seconds=1.5)


def test_too_many_rows_are_an_answer_of_their_own(lake):
    """A table cut short without a word would be believed."""
    with pytest.raises(SqlError, match="more than 100,000 rows"):
        run_sql(lake, "SELECT range FROM range(100001)")


def test_memory_has_an_end(lake):
    with pytest.raises(SqlError):
        run_sql(lake, "SELECT sum(len(x)) FROM (SELECT list(range) AS x FROM range(900000000))")
