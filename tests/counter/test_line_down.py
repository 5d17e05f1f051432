"""A line that is down, an answer that is lost, an Enter pressed twice: nothing lost or doubled."""

import pytest

pytestmark = pytest.mark.browser

DOWN = "#lamp.down"
EMPTY = "() => document.querySelector('#outbox').hidden"


def types(events):
    return [e["type"] for e in events]


def test_a_killed_server_loses_nothing_and_doubles_nothing(clerk, opened):
    """Work goes on without a line, two cases at once; what waited comes in order, with a reason.

    The first acceptance was sent before anybody knew, and keeps its bytes until, three days later,
    the ledger asks for a reason.
    """
    clerk.submit()
    clerk.recorded("case.submitted")
    opened.kill()
    clerk.form("F4", "case.accept")
    clerk.press("Enter")
    clerk.sees(DOWN)
    clerk.form("F6", "case.transfer")
    clerk.press("Enter")
    clerk.sees("#status[data-status=TRN]")
    both = [clerk.case()]
    clerk.submit("lsjz")
    clerk.form("F4", "case.accept")
    clerk.press("Enter")
    clerk.sees("#waiting:has-text('待上报 4 件')")
    both.append(clerk.case())
    opened.let_pass(days=3)
    opened.start()
    clerk.page.wait_for_function(EMPTY)

    cases = {}
    for event in opened.facts(*(f"case/{case}" for case in both)):
        cases.setdefault(event["subject"], []).append(event)
    assert sorted(types(events) for events in cases.values()) == [
        ["case.submitted", "case.accepted"],
        ["case.submitted", "case.accepted", "case.transferred"],
    ]
    late = [e for events in cases.values() for e in events if e.get("latereason") == "line_down"]
    assert len(late) == 4
    assert all("late" in e["data"]["stamp"]["flags"] for e in late)
    assert all(e["time"] <= e["recordedat"] for e in late)


def test_what_waits_survives_a_reload(clerk, opened):
    context = clerk.page.context
    context.route("**/v1/commands", lambda route: route.abort())
    clerk.submit()
    clerk.sees("#waiting:has-text('待上报 1 件')")
    case = clerk.case()
    clerk.page.reload()
    clerk.sees("#waiting:has-text('待上报 1 件')")
    context.unroute_all()
    clerk.page.wait_for_function(EMPTY)

    assert types(opened.facts(f"case/{case}")) == ["case.submitted"]


def test_a_lost_answer_makes_no_second_fact(clerk):
    """The ledger has it, the page never hears: it asks again with the same bytes."""
    lost = []

    def lose(route):
        if len(lost) < 2:
            lost.append(route.fetch().status)
            route.abort()
        else:
            route.continue_()

    clerk.page.context.route("**/v1/commands", lose)
    clerk.submit()
    clerk.sees("#said:has-text('已入账')")
    clerk.page.wait_for_function(EMPTY)

    assert lost == [201, 200]
    assert types(clerk.facts()) == ["case.submitted"]


def test_a_double_enter_is_one_command(clerk):
    clerk.form("F2", "case.submit")
    clerk.type("gljt")
    clerk.press("Enter")
    clerk.page.evaluate(
        "() => { const f = document.querySelector('#form'); f.requestSubmit(); f.requestSubmit(); }"
    )
    clerk.recorded("case.submitted")
    clerk.form("F4", "case.accept")
    clerk.press("Enter")
    clerk.press("Enter")
    clerk.recorded("case.accepted")

    assert types(clerk.facts()) == ["case.submitted", "case.accepted"]


def test_after_a_refusal_the_later_ones_of_the_case_wait(clerk, opened):
    """Composed without a line; the second is refused, so the third must not overtake a person."""
    context = clerk.page.context
    context.route("**/v1/commands", lambda route: route.abort())
    clerk.submit()
    clerk.form("F6", "case.transfer")  # Refused later: nothing was accepted.
    clerk.press("Enter")
    clerk.sees("#waiting:has-text('待上报 2 件')")
    clerk.form("F4", "case.accept")
    clerk.press("Enter")
    clerk.sees("#waiting:has-text('待上报 3 件')")
    case = clerk.case()
    clerk.submit("lsjz")
    other = clerk.case()
    context.unroute_all()
    clerk.sees("#waiting:has-text('待上报 2 件，退回 1 件')")
    clerk.press("Alt+q")
    clerk.sees(".list button:has-text('退回')")
    clerk.press("Enter")
    clerk.sees("#refusal[data-code=E_STATE]")
    clerk.page.keyboard.press("4")  # 撤下不报: after it the acceptance goes.
    clerk.page.wait_for_function(EMPTY)

    assert types(opened.facts(f"case/{case}")) == ["case.submitted", "case.accepted"]
    assert types(opened.facts(f"case/{other}")) == ["case.submitted"]
