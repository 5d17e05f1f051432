"""Two roads over weeks of 代办: waiting, handing over, late facts, breaches, voids, ticks."""

import random
from datetime import timedelta

import pytest

from analytics.assessment.second_road import second_road
from analytics.lake.archiver import archive
from analytics.lake.catalog import Lake
from analytics.lake.rebuild import rebuild
from ledger.log.fsck import fsck
from tests.agreement.test_two_roads import events_of, folded, random_cuts

TASKS = 12
DAYS = 22
CODES = {"agent_done", "agent_in_time", "agent_overdue", "agent_called_back", "agent_satisfied",
         "alerts_red", "alerts_open_red"}  # fmt: skip
USUAL = {  # status → what is likely next
    "-": "request", "request": "accept", "accept": "link_case", "link_case": "suspend",
    "suspend": "resume", "resume": "end", "end": "call_back", "hand_to_town": "suspend",
    "call_back": "report_fee", "report_fee": "request",
}  # fmt: skip


class Tasks:
    """What happens to a few tasks, legal or not."""

    def __init__(self, city, seed):
        self.city, self.chance = city, random.Random(seed)
        self.done, self.last, self.born = [], {}, TASKS
        self.keys = [f"T{n}" for n in range(TASKS)]

    def data(self, verb):
        r, day = self.chance, self.city.clock.now.date()
        return {
            "request": {"kind": "help", "item": "item-2", "village": "libao-v1"},
            "accept": {"agent_id": "vi", "due": str(day + timedelta(days=r.randint(0, 6)))},
            "link_case": {"case_id": "C1"}, "hand_to_town": {"agent_id": "ta"},
            "end": {"outcome": r.choice(("done", "done", "done", "cannot", "withdrawn"))},
            "call_back": r.choice(({"satisfied": True}, {"satisfied": False}, {})),
            "report_fee": {"amount_fen": 100},
        }.get(verb, {})  # fmt: skip

    def place(self, verb):
        centre = {"accept": "libao-v1", "hand_to_town": "libao"}.get(verb)
        return {"centre": centre} if centre and self.chance.random() < 0.9 else {}

    async def say(self, key, verb, **more):
        said = {"source_class": "imported", **self.place(verb), **more}
        receipt = await self.city.say(f"agent.{verb}", key, self.data(verb), **said)
        if receipt.status == "accepted":
            self.last[key] = verb
            self.done += [(key, event) for event in receipt.events]
        return receipt

    async def step(self):
        r = self.chance
        place = r.randrange(TASKS)
        key = self.keys[place]
        verb = USUAL[self.last.get(key, "-")]
        if r.random() < 0.35:
            verb = r.choice(("hand_to_town", "hand_to_town", "suspend", "resume", "end", "accept"))
        late = {}
        if r.random() < 0.25:
            late = {"at": self.city.clock.now - timedelta(hours=r.randint(1, 120)),
                    "late_reason": "网断"}  # fmt: skip
        if r.random() < 0.05:
            late["source_class"] = "historical"
        await self.say(key, verb, **late)
        if self.last.get(key) == "report_fee":
            self.keys[place], self.born = f"T{self.born}", self.born + 1

    async def take_back(self):
        key, target = self.chance.choice(self.done)
        receipt = await self.city.void(key, target, stream="agent")
        if receipt.code == "E_DEPENDENT":
            receipt = await self.city.void(key, target, receipt.legal, stream="agent")
        if receipt.status == "accepted":
            self.last[key] = self.chance.choice(list(USUAL))

    async def live(self):
        for _ in range(DAYS):
            for _ in range(self.chance.randint(4, 12)):
                self.city.clock.now += timedelta(minutes=self.chance.randint(1, 40))
                await self.step()
                if self.done and self.chance.random() < 0.08:
                    await self.take_back()
            start = self.city.clock.now.replace(hour=9, minute=0) + timedelta(days=1)
            self.city.clock.now = start
            if self.chance.random() < 0.7:
                await self.city.tick()


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
async def test_weeks_of_tasks_agree_at_random_cuts(city, tmp_path, seed):
    tasks = Tasks(city, seed)
    await tasks.live()
    lake = Lake(str(tmp_path / "lake"))
    await archive(city.log, lake)
    events, end = await events_of(city.log), await city.log.end()

    for cut in random_cuts(lake, end, 5, seed):
        live = folded(events, cut)
        assert rebuild(lake, cut) == live, cut
        assert second_road(lake, cut) == live, cut
    kinds = {event["type"] for found in events.values() for _, event in found}
    assert {"agent.clock_breached", "agent.event_restamped", "agent.handed_to_town"} <= kinds
    assert {cell.partition("|")[0] for cell in folded(events, end)} >= CODES
    assert (await fsck(city.log))["findings"] == []


async def test_a_hand_made_fortnight_has_the_figures_that_were_counted_by_hand(city, tmp_path):
    tasks, clock = Tasks(city, 1), city.clock
    due = (clock.now + timedelta(days=3)).date().isoformat()

    async def tell(key, *verbs, **more):
        for verb in verbs:
            data = {**tasks.data(verb), **({"due": due} if verb == "accept" else {})}
            data |= {"outcome": "done"} if verb == "end" else {}
            data |= {"satisfied": key != "B"} if verb == "call_back" else {}
            centre = {"accept": "libao-v1", "hand_to_town": "libao"}.get(verb)
            await city.must(f"agent.{verb}", key, data, source_class="imported", centre=centre,
                            **more)  # fmt: skip

    for key in "ABCDE":
        await tell(key, "request", "accept")
    await tell("A", "end")  # in time, called back later
    await tell("B", "suspend")
    clock.now += timedelta(days=4)  # C, D and E are overdue, B waits
    await city.tick()
    early = {"at": clock.now - timedelta(days=3), "late_reason": "网断"}
    await tell("E", "suspend", **early)  # heals nothing any more
    await tell("E", "resume", "end")
    await tell("C", "hand_to_town", "end")
    await tell("B", "resume")  # due on the 7th day
    clock.now += timedelta(days=3)
    await tell("B", "end")
    await tell("A", "call_back")
    await tell("B", "call_back")
    lake = Lake(str(tmp_path / "lake"))
    await archive(city.log, lake)
    end = await city.log.end()
    sums = {cell: n for cell, n in second_road(lake, end).items() if "T" not in cell.split("|")[1]}

    assert sums == {
        "agent_done|2020-12-29|libao-v1|": 1, "agent_in_time|2020-12-29|libao-v1|": 1,
        "agent_called_back|2020-12-29|libao-v1|": 1, "agent_satisfied|2020-12-29|libao-v1|": 1,
        "agent_overdue|2021-01-01|libao-v1|": 3, "agent_done|2021-01-02|libao|": 1,
        "agent_done|2021-01-02|libao-v1|": 1,
        "agent_done|2021-01-05|libao-v1|": 1, "agent_in_time|2021-01-05|libao-v1|": 1,
        "agent_called_back|2021-01-05|libao-v1|": 1,
    }  # fmt: skip
    assert rebuild(lake, end) == second_road(lake, end) == folded(await events_of(city.log), end)
