"""A clerk's first day: what somebody who read no page of docs/ tripped over, by keyboard."""

from pathlib import Path

import pytest

from tests.counter.conftest import Clerk
from tests.counter.test_desk_by_keyboard import negative, step

pytestmark = pytest.mark.browser
CONTRAST = (Path(__file__).parent / "contrast.js").read_text()
ONE_POST_MORE = """() => {
    const shift = JSON.parse(sessionStorage.getItem('tz.shift'));
    sessionStorage.setItem('tz.shift', JSON.stringify({ ...shift, posts: ['approve', 'review'] }));
}"""
BOTTOM = "(where) => document.querySelector(where).getBoundingClientRect().bottom"
FOCUS = "() => document.activeElement.closest('.field')?.querySelector('label')?.textContent"


def offered(clerk):
    """Give the people, or items, that the open list offers."""
    return clerk.page.locator("[role=option] b").all_text_contents()


def search(clerk, typed):
    clerk.press("Control+a")
    clerk.type(typed)
    clerk.sees("[role=listbox]:not([hidden])")
    return offered(clerk)


def accepted(clerk):
    clerk.submit()
    clerk.recorded("case.submitted")
    step(clerk, "F4", "case.accept")
    clerk.recorded("case.accepted")


def decided(clerk):
    """A case that one person decides on the spot, up to the decision."""
    clerk.submit("lnryd")
    clerk.recorded("case.submitted")
    step(clerk, "F4", "case.accept")
    clerk.recorded("case.accepted")
    clerk.press("F8")
    clerk.sees("#shift-form:has(#only)")
    clerk.sees("[role=option]")
    clerk.press("Enter")
    clerk.press("Enter")
    clerk.sees("#form[data-type='case.decide']")
    clerk.press("Enter")
    clerk.recorded("case.decision_made")


def of_person(clerk):
    """Go to the person's field of the shift form."""
    clerk.press("Alt+s")
    clerk.sees("#shift-form[data-ready=yes]")
    clerk.press("Tab")
    clerk.press("Tab")


def test_people_are_found_by_post_and_department(clerk):
    of_person(clerk)

    assert search(clerk, "更正")[0] == "sanxing-corrector"
    assert search(clerk, "gz")[0] == "sanxing-corrector"
    assert set(search(clerk, "db")[:2]) == {"sanxing-all", "sanxing-guide"}
    assert search(clerk, "民政")[:2] == ["sanxing-review-民政", "sanxing-approve-民政"]
    assert search(clerk, "审批 mz")[0] == "sanxing-approve-民政"
    assert search(clerk, "city-correct-1") == ["city-correct-1"]
    own = search(clerk, "审批")
    assert all(each.startswith("sanxing") for each in own[:5])


def test_letters_in_order_are_the_last_resort_of_a_search(clerk):
    ranks = clerk.page.evaluate(
        """async (typed) => {
            const { fits } = await import('/counter/static/initials.js');
            const names = ['低保', '低保金', '城乡低保', '最低生活保障', '保低'];
            return names.map((name) => typed.map((each) => fits([name], 'x', each)));
        }""",
        ["低保", "db"],
    )
    clerk.form("F2", "case.submit")

    assert search(clerk, "低保") == ["最低生活保障对象认定"]
    assert "最低生活保障对象认定" in search(clerk, "zdsb")
    assert [han for han, _ in ranks] == sorted((han for han, _ in ranks), reverse=True)
    assert [letters for _, letters in ranks] == sorted((it for _, it in ranks), reverse=True)
    assert ranks[3][0] > ranks[4][0] == 0


def test_who_lacks_the_post_is_led_to_who_holds_it(clerk):
    """Buttons tell it, and the form is not filled in vain; the person of the case comes first."""
    accepted(clerk)
    look = "getComputedStyle(document.querySelector('.actions [data-type=\"{}\"]')).backgroundColor"
    may, other = (
        clerk.page.evaluate(look.format(kind)) for kind in ("case.transfer", "case.void_event")
    )
    said = clerk.page.locator(".actions [data-type='case.void_event']").text_content()
    keys = clerk.page.locator("#keys .other").all_text_contents()
    clerk.press("Alt+v")
    clerk.sees("#shift-form #only")
    clerk.sees("[role=option]")

    assert may != other
    assert "须更正岗" in said
    assert keys == ["F8 审批", "Alt+V 作废"]
    assert offered(clerk) == ["sanxing-corrector"]
    clerk.press("Enter")
    assert clerk.page.locator("#post").input_value() == "corrector"
    clerk.press("Enter")
    clerk.sees("#form[data-type='case.void_event']")


def test_a_refusal_for_want_of_a_post_opens_the_shift_filtered(clerk):
    """The post was taken away meanwhile: the page did not know, the ledger refuses."""
    accepted(clerk)
    step(clerk, "F6", "case.transfer")
    clerk.recorded("case.transferred")
    clerk.change_to("sanxing-review-民政")
    step(clerk, "F7", "case.receive_transfer")
    clerk.recorded("case.transfer_received")
    clerk.page.evaluate(ONE_POST_MORE)
    clerk.page.reload()
    clerk.sees("#work:not([hidden])")
    clerk.press("Alt+w")
    clerk.sees("[data-list=held] button")
    clerk.press("Alt+w")
    clerk.press("Enter")
    clerk.sees("#case-title")
    step(clerk, "F8", "case.decide")
    clerk.sees("#refusal[data-code=E_AUTH]")
    clerk.press("Alt+s")
    clerk.sees("#shift-form #only")
    clerk.press("Escape")
    clerk.press("Escape")
    panel = clerk.sees("#refusal[data-code=E_AUTH]").text_content()
    clerk.press("1")
    clerk.sees("#shift-form #only")
    clerk.sees("[role=option]")
    first = offered(clerk)[0]
    clerk.press("Enter")
    clerk.press("Enter")
    clerk.sees("#form[data-type='case.decide']")
    clerk.press("Enter")
    clerk.recorded("case.decision_made")

    assert "换班（须「审批」岗）" in panel
    assert first == "sanxing-approve-民政"
    assert "已入账" in clerk.page.locator("#said").text_content()


def test_the_approver_of_a_void_is_chosen_from_who_may(clerk, opened):
    """Not the corrector, not who entered the fact; what the ledger refuses leads to that field."""
    accepted(clerk)
    case = clerk.case()
    clerk.change_to("sanxing-corrector")
    clerk.form("Alt+v", "case.void_event")
    clerk.press("Tab")
    clerk.press("Tab")
    clerk.sees("[role=option]")
    people = offered(clerk)
    clerk.press("Enter")
    clerk.page.evaluate(
        "() => { document.querySelector('[name=approved_by]').value = 'sanxing-guide'; }"
    )
    clerk.press("Enter")
    panel = clerk.sees("#refusal[data-code=E_AUTH]").text_content()
    clerk.press("1")
    clerk.sees("#form[data-type='case.void_event']")
    focus = clerk.page.evaluate(FOCUS)
    clerk.sees("[role=option]")
    clerk.press("Enter")
    clerk.press("Enter")
    clerk.recorded("case.event_voided")

    assert people == ["city-correct-1", "city-correct-2"]
    assert "审批人 sanxing-guide 没有「更正审批」岗" in panel
    assert focus == "审批人"
    facts = opened.facts(f"case/{case}")
    voided = next(each for each in facts if each["type"] == "case.event_voided")
    assert voided["data"]["data"]["approved_by"] == "city-correct-1"


def test_a_search_for_a_case_says_beside_the_box_what_it_did_not_find(clerk):
    clerk.submit()
    clerk.recorded("case.submitted")
    number = clerk.no()
    clerk.press("F3")
    clerk.sees("#q")
    clerk.type("999999")
    clerk.press("Enter")
    said = clerk.sees("#not-found:has-text('没有查到')").text_content()
    hint = clerk.page.locator("#stage form button").text_content()
    clerk.type(number)
    gone = clerk.page.locator("#not-found").text_content()
    typed = clerk.page.locator("#q").input_value()
    clerk.press("Enter")
    clerk.sees("#case-title")
    clerk.press("F3")
    clerk.sees("#q")
    clerk.type("1")

    assert "999999" in said
    assert hint == "查找 Enter"
    assert (gone, typed) == ("", number)
    assert clerk.page.locator("#q").input_value() == "1"
    assert clerk.page.locator("#said").text_content() == ""


def test_no_window_is_chosen_for_anybody(clerk):
    """From the back office one comes back to one's last window; a stranger's terminal asks."""
    clerk.change_to("sanxing-review-民政")
    back_office = clerk.page.locator("#shift").text_content()
    of_person(clerk)
    clerk.type("sanxing-10-c")
    clerk.press("Enter")
    clerk.press("Enter")
    clerk.sees("#shift:has-text('sanxing-10-c')")
    again = clerk.page.locator("#shift").text_content()
    clerk.page.evaluate("() => localStorage.removeItem('tz.windows')")
    clerk.change_to("sanxing-review-民政")
    clerk.page.evaluate("() => localStorage.removeItem('tz.windows')")
    of_person(clerk)
    clerk.type("sanxing-10-c")
    clerk.press("Enter")
    clerk.press("Enter")
    asks = clerk.sees("#shift-form .wrong:has-text('窗口')").text_content()
    focus = clerk.page.evaluate("() => document.activeElement.id")

    assert "后台" in back_office
    assert "10 号" in again
    assert "请选窗口" in asks
    assert focus == "window"


def test_the_bar_says_the_number_that_a_citizen_gets(clerk):
    clerk.submit()
    clerk.sees(f"#said:has-text('已入账：收件 办件 {clerk.no()}')")
    clerk.form("F6", "case.transfer")
    old = clerk.page.locator("#said").text_content()
    clerk.press("Enter")
    clerk.sees("#refusal")

    assert old == ""
    assert clerk.page.locator("#said").text_content() == f"台账退回：转办 办件 {clerk.no()}"


def test_names_stand_where_codes_stood(clerk):
    clerk.submit()
    clerk.recorded("case.submitted")
    received = clerk.page.locator("#timeline li").text_content()
    clerk.change_to("sanxing-corrector")
    clerk.form("Alt+v", "case.void_event")
    clerk.press("Tab")
    clerk.press("Tab")
    clerk.sees("[role=option]")
    clerk.press("Enter")
    clerk.press("Enter")
    clerk.state("VOI")
    clerk.recorded("case.event_voided")
    head = clerk.page.locator("header.case").text_content()
    line = clerk.page.locator("#timeline li[data-event='case.event_voided']").text_content()

    assert "10 号窗口" in received
    assert "sanxing-10 " not in received + " "
    assert "高龄津贴申领" in head
    assert "作废：收件，录错办件，审批人 city-correct-1" in line
    assert "case/" not in line
    assert "三星镇为民服务中心" in line


def test_a_shift_change_leads_back_to_hall_and_negatives(clerk, opened):
    clerk.press("Alt+h")
    clerk.sees("#hall-title")
    clerk.change_to("sanxing-guide")
    clerk.sees("#hall-title")
    key = negative(opened)
    clerk.press("Alt+n")
    clerk.sees(f"#negatives tr[data-case='{key}']")
    clerk.change_to("sanxing-ro")
    clerk.sees(f"#negatives tr[data-case='{key}']")
    clerk.press("Alt+s")
    clerk.sees("#shift-form[data-ready=yes]")
    clerk.press("Escape")
    clerk.sees(f"#negatives tr[data-case='{key}']")


def test_in_the_hall_it_shows_who_may_do_what_and_when(page, opened):
    clerk = Clerk(page, opened)
    clerk.sign_in()
    clerk.take_shift("sanxing-all", "10")
    clerk.press("Alt+h")
    clerk.sees("#hall-title")
    empty = clerk.page.locator("[data-type='ticket.call']").get_attribute("class")
    step(clerk, "1", "ticket.issue")
    clerk.sees("tr[data-status=WAIT]")
    clerk.sees("#said:has-text('已入账：取号 A001')")
    may = clerk.page.locator("[data-type='ticket.call']").get_attribute("class")
    clerk.change_to("sanxing-guide")
    clerk.sees("[data-type='ticket.call'].other:has-text('须')")
    clerk.press("2")
    clerk.sees("#shift-form #only")
    clerk.sees("[role=option]")
    people = offered(clerk)
    clerk.press("Escape")
    clerk.press("Escape")
    clerk.sees("#hall-title")

    assert (empty, may) == ("dim", "plain")
    assert people[:2] == ["sanxing-all", "sanxing-01-c"]
    assert "sanxing-guide" not in people


def test_what_was_handed_out_stays_in_a_list_until_it_is_concluded(clerk):
    decided(clerk)
    clerk.change_to("sanxing-10-c", "10")
    step(clerk, "F10", "case.issue")
    clerk.recorded("case.issued")
    number = clerk.no()
    clerk.sees(f"[data-list=conclude] button:has-text('{number}')")
    next_ = clerk.page.locator("#next").text_content()
    clerk.sees("#said:has-text('下一步：办结')")
    step(clerk, "F9", "case.conclude")
    clerk.recorded("case.concluded")
    clerk.sees(f"#work:not(:has([data-list=conclude] button:has-text('{number}')))")

    assert next_ == "办结（F9）"


@pytest.mark.parametrize("place", ["hall", "case", "form"])
def test_the_last_row_can_be_read(clerk, place):
    """Nothing ends under the key bar: the last window of sixteen, the last fact of a long case."""
    last = "#timeline li:last-child"
    if place == "hall":
        clerk.press("Alt+h")
        clerk.sees("#hall-title")
        last = "#hall table:first-child tr:last-child"
    else:
        accepted(clerk)
    if place == "form":
        clerk.form("F6", "case.transfer")
    clerk.page.set_viewport_size({"width": 1366, "height": 330})
    for _ in range(4):
        clerk.press("PageDown")
    clerk.page.wait_for_function(
        """row => document.querySelector(row).getBoundingClientRect().bottom + 40
            < document.querySelector('#keys').getBoundingClientRect().top""",
        arg=last,
    )


def test_what_the_first_day_shows_stands_out(clerk):
    """WCAG AA on the screens of this page, wide and narrow, as in test_by_keyboard."""
    found = []

    def judge(where):
        for width, height in ((390, 844), (1366, 768)):
            clerk.page.set_viewport_size({"width": width, "height": height})
            found.extend((where, width, *each) for each in clerk.page.evaluate(CONTRAST))

    accepted(clerk)
    judge("buttons")
    clerk.press("Alt+v")
    clerk.sees("[role=option]")
    judge("hand over")
    clerk.press("Enter")
    clerk.press("Enter")
    clerk.sees("#form")
    clerk.press("Tab")
    clerk.press("Tab")
    clerk.sees("[role=option]")
    judge("approver")
    clerk.press("F3")
    clerk.type("999999")
    clerk.press("Enter")
    clerk.sees("#not-found:has-text('没有查到')")
    judge("find")
    clerk.press("Alt+h")
    clerk.sees("#hall-title")
    judge("hall")
    clerk.press("1")
    clerk.sees("#shift-form #only")
    judge("whole list")

    assert found == []


def test_sixteen_windows_are_seen_at_once(clerk):
    clerk.press("Alt+h")
    clerk.sees("#hall-title")
    bottom = clerk.page.evaluate(BOTTOM, "#hall table:first-child tr:last-child")

    assert clerk.page.locator("#hall table:first-child tr").count() == 16
    assert bottom < clerk.page.evaluate(BOTTOM, "#stage")
