"""Two roads over weeks of 督查: contests, notices, late rectification, breaches, voids, ticks."""

import random
from datetime import timedelta

import pytest

from analytics.assessment.second_road import second_road
from analytics.lake.archiver import archive
from analytics.lake.catalog import Lake
from analytics.lake.rebuild import rebuild
from ledger.log.fsck import fsck
from tests.agreement.test_two_roads import events_of, folded, random_cuts

INSPECTIONS = 6
DAYS = 30
PLACES = ("libao", "libao-v1", "qutang", "haian")
FINDINGS = ("F1", "F2", "F3", "F4")
CODES = {"findings_rectified", "findings_overdue"}
SOURCE = {"source_class": "imported"}
NEXT = {  # what happened to a finding last → what is likely next
    "-": "record", "record": "issue", "contest": "decide_contest", "decide_contest": "issue",
    "issue": "submit", "submit": "accept", "reject": "submit", "accept": "close", "close": "close",
}  # fmt: skip
ROOM = {"record": "finding", "contest": "finding", "decide_contest": "finding", "issue": "notice",
        "close": "notice", "submit": "rectification", "accept": "rectification",
        "reject": "rectification"}  # fmt: skip
AT_ONCE = frozenset({"submit", "accept", "reject", "issue"})


class Visits:
    """What happens to the findings of a few inspections, legal or not."""

    def __init__(self, city, seed):
        self.city, self.chance = city, random.Random(seed)
        self.done, self.last, self.number = [], {}, 0
        self.keys, self.notices = [], {}

    def data(self, verb, finding):
        """Give what is usually said; `finding` is one, or several."""
        many = [finding] if isinstance(finding, str) else list(finding)
        if verb == "issue":
            self.number += 1
        said = {
            "record": {"category": "guide", "severity": "major"}, "contest": {"reason": "mistaken"},
            "decide_contest": {"outcome": "stands"},
            "issue": {"notice_no": f"N{self.number}", "addressees": ["libao"]},
            "submit": {"measures_doc": "M"}, "reject": {"reason": "incomplete"}, "accept": {},
            "close": {},
        }[verb]  # fmt: skip
        named = {"finding_id": many[0]} if ROOM[verb] == "finding" else {"finding_ids": many}
        return {**said, **named}

    async def begin(self, centre):
        """Inspect a centre, openly; give its key."""
        key = f"I{len(self.keys)}"
        self.keys.append(key)
        plan = {"scope": ["guide"], "inspectors": ["x"], "day": "2020-12-29"}
        now = self.city.clock.now.isoformat()
        seen = {"inspectors": ["x"], "start": now, "end": now, "method": "phone"}
        for verb, data in (("plan", plan), ("conduct", seen)):
            made = await self.city.must(f"inspection.{verb}", key, data, centre=centre, **SOURCE)
            self.done += [(key, event) for event in made.events]
        return key

    async def say(self, key, verb, finding, *, but=None, **more):
        data = {**self.data(verb, finding), **(but or {})}
        receipt = await self.city.say(f"{ROOM[verb]}.{verb}", key, data, **{**SOURCE, **more})
        if receipt.status == "accepted":
            for name in [finding] if isinstance(finding, str) else finding:
                self.last[key, name] = verb
                if verb == "issue":
                    self.notices[key, name] = data["notice_no"]
            self.done += [(key, event) for event in receipt.events]
        return receipt

    async def step(self):
        r, now = self.chance, self.city.clock.now
        key, finding = r.choice(self.keys), r.choice(FINDINGS)
        verb = NEXT[self.last.get((key, finding), "-")]
        if verb == "accept" and r.random() < 0.25:
            verb = "reject"
        if r.random() < 0.2:
            verb = r.choice(("contest", "decide_contest", "reject", "submit", "accept"))
        alike = [name for name in FINDINGS
                 if self.last.get((key, name)) == self.last.get((key, finding))]  # fmt: skip
        about = alike if verb in AT_ONCE and r.random() < 0.5 else finding
        but = {}
        if verb == "close":
            number = self.notices.get((key, finding), "none")
            about = [name for name in FINDINGS if self.notices.get((key, name), "none") == number]
            but = {"notice_no": number}
        if verb == "issue" and r.random() < 0.6:
            but = {"rectify_due": str(now.date() + timedelta(days=r.randint(0, 6)))}
        if verb == "decide_contest" and r.random() < 0.2:
            but = {"outcome": "dropped"}
        late = {}
        if r.random() < 0.25:
            late = {"at": now - timedelta(hours=r.randint(1, 120)), "late_reason": "网断"}
        if r.random() < 0.05:
            late["source_class"] = "historical"
        await self.say(key, verb, about, but=but, **late)

    async def take_back(self):
        key, target = self.chance.choice(self.done)
        receipt = await self.city.void(key, target, stream="inspection")
        if receipt.code == "E_DEPENDENT" and len(receipt.legal) < 12:
            receipt = await self.city.void(key, target, receipt.legal, stream="inspection")
        if receipt.status == "accepted":
            name = self.chance.choice(FINDINGS)
            self.last[key, name] = self.chance.choice(list(NEXT))

    async def live(self):
        for day in range(DAYS):
            if day % 4 == 0 and len(self.keys) < INSPECTIONS:
                await self.begin(PLACES[len(self.keys) % len(PLACES)])
            for _ in range(self.chance.randint(8, 16)):
                self.city.clock.now += timedelta(minutes=self.chance.randint(1, 40))
                await self.step()
                if self.chance.random() < 0.03:
                    await self.take_back()
            start = self.city.clock.now.replace(hour=9, minute=0) + timedelta(days=1)
            self.city.clock.now = start
            if self.chance.random() < 0.7:
                await self.city.tick()
            if day == DAYS // 3:
                await self.city.calendar(2021, ["2021-01-14", "2021-01-15"], ["2021-01-16"])


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_weeks_of_inspections_agree_at_random_cuts(city, tmp_path, seed):
    visits = Visits(city, seed)
    await visits.live()
    lake = Lake(str(tmp_path / "lake"))
    await archive(city.log, lake)
    events, end = await events_of(city.log), await city.log.end()

    for cut in random_cuts(lake, end, 8, seed):
        live = folded(events, cut)
        assert rebuild(lake, cut) == live, cut
        assert second_road(lake, cut) == live, cut
    kinds = {event["type"] for found in events.values() for _, event in found}
    assert {"inspection.clock_breached", "inspection.event_restamped", "rectification.rejected",
            "finding.contest_decided", "notice.closed"} <= kinds  # fmt: skip
    assert {cell.partition("|")[0] for cell in folded(events, end)} >= CODES
    assert (await fsck(city.log))["findings"] == []


async def agree(city, tmp_path):
    """Give the days of K45, the same on three roads now and at six cuts before."""
    lake, end = Lake(str(tmp_path / "lake")), await city.log.end()
    await archive(city.log, lake)
    events = await events_of(city.log)
    for cut in random_cuts(lake, end, 8, seed=7):
        assert rebuild(lake, cut) == second_road(lake, cut) == folded(events, cut), cut
    return {cell: n for cell, n in second_road(lake, end).items()
            if "T" not in cell.split("|")[1] and cell.startswith("findings_")}  # fmt: skip


async def test_hand_made_stories_have_the_figures_that_were_counted_by_hand(city, tmp_path):
    """From Tuesday, 29 December 2020; of 2021 nothing is published: Monday to Friday."""
    visits, clock = Visits(city, 1), city.clock
    town, village = await visits.begin("libao"), await visits.begin("libao-v1")
    first = {"rectify_due": "2021-01-04"}

    async def must(key, verb, about, **more):
        receipt = await visits.say(key, verb, about, **more)
        assert receipt.status == "accepted", receipt

    for key in (town, village):
        for name in FINDINGS:
            await must(key, "record", name)
    await must(town, "contest", "F3")
    await must(town, "decide_contest", "F3")  # it stands
    await must(town, "contest", "F4")
    await must(town, "decide_contest", "F4", but={"outcome": "dropped"})
    assert (await visits.say(town, "issue", ["F4"])).code == "E_STATE"
    await must(town, "issue", ["F1", "F2", "F3"], but=first)
    await must(village, "issue", ["F1", "F2"])  # due ten working days on: 12 January
    await must(village, "issue", ["F3"], but=first, source_class="historical")  # no clock
    clock.now += timedelta(days=3)
    await city.tick()
    await must(town, "submit", ["F1", "F2", "F3"])
    await must(town, "accept", ["F1"])  # in time, on 1 January
    await must(village, "submit", ["F1", "F2", "F3"])
    clock.now += timedelta(days=5)  # 6 January: F2 and F3 of the town are overdue
    await city.tick()
    early = {"at": clock.now - timedelta(days=4), "late_reason": "网断"}
    await must(town, "accept", ["F2"], **early)  # on 2 January: no breach after all
    await must(town, "accept", ["F3"])  # after the breach: nothing changes
    await must(village, "accept", ["F1", "F3"])  # F1 in time; F3 has no clock
    kept = [event for _, event in visits.done][-1]
    clock.now += timedelta(days=7)  # 13 January: F2 of the village is overdue
    await city.tick()
    assert (await city.void(village, kept, stream="inspection")).status == "accepted"
    await city.tick()  # the same instant again, F1 of the village is not accepted now

    assert await agree(city, tmp_path) == {
        "findings_rectified|2021-01-01|libao|": 1, "findings_rectified|2021-01-02|libao|": 1,
        "findings_overdue|2021-01-04|libao|": 1, "findings_overdue|2021-01-12|libao-v1|": 2,
    }  # fmt: skip


async def test_a_breach_that_nobody_could_see_yet_does_not_count(city, tmp_path):
    """Due, but no tick came: both roads wait; an acceptance that comes too late brings it along."""
    visits, clock = Visits(city, 1), city.clock
    key = await visits.begin("qutang")
    for name in ("F1", "F2"):
        await visits.say(key, "record", name)
        await visits.say(key, "issue", [name], but={"rectify_due": "2020-12-30"})
    clock.now += timedelta(days=3)
    await visits.say(key, "submit", ["F1", "F2"])
    assert await agree(city, tmp_path) == {}
    await visits.say(key, "accept", ["F1"])

    assert await agree(city, tmp_path) == {"findings_overdue|2020-12-30|qutang|": 1}
