"""分窗: every row of domain.md 5.1, first match wins."""

import pytest

from ledger.contracts.codes import WindowType
from ledger.contracts.events.reference import (
    CentreOpened,
    DeptRegistered,
    ItemRegistered,
    WindowCreated,
)
from ledger.rules.routing import is_wrong, required_window

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
