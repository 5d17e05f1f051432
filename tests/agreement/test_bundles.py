"""Two roads over a week of 一件事, with complaints beside: voids, reopened bundles, late facts."""

import random
from datetime import timedelta

import pytest

from analytics.assessment.second_road import second_road
from analytics.lake.archiver import archive
from analytics.lake.catalog import Lake
from analytics.lake.rebuild import rebuild
from ledger.log.fsck import fsck
from tests.agreement.test_two_roads import events_of, folded, random_cuts


class Week:
    """What is said of a few bundles and complaints, legal or not."""

    def __init__(self, city, seed):
        self.city, self.chance, self.done = city, random.Random(seed), []

    def bundle(self):
        r = self.chance
        centre = r.choice(("libao", "qutang", None))
        cases = r.sample(["C1", "C2"], 2)
        return f"B{r.randrange(9)}", *r.choice((
            ("bundle.open", {"theme": "出生", "lead_dept": "民政"}, centre),
            ("bundle.add_member", {"case_id": cases[0]}, centre),
            ("bundle.add_member", {"case_id": cases[1]}, "libao"),
            ("bundle.conclude_member", {"case_id": cases[0]}, None),
            ("bundle.conclude_member", {"case_id": cases[1]}, None),
            ("bundle.close", {"cases": cases[: r.randint(1, 2)]}, None),
        ))  # fmt: skip

    def complaint(self):
        r, day = self.chance, self.city.clock.now.date()
        key = f"Q{r.randrange(6)}"
        about = {"complaint_id": key}
        verb, data = r.choice((
            ("file", {"source": "window", "matter": "refused"}),
            ("accept", {"due": str(day + timedelta(days=r.randint(0, 3)))}),
            ("extend", {"new_due": str(day + timedelta(days=4)), "approver": "boss"}),
            ("reply", {"finding": "confirmed"}), ("close", {"outcome": "settled"}),
        ))  # fmt: skip
        return key, f"complaint.{verb}", {**about, **data}, "libao"

    async def step(self):
        r = self.chance
        key, kind, data, centre = self.bundle() if r.random() < 0.7 else self.complaint()
        at = self.city.clock.now - timedelta(minutes=r.choice((0, 0, 0, 30, 900)))
        receipt = await self.city.say(kind, key, data, source_class="imported", centre=centre,
                                      at=at)  # fmt: skip
        if receipt.status == "accepted":
            self.done += [(key, event) for event in receipt.events]
        if self.done and r.random() < 0.08:
            key, target = r.choice(self.done)
            stream = target.partition("/")[0]
            receipt = await self.city.void(key, target, stream=stream)
            if receipt.code == "E_DEPENDENT":
                await self.city.void(key, target, receipt.legal, stream=stream)

    async def live(self):
        for _ in range(10):
            for _ in range(40):
                self.city.clock.now += timedelta(minutes=self.chance.randint(1, 12))
                await self.step()
            self.city.clock.now = self.city.clock.now.replace(hour=9) + timedelta(days=1)
            await self.city.tick()


@pytest.mark.slow
async def test_a_week_of_bundles_agrees_at_random_cuts(city, tmp_path):
    await Week(city, 7).live()
    lake = Lake(str(tmp_path / "lake"))
    await archive(city.log, lake)
    events, end = await events_of(city.log), await city.log.end()

    for cut in random_cuts(lake, end, 5, seed=7):
        live = folded(events, cut)
        assert rebuild(lake, cut) == live, cut
        assert second_road(lake, cut) == live, cut
    kinds = {event["type"] for found in events.values() for _, event in found}
    assert kinds >= {"bundle.closed", "bundle.event_restamped", "complaint.clock_breached",
                     "interaction.event_restamped", "complaint.extended"}  # fmt: skip
    centres = {cell.split("|")[2] for cell in folded(events, end) if cell.startswith("bundle_")}
    assert centres == {"", "libao", "qutang"}
    assert (await fsck(city.log))["findings"] == []
