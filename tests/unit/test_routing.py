"""分窗: every row of domain.md 5.1, first match wins."""

import pytest

from ledger.contracts.codes import WindowType
from ledger.contracts.events.reference import (
    CentreOpened,
    DeptRegistered,
    ItemRegistered,
    WindowCreated,
)
from ledger.rules import alerts
from ledger.rules.effective import current
from ledger.rules.routing import is_wrong, required_window
from processors.views.fold import compile_fold
from tests.ticking import amend

TOWN, KEY, ZONE = ("town", "other_town"), ("town", "key_central_town"), ("town", "zone")
VILLAGE, CITY = ("village", "village"), ("city", "city")
TAX = {"key_central_only": True}

# row of 5.1 | centre | department | its flags | the item's fields | window type
ROWS = [
    (1, VILLAGE, "公安", {}, {}, "village:all_round"),
    (1, VILLAGE, "税务", TAX, {"window_rule": "comp:other"}, "village:all_round"),
    (3, TOWN, "民政", {}, {"window_rule": "comp:other"}, "comp:other"),
    (3, TOWN, "税务", TAX, {"window_rule": "comp:other"}, "comp:other"),
    (4, TOWN, "税务", TAX, {}, None),
    (4, TOWN, "公积金", TAX, {}, None),
    (4, TOWN, "公安出入境", TAX, {}, None),
    (4, ("town", "central_town"), "税务", TAX, {}, None),
    (4, ("town", "subdistrict"), "税务", TAX, {"topic": "市场准入"}, None),
    (5, TOWN, "公安", {}, {}, "professional:公安"),
    (5, KEY, "公安出入境", TAX, {}, "professional:公安"),
    (6, KEY, "税务", TAX, {}, "professional:税务"),
    (6, ZONE, "税务", TAX, {}, "professional:税务"),
    (6, CITY, "税务", TAX, {}, "professional:税务"),
    (6, TOWN, "税务", {}, {}, "professional:税务"),
    (7, TOWN, "人社", {}, {}, "professional:人社"),
    (8, TOWN, "医保", {}, {}, "professional:医保"),
    (9, KEY, "公积金", TAX, {}, "professional:公积金"),
    (9, TOWN, "公积金", {}, {"topic": "市场准入"}, "professional:公积金"),
    (10, TOWN, "市场监管", {}, {"topic": "市场准入"}, "professional:市场准入"),
    (10, TOWN, "财政", {}, {"topic": "市场准入"}, "professional:市场准入"),
    (10, TOWN, "审批局", {}, {"topic": "市场准入", "is_project_item": True},
     "professional:市场准入"),
    (11, TOWN, "财政", {}, {}, "comp:livelihood"),
    (11, TOWN, "民政", {}, {}, "comp:livelihood"),
    (11, TOWN, "残联", {}, {}, "comp:livelihood"),
    (11, TOWN, "卫健委", {}, {}, "comp:livelihood"),
    (12, TOWN, "住建", {}, {}, "comp:construction"),
    (12, TOWN, "城管", {}, {}, "comp:construction"),
    (12, TOWN, "自然资源", {}, {}, "comp:construction"),
    (13, TOWN, "审批局", {}, {"is_project_item": True}, "comp:construction"),
    (14, TOWN, "供水", {"utility": True}, {}, "comp:municipal"),
    (14, TOWN, "供电", {"utility": True}, {"is_project_item": True}, "comp:municipal"),
    (15, TOWN, "审批局", {}, {}, "comp:other"),
    (15, TOWN, "市场监管", {}, {}, "comp:other"),
    (15, TOWN, "农业农村", {}, {}, "comp:other"),
    (15, TOWN, "司法", {}, {"topic": "出入境"}, "comp:other"),
    (15, TOWN, "农业农村", {}, {"is_project_item": True}, "comp:other"),
]  # fmt: skip


@pytest.mark.parametrize(("row", "centre", "dept", "flags", "fields", "window"), ROWS)
def test_the_routing_table(row, centre, dept, flags, fields, window):
    level, tier = centre
    where = CentreOpened(name="x", level=level, tier=tier, town="x")
    item = ItemRegistered(name="x", dept=dept, project_type="promised", **fields)
    required = required_window(item, DeptRegistered(name=dept, **flags), where)

    assert required == (WindowType(window) if window else None), f"row {row}"


WRONG = [
    ("comp:livelihood", (), "comp:livelihood", False),
    ("comp:other", (), "comp:livelihood", True),
    ("comp:other", ("comp:livelihood", "comp:municipal"), "comp:livelihood", False),
    ("comp:other", ("comp:construction",), "comp:livelihood", True),
    ("help_agent", (), "comp:livelihood", True),
    ("village:all_round", (), "village:all_round", False),
    ("comp:livelihood", (), None, True),
]


@pytest.mark.parametrize(("kind", "covers", "required", "wrong"), WRONG)
def test_a_merged_window_takes_what_it_covers_and_nobody_what_is_not_offered(
    kind, covers, required, wrong
):
    window = WindowCreated(centre="x", no="1", kind=kind, covers=covers)

    assert is_wrong(window, WindowType(required) if required else None) is wrong


ACCEPTED_AT = [
    ({"centre": "town", "window": "town-1"}, "comp:livelihood", False),
    ({"centre": "town", "window": "town-3"}, "comp:livelihood", False),
    ({"centre": "town", "window": "town-2"}, "comp:livelihood", True),
    ({"centre": "village", "window": "village-1"}, "village:all_round", False),
    ({"centre": "town", "window": None, "channel": "web"}, None, None),
]


@pytest.mark.parametrize(("place", "required", "wrong"), ACCEPTED_AT)
def test_an_acceptance_is_stamped_with_the_window_it_needed(hall, place, required, wrong):
    hall.submit()
    assert hall.accept(**place).status == "accepted"
    stamp = hall.last()["data"]["stamp"]

    assert (stamp.get("required_window"), stamp.get("wrong_window")) == (required, wrong)
    assert ("R03" in stamp.get("flags", [])) is (wrong is True)


TIERS = [  # (what is told, the day from which it holds), the day of the acceptance: 税务 taken in?
    ([("key_central_town", "2020-06-01")], True),
    ([("key_central_town", "2020-06-02")], False),
    ([("key_central_town", "2020-05-01"), ("central_town", "2020-06-01")], False),
    ([("central_town", "2020-06-02"), ("key_central_town", "2020-05-01")], True),
    ([("key_central_town", "2020-05-01"), None], False),
]


@pytest.mark.parametrize(("told", "taken"), TIERS)
def test_a_tier_routes_from_its_day_on(hall, told, taken):
    """domain.md 3.8a: it "affects norm and key_central rules from that date only"."""
    for each in told:
        if each is None:
            opened = {"name": "town", "level": "town", "tier": "other_town", "town": "town"}
            hall.org_must("centre.open", "town", opened)
            continue
        tier, day = each
        document = {"tier": tier, "effective_from": day, "doc_no": "D1"}
        hall.org_must("centre.change_tier", "town", document)
    item = {"name": "x", "dept": "税务", "project_type": "promised", "promised": {"n": 10}}
    hall.org_must("item.register", "item-tax", item)
    hall.org_must("window.create", "town-tax",
                  {"centre": "town", "no": "9", "kind": "professional:税务"})  # fmt: skip
    hall.submit(item="item-tax")
    assert hall.accept(centre="town", window="town-tax").status == "accepted"

    assert hall.last()["data"]["stamp"]["wrong_window"] is not taken


SUBMITTED_AT = [  # place | R03
    ({}, False),
    ({"window": "town-2"}, True),
    ({"window": None, "channel": "web"}, False),
    ({"window": "town-9"}, False),  # 帮办代办: what it takes in is accepted elsewhere
]


@pytest.mark.parametrize(("place", "wrong"), SUBMITTED_AT)
def test_a_submission_at_a_window_that_does_not_take_the_item_is_flagged(hall, place, wrong):
    hall.org_must("window.create", "town-9", {"centre": "town", "no": "9", "kind": "help_agent"})
    assert hall.submit(**place).status == "accepted"
    stamp = hall.last()["data"]["stamp"]

    assert stamp.get("wrong_window", False) is wrong
    assert stamp.get("flags", []) == ["R03"] * wrong


def reminders(hall):
    return [(alert.rule, alert.level, alert.window, alert.status)
            for alert in alerts.fold(hall.events("supervision/C1")).values()]  # fmt: skip


def test_a_case_submitted_and_accepted_at_a_wrong_window_is_one_reminder_and_one_wrong_acceptance(
    hall,
):
    """K40 is of acceptances; the reminder stands while one of the two does."""
    hall.submit(window="town-2")
    hall.accept(window="town-2")
    sums, fold = {}, compile_fold()
    for event in [*hall.events("case/C1"), *hall.events("supervision/C1")]:
        fold(sums, event)

    assert reminders(hall) == [("R03", "remind", "town-2", "open")]
    assert sums["wrong_window|2020-06-01|town|town-2"] == 1
    assert sums["alerts_remind|2020-06-01|town|town-2"] == 1
    window = {"window": {"old": "town-2", "new": "town-1"}}
    assert amend(hall, 1, window).status == "accepted"
    assert reminders(hall)[0][-1] == "open"
    assert amend(hall, 2, window).status == "accepted"
    assert reminders(hall)[0][-1] == "cancelled"


def test_a_submission_amended_to_another_window_is_routed_anew(hall):
    hall.submit()
    assert amend(hall, 1, {"window": {"old": "town-1", "new": "town-2"}}).status == "accepted"
    assert reminders(hall) == [("R03", "remind", "town-2", "open")]
    assert amend(hall, 1, {"case_no": {"old": "C1", "new": "C2"}}).status == "accepted"
    assert current(hall.events("case/C1"))["case/C1@1"]["data"]["stamp"]["flags"] == ["R03"]
