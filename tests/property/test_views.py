"""Laws of the views' pure part: however records are cut into commits, the sums are the same."""

from datetime import date, timedelta
from itertools import pairwise

import orjson
from hypothesis import given
from hypothesis import strategies as st

from ledger.log.seam import Pulse, Record
from processors.runtime.wire import Reader, pairs
from processors.views.board import Board
from processors.views.fold import compile_fold
from processors.views.latest import fold_latest
from processors.views.shelf import Horizon, Shelf, expired, horizon
from processors.views.tally import Tally

FOLD = compile_fold()
FIRST = date(2020, 6, 1)
BAD = b'{"type": "case.accepted", "time": "2020-06-01T09:00:00+08:00", "data": 1}'


def fact(case, day, recorded, kind="case.accepted"):
    """A case of one of two windows, `day` and `recorded` counted in days from June 1."""
    on, by = (FIRST + timedelta(days=n) for n in (day, recorded))
    place = {"accept_centre": "a", "accept_window": f"a-{case % 2}"}
    return {
        "type": kind, "subject": f"case/C{case}", "time": f"{on}T09:00:00+08:00",
        "recordedat": f"{by}T18:00:00+08:00", "schemaversion": 1,
        "data": {"data": {"stars": 5}, "stamp": place},
    }  # fmt: skip


def restamped(fact_before, fact_after, recorded):
    """A correction of one fact by another."""
    body = {"data": {"target": "x", "before": fact_before, "after": fact_after}, "stamp": {}}
    return fact(0, recorded, recorded, "case.event_restamped") | {"data": body}


@st.composite
def histories(draw):
    """Records of one partition: recorded in order, happened at any time before."""
    values, recorded = [], 0
    for case in range(draw(st.integers(1, 25))):
        recorded += draw(st.sampled_from((0, 0, 1, 5, 200)))
        late = draw(st.sampled_from((0, 0, 1, 7, 8, 9, 399, 401)))
        kind = draw(st.sampled_from(("good", "good", "good", "moved", "poison")))
        one = fact(case, recorded - late, recorded)
        if kind == "moved":
            one = restamped(one, fact(case + 1, recorded - late + 1, recorded), recorded)
        values.append(BAD if kind == "poison" else orjson.dumps(one))
    return [Record(0, offset, value, b"") for offset, value in enumerate(values)]


def run(records, cuts):
    """A shelf after folding and committing the records in the pieces that `cuts` makes."""
    shelf, parked = Shelf(), []
    bounds = [0, *sorted(cuts), len(records)]
    for first, last in pairwise(bounds):
        tally = Tally(shelf.position, shelf.day)
        tally.fold(records[first:last], last, FOLD)
        shelf.adopt(shelf.settle(tally))
        parked += tally.parked
    return shelf, parked


@given(histories(), st.data())
def test_how_records_are_cut_into_commits_leaves_no_trace(records, data):
    """Also not in what has expired: a bucket that is over stays over, however late facts come."""
    cuts = data.draw(st.lists(st.integers(0, len(records)), max_size=6))
    one, parked = run(records, [])
    many, parked_too = run(records, cuts)

    assert (many.sums, many.day, many.position) == (one.sums, one.day, one.position)
    assert parked_too == parked


@given(histories())
def test_what_is_kept_is_the_plain_sum_of_what_has_not_expired(records):
    shelf, parked = run(records, [3])
    sums, poison = {}, {one.offset for one in parked}
    for record in records:
        if record.offset not in poison:
            FOLD(sums, orjson.loads(record.value))
    kept = horizon(shelf.day)

    assert shelf.sums == {k: v for k, v in sums.items() if v and not expired(k, kept)}


@given(histories(), st.lists(st.integers(0, 25), max_size=4))
def test_what_is_written_is_what_is_read_back(records, cuts):
    """The views topic, compacted or not, gives the shelf it was written from."""
    shelf, again, reader = Shelf(), Shelf(), Reader()
    log = []
    for first in sorted({min(cut, len(records)) for cut in cuts} | {len(records)}):
        tally = Tally(shelf.position, shelf.day)
        tally.fold(records[shelf.position : first], first, FOLD)
        change = shelf.settle(tally)
        log += pairs(change)
        shelf.adopt(change)
    newest = {key: n for n, (key, _) in enumerate(log)}
    for key, value in [pair for n, pair in enumerate(log) if newest[pair[0]] == n]:
        if change := reader.take(key, value):
            again.adopt(change)

    assert (again.sums, again.position, again.day) == (shelf.sums, shelf.position, shelf.day)


@given(st.lists(histories(), min_size=2, max_size=3))
def test_the_board_adds_up_its_partitions(parts):
    board, total = Board(len(parts)), {}
    for p, records in enumerate(parts):
        shelf = Shelf()
        for record in records:
            tally = Tally(shelf.position, shelf.day)
            tally.fold([record], record.offset + 1, FOLD)
            change = shelf.settle(tally)
            shelf.adopt(change)
            board.change(p, change)
        for key, value in shelf.sums.items():
            total[key] = total.get(key, 0) + value

    assert board.picture().sums == {key: value for key, value in total.items() if value}
    assert board.picture().cut == (*map(len, parts), 0)


def test_a_poison_record_s_partial_effect_is_taken_back():
    """It raises at its third cell: the two before it must not stay."""
    calls = []

    def fold(sums, event):
        sums["a"] = sums.get("a", 0) + 1
        calls.append(event)
        if event == "bad":
            raise ValueError(event)

    def read(raw):
        return {"type": "x", "bad": raw == b"bad"}

    def by_field(sums, event):
        fold(sums, "bad" if event["bad"] else "good")

    tally = Tally(0)
    records = [Record(0, n, value, b"") for n, value in enumerate((b"good", b"bad", b"good"))]
    tally.fold(records, 3, by_field, read)

    assert tally.deltas == {"a": 2}
    assert [(one.offset, one.reason) for one in tally.parked] == [(1, "ValueError: bad")]
    assert tally.records == 3


def test_hours_live_8_days_days_400_and_gauges_for_ever():
    kept = Horizon(hours="2020-06-02", days="2019-05-07")

    assert horizon("2020-06-10") == kept
    assert expired("accepted|2020-06-01T16|a|a-1", kept)
    assert not expired("accepted|2020-06-02T09|a|a-1", kept)
    assert expired("accepted|2019-05-06|a|a-1", kept)
    assert not expired("accepted|2019-05-07|a|a-1", kept)
    assert not expired("in_progress||a|", kept)


def test_the_newest_reference_fact_is_decided_by_version():
    """Whatever the order of arrival; other facts are not kept."""

    def opened(name, version):
        body = {"data": {"name": name}, "stamp": {}}
        return {"type": "centre.opened", "subject": "org/x", "streamversion": version, "data": body}

    latest = {}
    for event in (opened("new", 7), opened("old", 2), opened("x", 1) | {"type": "staff.joined"}):
        fold_latest(latest, event)

    assert {name: one.data for name, one in latest.items()} == {"centre.opened/x": {"name": "new"}}


def test_who_sat_down_last_is_decided_by_the_day_then_by_the_version():
    """A hall has a stream a day, whose versions begin anew."""

    def opened(staff, day, version):
        body = {"data": {"window_id": "w", "staff_id": staff}, "stamp": {}}
        return {"type": "window.opened", "subject": f"hall/x.{day}", "streamversion": version,
                "time": f"{day}T09:00:00+08:00", "data": body}  # fmt: skip

    latest = {}
    for event in (opened("b", "2020-06-02", 3), opened("c", "2020-06-02", 9),
                  opened("old", "2020-06-01", 400), opened("a", "2020-06-02", 2)):  # fmt: skip
        fold_latest(latest, event)

    assert {name: one.data for name, one in latest.items()} == {
        "window.opened/w": {"staff_id": "c"}
    }


def test_an_unchanged_board_gives_the_same_picture():
    board = Board(1)
    first = board.picture()
    board.pulse(Pulse(0, 5, 10.0, "2020-06-01T09:00:00+08:00", {"a": 9.0}))  # Not reached yet.
    second = board.picture()
    tally = Tally(0)
    tally.position = 5
    board.change(0, Shelf().settle(tally))
    third = board.picture()

    assert first is second
    assert (third.version, third.as_of, third.now) == (2, (10.0, 0.0), "2020-06-01T09:00:00+08:00")
    assert third.beats == {"a": 9.0}
