"""The counter in a real Chromium, by keyboard only, over a real embedded ledger."""

import re
from hashlib import sha256
from pathlib import Path

import pytest

from tests.counter import hall

pytestmark = pytest.mark.browser

REFUSALS_MD = Path(__file__).parents[2] / "docs" / "refusals.md"
LINK = "http://127.0.0.1:8080/rate/20200601aabbccddeeff001122?t=ABCDEFGHIJKLMNOPQRSTUV"
FAR = LINK.replace("http://127.0.0.1:8080", "https://zwfw.example.gov.cn") + "x" * 30
QR = {LINK: "e22d6a7cc6ffe234", FAR: "e9c57d5d268b8702", "a": "ad65f877bf9411d1"}
"""Link → SHA-256 of its modules, row by row."""
CONTRAST = (Path(__file__).parent / "contrast.js").read_text()


def whole_case(clerk):
    """Enter, accept and transfer; sign; decide and conclude; issue: four people, no mouse."""
    clerk.submit()
    clerk.recorded("case.submitted")
    clerk.form("F4", "case.accept")
    clerk.press("Enter")
    clerk.recorded("case.accepted")
    clerk.form("F6", "case.transfer")
    clerk.press("Enter")
    clerk.state("TRN")
    clerk.recorded("case.transferred")
    clerk.change_to("sanxing-review-民政")
    clerk.form("F7", "case.receive_transfer")
    clerk.press("Enter")
    clerk.recorded("case.transfer_received")
    clerk.change_to("sanxing-approve-民政")
    clerk.form("F8", "case.decide")
    clerk.press("Enter")
    clerk.recorded("case.decision_made")
    clerk.form("F9", "case.conclude")
    clerk.press("Enter")
    clerk.recorded("case.concluded")
    clerk.change_to("sanxing-10-c", "10")
    clerk.form("F10", "case.issue")
    clerk.press("Enter")
    clerk.recorded("case.issued")


KINDS = ["case.submitted", "case.accepted", "case.transferred", "case.transfer_received",
         "case.decision_made", "case.concluded", "case.issued"]  # fmt: skip


def test_a_whole_case_by_keyboard_and_the_citizen_rates_it(clerk, browser):
    whole_case(clerk)
    link = clerk.page.locator("#rate-link").get_attribute("href")
    phone = browser.new_context(viewport={"width": 390, "height": 844}, java_script_enabled=False)
    citizen = phone.new_page()
    citizen.goto(link)
    levels = citizen.locator("button b").all_text_contents()
    citizen.locator("button", has_text="非常满意").first.click()
    thanks = citizen.locator(".said").text_content()
    citizen.goto(link)
    again = citizen.locator(".said").text_content()
    citizen.goto(link.replace("t=", "t=x"))
    stranger = citizen.locator(".said").text_content()
    phone.close()

    assert levels == ["非常满意", "满意", "基本满意", "不满意", "非常不满意"]
    assert ("谢谢" in thanks, "已经评价过" in again, "E_AUTH" in stranger) == (True, True, True)
    facts = clerk.facts("case", "rating")
    assert sorted(e["type"] for e in facts) == sorted([*KINDS, "rating.submitted"])
    assert {e["sourcesystem"] for e in facts} == {hall.SOURCE, "rate-page"}
    said = next(e for e in facts if e["type"] == "rating.submitted")["data"]["data"]
    assert (said["stars"], said["via"], said["real_name"]) == (5, "qr", False)
    assert said["elapsed_ms"] >= 0
    posts = {e["type"]: e["actorpost"] for e in facts if "actorpost" in e}
    assert posts["case.issued"] == "issue"
    assert all("flags" not in e["data"]["stamp"] for e in facts)


def test_a_refusal_is_said_in_chinese_and_offers_what_is_legal(clerk):
    clerk.submit()
    clerk.recorded("case.submitted")
    clerk.form("F6", "case.transfer")
    clerk.press("Enter")
    panel = clerk.sees("#refusal[data-code=E_STATE]")

    assert "办件现在是「已收件」，不能再登记「转办」" in panel.text_content()
    assert clerk.page.evaluate("document.activeElement.textContent").startswith("改办「受理」")
    clerk.press("1")
    clerk.sees("#form[data-type='case.accept']")
    clerk.press("Enter")
    clerk.recorded("case.accepted")
    assert clerk.page.locator("#outbox").is_hidden()


def test_the_wrong_window_is_said_before_it_is_entered(clerk):
    clerk.form("F2", "case.submit")
    clerk.type("施工许可")
    clerk.press("Enter")
    warning = clerk.sees(".note.bad").text_content()
    clerk.press("Enter")
    clerk.recorded("case.submitted")
    clerk.form("F4", "case.accept")
    again = clerk.sees(".note.bad").text_content()
    clerk.press("Enter")
    clerk.recorded("case.accepted")

    assert "请引导申请人到 12 号 窗口" in warning
    assert "建设综合窗口" in again
    accepted = clerk.facts()[-1]
    assert accepted["data"]["stamp"]["wrong_window"] is True


def test_a_void_takes_two_people_and_what_depends_on_it(clerk):
    clerk.submit()
    clerk.recorded("case.submitted")
    clerk.form("F4", "case.accept")
    clerk.press("Enter")
    clerk.recorded("case.accepted")
    clerk.change_to("sanxing-corrector")
    clerk.form("Alt+v", "case.void_event")
    clerk.press("End")
    clerk.press("Tab")
    clerk.press("Tab")
    clerk.type("city-correct-1")
    clerk.press("Enter")
    clerk.press("Enter")
    panel = clerk.sees("#refusal[data-code=E_DEPENDENT]").text_content()
    clerk.press("1")
    clerk.state("VOI")

    assert "须一并作废" in panel
    voided = next(e for e in clerk.facts() if e["type"] == "case.event_voided")
    said = voided["data"]["data"]
    assert (said["requested_by"], said["approved_by"]) == ("sanxing-corrector", "city-correct-1")
    assert said["cascade"] == [said["target"][:-1] + "2"]


def test_a_rejection_needs_its_reason_and_remedies(clerk):
    clerk.submit("lnryd")
    clerk.recorded("case.submitted")
    clerk.form("F4", "case.accept")
    clerk.press("Enter")
    clerk.recorded("case.accepted")
    clerk.change_to("sanxing-approve-卫健委")
    clerk.form("F8", "case.decide")
    clerk.press("ArrowDown")
    clerk.press("Enter")
    panel = clerk.sees("#refusal[data-code=E_FIELD]").text_content()
    clerk.press("1")
    clerk.sees("#form fieldset:not([hidden]) [name=reason_code]:focus")
    clerk.press("ArrowDown")
    clerk.press("Tab")
    clerk.press("Space")
    clerk.press("Enter")
    clerk.state("DEC-")
    clerk.recorded("case.decision_made")

    assert "须写明理由，并告知救济途径" in panel
    said = clerk.facts()[-1]["data"]["data"]
    assert (said["outcome"], said["reason_code"], said["remedies_told"]) == (
        "rejected",
        "not_qualified",
        True,
    )


def test_the_work_list_leads_to_what_waits_here(clerk):
    clerk.submit()
    clerk.recorded("case.submitted")
    number = clerk.no()
    clerk.form("F4", "case.accept")
    clerk.press("Enter")
    clerk.recorded("case.accepted")
    clerk.form("F6", "case.transfer")
    clerk.press("Enter")
    clerk.recorded("case.transferred")
    clerk.submit("lsjz")
    clerk.change_to("sanxing-review-民政")
    clerk.sees(f"[data-list=sign] button:has-text('{number}')")
    clerk.press("Alt+w")
    rows = clerk.page.locator("#work button").all_text_contents()
    for _ in range(next(n for n, row in enumerate(rows) if number in row)):
        clerk.press("ArrowDown")
    clerk.press("Enter")
    clerk.page.wait_for_function(
        "no => document.querySelector('#case-title')?.textContent.includes(no)", arg=number
    )
    clerk.press("F3")
    clerk.sees("#q")
    clerk.type(number[-12:])
    clerk.press("Enter")
    clerk.sees("[data-list=found] button")

    assert clerk.no() == number


def test_letters_stand_out_and_nothing_is_cut(clerk):
    """WCAG AA: 4.5:1 for text, on every screen a clerk sees; no sideways scrolling."""
    found = []

    def judge(where):
        for width, height in ((390, 844), (1366, 768)):
            clerk.page.set_viewport_size({"width": width, "height": height})
            found.extend((where, width, *each) for each in clerk.page.evaluate(CONTRAST))

    judge("ready")
    clerk.form("F2", "case.submit")
    clerk.type("施工许可")
    judge("search")
    clerk.press("Enter")
    judge("wrong window")
    clerk.press("Enter")
    clerk.recorded("case.submitted")
    clerk.form("F6", "case.transfer")
    clerk.press("Enter")
    clerk.sees("#refusal")
    judge("refusal")
    clerk.press("Alt+q")
    judge("outbox")

    assert found == []


@pytest.fixture
def modules(page, opened):
    """A page that can import the counter's modules, without anybody on duty."""
    page.goto(f"{opened.url}/counter/static/rate.css")
    return page


def test_pinyin_initials_of_items(modules):
    found = modules.evaluate(
        """async (names) => {
            const { initials } = await import('/counter/static/initials.js');
            return names.map(initials);
        }""",
        ["高龄津贴申领", "殡葬补助", "残疾人证核发", "12345热线"],
    )

    assert found == ["gljtsl", "bzbz", "cjrzhf", "12345rx"]


def test_the_qr_code_is_the_one_a_library_makes(modules):
    """Compared once, by hand, with `qrcode` 8 (level M, mask 0): no module differed."""
    found = modules.evaluate(
        """async (links) => {
            const { matrix } = await import('/counter/static/qr.js');
            const text = (rows) => rows.map((row) => row.map(Number).join('')).join('\\n');
            return links.map((link) => text(matrix(link)));
        }""",
        list(QR),
    )

    assert [sha256(rows.encode()).hexdigest()[:16] for rows in found] == list(QR.values())


def test_every_refusal_of_the_page_has_a_chinese_sentence(modules):
    rows = [line.split("|") for line in REFUSALS_MD.read_text().splitlines()]
    said = [
        {"code": row[2].strip().strip("`"), "message": row[4].strip()}
        for row in rows
        if len(row) > 5 and row[1].strip().isdecimal()
    ]
    told = modules.evaluate(
        """async (said) => {
            const { sentence } = await import('/counter/static/words.js');
            return said.map(sentence);
        }""",
        said,
    )

    assert len(told) >= 15
    assert [t for t in told if not re.match(r"[「\u4e00-\u9fffA-Za-z0-9]", t) or "E_" in t] == []
    assert [t for t in told if not re.search(r"[\u4e00-\u9fff]{3}", t)] == []
