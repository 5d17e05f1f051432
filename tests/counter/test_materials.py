"""材料 at the counter, by keyboard only: a checklist at 收件, what is missing named at 受理."""

import pytest

pytestmark = pytest.mark.browser


def start(clerk, letters, ticks):
    """收件 with some boxes of the checklist ticked: the first ticks them all."""
    clerk.form("F2", "case.submit")
    clerk.type(letters)
    clerk.press("Enter")
    clerk.sees("#form fieldset")
    clerk.press("Tab")
    for n in range(ticks + 1):
        if n:
            clerk.press("Space")
        clerk.press("Tab")
    clerk.press("Enter")
    clerk.recorded("case.submitted")


def said(clerk, kind):
    """What the book holds of a fact of the case on the desk."""
    return next(e["data"]["data"] for e in clerk.facts() if e["type"] == kind)


def test_what_is_missing_is_named_and_taken_on_the_spot(clerk):
    start(clerk, "cjrzhf", 1)
    assert said(clerk, "case.submitted")["materials"] == ["m1"]
    assert "缺 户口簿、残疾评定表" in clerk.page.locator("#next").text_content()

    clerk.form("F4", "case.accept")
    assert "缺 户口簿、残疾评定表" in clerk.page.locator("#missing").text_content()
    clerk.press("Enter")
    clerk.sees("#refusal[data-code=E_FIELD]")
    assert "还缺 户口簿" in clerk.page.locator("#refusal").text_content()
    clerk.form("1", "case.correct_material")
    for _ in range(2):
        clerk.press("Space")
        clerk.press("Tab")
    clerk.press("Enter")
    clerk.recorded("case.material_corrected_on_spot")
    clerk.form("F4", "case.accept")
    assert clerk.page.locator("#missing").count() == 0
    clerk.press("Enter")
    clerk.recorded("case.accepted")


def test_what_may_follow_is_ticked_at_the_acceptance(clerk):
    clerk.change_to("sanxing-04-c", "04")
    start(clerk, "cxjmylbxdysl", 3)
    clerk.form("F4", "case.accept")
    assert "缺 参保缴费记录、银行账户证明" in clerk.page.locator("#missing").text_content()
    for _ in range(2):
        clerk.press("Space")
        clerk.press("Tab")
    clerk.press("Enter")
    clerk.recorded("case.accepted")

    assert said(clerk, "case.accepted")["deferred"] == ["m8", "m9"]
    clerk.change_to("sanxing-10-c", "10")
