"""Laws of the ledger over whole lives of cases, legal and illegal, in any order."""

import json
from copy import deepcopy
from datetime import datetime, timedelta

import orjson
import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from ledger.contracts.commands import Command
from ledger.contracts.events import COMMANDS, FACTS
from ledger.contracts.wire import decode, encode, event_id
from ledger.rules import case, rating
from ledger.rules.corrections import current
from ledger.rules.partition import Partition
from ledger.rules.refusals import Code
from processors.views.fold import compile_fold
from tests.stamped_anew import stamped_anew
from tests.ways import SAYS

FOLD = compile_fold()
KEYS = ("C1", "C2")
COURSE = sorted(
    command for command in SAYS
    if command.startswith("case.") and command not in {"case.void_event", "case.amend_event"}
)  # fmt: skip
SOURCES = ("interactive", "interactive", "interactive", "imported", "historical")
WHO = ("an", "bo", "cui", "dai", "fu", None)
POSTS = ("accept", "approve", "review", "issue", "corrector", None)
ITEMS = ("generous", "instant", "instant-alone", "promised", "alone")
WINDOWS = ("town-1", "town-2", "town-3", None)
OTHERWISE = {
    "window": WINDOWS, "item": ITEMS, "outcome": ("approved", "partly", "rejected"),
    "accept_no": (None, "1", "2"), "to_dept": ("民政", "住建", "公安"), "excluded": (True, False),
    "days": (1, 3, 11), "materials": (["m1"], ["m1", "m2"]), "complete": (True, False),
    "transfer_id": ("t1", "t9"), "notice_doc": (None, "T9"), "result_code": (0, 2, 5),
    "channel": ("window", "web"),
}  # fmt: skip
"""What an amendment says instead, by field."""


def sums(events):
    """The cells of the live views that are not zero."""
    made = {}
    for event in events:
        FOLD(made, event)
    return {cell: total for cell, total in made.items() if total}


class Lives(RuleBasedStateMachine):
    """Two cases and their ratings in one partition; most commands are likely to be legal."""

    make = None

    def __init__(self):
        super().__init__()
        self.hall = self.make()

    def done(self, receipt):
        note(f"{receipt.status} {receipt.code} {receipt.stream}@{receipt.version}")
        assert receipt.code != "E_INTERNAL"

    @initialize(
        items=st.lists(st.sampled_from(ITEMS), min_size=2, max_size=2),
        steps=st.sampled_from((7, 1, 2, 3, 4)),
    )
    def begin(self, items, steps):
        """Two cases are on their way, or both have come to their end."""
        for key, item in zip(KEYS, items, strict=True):
            self.usual(key, steps, item, "town-1", "approved")
            if steps == 7:
                self.rate(key, "sms", 4)

    @rule(
        key=st.sampled_from(KEYS),
        steps=st.integers(1, 7),
        item=st.sampled_from(ITEMS),
        window=st.sampled_from(WINDOWS),
        outcome=st.sampled_from(("approved", "partly", "rejected")),
    )
    def usual(self, key, steps, item, window, outcome):
        """The next things that are usual, as far as they go."""
        hall, place = self.hall, {"window": window, "channel": "window" if window else "web"}
        road = [
            lambda: hall.submit(key, item, **place), lambda: hall.accept(key, **place),
            lambda: hall.transfer(key, f"t{hall.seq}"),
            lambda: hall.receive(key, moving.transfer_id if moving else "none"),
            lambda: hall.decide_on(key, outcome), lambda: hall.conclude(key),
            lambda: hall.issue(key),
        ]  # fmt: skip
        places = ("-", "SUB", "ACC", "TRN", "REV", "DEC+", "ISS")
        for _ in range(steps):
            state = hall.state(key)
            moving = state.transfer
            first = places.index(state.status) if state.status in places else 5
            first += state.status == "DEC+" and state.concluded_at is not None
            self.done(road[first]())
            hall.wait(minutes=7)

    @rule(
        key=st.sampled_from(KEYS),
        what=st.sampled_from(
            ("submit", "accept", "transfer", "receive", "decide_on", "conclude", "issue", "step")
        ),
        source=st.sampled_from(SOURCES),
        who=st.sampled_from(WHO),
        post=st.sampled_from(POSTS),
        back=st.sampled_from((0, 0, 3, 60, 5000)),
    )
    def anything(self, key, what, source, who, post, back):
        """Anybody says anything, now or about an earlier time."""
        said = self.hall.spoken[-1].receipt.version if self.hall.spoken else 0
        more = {"number": said} if what == "step" else {}
        at = self.hall.now - timedelta(minutes=back)
        self.done(
            getattr(self.hall, what)(
                key,
                **more,
                source_class=source,
                who=who,
                post=post,
                at=at,
                late_reason="x" if back > 60 else None,
            )
        )

    @rule(key=st.sampled_from(KEYS), via=st.sampled_from(("qr", "sms")), stars=st.integers(1, 5))
    def rate(self, key, via, stars):
        self.done(self.hall.rate(key, stars, via))

    @rule(
        key=st.sampled_from(KEYS),
        stream=st.sampled_from(("case", "case", "rating")),
        back=st.integers(0, 8),
        follow=st.booleans(),
    )
    def take_back(self, key, stream, back, follow):
        """Void a fact, and when others need it, those too."""
        hall = self.hall
        version = max(len(hall.events(f"{stream}/{key}")) - back, 1)
        receipt = hall.void(f"{stream}/{key}@{version}", stream=stream)
        self.done(receipt)
        if receipt.code == "E_DEPENDENT" and follow:
            again = hall.void(f"{stream}/{key}@{version}", *receipt.legal, stream=stream)
            assert again.code in {"", "E_SOD"}, again

    @rule(
        key=st.sampled_from(KEYS),
        nth=st.integers(0, 60),
        source=st.sampled_from(SOURCES),
        fresh=st.booleans(),
        back=st.sampled_from((0, 0, 3)),
    )
    def course(self, key, nth, source, fresh, back):
        """Something the state allows, as it is usually said: mostly what is open, or is new."""
        state = self.hall.state(key)
        legal = [command for command in case.legal(state) if command in COURSE] or ["case.submit"]
        command = legal[nth % len(legal)]
        opened = {
            "sp_no": state.special and state.special.sp_no,
            "transfer_id": state.transfer and state.transfer.transfer_id,
            "step_no": state.steps_open[0][0] if state.steps_open else None,
        }
        new = {"sp_no": f"s{nth}", "transfer_id": f"t{nth}", "step_no": nth + 1}
        but = {
            name: opened[name] if opened[name] and not fresh else new[name]
            for name in new.keys() & SAYS[command].data.keys()
        }
        if command == "case.submit":
            but["item"] = "generous"
        at = self.hall.now - timedelta(minutes=back)
        self.done(self.hall.usual(command, key, but=but, source_class=source, at=at))
        self.hall.wait(minutes=1)

    @rule(key=st.sampled_from(KEYS), back=st.integers(0, 8), nth=st.integers(0, 9), data=st.data())
    def amend(self, key, back, nth, data):
        """Say one thing of a fact otherwise."""
        facts = list(current(self.hall.events(f"case/{key}")).values())
        if not facts:
            return
        fact = facts[max(len(facts) - 1 - back, 0)]
        said = fact["data"]["data"]
        names = ["occurred_at", "window", "channel", *(name for name in said if name in OTHERWISE)]
        what = names[nth % len(names)]
        if what == "occurred_at":
            old = fact["time"]
            minutes = data.draw(st.integers(-5, 60))
            new = (datetime.fromisoformat(old) - timedelta(minutes=minutes)).isoformat()
        else:
            old = fact.get(what) if what in {"window", "channel"} else said[what]
            new = data.draw(st.sampled_from(OTHERWISE[what]))
        changes = {what: {"old": old, "new": new}}
        self.done(
            self.hall.say(
                "case.amend_event",
                key,
                {"target": fact["id"], "changes": changes, "reason_code": "x", "evidence": "E",
                 "requested_by": "fu", "approved_by": "gu"},
                who="fu",
                post="corrector",
            )
        )  # fmt: skip

    @rule(nth=st.integers(0, 30))
    def repeat(self, nth):
        """Deliver some earlier command once more: same answer, nothing new."""
        if nth < len(self.hall.order):
            raw, first = self.hall.order[nth][0], self.hall.spoken[nth].receipt
            again = self.hall.decide(raw)
            if first.status == "accepted":
                assert again.receipt == first.model_copy(update={"status": "duplicate"})
                assert again.events == ()

    @rule(hours=st.sampled_from((1, 20, 100, 300)))
    def wait(self, hours):
        self.hall.wait(hours=hours)

    @rule()
    def tick(self):
        """The city's clock comes by: dues may have passed."""
        raw = self.hall.raw("clock.tick", "0", {}, source_class="system", source_system="clock")
        assert self.hall.decide(raw).receipt.status == "noted"

    @invariant()
    def versions_are_contiguous_and_ids_follow(self):
        for stream, values in self.hall.shelf.streams.items():
            if stream.startswith("partition/"):
                continue
            events = [decode(value) for value in values]
            assert [e["streamversion"] for e in events] == list(range(1, len(events) + 1))
            assert all(e["id"] == event_id(stream, e["streamversion"]) for e in events)
            assert all(e["time"] <= e["recordedat"] for e in events)

    @invariant()
    def the_fold_is_the_state_that_was_carried(self):
        """Also where it has been dropped from memory and is folded again."""
        for key in KEYS:
            history = self.hall.events(f"case/{key}")
            carried = self.hall.partition._stream(f"case/{key}")  # noqa: SLF001 -- what is carried
            assert (carried.version, carried.state) == (len(history), case.fold(history))
            rated = self.hall.events(f"rating/{key}")
            known = self.hall.partition._stream(f"rating/{key}")  # noqa: SLF001 -- what is carried
            assert (known.version, known.state) == (len(rated), rating.fold(rated))

    @invariant()
    def what_counts_is_a_legal_history(self):
        for key in KEYS:
            state = case.State()
            for fact in current(self.hall.events(f"case/{key}")).values():
                hard = fact["sourceclass"] == "interactive"
                case.check(state, fact["type"], fact["data"]["data"], fact["time"], hard=hard)
                state = case.evolve(state, fact)

    @invariant()
    def views_that_subtract_equal_views_that_never_saw_it(self):
        """Law 5: the fold over all events is the fold over what counts, as stamped now."""
        raw = [decode(value) for value in self.hall.shelf.log]
        effective = []
        for stream in self.hall.shelf.streams:
            if not stream.startswith("partition/"):
                effective += current(self.hall.events(stream)).values()

        assert sums(raw) == sums(effective)

    @invariant()
    def what_counts_is_stamped_as_if_it_had_always_been_so(self):
        """Outcomes are those of the effective history, whatever road led to it."""
        calendar = self.hall.partition.reference.calendar
        for key in KEYS:
            counting = list(current(self.hall.events(f"case/{key}")).values())
            for fact, told, anew, history in stamped_anew(counting, calendar):
                assert told == anew, fact
                assert history.items() <= fact["data"]["stamp"].items(), fact

    @invariant()
    def every_rating_that_counts_lies_where_its_case_is_accepted(self):
        for key in KEYS:
            state = self.hall.state(key)
            for fact in current(self.hall.events(f"rating/{key}")).values():
                stamp = fact["data"]["stamp"]
                assert stamp.get("accept_window") == state.accept_window
                assert stamp.get("accept_centre") == state.accept_centre

    @invariant()
    def a_refusal_records_nothing(self):
        for decision in self.hall.spoken[-1:]:
            if decision.receipt.status != "noted":
                assert bool(decision.events) == (decision.receipt.status == "accepted")
            assert (decision.reject is not None) == (decision.receipt.status == "refused")
            if decision.reject:
                assert decision.receipt.code in set(Code)

    @invariant()
    def every_event_is_valid_and_survives_the_wire(self):
        for value in self.hall.shelf.log[-12:]:
            event = decode(value)
            assert encode(event) == value
            FACTS[event["type"]].model_validate(event["data"]["data"])

    def teardown(self):
        """Replay: the same commands, one by one, in a partition that knows nothing."""
        again = self.make()
        for (raw, now), decision in zip(self.hall.order, self.hall.spoken, strict=True):
            again.now = now
            assert again.decide(raw) == decision
        assert again.shelf.log == self.hall.shelf.log


@pytest.mark.parametrize("examples", [40])
def test_the_laws_hold_over_any_life_of_two_cases(new_hall, examples):
    Lives.make = staticmethod(new_hall)
    quick = settings(max_examples=examples, stateful_step_count=20, deadline=None,
                     suppress_health_check=list(HealthCheck))  # fmt: skip
    run_state_machine_as_test(Lives, settings=quick)


@pytest.mark.parametrize("seed", range(4))
def test_one_batch_decides_as_many_batches_of_one(new_hall, seed):
    """The overlay of a batch is seen by its later commands; so is a state that was dropped."""
    one, other = new_hall(), new_hall()
    for n in range(4):
        key = f"C{n}"
        one.bring_to(("ISS", "DEC-", "REV", "VOI")[(n + seed) % 4], key)
        one.conclude(key)
        one.rate(key)
        one.void(f"case/{key}@2")
    decisions = [other.partition.decide(raw, now) for raw, now in one.order]

    assert decisions == one.spoken
    for decision in decisions:
        other.shelf.keep(decision)
    other.partition.settle()
    other.partition._streams.clear()  # noqa: SLF001 -- as when memory is full
    other.seq, other.now = one.seq, one.now
    assert other.void("case/C0@1") == one.void("case/C0@1")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False)
    | st.text(max_size=20) | st.sampled_from(("case/C1@1", "C1", "town", "2020-06-01T10:00:00Z")),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(("item", "case_no", "target", "cascade", "n", "unit", "stars", "x")), inner,
        max_size=4),
    max_leaves=8,
)  # fmt: skip
TYPES = [*COMMANDS, "clock.tick", "source.beat", "no.such"]


@pytest.fixture(scope="module")
def open_hall(new_hall):
    """A hall with a concluded and rated case, whose decisions are thrown away."""
    hall = new_hall()
    hall.bring_to("DEC+")
    hall.conclude()
    hall.rate()
    return hall


def decided(hall, raw):
    """Decide by a partition of its own, so that nothing is left of it."""
    for number, shelf, is_reference in ((0, hall.shelf, False), (1, hall.org, True)):
        partition = Partition(number, shelf, is_reference=is_reference)
        partition.reference = deepcopy(hall.partition.reference)
        decision = partition.decide(raw, hall.now)
        assert decision.receipt.status in {"accepted", "refused", "noted", "duplicate"}
        if decision.reject is not None:
            assert len(decision.receipt.message) < 2000
            orjson.dumps(decision.reject)


@settings(max_examples=150, deadline=None)
@given(raw=st.binary(max_size=200))
def test_any_bytes_are_answered(open_hall, raw):
    decided(open_hall, raw)


@settings(max_examples=250, deadline=None)
@given(
    kind=st.sampled_from(TYPES),
    fields=st.dictionaries(
        st.sampled_from(sorted(Command.model_fields)), json_values, max_size=3
    ),
    data=st.dictionaries(
        st.sampled_from(sorted({n for f in COMMANDS.values() for n in f.model_fields})),
        json_values, max_size=5),
)  # fmt: skip
def test_any_json_of_the_shape_of_a_command_is_answered(open_hall, kind, fields, data):
    said = {"type": kind, "key": "C1", "occurred_at": "2020-06-01T10:05:00+08:00",
            "source_system": "x", "source_seq": "1", "source_class": "imported",
            "data": data, **fields}  # fmt: skip
    decided(open_hall, json.dumps(said).encode("utf-8", "surrogatepass"))
