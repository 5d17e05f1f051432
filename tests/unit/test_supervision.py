"""电子监察: every live rule, the case that fires it and the near miss that does not.

A scene is words separated by `|`: an instant of 2020, `tick`, `=STATE item`, `rated`, `signed`,
`tickets N`, a command of tests/ways.py or of a hall or rating, with fields of its data as JSON and
`@name=value` of the command. All is said by another system, so that posts play no part.
"""

from datetime import datetime

import orjson
import pytest

from ledger.contracts.codes import SHANGHAI
from ledger.contracts.events import COMMANDS
from ledger.rules import alerts
from ledger.rules.supervision_rules import (
    LEVELS,
    RED,
    REMIND,
    RULES,
    TOUCHES,
    WATCHED,
    YELLOW,
    Mode,
    Touch,
    Watched,
)
from tests import tabled_ways
from tests.ways import CORRECTION, SAYS

LOOP = {
    "neg.verify": {"finding": "valid"}, "neg.rectify": {}, "neg.reply": {}, "neg.close": {},
    "neg.call_back": {"reached": True}, "appeal.file": {"by": "unit", "reason": "mistaken"},
    "appeal.uphold": {}, "appeal.deny": {},
    "neg.grant_extension": {"new_due": "2020-08-10", "approver": "sup"},
}  # fmt: skip
COMES = "06-02T09:00|staff.record_in {'staff_id':'an'}"
DESK = f"{COMES}|window.open {{'window_id':'town-1','staff_id':'an'}}"
SENT_ON = ("=REV|case.transfer {'transfer_id':'t2','kind':'refer','to_dept':'住建'}"
           "|case.receive_transfer {'transfer_id':'t2'}"
           "|case.transfer {'transfer_id':'t3','kind':'refer','to_dept':'%s'}")  # fmt: skip
TOLD = "=SUP asking"
TOLD_SENT = f"{TOLD}|case.supplement|case.accept|case.transfer|case.receive_transfer"
REJECTED = "case.decide {'outcome':'rejected','reason_code':'x','remedies_told':true"
LOOPED = "rated|neg.verify|neg.rectify"
NOTICED = "inspection.plan|inspection.conduct|finding.record|notice.issue"
RECTIFIED = "rectification.submit|rectification.accept"
COMPLAINED = "complaint.file {'case_id':'C1'}|complaint.accept"
ENTRUSTED = "agent.request|agent.entrust|agent.accept"
OUT = COMES + "|06-02T%s|staff.record_out {'staff_id':'an'}|06-03T00:01|tick"

# (rule, fact or clock, a word of `when`) → the scene that fires, the near miss
SCENES = {
    ("R01", "case.clock_breached", "C1"): (
        "=SUB|06-10T09:00|tick", "=SUB|06-08T16:00|case.accept|06-10T09:00|tick"),
    ("R01", "case.deemed_accepted", "deemed"): (
        "=SUB|06-10T09:00|tick", "=SUB|06-08T16:00|case.accept|06-10T09:00|tick"),
    ("R02", "case.clock_breached", "C3"): (
        "=ACC|06-16T09:00|tick",
        "=REV|06-15T16:00|case.decide|case.conclude|06-16T09:00|tick"),
    ("R02", "case.clock_breached", "C2"): (
        "=ACC|07-01T09:00|tick",
        "=REV|06-30T16:00|case.decide|case.conclude|07-01T09:00|tick"),
    ("R02", "case.clock_breached", "C4"): (
        "=ACC|case.start_step {'limit':{'n':2}}|06-04T09:00|tick",
        "=ACC|case.start_step {'limit':{'n':2}}|06-03T16:00|case.finish_step|06-04T09:00|tick"),
    ("R02", "case.clock_breached", "C10"): (
        ("=REV generous|case.request_hearing|case.suspend_clock {'legal_basis':'§1'}"
         "|07-01T09:00|tick"),
        ("=REV generous|case.request_hearing|case.start_special|case.end_special"
         "|case.suspend_clock {'legal_basis':'§1'}|07-01T09:00|tick")),
    ("R02", "case.extension_granted", "granted"): (
        "=REV|07-01T09:00|case.grant_extension", "=REV|06-30T16:00|case.grant_extension"),
    ("R03", "case.submitted", "window"): ("case.submit @window=town-2", "case.submit"),
    ("R03", "case.accepted", "window"): ("=SUB|case.accept @window=town-2", "=SUB|case.accept"),
    ("R07", "case.decision_made", "accepted"): (
        "=REV|case.decide @who=an", "=REV alone|case.decide @who=an"),
    ("R07", "case.accepted", "agent"): (
        "case.submit {'item':'promised','agent_task_id':'T1','agent_staff':'an'}|case.accept",
        "case.submit {'item':'promised','agent_task_id':'T1','agent_staff':'dai'}|case.accept"),
    ("R07", "case.decision_made", "reviewer"): (
        "=REV|case.start_step|case.decide @who=cui", "=REV|case.start_step|case.decide"),
    ("R07", "case.issued", "issued"): ("=DEC+|case.issue @who=bo", "=DEC+|case.issue"),
    ("R07", "neg.verified", "verified"): (
        "rated|neg.verify @who=an", "rated|neg.verify @who=ro"),
    ("R07", "neg.called_back", "called"): (
        f"{LOOPED}|neg.call_back @who=an", f"{LOOPED}|neg.call_back @who=ro"),
    ("R07", "appeal.upheld", "decided"): (
        "rated|appeal.file|appeal.uphold @who=an", "rated|appeal.file|appeal.uphold"),
    ("R07", "appeal.denied", "decided"): (
        "rated|appeal.file|appeal.deny @who=an", "rated|appeal.file|appeal.deny"),
    ("R07", "inspection.conducted", "itself"): (
        "inspection.plan|inspection.conduct {'inspectors':['an']}",
        "inspection.plan|inspection.conduct"),
    ("R26", "inspection.clock_breached", "C13"): (
        f"{NOTICED}|06-16T09:00|tick", f"{NOTICED}|06-15T16:00|{RECTIFIED}|06-16T09:00|tick"),
    ("R26", "C13", RED): (
        f"{NOTICED}|06-23T09:00|tick", f"{NOTICED}|06-22T16:00|{RECTIFIED}|06-23T09:00|tick"),
    ("R08", "case.supplement_noticed", "first"): (
        "=SUB|case.notice_supplement|case.supplement|case.notice_supplement",
        "=SUB|case.notice_supplement|case.supplement"),
    ("R08", "case.not_accepted", "want"): (
        f"{TOLD}|case.refuse_acceptance {{'missing':['m2']}}",
        f"{TOLD}|case.refuse_acceptance {{'missing':['m1']}}"),
    ("R08", "case.decision_made", "want"): (
        f"{TOLD_SENT}|{REJECTED},'missing':['m1','m2']}}",
        f"{TOLD_SENT}|{REJECTED},'missing':['m1']}}"),
    ("R11", "case.supplement_noticed", "shared"): (
        "=SUB asking|case.notice_supplement {'missing':['m1','m4']}",
        "=SUB asking|case.notice_supplement {'missing':['m1','m3']}"),
    ("R12", "case.transferred", "fourth"): (SENT_ON % "民政", SENT_ON % "公安"),
    ("R13", "case.clock_breached", "C5"): (
        "=TRN|06-01T14:30|tick", "=TRN|06-01T14:00|case.receive_transfer|06-01T14:30|tick"),
    ("R14", "case.not_accepted", "document"): (
        "=SUB|case.refuse_acceptance {'doc_no':null}", "=SUB|case.refuse_acceptance"),
    ("R14", "complaint.replied", "confirms"): (
        f"=SUB|{COMPLAINED}|complaint.reply",
        f"=SUB|{COMPLAINED}|complaint.reply {{'finding':'unfounded'}}"),
    ("R15", "agent.fee_violation_reported", "fee"): (
        f"{ENTRUSTED}|agent.report_fee", f"{ENTRUSTED}|agent.end"),
    ("R15", "case.fee_charged", "standard"): (
        "=ACC|case.charge_fee {'standard_id':null}", "=ACC|case.charge_fee"),
    ("R16", "case.hearing_notified", "seven"): (
        "=REV|case.notify_hearing {'held_on':'2020-06-07'}",
        "=REV|case.notify_hearing {'held_on':'2020-06-08'}"),
    ("R16", "case.special_started", "stops"): (
        "=REV generous|case.start_special {'notice_doc':null}",
        "=REV generous|case.start_special {'notice_doc':null,'excluded':false}"),
    ("R16", "case.special_started", "working"): (
        "=REV generous|06-12T10:00|case.start_special",
        "=REV generous|06-11T10:00|case.start_special"),
    ("R16", "case.special_ended", "twice"): (
        "=REV generous|case.start_special {'days_told':60}|07-29T10:00|case.end_special",
        "=REV generous|case.start_special {'days_told':60}|07-28T10:00|case.end_special"),
    ("R16", "case.clock_breached", "C9"): (
        "=REV generous|case.start_special|06-05T09:00|tick",
        "=REV generous|case.start_special|06-04T16:00|case.end_special|06-05T09:00|tick"),
    ("R17", "case.clock_breached", "C8"): (
        "=ISS|06-16T09:00|tick", "=ISS|06-15T16:00|case.deliver|06-16T09:00|tick"),
    ("R18", "case.issued", "another"): (
        "=DEC+|case.issue {'decision_no':'D9'}", "=DEC+|case.issue {'decision_no':'D1'}"),
    ("R19", "case.clock_breached", "C15"): (
        "=ACC reported|06-02T09:00|tick",
        "=ACC reported|06-02T08:00|case.exchange|06-02T09:00|tick"),
    ("R20", "case.accepted", "without"): (
        "=SUB|case.accept {'accept_no':null}", "=SUB|case.accept"),
    ("R20", "case.not_accepted", "without"): (
        "=SUB|case.refuse_acceptance {'doc_no':null}", "=SUB|case.refuse_acceptance"),
    ("R20", "case.decision_made", "without"): (
        "=REV|case.decide {'doc_no':null}", "=REV|case.decide"),
    ("R22", "staff.clock_in", "came after"): (
        "06-02T09:05|staff.record_in {'staff_id':'an'}",
        "06-02T09:00|staff.record_in {'staff_id':'an'}"),
    ("R22", "staff.clock_in", "over ten"): (
        "06-02T09:11|staff.record_in {'staff_id':'an'}",
        "06-02T09:10|staff.record_in {'staff_id':'an'}"),
    ("R24", "rating.clock_breached", "核实"): (
        "rated|06-03T09:00|tick", "rated|06-02T16:00|neg.verify|06-03T09:00|tick"),
    ("R24", "rating.clock_breached", "整改"): (
        "rated|neg.verify|06-23T09:00|tick",
        "rated|neg.verify|06-22T16:00|neg.rectify|06-23T09:00|tick"),
    ("R24", "rating.clock_breached", "回访"): (
        f"{LOOPED}|06-04T09:00|tick", f"{LOOPED}|06-03T16:00|neg.call_back|06-04T09:00|tick"),
    ("R24", "neg.closed", "undone"): (
        "rated|neg.close", f"{LOOPED}|neg.reply|neg.call_back|neg.close"),
    ("R24", "neg.extension_granted", "after"): (
        "rated|neg.verify|06-23T09:00|neg.grant_extension",
        "rated|neg.verify|06-22T16:00|neg.grant_extension"),
    ("R28", "case.accepted", "without"): (
        "=SUB asking|case.accept {'deferred':['m1']}",
        "=SUB asking|case.accept {'deferred':['m2']}"),
    ("R28", "case.deficiency_committed", "none"): (
        "=ACC promised|case.commit_deficiency", "=ACC generous|case.commit_deficiency"),
    ("R28", "case.clock_breached", "C7"): (
        "=ACC generous|case.commit_deficiency|06-11T08:00|tick",
        "=ACC generous|case.commit_deficiency|06-10T16:00|case.fill_deficiency|06-11T08:00|tick"),
    ("R30", "case.accepted", "list"): (
        "given key|=SUB|case.accept", "given town|=SUB|case.accept"),
    ("R30", "case.deemed_accepted", "silence"): (
        "given key|=SUB|06-11T09:00|tick", "given town|=SUB|06-11T09:00|tick"),
    ("R31", "case.decision_made", "staff"): (
        "=REV|06-02T20:00|case.decide", "=REV|06-02T08:00|case.decide"),
    ("R31", "case.event_voided", "staff"): (
        "=ACC|06-02T20:00|case.void_event {'target':'case/C1@2'}",
        "=ACC|06-02T08:00|case.void_event {'target':'case/C1@2'}"),
    ("R31", "case.event_amended", "staff"): (
        "=ACC|06-06T10:00|case.amend_event", "=ACC|06-02T18:00|case.amend_event"),
    ("R31", "rating.event_voided", "staff"): (
        "rated|06-02T20:00|rating.void_event", "rated|06-02T08:00|rating.void_event"),
    ("R31", "hall.event_voided", "staff"): (
        "06-02T20:00|tickets 1|hall.void_event {'target':'hall/town.2020-06-02@1'}",
        "06-02T17:00|tickets 1|hall.void_event {'target':'hall/town.2020-06-02@1'}"),
    ("R01", "C1", REMIND): (
        "=SUB|06-05T08:00|tick", "=SUB|06-04T16:00|case.accept|06-05T08:00|tick"),
    ("R02", "C3", REMIND): (
        "=ACC|06-11T08:00|tick",
        "=REV|06-10T16:00|case.decide|case.conclude|06-11T08:00|tick"),
    ("R13", "C5", REMIND): (
        "=TRN|06-01T12:30|tick", "=TRN|06-01T12:00|case.receive_transfer|06-01T12:30|tick"),
    ("R13", "C5", RED): (
        "=TRN|06-02T10:30|tick", "=TRN|06-02T10:00|case.receive_transfer|06-02T10:30|tick"),
    ("R28", "C7", REMIND): (
        "=ACC generous|case.commit_deficiency|06-09T08:00|tick",
        "=ACC generous|case.commit_deficiency|06-08T16:00|case.fill_deficiency|06-09T08:00|tick"),
    ("R17", "C8", REMIND): (
        "=ISS|06-11T08:00|tick", "=ISS|06-10T16:00|case.deliver|06-11T08:00|tick"),
    ("R24", "C11.verify", RED): (
        "rated|06-10T09:00|tick", "rated|06-09T16:00|neg.verify|06-10T09:00|tick"),
    ("R24", "C11.rectify", REMIND): (
        "rated|neg.verify|06-19T08:00|tick",
        "rated|neg.verify|06-18T16:00|neg.rectify|neg.call_back|06-19T08:00|tick"),
    ("R24", "C11.rectify", RED): (
        "rated|neg.verify|07-01T09:00|tick",
        "rated|neg.verify|06-30T16:00|neg.rectify|07-01T09:00|tick"),
    ("R24", "C11.callback", REMIND): (
        f"{LOOPED}|06-02T08:00|tick", f"{LOOPED}|neg.call_back|06-02T08:00|tick"),
    ("R24", "C11.callback", RED): (
        f"{LOOPED}|06-11T09:00|tick", f"{LOOPED}|06-10T16:00|neg.call_back|06-11T09:00|tick"),
    ("R22", "away", YELLOW): (
        f"{DESK}|06-02T10:00|staff.leave_post {{'staff_id':'an'}}|06-02T10:16|tick",
        (f"{DESK}|06-02T10:00|staff.leave_post {{'staff_id':'an'}}"
        "|06-02T10:15|staff.return {'staff_id':'an'}|06-02T10:16|tick")),
    ("R22", "clocked out", YELLOW): (
        f"{DESK}|06-02T10:00|staff.record_out {{'staff_id':'an'}}|06-02T10:16|tick",
        (f"{DESK}|06-02T10:00|staff.record_out {{'staff_id':'an'}}"
        "|06-02T10:15|window.close {'window_id':'town-1'}|06-02T10:16|tick")),
    ("R22", "up to ten", REMIND): (OUT % "16:55", OUT % "17:00"),
    ("R22", "over ten", YELLOW): (OUT % "16:49", OUT % "16:50"),
    ("R22", "no clock-out", REMIND): (
        f"{COMES}|06-03T00:01|tick", OUT % "17:00"),
    ("R23", "35 minutes", YELLOW): (
        f"{DESK}|tickets 1|06-02T09:36|tick",
        (f"{DESK}|tickets 1|06-02T09:34|ticket.call {{'ticket_id':'T0','window_id':'town-1',"
        "'call_no':1}|06-02T09:36|tick")),
    ("R23", "more than ten", YELLOW): (
        f"{DESK}|tickets 11|06-02T09:06|tick", f"{DESK}|tickets 10|06-02T09:06|tick"),
    ("R29", "unchecked", YELLOW): (
        "signed|08-01T09:00|tick", "signed|07-31T16:00|case.verify_commitment|08-01T09:00|tick"),
    ("R29", "broken", YELLOW): (
        "signed|case.conclude|case.verify_commitment {'kept':false}|06-16T09:00|tick",
        ("signed|case.conclude|case.verify_commitment {'kept':false}|06-15T16:00"
        "|case.revoke_decision|06-16T09:00|tick")),
}  # fmt: skip


def scene_of(row):
    """The scene of a row of the tables: by rule, fact or clock, and level or a word of `when`."""
    for (rule, about, word), scenes in SCENES.items():
        if rule != row.rule:
            continue
        if isinstance(row, Touch):
            if about == row.event and word in row.when:
                return scenes
        elif isinstance(row, Watched):
            if about in row.when and word == row.level:
                return scenes
        elif (about, word) == (row.clock, row.level):
            return scenes
    return None


def play(hall, scene):
    """Say what a scene says."""
    for said in scene.split("|"):
        word, _, rest = said.partition(" ")
        if word[0].isdigit():
            hall.now = datetime.fromisoformat(f"2020-{word}:00+08:00").astimezone(SHANGHAI)
        elif word == "tick":
            tick(hall)
        elif word[0] == "=":
            hall.bring_to(word[1:], item=rest or "promised")
        elif word == "given":
            data = {"doc_no": "L1", "from_org": "民政", "to_org": [rest],
                    "effective_from": "2020-06-01"}  # fmt: skip
            hall.org_must("item.delegate", "promised", data)
            hall.org_must("item.claim", "promised", {"centre_id": rest})
        elif word == "signed":
            hall.bring_to("DEC+", item="generous", signed=True)
        elif word == "rated":
            hall.bring_to("DEC+")
            hall.conclude()
            data = {"rating_id": "r1", "stars": 1, "real_name": True}
            hall.must("rating.submit", data=data, actor={"kind": "citizen"})
        elif word == "tickets":
            for n in range(int(rest)):
                of_hall(hall, "ticket.issue",
                        {"ticket_id": f"T{n}", "no": f"A{n}", "queue_id": "q"})  # fmt: skip
        else:
            say(hall, word, rest)


def tick(hall):
    text = hall.now.isoformat()
    hall.decide(hall.raw("clock.tick", "0", {}, source_class="system", source_system="clock",
                         source_seq=f"0@{text}"))  # fmt: skip


def of_hall(hall, command, data, **more):
    hall.must(command, f"town.{hall.now.date()}", data, source_class="imported", centre="town",
              **more)  # fmt: skip


def say(hall, command, rest):
    """Say one command of another system."""
    data, _, more = (" " + rest).partition(" @")
    data = orjson.loads(data.replace("'", '"')) if data.strip() else {}
    more = dict(each.split("=") for each in more.split(" @") if each)
    if COMMANDS[command].STREAM == "hall":
        if command.endswith("void_event"):
            data |= {"reason_code": "other", **CORRECTION}
            more |= {"who": "fu", "post": "corrector"}
        of_hall(hall, command, data, **more)
    elif COMMANDS[command].STREAM in {"inspection", "agent", "interaction"}:
        usual = tabled_ways.SAYS[command][0]
        hall.must(command, "C1", {**usual, **data}, source_class="imported", centre="town", **more)
    elif command in SAYS:
        receipt = hall.usual(command, but=data, source_class="imported", **more)
        assert receipt.status == "accepted", (command, receipt)
    else:
        hall.must(command, "C1", {"rating_id": "r1", **LOOP[command], **data},
                  source_class="imported", **more)  # fmt: skip


def raised(hall):
    """All alerts of the hall's subjects, as the ledger holds them."""
    found = {}
    for stream in hall.shelf.streams:
        if stream.startswith("supervision/"):
            found |= alerts.fold(hall.events(stream))
    return list(found.values())


ROWS = [*TOUCHES, *LEVELS, *WATCHED]


def name(row):
    """An id for the test: no two rows read alike."""
    about = getattr(row, "event", "") or getattr(row, "clock", "time")
    return f"{row.rule} {about} {row.level} {getattr(row, 'when', '')}"


@pytest.mark.parametrize("row", ROWS, ids=name)
def test_a_rule_fires_and_its_near_miss_does_not(new_hall, row):
    fires, misses = scene_of(row)
    hall, other = new_hall(), new_hall()
    play(hall, fires)
    play(other, misses)
    wanted = [a for a in raised(hall) if (a.rule, a.level) == (row.rule, row.level)]
    missed = [a for a in raised(other) if a.rule == row.rule
              and alerts.ORDER[a.level] >= alerts.ORDER[row.level]]  # fmt: skip

    assert [a.status for a in wanted] == ["open"], raised(hall)
    assert wanted[0].centre == "town"
    assert missed == []


def test_every_live_rule_has_a_row_and_every_scene_is_of_one():
    live = {rule.id for rule in RULES.values() if rule.mode in {Mode.LIVE, Mode.BOTH}}
    used = [scene_of(row) for row in ROWS]

    assert {row.rule for row in ROWS} == live
    assert list(RULES) == [f"R{n:02}" for n in range(1, 33)]
    assert [scene for scene in SCENES.values() if scene not in used] == []
