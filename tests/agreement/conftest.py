"""A small week of a small city, decided by the real rules and stored by the real embedded log.

Late facts, duplicates, voids with cascade, re-acceptance, ratings, a calendar that changes and
items that move to another department: what makes two roads differ when one of them is wrong.
"""

import random
from collections import Counter
from datetime import datetime, timedelta

import orjson
import pytest

from ledger.contracts.codes import SHANGHAI
from ledger.log.sqlite import SqliteLog
from tests.noted import listen_to_figures

START = datetime(2020, 12, 29, 9, 0, tzinfo=SHANGHAI)
"""A Tuesday; New Year's Day and the end of the published calendar lie in the week."""


class Clock:
    """The writer's now, moved by the test."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now


class City:
    """Submits commands and remembers what came back."""

    def __init__(self, log: SqliteLog, clock: Clock, seed: int) -> None:
        self.log, self.clock, self.random = log, clock, random.Random(seed)
        self.seq = 0
        self.receipts = []
        self.revised = Counter()

    async def tick(self):
        """Tell every partition of cases what time it is."""
        now = self.clock.now.isoformat()
        for partition in range(self.log.partitions):
            await self.log.submit(orjson.dumps({
                "type": "clock.tick", "key": str(partition), "occurred_at": now, "data": {},
                "source_system": "clock", "source_seq": f"{partition}@{now}",
                "source_class": "system"}))  # fmt: skip

    async def say(self, kind, key, data, *, at=None, staff=None, post=None, **rest):
        self.seq += 1
        command = {
            "type": kind, "key": key, "data": data,
            "occurred_at": (at or self.clock.now).isoformat(),
            "source_system": "test", "source_seq": str(self.seq), **rest,
        }  # fmt: skip
        if staff:
            command["actor"] = {"kind": "staff", "staff": staff, "post": post}
        raw = orjson.dumps(command)
        receipt = await self.log.submit(raw)
        self.receipts.append((command, receipt))
        if self.random.random() < 0.1:
            again = await self.log.submit(raw)
            assert again.status in {"duplicate", "refused", "noted"}, again
        return receipt

    async def must(self, *args, **kwargs):
        receipt = await self.say(*args, **kwargs)
        assert receipt.status == "accepted", receipt
        return receipt

    async def furnish(self):
        """Open centres and windows, register departments, items, staff and the year 2020."""
        org = {"source_class": "system"}
        towns = [("haian", "city", "city"), ("qutang", "town", "key_central_town"),
                 ("libao", "town", "other_town"), ("libao-v1", "village", "village")]  # fmt: skip
        for centre, level, tier in towns:
            town = "libao" if centre == "libao-v1" else centre
            data = {"name": centre, "level": level, "tier": tier, "town": town}
            await self.must("centre.open", centre, data, **org)
            kinds = ["professional:公安", "comp:livelihood", "comp:other"]
            for no, kind in enumerate(kinds if level != "village" else ["village:all_round"], 1):
                covers = ["comp:construction", "comp:municipal"] if kind == "comp:other" else []
                window = {"centre": centre, "no": str(no), "kind": kind, "covers": covers}
                await self.must("window.create", f"{centre}-{no}", window, **org)
        for dept in ("公安", "税务", "民政", "住建", "审批局", "供水", "市场监管"):
            flags = {"utility": dept == "供水", "key_central_only": dept == "税务"}
            await self.must("dept.register", dept, {"name": dept, **flags}, **org)
        for n, dept in enumerate(("公安", "税务", "民政", "住建", "审批局", "供水", "市场监管")):
            await self.register(f"item-{n}", dept, topic="市场准入" if n == 6 else None)
        for centre, *_ in towns:
            for post in ("accept", "review", "approve", "issue"):
                staff = f"{centre}-{post}"
                await self.must("staff.join", staff, {"centre": centre, "dept": "民政"}, **org)
                await self.must("staff.grant_post", staff, {"post": post, "granted_by": "boss"},
                                **org)  # fmt: skip
        for staff, post in (("fixer", "corrector"), ("checker", "correct_approver")):
            await self.must("staff.join", staff, {}, **org)
            await self.must("staff.grant_post", staff, {"post": post, "granted_by": "boss"}, **org)
        await self.calendar(2020, [])

    async def register(self, item, dept, **more):
        data = {"name": item, "dept": dept, "project_type": "promised",
                "promised": {"n": 3, "unit": "workday"}, **more}  # fmt: skip
        data = {k: v for k, v in data.items() if v is not None}
        await self.must("item.register", item, data, source_class="system")

    async def revise(self, item, dept):
        self.revised[item] += 1
        data = {"name": item, "dept": dept, "project_type": "promised",
                "version": 1 + self.revised[item],
                "promised": {"n": 3, "unit": "workday"}}  # fmt: skip
        await self.must("item.revise", item, data, source_class="system")

    async def calendar(self, year, holidays, workdays=()):
        data = {"year": year, "doc_no": f"国办发{year}", "holidays": holidays,
                "workdays": list(workdays)}  # fmt: skip
        await self.must("calendar.publish", f"cal-{year}", data, source_class="system")

    async def override(self, year, holidays):
        data = {"year": year, "doc_no": f"防{year}", "holidays": holidays, "reason": "防汛"}
        await self.must("calendar.override", f"cal-{year}", data, source_class="system")

    async def accept(self, case, centre, window):
        return await self.say("case.accept", case, {"accept_no": f"A-{case}"},
                              staff=f"{centre}-accept", post="accept", centre=centre,
                              window=window, channel="window")  # fmt: skip

    async def void(self, case, target, cascade=(), stream="case"):
        data = {"target": target, "reason_code": "duplicate_entry", "requested_by": "fixer",
                "approved_by": "checker", "cascade": list(cascade)}  # fmt: skip
        return await self.say(f"{stream}.void_event", case, data, staff="fixer", post="corrector")

    async def sit_down(self, hall):
        """Let x open the first window of a hall's day."""
        centre = hall.rpartition(".")[0]
        data = {"window_id": f"{centre}-1", "staff_id": "x"}
        await self.must("window.open", hall, data, centre=centre, source_class="imported")

    async def visit(self, hall, n, **finish):
        """Let x serve the ticket Tn to its end; give what its ratings are about."""
        centre, about = hall.rpartition(".")[0], {"ticket_id": f"T{n}"}
        window = {**about, "window_id": f"{centre}-1"}
        for kind, data in (
            ("ticket.issue", {**about, "no": f"A{n}", "queue_id": "q"}),
            ("ticket.call", {**window, "call_no": 1}),
            ("ticket.start_service", {**window, "staff_id": "x"}),
            ("ticket.finish_service", {**about, "outcome": "normal", **finish}),
        ):  # fmt: skip
            await self.must(kind, hall, data, centre=centre, source_class="imported")
        return {"subject": "ticket", **about}

    async def move(self, case):
        """Do the next thing with a case, whatever is legal."""
        r = self.random
        centre = r.choice(["haian", "qutang", "libao", "libao-v1"])
        no = 1 if centre == "libao-v1" else r.randint(1, 3)
        window = f"{centre}-{no}" if r.random() < 0.9 else None
        place = {"centre": centre, **({"window": window} if window else {})}
        late = {}
        if r.random() < 0.15:
            late = {"at": self.clock.now - timedelta(hours=r.randint(1, 60)), "late_reason": "网断"}
        imported = {"source_class": "imported", **late}
        what = r.choice((*self.next_of(case), *self.next_of(case), "accept", "void", "step"))
        match what:
            case "submit":
                await self.say("case.submit", case, {"case_no": f"NO-{case}",
                               "item": f"item-{r.randint(0, 6)}"}, **place, **imported)  # fmt: skip
            case "accept":
                await self.say("case.accept", case, {}, **place, **imported)
            case "transfer":
                await self.say("case.transfer", case, {"transfer_id": f"t{self.seq}",
                               "kind": "dispatch", "to_dept": "住建"}, **imported)  # fmt: skip
            case "receive":
                seen = [c for c, a in self.receipts
                        if c["type"] == "case.transfer" and c["key"] == case]  # fmt: skip
                if seen:
                    await self.say(
                        "case.receive_transfer",
                        case,
                        {"transfer_id": seen[-1]["data"]["transfer_id"]},
                        **imported,
                    )
            case "decide":
                outcome = r.choice(("approved", "approved", "rejected", "partly"))
                await self.say("case.decide", case, {"outcome": outcome, "doc_no": "D"}, **imported)
            case "conclude":
                await self.say("case.conclude", case, {"result_code": 0}, **imported)
            case "issue":
                await self.say(
                    "case.issue", case, {"doc_kind": "licence", "doc_name": "证"}, **imported
                )
            case "step":
                await self.say(
                    "case.start_step", case, {"step_no": self.seq, "step_name": "审"}, **imported
                )
            case "rate":
                await self.say("rating.submit", case, {"rating_id": f"r{self.seq}",
                               "stars": r.randint(1, 5), "via": r.choice(("qr", "sms"))},
                               **late, actor={"kind": "citizen"})  # fmt: skip
            case "void":
                await self.take_back(case)

    def next_of(self, case):
        """Give what is likely legal now, as the last receipt of the case tells."""
        order = {"case.submit": "accept", "case.accept": "transfer", "case.transfer": "receive",
                 "case.receive_transfer": "decide", "case.decide": "conclude",
                 "case.conclude": "rate", "rating.submit": "issue", "case.issue": "rate",
                 "case.void_event": "accept"}  # fmt: skip
        done = [command["type"] for command, receipt in self.receipts
                if receipt.status == "accepted" and command["key"] == case
                and command["type"] in order]  # fmt: skip
        usual = order[done[-1]] if done else "submit"
        return (usual, usual, usual, self.random.choice(tuple(order.values())))

    async def take_back(self, case):
        """Void a random fact, with as much cascade as it turns out to need."""
        stream = self.random.choice(("case", "case", "rating"))
        made = [event for command, receipt in self.receipts if receipt.status == "accepted"
                and command["key"] == case and not command["type"].endswith("void_event")
                for event in receipt.events if event.startswith(f"{stream}/")]  # fmt: skip
        if not made or self.random.random() < 0.5:
            return
        target = self.random.choice(made)
        receipt = await self.void(case, target, stream=stream)
        if receipt.code == "E_DEPENDENT":
            await self.void(case, target, receipt.legal, stream=stream)

    async def live(self, steps, cases):
        """Let days pass: most cases move on, reference data change now and then."""
        r = self.random
        for step in range(steps):
            self.clock.now += timedelta(minutes=r.randint(1, 5))
            await self.move(f"C{r.randint(1, cases)}")
            if step == steps // 3:
                await self.revise("item-2", "住建")
                await self.override(2020, ["2020-12-30"])
                tier = {"tier": "key_central_town", "effective_from": "2020-12-30", "doc_no": "D"}
                await self.must("centre.change_tier", "libao", tier, source_class="system")
            if step == steps // 2:
                await self.calendar(2021, ["2021-01-01"], ["2021-01-02"])
            if step == steps * 2 // 3:
                window = {"centre": "libao", "no": "2", "kind": "professional:税务"}
                await self.must("window.create", "libao-2", window, source_class="system")
                window = {"centre": "qutang", "no": "1", "kind": "comp:construction",
                          "load_evidence": {"件数": 3}}  # fmt: skip
                await self.must("window.change_type", "qutang-1", window, source_class="system")


@pytest.fixture(scope="package", autouse=True)
def _noted():
    with pytest.MonkeyPatch.context() as patch:
        listen_to_figures(patch)
        yield


@pytest.fixture
async def book(tmp_path):
    """An empty embedded book with a clock of its own."""
    clock = Clock()
    log = await SqliteLog.open(tmp_path / "ledger.db", clock)
    yield log, clock
    await log.close()


@pytest.fixture
async def city(book):
    """A furnished city in which nothing has happened yet."""
    log, clock = book
    made = City(log, clock, seed=4711)
    await made.furnish()
    return made


@pytest.fixture
async def new_year(book):
    """The same on 2 January 2020: everything in it is recorded before what the test tells."""
    log, clock = book
    clock.now = datetime(2020, 1, 2, 10, tzinfo=SHANGHAI)
    made = City(log, clock, seed=4711)
    await made.furnish()
    return made
