"""The assessment pages over a real book and a real lake, asked as a browser asks."""

from datetime import datetime, timedelta
from html import escape

import httpx
import orjson
import pytest

from analytics.closing.run import close
from analytics.desk.server import desk_app
from analytics.lake.archiver import archive
from analytics.lake.catalog import Lake
from ledger.contracts.codes import SHANGHAI
from ledger.log.sqlite import SqliteLog

NINE = datetime(2020, 6, 1, 9, 0, tzinfo=SHANGHAI)
EVIL = "<b>李堡</b>"
PLACE = {"centre": "libao", "window": "libao-2", "channel": "window"}


def story():
    """Give (minutes, command, key, data, more): 25 cases of one window, 22 rated."""
    org = {"source_class": "system"}
    yield 0, "dept.register", "民政", {"name": "民政"}, org
    yield 0, "item.register", "i", {"name": "i", "dept": "民政", "project_type": "instant"}, org
    yield 0, "centre.open", "libao", {"name": EVIL, "level": "town", "tier": "other_town",
                                      "town": "libao"}, org  # fmt: skip
    for number in ("1", "2"):
        yield 0, "window.create", f"libao-{number}", {
            "centre": "libao", "no": number, "kind": "comp:livelihood"}, org  # fmt: skip
    actor = {"kind": "staff", "staff": "an", "post": "accept"}
    for n in range(25):
        yield 1, "case.submit", f"C{n}", {"case_no": str(n), "item": "i"}, PLACE
        yield 1, "case.accept", f"C{n}", {"accept_no": "A"}, {**PLACE, "actor": actor}
        yield 1, "case.decide", f"C{n}", {"outcome": "approved", "doc_no": "D"}, {}
        yield 1, "case.conclude", f"C{n}", {"result_code": 0}, {}
        if n < 22:
            yield (
                0,
                "rating.submit",
                f"C{n}",
                {"rating_id": "r", "stars": 1 if n < 2 else 5, "via": "qr" if n % 2 else "pc"},
                {},
            )
    yield 24 * 60, "case.submit", "late", {"case_no": "x", "item": "i"}, {
        **PLACE, "occurred_at": NINE.isoformat(), "late_reason": "x"}  # fmt: skip


@pytest.fixture
async def browser(tmp_path):
    clock = {"now": NINE}
    log = await SqliteLog.open(tmp_path / "ledger.db", lambda: clock["now"])
    for n, (minutes, kind, key, data, more) in enumerate(story()):
        clock["now"] += timedelta(minutes=minutes)
        receipt = await log.submit(orjson.dumps({
            "type": kind, "key": key, "data": data, "occurred_at": clock["now"].isoformat(),
            "source_system": "test", "source_seq": str(n), "source_class": "imported",
            **more}))  # fmt: skip
        assert receipt.status == "accepted", receipt
    lake = Lake(str(tmp_path / "lake"))
    await archive(log, lake)
    clock["now"] += timedelta(days=1)
    await close(log, lake, (NINE + timedelta(days=1)).date())
    transport = httpx.ASGITransport(desk_app(log, lake))
    async with httpx.AsyncClient(transport=transport, base_url="http://desk") as client:
        yield client
    lake.close()
    await log.close()


async def test_the_card_shows_score_n_restatements_and_leads_to_the_facts(browser):
    page = (await browser.get("/assess/windows?month=2020-06&centre=libao")).text
    facts = await browser.get("/assess/events?month=2020-06&centre=libao&code=K24&key=libao-2")

    for part in ("2 号窗", "民生综合", "90.91", "n=22", "样本不足", "1/1", escape(EVIL),
                 "未月结", "公布以后的重述", "case/late@1"):  # fmt: skip
        assert part in page, part
    assert EVIL not in page
    assert "key=libao-2&amp;code=K24" in page
    assert facts.text.count("<code>rating/C") == 22
    assert "/audit/case/C1" in facts.text


async def test_satisfaction_parts_on_site_from_online(browser):
    page = (await browser.get("/assess/satisfaction?month=2020-06")).text

    for part in ("90.91", "现场", "线上", "n=11", "按区镇", "差评最多的 1 个窗口"):
        assert part in page, part


@pytest.mark.parametrize(
    ("path", "status"),
    [("/assess", 307), ("/assess/windows", 200), ("/assess/windows?month=2019-01", 200),
     ("/assess/windows?month=soon", 404), ("/assess/windows?centre=nowhere", 404),
     ("/assess/satisfaction?centre=libao", 200), ("/assess/events?month=2020-06&code=K99", 404),
     ("/audit/static/card.css", 200)],
)  # fmt: skip
async def test_what_can_and_what_cannot_be_answered(browser, path, status):
    assert (await browser.get(path)).status_code == status


async def test_without_a_lake_nothing_is_made_up():
    transport = httpx.ASGITransport(desk_app(None, None))
    async with httpx.AsyncClient(transport=transport, base_url="http://desk") as client:
        answer = await client.get("/assess/windows")

    assert (answer.status_code, "未接数据湖" in answer.text) == (404, True)
