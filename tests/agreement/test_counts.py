"""Counts: what is written down of each fact is what the fact says, or it is not used."""

import pytest

from analytics.lake import archiver, counts
from analytics.lake.archiver import archive
from analytics.lake.catalog import Lake, LakeError
from analytics.lake.counts import count_up, false_counts
from analytics.lake.rebuild import rebuild
from analytics.reconcile import reconcile
from ledger.log.seam import Record
from ledger.rules.measures import MEASURES
from tests.agreement.test_two_roads import events_of, folded, random_cuts

POISON = (b'{"id":"ticket/T@1","type":"ticket.service_started","subject":"ticket/T",'
          b'"time":"2020-06-01T09:00:00+08:00","centre":"haian","streamversion":1,'
          b'"data":{"data":{},"stamp":{"wait_seconds":"long"}}}')  # fmt: skip


@pytest.fixture
async def lived(city, tmp_path):
    """A week with corrections in it, and an empty lake."""
    await city.live(500, 30)
    return city.log, Lake(str(tmp_path / "lake"))


async def archive_until(log, lake, until):
    """Archive what lies before `until`, and count nothing."""
    records = [r async for rs in log.scan((0,) * len(until), until) for r in rs]
    archiver.commit(lake, records, until)


async def test_what_is_counted_and_what_is_not_yet_add_up_at_any_cut(lived):
    """The archiver counts behind itself; a correction may be on the other side of the seam."""
    log, lake = lived
    end, events = await log.end(), await events_of(log)
    await archive_until(log, lake, tuple(n // 2 for n in end))
    counted = count_up(lake, log.partitions)
    await archive_until(log, lake, end)

    assert 0 < counted < sum(end)
    for cut in random_cuts(lake, end, 5, seed=3):
        live = folded(events, cut)
        assert rebuild(lake, cut) == live, cut
        assert rebuild(lake, cut, from_facts=True) == live, cut
        assert false_counts(lake, cut, 10) == []


async def test_counts_are_the_same_in_small_commits_and_after_one_failed(lived, monkeypatch):
    log, lake = lived
    end = await log.end()
    await archive_until(log, lake, end)
    monkeypatch.setattr(counts, "COUNT_EVENTS_MAX", 20 * (log.partitions + 1))
    good, done = lake.commit, []

    def failing(statements, views):
        done.append(1)
        more = [("SELECT error('cut')", None)] if len(done) == 2 else []
        good([*statements, *more], views)

    lake.commit = failing
    with pytest.raises(LakeError, match="cut"):
        count_up(lake, log.partitions)
    lake.commit = good
    count_up(lake, log.partitions)

    assert count_up(lake, log.partitions) == 0
    assert false_counts(lake, end, 10) == []
    assert rebuild(lake, end) == rebuild(lake, end, from_facts=True)


async def test_counts_by_other_measures_are_never_used_and_are_replaced(lived, monkeypatch):
    """A measure changes its meaning: no figure mixes both, before and after the next archive."""
    log, lake = lived
    other = tuple(m._replace(amount=2) if m.code == "accepted" else m for m in MEASURES)
    with monkeypatch.context() as before:
        before.setattr(counts, "MEASURES", other)
        await archive(log, lake)
    end = await log.end()
    live = folded(await events_of(log), end)
    assert rebuild(lake, end) == live
    await archive(log, lake)

    assert rebuild(lake, end) == live
    assert len(lake.sql("SELECT DISTINCT version FROM counted")) == 1
    assert false_counts(lake, end, 10) == []
    assert rebuild(lake, end, other) == rebuild(lake, end, other, from_facts=True) != live


async def test_a_lake_from_before_there_were_counts_is_read_from_its_facts(lived, tmp_path):
    log, lake = lived
    await archive(log, lake)
    lake.commit([("DROP TABLE lake.counts", None), ("DROP TABLE lake.counted", None)], {})
    lake.close()
    end = await log.end()
    old = Lake(str(tmp_path / "lake"), read_only=True)

    assert rebuild(old, end) == folded(await events_of(log), end)
    assert false_counts(old, end, 10) == []
    old.close()
    again = Lake(str(tmp_path / "lake"))
    await archive(log, again)
    assert again.sql("SELECT count(*) FROM counts")[0][0] > 0


@pytest.mark.parametrize(
    "change",
    ["UPDATE lake.counts SET amount = amount + 1 WHERE code = 'accepted' AND {first}",
     "DELETE FROM lake.counts WHERE code = 'accepted' AND {first}",
     "INSERT INTO lake.counts FROM lake.counts WHERE code = 'accepted' AND {first}"],
)  # fmt: skip
async def test_a_count_that_its_fact_does_not_say_is_named_by_the_fact(lived, change):
    log, lake = lived
    await archive(log, lake)
    end = await log.end()
    partition, offset = lake.sql(
        'SELECT "partition", "offset" FROM counts WHERE code = \'accepted\' ORDER BY ALL LIMIT 1'
    )[0]
    first = f'"partition" = {partition} AND "offset" = {offset}'
    lake.commit([(change.format(first=first), None)], {})
    found = false_counts(lake, end, 10)
    told = reconcile(rebuild(lake, end, from_facts=True), end, lake)["differences"]

    assert {what for _, what, _ in found} == {f"{partition}:{offset}"}
    assert all(finding.startswith("accepted|") for _, _, finding in found)
    assert "check:counts" in {each["code"] for each in told}
    assert any(each["suspect"].startswith("rebuild") for each in told)


async def test_a_fact_that_cannot_be_counted_stops_no_archiver(city, tmp_path):
    lake = Lake(str(tmp_path / "lake"))
    archiver.commit(lake, [Record(0, 0, POISON, b"x" * 32)], (1, *[0] * city.log.partitions))
    await city.live(200, 30)
    done = await archive(city.log, lake)

    assert done.cut == lake.cut(city.log.partitions) == await city.log.end()
    assert lake.sql("SELECT count(*) FROM counted") == [(0,)]
