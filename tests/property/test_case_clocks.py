"""The clocks of whole cases, against somebody who counts days (tests/property/recount.py)."""

from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from ledger.rules import case, clocks
from ledger.rules.effective import current
from tests.conftest import HOLIDAYS_2020, WORKDAYS_2020
from tests.property.recount import Diary, recorded, recount
from tests.ways import SAYS

KEYS = ("C1", "C2")
COURSE = sorted(
    command for command in SAYS
    if command.startswith("case.") and command not in {"case.void_event", "case.amend_event"}
)  # fmt: skip
PAUSING = ("case.grant_extension", "case.start_special", "case.end_special", "case.suspend_clock",
           "case.resume_clock", "case.commit_deficiency", "case.fill_deficiency")  # fmt: skip
HEALING = frozenset({"case.grant_extension", "case.start_special", "case.suspend_clock"})
"""What moves a due to a later day."""
ROADS = ("REV", "ACC", "REV", "SUB", "SUP", "TRN", "DEC+")
CALENDARS = (
    (HOLIDAYS_2020, WORKDAYS_2020), ([], []),
    ([*HOLIDAYS_2020, *(f"2020-06-{day:02}" for day in range(3, 13))], WORKDAYS_2020),
    (HOLIDAYS_2020, [*WORKDAYS_2020, "2020-06-06", "2020-06-13"]),
)  # fmt: skip


class Clocks(RuleBasedStateMachine):
    """Two cases that are late, paused, extended, corrected, while calendars come."""

    make = None

    def __init__(self):
        super().__init__()
        self.hall = self.make()
        self.diary = Diary()
        self.is_new_calendar = False
        self.diary.publish(self.hall.now.isoformat(), HOLIDAYS_2020, WORKDAYS_2020)

    @initialize(
        states=st.lists(st.sampled_from(ROADS), min_size=2, max_size=2),
        items=st.lists(st.sampled_from(("generous", "generous", "instant")), min_size=2,
                       max_size=2),
    )  # fmt: skip
    def begin(self, states, items):
        for key, state, item in zip(KEYS, states, items, strict=True):
            self.hall.bring_to(state, key, item)
            if state in {"ACC", "REV"}:
                self.hall.usual("case.commit_deficiency", key)

    def facts(self, key):
        return list(current(self.hall.events(f"case/{key}")).values())

    def heard(self, key, receipt):
        """No breach is left without ground, and none missing of what has stopped, at once.

        Unless a calendar waits for its tick.
        """
        note(f"{receipt.status} {receipt.code} {receipt.stream}@{receipt.version}")
        assert receipt.code != "E_INTERNAL"
        self.hall.wait(minutes=1)
        if receipt.status != "accepted" or self.is_new_calendar:
            return
        facts = self.facts(key)
        assert recount(facts, self.diary, "") <= recorded(facts)
        assert recorded(facts) <= recount(facts, self.diary, "9999")

    @rule(
        key=st.sampled_from(KEYS), nth=st.integers(0, 60),
        hours=st.sampled_from((0, 0, 2, 26)), legal=st.booleans(),
    )  # fmt: skip
    def go_on(self, key, nth, hours, legal):
        """Something the state allows, now or entered late."""
        allowed = [command for command in case.legal(self.hall.state(key)) if command in COURSE]
        if allowed:
            self.say(key, allowed[nth % len(allowed)], nth, hours, legal=legal)

    @rule(
        key=st.sampled_from(KEYS), command=st.sampled_from(PAUSING), nth=st.integers(0, 60),
        hours=st.sampled_from((0, 10, 26)), legal=st.booleans(), broken=st.booleans(),
    )  # fmt: skip
    def move(self, key, command, nth, hours, legal, broken):
        """Something that moves a due, or would, were it not entered after the breach."""
        if broken:
            self.pass_a_due(key)
        self.tick()
        before = recorded(self.facts(key))
        self.say(key, command, nth, hours, legal=legal)
        if command in HEALING:
            assert before <= recorded(self.facts(key)), "healed by what came after the breach"

    @rule(key=st.sampled_from(KEYS))
    def pass_a_due(self, key):
        """Time goes on behind the next due of a case."""
        state, calendar = self.hall.state(key), self.hall.partition.reference.calendar
        due = clocks.next_due(state.clocks, calendar)
        if due:
            self.hall.now = max(self.hall.now, datetime.fromisoformat(due[:16] + "+08:00"))
            self.hall.wait(hours=8)
            self.tick()

    def say(self, key, command, nth, hours, *, legal):
        state = self.hall.state(key)
        opened = {
            "sp_no": state.special and state.special.sp_no,
            "transfer_id": state.transfer and state.transfer.transfer_id,
            "step_no": state.steps_open[0][0] if state.steps_open else None,
        }
        new = {"sp_no": f"s{nth}", "transfer_id": f"t{nth}", "step_no": nth + 1}
        said = SAYS[command].data
        but = {name: opened[name] or new[name] for name in new.keys() & said.keys()}
        if command == "case.start_step":
            but |= {"step_no": new["step_no"], "limit": {"n": 2}}
        if command == "case.suspend_clock" and legal:
            but["legal_basis"] = "§45"
        if command == "case.commit_deficiency":
            but["due_at"] = (self.hall.now + timedelta(days=nth % 5 + 1)).isoformat()
        if command.endswith("_deficiency") and command != "case.commit_deficiency":
            but["materials"] = ["m1"] if nth % 2 else ["m1", "m2"]
        at = self.hall.now - timedelta(hours=hours)
        late = {"late_reason": "x"} if hours else {}
        self.heard(key, self.hall.usual(command, key, but=but, at=at, **late))

    @rule(key=st.sampled_from(KEYS), back=st.integers(0, 6), follow=st.booleans())
    def take_back(self, key, back, follow):
        facts = [f for f in self.facts(key) if f["sourceclass"] != "system"]
        if not facts:
            return
        target = facts[max(len(facts) - 1 - back, 0)]["id"]
        receipt = self.hall.void(target)
        if receipt.code == "E_DEPENDENT" and follow:
            receipt = self.hall.void(target, *receipt.legal)
        self.heard(key, receipt)

    @rule(key=st.sampled_from(KEYS), back=st.integers(0, 6), hours=st.sampled_from((-30, 3, 30)))
    def amend(self, key, back, hours):
        facts = [f for f in self.facts(key) if f["sourceclass"] != "system"]
        if not facts:
            return
        fact = facts[max(len(facts) - 1 - back, 0)]
        new = (datetime.fromisoformat(fact["time"]) + timedelta(hours=hours)).isoformat()
        data = {
            "target": fact["id"],
            "changes": {"occurred_at": {"old": fact["time"], "new": new}},
            "reason_code": "x",
            "evidence": "E",
            "requested_by": "fu",
            "approved_by": "gu",
        }
        self.heard(key, self.hall.say("case.amend_event", key, data, who="fu", post="corrector"))

    @rule(hours=st.sampled_from((1, 20, 60, 100, 300)))
    def wait(self, hours):
        self.hall.wait(hours=hours)

    @precondition(lambda self: len(self.diary.published) < 4)
    @rule(which=st.sampled_from(CALENDARS))
    def publish(self, which):
        holidays, workdays = which
        self.hall.wait(minutes=1)
        self.hall.org_must("calendar.publish", "cal-2020", {
            "year": 2020, "doc_no": "x", "holidays": holidays, "workdays": workdays})  # fmt: skip
        self.diary.publish(self.hall.now.isoformat(), holidays, workdays)
        self.is_new_calendar = True
        self.hall.wait(minutes=1)

    @rule()
    def tick(self):
        """Everything that is broken is recorded, and nothing else; once more changes nothing."""
        now = self.hall.now.isoformat()
        for again in (False, True):
            raw = self.hall.raw("clock.tick", "0", {}, source_class="system",
                                source_system="clock", source_seq=f"0@{now}")  # fmt: skip
            decision = self.hall.decide(raw)
            assert not (again and decision.events)
        for key in KEYS:
            facts = self.facts(key)
            assert recorded(facts) == recount(facts, self.diary, now)
            carried = self.hall.partition._stream(f"case/{key}").state  # noqa: SLF001
            assert carried == case.fold(self.hall.events(f"case/{key}"))
        self.is_new_calendar = False
        self.dues_are_those_of_the_newest_calendar()

    def dues_are_those_of_the_newest_calendar(self):
        calendar = self.hall.partition.reference.calendar
        for key in KEYS:
            state = self.hall.state(key)
            if not state.acceptance or state.concluded_at or state.ended_at:
                continue
            start = datetime.fromisoformat(state.accepted_at)
            for clock in state.clocks.all:
                told = {"C2": state.statutory_due, "C3": state.promised_due}
                if clock.code in told:
                    assert told[clock.code] == calendar.due(start, clock.limit).isoformat()


@pytest.mark.parametrize("examples", [60])
def test_recorded_breaches_are_those_that_a_slow_clerk_counts(new_hall, examples):
    Clocks.make = staticmethod(new_hall)
    quick = settings(max_examples=examples, stateful_step_count=25, deadline=None,
                     suppress_health_check=list(HealthCheck))  # fmt: skip
    run_state_machine_as_test(Clocks, settings=quick)
