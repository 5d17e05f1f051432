"""Walls of a 区镇 and of a centre in a real Chromium: they move, age, switch and fit."""

import signal
import time
from datetime import datetime
from urllib.parse import urlsplit

import pytest

from processors.wall.storybook import SCENES, reference, sums_at
from tests.wall.conftest import City, staged
from tests.wall.test_in_chromium import (
    ALL_LEVELS,
    ALL_LIVE,
    GEOMETRY,
    NONE_LIVE,
    SETTLED,
    SIZES,
    answers,
    free_port,
    number,
    shows,
    storybook,
)

pytestmark = pytest.mark.browser
FINE = {"overlaps": [], "cut": [], "small": []}
SCOPE = "(scope) => taizhangWall.link.scope === scope && taizhangWall.store.day !== ''"


def text(page, cell, part):
    return page.locator(f'[data-cell="{cell}"] {part}').text_content()


def test_numbers_of_a_town_move_and_are_only_its_own(page, stage, city):
    page.goto(f"{stage.url}/wall/town/sanxing")
    city.accept(1_234).accept(3, centre="sanxing-v1", window="")
    city.accept(50, centre="haiyong", window="haiyong-01")
    shows(page, "accepted", "1,237")
    began = time.monotonic()
    city.accept(1)
    stage.show()
    shows(page, "accepted", "1,238")

    assert time.monotonic() - began <= 1.0
    assert text(page, "centre:sanxing", ".big") == "1,235"
    assert text(page, "centre:sanxing-v1", ".name") == "许桥村"
    assert page.locator('[data-cell="group:民生"]').text_content().startswith("民生11,235")
    assert page.locator("#groups-sub").text_content().endswith("2 个区镇中第 1（仅供参考）")
    assert page.complaints == []


def test_a_window_says_whether_it_is_at_work_and_scores_need_five(page, stage, city):
    city.accept(7, now="2020-06-01T07:10:00+08:00").count("stars_5", 4)
    city.accept(6, now="2020-06-01T07:20:00+08:00", centre="haiyong", window="haiyong-01")
    page.goto(f"{stage.url}/wall/centre/sanxing")
    shows(page, "accepted", "7")
    four = text(page, "window:sanxing-01", ".f-stars")
    busy = text(page, "window:sanxing-01", ".badge")
    city.count("stars_1", 1).count("negatives", 1)
    stage.show()
    page.wait_for_function("() => document.querySelector('.f-stars').textContent === '4.2'")
    page.goto(f"{stage.url}/wall/centre/haiyong")
    shows(page, "accepted", "6")

    assert (four, busy) == ("评4", "●有业务")
    assert text(page, "window:haiyong-01", ".badge") == "○空闲8时起"


def test_a_wall_says_what_is_wrong_where_and_since_when(page, stage, city):
    city.accept(40, now="2020-06-01T08:05:00+08:00")
    city.count("wrong_window", 4, now="2020-06-01T08:05:00+08:00").count("wrong_window", 1)
    city.latest["window.opened/sanxing-01"] = {"staff_id": "1043"}
    city.count("windows_open")
    page.goto(f"{stage.url}/wall/town/sanxing")
    page.locator('[data-cell="watch:1"] .holder', has_text="1043").wait_for()
    parts = (".place", ".why", "> .since", ".holder")
    lines = [" · ".join(text(page, f"watch:{n}", part) for part in parts) for n in (0, 1)]

    assert lines == [
        "为民服务中心 · 错窗 5（受理 40） · 8 时起至今 · 中心值班主任",
        "01 号窗口 · 错窗 5（受理 40） · 8 时起至今 · 在窗工号 1043",
    ]
    assert page.locator("#watch .th").text_content() == "状态地点问题何时起应由谁处理"


def test_arrows_lead_through_the_scopes_in_one_page_on_one_line(page, stage, city):
    """市 → 区镇 → 中心, sideways, and back; nothing is loaded anew, nothing stays behind."""
    city.accept(9).accept(4, centre="haiyong", window="haiyong-01")
    page.goto(f"{stage.url}/wall/city")
    page.wait_for_function(ALL_LIVE)
    shows(page, "accepted", "13")
    nodes = "() => document.querySelectorAll('*').length"
    before = page.evaluate(nodes)
    page.evaluate("() => { globalThis.neverReloaded = true; }")
    seen = []
    for key, scope in (
        ("ArrowRight", "town:sanxing"), ("ArrowDown", "town:haiyong"), ("ArrowUp", "town:sanxing"),
        ("ArrowRight", "centre:sanxing"), ("ArrowDown", "centre:sanxing-v1"),
        ("ArrowLeft", "town:sanxing"), ("ArrowLeft", "city"),
    ):  # fmt: skip
        page.keyboard.press(key)
        page.wait_for_function(SCOPE, arg=scope)
        page.wait_for_function(
            "() => document.querySelector(\"[data-cell='kpi:accepted'] .num\").textContent !== '—'"
        )
        seen.append((urlsplit(page.url).path, number(page, "accepted")))
    page.locator('[data-cell="town:haiyong"]').click()
    page.wait_for_function(SCOPE, arg="town:haiyong")
    page.go_back()
    page.wait_for_function(SCOPE, arg="city")
    page.wait_for_function(ALL_LIVE)

    assert seen == [
        ("/wall/town/sanxing", "9"), ("/wall/town/haiyong", "4"), ("/wall/town/sanxing", "9"),
        ("/wall/centre/sanxing", "9"), ("/wall/centre/sanxing-v1", "0"),
        ("/wall/town/sanxing", "9"), ("/wall/city", "13"),
    ]  # fmt: skip
    assert page.evaluate("() => neverReloaded") is True
    assert page.evaluate(nodes) == before
    for _ in range(100):
        if len(stage.app.hub.walls) == 1:
            break
        page.wait_for_timeout(20)
    assert len(stage.app.hub.walls) == 1
    assert page.complaints == []


def test_a_town_is_as_old_as_its_own_centres(page, stage, city):
    city.accept(9).accept(4, centre="haiyong", window="haiyong-01")
    stage.silent = ("sanxing-v1",)
    page.goto(f"{stage.url}/wall/town/sanxing")
    page.wait_for_function(ALL_LIVE)
    stage.ahead = 130
    page.wait_for_selector('[data-cell="centre:sanxing-v1"][data-f=lost]')
    own = page.evaluate(ALL_LEVELS)
    sub, why = page.locator("#scope-sub").text_content(), text(page, "watch:0", ".why")
    silent = text(page, "watch:0", "> .since")
    page.goto(f"{stage.url}/wall/centre/sanxing-v1")
    page.wait_for_selector("#lamp[data-f=lost]")

    assert (own["kpi:accepted"], own["centre:sanxing"], sub) == ("live", "live", "1/2 在线")
    assert (why, silent[:5]) == ("断线，无数据", "已 2 分")
    assert page.evaluate(NONE_LIVE)
    assert number(page, "accepted") == "—"


@pytest.mark.parametrize("place", ["town/kaifaqu", "centre/kaifaqu"])
def test_a_killed_server_leaves_no_cell_of_a_local_wall_fresh_after_6_s(page, place):
    port = free_port()
    served = storybook(port)
    answers(port)
    page.goto(f"http://127.0.0.1:{port}/storybook/rush/wall/{place}")
    page.wait_for_function(ALL_LIVE, timeout=15_000)
    asked = {urlsplit(url).netloc for url in page.asked}
    served.send_signal(signal.SIGKILL)
    served.wait()
    page.wait_for_function(NONE_LIVE, timeout=6_000)

    assert asked == {f"127.0.0.1:{port}"}


def test_a_wall_has_at_most_nine_panels_and_says_what_is_wrong_largest(page):
    """design.md 11; what is wrong now is on every wall, in every shape."""
    found = {}
    with staged(crowded(3, 16), alive=False) as stage:
        for place in ("city", "town/kaifaqu", "centre/kaifaqu"):
            page.goto(f"{stage.url}/wall/{place}")
            page.wait_for_selector('[data-cell="watch:0"]')
            for width, height in SIZES:
                page.set_viewport_size({"width": width, "height": height})
                page.wait_for_function(SETTLED)
                panels = page.locator("#wall > section:visible, #wall > footer:visible").count()
                found[place, width] = panels, page.locator(".p-watch").is_visible()

    assert {where for where, (panels, seen) in found.items() if panels > 9 or not seen} == set()
    assert len(found) == 3 * len(SIZES)


def crowded(villages, windows):
    """海门经开区 with that many more villages and windows, and five-digit figures."""
    told = SCENES["storm"]
    city = City(now=f"{told.clock}+08:00")
    city.latest = reference()
    for n in range(villages):
        fact = {"name": f"幸福社区第{n}村便民服务中心", "level": "village", "town": "kaifaqu"}
        city.latest[f"centre.opened/kaifaqu-x{n}"] = fact
    for n in range(17, windows + 1):
        fact = {"centre": "kaifaqu", "no": f"{n:02}", "kind": "professional:医保"}
        city.latest[f"window.created/kaifaqu-{n:02}"] = fact
    city.sums = sums_at(told._replace(cases=90_000), datetime.fromisoformat(city.now), 0)
    centres = [key.removeprefix("centre.opened/") for key in city.latest if "centre." in key]
    city.beats = dict.fromkeys(centres, time.time())
    return city.tick(time.time())


@pytest.mark.parametrize(("villages", "windows"), [(0, 16), (24, 36)])
def test_nothing_of_a_local_wall_overlaps_or_is_cut(page, villages, windows):
    found = {}
    with staged(crowded(villages, windows), alive=False) as stage:
        for ahead, level in ((0, "live"), (60, "stale"), (300, "lost")):
            stage.ahead = ahead
            for place in ("town/kaifaqu", "centre/kaifaqu"):
                page.goto(f"{stage.url}/wall/{place}")
                page.wait_for_selector(f"#lamp[data-f={level}]")
                for width, height in SIZES:
                    page.set_viewport_size({"width": width, "height": height})
                    page.wait_for_function(SETTLED)
                    found[place, level, width] = page.evaluate(GEOMETRY)

    assert {where: what for where, what in found.items() if what != FINE} == {}
