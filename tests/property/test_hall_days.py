"""Laws of a hall over whole days, legal and illegal, in any order."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger.contracts.wire import decode
from ledger.rules import hall as rules
from ledger.rules.partition import Partition
from processors.views.fold import compile_fold
from tests.hall_day import CLERKS, TOWN_KEY, TOWN_STREAM, WINDOWS, HallDay, busy_day

FOLD = compile_fold()


def sums(events):
    made = {}
    for event in events:
        FOLD(made, event)
    return made


def live(day, rng, steps, spread):
    """Let the day pass; commands come up to `spread` seconds out of order."""
    story = busy_day(rng, TOWN_KEY, WINDOWS, CLERKS, steps)
    kind, data = next(story)
    while True:
        day.hall.wait(seconds=rng.randrange(60), milliseconds=rng.randrange(1000))
        if kind == "clock.tick":
            day.tick()
            at = day.hall.now.isoformat()
        else:
            told = day.hall.now.replace(microsecond=0) if rng.random() < spread else day.hall.now
            receipt = day.say(kind, data, at=told, source_class="imported")
            assert receipt.code != "E_INTERNAL"
            at = told.isoformat() if receipt.status == "accepted" else None
        try:
            kind, data = story.send(at)
        except StopIteration:
            return


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(rng=st.randoms(use_true_random=False), steps=st.integers(1, 120),
       spread=st.sampled_from((0, 0.3)))  # fmt: skip
def test_a_day_of_a_hall_keeps_its_laws(new_hall, rng, steps, spread):
    day = HallDay(new_hall())
    live(day, rng, steps, spread)
    events, state = day.hall.events(TOWN_STREAM), day.state
    made = sums(events)
    stamps = [event["data"]["stamp"] for event in events]

    # The gauge is the number of those who wait now.
    waiting = sum(ticket.waiting for ticket in state.tickets.values())
    assert made.get("waiting||town|", 0) == waiting
    assert state.queued == sum(ticket.in_line for ticket in state.tickets.values())
    assert bool(state.crowded) == state.is_crowded
    # No time is negative; nobody serves longer than the window is open.
    amounts = [n for stamp in stamps for name, n in stamp.items() if name.endswith("_seconds")]
    assert all(amount >= 0 for amount in amounts)
    assert all(s.get("serving_seconds", 0) <= s.get("open_seconds", 0) for s in stamps)
    # One window one person, one person one window, one ticket one window.
    seated = [window.staff for window in state.windows.values() if window.staff]
    served = [window.serving for window in state.windows.values() if window.serving]
    assert len(seated) == len(set(seated))
    assert sorted(served) == sorted(
        id_ for id_, ticket in state.tickets.items() if rules.is_served(ticket)
    )
    # Buckets of waiting time are all that were served.
    buckets = sum(n for cell, n in made.items() if cell.startswith("wait_from_"))
    assert buckets == sum(n for cell, n in made.items() if cell.startswith("wait_n|"))
    # After the day nobody waits and a tick finds nothing more.
    day.hall.wait(days=1)
    day.tick()
    assert sums(day.hall.events(TOWN_STREAM)).get("waiting||town|", 0) == 0
    assert day.tick() == ()


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(rng=st.randoms(use_true_random=False), steps=st.integers(1, 80))
def test_a_replay_makes_the_same_facts_however_often_the_ledger_starts_again(new_hall, rng, steps):
    day = HallDay(new_hall())
    live(day, rng, steps, 0.3)
    again = new_hall()
    HallDay(again)
    for number, (raw, now) in enumerate(day.hall.order):
        if number % 5 == 0:
            known, again.partition = again.partition.reference, Partition(0, again.shelf)
            again.partition.reference = known
        again.now = now
        again.decide(raw)
    told, retold = (
        [decode(value) for value in hall.shelf.history(TOWN_STREAM)] for hall in (day.hall, again)
    )

    assert told == retold
