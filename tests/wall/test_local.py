"""Walls of a 区镇 and of a centre: what they add up, who pays for it, what goes over the wire."""

import asyncio
from pathlib import Path

import cramjam
import httpx
import orjson
import pytest

from processors.wall import protocol, sheet
from processors.wall.hub import SLEEP_SECONDS_MAX, Hub
from processors.wall.local import LOCAL_COLUMNS, Scope, local_sheet, parse_scope
from processors.wall.protocol import Cursor, Live
from processors.wall.storybook import SCENES, StorySource
from tests.wall.conftest import NOW
from tests.wall.test_hub import Hands, events, kinds, numbers, taken, work

GOLDEN = Path(__file__).parents[1] / "golden" / "live" / "local"
SANXING, HALL = Scope("town", "sanxing"), Scope("centre", "sanxing")


def added_up(picture, scope):
    clerk = sheet.Clerk()
    city = clerk.sheet(picture)
    return local_sheet(scope, city, picture, clerk.cells), city


def row(made, table, key):
    return dict(zip(LOCAL_COLUMNS[table], (key, *made.tables[table][key]), strict=True))


def busy(city):
    """A morning with trouble from 8 on, a village, another town, and two earlier days."""
    city.accept(30, now="2020-06-01T08:10:00+08:00").accept(10)
    city.accept(5, centre="sanxing-v1", window="")
    city.accept(3, centre="haiyong", window="haiyong-01")
    city.count("stars_1", 3, now="2020-06-01T08:40:00+08:00").count("stars_5", 9)
    city.count("negatives", 2, now="2020-06-01T08:40:00+08:00").count("negatives", 1)
    city.count("wrong_window", 1, now="2020-06-01T08:10:00+08:00")
    city.count("decision_n", 4).count("decision_minutes", 4 * 720).count("decision_from_1d", 4)
    for day, n in (("29", 20), ("28", 40)):
        city.count("accepted", n, now=f"2020-05-{day}T08:00:00+08:00")
    return city


# --- what is added up -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "scope"),
    [
        ("city", Scope("city")), ("town:sanxing", SANXING), ("centre:sanxing", HALL),
        ("town:a:b", Scope("town", "a:b")), ("town:", None), ("centre", None), ("", None),
        ("village:x", None), ("city:x", None),
    ],
)  # fmt: skip
def test_only_three_kinds_of_scope_are_read(text, scope):
    assert parse_scope(text) == scope


def test_a_town_shows_the_very_row_the_city_shows(city):
    made, whole = added_up(busy(city).picture(), SANXING)

    assert made.tables["town"]["sanxing"] == whole.tables["town"]["sanxing"]
    assert set(made.tables["centre"]) == {"sanxing", "sanxing-v1"}
    assert set(made.tables["window"]) == {"sanxing-01"}


def test_hours_and_stars_are_those_of_the_scope(city):
    made, _ = added_up(busy(city).picture(), SANXING)
    hall, _ = added_up(city.picture(), HALL)

    assert (row(made, "hour", "08")["accepted"], row(made, "hour", "09")["accepted"]) == (30, 15)
    assert (row(hall, "hour", "09")["accepted"], row(hall, "stars", "5")["n"]) == (10, 9)


def test_a_window_tells_its_hours_its_stars_and_since_when(city):
    made, _ = added_up(busy(city).picture(), HALL)
    window, strip = row(made, "window", "sanxing-01"), row(made, "strip", "sanxing-01")

    assert (strip["08"], strip["09"], strip["10"]) == (30, 10, 0)
    assert (window["star_sum"], window["rated"]) == (3 + 45, 12)
    assert (window["negatives_from"], window["negatives_last"]) == (8, 9)
    assert (window["wrong_from"], window["wrong_last"], window["last_hour"]) == (8, 8, 9)


def test_trouble_that_was_taken_back_has_no_since(city):
    city.accept(5).count("negatives", 1).count("negatives", -1)
    made, _ = added_up(city.picture(), HALL)

    assert row(made, "window", "sanxing-01")["negatives_from"] == -1


def test_earlier_days_leave_as_a_sum_and_their_number(city):
    made, _ = added_up(busy(city).picture(), SANXING)
    none, _ = added_up(city.picture(), Scope("town", "haiyong"))

    assert (row(made, "usual", "days")["accepted"], row(made, "usual", "08")["accepted"]) == (2, 60)
    assert none.tables["usual"] == {}


def test_an_earlier_day_that_came_late_is_found_in_the_tail(city):
    clerk = sheet.Clerk()
    clerk.sheet(busy(city).picture())
    city.count("accepted", 7, now="2020-05-27T11:00:00+08:00")
    picture = city.picture()
    made = local_sheet(SANXING, clerk.sheet(picture), picture, clerk.cells)

    assert (row(made, "usual", "days")["accepted"], clerk.cells.full_scans) == (3, 1)


def test_the_place_among_the_towns_is_by_accepted_per_window(city):
    city.latest["window.created/sanxing-02"] = {"centre": "sanxing", "no": "02", "kind": "issue"}
    city.accept(8).accept(5, centre="haiyong", window="haiyong-01")
    made, _ = added_up(city.picture(), SANXING)

    assert row(made, "rank", "sanxing") == {
        "key": "sanxing", "place": 2, "of": 2, "windows": 2, "accepted": 8,
    }  # fmt: skip


def test_the_way_leads_up_and_sideways(city):
    town, _ = added_up(city.picture(), SANXING)
    hall, _ = added_up(city.picture(), HALL)

    assert list(town.tables["nav"].items()) == [
        ("city", ("全市", 0)), ("town:sanxing", ("三星镇", 1)), ("town:haiyong", ("海永镇", 1)),
    ]  # fmt: skip
    assert [key for key, (_, role) in hall.tables["nav"].items() if role == 0] == [
        "city", "town:sanxing",
    ]  # fmt: skip


def test_only_its_own_centres_make_a_scope_old(city):
    city.beats["haiyong"] = NOW - 300
    fresh = protocol.freshness(city.picture(), NOW, ("sanxing", "sanxing-v1"))
    never = protocol.freshness(city.picture(), NOW, ("opened-today",))

    assert (fresh.beat_age, fresh.late) == (0, {})
    assert (never.beat_age, never.late) == (None, {"opened-today": 0.0})


# --- who pays ---------------------------------------------------------------------------------


@pytest.fixture
def hands():
    return Hands()


@pytest.fixture
def hub(city, hands):
    made = Hub(None, clock=hands, steady=hands, incarnation="life1", build="0123abcd")
    made.advance(city.picture())
    return made


def test_a_scope_nobody_watches_is_not_added_up(hub, city, monkeypatch):
    asked = []
    counted = local_sheet
    monkeypatch.setattr(
        "processors.wall.hub.local_sheet", lambda scope, *rest: asked.append(str(scope))
        or counted(scope, *rest)
    )  # fmt: skip
    hub.greet("", scope="town:sanxing")
    gone = hub.greet("", scope="town:haiyong").wall
    hub.leave(gone)
    asked.clear()
    work(hub, city, 3)

    assert asked == ["town:sanxing"] * 3


async def test_a_frame_is_encoded_once_per_scope(hub, city):
    walls = [hub.greet("", scope="centre:sanxing").wall for _ in range(3)]
    other = hub.greet("", scope="city").wall
    work(hub, city)
    chunks = [await taken(wall) for wall in walls]

    assert all(chunk == chunks[0] for chunk in chunks)
    assert await taken(other) != chunks[0]


async def test_who_comes_back_to_a_sleeping_scope_gets_all_it_missed_as_one_delta(hub, city):
    document = orjson.loads(hub.snapshot("town:sanxing"))
    work(hub, city, 4)
    greeting = hub.greet(document["cursor"], scope="town:sanxing")

    assert kinds(greeting.frames) == ["hello", "d"]
    assert numbers(greeting.frames) == [2]
    at = LOCAL_COLUMNS["town"].index("accepted")
    change = events(greeting.frames)[1][1]["rows"]["town"][0]
    assert change[change.index(at, 1) + 1] == 4


def test_a_scope_that_slept_too_long_begins_a_life_of_its_own(hub, city, hands):
    """Its numbers start anew: an old cursor must be told apart, not misapplied."""
    cursor = orjson.loads(hub.snapshot("town:sanxing"))["cursor"]
    for _ in range(2):
        hands.at += SLEEP_SECONDS_MAX
        hub.advance(city.picture())
    assert hub.scopes == ["city"]
    *_, last = events(hub.greet(cursor, scope="town:sanxing").frames)

    assert last[:2] == ("resync", {"reason": "incarnation"})


async def test_a_heartbeat_names_the_silent_centres_of_the_scope_only(hub, city, hands):
    town = hub.greet("", scope="town:sanxing").wall
    other = hub.greet("", scope="town:haiyong").wall
    hands.at += 10
    hub.advance(city.tick(hands.at, silent=("haiyong",)).picture())
    told = [[body.get("late") for _, body, _ in events(await taken(w))] for w in (town, other)]

    assert told == [[None], [{"haiyong": NOW}]]


async def test_a_scope_taken_on_trust_ends_when_it_is_known_not_to_be(city, hands):
    """Until the reference facts are here nobody knows which towns there are."""
    hub = Hub(None, clock=hands, steady=hands, incarnation="life1", build="0123abcd")
    walls = [hub.greet("", scope=f"town:{town}").wall for town in ("sanxing", "atlantis")]
    hub.advance(city.picture())
    first = [events(await taken(wall))[0] for wall in walls]

    assert [kind for kind, _, _ in first] == ["day", "bye"]
    assert (walls[1].closed, hub.snapshot("town:atlantis")) == (True, None)


async def test_midnight_comes_to_every_scope(hub, city):
    hub.advance(city.accept(5).picture())
    wall = hub.greet("", scope="centre:sanxing").wall
    hub.advance(city.tick(now="2020-06-02T00:00:01+08:00").picture())
    kind, body, _ = events(await taken(wall))[0]

    assert (kind, body["day"]) == ("day", "2020-06-02")


# --- the wire ---------------------------------------------------------------------------------


def live(picture, scope, seq):
    made, _ = added_up(picture, scope)
    fresh = protocol.freshness(picture, NOW + 0.5, ("sanxing", "sanxing-v1"))
    return Live(Cursor("c0ffee00-1", seq), made, fresh, {}, None, str(scope))


def frames(city):
    before = live(city.accept(2).picture(), SANXING, 1)
    picture = busy(city).picture()
    town, hall = live(picture, SANXING, 2), live(picture, HALL, 2)
    rows = protocol.delta(before.sheet.tables, town.sheet.tables)
    return {
        "town-hello": protocol.hello_frame(town, build="0123abcd", ring=(0, 2)),
        "town-d": protocol.d_frame(town, rows),
        "town-snapshot": protocol.snapshot(town, build="0123abcd") + b"\n",
        "centre-day": protocol.day_frame(hall),
        "centre-snapshot": protocol.snapshot(hall, build="0123abcd") + b"\n",
    }


def test_every_local_frame_is_the_golden_one(city):
    stored = {path.stem: path.read_bytes() for path in sorted(GOLDEN.glob("*.txt"))}

    assert frames(city) == stored


def test_a_local_snapshot_is_small():
    """T6's bound of the city holds for the largest town and centre of the storybook."""
    at = [NOW]
    source = StorySource(SCENES["storm"], lambda: at[0])
    picture = asyncio.run(source.picture())
    sizes = []
    for scope in (Scope("town", "kaifaqu"), Scope("centre", "kaifaqu")):
        made, _ = added_up(picture, scope)
        whole = Live(Cursor("c0ffee00", 1), made, protocol.freshness(picture, NOW), {}, {})
        document = protocol.snapshot(whole, build="0123abcd")
        sizes.append((len(document), len(bytes(cramjam.brotli.compress(document, level=4)))))

    assert max(raw for raw, _ in sizes) <= 20_000
    assert max(packed for _, packed in sizes) <= 8_000


def test_pages_and_snapshots_of_every_scope_are_served(stage):
    for path in ("town/sanxing", "centre/sanxing-v1"):
        page = httpx.get(f"{stage.url}/wall/{path}")
        assert (page.status_code, "../static/wall.js" in page.text) == (200, True)
        scope = path.replace("/", ":")
        document = httpx.get(f"{stage.url}/live/v1/snapshot", params={"scope": scope}).json()
        assert document["scope"] == scope
    unknown = httpx.get(f"{stage.url}/live/v1/snapshot", params={"scope": "town:atlantis"})

    assert (unknown.status_code, unknown.json()["code"]) == (404, "E_SCOPE")
