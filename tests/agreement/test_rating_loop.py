"""Two roads over five weeks of negatives: late steps, extensions, appeals, calls, voids, ticks."""

import random
from datetime import timedelta

import pytest

from analytics.assessment.second_road import second_road
from analytics.lake.archiver import archive
from analytics.lake.catalog import Lake
from analytics.lake.rebuild import rebuild
from tests.agreement.test_two_roads import events_of, folded, random_cuts

CASES = 8
DAYS = 24
USUAL = ("rating.submit", "neg.verify", "neg.rectify", "neg.call_back")
CODES = {
    "concluded", "rated_services", "verified_valid", "rectified", "rectify_resolved",
    "rectify_in_time", "callback_resolved", "callback_in_time", "appeals_decided",
    "appeals_upheld",
}  # fmt: skip
OTHER = {"source_class": "imported"}


class Loops:
    """What happens to the ratings of a few concluded cases."""

    def __init__(self, city, seed):
        self.city, self.chance, self.done = city, random.Random(seed), []
        self.got = {}

    async def begin(self):
        for n in range(CASES):
            place = {"centre": "libao", "window": f"libao-{n % 3 + 1}"} if n % 5 else {}
            key = f"C{n}"
            for kind, data in (
                ("case.submit", {"case_no": key, "item": "item-2"}), ("case.accept", {}),
                ("case.decide", {"outcome": "approved", "doc_no": "D"}),
                ("case.conclude", {"result_code": 0}),
            ):  # fmt: skip
                await self.city.must(kind, key, data, **OTHER, **place)

    async def usual(self):
        """One negative goes its way in time, one is not adopted."""
        first = {"rating_id": "a", "stars": 1, "real_name": True}
        for key in (f"C{CASES - 2}", f"C{CASES - 1}"):
            await self.city.must("rating.submit", key, first, **OTHER)
        for kind, data in (("neg.verify", {"finding": "valid"}), ("neg.rectify", {}),
                           ("neg.call_back", {"reached": True})):  # fmt: skip
            await self.city.must(kind, f"C{CASES - 2}", {"rating_id": "a", **data}, **OTHER)
        for kind, data in (("appeal.file", {"by": "unit", "reason": "mistaken"}),
                           ("appeal.uphold", {})):  # fmt: skip
            await self.city.must(kind, f"C{CASES - 1}", {"rating_id": "a", **data}, **OTHER)

    async def step(self):
        r = self.chance
        key, about = f"C{r.randrange(CASES - 2)}", r.choice(("a", "b"))
        later = (self.city.clock.now + timedelta(days=r.randint(5, 30))).date().isoformat()
        ways = (
            ("rating.submit", {"stars": r.choice((1, 1, 2, 5)), "real_name": r.random() < 0.7,
                               "via": "qr" if about == "a" else "sms"}),
            ("neg.verify", {"finding": r.choice(("valid", "valid", "partly", "mistaken"))}),
            ("neg.verify", {"finding": "valid"}), ("neg.rectify", {}), ("neg.rectify", {}),
            ("neg.grant_extension", {"new_due": later, "approver": "boss"}),
            ("neg.call_back", {"reached": r.random() < 0.5, "attempts": r.randint(1, 2)}),
            ("neg.call_back", {"reached": False}), ("neg.reply", {}), ("neg.close", {}),
            ("appeal.file", {"by": "unit", "reason": "mistaken"}), ("appeal.deny", {}),
            ("appeal.uphold", {}),
        )  # fmt: skip
        usual = USUAL[self.got.get((key, about), 0) % len(USUAL)]
        likely = [way for way in ways if way[0] == usual]
        kind, data = r.choice(likely if r.random() < 0.5 else ways)
        late = {}
        if r.random() < 0.2:
            late = {"at": self.city.clock.now - timedelta(hours=r.randint(1, 200)),
                    "late_reason": "网断"}  # fmt: skip
        receipt = await self.city.say(kind, key, {"rating_id": about, **data}, **OTHER, **late)
        if receipt.status == "accepted":
            self.done += [(key, event) for event in receipt.events]
            self.got[key, about] = self.got.get((key, about), 0) + (kind == usual)

    async def take_back(self):
        key, target = self.chance.choice(self.done)
        receipt = await self.city.void(key, target, stream="rating")
        if receipt.code == "E_DEPENDENT":
            await self.city.void(key, target, receipt.legal, stream="rating")

    async def conclude_again(self, key):
        """Its conclusion is voided and entered again: the ratings follow."""
        await self.city.void(key, f"case/{key}@4")
        await self.city.must("case.conclude", key, {"result_code": 0}, **OTHER)

    async def live(self):
        for day in range(DAYS):
            for _ in range(self.chance.randint(4, 12)):
                self.city.clock.now += timedelta(minutes=self.chance.randint(1, 40))
                await self.step()
                if self.done and self.chance.random() < 0.05:
                    await self.take_back()
            if day % 9 == 5:
                await self.conclude_again(f"C{day % CASES}")
            start = self.city.clock.now.replace(hour=9, minute=0) + timedelta(days=1)
            self.city.clock.now = start
            if self.chance.random() < 0.8:
                await self.city.tick()
            if day == DAYS // 2:
                await self.city.calendar(2021, ["2021-01-25", "2021-01-26"], ["2021-01-30"])


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
async def test_the_loops_of_negatives_agree_at_random_cuts(city, tmp_path, seed):
    log = city.log
    loops = Loops(city, seed)
    await loops.begin()
    await loops.usual()
    await loops.live()
    lake = Lake(str(tmp_path / "lake"))
    await archive(log, lake)
    events = await events_of(log)
    end = await log.end()

    for cut in random_cuts(lake, end, 5, seed):
        live = folded(events, cut)
        assert rebuild(lake, cut) == live, cut
        assert second_road(lake, cut) == live, cut
    codes = {cell.partition("|")[0] for cell in folded(events, end)}

    assert codes >= CODES
    assert codes & {"not_adopted_1", "not_adopted_2"}
