"""Lights of a case in both profiles (domain.md 4.2), and their laws."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.contracts.events.base import Limit
from ledger.rules import case, clock_moves, clocks
from ledger.rules.alert_instants import of_case
from ledger.rules.clocks import Clock, Clocks, Pause
from ledger.rules.lights import TIERS, Level, Light, Profile, light
from tests.ticking import moment

FOUR, TWO = Profile.FOUR_TIER, Profile.TWO_TIER
N, P, Y, R = Level.NORMAL, Level.REMIND, Level.YELLOW, Level.RED
ROWS = [
    # Submitted 06-01; C1 is due 06-08: 4 working days are over on 06-05.
    ("C1 runs", "SUB", "06-04T23:59", N, N, ""), ("C1 reminds", "SUB", "06-05T00:00", P, Y, "C1"),
    ("C1 on its last day", "SUB", "06-08T23:59", P, Y, "C1"),
    ("C1 is broken", "SUB", "06-09T00:00", R, R, "C1"),
    # Accepted 06-01, 10 working days promised (06-15), 20 statutory (06-30).
    ("C3 with a fifth left", "ACC", "06-10T23:59", N, N, ""),
    ("C3 reminds at a fifth", "ACC", "06-11T00:00", P, Y, "C3"),
    ("C3 is broken", "ACC", "06-16T00:00", Y, R, "C3"),
    ("C2 does not remind", "ACC", "06-30T23:59", Y, R, "C3"),
    ("C2 is broken", "ACC", "07-01T00:00", R, R, "C2"),
    # Transferred at 10:02: 2 h, 4 h, a working day.
    ("C5 runs", "TRN", "06-01T12:01", N, N, ""), ("C5 reminds", "TRN", "06-01T12:02", P, Y, "C5"),
    ("C5 is broken", "TRN", "06-01T14:03", Y, R, "C5"),
    ("C5 is not red yet", "TRN", "06-02T10:02", Y, R, "C5"),
    ("C5 is red after eight working hours", "TRN", "06-02T10:03", R, R, "C5"),
    ("ended", "WDR", "12-01T00:00", N, N, ""),
]  # fmt: skip


@pytest.mark.parametrize(("name", "state", "at", "four", "two", "clock"), ROWS)
def test_the_lights_of_a_case(hall, name, state, at, four, two, clock):
    hall.now = moment("06-01T10:00")
    hall.bring_to(state)
    now, calendar = moment(at).isoformat(), hall.partition.reference.calendar
    shown = light(hall.state(), calendar, now)

    assert (shown.level, shown.clock) == (four, clock if four else ""), name
    assert light(hall.state(), calendar, now, TWO).level is two, name
    assert bool(shown.reason) == bool(four)


def test_a_delivery_that_was_concluded_reminds_two_days_before(hall):
    hall.now = moment("06-01T10:00")
    hall.bring_to("DEC+")
    hall.conclude()
    calendar = hall.partition.reference.calendar
    found = [light(hall.state(), calendar, moment(f"06-{day}T08:00").isoformat()).level
             for day in ("10", "11", "15", "16")]  # fmt: skip

    assert found == [N, P, P, R]


def test_a_light_reminds_when_the_card_does_however_long_the_case_stood_still(hall):
    """Ten days promised: the pause ended, it is due on 07-10, so two are left from 07-08 on."""
    hall.now = moment("06-01T10:00")
    hall.bring_to("REV", item="generous")
    for when, kind in (("06-02", "start_special"), ("06-29", "end_special")):
        hall.now = moment(f"{when}T10:00")
        assert hall.usual(f"case.{kind}").code == ""
    calendar = hall.partition.reference.calendar
    card = next(m.at for m in of_case(hall.state(), calendar) if m.code == "C3")
    before = (datetime.fromisoformat(card) - timedelta(seconds=1)).isoformat()

    assert [light(hall.state(), calendar, at).level for at in (before, card)] == [N, P]
    assert card.startswith("2020-07-08")


def test_a_case_that_is_paused_has_no_light(hall):
    hall.bring_to("REV", item="generous")
    hall.usual("case.suspend_clock", but={"legal_basis": "§45"})

    assert light(hall.state(), hall.partition.reference.calendar, "2021-01-01") == Light(N)


day = st.integers(0, 60).map(lambda n: moment("06-01T10:00") + timedelta(days=n))
ticking = st.lists(
    st.builds(
        lambda code, start, n, late: Clock(code, "", start.isoformat(), Limit(n=n),
                                           stop=late and late.isoformat()),
        st.sampled_from([*TIERS, "C6"]), day, st.integers(0, 20), st.none() | day,
    ), max_size=4,
).map(tuple)  # fmt: skip
pauses = st.lists(
    st.builds(
        lambda a, b: Pause("s", a.isoformat(), clock_moves.PAUSED_BY_LAW, b and b.isoformat()),
        day,
        st.none() | day,
    ),
    max_size=2,
).map(tuple)


@pytest.fixture(scope="module")
def calendar(new_hall):
    return new_hall().partition.reference.calendar


@given(all_=ticking, paused=pauses, at=day, more=st.integers(0, 30))
def test_the_laws_of_lights(calendar, all_, paused, at, more):
    """Never better with time alone; over is never less than yellow; the profiles agree on it."""
    state = case.State(clocks=Clocks(all_, paused))
    now, later = at.isoformat(), (at + timedelta(days=more)).isoformat()
    four, two = light(state, calendar, now), light(state, calendar, now, TWO)

    assert light(state, calendar, later).level >= four.level
    assert light(state, calendar, later, TWO).level >= two.level
    assert (four.level is N) == (two.level is N)
    over = [
        clock
        for clock, _ in clocks.overdue(state.clocks, calendar, now, running=True)
        if clock.stop is None and clock.code != "C6"
    ]
    assert bool(over) == (two.level is R) == (four.level >= Y)
    assert any(TIERS[c.code].broken is R for c in over) <= (four.level is R)
