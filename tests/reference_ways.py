"""How each fact of items and of the organisation is usually told, and the roads to each status."""

import re

from ledger.contracts.events.item import GuideElement
from ledger.contracts.wire import decode
from tests.tabled_ways import printed

DOC = {"name": "老年优待证", "dept": "民政", "project_type": "promised",
       "statutory": {"n": 20}, "promised": {"n": 10}}  # fmt: skip
FULL = {element.value: True for element in GuideElement}
LIST = {"from_org": "民政", "effective_from": "2020-06-01"}
AT = {"centre_id": "town"}

SAYS = {  # command → data
    "item.register": DOC,
    "item.revise": {**DOC, "promised": {"n": 5}, "version": 2, "doc_no": "民发3"},
    "item.retire": {"doc_no": "民发4"},
    "item.delegate": {**LIST, "doc_no": "L1", "to_org": ["town", "key"]},
    "item.extend": {**LIST, "doc_no": "L1", "to_org": ["town"]},
    "item.sink": {**LIST, "doc_no": "L1", "to_org": ["village"]},
    "item.revoke_delegation": {"doc_no": "L1", "effective_from": "2020-06-02",
                               "revoked_by": "L9"},
    "item.claim": {**AT, "platform_id": "js-1"},
    "item.confirm_claim": AT,
    "item.decline_claim": {**AT, "reason": "无人员"},
    "item.unclaim": {**AT, "reason": "划回"},
    "item.enter_hall": {**AT, "window_type": "comp:livelihood", "mode": "accept"},
    "item.leave_hall": {**AT, "doc_no": "撤1"},
    "guide.publish": {**AT, "elements": FULL, "version": 1},
    "guide.update": {**AT, "elements": FULL, "version": 1},
    "guide.withdraw": {**AT, "reason": "改版"},
    "item.enable_online": {**AT, "depth": 3, "url": "/ywt/1"},
    "item.disable_online": {**AT, "reason": "改版"},
}  # fmt: skip
NEW = {"name": "新中心", "level": "town", "tier": "other_town"}
ON = {"effective_from": "2020-06-01", "doc_no": "D1"}
PAPER = {"effective_from": "2020-06-01", "version": "2", "sha256": "0" * 64, "doc_no": "D1"}
YEAR = {"year": 2021, "doc_no": "国办1", "holidays": ["2021-01-01"]}
MOVED = {"to_centre": "key", "from_dept": "民政", "doc_no": "D1"}
SAYS |= {
    "region.register": {**ON, "code": "320684", "name": "海门市", "level": 4, "kind": "city"},
    "region.rename": {**ON, "name": "海门区"}, "region.recode": {**ON, "code": "320614"},
    "region.merge": {**ON, "predecessor_ids": ["r9"]}, "region.retire": ON,
    "centre.plan": {**NEW, "region_id": "r9", "doc_no": "D1"},
    "centre.open": {**NEW, "town": "new", "region": "r9"},
    "centre.relocate": {"region_id": "r9", "doc_no": "D1"},
    "centre.suspend": {"doc_no": "D1"}, "centre.close": {"doc_no": "D1"},
    "centre.measure_area": {"hall_area_m2": 480, "method": "survey", "doc_no": "D1"},
    "centre.change_tier": {**ON, "tier": "central_town"},
    "centre.open_self_service": {"evidence": "P1"}, "centre.close_self_service": {"evidence": "P1"},
    "centre.bring_station_online": {"evidence": "P1", "station_id": "js-7"},
    "centre.take_station_offline": {"evidence": "P1"}, "centre.reserve_line": {"evidence": "P1"},
    "window.create": {"centre": "town", "no": "7", "kind": "help_agent"},
    "window.change_type": {"centre": "town", "no": "7", "kind": "comp:other", "doc_no": "D1",
                           "load_evidence": {"月均件数": 812}},
    "window.retire": {"doc_no": "D1"},
    "dept.register": {"name": "残联"},
    "dept.require_entry": {"level": "town", "deadline": "2020-04-30", "doc_no": "海政办发14"},
    "dept.enter": {"centre_id": "town", "window_ids": ["town-1"], "mode": "accept"},
    "dept.leave": {"centre_id": "town", "doc_no": "D1"},
    "staff.join": {"centre": "town", "dept": "民政"},
    "staff.transfer_in": MOVED, "staff.second": MOVED, "staff.leave": {"doc_no": "D1"},
    "staff.grant_post": {"post": "accept", "granted_by": "boss"},
    "staff.revoke_post": {"post": "accept", "revoked_by": "chief"},
    "agent.appoint": {"village": "village", "items_scope": ["promised"]},
    "agent.dismiss": {"village": "village", "doc_no": "D1"},
    "applicant.list": {"effective_from": "2020-06-01", "doc_no": "信1"},
    "applicant.unlist": {"effective_from": "2020-06-02", "doc_no": "信2"},
    "calendar.publish": YEAR,
    "calendar.override": {**YEAR, "holidays": ["2021-01-01", "2021-01-04"], "reason": "防汛"},
    "routing.publish": PAPER, "rules.publish": PAPER, "config.publish": PAPER,
}  # fmt: skip
KEYS = {"item": "老年优待", "region": "r1", "centre": "new", "self-service": "new",
        "station": "new", "line": "new", "window": "new", "dept": "残联", "duty": "残联",
        "entry": "残联", "staff": "nie", "post": "nie", "agent": "an", "calendar": "cal-2021",
        "document": "routing", "applicant": "a" * 16}  # fmt: skip
"""Room of a stream, or the stream → the key."""
OPENED = ("centre.open",)
DESK = ("dept.register", "dept.enter")
HIRED = ("staff.join", "staff.grant_post")
GIVEN = ("item.register", "item.delegate")
CLAIM = (*GIVEN, "item.claim")
ROADS = {  # stream → room → status → what was said before
    "item": {
        "item": {"-": (), "REG": GIVEN[:1], "RET": (*GIVEN[:1], "item.retire")},
        "list": {"-": GIVEN[:1], "GIV": GIVEN, "REV": (*GIVEN, "item.revoke_delegation")},
        "claim": {"-": GIVEN, "CLM": CLAIM, "CNF": (*CLAIM, "item.confirm_claim"),
                  "DEC": (*GIVEN, "item.decline_claim"), "UNC": (*CLAIM, "item.unclaim")},
        "hall": {"-": GIVEN, "ENT": (*GIVEN, "item.enter_hall"),
                 "LFT": (*GIVEN, "item.enter_hall", "item.leave_hall")},
        "guide": {"-": GIVEN, "PUB": (*GIVEN, "guide.publish"),
                  "WDR": (*GIVEN, "guide.publish", "guide.withdraw")},
        "online": {"-": CLAIM, "ONL": (*CLAIM, "item.enable_online"),
                   "OFF": (*CLAIM, "item.enable_online", "item.disable_online")},
    },
    "org": {
        "region": {"-": (), "ACT": ("region.register",),
                   "RET": ("region.register", "region.retire")},
        "centre": {"-": (), "PLN": ("centre.plan",), "OPN": OPENED,
                   "SUS": (*OPENED, "centre.suspend"), "CLO": (*OPENED, "centre.close")},
        "self-service": {
            "-": OPENED, "ON": (*OPENED, "centre.open_self_service"),
            "OFF": (*OPENED, "centre.open_self_service", "centre.close_self_service")},
        "station": {
            "-": OPENED, "ON": (*OPENED, "centre.bring_station_online"),
            "OFF": (*OPENED, "centre.bring_station_online", "centre.take_station_offline")},
        "line": {"-": OPENED, "ON": (*OPENED, "centre.reserve_line")},
        "window": {"-": (), "SET": ("window.create",),
                   "RET": ("window.create", "window.retire")},
        "dept": {"-": (), "REG": ("dept.register",)},
        "duty": {"-": DESK[:1], "REQ": ("dept.register", "dept.require_entry")},
        "entry": {"-": DESK[:1], "ENT": DESK, "LFT": (*DESK, "dept.leave")},
        "staff": {"-": (), "IN": HIRED[:1], "OUT": ("staff.join", "staff.leave")},
        "post": {"-": HIRED[:1], "HLD": HIRED, "REV": (*HIRED, "staff.revoke_post")},
        "agent": {"-": (), "APP": ("agent.appoint",), "DIS": ("agent.appoint", "agent.dismiss")},
        "applicant": {"-": (), "LST": ("applicant.list",),
                      "UNL": ("applicant.list", "applicant.unlist")},
        "calendar": {"-": (), "PUB": ("calendar.publish",)},
        "document": {"-": (), "PUB": ("routing.publish",)},
    },
}  # fmt: skip
TITLES = {"item": "事项", "org": "机构"}


class Catalogue:
    """One stream of the reference partition and what is told to it, a minute apart."""

    def __init__(self, hall, stream, room="item"):
        self.hall, self.stream = hall, stream
        self.key = KEYS.get(room, KEYS["item"])
        if stream == "org":
            hall.org_must("region.register", "r9", SAYS["region.register"])

    @property
    def name(self):
        return f"{self.stream}/{self.key}"

    def say(self, command, but=None, **more):
        """Tell a command as above; `but` are other fields of its data, None takes one away."""
        self.hall.wait(minutes=1)
        data = {**SAYS[command], **(but or {})}
        data = {name: value for name, value in data.items() if value is not None}
        return self.hall.org_say(command, more.pop("key", self.key), data, **more)

    def must(self, command, but=None, **more):
        receipt = self.say(command, but, **more)
        assert receipt.status == "accepted", (command, receipt)
        return self.events[-1]

    def bring_to(self, room, status):
        for command in ROADS[self.stream][room][status]:
            self.must(command)

    @property
    def events(self):
        return [decode(value) for value in self.hall.org.history(self.name)]

    @property
    def stamp(self):
        return self.events[-1]["data"]["stamp"]


def table(stream):
    """Give the printed table of a stream: fact → (follows, then)."""
    found = {fact: (follows, then) for fact, (follows, then, _) in printed(TITLES[stream]).items()}
    assert all(re.fullmatch(r"[\w.]+", fact) for fact in found)
    return found
