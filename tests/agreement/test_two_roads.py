"""Two roads, one number: fold = rebuild = hand-written SQL, to the integer, at any cut (law 7)."""

import random
import re
from datetime import date

import orjson
import pytest

from analytics.assessment.second_road import indicators, prelude, second_road
from analytics.lake.archiver import archive
from analytics.lake.catalog import Lake
from analytics.lake.rebuild import rebuild
from analytics.reconcile import SplitCutError, check_cut, reconcile
from ledger.log.sqlite import SqliteLog
from ledger.rules.measures import MEASURES
from processors.views.fold import compile_fold
from producers.city.faults import MILLION, every
from producers.city.simulate import simulate
from producers.drive import CityClock, load_city, submit_reference
from tests.simulation.books import write

MISCHIEF = every(MILLION // 10)
"""One case in ten meets each kind of mischief: late, twice, voided, at the wrong window …"""

LAID_TO = "7_breach_holders"
"""The one query that may look at breaches: to whom they were laid, not whether or when."""
COMMENT = re.compile(r"--[^\n]*")


async def events_of(log):
    """Give the events of each partition, in order, as (offset, event)."""
    found = {p: [] for p in range(log.partitions + 1)}
    async for records in log.scan():
        for record in records:
            found[record.partition].append((record.offset, orjson.loads(record.value)))
    return found


def folded(events, cut):
    """Give the live sums at a cut, with the fold that the walls use."""
    fold, sums = compile_fold(), {}
    for partition, until in enumerate(cut):
        for offset, event in events[partition]:
            if offset < until:
                fold(sums, event)
    return {cell: amount for cell, amount in sums.items() if amount}


def random_cuts(lake, end, count, seed):
    """Give cuts at which a wall could have been asked: never in the middle of a correction."""
    chance, made = random.Random(seed), [end, tuple(0 for _ in end)]
    while len(made) < count:
        cut = tuple(chance.randint(0, until) for until in end)
        try:
            check_cut(lake, cut)
        except SplitCutError:
            continue
        made.append(cut)
    return made


@pytest.mark.slow
async def test_a_hand_made_week_agrees_at_sixty_cuts(city, tmp_path):
    """Voids with cascade, re-acceptances, late facts, changed items, windows and calendars."""
    await city.live(1500, 80)
    lake = Lake(str(tmp_path / "lake"))
    await archive(city.log, lake)
    events = await events_of(city.log)

    for cut in random_cuts(lake, await city.log.end(), 60, seed=1):
        live = folded(events, cut)
        assert rebuild(lake, cut) == live, cut
        assert second_road(lake, cut) == live, cut


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
async def test_a_simulated_week_agrees_at_random_cuts(tmp_path, seed):
    clock = CityClock()
    log = await SqliteLog.open(tmp_path / "ledger.db", clock)
    town = load_city()
    await submit_reference(log, town, clock)
    await write(log, clock, simulate(town, seed, date(2020, 6, 1), 7, 60, MISCHIEF))
    lake = Lake(str(tmp_path / "lake"))
    await archive(log, lake)
    events = await events_of(log)

    for cut in random_cuts(lake, await log.end(), 8, seed):
        live = folded(events, cut)
        assert rebuild(lake, cut) == live, cut
        assert second_road(lake, cut) == live, cut
    await log.close()


async def test_the_kinds_of_trouble_are_really_in_the_week(city, tmp_path):
    """A week without trouble would agree for the wrong reason."""
    await city.live(1500, 80)
    lake = Lake(str(tmp_path / "lake"))
    await archive(city.log, lake)
    kinds = dict(lake.sql("SELECT type, count(*) FROM events GROUP BY type"))
    codes = {code.partition("|")[0] for code in rebuild(lake, lake.cut(city.log.partitions))}
    after = "SELECT count(*) FROM events WHERE type = 'rating.event_restamped' AND "
    moved = lake.sql(after + "json_extract(data, '$.after.id') IS NOT NULL")[0][0]

    assert kinds["case.event_voided"] > 5
    assert kinds["rating.event_voided"] > 0
    assert moved > 0, "a rating that follows its case to another window"
    assert lake.sql("SELECT count(*) FROM events WHERE late_reason IS NOT NULL")[0][0] > 20
    assert {"wrong_window", "decision_from_1d", "stars_1", "in_progress", "negatives"} <= codes


def test_hand_written_sql_reads_no_stamp():
    """The second road may use only what the sources said, the envelope and reference facts."""
    for path in [*indicators(), *(file for _, file in prelude())]:
        sql = COMMENT.sub("", path.read_text(encoding="utf-8"))

        assert "stamp" not in sql, path.name
        assert "raw" not in re.findall(r"\w+", sql), path.name
        if path.stem == LAID_TO:
            laid = {f"{who}_{what}" for who in ("holder", "office") for what in ("centre", "dept")}
            assert set(re.findall(r"\$\.(\w+)", sql)) == {
                "clock", "start", "target", "changes", *laid}  # fmt: skip
        else:
            assert "case.clock_breached" not in sql, path.name


def test_every_measure_has_a_second_road():
    texts = "".join(path.read_text(encoding="utf-8") for path in indicators())
    for code in {measure.code for measure in MEASURES}:
        by_stars = code.startswith("stars_") and "'stars_'" in texts

        assert f"'{code}'" in texts or by_stars, code


def test_every_query_says_what_it_is_for():
    checks = sorted(indicators()[0].parent.parent.glob("checks/*.sql"))
    for path in [*indicators(), *(file for _, file in prelude()), *checks]:
        lines = path.read_text(encoding="utf-8").splitlines()
        labels = [line.removeprefix("-- ").split()[0] for line in lines[:5]]

        assert labels == ["用途", "依据", "grain", "parameters", "unit"], path.name
        if path.parent.name != "prelude":
            assert not any("SELECT *" in line for line in lines), path.name


async def test_reconcile_says_equal_on_a_sound_system(city, tmp_path):
    await city.live(400, 30)
    lake = Lake(str(tmp_path / "lake"))
    await archive(city.log, lake)
    cut = await city.log.end()
    answer = reconcile(folded(await events_of(city.log), cut), cut, lake)

    assert answer["differences"] == []
    assert answer["equal"] is True
    assert answer["indicators"] > 10
    assert answer["cells"] > 100
