"""Single stories whose figures a person can work out by hand."""

from datetime import datetime, timedelta

import pytest

from analytics.assessment.second_road import second_road
from analytics.lake.archiver import archive
from analytics.lake.catalog import Lake
from analytics.lake.rebuild import rebuild
from ledger.contracts.codes import SHANGHAI


async def figures(city, tmp_path):
    """Give the cells of both roads at the end, after making sure that they are equal."""
    lake = Lake(str(tmp_path / "lake"))
    await archive(city.log, lake)
    cut = await city.log.end()
    cells = rebuild(lake, cut)

    assert second_road(lake, cut) == cells
    lake.close()
    return cells


async def finish(city, case, centre, window, item="item-2"):
    """Take a case from application to conclusion, imported from another system."""
    other = {"source_class": "imported", "centre": centre, **({"window": window} if window else {})}
    await city.must("case.submit", case, {"case_no": case, "item": item}, **other)
    await decide(city, case, **other)


async def decide(city, case, **other):
    await city.must("case.accept", case, {"accept_no": "A"}, **other)
    await city.must("case.decide", case, {"outcome": "approved", "doc_no": "D"}, **other)
    await city.must("case.conclude", case, {"result_code": 0}, **other)


async def test_a_rating_follows_its_case_to_the_window_where_it_is_accepted_again(city, tmp_path):
    await finish(city, "C1", "libao", "libao-1")
    rating = {"rating_id": "r1", "stars": 1}
    await city.must("rating.submit", "C1", rating, actor={"kind": "citizen"})
    await city.void("C1", "case/C1@2", ["case/C1@3", "case/C1@4"])
    await decide(city, "C1", source_class="imported", centre="qutang", window="qutang-2")
    cells = await figures(city, tmp_path)

    assert cells["negatives|2020-12-29|qutang|qutang-2"] == 1
    assert not [c for c in cells if c.startswith("negatives") and "libao" in c]
    assert "in_progress||qutang|" not in cells


async def test_a_case_without_a_centre_leaves_the_gauge_when_it_is_concluded(city, tmp_path):
    other = {"source_class": "imported"}
    await city.must("case.submit", "C1", {"case_no": "C1", "item": "item-2"}, **other)
    await decide(city, "C1", **other)
    cells = await figures(city, tmp_path)

    assert cells["concluded|2020-12-29||"] == 1
    assert not [c for c in cells if c.startswith("in_progress")]


async def test_working_minutes_leave_out_the_night_and_new_year(city, tmp_path):
    """Accepted Tuesday 29 December 15:00, decided Monday 4 January 10:00; 1 January is off."""
    await city.calendar(2021, ["2021-01-01"])
    city.clock.now = datetime(2020, 12, 29, 15, 0, tzinfo=SHANGHAI)
    other = {"source_class": "imported", "centre": "libao", "window": "libao-2"}
    await city.must("case.submit", "C1", {"case_no": "C1", "item": "item-2"}, **other)
    await city.must("case.accept", "C1", {}, **other)
    city.clock.now = datetime(2021, 1, 4, 10, 0, tzinfo=SHANGHAI)
    await city.must("case.decide", "C1", {"outcome": "approved", "doc_no": "D"}, **other)
    cells = await figures(city, tmp_path)

    assert cells["decision_minutes|2021-01-04|libao|libao-2"] == 120 + 480 + 480 + 60
    assert cells["decision_from_2d|2021-01-04T10|libao|libao-2"] == 1


async def test_a_decision_in_a_year_without_a_calendar_has_no_working_time(city, tmp_path):
    other = {"source_class": "imported", "centre": "libao", "window": "libao-2"}
    await city.must("case.submit", "C1", {"case_no": "C1", "item": "item-2"}, **other)
    await city.must("case.accept", "C1", {}, **other)
    city.clock.now += timedelta(days=7)
    await city.must("case.decide", "C1", {"outcome": "approved", "doc_no": "D"}, **other)
    await city.calendar(2021, ["2021-01-01"])
    cells = await figures(city, tmp_path)

    assert not [c for c in cells if c.startswith("decision_")]


async def test_a_window_is_judged_by_what_was_known_when_it_accepted(city, tmp_path):
    """The item moves to another department afterwards: yesterday's acceptance was not wrong."""
    await finish(city, "C1", "libao", "libao-2")
    await city.register("item-2", "公安")
    await finish(city, "C2", "libao", "libao-2")
    cells = await figures(city, tmp_path)

    assert cells["accepted|2020-12-29|libao|libao-2"] == 2
    assert cells["wrong_window|2020-12-29|libao|libao-2"] == 1


async def amend(city, case, version, changes):
    data = {"target": f"case/{case}@{version}", "changes": changes, "reason_code": "typing_error",
            "evidence": "E1", "requested_by": "fixer", "approved_by": "checker"}  # fmt: skip
    await city.must("case.amend_event", case, data, source_class="imported")


async def test_an_amended_window_moves_the_case_and_its_rating(city, tmp_path):
    await finish(city, "C1", "libao", "libao-1")
    rating = {"rating_id": "r1", "stars": 1}
    await city.must("rating.submit", "C1", rating, actor={"kind": "citizen"})
    await amend(city, "C1", 2, {"window": {"old": "libao-1", "new": "libao-2"}})
    cells = await figures(city, tmp_path)

    assert cells["accepted|2020-12-29|libao|libao-2"] == 1
    assert cells["negatives|2020-12-29|libao|libao-2"] == 1
    assert not [c for c in cells if c.startswith(("accepted", "negatives")) and "libao-1" in c]


async def test_an_amended_time_moves_the_hour_and_the_working_minutes(city, tmp_path):
    city.clock.now += timedelta(hours=3)
    await finish(city, "C1", "libao", "libao-1")
    new = (city.clock.now - timedelta(hours=2)).isoformat()
    old = {"old": city.clock.now.isoformat()}
    await amend(city, "C1", 1, {"occurred_at": {**old, "new": new}})
    await amend(city, "C1", 2, {"occurred_at": {**old, "new": new}, "accept_no": {
        "old": "A", "new": None}})  # fmt: skip
    cells = await figures(city, tmp_path)

    assert cells["accepted|2020-12-29T10|libao|libao-1"] == 1
    assert cells["decision_minutes|2020-12-29|libao|libao-1"] == 120


async def test_an_amended_item_and_a_void_of_what_was_amended(city, tmp_path):
    for case in ("C1", "C2"):
        await finish(city, case, "libao", "libao-2", item="item-2")
        await amend(city, case, 1, {"item": {"old": "item-2", "new": "item-0"}})
    await amend(city, "C2", 4, {"result_code": {"old": 0, "new": 4}})
    await city.void("C2", "case/C2@4")
    cells = await figures(city, tmp_path)

    assert cells["wrong_window|2020-12-29|libao|libao-2"] == 2
    assert cells["in_progress||libao|"] == 1


ENDS = [
    ("case.refuse_acceptance", {"reason_code": "other", "doc_no": "N"}),
    ("case.withdraw", {"request_doc": "W"}),
]


@pytest.mark.parametrize(("command", "data"), ENDS)
async def test_what_ended_before_it_was_accepted_never_was_in_progress(
    city, tmp_path, command, data
):
    other = {"source_class": "imported", "centre": "libao"}
    await city.must("case.submit", "C1", {"case_no": "C1", "item": "item-2"}, **other)
    await city.must(command, "C1", data, **other)
    await city.must("case.conclude", "C1", {"result_code": 6}, **other)
    cells = await figures(city, tmp_path)

    assert cells["concluded|2020-12-29|libao|"] == 1
    assert not [cell for cell in cells if cell.startswith("in_progress")]


async def test_a_withdrawal_outlives_the_acceptance_before_it(city, tmp_path):
    """The acceptance is voided: the case was withdrawn from the counter, and never was 在办."""
    other = {"source_class": "imported", "centre": "libao"}
    await city.must("case.submit", "C1", {"case_no": "C1", "item": "item-2"}, **other)
    await city.must("case.accept", "C1", {"accept_no": "A"}, **other)
    await city.must("case.withdraw", "C1", {"request_doc": "W"}, **other)
    await city.must("case.conclude", "C1", {"result_code": 5}, **other)
    await city.void("C1", "case/C1@2", [])
    cells = await figures(city, tmp_path)

    assert not [cell for cell in cells if cell.startswith(("in_progress", "accepted"))]


async def test_a_case_that_is_deemed_accepted_is_in_progress_until_its_conclusion(city, tmp_path):
    other = {"centre": "libao", "staff": "libao-accept", "post": "accept"}
    for case in ("C1", "C2"):
        await city.must("case.submit", case, {"case_no": case, "item": "item-2"}, channel="web",
                        **other)  # fmt: skip
    city.clock.now += timedelta(days=20)
    for partition in range(city.log.partitions):
        await city.say("clock.tick", str(partition), {}, source_class="system")
    await city.must("case.withdraw", "C1", {"request_doc": "W"}, **other)
    await city.must("case.conclude", "C1", {"result_code": 5}, source_class="imported")
    cells = await figures(city, tmp_path)

    assert cells["in_progress||libao|"] == 1
