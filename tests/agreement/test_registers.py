"""Two roads over the registers: cases that run late, end late, and are told of late, with ticks."""

import random
from datetime import timedelta

import pytest

from analytics.assessment.second_road import second_road
from analytics.lake.archiver import archive
from analytics.lake.catalog import Lake
from analytics.lake.rebuild import rebuild
from tests.agreement.test_two_roads import events_of, folded, random_cuts

CASES, DAYS = 16, 14
OTHER = {"source_class": "imported"}
LIMITS = ({}, {"statutory": {"n": 1}}, {"promised": {"n": 2, "unit": "day"}},
          {"promised": {"n": 30, "unit": "hour"}}, {"promised": {"n": 0}},
          {"statutory": {"n": 2}})  # fmt: skip


class Desk:
    """Cases that nobody hurries with."""

    def __init__(self, city, seed):
        self.city, self.chance, self.done = city, random.Random(seed), []

    async def step(self):
        r = self.chance
        key = f"C{r.randrange(CASES)}"
        ways = (
            ("case.submit", {"case_no": key, "item": f"item-{r.randint(0, 6)}"}),
            ("case.accept", r.choice(LIMITS)), ("case.accept", {}),
            ("case.transfer", {"transfer_id": f"t{self.city.seq}", "kind": "dispatch",
                               "to_dept": "住建", "to_centre": "qutang"}),
            ("case.grant_extension", {"days": 3, "approver": "boss", "reason_code": "x"}),
            ("case.suspend_clock", {"reason_code": "x", "legal_basis": "y"}),
            ("case.resume_clock", {}), ("case.withdraw", {}), ("case.decide", {
                "outcome": "approved", "doc_no": "D"}), ("case.conclude", {"result_code": 0}),
        )  # fmt: skip
        kind, data = r.choice(ways if r.random() < 0.3 else ways[:-3])
        late = {}
        if r.random() < 0.3:
            late = {"at": self.city.clock.now - timedelta(hours=r.randint(1, 150)),
                    "late_reason": "网断"}  # fmt: skip
        place = {"centre": r.choice(("libao", "haian"))} if r.random() < 0.9 else {}
        receipt = await self.city.say(kind, key, data, **OTHER, **late, **place)
        if receipt.status == "accepted":
            self.done += [(key, event) for event in receipt.events]

    async def take_back(self):
        key, target = self.chance.choice(self.done)
        receipt = await self.city.void(key, target)
        if receipt.code == "E_DEPENDENT":
            await self.city.void(key, target, receipt.legal)

    async def live(self):
        for day in range(DAYS):
            for _ in range(14):
                self.city.clock.now += timedelta(minutes=self.chance.randint(1, 30))
                await self.step()
                if self.done and self.chance.random() < 0.06:
                    await self.take_back()
            start = self.city.clock.now.replace(hour=9, minute=0) + timedelta(days=1)
            self.city.clock.now = start
            if self.chance.random() < 0.7:
                await self.city.tick()
            if day == DAYS // 3:
                await self.city.register("item-2", "住建")
                await self.city.calendar(2021, ["2021-01-01"], ["2021-01-02"])


@pytest.mark.parametrize("seed", [1, 2])
async def test_what_is_due_and_late_agrees_at_random_cuts(city, tmp_path, seed):
    desk = Desk(city, seed)
    await desk.live()
    lake = Lake(str(tmp_path / "lake"))
    await archive(city.log, lake)
    events, end = await events_of(city.log), await city.log.end()
    seen = set()
    for cut in random_cuts(lake, end, 8, seed):
        live = folded(events, cut)
        seen |= {cell.partition("|")[0] for cell in live}
        assert rebuild(lake, cut) == live, cut
        assert second_road(lake, cut) == live, cut

    assert "due_open" in seen
    assert seen & {"late_promised", "late_statutory"}
