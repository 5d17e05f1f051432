"""The storybook (样张): every state of the wall from fixed data, to look at and to test against.

    make storybook        (taizhang storybook [--port 8080]), then open /storybook/

The data are invented; a state is a function of the seconds since the start, nothing else. It is
no picture of any real place, and the pages bear 演示 because their clock is not the real one.
"""

import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Mount, Route

from ledger.contracts.codes import SHANGHAI
from processors.views.picture import Picture
from processors.wall.server import HEADERS, WallApp, serve_app, wall_app

DAY = "2020-06-01"
PARTITIONS = 12

TOWNS: tuple[tuple[str, str, int, int], ...] = (
    ("kaifaqu", "海门经济技术开发区", 14, 2), ("gaoxinqu", "海门高新区", 10, 1),
    ("gangxinqu", "海门港新区", 6, 1), ("sanchangyuan", "三厂工业园区", 5, 0),
    ("linjiangxinqu", "临江新区", 4, 0), ("gongyeyuan", "海门工业园区", 7, 1),
    ("haimen", "海门街道", 12, 2), ("binjiang", "滨江街道", 7, 1),
    ("sanchang", "三厂街道", 6, 0), ("sanxing", "三星镇", 8, 2), ("changle", "常乐镇", 5, 1),
    ("yuelai", "悦来镇", 5, 0), ("sijia", "四甲镇", 5, 1), ("yudong", "余东镇", 3, 0),
    ("zhengyu", "正余镇", 3, 0), ("baochang", "包场镇", 6, 1), ("linjiang", "临江镇", 4, 0),
    ("haiyong", "海永镇", 1, 0),
)  # fmt: skip
"""Centre id, name, share of the city's cases, villages."""

KINDS = (
    "comp:livelihood", "comp:construction", "comp:municipal", "comp:other",
    "professional:公安", "professional:税务", "professional:人社", "professional:医保",
)  # fmt: skip

CURVE = (0, 0, 0, 0, 0, 0, 0, 2, 19, 24, 22, 15, 5, 14, 20, 19, 14, 4, 1, 0, 0, 0, 0, 0)
"""Share of a day's cases by hour: a hall with a lunch break."""

DEPTS = ("民政", "住建", "自然资源", "市场监管")
OPENING, CLOSING = 8, 18
LATE = (
    ("late_statutory", 12, "kaifaqu", "自然资源", 2),
    ("late_promised", 12, "kaifaqu", "自然资源", 2),
    ("late_promised", 3, "haimen", "住建", 4), ("late_promised", 1, "sanxing", "民政", 1),
    ("neg_open", 2, "haiyong", "rectify", 3),
)  # fmt: skip
"""Of a storm: register, days since the due, centre, who has to act, how many."""

BUCKET_SHARE = ((0, 46), (1, 14), (2, 11), (3, 12), (5, 11), (10, 5), (20, 1))


class Scene(NamedTuple):
    """One state."""

    title: str
    note: str
    clock: str
    """City time at which the scene starts; "" = no tick has ever come."""
    cases: int
    """Cases a day in the whole city."""
    per_second: float = 0.0
    storm: bool = False
    silent: tuple[str, ...] = ()
    """Centres whose line is cut."""
    broker_lost: bool = False
    """Ticks and beats stopped when the scene started."""
    speed: float = 1.0
    wrong_ppm: int = 4_000


SCENES: dict[str, Scene] = {
    "empty": Scene("清晨，等待数据", "还没有任何心跳：不显示任何数字", "", 0),
    "morning": Scene("开门前", "心跳正常而尚无业务：无业务不等于无数据", f"{DAY}T07:20:00", 0),
    "rush": Scene("上午高峰", "数字在动", f"{DAY}T10:24:00", 9_000, per_second=6.0),
    "storm": Scene(
        "差评集中", "三星镇、海永镇差评集中，开发区错窗偏高", f"{DAY}T15:08:00", 9_000,
        per_second=4.0, storm=True,
    ),
    "source": Scene(
        "一处断线", "悦来镇断线 3 分钟，余东镇断线 40 秒", f"{DAY}T11:12:00", 9_000, per_second=5.0,
        silent=("yuelai", "yudong"),
    ),
    "broker": Scene(
        "总线中断", "所有分区停止推进：全部数字逐级变灰、失联", f"{DAY}T14:30:00", 9_000,
        broker_lost=True,
    ),
    "night": Scene("夜间", "全天业务已结束，心跳正常", f"{DAY}T21:40:00", 9_000),
    "fast": Scene(
        "演示 ×60", "一小时过一分钟，子夜翻日", f"{DAY}T23:57:00", 9_000, per_second=1.0, speed=60.0
    ),
}  # fmt: skip


class StorySource:
    """A scene as a source of pictures."""

    def __init__(self, scene: Scene, clock: Callable[[], float]) -> None:
        self._scene, self._clock, self._start = scene, clock, clock()
        self._latest = reference()
        self._seen: tuple[int, Picture] | None = None

    async def picture(self) -> Picture:
        """Give the picture of this moment; proofs of life come once a second."""
        second = int(self._clock() - self._start)
        if self._seen is None or self._seen[0] != second:
            self._seen = second, picture_at(self._scene, second, self._start, self._latest)
        return self._seen[1]

    async def close(self) -> None:
        """Nothing to let go."""


def reference() -> dict[str, Mapping[str, Any]]:
    """Give the newest reference facts: 18 区镇 with their villages and windows."""
    latest: dict[str, Mapping[str, Any]] = {}
    for town, name, weight, villages in TOWNS:
        level = {"level": "town", "town": town}
        latest[f"centre.opened/{town}"] = {"name": f"{name}为民服务中心", **level}
        for number in range(1, villages + 1):
            latest[f"centre.opened/{town}-v{number}"] = {
                "name": f"{name}第{number}村便民服务中心", "level": "village", "town": town,
            }  # fmt: skip
        for number in range(1, windows_of(weight) + 1):
            latest[f"window.created/{town}-{number:02}"] = {
                "centre": town, "no": f"{number:02}", "kind": KINDS[(number - 1) % len(KINDS)],
            }  # fmt: skip
            staff = f"{1000 + (sum(map(ord, town)) + number) * 37 % 9000}"
            latest[f"window.opened/{town}-{number:02}"] = {"staff_id": staff}
    return latest


def windows_of(weight: int) -> int:
    """Give how many windows a centre of that share has."""
    return max(3, weight + 2)


def picture_at(
    scene: Scene, second: int, start: float, latest: Mapping[str, Mapping[str, Any]]
) -> Picture:
    """Give the picture of a scene, `second` seconds after its start (epoch seconds)."""
    if not scene.clock:
        return Picture(second + 1, {}, {}, (0,) * (PARTITIONS + 1), (0.0,) * PARTITIONS, {}, "", 0)
    frozen = 0 if scene.broker_lost else second
    at = start + frozen
    opened = datetime.fromisoformat(scene.clock).replace(tzinfo=SHANGHAI)
    now = opened + timedelta(seconds=frozen * scene.speed)
    sums = sums_at(scene, now, scene.cases and int(frozen * scene.per_second))
    silent = dict(zip(scene.silent, (start - 180, start - 40), strict=False))
    centres = [key.removeprefix("centre.opened/") for key in latest if "centre." in key]
    beats = {centre: silent.get(centre, at) for centre in centres}
    total = sum(n for key, n in sums.items() if f"|{now.date().isoformat()}|" in key)
    cut = (*(total // PARTITIONS + p for p in range(PARTITIONS)), len(latest))
    as_of = (at,) * PARTITIONS + (0.0,)
    rejects = 17 if scene.cases else 0
    return Picture(second + 1, sums, latest, cut, as_of, beats, now.isoformat(), rejects)


def sums_at(scene: Scene, now: datetime, extra: int) -> dict[str, int]:
    """Give the sums of a scene at a city time, with `extra` cases that came since it started."""
    sums: dict[str, int] = {}
    day = now.date().isoformat()
    cases = scene.cases if day == DAY else 0
    weights = sum(weight for _, _, weight, _ in TOWNS)
    for town, _, weight, villages in TOWNS:
        desks = windows_of(weight)
        for number in range(1, desks + 1):
            share = cases * weight / weights / desks * (0.55 + 0.9 * (number * 7 % desks) / desks)
            more = extra * weight // weights // desks
            more += (
                1 if number == extra % desks + 1 and extra * weight % weights > weights // 2 else 0
            )
            _desk(sums, scene, now, (town, f"{town}-{number:02}"), share, more)
        if cases:
            _add(
                sums, "in_progress", "", town, "", int(cases * weight / weights * 0.31) + extra % 5
            )
            _earlier(sums, town, cases * weight / weights)
            _halls(sums, scene, now, town, desks)
        for number in range(1, villages + 1):
            place = (f"{town}-v{number}", "")
            _desk(sums, scene, now, place, cases * weight / weights / 20 / number, 0)
    if cases:
        _registers(sums, scene, now)
    return sums


def _halls(sums: dict[str, int], scene: Scene, now: datetime, town: str, desks: int) -> None:
    """Give a hall as it is now: one window in nine pauses, people wait for half an hour at most."""
    day, seed = now.date().isoformat(), sum(map(ord, town))
    if not OPENING <= now.hour < CLOSING:
        return
    for number in range(1, desks + 1):
        rests = (number + seed) % 9 == 0
        code = "windows_paused" if rests else "windows_open"
        _add(sums, code, day, town, f"{town}-{number:02}", 1)
    longest = 71 if scene.storm and town == "kaifaqu" else 6 + seed % 17
    waits = desks // 2 + seed % 4 + (18 if scene.storm and town == "kaifaqu" else 0)
    for number in range(waits):
        since = now - timedelta(minutes=longest * (waits - number) // waits)
        _add(sums, "waiting_from", day, town, since.strftime("%H:%M"), 1)
    _add(sums, "waiting", "", town, "", waits)
    _add(sums, "heads", day, town, "", waits * 2 + desks)


def _registers(sums: dict[str, int], scene: Scene, now: datetime) -> None:
    """Give what is due and what is not done: in a storm some of it is late."""

    def day(days: int) -> str:
        return (now.date() + timedelta(days)).isoformat()

    for number, (town, _, weight, _) in enumerate(TOWNS):
        for n, dept in enumerate(DEPTS):
            _add(sums, "due_open", day(0), town, dept, weight * (n + 2) // 9)
            _add(sums, "due_open", day(1), town, dept, weight * (n + 4) // 7)
        _add(sums, "neg_open", day(3 + number % 9), town, ("verify", "rectify")[number % 2], 1)
    if scene.storm:
        for code, back, town, dept, n in LATE:
            _add(sums, code, day(-back), town, dept, n)


def _earlier(sums: dict[str, int], town: str, share: float) -> None:
    """Give a town five days before, a little calmer than today."""
    for back in (3, 4, 5, 6, 7):
        day = (datetime.fromisoformat(DAY) - timedelta(days=back)).date().isoformat()
        for hour, part in enumerate(CURVE):
            n = int(share * (0.82 + 0.03 * back) * part / sum(CURVE))
            _add(sums, "accepted", f"{day}T{hour:02}", town, f"{town}-01", n)
            _add(sums, "accepted", day, town, f"{town}-01", n)


def _desk(
    sums: dict[str, int],
    scene: Scene,
    now: datetime,
    place: tuple[str, str],
    share: float,
    more: int,
) -> None:
    for hour in range(now.hour + 1):
        part = 1.0 if hour < now.hour else now.minute / 60
        accepted = int(share * CURVE[hour] / sum(CURVE) * part + 0.5)
        accepted += more if hour == now.hour else 0
        if not accepted:
            continue
        stamp = f"{now.date().isoformat()}T{hour:02}"
        seed = hour * 13 + sum(map(ord, place[1]))
        wrong = accepted * _wrong_ppm(scene, place[0]) / 1_000_000 + seed % 100 / 100
        rated, bad = accepted * 2 // 5, _bad(scene, place[0], hour, seed)
        counts = {
            "submitted": accepted + seed % 2, "accepted": accepted,
            "concluded": accepted * 9 // 10, "left": accepted * 9 // 10,
            "issued": accepted * 8 // 10, "wrong_window": int(wrong), "stars_1": bad // 2,
            "stars_2": bad - bad // 2, "stars_3": rated // 40, "stars_4": rated // 6,
            "stars_5": max(0, rated - rated // 40 - rated // 6 - bad), "negatives": bad,
            "decision_n": accepted * 9 // 10,
            "decision_minutes": accepted * 9 // 10 * (700 + seed % 9 * 80),
        } | {
            f"decision_from_{low}d": accepted * 9 // 10 * part // 100 for low, part in BUCKET_SHARE
        }  # fmt: skip
        for code, n in counts.items():
            _add(sums, code, stamp, *place, n)
            _add(sums, code, stamp[:10], *place, n)


def _wrong_ppm(scene: Scene, town: str) -> int:
    return 60_000 if scene.storm and town == "kaifaqu" else scene.wrong_ppm


def _bad(scene: Scene, town: str, hour: int, seed: int) -> int:
    if scene.storm and town in {"sanxing", "haiyong"} and hour >= 14:  # noqa: PLR2004 -- it breaks after lunch
        return 1 + seed % 2
    return int(seed % 211 == 0)


def _add(sums: dict[str, int], code: str, bucket: str, centre: str, window: str, n: int) -> None:
    if n:
        key = f"{code}|{bucket}|{centre}|{window}"
        sums[key] = sums.get(key, 0) + n


# --- the server -------------------------------------------------------------------------------


def storybook_app(clock: Callable[[], float] = time.time) -> tuple[Starlette, list[WallApp]]:
    """Make the storybook: an index, and one wall per scene under /storybook/<scene>/."""
    walls = {
        name: wall_app(StorySource(scene, clock), clock=clock) for name, scene in SCENES.items()
    }
    rows = "".join(
        f'<li><a href="{name}/wall/city">{scene.title}</a> — {scene.note} · '
        f'<a href="{name}/wall/town/sanxing">区镇</a> · '
        f'<a href="{name}/wall/centre/kaifaqu">中心</a></li>'
        for name, scene in SCENES.items()
    )
    page = (
        '<!doctype html><html lang="zh-CN"><meta charset="utf-8"><title>样张</title>'
        f"<h1>监督大屏样张</h1><ul>{rows}</ul></html>"
    )

    async def index(_request: Request) -> Response:
        return HTMLResponse(page, headers=HEADERS)

    async def home(_request: Request) -> Response:
        return RedirectResponse("/storybook/")

    routes = [Route("/", home), Route("/storybook/", index)]
    mounts = [Mount(f"/storybook/{name}", app=wall) for name, wall in walls.items()]
    return Starlette(routes=[*routes, *mounts]), list(walls.values())


async def serve_storybook(host: str, port: int) -> None:
    """Serve the storybook until the process is told to stop."""
    app, walls = storybook_app()

    async def farewell() -> None:
        for wall in walls:
            await wall.close()

    await serve_app(app, host, port, farewell)
