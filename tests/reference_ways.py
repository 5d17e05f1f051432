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
KEYS = {"item": "老年优待"}
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
}  # fmt: skip
TITLES = {"item": "事项"}


class Catalogue:
    """One stream of the reference partition and what is told to it, a minute apart."""

    def __init__(self, hall, stream, key=None):
        self.hall, self.stream = hall, stream
        self.key = key or KEYS[stream]

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
