"""live/1 and the roll-ups under it: pure, so every case is a table."""

from pathlib import Path

import pytest

from processors.views.picture import Picture
from processors.wall import protocol, sheet
from processors.wall.attention import attend
from processors.wall.cells import DayCells
from processors.wall.protocol import CityClock, Cursor, Live

GOLDEN = Path(__file__).parents[1] / "golden" / "live"
NOW = 1_600_000_000.0


def figures(made, table, key):
    names = sheet.COLUMNS[table]
    return dict(zip(names, (key, *made.tables[table][key]), strict=True))


def busy(city):
    """A morning with everything in it: two towns, a village, web cases, ratings, decisions."""
    city.accept(40).accept(5, centre="sanxing-v1", window="").accept(
        3, centre="haiyong", window="haiyong-01"
    )
    city.count("submitted", 2, centre="", window="")
    city.conclude(30)
    city.count("wrong_window", 4)
    city.count("decision_n", 30).count("decision_minutes", 30 * 720)
    city.count("decision_from_1d", 30)
    city.count("stars_5", 22).count("stars_3", 2).count("stars_1", 1).count("negatives", 1)
    return city


# --- roll-ups ---------------------------------------------------------------------------------


def test_windows_and_villages_roll_up_into_their_town_and_the_city(city):
    made = sheet.Clerk().sheet(busy(city).picture())

    town, whole = figures(made, "town", "sanxing"), figures(made, "city", "city")
    assert (town["accepted"], town["centres"], whole["accepted"]) == (45, 2, 48)


def test_the_city_counts_what_names_no_known_centre(city):
    """An import may lack the centre; a sum that loses it would not equal the ledger's."""
    city.accept(7).accept(2, centre="", window="").accept(1, centre="closed-long-ago", window="w")
    made = sheet.Clerk().sheet(city.picture())

    assert figures(made, "city", "city")["unplaced"] == 3
    assert figures(made, "town", "")["accepted"] == 3
    assert figures(made, "city", "city")["accepted"] == 10


def test_ratios_leave_as_their_two_sums(city):
    whole = figures(sheet.Clerk().sheet(busy(city).picture()), "city", "city")

    assert (whole["decision_minutes"], whole["decision_n"]) == (30 * 720, 30)
    assert (whole["rated"], whole["negatives"]) == (25, 1)


def test_only_today_counts_and_gauges_always_do(city):
    """Yesterday's sums stay in the picture for 400 days; the wall must not see them."""
    city.accept(9, now="2020-05-31T16:00:00+08:00").accept(4)
    whole = figures(sheet.Clerk().sheet(city.picture()), "city", "city")

    assert (whole["accepted"], whole["in_progress"]) == (4, 13)


def test_in_progress_by_hour_is_the_gauge_less_what_flowed_since(city):
    """在办 has no hour bucket; its past is worked out backwards from accepted and left.

    Two of nine conclusions are of cases that were never accepted; one case is deemed accepted,
    found out now, since yesterday: it was in progress all day.
    """
    city.accept(10, now="2020-06-01T08:10:00+08:00")
    city.accept(5).conclude(7).count("concluded", 2)
    city.count("accepted", now="2020-05-31T16:00:00+08:00").count("in_progress")
    made = sheet.Clerk().sheet(city.picture())

    by_hour = [figures(made, "hour", hour)["in_progress"] for hour in ("07", "08", "09", "10")]
    assert by_hour == [1, 11, 9, None]


def test_no_tick_means_no_day(city):
    city.now = ""

    assert sheet.Clerk().sheet(city.picture()).day == ""


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("三星镇为民服务中心", "三星镇"),
        ("海门经济技术开发区为民服务中心", "海门经开区"),
        ("许桥村便民服务中心", "许桥村"),
        ("为民服务中心", "为民服务中心"),
        ("余东镇", "余东镇"),
    ],
)
def test_a_tile_bears_the_short_name(name, short):
    assert sheet.short_name(name) == short


@pytest.mark.parametrize(
    ("sums", "level"),
    [
        ({"negatives": 1, "rated": 2}, 0),
        ({"negatives": 2, "rated": 100}, 1),
        ({"negatives": 2, "rated": 101}, 0),
        ({"negatives": 3, "rated": 60}, 2),
        ({"wrong_window": 3, "accepted": 150}, 1),
        ({"wrong_window": 5, "accepted": 100}, 2),
        ({"wrong_window": 4, "accepted": 4}, 1),
        ({}, 0),
    ],
)
def test_attention_follows_its_thresholds_to_the_last_case(sums, level):
    assert attend(sums).level == level


# --- cells ------------------------------------------------------------------------------------


def test_new_cells_are_found_without_reading_all_again():
    cells = DayCells()
    sums = {f"accepted|2020-06-01|c{n}|": 1 for n in range(100)}
    list(cells.of(sums, "2020-06-01"))
    sums = {**sums, "accepted|2020-06-01|late|": 1}

    found = {cell.centre for cell in cells.of(sums, "2020-06-01")}
    assert ("late" in found, cells.full_scans) == (True, 1)


def test_a_cell_that_fell_to_zero_and_came_back_hides_no_other():
    """A gauge that leaves the dict and returns moves behind newer keys: the mark lies then."""
    cells = DayCells()
    sums = {f"accepted|2020-06-01|c{n}|": 1 for n in range(20)} | {"in_progress||c1|": 1}
    list(cells.of(sums, "2020-06-01"))
    del sums["in_progress||c1|"]
    sums["accepted|2020-06-01|new|"] = 1
    sums["in_progress||c1|"] = 1

    assert "new" in {cell.centre for cell in cells.of(dict(sums), "2020-06-01")}


# --- freshness --------------------------------------------------------------------------------


def picture(as_of, beats):
    latest = {f"centre.opened/{c}": {"name": c, "town": c, "level": "town"} for c in beats}
    return Picture(1, {}, latest, (0,) * 4, as_of, beats, "2020-06-01T09:00:00+08:00", 0)


def test_a_figure_is_as_old_as_the_oldest_partition():
    fresh = protocol.freshness(picture((NOW - 1, NOW - 9, NOW - 2, 0.0), {}), NOW)

    assert fresh.as_of_age == 9


def test_the_reference_partition_makes_nothing_old():
    """It only gives names, and it may be quiet for months."""
    assert protocol.freshness(picture((NOW, NOW, NOW, 0.0), {}), NOW).as_of_age == 0


def test_a_partition_that_was_never_ticked_makes_the_whole_unknown():
    assert protocol.freshness(picture((NOW, 0.0, NOW, NOW), {}), NOW).as_of_age is None


def test_a_proof_of_life_from_the_future_is_none():
    """A ticker whose clock is an hour ahead would be fresh for an hour after its death."""
    assert protocol.freshness(picture((NOW + 3600, NOW, NOW, NOW), {}), NOW).as_of_age is None


def test_silent_centres_are_named_and_the_others_share_one_age():
    beats = {"a": NOW - 1, "b": NOW - 3, "c": NOW - 40, "d": 0.0}
    fresh = protocol.freshness(picture((NOW,) * 4, beats), NOW)

    assert (fresh.beat_age, fresh.late) == (3, {"c": NOW - 40, "d": 0.0})


# --- the city's clock -------------------------------------------------------------------------


def observed(speed, start="2020-06-01T09:00:00+08:00", ticks=8):
    clock, city = CityClock(), protocol._epoch(start)  # noqa: SLF001 -- the same reading of ISO
    for n in range(ticks):
        moment = protocol.datetime.fromtimestamp(city + n * speed, tz=protocol.SHANGHAI)
        clock.observe(NOW + n, moment.isoformat())
    return clock


@pytest.mark.parametrize("speed", [1, 60, 600, 3600])
def test_the_speed_of_a_demo_is_seen_from_its_ticks(speed):
    assert observed(speed).fields(NOW + 7)["speed"] == speed


def test_real_time_needs_no_second_clock():
    clock = CityClock()
    for n in range(5):
        moment = protocol.datetime.fromtimestamp(NOW + n, tz=protocol.SHANGHAI)
        clock.observe(NOW + n, moment.isoformat())

    assert clock.fields(NOW + 5) == {}


def test_between_two_ticks_the_citys_time_goes_on_at_its_speed():
    clock = observed(60)

    assert clock.fields(NOW + 8)["city_ts"] - clock.fields(NOW + 7)["city_ts"] == pytest.approx(60)


# --- frames -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "cursor"),
    [
        ("abcd1234.17", Cursor("abcd1234", 17)),
        (" abcd1234.17 ", Cursor("abcd1234", 17)),
        ("", None), ("17", None), (".17", None), ("abcd.", None), ("abcd.-1", None),
        ("abcd.1e3", None), ("abcd.٣", None), ("a." + "9" * 30, None),
    ],
)  # fmt: skip
def test_only_our_own_cursors_are_read(text, cursor):
    assert protocol.parse_cursor(text) == cursor


def test_a_delta_names_the_changed_columns_only():
    before = {"town": {"a": ("A", 1, 2), "gone": ("G", 0, 0)}}
    after = {"town": {"a": ("A", 1, 3), "new": ("N", 0, 0)}}

    assert protocol.delta(before, after) == {
        "town": [["a", 3, 3], ["new", 1, "N", 2, 0, 3, 0], ["gone"]]
    }


def test_equal_tables_have_no_delta(city):
    busy(city)
    clerk = sheet.Clerk()

    assert (
        protocol.delta(clerk.sheet(city.picture()).tables, clerk.sheet(city.picture()).tables) == {}
    )


def live(city, seq, *, late=None):
    made = city.picture()
    clerk_sheet = sheet.Clerk().sheet(made)
    return Live(Cursor("c0ffee00", seq), clerk_sheet, protocol.freshness(made, NOW + 0.5), {}, late)


def frames(city):
    """One of each kind, of a city that does not change: name → bytes."""
    before = live(city.accept(2), 1)
    after = live(busy(city), 2)
    rows = protocol.delta(before.sheet.tables, after.sheet.tables)
    return {
        "hello": protocol.hello_frame(after, build="0123abcd", ring=(0, 2)),
        "d": protocol.d_frame(after, rows),
        "hb": protocol.hb_frame(after),
        "hb-late": protocol.hb_frame(after._replace(late={"haiyong": NOW - 60})),
        "day": protocol.day_frame(after),
        "resync": protocol.frame("resync", {"reason": "slow"}, Cursor("c0ffee00", 2)),
        "bye": protocol.frame("bye", {"reason": "closing", "retry_ms": 5_000}),
        "build": protocol.frame("build", {"hash": "0123abcd"}),
        "snapshot": protocol.snapshot(after, build="0123abcd") + b"\n",
    }


def test_every_frame_is_the_golden_one(city):
    """The wire is a contract: walls of another build, recorders and DVR read these very bytes."""
    stored = {path.stem: path.read_bytes() for path in sorted(GOLDEN.glob("*.txt"))}

    assert frames(city) == stored


@pytest.mark.parametrize("kind", ["hello", "d", "day"])
def test_a_frame_names_its_cut(city, kind):
    assert b'"cut":[' in frames(city)[kind]


def test_an_idle_wall_costs_less_than_60_bytes_a_second(city):
    heartbeat = protocol.hb_frame(live(busy(city), 123_456))

    assert len(heartbeat) / (protocol.HB_MS / 1000) <= 60


def test_the_snapshot_of_300_windows_is_small(city):
    """T6: 30 towns, 300 windows, all at work: at most 20 KB, 8 KB compressed."""
    import cramjam  # noqa: PLC0415

    city.latest.clear()
    for town in range(30):
        name = f"town{town:02}"
        city.beats[name] = city.at + 1
        city.latest[f"centre.opened/{name}"] = {
            "name": f"第{town}镇为民服务中心", "level": "town", "town": name,
        }  # fmt: skip
        for number in range(10):
            window = f"{name}-{number:02}"
            city.latest[f"window.created/{window}"] = {
                "centre": name, "no": f"{number:02}", "kind": "comp:livelihood",
            }  # fmt: skip
            for code in ("accepted", "concluded", "stars_5", "decision_n"):
                city.count(code, 7 + number, centre=name, window=window)
            city.count("decision_minutes", 7321 + number, centre=name, window=window)
    document = protocol.snapshot(live(city, 1), build="0123abcd")

    assert len(document) <= 20_000
    assert len(bytes(cramjam.brotli.compress(document, level=4))) <= 8_000
