"""The wall in a real Chromium: it moves, it ages, it comes back, it fits. Input data are fixed."""

import http.server
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from processors.wall.storybook import SCENES, reference, sums_at
from tests.wall.conftest import City, staged

pytestmark = pytest.mark.browser

ROOT = Path(__file__).parents[2]
SIZES = [(1920, 1080), (3840, 1080), (1080, 1920)]
ALL_LEVELS = """() => Object.fromEntries([...document.querySelectorAll('#wall [data-cell]')]
    .filter((cell) => !cell.hidden).map((cell) => [cell.dataset.cell, cell.dataset.f]))"""
# Two paints after a change of size everything is in its place.
SETTLED = """() => new Promise((done) =>
    setTimeout(() => requestAnimationFrame(() => done(true)), 100))"""
NONE_LIVE = (
    "() => ![...document.querySelectorAll('[data-cell]')].some((c) => c.dataset.f === 'live')"
)
ALL_LIVE = """() => document.querySelectorAll('[data-cell]').length > 10 &&
    [...document.querySelectorAll('#wall [data-cell]')].every((c) => c.dataset.f === 'live')"""


def number(page, figure):
    return page.locator(f'[data-cell="kpi:{figure}"] .num').text_content()


def shows(page, figure, text, timeout=5_000):
    page.wait_for_function(
        "([figure, text]) => document.querySelector(`[data-cell='kpi:${figure}'] .num`)"
        "?.textContent === text",
        arg=[figure, text],
        timeout=timeout,
    )


def opened(page, stage, query=""):
    page.goto(f"{stage.url}/wall/city{query}")
    return page


# --- figures ----------------------------------------------------------------------------------


def test_numbers_move(page, stage, city):
    opened(page, stage)
    city.accept(1_234)
    shows(page, "accepted", "1,234")
    began = time.monotonic()
    city.accept(1).count("concluded", 40)
    stage.show()
    shows(page, "accepted", "1,235")

    assert time.monotonic() - began <= 1.0
    assert number(page, "concluded") == "40"
    assert page.locator('[data-cell="town:sanxing"] .big').text_content() == "1,235"
    assert page.complaints == []


def test_satisfaction_is_cut_off_and_needs_twenty(page, stage, city):
    """Three 差评 in 15,021 must never round to 100.00 %; 19 ratings are no rate."""
    city.count("stars_5", 19)
    opened(page, stage)
    shows(page, "satisfaction", "样本不足")
    city.count("stars_5", 14_999).count("stars_1", 3).count("negatives", 3)
    shows(page, "satisfaction", "99.98")

    sub = page.locator('[data-cell="kpi:satisfaction"] .sub').text_content()
    assert sub == "差评 3 / 评价 15,021"


def test_average_time_is_in_working_days(page, stage, city):
    city.count("decision_n", 4).count("decision_minutes", 4 * 720)
    opened(page, stage)
    page.wait_for_function(
        "() => document.querySelector(\"[data-cell='kpi:concluded'] .sub\").textContent"
        " === '均 1.50 工作日'"
    )


def test_before_the_first_tick_it_waits(page):
    city = City(now="")
    city.at = 0.0
    city.beats.clear()
    with staged(city, alive=False) as stage:
        opened(page, stage)
        page.wait_for_selector("#wall [data-cell]")
        page.wait_for_function("() => document.body.dataset.link === 'live'")

        assert set(page.evaluate(ALL_LEVELS).values()) == {"wait"}
        assert "等待数据" in page.locator("#lamp").text_content()
        assert number(page, "accepted") == "—"


def test_midnight_rolls_today_by_the_servers_frame(page, city):
    """The page's own date is years off, and must not matter."""
    city.now = "2020-06-01T23:59:50+08:00"
    city.accept(77)
    with staged(city) as stage:
        opened(page, stage)
        shows(page, "accepted", "77")
        assert page.locator("#date").text_content() == "2020年6月1日"
        stage.show(now="2020-06-02T00:00:01+08:00")
        shows(page, "accepted", "0")

        assert page.locator("#date").text_content() == "2020年6月2日"
        assert page.locator("#week").text_content() == "星期二"
        assert number(page, "in_progress") == "77"


def test_a_demo_says_so_and_shows_the_citys_time(page, stage):
    opened(page, stage)
    page.wait_for_selector("#demo:not([hidden])")

    assert page.locator("#time").text_content().startswith("09:3")


# --- freshness --------------------------------------------------------------------------------


def test_ages_turn_figures_grey_and_then_into_dashes(page, stage, city):
    city.accept(50).accept(8, centre="haiyong", window="haiyong-01")
    opened(page, stage)
    page.wait_for_function(ALL_LIVE)
    stage.silent = ("haiyong",)
    town = page.locator('[data-cell="town:haiyong"]')
    seen = []
    for ahead, level in ((10, "late"), (40, "stale"), (130, "lost")):
        stage.ahead = ahead
        page.wait_for_selector(f'[data-cell="town:haiyong"][data-f={level}]')
        seen.append(town.locator(".big").text_content())

    assert seen == ["8", "8", "—"]
    assert "最后 8" in town.text_content()
    # The rest of the city goes on, and says how much of it is heard.
    assert page.locator('[data-cell="town:sanxing"]').get_attribute("data-f") == "live"
    assert page.locator("#scope-sub").text_content() == "2/3 在线"
    assert number(page, "accepted") == "58"


def test_a_stopped_log_makes_everything_old_though_the_line_is_up(page, stage, city):
    """Broker or worker gone: the server lives and says so."""
    city.accept(50)
    opened(page, stage)
    page.wait_for_function(ALL_LIVE)
    stage.alive = False
    stage.ahead = 45
    page.wait_for_function("() => document.getElementById('lamp').dataset.f === 'stale'")

    assert set(page.evaluate(ALL_LEVELS).values()) == {"stale"}
    assert page.evaluate("() => document.body.dataset.link") == "live"


def test_a_page_that_was_frozen_claims_nothing_until_it_hears_again(page, stage, city):
    city.accept(50)
    opened(page, stage)
    page.wait_for_function(ALL_LIVE)
    page.evaluate("""() => {
        globalThis.worst = [];
        const lamp = document.getElementById('lamp');
        new MutationObserver(() => worst.push(lamp.dataset.f)).observe(lamp, { attributes: true });
        const { link, store } = taizhangWall;
        store.hear = () => {};  // Nothing is heard from here on: this is what the gap alone does.
        const end = performance.now() + 5500;
        while (performance.now() < end);
    }""")
    page.wait_for_function("() => worst.includes('lost')")

    assert page.evaluate(NONE_LIVE)
    assert number(page, "accepted") == "—"


class Broken(http.server.BaseHTTPRequestHandler):
    """What a proxy says while the server behind it restarts."""

    asked = 0

    def do_GET(self):
        type(self).asked += 1
        self.send_error(502)

    def log_message(self, *_):
        pass


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def storybook(port):
    env = os.environ | {"PYTHONPATH": str(ROOT), "TAIZHANG_PORT": str(port)}
    command = [sys.executable, "-m", "processors", "storybook", "--port", str(port)]
    return subprocess.Popen(command, cwd=ROOT, env=env)


def answers(port):
    for _ in range(600):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    pytest.fail("the server did not start")


def test_a_killed_server_leaves_no_cell_fresh_after_6_s_and_the_wall_comes_back(page):
    """kill -9, then 502s (which end a plain EventSource for ever), then a new server."""
    port = free_port()
    served = storybook(port)
    answers(port)
    page.goto(f"http://127.0.0.1:{port}/storybook/rush/wall/city")
    page.wait_for_function(ALL_LIVE, timeout=15_000)
    page.evaluate("() => { globalThis.neverReloaded = true; }")
    served.send_signal(signal.SIGKILL)
    served.wait()
    killed = time.monotonic()
    page.wait_for_function(NONE_LIVE, timeout=6_000)
    grey_after = time.monotonic() - killed

    broken = http.server.ThreadingHTTPServer(("127.0.0.1", port), Broken)
    thread = threading.Thread(target=broken.serve_forever)
    thread.start()
    while Broken.asked < 3:
        page.wait_for_timeout(100)
    broken.shutdown()
    broken.server_close()
    thread.join()

    served = storybook(port)
    answers(port)
    back = time.monotonic()
    page.wait_for_function(ALL_LIVE, timeout=10_000)
    back_after = time.monotonic() - back
    served.send_signal(signal.SIGINT)
    status = served.wait()

    assert grey_after <= 6.0
    assert back_after <= 5.0
    assert page.evaluate("() => neverReloaded") is True
    assert status in {0, 130, -signal.SIGINT}


# --- the page itself --------------------------------------------------------------------------


def test_no_request_leaves_the_host(page, stage):
    opened(page, stage)
    page.wait_for_function("() => document.body.dataset.link === 'live'")

    assert {urlsplit(url).netloc for url in page.asked} == {f"127.0.0.1:{stage.port}"}


def test_what_an_injected_element_asks_for_elsewhere_is_refused(page, stage):
    """The policy holds, not only our good manners."""
    opened(page, stage)
    refused = page.evaluate("""() => new Promise((done) => {
        document.addEventListener('securitypolicyviolation', (e) => done(e.effectiveDirective));
        const image = new Image();
        image.src = 'http://elsewhere.invalid/pixel.png';
    })""")

    assert refused == "img-src"


def test_the_number_of_nodes_stays(page, stage, city):
    """T4: nothing is created once it has been built; what leaks a node a second dies in a week."""
    nodes = """() => { let n = 0;
        const walk = document.createTreeWalker(document, NodeFilter.SHOW_ALL);
        while (walk.nextNode()) n += 1; return n; }"""
    opened(page, stage)
    page.wait_for_function(ALL_LIVE)
    before = page.evaluate(nodes)
    for n in range(30):
        city.accept(n + 1).accept(n, centre="haiyong", window="haiyong-01").count("stars_1", 1)
        city.count("negatives", 1).count("wrong_window", 2).count("concluded", n)
        stage.silent = ("haiyong",) if n % 7 == 6 else ()
        stage.ahead += 7 if n % 7 == 6 else 0
        stage.show()
        page.wait_for_timeout(30)
    stage.show(now="2020-06-02T08:00:00+08:00")
    shows(page, "accepted", "0")

    assert page.evaluate(nodes) == before


GEOMETRY = (Path(__file__).parent / "geometry.js").read_text()


def crowded(scene, towns):
    """A city of that many 区镇, five-digit figures, at the hour of a scene of the storybook."""
    told = SCENES[scene]
    city = City(now=f"{told.clock}+08:00")
    city.latest = reference()
    for number in range(18, towns):
        fact = {"name": f"第{number}街道为民服务中心", "level": "town", "town": f"t{number}"}
        city.latest[f"centre.opened/t{number}"] = fact
    city.sums = sums_at(told._replace(cases=90_000), datetime.fromisoformat(city.now), 0)
    centres = [key.removeprefix("centre.opened/") for key in city.latest if "centre." in key]
    city.beats = dict.fromkeys(centres, time.time())
    return city.tick(time.time())


AGES = ((0, "live"), (10, "late"), (60, "stale"), (300, "lost"))


@pytest.mark.parametrize(
    ("scene", "towns", "ages"),
    [("storm", 18, AGES), ("storm", 30, AGES), ("morning", 18, AGES[:1])],
)
def test_nothing_overlaps_or_is_cut_and_letters_are_large(page, scene, towns, ages):
    """Three shapes of wall; long names, five-digit figures; fresh, and grey with age."""
    found = {}
    with staged(crowded(scene, towns), alive=False) as stage:
        opened(page, stage)
        page.wait_for_selector('[data-cell="town:haiyong"]')
        for ahead, level in ages:
            stage.ahead = ahead
            page.wait_for_selector(f"#lamp[data-f={level}]")
            for width, height in SIZES:
                page.set_viewport_size({"width": width, "height": height})
                page.wait_for_function(SETTLED)
                found[level, width, height] = page.evaluate(GEOMETRY)

    fine = {"overlaps": [], "cut": [], "small": []}
    assert {where: what for where, what in found.items() if what != fine} == {}


def test_a_line_at_the_foot_says_what_colours_and_short_words_mean(page, stage):
    opened(page, stage)
    page.wait_for_function(ALL_LIVE)
    line = page.locator("#key").text_content()

    for word in ("◆ 红告警", "▲ 黄预警", "灰数据停了", "监察未结黄红牌", "样本不足评价不满 20 次"):
        assert word in line


def test_the_whole_legend_fits_into_every_shape(page, stage):
    opened(page, stage)
    page.wait_for_function(ALL_LIVE)
    page.keyboard.press("F1")
    beyond = {}
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        page.wait_for_function(SETTLED)
        beyond[width] = page.evaluate("""() => {
            const box = document.getElementById('legend'), edge = box.getBoundingClientRect();
            return [box.scrollHeight - box.clientHeight, box.scrollWidth - box.clientWidth,
                [...box.querySelectorAll('span')].filter((word) => word.getBoundingClientRect()
                    .right > edge.right).length]; }""")

    assert beyond == {width: [0, 0, 0] for width, _ in SIZES}


def test_the_red_row_of_the_city_says_who_acts_and_the_window_behind_it(page, stage, city):
    city.count("stars_5", 9).count("stars_1", 5).count("negatives", 5)
    city.count("wrong_window", 3, centre="haiyong", window="haiyong-01")
    city.count("wrong_window", 9, centre="haiyong", window="")
    opened(page, stage)
    page.wait_for_selector('[data-cell="watch:1"]')
    lines = [
        [page.locator(f'[data-cell="watch:{n}"] {part}').text_content()
         for part in (".place", ".why", ".holder")] for n in (0, 1)
    ]  # fmt: skip

    assert lines == [
        ["三星镇", "差评 5，01 号窗 5", "中心值班主任"],
        ["海永镇", "错窗 12（受理 0）", "中心值班主任"],
    ]


def test_the_table_tells_the_same_figures_to_whoever_cannot_see_the_wall(page, stage, city):
    city.accept(1_234)
    opened(page, stage, "?view=table")
    row = page.locator('tr[data-cell="table:town:sanxing"]')
    row.wait_for()

    assert page.locator("#wall").is_hidden()
    assert row.locator("th").text_content() == "三星镇"
    row.locator("td", has_text="1,234").first.wait_for()
    page.keyboard.press("t")
    page.locator("#wall").wait_for(state="visible")
    page.keyboard.press("F1")
    assert page.locator("#legend").is_visible()
