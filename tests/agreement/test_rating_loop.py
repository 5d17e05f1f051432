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
    "concluded", "rateable", "rated_services", "verified_valid", "rectified", "rectify_resolved",
    "rectify_in_time", "callback_resolved", "callback_in_time", "appeals_decided",
    "appeals_upheld",
}  # fmt: skip
OTHER = {"source_class": "imported"}


class Loops:
    """What happens to the ratings of a few concluded cases; subclasses: of other services."""

    LACKS = frozenset()

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

    def pick(self):
        """Give key and what a rating says of its subject, and what its id begins with."""
        return f"C{self.chance.randrange(CASES - 2)}", {}, ""

    async def step(self):
        r = self.chance
        key, subject, name = self.pick()
        about = name + r.choice(("a", "b"))
        later = (self.city.clock.now + timedelta(days=r.randint(5, 30))).date().isoformat()
        ways = (
            ("rating.submit", {"stars": r.choice((1, 1, 2, 5)), "real_name": r.random() < 0.7,
                               "via": "qr" if about.endswith("a") else "sms", **subject}),
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

    async def end_again(self, day):
        """A conclusion is voided and entered again: the ratings follow."""
        key = f"C{day % CASES}"
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
                await self.end_again(day)
            start = self.city.clock.now.replace(hour=9, minute=0) + timedelta(days=1)
            self.city.clock.now = start
            if self.chance.random() < 0.8:
                await self.city.tick()
            if day == DAYS // 2:
                await self.city.calendar(2021, ["2021-01-25", "2021-01-26"], ["2021-01-30"])


class Visits(Loops):
    """The same of visits of two halls, and of a task, whose own facts are corrected as well."""

    LACKS = frozenset({"concluded"})

    async def begin(self):
        self.day, self.tickets = self.city.clock.now, []
        for hall in ("libao", "qutang"):
            key = f"{hall}.{self.day.date()}"
            for n in (1, 2):
                await self.hall(key, "window.open", window_id=f"{hall}-{n}", staff_id=f"s{n}")
            for n in range(4):
                await self.serve(key, hall, f"{hall}{n}", n)
        for verb, data in (("request", {"kind": "help", "item": "item-2", "village": "libao-v1"}),
                           ("accept", {"agent_id": "vi", "due": "2021-01-09"}),
                           ("end", {"outcome": "done"})):  # fmt: skip
            await self.city.must(f"agent.{verb}", "T1", data, centre="libao-v1", **OTHER)

    async def hall(self, key, kind, minutes=1, **data):
        self.city.clock.now += timedelta(minutes=minutes)
        return await self.city.must(kind, key, data, centre=key.rpartition(".")[0], **OTHER)

    async def serve(self, key, hall, ticket, n):
        """One ticket is served at the first window; the last of them once more at the second."""
        await self.hall(key, "ticket.issue", ticket_id=ticket, no=ticket, queue_id="q")
        for window in (1, 2) if n == 3 else (1,):
            where = {"ticket_id": ticket, "window_id": f"{hall}-{window}"}
            await self.hall(key, "ticket.call", call_no=window, **where)
            await self.hall(key, "ticket.start_service", staff_id=f"s{window}", **where)
            if window == 1 and n == 3:
                moved = await self.hall(key, "ticket.transfer", ticket_id=ticket, to_queue="r")
        cases = [f"K-{ticket}"] * (n % 2)
        outcome = "unable" if n == 2 else "normal"
        end = await self.hall(key, "ticket.finish_service", ticket_id=ticket, outcome=outcome,
                              case_ids=cases)  # fmt: skip
        self.tickets.append((key, ticket, [end.events[0]] if n < 3 else [moved.events[0]]))

    async def usual(self):
        """One negative of a visit goes its way in time, one is not adopted."""
        data = {"rating_id": "x", "stars": 1, "real_name": True, "via": "pc"}
        ways = (
            (("neg.verify", {"finding": "valid"}), ("neg.rectify", {}),
             ("neg.call_back", {"reached": True})),
            (("appeal.file", {"by": "unit", "reason": "mistaken"}), ("appeal.uphold", {})),
        )  # fmt: skip
        for (key, ticket, _), steps in zip(self.tickets, ways, strict=False):
            own = {**data, "rating_id": f"x{ticket}", "subject": "ticket", "ticket_id": ticket}
            await self.city.must("rating.submit", key, own, **OTHER)
            for kind, more in steps:
                await self.city.must(kind, key, {"rating_id": f"x{ticket}", **more}, **OTHER)

    def pick(self):
        if self.chance.random() < 0.1:
            return "T1", {"subject": "agent_task"}, "t"
        key, ticket, _ = self.chance.choice(self.tickets)
        return key, {"subject": "ticket", "ticket_id": ticket}, ticket

    async def end_again(self, day):
        """Ends of service, a transfer, the end of the task are voided; some are told again."""
        for n, (key, ticket, targets) in enumerate(self.tickets):
            if n % 3 != day // 9 % 3:
                continue
            receipt = await self.city.void(key, targets[0], targets[1:], stream="hall")
            if receipt.code == "E_DEPENDENT":
                await self.city.void(key, targets[0], receipt.legal, stream="hall")
            again = {"ticket_id": ticket, "outcome": "normal", "case_ids": ["K"] * (n % 2)}
            at = self.day + timedelta(hours=5, minutes=n)
            if self.chance.random() < 0.7:
                await self.city.say("ticket.finish_service", key, again, at=at, late_reason="x",
                                    centre=key.rpartition(".")[0], **OTHER)  # fmt: skip
        await self.city.void("T1", "agent/T1@3", stream="agent")
        await self.city.say("agent.hand_to_town", "T1", {"agent_id": "ta"}, centre="libao", **OTHER)
        await self.city.say("agent.end", "T1", {"outcome": "done"}, **OTHER)


@pytest.mark.slow
@pytest.mark.parametrize("what", [Loops, Visits])
@pytest.mark.parametrize("seed", [1, 2])
async def test_the_loops_of_negatives_agree_at_random_cuts(city, tmp_path, seed, what):
    log = city.log
    loops = what(city, seed)
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

    assert codes >= CODES - what.LACKS
    assert codes & {"not_adopted_1", "not_adopted_2"}
