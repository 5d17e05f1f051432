"""Law 8: no due before the newest tick is left without a breach, and who deletes one is named."""

from datetime import timedelta

import pytest

from analytics.assessment.second_road import broken_checks, second_road
from analytics.lake.archiver import archive
from analytics.lake.catalog import Lake
from analytics.lake.rebuild import rebuild
from ledger.log.fsck import fsck

COUNTER = {"centre": "libao", "window": "libao-2", "channel": "window",
           "staff": "libao-accept", "post": "accept"}  # fmt: skip


async def tick(city):
    for partition in range(city.log.partitions):
        await city.say("clock.tick", str(partition), {}, source_class="system",
                       source_system="clock",
                       source_seq=f"{partition}@{city.clock.now.isoformat()}")  # fmt: skip


async def days(city, n, hours=8):
    """Days pass, each with its ticks."""
    for _ in range(n):
        for _ in range(24 // hours):
            city.clock.now += timedelta(hours=hours)
            await tick(city)


async def lake_of(city, tmp_path):
    lake = Lake(str(tmp_path / "lake"))
    await archive(city.log, lake)
    return lake, await city.log.end()


async def story(city):
    """One case of each fate: late, in time, withdrawn, extended, owing a material, on the spot."""
    await city.register("item-3", "住建", deficiency_allowed=True, statutory={"n": 5})
    await city.register("quick", "民政", project_type="instant", promised={"n": 0})
    items = {"late": "item-2", "done": "item-2", "gone": "item-2", "longer": "item-2",
             "owing": "item-3", "quick": "quick"}  # fmt: skip
    for key, item in items.items():
        await city.must("case.submit", key, {"case_no": key, "item": item}, **COUNTER)
        await city.must("case.accept", key, {"accept_no": key}, **COUNTER)
    await city.must("case.submit", "deemed", {"case_no": "deemed", "item": "quick"}, **COUNTER)
    due = (city.clock.now + timedelta(days=2)).isoformat()
    await city.must("case.commit_deficiency", "owing", {
        "materials": ["m1", "m2"], "due_at": due, "commitment_doc": "D"}, **COUNTER)  # fmt: skip
    other = {"source_class": "imported"}
    await city.must("case.fill_deficiency", "owing", {"materials": ["m1"]}, **other)
    await city.must("case.decide", "done", {"outcome": "approved", "doc_no": "D"}, **other)
    await city.must("case.conclude", "done", {"result_code": 0}, **other)
    await city.must("case.withdraw", "gone", {"request_doc": "W"}, **other)
    await city.must("case.grant_extension", "longer", {
        "days": 5, "approver": "boss", "reason_code": "x", "told_doc": "T"}, **other)  # fmt: skip
    await days(city, 12)


async def test_days_with_ticks_leave_no_due_without_its_breach(city, tmp_path):
    await story(city)
    lake, cut = await lake_of(city, tmp_path)
    broken = lake.sql(
        "SELECT stream_key, json_extract_string(data, '$.clock') FROM events "
        "WHERE type = 'case.clock_breached' ORDER BY ALL"
    )

    assert broken_checks(lake, cut, 10) == []
    assert rebuild(lake, cut) == second_road(lake, cut)
    assert set(broken) >= {("late", "C3"), ("longer", "C3"), ("owing", "C7"), ("owing", "C2"),
                           ("quick", "C0"), ("deemed", "C0")}  # fmt: skip
    assert not {"done", "gone"} & {key for key, _ in broken}


@pytest.mark.parametrize(
    ("key", "clock"),
    [("late", "C3"), ("owing", "C2"), ("owing", "C7"), ("quick", "C0"), ("deemed", "C0")],
)
async def test_a_breach_that_was_deleted_is_named(city, tmp_path, key, clock):
    await story(city)
    lake, cut = await lake_of(city, tmp_path)
    which = f"stream_key = '{key}' AND json_extract_string(data, '$.clock') = '{clock}'"
    gone = f"DELETE FROM lake.events WHERE type = 'case.clock_breached' AND {which}"  # noqa: S608
    lake.commit([(gone, None)], {})
    found = [each for each in broken_checks(lake, cut, 10) if each[0] == "dues"]

    assert [(what, finding.split()[0]) for _, what, finding in found] == [(f"case/{key}", clock)]


async def test_a_calendar_that_comes_late_leaves_none_either(city, tmp_path):
    await story(city)
    await city.calendar(2021, ["2021-01-01", "2021-01-04", "2021-01-05"], ["2021-01-02"])
    await days(city, 5)
    lake, cut = await lake_of(city, tmp_path)
    answer = await fsck(city.log)

    assert answer["findings"] == []
    assert lake.sql("SELECT count(*) > 0 FROM events WHERE type = 'case.event_restamped'")[0][0]
    assert broken_checks(lake, cut, 10) == []
    assert rebuild(lake, cut) == second_road(lake, cut)


async def test_whole_weeks_with_ticks_leave_none(city, tmp_path):
    for _ in range(6):
        await city.live(60, 12)
        await days(city, 2)
    lake, cut = await lake_of(city, tmp_path)

    assert (await fsck(city.log))["findings"] == []
    assert broken_checks(lake, cut, 10) == []
    assert rebuild(lake, cut) == second_road(lake, cut)


async def test_a_deemed_acceptance_follows_its_amended_receipt_on_both_roads(city, tmp_path):
    then = city.clock.now
    city.clock.now += timedelta(hours=3)
    await city.must("case.submit", "C1", {"case_no": "C1", "item": "item-2"}, at=then,
                    late_reason="x", **COUNTER)  # fmt: skip
    await days(city, 12)
    change = {"old": then.isoformat(), "new": (then - timedelta(days=1)).isoformat()}
    correction = {"target": "case/C1@1", "changes": {"occurred_at": change}, "reason_code": "x",
                  "evidence": "E", "requested_by": "fixer", "approved_by": "checker"}  # fmt: skip
    await city.must("case.amend_event", "C1", correction, staff="fixer", post="corrector")
    lake, cut = await lake_of(city, tmp_path)
    cells = rebuild(lake, cut)

    assert cells == second_road(lake, cut)
    assert (await fsck(city.log))["findings"] == []
