"""How each command of a stream that a table rules is usually said, and the roads to each status."""

import re
from datetime import datetime
from pathlib import Path

from ledger.contracts.codes import SHANGHAI
from ledger.contracts.events.inspection import SealedPlan

STATES_MD = Path(__file__).parents[1] / "docs" / "states.md"
VILLAGE = {"who": "vi", "post": "agent", "centre": "village"}
TOWN = {"who": "ta", "post": "agent", "centre": "town"}
CALLER = {"who": "co", "post": "callback_officer"}
DESK = {"who": "an", "post": "accept", "centre": "town"}
OFFICER = {"who": "ro", "post": "rating_officer"}
MANAGER = {"who": "mo", "post": "hall_manager"}
CITY = {"who": "sup", "post": "city_supervisor"}
INSPECTOR = {"who": "in", "post": "inspector"}
INSPECTED = {"centre": "village"}
PLAN = {"scope": ["discipline"], "inspectors": ["in"], "day": "2020-06-01"}
SEALED = {**PLAN, "centre": "village", "salt": "5a" * 16}
PEOPLE = {
    "vi": ("village", "agent"), "va": ("village", "agent"), "ta": ("town", "agent"),
    "ka": ("key", "agent"), "co": ("town", "callback_officer"), "ro": ("town", "rating_officer"),
    "in": (None, "inspector"), "own": ("village", "inspector"), "sup": (None, "city_supervisor"),
    "km": ("key", "hall_manager"),
}  # fmt: skip

SAYS = {  # command → data, who and where
    "agent.request": ({"kind": "help", "item": "promised", "village": "village"}, VILLAGE),
    "agent.entrust": ({"letter_doc": "L1"}, VILLAGE),
    "agent.accept": ({"agent_id": "vi", "due": "2020-06-05"}, VILLAGE),
    "agent.decline": ({"reason": "out_of_scope"}, VILLAGE),
    "agent.link_case": ({"case_id": "C1"}, VILLAGE),
    "agent.hand_to_town": ({"agent_id": "ta"}, TOWN),
    "agent.suspend": ({"reason": "materials"}, VILLAGE),
    "agent.resume": ({}, VILLAGE),
    "agent.end": ({"outcome": "done"}, VILLAGE),
    "agent.deliver_result": ({}, VILLAGE),
    "agent.call_back": ({"satisfied": True}, CALLER),
    "agent.report_fee": ({"amount_fen": 2000}, MANAGER),
    "bundle.open": ({"theme": "出生", "lead_dept": "民政"}, DESK),
    "bundle.add_member": ({"case_id": "C1"}, DESK),
    "bundle.conclude_member": ({"case_id": "C1"}, {"source_class": "system"}),
    "bundle.close": ({"cases": ["C1"]}, DESK),
    "consult.ask": ({"consult_id": "Q1", "topic": "社保"}, DESK),
    "consult.answer": ({"consult_id": "Q1"}, DESK),
    "complaint.file": (
        {
            "complaint_id": "Q1",
            "source": "window",
            "matter": "refused",
            "target_dept": "民政",
            "target_staff": "an",
        },
        DESK,
    ),
    "complaint.accept": ({"complaint_id": "Q1", "due": "2020-06-05"}, OFFICER),
    "complaint.extend": (
        {"complaint_id": "Q1", "new_due": "2020-06-09", "approver": "mo"},
        MANAGER,
    ),
    "complaint.reply": ({"complaint_id": "Q1", "finding": "confirmed"}, OFFICER),
    "complaint.close": ({"complaint_id": "Q1", "outcome": "withdrawn"}, OFFICER),
    "inspection.plan": (PLAN, {**CITY, **INSPECTED}),
    "inspection.seal": ({"seal": SealedPlan.model_validate(SEALED).seal()}, INSPECTOR),
    "inspection.conduct": (
        {
            "inspectors": ["in"],
            "start": "2020-06-01T09:00:00+08:00",
            "end": "2020-06-01T10:00:00+08:00",
            "method": "on_site",
        },
        {**INSPECTOR, **INSPECTED},
    ),
    "finding.record": (
        {"finding_id": "F1", "category": "discipline", "severity": "minor"},
        INSPECTOR,
    ),
    "finding.contest": ({"finding_id": "F1", "reason": "mistaken"}, MANAGER),
    "finding.decide_contest": ({"finding_id": "F1", "outcome": "stands"}, CITY),
    "notice.issue": ({"notice_no": "N1", "finding_ids": ["F1"], "addressees": ["village"]}, CITY),
    "rectification.submit": ({"finding_ids": ["F1"], "measures_doc": "M1"}, MANAGER),
    "rectification.reject": ({"finding_ids": ["F1"], "reason": "incomplete"}, CITY),
    "rectification.accept": ({"finding_ids": ["F1"]}, CITY),
    "notice.close": ({"notice_no": "N1", "finding_ids": ["F1"]}, CITY),
}
KEYS = {"agent": "T1", "bundle": "B1", "interaction": "Q1", "inspection": "I1"}
AGENT = ("agent.request", "agent.entrust", "agent.accept")
MEMBER = ("bundle.open", "bundle.add_member", "bundle.conclude_member")
REPLY = ("complaint.file", "complaint.accept", "complaint.reply")
FOUND = ("inspection.plan", "inspection.conduct", "finding.record")
TOLD = (*FOUND, "+7", "notice.issue")
DONE = (*TOLD, "rectification.submit", "rectification.accept")
FINDING = {
    "-": FOUND[:2], "REC": FOUND, "CTD": (*FOUND, "finding.contest"),
    "DEC": (*FOUND, "finding.contest", "finding.decide_contest"), "NTD": TOLD, "SUB": DONE[:-1],
    "ACC": DONE, "CLO": (*DONE, "notice.close"),
}  # fmt: skip
ROADS = {  # beginning of the facts of a kind of subject → status → what was said before, "+" days
    "agent": {
        "-": (), "REQ": AGENT[:1], "ENT": AGENT[:2], "ACC": AGENT,
        "SUS": (*AGENT, "agent.suspend"), "END": (*AGENT, "agent.end"),
        "DLV": (*AGENT, "agent.end", "agent.deliver_result"),
        "NAC": (*AGENT[:1], "agent.decline"),
    },
    "bundle.member": {"-": MEMBER[:1], "MEM": MEMBER[:2], "CON": MEMBER},
    "bundle": {"-": (), "OPN": MEMBER, "CLO": (*MEMBER, "bundle.close")},
    "consult": {"-": (), "ASK": ("consult.ask",), "ANS": ("consult.ask", "consult.answer")},
    "complaint": {
        "-": (), "FIL": REPLY[:1], "ACC": REPLY[:2], "REP": REPLY,
        "CLO": ("complaint.file", "complaint.close"),
    },
    "inspection": {"-": (), "PLA": FOUND[:1], "SEA": ("inspection.seal",), "CON": FOUND[:2]},
    "finding": FINDING, "notice": {**FINDING, "REC": (*FOUND, "+7")}, "rectification": FINDING,
}  # fmt: skip


def kind_of(fact):
    """Give the key of `ROADS` for a fact."""
    return next(begin for begin in ROADS if fact.startswith(begin))


class Tabled:
    """One stream of a hall, and what is said to it."""

    def __init__(self, hall, stream):
        self.hall, self.stream, self.key = hall, stream, KEYS[stream]
        self.name = f"{stream}/{self.key}"
        for staff, (centre, post) in PEOPLE.items():
            hall.org_must("staff.join", staff, {"centre": centre} if centre else {})
            hall.org_must("staff.grant_post", staff, {"post": post, "granted_by": "chief"})
        hall.org_must("centre.open", "village", {"name": "v", "level": "village",
                                                 "tier": "village", "town": "town"})  # fmt: skip

    def say(self, command, but=None, **more):
        """Say a command as above; `but` are other fields of its data, None takes one away."""
        data, who = SAYS[command]
        if command == "inspection.conduct" and "inspection.sealed" in self.kinds:
            data = {**data, "opened": SEALED}
        said = {name: value for name, value in {**data, **(but or {})}.items() if value is not None}
        return self.hall.say(command, self.key, said, **{**who, **more})

    def must(self, command, but=None, **more):
        receipt = self.say(command, but, **more)
        assert receipt.status == "accepted", (command, receipt)
        self.hall.wait(minutes=1)
        return self.hall.last(self.name)

    def bring_to(self, status, kind=None):
        for command in ROADS[kind or self.stream][status]:
            if command.startswith("+"):
                self.hall.wait(days=int(command))
            else:
                self.must(command)

    def void(self, *versions, **more):
        targets = [f"{self.name}@{version}" for version in versions]
        return self.hall.void(*targets, stream=self.stream, **more)

    def tick(self, moment):
        self.hall.now = datetime.fromisoformat(f"2020-{moment}:00+08:00").astimezone(SHANGHAI)
        raw = self.hall.raw("clock.tick", "0", {}, source_class="system", source_system="clock",
                            source_seq=f"0@{moment}")  # fmt: skip
        return self.hall.decide(raw)

    @property
    def kinds(self):
        return [event["type"] for event in self.hall.events(self.name)]

    @property
    def stamp(self):
        return self.hall.last(self.name)["data"]["stamp"]


def printed(title):
    """Give the table of a section of docs/states.md: fact → (follows, then, by)."""
    text = STATES_MD.read_text().split(f"## {title}")[1].split("\n## ")[0]
    rows = [[cell.strip() for cell in line[1:-1].split("|")] for line in text.splitlines()
            if line.startswith("|")]  # fmt: skip
    return {
        re.sub("`", "", row[1]): (re.findall(r"`([^`]+)`", row[2]), row[3].strip("`"), row[4])
        for row in rows[2:]
    }
