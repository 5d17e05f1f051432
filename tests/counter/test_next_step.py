"""What is next stands out from what may be done too, and who is meant comes first."""

import json
import urllib.request

import pytest

from tests.counter.conftest import Clerk
from tests.counter.hall import KEY, SOURCE
from tests.counter.test_first_day import accepted, decided, offered, step

pytestmark = pytest.mark.browser
LOOKS = """() => Object.fromEntries([...document.querySelectorAll('#stage .actions [data-type]')]
    .map((button) => [button.dataset.type, button.className]))"""


def looks(clerk):
    """How each command of the toolbar looks: '' filled, plain outlined, other broken, dim grey."""
    return clerk.page.evaluate(LOOKS)


def test_on_a_case_only_the_next_step_is_filled(clerk):
    clerk.submit()
    clerk.recorded("case.submitted")
    received = looks(clerk)
    accepted(clerk)
    taken = looks(clerk)
    decided(clerk)
    clerk.change_to("sanxing-10-c", "10")
    granted = looks(clerk)

    assert (received["case.accept"], taken["case.transfer"]) == ("", "")
    assert (granted["case.issue"], granted["case.conclude"]) == ("", "plain")
    for seen in (received, taken, granted):
        assert list(seen.values()).count("") == 1


def test_a_next_step_of_another_post_is_marked_as_the_next(clerk):
    clerk.submit("lnryd")
    clerk.recorded("case.submitted")
    step(clerk, "F4", "case.accept")
    clerk.recorded("case.accepted")
    seen = looks(clerk)

    assert seen["case.decide"] == "other next"
    assert seen["case.void_event"] == "other"


def test_in_the_hall_the_next_step_is_that_of_ones_own_window(page, opened):
    clerk = Clerk(page, opened)
    clerk.sign_in()
    clerk.take_shift("sanxing-all", "10")
    clerk.press("Alt+h")
    clerk.sees("#hall-title")
    seen = []
    for key, kind, done in (
        ("1", "ticket.issue", "tr[data-ticket][data-status=WAIT]"),
        ("6", "window.open", "tr[data-window=sanxing-10][data-status=open]"),
        ("2", "ticket.call", "tr[data-ticket][data-status=CALL]"),
        ("3", "ticket.start_service", "tr[data-ticket][data-status=SERV]"),
        ("4", "ticket.finish_service", "#hall:not(:has(tr[data-status=SERV]))"),
        ("8", "window.pause", "tr[data-window=sanxing-10][data-status=paused]"),
        ("7", "window.close", "tr[data-window=sanxing-10][data-status=closed]"),
    ):
        step(clerk, key, kind)
        clerk.sees(done)
        seen.append([each for each, look in looks(clerk).items() if look == ""])

    assert seen == [
        ["window.open"], ["ticket.call"], ["ticket.start_service"], ["ticket.finish_service"], [],
        ["window.resume"], ["window.open"],
    ]  # fmt: skip


def comes(clerk, staff, window):
    """Somebody else comes into the hall."""
    clerk.change_to(staff, window)
    clerk.sees("#hall-title")


def who_calls(clerk):
    """Give who is offered first to call a number."""
    clerk.press("2")
    clerk.sees("#shift-form #only")
    clerk.sees("[role=option]")
    first = offered(clerk)[0]
    clerk.press("Escape")
    clerk.press("Escape")
    clerk.sees("#hall-title")
    return first


def test_whoever_sits_at_ones_own_window_comes_first_to_call_a_number(page, opened):
    """By the hall while somebody sits there, else by who sat there last at this terminal."""
    clerk = Clerk(page, opened)
    clerk.sign_in()
    clerk.take_shift("sanxing-all", "12")
    clerk.press("Alt+h")
    clerk.sees("#hall-title")
    step(clerk, "1", "ticket.issue")
    clerk.sees("tr[data-ticket][data-status=WAIT]")
    comes(clerk, "sanxing-12-c", "12")
    first = []
    for window in ("12", ""):
        comes(clerk, "sanxing-guide", window)
        first.append(who_calls(clerk))
    comes(clerk, "sanxing-all", "12")
    step(clerk, "6", "window.open")
    clerk.sees("tr[data-window=sanxing-12][data-status=open]")
    comes(clerk, "sanxing-12-c", "12")
    comes(clerk, "sanxing-guide", "")
    first.append(who_calls(clerk))

    assert first == ["sanxing-12-c", "sanxing-12-c", "sanxing-all"]


def submitted(hall, number, **applicant):
    command = {
        "type": "case.submit", "key": f"case-{number}", "occurred_at": "2020-06-01T09:00:01+08:00",
        "source_system": SOURCE, "source_seq": f"applicant-{number}", "centre": "sanxing",
        "window": "sanxing-10", "channel": "window",
        "actor": {"kind": "staff", "staff": "sanxing-10-c", "post": "accept"},
        "data": {"case_no": number, "item": hall.item, **applicant},
    }  # fmt: skip
    request = urllib.request.Request(  # noqa: S310
        f"{hall.url}/v1/commands", json.dumps(command).encode(),
        {"X-API-Key": KEY, "Content-Type": "application/json"},
    )  # fmt: skip
    urllib.request.urlopen(request).close()  # noqa: S310


def test_a_case_shows_the_kind_of_its_applicant_and_the_end_of_the_mark(clerk, opened):
    clerk.submit()
    clerk.recorded("case.submitted")
    none = clerk.page.locator("#applicant").count()
    opened.item = clerk.facts()[0]["data"]["data"]["item"]
    submitted(opened, "2020060199990000001", applicant_ref="00112233445566778899aabb00003f2a")
    submitted(opened, "2020060199990000002", applicant_ref="0" * 28 + "beef", applicant_kind=2)
    seen = []
    for number in ("2020060199990000001", "2020060199990000002"):
        clerk.press("F3")
        clerk.sees("#q")
        clerk.type(number)
        clerk.press("Enter")
        clerk.sees(f"#case-title:has-text('{number}')")
        seen.append(clerk.page.locator("#applicant").text_content())

    assert (none, seen) == (0, ["…3f2a", "企业 · …beef"])
