"""What a correction makes overdue is found broken by the next tick, on every road (decision 0007).

Each row is told twice: at the cut after the correction, and at the one after the tick that follows.
"""

from typing import Any, NamedTuple

import pytest

from analytics.assessment.second_road import second_road
from analytics.lake.rebuild import rebuild
from tests.agreement.test_obligations import (
    ARCHIVED,
    MON,
    REVOKED,
    Book,
    Story,
    conclude,
    decide,
    extension,
    fact,
    limit,
    moment,
    special,
    spelled,
)  # fmt: skip
from tests.agreement.test_two_roads import events_of, folded


class Corrected(NamedTuple):
    """A story, what was corrected of it and when, and the clock whose breach depends on it."""

    name: str
    course: tuple[Any, ...] | list[Any]
    when: str
    version: int
    changes: dict[str, tuple[Any, Any]]
    """name → (old, new); {} is a void."""
    clock: str
    due: str | None
    at_once: bool
    """Broken before a tick came; afterwards it is `at_last`."""
    at_last: bool
    promise: dict[str, Any] = limit(99)


REJECTED = [*MON, fact("04-21", "decide", {"outcome": "rejected", "doc_no": "D"}),
            fact("04-21", "conclude", {"result_code": 1})]  # fmt: skip
BARE = {"statutory": {"n": 99}}
ROWS = [
    Corrected("a rejection that was an approval", REJECTED, "05-20", 3,
              {"outcome": ("rejected", "approved")}, "C8", "05-07", at_once=False, at_last=True),
    Corrected("an approval that was a part of one", [*MON, *decide("04-21")], "05-20", 3,
              {"outcome": ("approved", "partly")}, "C8", "05-07", at_once=True, at_last=True),
    Corrected("an archive in time is voided", [*MON, *conclude("04-21"),
              fact("04-22", "archive", ARCHIVED)], "05-20", 5, {}, "C8", "05-07",
              at_once=False, at_last=True),
    Corrected("a revocation in time is voided", [*MON, *conclude("04-21"),
              fact("04-22", "revoke_decision", REVOKED)], "05-20", 5, {}, "C8", "05-07",
              at_once=False, at_last=True),
    Corrected("of another item, after an extension that came too late",
              [*MON, *extension("04-24", 5)], "05-20", 1, {"item": ("slow", "longer")},
              "C3", "04-23", at_once=False, at_last=True, promise=BARE),
    Corrected("of another item with the same limit", MON, "05-20", 1,
              {"item": ("slow", "alike")}, "C3", "04-22", at_once=True, at_last=True,
              promise=BARE),
    Corrected("another promise, after a pause that came too late",
              [*MON, *special("04-23", "04-26")], "05-20", 2,
              {"promised": ({"n": 2, "unit": "workday"}, {"n": 1, "unit": "workday"})},
              "C3", "04-21", at_once=False, at_last=True, promise=limit(2)),
    Corrected("a pause that came too late is voided", [*MON, *special("04-23")], "05-20", 5, {},
              "C3", "04-22", at_once=True, at_last=True, promise=limit(2)),
    Corrected("a pause is voided", [*MON, *special("04-21")], "05-20", 3, {}, "C3", "04-22",
              at_once=False, at_last=True, promise=limit(2)),
    Corrected("a pause that began on the last day is voided", [*MON, *special("04-22")],
              "05-20", 3, {}, "C3", "04-22", at_once=True, at_last=True, promise=limit(2)),
    Corrected("a pause that came too late did not stop the law",
              [*MON, *special("04-23", "04-26")], "05-20", 5, {"excluded": (True, False)},
              "C3", "04-22", at_once=True, at_last=True, promise=limit(2)),
    Corrected("an extension that came too late is voided", [*MON, *extension("04-24", 5)],
              "05-20", 5, {}, "C3", "04-22", at_once=True, at_last=True, promise=limit(2)),
    Corrected("an extension is voided", [*MON, *extension("04-21", 1)], "05-20", 3, {},
              "C3", "04-22", at_once=False, at_last=True, promise=limit(2)),
]  # fmt: skip


@pytest.fixture
async def book(new_year, tmp_path):
    made = Book(new_year, tmp_path / "lake")
    await made.furnish()
    yield made
    made.lake.close()


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
async def test_a_correction_is_followed_by_the_tick_on_every_road(book, row):
    for item, n in (("slow", 2), ("longer", 3), ("alike", 2)):
        data = {"name": item, "dept": "住建", "project_type": "promised", "promised": {"n": n}}
        await book.city.must("item.register", item, data, source_class="system")
    await book.tell([Story(row.name[:20], row.promise, tuple(row.course), None)], row.when)
    said = {"target": f"case/C0@{row.version}", "reason_code": "typing_error",
            "requested_by": "x", "approved_by": "y"}  # fmt: skip
    how = {"changes": {k: {"old": o, "new": n} for k, (o, n) in row.changes.items()}}
    kind, more = ("case.amend_event", {**how, "evidence": "E"}) if row.changes else (
        "case.void_event", {"reason_code": "other", "cascade": []})  # fmt: skip
    book.city.clock.now = moment(f"{row.when} 11:00")
    await book.city.must(kind, "C0", {**said, **more}, source_class="imported")
    found = []
    for hour in ("", "12:00"):
        if hour:
            await book.tick(moment(f"{row.when} {hour}"))
        obligations = await book.rows(
            "SELECT due, broken FROM obligations WHERE clock = ?", [row.clock]
        )
        found += obligations
        cut = await book.city.log.end()
        live = folded(await events_of(book.city.log), cut)

        assert rebuild(book.lake, cut) == live
        assert second_road(book.lake, cut) == live
    assert [(due and spelled(due), broken) for due, broken in found] == [
        (row.due, row.at_once), (row.due, row.at_last)]  # fmt: skip
