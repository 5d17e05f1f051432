"""The audit pages over a real book and a real lake, asked as a browser asks."""

from datetime import datetime

import httpx
import orjson
import pytest

from analytics.desk.server import desk_app
from analytics.lake.archiver import archive
from analytics.lake.catalog import Lake
from ledger.contracts.codes import SHANGHAI
from ledger.log.sqlite import SqliteLog

NINE = datetime(2020, 6, 1, 9, 0, tzinfo=SHANGHAI)
NO = "32068420200601000001"
EVIL = "<script>alert(1)</script>"

STORY = [
    ("calendar.publish", "cal-2020", {"year": 2020, "doc_no": "国办发明电〔2019〕16号"}),
    ("dept.register", "民政", {"name": "民政"}),
    ("item.register", "i", {"name": "高龄津贴", "dept": "民政", "project_type": "promised",
                            "promised": {"n": 3, "unit": "workday"}}),
    ("centre.open", "libao", {"name": "李堡", "level": "town", "tier": "other_town",
                              "town": "libao"}),
    ("window.create", "libao-2", {"centre": "libao", "no": "2", "kind": "comp:livelihood"}),
    ("case.submit", "C1", {"case_no": NO, "item": "i", "activity": EVIL}),
    ("case.submit", "C2", {"case_no": NO[:-1] + "2", "item": "i"}),
    ("case.accept", "C1", {"accept_no": "A1"}),
    ("case.decide", "C1", {"outcome": "approved", "doc_no": "D1"}),
]  # fmt: skip


@pytest.fixture
async def browser(tmp_path):
    times = iter([*[NINE] * 7, NINE.replace(hour=10), NINE.replace(hour=15)])
    clock = {"now": NINE}
    log = await SqliteLog.open(tmp_path / "ledger.db", lambda: clock["now"])
    for n, (kind, key, data) in enumerate(STORY):
        clock["now"] = next(times)
        place = {"centre": "libao", "window": "libao-2"} if kind.startswith("case.") else {}
        receipt = await log.submit(orjson.dumps({
            "type": kind, "key": key, "data": data, "occurred_at": clock["now"].isoformat(),
            "source_system": "test", "source_seq": str(n), **place,
            "source_class": "imported" if place else "system"}))  # fmt: skip
        assert receipt.status == "accepted", receipt
    lake = Lake(str(tmp_path / "lake"))
    await archive(log, lake)
    transport = httpx.ASGITransport(desk_app(log, lake))
    async with httpx.AsyncClient(transport=transport, base_url="http://desk") as client:
        yield client
    lake.close()
    await log.close()


async def test_a_number_leads_to_its_case(browser):
    found = await browser.get("/audit", params={"q": NO})

    assert found.status_code == 303
    assert found.headers["location"] == "/audit/case/C1"


async def test_the_beginning_of_a_number_leads_to_a_list(browser):
    found = await browser.get("/audit", params={"q": NO[:10]})

    assert found.text.count("/audit/case/") == 2


async def test_the_page_tells_state_clock_place_and_hash(browser):
    page = (await browser.get("/audit/case/C1")).text

    for text in (
        NO,
        "已决定(准予)",
        "2020-06-04",
        "计时中",
        "5 小时 0 分",
        "链值",
        "2020-06-01 10:00",
    ):
        assert text in page
    assert "此后又入账" not in page


async def test_the_page_of_the_past_says_that_it_is_the_past(browser):
    page = (await browser.get("/audit/case/C1", params={"at": "2020-06-01T12:00"})).text

    assert "已受理" in page
    assert "此后又入账 1 条" in page
    assert "已决定(准予)" not in page


async def test_what_a_source_said_is_shown_never_run(browser):
    page = await browser.get("/audit/case/C1")

    assert EVIL not in page.text
    assert "&lt;script&gt;" in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]


async def test_the_same_answer_comes_as_json(browser):
    answer = (await browser.get("/audit/case/C1/json", params={"at": "2020-06-01T12:00"})).json()

    assert (answer["case_no"], answer["state"], answer["later"]) == (NO, "ACC", 1)


@pytest.mark.parametrize(
    ("path", "status"),
    [("/audit/case/C9", 404), ("/audit?q=nothing", 404), ("/audit/case/C1?at=soon", 400),
     ("/audit/static/nothing.js", 404), ("/audit", 200), ("/audit/static/desk.css", 200)],
)  # fmt: skip
async def test_what_cannot_be_answered_is_said(browser, path, status):
    assert (await browser.get(path)).status_code == status


async def test_nothing_can_be_written_here(browser):
    for method in ("POST", "PUT", "DELETE"):
        assert (await browser.request(method, "/audit/case/C1")).status_code == 405
