"""What was published is never edited: 日结, 月结, 重述公布 as the ledger decides them."""

from datetime import timedelta

import pytest

from ledger.contracts.events import COMMANDS, FACTS
from ledger.contracts.events.period import NOWHERE, totals_hash
from ledger.rules import duty, period

DAY = "2020-06-01"
TOTALS = {"accepted": 3, "concluded": 2}


class Closing:
    """Says what a closing job says, for one centre, at 02:00 of the morning after."""

    def __init__(self, hall):
        self.hall = hall
        hall.now += timedelta(days=40)

    def say(self, kind, *, key="town", at=None, **data):
        place = {} if key == NOWHERE else {"centre": key}
        said = {"centre": key, "cut": [5, 5], **data}
        if "totals" in said:
            said = {"totals_hash": totals_hash(said["totals"]), **said}
        return self.hall.say(kind, key, said, at=at, source_class="system", **place)

    def close(self, day=DAY, totals=TOTALS, **more):
        return self.say("day.close", **{"day": day, "totals": totals, "measures_version": "v",
                                        **more})  # fmt: skip

    def freeze(self, month="2020-06", totals=TOTALS, **more):
        return self.say("period.freeze", **{"period": month, "totals": totals, **more})

    def restate(self, *changes, month="2020-06", **more):
        rows = [dict(zip(("code", "day", "published", "now"), each, strict=True))
                for each in changes or [("accepted", DAY, 3, 4)]]  # fmt: skip
        return self.say("period.restate", **{"period": month, "changes": rows, "causes": 1,
                                             "cause_events": ["case/C1@3"], **more})  # fmt: skip

    @property
    def state(self):
        return period.fold(self.hall.events("period/town"))


@pytest.fixture
def closing(hall):
    return Closing(hall)


def test_a_day_closes_is_restated_and_its_month_is_frozen(closing):
    assert closing.close().status == "accepted"
    assert closing.close("2020-06-02", {"accepted": 1}).status == "accepted"
    assert closing.restate(("accepted", DAY, 3, 5), ("issued", DAY, 0, 1)).status == "accepted"
    whole = {"accepted": 6, "concluded": 2, "issued": 1}
    assert closing.state.totals("2020-06") == whole
    assert closing.freeze(totals=whole).status == "accepted"
    assert closing.freeze("2020", whole).code == "E_TIME_ORDER"
    closing.hall.wait(days=200)
    assert closing.freeze("2020", whole).status == "accepted"
    assert closing.restate(("accepted", "2020-06-09", 0, 2)).status == "accepted"

    assert closing.state.frozen == {"2020-06", "2020"}
    assert closing.state.totals("2020")["accepted"] == 8
    assert [event["type"] for event in closing.hall.events("period/town")] == [
        "day.closed", "day.closed", "period.restated", "period.frozen", "period.frozen",
        "period.restated"]  # fmt: skip


def test_what_was_done_nowhere_is_published_too(closing):
    assert closing.close(key=NOWHERE).status == "accepted"


def closed(c):
    c.close()


def frozen(c):
    c.close()
    c.freeze()


BROKEN = {
    "a day twice": (closed, lambda c: c.close(cut=[9, 9]), "E_STATE"),
    "a day of a frozen month": (frozen, lambda c: c.close("2020-06-09"), "E_FROZEN"),
    "a month twice": (frozen, lambda c: c.freeze(), "E_FROZEN"),
    "a month that its days do not make": (
        closed, lambda c: c.freeze(totals={"accepted": 9}), "E_STATE"),
    "a year before its months": (closed, lambda c: c.freeze("2020"), "E_STATE"),
    "what was never published": (
        closed, lambda c: c.restate(("accepted", "2020-06-09", 0, 1)), "E_STATE"),
    "another total than was published": (
        closed, lambda c: c.restate(("accepted", DAY, 2, 4)), "E_VERSION"),
    "a restatement at an older cut": (closed, lambda c: c.restate(cut=[4, 5]), "E_TIME_ORDER"),
    "a day that is not over": (lambda _: None, lambda c: c.close(at=_early(c)), "E_TIME_ORDER"),
    "an unknown centre": (lambda _: None, lambda c: c.say(
        "day.close", key="nowhere", day=DAY, totals={}, measures_version="v"), "E_REF"),
    "an unknown centre, told from nowhere": (lambda _: None, lambda c: c.hall.say(
        "day.close", "nowhere", {"centre": "nowhere", "cut": [5, 5], "day": DAY, "totals": {},
                                 "totals_hash": totals_hash({}), "measures_version": "v"},
        source_class="system"), "E_REF"),
    "a wrong hash": (lambda _: None, lambda c: c.close(totals_hash="0" * 64), "E_FIELD"),
    "another centre than the key": (lambda _: None, lambda c: c.close(centre="city"), "E_FIELD"),
    "a restatement of nothing": (
        closed, lambda c: c.restate(("accepted", DAY, 3, 3)), "E_FIELD"),
    "a total restated twice": (
        closed, lambda c: c.restate(("accepted", DAY, 3, 4), ("accepted", DAY, 3, 5)), "E_FIELD"),
    "a day of another month": (
        closed, lambda c: c.restate(("accepted", "2020-07-01", 0, 1)), "E_FIELD"),
    "no month": (closed, lambda c: c.freeze("2020-13"), "E_FIELD"),
}  # fmt: skip


def _early(closing):
    return closing.hall.now.replace(year=2020, month=6, day=1, hour=23)


@pytest.mark.parametrize("what", BROKEN)
def test_what_is_refused(closing, what):
    before, say, code = BROKEN[what]
    before(closing)
    known = closing.state
    receipt = say(closing)

    assert (receipt.status, receipt.code) == ("refused", code), receipt.message
    assert closing.state == known


def test_every_command_about_periods_is_tried_above_and_no_post_may_give_it():
    told = {kind for kind, fact in FACTS.items() if fact.STREAM == "period"}
    said = {command for command, fact in COMMANDS.items() if fact.STREAM == "period"}

    assert told == {"day.closed", "period.frozen", "period.restated"}
    assert said == {"day.close", "period.freeze", "period.restate"}
    assert all(duty.POSTS[command] == frozenset() for command in said)


@pytest.mark.parametrize("kind", ["day.close", "period.freeze", "period.restate"])
def test_nobody_publishes_by_hand(closing, kind):
    hall = closing.hall
    assert closing.close(DAY).status == "accepted"
    data = {"centre": "town", "cut": [9, 9], "period": "2020-06"}
    more = {"day.close": {"day": "2020-06-03"}, "period.restate": {"changes": [
        {"code": "accepted", "day": DAY, "published": 3, "now": 4}]}}.get(kind, {})  # fmt: skip
    if kind != "period.restate":
        more |= {"totals": TOTALS, "totals_hash": totals_hash(TOTALS)}
    if kind == "day.close":
        more["measures_version"] = "v"
        data.pop("period")
    receipt = hall.say(kind, "town", {**data, **more}, who="an", post="accept", centre="town")

    assert receipt.code == "E_AUTH"
