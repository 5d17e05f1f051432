"""大厅监察: from when a hall is congested (R23), and that it is for five minutes before it is said.

A story is words: minutes that pass, `+N` tickets issued, `-N` of the oldest called, `open`,
`pause`, `resume` or `close` of the second window, `tick`. Two windows open at ten.
"""

from datetime import datetime

import pytest

from ledger.rules import alerts
from tests.hall_day import HallDay

STORIES = [  # story | the minute after ten at which R23 was raised, None: not at all
    ("+11 close 6 tick", 5),
    ("+10 close 6 tick", None),
    ("+15 20 close 1 tick 4 tick", None),
    ("+15 20 close 6 tick", 25),
    ("+15 20 pause 6 tick", 25),
    ("+15 20 close 3 open 1 close 4 tick", None),
    ("+15 20 close 3 open 1 close 6 tick", 29),
    ("+25 3 close 3 tick", 5),
    ("close +11 3 +1 -1 3 tick", 5),
    ("close +11 3 -1 +1 3 tick", None),
    ("close +11 3 -1 +1 6 tick", 8),
]


@pytest.mark.parametrize(("story", "minute"), STORIES)
def test_the_five_minutes_run_from_when_more_than_ten_wait_for_each_open_window(
    hall, story, minute
):
    day = HallDay(hall)
    day.open("town-1", "an")
    day.open("town-2", "dai")
    issued = called = 0
    for word in story.split():
        if word.isdigit():
            hall.wait(minutes=int(word))
        elif word == "tick":
            day.tick()
        elif word[0] == "+":
            for n in range(issued, issued + int(word)):
                day.issue(f"T{n}")
            issued += int(word)
        elif word[0] == "-":
            for n in range(called, called - int(word)):
                day.call(f"T{n}")
            called -= int(word)
        elif word == "open":
            day.open("town-2", "dai")
        else:
            day.window(word, "town-2")
    found = alerts.fold(hall.events("supervision/town.2020-06-01")).values()
    begun = datetime(2020, 6, 1, 10, tzinfo=hall.now.tzinfo)
    minutes = [(datetime.fromisoformat(a.at) - begun).seconds / 60 for a in found]

    assert minutes == ([] if minute is None else [minute])


@pytest.mark.parametrize("row", ["WAIT", "parked"])
def test_a_ticket_that_is_parked_is_not_in_line(hall, row):
    day = HallDay(hall)
    day.bring_to(row)

    assert day.state.queued == (row == "WAIT")
