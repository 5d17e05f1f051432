"""A calendar published over open cases moves their dues, and the same on both books (0004)."""

import pytest

from ledger.rules.effective import current
from tests.conformance.test_log import digest

SYSTEM = {"source_class": "system"}
OPEN, DONE, STILL = ("C1", "C2", "C3", "C4", "C5"), ("C6", "C7"), ("C8",)


async def must(book, *raws):
    receipts = await book.log.submit_many(raws)
    assert [r.status for r in receipts] == ["accepted"] * len(raws), receipts


async def publish(book, *holidays):
    data = {"year": 2020, "doc_no": "国办发明电", "holidays": holidays}
    await must(book, book.raw("calendar.publish", "cal-2020", data, **SYSTEM))


async def furnish(book):
    """Eight cases taken in on Monday 1 June, five working days promised: due on the 8th."""
    await publish(book)
    cases = (*OPEN, *DONE, *STILL)
    await must(book, *(book.case(key) for key in cases))
    await must(book, *(book.raw("case.accept", key, {}, centre="HM") for key in cases))
    await book.tick(hours=1)
    approved, paused = {"outcome": "approved", "doc_no": "D"}, {"reason_code": "pay"}
    await must(book, *(book.raw("case.decide", key, approved, centre="HM") for key in DONE))
    await must(book, *(book.raw("case.conclude", key, {"result_code": 0}) for key in DONE))
    await must(book, *(book.raw("case.suspend_clock", key, paused | {"approver": "b"})
                       for key in STILL))  # fmt: skip


async def told(book):
    """Give case → (promised due as it counts, its breaches of C3)."""
    found = {}
    for key in (*OPEN, *DONE, *STILL):
        facts = current(await book.events(f"case/{key}")).values()
        due = next(e["data"]["stamp"]["promised_due"] for e in facts
                   if e["type"] == "case.accepted")  # fmt: skip
        broken = [e["data"]["data"]["due"][5:10] for e in facts
                  if e["type"] == "case.clock_breached"
                  and e["data"]["data"]["clock"] == "C3"]  # fmt: skip
        found[key] = (due[5:10], *broken)
    return found


def expected(due, *broken):
    """Open ones are as said, those that stand still have no breach, done ones keep their due."""
    still, done = dict.fromkeys(STILL, (due,)), dict.fromkeys(DONE, ("06-08",))
    return dict.fromkeys(OPEN, (due, *broken)) | still | done


async def change_twice(book):
    await furnish(book)
    await book.tick(days=1)
    assert await told(book) == expected("06-08")
    await publish(book, "2020-06-04", "2020-06-05")
    await book.tick(minutes=1)
    assert await told(book) == expected("06-10")
    await book.tick(days=7)
    assert await told(book) == expected("06-10")
    await book.tick(days=2)
    assert await told(book) == expected("06-10", "06-10")
    await book.restart()
    await publish(book, "2020-06-04", "2020-06-05", "2020-06-08")
    await book.tick(minutes=1)
    assert await told(book) == expected("06-11"), "a breach without ground"
    await book.tick(days=1)
    assert await told(book) == expected("06-11", "06-11")


async def test_a_calendar_published_over_open_cases_moves_their_dues(book):
    await change_twice(book)


@pytest.mark.kafka
async def test_and_both_books_say_so_in_the_same_facts(both_books):
    for book in both_books:
        await change_twice(book)

    assert await digest(both_books[0]) == await digest(both_books[1])
