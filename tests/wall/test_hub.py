"""The hub: one picture in, the same bytes to every wall, and a way back for who lost its line."""

import asyncio

import httpx
import orjson
import pytest

from processors.wall import sheet
from processors.wall.channel import QUEUED_FRAMES_MAX, Ring
from processors.wall.hub import Hub
from processors.wall.server import WallApp

NOW = 1_600_000_000.0


class Hands:
    """A clock turned by hand; it serves as both clocks of the hub."""

    def __init__(self):
        self.at = NOW

    def __call__(self):
        return self.at


@pytest.fixture
def hands():
    return Hands()


@pytest.fixture
def hub(city, hands):
    made = Hub(None, clock=hands, steady=hands, incarnation="life1", build="0123abcd")
    made.advance(city.picture())
    return made


def events(raw):
    """SSE bytes → (event, data, id)."""
    found = []
    for block in raw.decode().split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if ": " in line)
        if "event" in fields:
            found.append((fields["event"], orjson.loads(fields["data"]), fields.get("id")))
    return found


def kinds(raw):
    return [kind for kind, _, _ in events(raw)]


def numbers(raw):
    return [int(i.split(".")[1]) for kind, _, i in events(raw) if kind in {"d", "day"}]


async def taken(wall):
    return await asyncio.wait_for(wall.take(), 1)


def work(hub, city, times=1):
    for _ in range(times):
        hub.advance(city.accept().picture())


# --- what is sent -----------------------------------------------------------------------------


def test_a_wall_that_comes_in_is_greeted_and_told_where_it_stands(hub):
    first, *_ = events(hub.greet("life1.1").frames)

    assert first[0] == "hello"
    assert (first[1]["cursor"], first[1]["day"], first[1]["build"]) == (
        "life1.1", "2020-06-01", "0123abcd",
    )  # fmt: skip


async def test_a_change_is_sent_once_to_every_wall_as_the_same_bytes(hub, city):
    walls = [hub.greet("life1.1").wall for _ in range(3)]
    work(hub, city)

    chunks = {await taken(wall) for wall in walls}
    assert len(chunks) == 1
    assert kinds(chunks.pop()) == ["d"]


async def test_a_picture_without_news_is_only_a_heartbeat(hub, city, hands):
    wall = hub.greet("life1.1").wall
    hands.at += 2
    hub.advance(city.tick(hands.at).picture())

    assert kinds(await taken(wall)) == ["hb"]


async def test_heartbeats_go_on_when_the_source_does_not(hub, hands, city):
    """Silence must be told: the same picture gets older with every heartbeat."""
    wall = hub.greet("life1.1").wall
    stuck = city.picture()
    ages = []
    for _ in range(3):
        hands.at += 2
        hub.advance(stuck)
        ages += [body["as_of_age"] for kind, body, _ in events(await taken(wall)) if kind == "hb"]

    assert ages == [2, 4, 6]


async def test_midnight_is_one_frame_with_everything_in_it(hub, city):
    city.accept(5)
    hub.advance(city.picture())
    wall = hub.greet("life1.2").wall
    hub.advance(city.tick(now="2020-06-02T00:00:01+08:00").picture())

    (kind, body, _), *rest = events(await taken(wall))
    accepted = sheet.COLUMNS["city"].index("accepted")
    row = body["rows"]["city"][0] + [0] * 20
    assert (kind, body["day"], row[accepted], rest) == ("day", "2020-06-02", 0, [])


async def test_a_silent_centre_is_told_once_and_again_when_it_changes(hub, city, hands):
    wall = hub.greet("life1.1").wall
    seen = []
    for _ in range(3):
        hands.at += 4
        hub.advance(city.tick(hands.at, silent=("haiyong",)).picture())
        seen += [body.get("late") for _, body, _ in events(await taken(wall))]

    assert seen == [None, {"haiyong": NOW}, None]


def test_a_poisoned_picture_counts_for_nothing_least_of_all_as_fresh(hub, city, hands):
    """Or the wall would show old sums under a new proof of life."""
    hands.at += 60
    bad = city.tick(hands.at).picture()._replace(latest={"centre.opened/x": {}})
    with pytest.raises(KeyError):
        hub.advance(bad)

    assert hub.live().fresh.as_of_age == 60


# --- coming back ------------------------------------------------------------------------------


async def test_who_comes_back_gets_what_it_missed_and_nothing_twice(hub, city):
    work(hub, city, 3)
    gone_at = str(hub.cursor)
    work(hub, city, 4)
    greeting = hub.greet(gone_at)
    work(hub, city, 2)

    assert numbers(greeting.frames) + numbers(await taken(greeting.wall)) == [5, 6, 7, 8, 9, 10]
    assert "resync" not in kinds(greeting.frames)


@pytest.mark.parametrize(
    ("cursor", "reason"),
    [("life0.1", "incarnation"), ("life1.99", "gap"), ("", "cold"), ("nonsense", "cold")],
)
def test_who_cannot_be_resumed_is_told_to_fetch_the_snapshot(hub, cursor, reason):
    *_, last = events(hub.greet(cursor).frames)

    assert last[:2] == ("resync", {"reason": reason})


def test_a_page_of_another_build_is_told(hub):
    assert "build" in kinds(hub.greet("life1.1", "ffffffff").frames)
    assert "build" not in kinds(hub.greet("life1.1", "0123abcd").frames)


async def test_a_slow_wall_loses_its_queue_for_one_resync_and_the_rest_goes_on(hub, city):
    slow, quick = hub.greet("life1.1").wall, hub.greet("life1.1").wall
    got = []
    for _ in range(QUEUED_FRAMES_MAX * 3):
        work(hub, city)
        got += numbers(await taken(quick))
    chunk = await taken(slow)

    assert kinds(chunk).count("resync") == 1
    assert kinds(chunk)[0] == "resync"
    assert len(kinds(chunk)) <= QUEUED_FRAMES_MAX + 1
    assert numbers(chunk)[-1] == got[-1]
    assert got == list(range(2, 2 + QUEUED_FRAMES_MAX * 3))


async def test_the_snapshot_and_what_follows_are_one_story(hub, city):
    """The barrier: a snapshot of cursor n and the deltas after n give the tables of the end."""
    work(hub, city, 2)
    document = orjson.loads(hub.snapshot())
    wall = hub.greet(document["cursor"]).wall
    work(hub, city, 3)
    row = document["rows"]["city"][0]
    for _, body, _ in events(await taken(wall)):
        for change in body["rows"].get("city", []):
            for column, value in zip(change[1::2], change[2::2], strict=True):
                row[column] = value

    assert row[sheet.COLUMNS["city"].index("accepted")] == 5


# --- bounds -----------------------------------------------------------------------------------


def test_the_ring_is_bounded_by_bytes():
    ring = Ring(bytes_max=100, seconds_max=900)
    for seq in range(1, 51):
        ring.append(seq, 0.0, b"x" * 30)

    assert (ring.size, ring.span(50)) == (90, (47, 50))
    assert ring.after(46, 50) is None
    assert len(ring.after(47, 50)) == 3


def test_the_ring_is_bounded_by_time():
    ring = Ring(bytes_max=10_000, seconds_max=900)
    for seq in range(1, 6):
        ring.append(seq, seq * 400.0, b"x")

    assert ring.span(5) == (2, 5)


def test_a_frame_larger_than_the_ring_empties_it():
    ring = Ring(bytes_max=10)
    ring.append(1, 0.0, b"x" * 11)

    assert (ring.size, ring.after(0, 1), ring.after(1, 1)) == (0, None, [])


def test_walls_beyond_the_limit_are_told_to_come_later(hub, monkeypatch):
    monkeypatch.setattr("processors.wall.hub.CLIENTS_MAX", 1)
    hub.greet("life1.1")

    refused = hub.greet("life1.1")
    assert kinds(refused.frames) == ["bye"]
    assert refused.wall not in hub.walls


async def test_a_farewell_ends_the_stream_and_spreads_the_return(hub):
    wall = hub.greet("life1.1").wall
    hub.close()

    assert [(k, b["retry_ms"]) for k, b, _ in events(await taken(wall))] == [("bye", 5_000)]
    assert await taken(wall) == b""


# --- over HTTP --------------------------------------------------------------------------------


@pytest.mark.parametrize("scope", ["city", "town:atlantis"])
def test_the_stream_is_always_200_and_never_kept(stage, scope):
    with httpx.stream("GET", f"{stage.url}/live/v1/stream", params={"scope": scope}) as answer:
        first = next(answer.iter_lines())

    assert (answer.status_code, first[:7]) == (200, "retry: ")
    assert answer.headers["content-type"] == "text/event-stream"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-accel-buffering"] == "no"


def test_last_event_id_resumes_over_the_wire(stage, city):
    cursor = httpx.get(f"{stage.url}/live/v1/snapshot", params={"scope": "city"}).json()["cursor"]
    seq = int(cursor.split(".")[1])
    city.accept(3)
    stage.show()
    headers = {"Last-Event-ID": cursor}
    got = b""
    with httpx.stream("GET", f"{stage.url}/live/v1/stream", headers=headers) as answer:
        for chunk in answer.iter_raw():
            got += chunk
            if numbers(got + b"\n\n"):
                break

    assert kinds(got)[0] == "hello"
    assert numbers(got)[0] == seq + 1


def test_the_page_and_its_parts_are_served_and_nothing_else(stage):
    page = httpx.get(f"{stage.url}/wall/city")
    script = httpx.get(f"{stage.url}/wall/static/wall.js")
    again = httpx.get(
        f"{stage.url}/wall/static/wall.js", headers={"If-None-Match": script.headers["etag"]}
    )

    assert (page.status_code, script.status_code, again.status_code) == (200, 200, 304)
    assert page.headers["content-security-policy"].startswith("default-src 'self'")
    assert script.headers["content-type"].startswith("text/javascript")
    for path in ("/wall/static/server.py", "/wall/static/..%2fserver.py", "/wall/static/"):
        assert httpx.get(f"{stage.url}{path}").status_code == 404
    assert httpx.get(f"{stage.url}/healthz").json()["running"] is True


def test_walls_that_leave_leave_nothing_behind(stage):
    """T5: tasks = walls + constant; here: no walls, no walls kept."""
    for _ in range(5):
        with httpx.stream("GET", f"{stage.url}/live/v1/stream", timeout=5) as answer:
            next(answer.iter_raw())
    for _ in range(200):
        walls = httpx.get(f"{stage.url}/healthz").json()["walls"]
        if walls == 0:
            break

    assert walls == 0


async def test_it_answers_at_the_root_and_under_a_mount(hands):
    """`taizhang serve` puts it beside the gateway, the storybook under a prefix."""
    hub = Hub(None, clock=hands, steady=hands, incarnation="x", build="0123abcd")
    app = WallApp(hub, {"wall.html": b"{{build}}"}, tick_s=60)
    app.start = lambda: None
    for root in ("", "/storybook/rush"):
        transport = httpx.ASGITransport(app=app, root_path=root)
        async with httpx.AsyncClient(transport=transport, base_url="http://wall") as client:
            assert (await client.get(f"{root}/wall/city")).text == "0123abcd"
