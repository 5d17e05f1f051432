"""来源: a silence is said by the watchman, a return is heard; docs/states.md is the law."""

from datetime import datetime

import pytest

from ledger.contracts.codes import SHANGHAI, SourceClass
from ledger.contracts.commands import BEAT
from ledger.contracts.events import COMMANDS, FACTS
from ledger.log.seam import Heard, Pulse
from ledger.rules import duty, source
from ledger.rules.partition import Partition
from producers.watchman import Watch, fall_silent, silent
from tests.tabled_ways import printed

STREAM = "source/hall-town"
SILENT = "source.fall_silent"
CENTRES = ["town", "village"]


def at(text):
    """An instant of 2020, as the ledger writes it."""
    return datetime.fromisoformat(f"2020-{text}").replace(tzinfo=SHANGHAI).isoformat()


class Line:
    """The line of one hall system."""

    def __init__(self, hall):
        self.hall = hall

    def until(self, text):
        self.hall.now = datetime.fromisoformat(at(text))

    def beat(self, **more):
        return self.hall.say(BEAT, "hall-town", {"centres": CENTRES},
                             **{"source_class": "system", **more})  # fmt: skip

    def say(self, since, *, said_at=None, **more):
        due = said_at or source.silent_from(since, self.hall.partition.reference.calendar)
        return self.hall.say(SILENT, "hall-town", {"since": since, "centres": CENTRES},
                             **{"at": datetime.fromisoformat(due), "source_class": "system",
                                **more})  # fmt: skip

    @property
    def kinds(self):
        return [event["type"] for event in self.hall.events(STREAM)]

    def bring_to(self, status):
        """Bring the source to a status of the table, at ten past ten."""
        self.until("06-01T10:10")
        if status != "-":
            assert self.say(at("06-01T10:00")).status == "accepted"
        if status == "ALV":
            self.beat()


@pytest.fixture
def line(hall):
    return Line(hall)


# -------------------------------------------------------------------------------------- the table


@pytest.mark.parametrize("status", ["-", "SIL", "ALV"])
def test_every_fact_is_made_or_not_as_the_table_says(line, status):
    page = printed("来源")
    line.bring_to(status)
    before = line.kinds
    line.until("06-01T10:30")
    said = line.say(at("06-01T10:20"))
    follows, then, _ = page["source.silent"]

    assert (said.status == "accepted") is (status in follows)
    assert source.MOVES["source.silent"] == dict.fromkeys(follows, then)
    if status not in follows:
        assert (said.code, said.legal) == ("E_STATE", ("source.beat",))
        assert (
            said.message == f"hall-town is silent since {at('06-01T10:00')}; legal is source.beat"
        )
        assert line.kinds == before


@pytest.mark.parametrize("status", ["-", "SIL", "ALV"])
def test_a_beat_is_a_fact_of_a_silent_source_only(line, status):
    follows, then, _ = printed("来源")["source.returned"]
    line.bring_to(status)
    before = line.kinds
    receipt = line.beat()

    assert receipt.status == "noted"
    assert line.kinds == before + ["source.returned"] * (status in follows)
    assert source.MOVES["source.returned"] == dict.fromkeys(follows, then)


def test_the_table_has_every_fact_of_the_stream():
    told = {kind for kind, fact in FACTS.items() if fact.STREAM == "source"}

    assert set(source.MOVES) == set(printed("来源")) == told
    assert {c for c, fact in COMMANDS.items() if fact.STREAM == "source"} == {SILENT}
    assert duty.POSTS[SILENT] == frozenset()


@pytest.mark.parametrize("source_class", [c for c in SourceClass if c is not SourceClass.SYSTEM])
def test_a_hall_does_not_say_of_another_that_it_is_silent(line, source_class):
    line.until("06-01T10:10")

    assert line.say(at("06-01T10:00"), source_class=source_class.value).code == "E_AUTH"
    assert line.kinds == []


# --------------------------------------------------------------------------------------- the facts


def test_a_morning_in_march_is_proved_in_december(line):
    line.until("06-01T09:00")
    line.beat()
    line.until("06-01T10:10")
    line.say(at("06-01T10:00:30"))
    line.until("06-01T11:30")
    line.beat(at=datetime.fromisoformat(at("06-01T08:00")))
    fell, returned = line.hall.events(STREAM)
    ended = {"centre": "town", "since": at("06-01T10:00:30"), "silent_seconds": 5370}

    assert fell["time"] == at("06-01T10:02:30")
    assert fell["data"]["data"] == {"since": at("06-01T10:00:30"), "centres": CENTRES}
    assert fell["data"]["stamp"] == {"centre": "town"}
    # By the clock of the ledger: that of the source was three hours slow.
    assert returned["time"] == at("06-01T11:30")
    assert returned["data"] == {"data": {"centres": CENTRES}, "stamp": ended}


def test_a_source_that_names_no_centre_counts_nowhere(hall):
    line = Line(hall)
    line.until("06-01T10:10")
    hall.say(SILENT, "s", {"since": at("06-01T10:00")}, source_class="system")
    hall.say(BEAT, "s", {}, source_class="system")
    fell, returned = hall.events("source/s")

    assert fell["data"]["stamp"] == {}
    assert returned["data"] == {"data": {"centres": []}, "stamp": {
        "since": at("06-01T10:00"), "silent_seconds": 600}}  # fmt: skip


HOURS = [  # heard last, silent from: service time is 09:00 to 17:00 on working days
    ("06-01T10:00", "06-01T10:02"),
    ("06-01T12:15", "06-01T12:17"),  # over lunch sources beat, too
    ("06-01T07:30", "06-01T09:02"),
    ("06-01T16:59", "06-02T09:01"),
    ("06-05T17:40", "06-08T09:02"),  # over the weekend machines are switched off
    ("06-24T18:00", "06-28T09:02"),  # 端午节, and a Sunday that is worked on
]


@pytest.mark.parametrize(("since", "due"), HOURS)
def test_nobody_is_silent_before_service_time_has_passed(line, since, due):
    line.until("06-30T10:00")
    early = datetime.fromisoformat(at(due)).timestamp() - 1
    soon = datetime.fromtimestamp(early, SHANGHAI).isoformat()
    refused = line.say(at(since), said_at=soon, late_reason="test")

    assert refused.code == "E_LIMIT"
    assert refused.message == (
        f"hall-town is silent from {at(due)} on, 2 minutes of service time after its last beat, "
        f"not at {soon}"
    )
    assert line.say(at(since), late_reason="test").status == "accepted"


def test_what_is_wrong_in_two_ways_has_one_answer(line):
    """State, then limit, then order: a silence before the return, told too early."""
    line.bring_to("ALV")
    assert line.say(at("06-01T10:09")).code == "E_LIMIT"
    line.until("06-01T10:20")
    assert line.say(at("06-01T10:09"), said_at=at("06-01T10:10")).code == "E_LIMIT"
    late = line.say(at("06-01T10:09"))

    assert (late.code, late.message) == (
        "E_TIME_ORDER",
        f"the source was heard at {at('06-01T10:10')}, after 2020-06-01T10:09:00+08:00; look again",
    )
    assert line.say(at("06-01T10:10")).status == "accepted"
    assert line.say(at("06-01T10:00"), said_at=at("06-01T10:01")).code == "E_STATE"


def test_the_same_silence_said_twice_is_one(line):
    """Two watchmen, or one that was killed: the same bytes under the same number."""
    line.until("06-01T10:10")
    heard = Heard(0.0, at("06-01T10:00"), ("town",))
    raw = fall_silent("hall-town", heard, at("06-01T10:02"))
    first, second = (line.hall.decide(raw).receipt for _ in range(2))
    line.beat()
    third = line.hall.decide(raw).receipt

    assert [r.status for r in (first, second, third)] == ["accepted", "duplicate", "duplicate"]
    assert line.kinds == ["source.silent", "source.returned"]


def test_a_partition_that_starts_anew_decides_the_same(line):
    """Nothing but the facts tells whether a beat is a return: no state of a writer can be lost."""
    line.bring_to("SIL")
    fresh = Partition(0, line.hall.shelf)
    fresh.reference = line.hall.partition.reference
    raw = line.hall.raw(BEAT, "hall-town", {"centres": CENTRES}, source_class="system")
    events = [p.decide(raw, line.hall.now).events for p in (fresh, line.hall.partition)]

    assert [e.stream for e in events[0]] == [STREAM]
    assert events[0] == events[1]


# ------------------------------------------------------------------------------------ the watchman


def pulse(seconds, heard_at, *, partition=0, name="hall-town", now="06-01T10:05"):
    """A pulse at so many seconds, in which a source was heard last at others."""
    heard = Heard(heard_at, at("06-01T10:00"), ("town",))
    return Pulse(partition, 7, seconds, at(now), {}, {name: heard})


def ticked(watch, first, last, heard_at, step=10):
    """Show a watchman a pulse every ten seconds; give what it suspects at the end."""
    found = []
    for seconds in range(first, last + 1, step):
        found = watch.suspects([pulse(float(seconds), heard_at)])
    return [suspect.source for suspect in found]


def test_a_source_is_suspect_after_two_minutes_without_a_beat():
    watch = Watch()

    assert ticked(watch, 0, 310, 200.0) == []
    assert ticked(watch, 320, 320, 200.0) == ["hall-town"]
    assert ticked(watch, 330, 330, 325.0) == []


def test_a_watchman_that_was_away_accuses_nobody_at_once():
    """Nor one whose ledger stood still: who could not be heard is not silent."""
    watch = Watch()

    assert ticked(watch, 1000, 1110, 0.0) == []
    assert ticked(watch, 1120, 1120, 0.0) == ["hall-town"]
    assert ticked(watch, 1160, 1270, 0.0) == []
    assert ticked(watch, 1280, 1280, 0.0) == ["hall-town"]


def test_partitions_are_listened_to_one_by_one():
    watch = Watch()
    for seconds in range(0, 130, 10):
        two = [
            pulse(float(seconds), 0.0),
            pulse(float(min(seconds, 40)), 0.0, partition=1, name="b"),
        ]
        found = watch.suspects(two)

    assert [suspect.source for suspect in found] == ["hall-town"]


def test_what_was_told_is_not_told_again(hall):
    watch = Watch()
    ticked(watch, 0, 110, 0.0)
    (suspect,) = watch.suspects([pulse(120.0, 0.0)])
    watch.told(suspect)

    assert watch.suspects([pulse(130.0, 0.0)]) == []
    ((_, raw),) = silent([suspect], hall.partition.reference.calendar)
    assert raw == fall_silent("hall-town", suspect.heard, at("06-01T10:02"))
    assert silent([suspect._replace(now=at("06-01T10:01:59"))],
                  hall.partition.reference.calendar) == []  # fmt: skip
