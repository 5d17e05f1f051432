"""A hall: one ledger partition and the reference partition over plain dicts, and who works there.

The real `Partition` decides; the store is a dict, which is all that `Store` promises.
"""

from datetime import datetime, timedelta
from pathlib import Path

import orjson
import pytest

from ledger.contracts.codes import SHANGHAI
from ledger.contracts.wire import decode
from ledger.rules import case
from ledger.rules.partition import Partition
from ledger.rules.recording import keep_looks
from tests.ways import BEFORE, OF_THE_LEDGER, RESULT, ROADS, SAYS, SIGNED

ROOT = Path(__file__).parents[1]
MORNING = datetime(2020, 6, 1, 10, 0, tzinfo=SHANGHAI)
"""A Monday; the next holiday is 端午节 on 25 June."""

HOLIDAYS_2020 = [
    *("2020-04-04", "2020-04-05", "2020-04-06", "2020-05-01", "2020-05-02", "2020-05-03"),
    *("2020-05-04", "2020-05-05", "2020-06-25", "2020-06-26", "2020-06-27"),
    *(f"2020-10-0{day}" for day in range(1, 9)),
]
WORKDAYS_2020 = ["2020-04-26", "2020-05-09", "2020-06-28", "2020-09-27", "2020-10-10"]

CENTRES = {
    "city": ("city", "city"), "zone": ("town", "zone"), "key": ("town", "key_central_town"),
    "town": ("town", "other_town"), "village": ("village", "village"),
}  # fmt: skip
WINDOWS = {
    "town-1": ("town", "comp:livelihood", ()), "town-2": ("town", "comp:construction", ()),
    "town-3": ("town", "comp:other", ("comp:livelihood", "comp:municipal")),
    "key-1": ("key", "comp:livelihood", ()), "village-1": ("village", "village:all_round", ()),
}  # fmt: skip
DEPTS = ("民政", "住建", "公安", "税务", "供水")
ALLOWS = {"deficiency_allowed": True, "commitment_allowed": True,
          "special_kinds": ["hearing", "expert"]}  # fmt: skip
LIST = [
    {"id": "m1", "name": "身份证"}, {"id": "m2", "name": "申请表", "deferrable": True},
    {"id": "m3", "name": "照片", "required": False},
    {"id": "m4", "name": "营业执照", "source": "e_licence"},
]  # fmt: skip
"""材料 of the items that ask for some: what may follow, what need not be there, what is shared."""
ITEMS = {
    "promised": {}, "instant": {"project_type": "instant", "promised": {"n": 0}},
    "alone": {"one_person_ok": True},
    "instant-alone": {"project_type": "instant", "promised": {"n": 0}, "one_person_ok": True},
    "generous": {**ALLOWS}, "reported": {"reported_to": "province"},
    "escalated": {"project_type": "escalated", **ALLOWS},
    "joint": {"project_type": "joint", **ALLOWS},
    "asking": {**ALLOWS, "materials": LIST}, "strict": {"materials": LIST},
}  # fmt: skip
STAFF = {
    "an": ("accept", "approve", "issue", "review"), "bo": ("approve",), "cui": ("review",),
    "dai": ("issue", "accept"), "fu": ("corrector", "accept"), "gu": ("correct_approver",),
    "hu": ("correct_approver", "corrector"), "boss": ("item_admin",), "idle": (),
    "mo": ("hall_manager",), "lin": ("gov_head",),
}  # fmt: skip


class Shelf:
    """What is durable: `ledger.rules.partition.Store` over dicts."""

    def __init__(self):
        self.streams, self.receipts, self.log, self.looks = {}, {}, [], {}

    def history(self, stream):
        return self.streams.get(stream, [])

    def receipt(self, key):
        return self.receipts.get(key)

    def due(self, before, limit):
        found = sorted((look, name) for name, look in self.looks.items() if look is not None)
        return [name for look, name in found[:limit] if look < before]

    def keep(self, decision):
        keep_looks(self.looks, decision.looks)
        for event in decision.events:
            self.streams.setdefault(event.stream, []).append(event.value)
            self.log.append(event.value)
        if decision.receipt.status == "accepted":
            self.receipts[decision.receipt.key] = decision.receipt.model_dump_json().encode()


class Hall:
    """Says commands to a partition and keeps what it decides, one command a batch."""

    def __init__(self, *, furnished=True):
        self.now, self.seq = MORNING, 0
        self.shelf, self.org = Shelf(), Shelf()
        self.offices = Partition(1, self.org, is_reference=True)
        self.partition = Partition(0, self.shelf)
        self.spoken = []
        self.order = []
        """(raw, now) of all commands to the ledger partition, for a replay."""
        if furnished:
            self.furnish()

    def furnish(self):
        days = {"year": 2020, "doc_no": "国办发明电〔2019〕16号",
                "holidays": HOLIDAYS_2020, "workdays": WORKDAYS_2020}  # fmt: skip
        self.org_must("calendar.publish", "cal-2020", days)
        for dept in DEPTS:
            flags = {"utility": dept == "供水", "key_central_only": dept == "税务"}
            self.org_must("dept.register", dept, {"name": dept, **flags})
        for key, (level, tier) in CENTRES.items():
            self.org_must("centre.open", key, {"name": key, "level": level, "tier": tier,
                                               "town": key})  # fmt: skip
        for key, (centre, kind, covers) in WINDOWS.items():
            self.org_must("window.create", key, {"centre": centre, "no": "1", "kind": kind,
                                                 "covers": covers})  # fmt: skip
        for key, more in ITEMS.items():
            self.org_must("item.register", key, {
                "name": key, "dept": "民政", "project_type": "promised",
                "statutory": {"n": 20}, "promised": {"n": 10}, **more})  # fmt: skip
        for staff, posts in STAFF.items():
            self.org_must("staff.join", staff, {"centre": "town", "dept": "民政"})
            for post in posts:
                self.org_must("staff.grant_post", staff, {"post": post, "granted_by": "chief"})

    def org_say(self, kind, key, data, **more):
        raw = self.raw(kind, key, data, source_class="system", **more)
        decision = self.offices.decide(raw, self.now)
        self.org.keep(decision)
        self.offices.settle()
        facts = [decode(value) for value in self.org.log[self.partition.reference.offset :]]
        adopted = self.partition.adopt(facts, len(self.org.log), self.now)
        if adopted:
            keep_looks(self.shelf.looks, adopted.looks)
            for event in adopted.events:
                self.shelf.streams.setdefault(event.stream, []).append(event.value)
        self.partition.settle()
        return decision.receipt

    def org_must(self, kind, key, data, **more):
        receipt = self.org_say(kind, key, data, **more)
        assert receipt.status == "accepted", receipt

    def raw(self, kind, key, data, *, who=None, post=None, at=None, **more):
        self.seq += 1
        actor = {"kind": "staff", "staff": who, "post": post} if who else {"kind": "system"}
        command = {
            "type": kind, "key": key, "occurred_at": (at or self.now).isoformat(),
            "source_system": "hall", "source_seq": str(self.seq), "actor": actor,
            "data": data, **more,
        }  # fmt: skip
        return orjson.dumps({k: v for k, v in command.items() if v is not None})

    def decide(self, raw):
        """Decide bytes and keep the outcome."""
        decision = self.partition.decide(raw, self.now)
        self.spoken.append(decision)
        self.order.append((raw, self.now))
        self.shelf.keep(decision)
        self.partition.settle()
        return decision

    def say(self, kind, key="C1", data=None, **more):
        return self.decide(self.raw(kind, key, data or {}, **more)).receipt

    def must(self, kind, key="C1", data=None, **more):
        receipt = self.say(kind, key, data, **more)
        assert receipt.status == "accepted", receipt
        return receipt

    def wait(self, **delta):
        self.now += timedelta(**delta)

    def events(self, stream):
        return [decode(value) for value in self.shelf.history(stream)]

    def last(self, stream="case/C1"):
        return self.events(stream)[-1]

    def state(self, key="C1"):
        return case.fold(self.events(f"case/{key}"))

    # --------------------------------------------------------------------------- usual commands

    def submit(self, key="C1", item="promised", **more):
        return self.say("case.submit", key, {"case_no": key, "item": item},
                        **{"who": "an", "post": "accept", **COUNTER, **more})  # fmt: skip

    def accept(self, key="C1", data=None, **more):
        return self.say("case.accept", key, {"accept_no": "A1"} if data is None else data,
                        **{"who": "an", "post": "accept", **COUNTER, **more})  # fmt: skip

    def transfer(self, key="C1", number="t1", to="民政", **more):
        data = {"transfer_id": number, "kind": "dispatch", "to_dept": to}
        return self.say("case.transfer", key, data,
                        **{"who": "an", "post": "accept", **more})  # fmt: skip

    def receive(self, key="C1", number="t1", **more):
        return self.say("case.receive_transfer", key, {"transfer_id": number},
                        **{"who": "cui", "post": "review", **more})  # fmt: skip

    def decide_on(self, key="C1", outcome="approved", **more):
        data = {"outcome": outcome, "doc_no": "D1"}
        if outcome == "rejected":
            data |= {"reason_code": "not_qualified", "remedies_told": True}
        return self.say("case.decide", key, data, **{"who": "bo", "post": "approve", **more})

    def conclude(self, key="C1", result=None, **more):
        code = RESULT.get(self.state(key).status, 0) if result is None else result
        return self.say("case.conclude", key, {"result_code": code},
                        **{"who": "bo", "post": "approve", **more})  # fmt: skip

    def issue(self, key="C1", **more):
        return self.say("case.issue", key, {"doc_kind": "licence", "doc_name": "证"},
                        **{"who": "dai", "post": "issue", **more})  # fmt: skip

    def step(self, key="C1", number=1, **more):
        return self.say("case.start_step", key, {"step_no": number, "step_name": "审查"},
                        **{"who": "cui", "post": "review", **more})  # fmt: skip

    def rate(self, key="C1", stars=5, via="qr", **more):
        data = {"rating_id": f"r-{self.seq}", "stars": stars, "via": via}
        return self.say("rating.submit", key, data, **{"actor": {"kind": "citizen"}, **more})

    def void(self, target, *cascade, stream="case", **more):
        data = {"target": target, "reason_code": "wrong_case", "requested_by": "fu",
                "approved_by": "gu", "cascade": cascade, **more.pop("data", {})}  # fmt: skip
        return self.say(f"{stream}.void_event", target.split("/")[1].split("@")[0], data,
                        **{"who": "fu", "post": "corrector", **more})  # fmt: skip

    def usual(self, command, key="C1", *, but=None, **more):
        """Say a command as tests/ways.py has it; `but` are other fields of its data."""
        way = SAYS[command]
        place = COUNTER if command in {"case.submit", "case.accept"} else {}
        actor = {"who": way.who, "post": way.post}
        if command == "rating.submit":
            actor = {"actor": {"kind": "citizen"}}
        if command in OF_THE_LEDGER:
            actor = {"source_class": "system"}
        own = way.data
        if command == "case.conclude":
            own = {"result_code": RESULT.get(self.state(key).status, 0)}
        data = {k: v for k, v in {**own, **(but or {})}.items() if v is not None}
        return self.say(command, key, data, **{**actor, **place, **more})

    def ready_for(self, command, key="C1", state=None, item=None):
        """Bring a new case to where a command is legal, what it needs said before."""
        way = SAYS[command]
        self.bring_to(state or way.state, key, item or way.item, signed=command in SIGNED)
        for before in BEFORE.get(command, ()):
            if not (before == "case.conclude" and self.state(key).concluded_at):
                receipt = self.usual(before, key)
                assert receipt.status == "accepted", receipt
            self.wait(minutes=1)

    def bring_to(self, status, key="C1", item="promised", *, signed=False):
        """Bring a new case to a state of the matrix; each fact a minute after the one before."""
        for command in ROADS[status]:
            but = {"case_no": key, "item": item} if command == "case.submit" else {}
            if command == "case.decide" and status == "DEC-":
                but = {"outcome": "rejected", "reason_code": "x", "remedies_told": True}
            said = [(command, but)]
            if signed and command == "case.submit":
                said.append(("case.sign_commitment", {}))
            for each, data in said:
                receipt = self.usual(each, key, but=data)
                assert receipt.status == "accepted", receipt
                self.wait(minutes=1)
        if status == "VOI":
            assert self.void(f"case/{key}@1").status == "accepted"
        assert self.state(key).status == status


COUNTER = {"centre": "town", "window": "town-1", "channel": "window"}


def pytest_addoption(parser):
    """How much of the city is looked at: CI's share, more for `make hunt` and `make month`."""
    parser.addoption("--seeds", type=int, default=200, help="small days of the city (200)")
    parser.addoption("--city-days", type=int, default=3, help="days of the large city (3)")
    parser.addoption("--city-cases", type=int, default=1000, help="cases on each of them (1000)")


ASKED_LAST = {
    "test_every_fact_was_appended_by_a_real_decision": "unit",
    "test_every_command_was_refused_at_least_once": "unit",
    "test_every_refusal_of_the_rules_was_provoked": "unit",
    "test_every_measure_counted_something_on_the_second_road": "agreement",
}
"""Tests of what other tests did (tests/noted.py), and in which folder."""


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config, items):
    """Ask last what the tests of a folder did, and only where all of its files run."""
    asking = [item for item in items if item.name in ASKED_LAST]
    others = [item for item in items if item.name not in ASKED_LAST]
    files = {item.path for item in others}
    whole = {where for where in ASKED_LAST.values()
             if {*(ROOT / "tests" / where).glob("test_*.py")} <= files}  # fmt: skip
    items[:] = others + [item for item in asking if ASKED_LAST[item.name] in whole]
    if gone := [item for item in asking if ASKED_LAST[item.name] not in whole]:
        config.hook.pytest_deselected(items=gone)


@pytest.fixture
def hall():
    """A furnished hall on a Monday morning, no case yet."""
    return Hall()


@pytest.fixture(scope="session")
def new_hall():
    """The maker of halls, for tests that need many."""
    return Hall
