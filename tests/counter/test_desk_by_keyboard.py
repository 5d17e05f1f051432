"""The negative loop and the hall at the counter, in a real Chromium, by keyboard only."""

import itertools
from pathlib import Path

import httpx
import pytest

from tests.counter import hall
from tests.counter.conftest import Clerk
from tests.counter.test_rooms import PEOPLE, STEPS

pytestmark = pytest.mark.browser
CONTRAST = (Path(__file__).parent / "contrast.js").read_text()
_numbers = itertools.count(1)


def negative(opened):
    """Give a case of 三星镇 that was concluded and rated with one star, under a real name."""
    key = f"NEG{next(_numbers)}"
    with httpx.Client(base_url=opened.url, headers={"X-API-Key": hall.KEY}) as door:

        def say(kind, data, actor):
            now = door.get("/v1/hall", params={"centre": "sanxing"}).json()["now"]
            answer = door.post("/v1/commands", json={
                "type": kind, "key": key, "occurred_at": now, "source_system": hall.SOURCE,
                "source_seq": f"{key}-{kind}", "data": data, "channel": "window", "actor": actor,
                "centre": "sanxing", "window": "sanxing-10"})  # fmt: skip
            assert answer.status_code == 201, answer.text

        for kind, (post, data) in list(STEPS.items())[:-1]:
            said = {**data, "case_no": key} if kind == "case.submit" else data
            say(kind, said, {"kind": "staff", "staff": PEOPLE[post], "post": post})
        rated = {"rating_id": f"r-{key}", "stars": 1, "via": "qr", "real_name": True}
        say("rating.submit", rated, {"kind": "citizen"})
    return key


@pytest.fixture
def officer(page, opened):
    """The rating officer of 三星镇, in the back office."""
    made = Clerk(page, opened)
    made.sign_in()
    made.take_shift("sanxing-ro")
    return made


def step(clerk, number, kind):
    """Press a number of the toolbar and send the form as it stands."""
    clerk.form(number, kind)
    clerk.press("Enter")


def on_desk(clerk, key, name):
    """Open the first negative; its step must be `name`."""
    clerk.press("Alt+n")
    clerk.sees(f"#negatives tr[data-case='{key}'][data-step='{name}']")
    clerk.press("Enter")
    clerk.sees("#neg-title:has-text('差评')")


def shows_step(clerk, words):
    clerk.sees(f"#stage header.case:has-text('{words}')")


def test_a_negative_goes_its_whole_way_by_keyboard(officer, opened):
    key = negative(opened)
    on_desk(officer, key, "verify")
    listed = officer.page.locator("#stage").text_content()
    step(officer, "1", "neg.precheck")
    officer.sees("#stage header.case:not(:has-text('预审'))")
    step(officer, "1", "neg.verify")
    shows_step(officer, "待整改")
    step(officer, "1", "neg.plan_rectification")
    officer.sees("#stage header.case:not(:has-text('整改计划'))")
    step(officer, "1", "neg.rectify")
    shows_step(officer, "待回访")
    officer.press("1")
    handed = officer.sees("#shift-form:has(#only)").text_content()
    officer.sees("[role=option]:has-text('sanxing-caller')")
    officer.press("Enter")
    officer.press("Enter")
    officer.sees("#form[data-type='neg.call_back']")
    officer.press("Enter")
    shows_step(officer, "待答复办结")
    officer.change_to("sanxing-ro")
    on_desk(officer, key, "reply")
    step(officer, "1", "neg.reply")
    officer.sees("#stage header.case:has-text('差评办结')")
    step(officer, "1", "neg.close")
    officer.sees("#negatives:has-text('没有未办结的差评')")

    assert "待核实，由评价专员" in listed
    assert "剩" in listed
    assert "须「回访专员」岗" in handed
    said = [event["type"] for event in opened.facts(f"rating/{key}")]
    assert said == ["rating.submitted", "neg.dispatched", "neg.prechecked", "neg.verified",
                    "neg.rectify_planned", "neg.rectified", "neg.called_back", "neg.replied",
                    "neg.closed"]  # fmt: skip


def test_a_step_out_of_turn_is_refused_in_one_sentence(officer, opened):
    key = negative(opened)
    on_desk(officer, key, "verify")
    step(officer, "2", "neg.verify")
    shows_step(officer, "待整改")
    with httpx.Client(base_url=opened.url, headers={"X-API-Key": hall.KEY}) as door:
        now = door.get("/v1/hall", params={"centre": "sanxing"}).json()["now"]
        actor = {"kind": "staff", "staff": "sanxing-ro", "post": "rating_officer"}
        door.post("/v1/commands", json={
            "type": "neg.rectify", "key": key, "occurred_at": now, "centre": "sanxing",
            "source_system": hall.SOURCE, "source_seq": f"{key}-other-desk", "actor": actor,
            "data": {"rating_id": f"r-{key}"}})  # fmt: skip
    step(officer, "2", "neg.rectify")
    panel = officer.sees("#refusal[data-code=E_STATE]").text_content()
    found = []
    for width, height in ((390, 844), (1366, 768)):
        officer.page.set_viewport_size({"width": width, "height": height})
        found += officer.page.evaluate(CONTRAST)
    officer.press("3")
    shows_step(officer, "待回访")

    assert "已经整改过了。" in panel
    assert found == []


def rate_the_visit(clerk):
    """The link of the visit that ended last is one Tab away; the citizen opens it and taps once."""
    clerk.sees(".rating svg.qr")
    focused = "document.activeElement.id === 'rate-link'"
    for _ in range(20):
        if clerk.page.evaluate(focused):
            break
        clerk.press("Tab")
    assert clerk.page.evaluate(focused)
    phone = clerk.page.context.new_page()
    phone.goto(clerk.page.locator("#rate-link").get_attribute("href"))
    phone.locator("button[value='4']").focus()
    phone.keyboard.press("Enter")
    phone.wait_for_selector(".said.good")
    phone.close()
    clerk.page.locator("#hall-title").focus()


def test_a_hall_works_by_keyboard(page, opened):
    clerk = Clerk(page, opened)
    clerk.sign_in()
    clerk.take_shift("sanxing-all", "10")
    clerk.press("Alt+h")
    clerk.sees("#hall-title")
    step(clerk, "6", "window.open")
    clerk.sees("tr[data-window=sanxing-10][data-status=open]")
    for count in (1, 2):
        step(clerk, "1", "ticket.issue")
        clerk.page.wait_for_function(
            "n => document.querySelectorAll('tr[data-status=WAIT]').length === n", arg=count
        )
    step(clerk, "2", "ticket.call")
    clerk.sees("tr[data-ticket][data-status=CALL]")
    step(clerk, "5", "ticket.pass_over")
    clerk.sees("tr[data-ticket][data-status=PASS]")
    step(clerk, "2", "ticket.call")
    clerk.sees("tr[data-ticket][data-status=CALL]")
    step(clerk, "3", "ticket.start_service")
    clerk.sees("tr[data-ticket][data-status=SERV]")
    step(clerk, "6", "window.open")
    panel = clerk.sees("#refusal[data-code=E_STATE]").text_content()
    clerk.press("Tab")
    clerk.page.locator("#refusal button:has-text('撤下不报')").focus()
    clerk.press("Enter")
    clerk.sees("#hall-title")
    step(clerk, "4", "ticket.finish_service")
    clerk.sees("#hall:not(:has(tr[data-status=SERV]))")
    rate_the_visit(clerk)
    step(clerk, "7", "window.close")
    clerk.sees("tr[data-window=sanxing-10][data-status=closed]")
    clerk.change_to("sanxing-corrector")
    clerk.press("Alt+h")
    clerk.sees("#hall-title")
    clerk.form("0", "hall.void_event")
    clerk.press("Tab")
    clerk.press("Tab")
    clerk.type("city-correct-1")
    clerk.press("Enter")
    clerk.press("Enter")
    clerk.sees("tr[data-window=sanxing-10][data-status=open]")

    assert "10 号窗口已经开着" in panel
    [rated] = [e for e in opened.facts("rating/sanxing.") if e["type"] == "rating.submitted"]
    assert (rated["data"]["data"]["stars"], rated["data"]["stamp"]["accept_window"]) == (
        4, "sanxing-10")  # fmt: skip
    told = [event["type"] for event in opened.facts("hall/sanxing.")]
    assert told == [
        "window.opened", "ticket.issued", "ticket.issued", "ticket.called", "ticket.no_show",
        "ticket.called", "ticket.service_started", "ticket.service_finished", "window.closed",
        "hall.event_voided", "hall.event_restamped"]  # fmt: skip
