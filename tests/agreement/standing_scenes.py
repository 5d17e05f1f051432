"""Scenes of the sweeps (巡检) that find how something stands: it ends, and begins again."""

from datetime import timedelta

from ledger.contracts.events.item import GuideElement
from tests.agreement.sweep_scenes import (
    DONE,
    FAILED,
    HELPING,
    HELPLESS,
    HERE,
    ITEM,
    OTHER,
    agents,
    entered,
    exchanged,
    guided,
    helpless,
    left,
    measured,
    required,
    station,
    tell,
)


async def guide_told(city, *, missing=0, version=1):
    elements = {element.value: True for element in list(GuideElement)[missing:]}
    await tell(city, ("guide.update", "item-3", {**HERE, "elements": elements, "version": version}))


async def guide_left_behind(city):
    """The guide is brought up to date, and the item goes on without it."""
    await guide_told(city, version=2)
    await tell(city, ("item.revise", "item-3", {**ITEM, "version": 3}))
    city.clock.now += timedelta(days=8)
    await tell(city, ("item.revise", "item-2", {**ITEM, "dept": "民政", "version": 3}))


async def hall_entered_again(city):
    """The item leaves the hall and comes back, as little handled as before."""
    await tell(city, ("item.leave_hall", "item-3", HERE),
               ("item.enter_hall", "item-3", {**HERE, "window_type": "comp:other"}))  # fmt: skip
    for k in range(10):
        key = f"V{k}"
        await city.must("case.submit", key, {"case_no": key, "item": "item-3"}, **OTHER)
        await city.must("case.accept", key, {}, centre="libao-v1", **OTHER)
    city.clock.now += timedelta(days=90)
    await tell(city, ("item.revise", "item-2", {**ITEM, "dept": "民政", "version": 3}))


async def failed_again(city):
    for n, ok in enumerate((*DONE, *FAILED)):
        data = {"target": "province", "batch": f"c{n}", "ok": ok}
        await city.must("case.exchange", "W0", data, **OTHER)


def area(city, *sizes):
    measured = [{"hall_area_m2": size, "method": "survey"} for size in sizes]
    return tell(city, *(("centre.measure_area", "libao", each) for each in measured))


async def guide_gaps(city):
    await guide_told(city)
    await guide_told(city, missing=2)


# query → a state that stands, and how it ends and begins again
AGAIN = {
    "R06_entered_not_handled": (lambda c: entered(c, days=90, there=False), hall_entered_again),
    "R19_exchange_failed": (lambda c: exchanged(c, *FAILED), failed_again),
    "R21_guide_incomplete": (lambda c: guided(c, missing=1), guide_gaps),
    "R21_guide_outdated": (lambda c: guided(c, days=8), guide_left_behind),
    "R27_agents_left": (
        lambda c: agents(c, dismissed=2),
        lambda c: tell(c, ("agent.appoint", "libao-issue", {"village": "libao"}),
                       ("agent.dismiss", "libao-issue", {"village": "libao"}))),
    "R27_entry_missing": (
        lambda c: required(c, deadline="2020-12-28"), lambda c: left(c, doc_no="D1")),
    "R27_hall_area": (lambda c: measured(c, 499), lambda c: area(c, 500, 499)),
    "R27_help_window": (helpless, lambda c: tell(c, *HELPING, *HELPLESS)),
    "R27_left_without_document": (left, left),
    "R27_station_offline": (lambda c: station(c, "on", "off"), lambda c: station(c, "on", "off")),
}  # fmt: skip
