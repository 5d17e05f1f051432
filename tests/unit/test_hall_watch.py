"""大厅监察: since when a hall is congested (R23), a window unattended (R22), before it is said.

A story is words: minutes that pass, `+N` tickets issued, `-N` of the oldest called, `open`,
`pause`, `resume` or `close` of the second window, `tick`. Two windows open at ten.
"""

from datetime import datetime

import pytest

from ledger.rules import alerts
from tests.hall_day import HallDay


def raised_at(hall, about=""):
    """In which minutes after ten the alerts of the hall were raised."""
    found = alerts.fold(hall.events("supervision/town.2020-06-01")).values()
    begun = datetime(2020, 6, 1, 10, tzinfo=hall.now.tzinfo)
    return [(datetime.fromisoformat(alert.at) - begun).seconds / 60
            for alert in found if alert.about.startswith(about)]  # fmt: skip


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

    assert raised_at(hall) == ([] if minute is None else [minute])


ABSENCES = [  # what `an` at the open town-1 does, minute by minute | when R22 was raised
    ("record_out 16 tick", [15]),
    ("leave_post 10 record_out 6 tick", [15]),
    ("leave_post 10 return 1 record_out 6 tick", []),
    ("record_out 10 record_leave 6 tick", [15]),
    ("record_out 10 record_in 6 tick", []),
    ("close record_out 16 tick", []),
    ("close record_out 16 open 16 tick", [31]),
]


@pytest.mark.parametrize(("story", "minutes"), ABSENCES)
def test_one_absence_is_one_card_counted_from_where_it_began(hall, story, minutes):
    day = HallDay(hall)
    day.staff("record_in")
    day.open()
    for word in story.split():
        if word.isdigit():
            hall.wait(minutes=int(word))
        elif word in {"tick", "open"}:
            getattr(day, word)()
        else:
            (day.window if word == "close" else day.staff)(word)

    assert raised_at(hall, "town-1.") == minutes


@pytest.mark.parametrize("row", ["WAIT", "parked"])
def test_a_ticket_that_is_parked_is_not_in_line(hall, row):
    day = HallDay(hall)
    day.bring_to(row)

    assert day.state.queued == (row == "WAIT")
