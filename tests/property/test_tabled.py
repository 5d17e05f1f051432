"""Laws of the streams that a table rules, over weeks of legal and illegal facts."""

from collections import Counter
from datetime import timedelta

import orjson
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger.contracts.events import COMMANDS
from ledger.contracts.wire import decode
from ledger.rules.partition import Partition
from processors.views.fold import compile_fold
from tests.tabled_ways import KEYS, SAYS, Tabled

FOLD = compile_fold()
QUIET = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))


def live(table, rng, steps):
    """Let weeks pass over one stream: some hours between facts, some told late, ticks, voids."""
    commands = [command for command in SAYS if table.stream == COMMANDS[command].STREAM]
    for _ in range(steps):
        table.hall.wait(minutes=rng.randrange(2000))
        if rng.random() < 0.2:
            tick(table)
        command = rng.choice(commands)
        late = table.hall.now - timedelta(hours=rng.choice((0, 0, 0, 1, 30, 90)))
        source = "historical" if rng.random() < 0.05 else "imported"
        due = (table.hall.now + timedelta(days=rng.randrange(5))).date().isoformat()
        but = {name: due for name in ("due", "new_due", "rectify_due") if name in SAYS[command][0]}
        receipt = table.say(command, but, at=late, source_class=source)
        assert receipt.code != "E_INTERNAL"
        if rng.random() < 0.15:
            take_back(table, rng)
    table.hall.wait(days=30)
    tick(table)


def tick(table):
    """The clock reaches the partition; give the facts of the stream that this makes."""
    table.hall.seq += 1
    now = table.hall.now.isoformat()
    made = table.hall.decide(orjson.dumps({
        "type": "clock.tick", "key": "0", "occurred_at": now, "source_class": "system",
        "source_system": "clock", "source_seq": f"0@{now}"})).events  # fmt: skip
    return [event for event in made if event.stream == table.name]


def take_back(table, rng):
    count = len(table.hall.events(table.name))
    if count:
        version = rng.randint(1, count)
        receipt = table.void(version)
        if receipt.code == "E_DEPENDENT":
            table.void(version, *(int(name.rpartition("@")[2]) for name in receipt.legal))


def sums(table):
    made = {}
    for event in table.hall.events(table.name):
        FOLD(made, event)
    return made


@QUIET
@given(rng=st.randoms(use_true_random=False), steps=st.integers(1, 40))
def test_a_task_is_done_once_and_in_time_or_overdue_never_both(new_hall, rng, steps):
    table = Tabled(new_hall(), "agent")
    live(table, rng, steps)
    made = sums(table)
    total = Counter()
    for cell, amount in made.items():
        code, bucket, *_ = cell.split("|")
        total[code] += amount if "T" not in bucket else 0

    assert min(made.values(), default=0) >= 0
    assert total["agent_done"] <= 1
    assert total["agent_in_time"] <= total["agent_done"]
    assert total["agent_in_time"] + total["agent_overdue"] <= 1
    assert total["agent_satisfied"] <= total["agent_called_back"] <= 1
    assert tick(table) == []


@QUIET
@given(rng=st.randoms(use_true_random=False), steps=st.integers(1, 40),
       stream=st.sampled_from(sorted(KEYS)))  # fmt: skip
def test_a_replay_makes_the_same_facts_however_often_the_ledger_starts_again(
    new_hall, rng, steps, stream
):
    table = Tabled(new_hall(), stream)
    live(table, rng, steps)
    again = Tabled(new_hall(), stream).hall
    for number, (raw, now) in enumerate(table.hall.order):
        if number % 5 == 0:
            known, again.partition = again.partition.reference, Partition(0, again.shelf)
            again.partition.reference = known
        again.now = now
        again.decide(raw)
    told, retold = (
        [decode(value) for value in hall.shelf.history(table.name)] for hall in (table.hall, again)
    )

    assert told == retold
