"""What a night publishes is what the lake gives at its cut; a restatement is the difference."""

from collections import Counter
from datetime import date, datetime, timedelta

import pytest

from analytics.assessment.second_road import second_road
from analytics.closing.plan import cut_before, freeze_night
from analytics.closing.run import ClosingError, close
from analytics.lake.archiver import archive
from analytics.lake.rebuild import rebuild
from ledger.contracts.codes import SHANGHAI
from ledger.contracts.events.period import NOWHERE
from ledger.rules.workdays import Calendar

START = date(2020, 6, 1)
DAY = timedelta(days=1)


def day_totals(cells, day):
    """Give (centre, code) → total of a day, out of cells."""
    sums = Counter()
    for cell, amount in cells.items():
        code, bucket, centre, _ = cell.split("|")
        if bucket == day:
            sums[centre or NOWHERE, code] += amount
    return {place: total for place, total in sums.items() if total}


def known(facts):
    """Give {day: {(centre, code): total}} as published at first, and as restated last."""
    first, last = {}, {}
    for _, _, kind, data in facts:
        if kind == "day.closed":
            for code, total in data["totals"].items():
                first.setdefault(data["day"], {})[data["centre"], code] = total
                last.setdefault(data["day"], {})[data["centre"], code] = total
        elif kind == "period.restated":
            for change in data["changes"]:
                place = data["centre"], change["code"]
                held = last.setdefault(change["day"], {})
                assert held.get(place, 0) == change["published"]
                held[place] = change["now"]
    return first, {day: {p: n for p, n in sums.items() if n} for day, sums in last.items()}


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
async def test_what_is_published_is_what_reconcile_gives_at_its_cut(new_town, seed):
    town = await new_town()
    await town.live(seed, START, 5, 20)
    last = START + 6 * DAY
    said = await town.close(last)
    first, now = known(await town.published())

    for n in range(7):
        night = START + n * DAY
        cells = rebuild(town.lake, cut_before(town.lake, town.log.partitions, night))
        assert day_totals(cells, str(night)) == first.get(str(night), {}), night
    cut = cut_before(town.lake, town.log.partitions, last)
    by_stamps, by_hand = rebuild(town.lake, cut), second_road(town.lake, cut)
    for day in now:
        assert day_totals(by_stamps, day) == day_totals(by_hand, day) == now[day], day
    assert said["day.close"] > 20
    assert said["period.restate"] > 5
    assert len(first) == 5


@pytest.mark.slow
async def test_night_by_night_or_all_at_once_or_killed_between_gives_the_same_facts(new_town):
    whole, nightly, killed = [await new_town() for _ in range(3)]
    for town in (whole, killed):
        await town.live(4, START, 3, 12)
    for n in range(3):
        await nightly.live(4, START, n + 1, 12)
        await nightly.close(START + n * DAY)
    await nightly.close(START + 4 * DAY)
    await whole.close(START + 4 * DAY)
    for calls in (0, 1, 0):
        with pytest.raises(PowerFailure):
            await killed_after(killed, calls).close(START + 4 * DAY)
    again = await killed.close(START + 4 * DAY)
    once_more = await killed.close(START + 4 * DAY)

    facts = await whole.published()
    assert await killed.published() == facts
    assert unplaced(await nightly.published()) == unplaced(facts)
    assert again["day.close"] > 0
    assert once_more["new"] == []


def unplaced(facts):
    """Leave the cuts out: a book in which a night was published earlier has other offsets."""
    return [(*fact[:3], {**fact[3], "cut": ()}) for fact in facts]


class PowerFailure(Exception):
    """The process was killed."""


def killed_after(town, calls):
    """Give the town with a ledger that takes so many batches and half of the next."""

    class Dying:
        def __init__(self):
            self.left = calls

        def __getattr__(self, name):
            return getattr(town.log, name)

        async def submit_many(self, raws):
            if self.left == 0:
                await town.log.submit_many(raws[: max(1, len(raws) // 2)])
                raise PowerFailure
            self.left -= 1
            return await town.log.submit_many(raws)

    return type(town)(Dying(), town.lake, town.clock)


def at(day, hour, minute=0):
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=SHANGHAI)


PLACE = {"centre": "libao", "window": "libao-2"}
WATCHED = ("accepted", "submitted")
"""The measures these tests look at; others that a fact touches come and go with the table."""


def watched(said):
    """Give of totals, or of changes, those that are looked at."""
    if isinstance(said, dict):
        return {code: total for code, total in said.items() if code in WATCHED}
    return [change for change in said if change["code"] in WATCHED]


@pytest.fixture
async def furnished(new_town):
    """Two cases accepted on Monday; the night has closed."""
    town = await new_town()
    for kind, key, data in (
        ("dept.register", "民政", {"name": "民政"}),
        ("item.register", "i", {"name": "i", "dept": "民政", "project_type": "promised"}),
        ("centre.open", "libao", {"name": "李堡", "level": "town", "tier": "other_town",
                                  "town": "libao"}),
        ("window.create", "libao-2", {"centre": "libao", "no": "2", "kind": "comp:livelihood"}),
    ):  # fmt: skip
        await town.say(kind, key, data, at(START, 8), source_class="system")
    for case in ("C1", "C2"):
        await submit(town, case, at(START, 9))
        await town.say("case.accept", case, {"accept_no": "A"}, at(START, 10), **PLACE)
    return town


async def submit(town, case, moment, **more):
    data = {"case_no": case, "item": "i"}
    return await town.say("case.submit", case, data, moment, **PLACE, **more)


CORRECTED = {"requested_by": "fu", "approved_by": "gu"}


async def test_void_amendment_late_fact_and_duplicate_are_restated_exactly(furnished):
    town, next_day = furnished, START + DAY
    assert (await town.close(START))["day.close"] == 1
    morning = at(next_day, 9)
    await submit(town, "C3", at(START, 16), now=morning, late_reason="断网")
    await town.say("case.void_event", "C1", {"target": "case/C1@2", "reason_code": "wrong_case",
                                             **CORRECTED}, morning)  # fmt: skip
    amended = {"target": "case/C2@2", "reason_code": "typing_error", "evidence": "E1", **CORRECTED,
               "changes": {"occurred_at": {"old": at(START, 10).isoformat(),
                                           "new": at(START, 9).isoformat()}}}  # fmt: skip
    receipt = await town.say("case.amend_event", "C2", amended, morning)
    assert receipt.status == "accepted", receipt
    town.seq -= 1  # The same bytes again.
    assert (await town.say("case.amend_event", "C2", amended, morning)).status == "duplicate"
    said = await town.close(next_day)
    data = {kind: data for *_, kind, data in await town.published()}["period.restated"]

    assert said["period.restate"] == 1
    assert watched(data["changes"]) == [
        {"code": "accepted", "day": "2020-06-01", "published": 2, "now": 1},
        {"code": "submitted", "day": "2020-06-01", "published": 2, "now": 3},
    ]
    assert {cause.partition("@")[0] for cause in data["cause_events"]} == {"case/C1", "case/C3"}
    assert data["causes"] == len(data["cause_events"])
    assert data["cut"] == list(cut_before(town.lake, town.log.partitions, next_day))


async def test_what_happens_before_two_is_of_the_day_and_what_comes_after_restates_it(furnished):
    town, next_day = furnished, START + DAY
    await submit(town, "C8", at(START, 22), now=at(next_day, 1, 59), late_reason="x")
    await submit(town, "C9", at(START, 22), now=at(next_day, 2), late_reason="x")
    await town.close(next_day)
    facts = await town.published()
    closed = next(data for *_, data in facts if data.get("day") == "2020-06-01")
    restated = next(data for *_, kind, data in facts if kind == "period.restated")

    assert watched(closed["totals"]) == {"accepted": 2, "submitted": 3}
    assert watched(restated["changes"]) == [
        {"code": "submitted", "day": "2020-06-01", "published": 3, "now": 4}
    ]


async def test_a_quiet_day_that_a_late_fact_reaches_was_published_as_nothing(furnished):
    town = furnished
    sunday, monday = START + 6 * DAY, START + 7 * DAY
    await submit(town, "C5", at(monday, 9))
    await submit(town, "C6", at(sunday, 9), now=at(monday, 10), late_reason="x")
    await town.close(monday)
    facts = [(kind, data.get("day") or data["changes"][0]["day"], watched(data.get("totals", {})))
             for *_, kind, data in await town.published()]  # fmt: skip

    assert facts == [
        ("day.closed", "2020-06-01", {"accepted": 2, "submitted": 2}),
        ("day.closed", "2020-06-08", {"submitted": 1}),
        ("day.closed", "2020-06-07", {}),
        ("period.restated", "2020-06-07", {}),
    ]


async def test_a_month_is_frozen_on_its_third_working_day_and_restated_afterwards(furnished):
    town = furnished
    third = date(2020, 7, 3)
    await submit(town, "C7", at(third, 10))
    await submit(town, "C8", at(START + 9 * DAY, 9), now=at(third, 11), late_reason="x")
    assert (await town.close(third - 2 * DAY))["period.freeze"] == 0
    said = await town.close(third)
    facts = {kind: data for *_, kind, data in await town.published()}
    frozen, restated = facts["period.frozen"], facts["period.restated"]

    assert said["period.freeze"] == 1
    assert frozen["period"] == "2020-06"
    assert watched(frozen["totals"]) == {"accepted": 2, "submitted": 2}
    assert watched(restated["changes"]) == [
        {"code": "submitted", "day": "2020-06-10", "published": 0, "now": 1}
    ]


def test_the_third_working_day_knows_holidays():
    calendar = Calendar().with_year(2020, [date(2020, 10, n) for n in range(1, 9)],
                                    [date(2020, 10, 10)])  # fmt: skip

    assert freeze_night("2020-06", calendar) == date(2020, 7, 2)
    assert freeze_night("2020-09", calendar) == date(2020, 10, 11)


async def test_a_dry_run_says_what_would_be_published_and_publishes_nothing(furnished):
    said = await furnished.close(START, dry_run=True)

    assert (said["day.close"], said["new"][0]["centre"]) == (1, "libao")
    assert await furnished.published() == []


async def test_history_before_the_book_is_nobodys_day(furnished):
    old = at(date(2014, 3, 5), 9)
    receipt = await submit(
        furnished, "H1", old, now=at(START, 12), source_class="historical", channel="window"
    )
    assert receipt.status == "accepted"
    await furnished.close(START + DAY)

    assert {data["day"] for *_, data in await furnished.published()} == {"2020-06-01"}


async def test_a_refusal_ends_the_run_and_says_why(furnished):
    town = furnished
    await archive(town.log, town.lake)
    town.clock.now = at(START, 23)
    with pytest.raises(ClosingError, match="E_TIME_FUTURE"):
        await close(town.log, town.lake, START)
