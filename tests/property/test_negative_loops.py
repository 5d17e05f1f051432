"""Laws of the loop of a negative, over weeks of legal and illegal steps in any order."""

from collections import Counter
from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger.contracts.wire import decode
from ledger.rules import rating
from ledger.rules.corrections import current
from ledger.rules.partition import Partition
from processors.views.fold import compile_fold
from tests.rating_ways import STEPS, rate_badly

FOLD = compile_fold()
STREAM = "rating/C1"
QUIET = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
NEXT = {"verify": ("verify", "mistaken"), "rectify": ("rectify", "plan", "extend"),
        "callback": ("call", "miss", "reply"), "reply": ("reply", "close"),
        "appeal": ("uphold", "deny"), "": ("append", "instruct")}  # fmt: skip
"""What a negative waits for → what is likely said then."""
SOURCES = ("interactive", "interactive", "imported", "historical")


def live(hall, rng, steps):
    """Let weeks pass over the ratings of a case: some steps told late, ticks, voids."""
    for number in range(steps):
        hall.wait(minutes=rng.randrange(3000))
        if rng.random() < 0.2:
            tick(hall)
        more = {"at": hall.now - timedelta(hours=rng.choice((0, 0, 0, 1, 30, 90))),
                "late_reason": "网断", "source_class": rng.choice(SOURCES)}  # fmt: skip
        if rng.random() < 0.1:
            said = {"rating_id": f"r{number + 2}", "stars": rng.randint(1, 3),
                    "via": rng.choice(("sms", "phone", "pc")),
                    "real_name": rng.random() < 0.5}  # fmt: skip
            receipt = hall.say("rating.submit", data=said, actor={"kind": "citizen"}, **more)
        else:
            known = rating.fold(hall.events(STREAM)).ratings
            about = rng.choice([*known, "r1"])
            likely = NEXT[known[about].step if about in known else ""]
            kind, data, who = STEPS[rng.choice(likely if rng.random() < 0.6 else list(STEPS))]
            if "new_due" in data:
                data = {**data, "new_due": str(hall.now.date() + timedelta(rng.randrange(30)))}
            receipt = hall.say(kind, data={**data, "rating_id": about}, **{**who, **more})
        assert receipt.code != "E_INTERNAL", receipt
        if rng.random() < 0.15:
            take_back(hall, rng)
    hall.wait(days=60)
    tick(hall)


def tick(hall):
    """The clock reaches the partition; give the facts of the loop that this makes."""
    raw = hall.raw("clock.tick", "0", {}, source_class="system")
    return [event for event in hall.decide(raw).events if event.stream == STREAM]


def take_back(hall, rng):
    target = rng.choice([event["id"] for event in hall.events(STREAM)])
    receipt = hall.void(target, stream="rating")
    if receipt.code == "E_DEPENDENT":
        hall.void(target, *receipt.legal, stream="rating")


def sums(events):
    made = {}
    for event in events:
        FOLD(made, event)
    return {cell: amount for cell, amount in made.items() if amount}


def by_day(made):
    total = Counter()
    for cell, amount in made.items():
        code, bucket, *_ = cell.split("|")
        total[code] += amount if "T" not in bucket else 0
    return total


@QUIET
@given(rng=st.randoms(use_true_random=False), steps=st.integers(1, 40))
def test_a_negative_is_resolved_once_and_open_in_one_step_at_most(new_hall, rng, steps):
    hall = new_hall()
    rate_badly(hall)
    live(hall, rng, steps)
    events, state = hall.events(STREAM), rating.fold(hall.events(STREAM))
    made = sums(events)
    total = by_day(made)
    negatives = [each for each in state.ratings.values() if each.dispatched_at]
    steps_open = Counter()
    for cell, amount in made.items():
        if cell.startswith("neg_open|"):
            steps_open[cell.rpartition("|")[2]] += amount

    assert made == sums(current(events).values())
    assert min(made.values(), default=0) >= 0
    assert steps_open == Counter(each.step for each in negatives if each.step)
    for what in ("rectify", "callback"):
        assert total[f"{what}_in_time"] <= total[f"{what}_resolved"] <= len(negatives)
    assert total["rectified"] <= total["verified_valid"] <= len(negatives)
    assert total["appeals_upheld"] <= total["appeals_decided"] <= len(negatives)
    assert total["not_adopted_1"] + total["not_adopted_2"] == total["appeals_upheld"]
    assert total["rated_services"] == bool(state.ratings)
    assert tick(hall) == []


@QUIET
@given(rng=st.randoms(use_true_random=False), steps=st.integers(1, 40))
def test_a_replay_makes_the_same_facts_however_often_the_ledger_starts_again(new_hall, rng, steps):
    hall, again = new_hall(), new_hall()
    rate_badly(hall)
    rate_badly(again)
    begun = len(hall.order)
    live(hall, rng, steps)
    for number, (raw, now) in enumerate(hall.order[begun:]):
        if number % 5 == 0:
            known, again.partition = again.partition.reference, Partition(0, again.shelf)
            again.partition.reference = known
        again.now = now
        again.decide(raw)
    told, retold = ([decode(v) for v in each.shelf.history(STREAM)] for each in (hall, again))

    assert told == retold
