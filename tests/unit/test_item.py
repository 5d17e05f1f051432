"""事项: what the table of an item cannot say."""

from datetime import timedelta

import pytest

from ledger.contracts.events.item import GuideElement
from processors.views.fold import compile_fold
from tests.reference_ways import CLAIM, DOC, FULL, GIVEN, Catalogue


@pytest.fixture
def item(hall):
    return Catalogue(hall, "item")


def told(item, *commands):
    for command in commands:
        item.must(*(command if isinstance(command, tuple) else (command,)))


VILLAGE = {"centre_id": "village"}
LATER = {"effective_from": "2020-06-02"}
REFUSED = [  # before | command | other data | code | a word of why
    (GIVEN[:1], "item.revise", {"version": 3}, "E_STATE", "does not follow version 1"),
    ((*GIVEN[:1], "item.revise"), "item.revise", {}, "E_STATE", "does not follow version 2"),
    (GIVEN[:1], "item.revise", {"promised": {"n": 21}}, "E_FIELD", "longer than the statutory"),
    (GIVEN[:1], "item.revise", {"dept": "海关"}, "E_REF", "海关"),
    (GIVEN[:1], "item.delegate", {"to_org": ["town", "village"]}, "E_REF", "level village"),
    (GIVEN[:1], "item.extend", {"to_org": ["city"]}, "E_REF", "level city"),
    (GIVEN[:1], "item.sink", {"to_org": ["village", "town"]}, "E_REF", "level town"),
    (GIVEN[:1], "item.delegate", {"to_org": ["nowhere"]}, "E_REF", "nowhere"),
    (GIVEN[:1], "item.delegate", {"to_org": []}, "E_FIELD", "to_org"),
    (GIVEN[:1], "item.delegate", {"from_org": "海关"}, "E_REF", "海关"),
    (GIVEN, "item.extend", {}, "E_STATE", "GIV"),
    (GIVEN, "item.revoke_delegation", {"effective_from": "2020-05-31"}, "E_LIMIT", "2020-06-01"),
    (GIVEN, "item.revoke_delegation", {"doc_no": "L2"}, "E_STATE", "state -"),
    (GIVEN[:1], "item.claim", {}, "E_STATE", "no list gives it to town"),
    (GIVEN, "item.claim", VILLAGE, "E_STATE", "no list gives it to village"),
    (GIVEN, "item.claim", {"centre_id": "nowhere"}, "E_REF", "nowhere"),
    ((GIVEN[0], (GIVEN[1], LATER)), "item.claim", {}, "E_STATE", "on 2020-06-01"),
    (GIVEN, "item.enable_online", {}, "E_STATE", "not claimed by town"),
    ((*CLAIM, "item.unclaim"), "item.enable_online", {}, "E_STATE", "not claimed by town"),
    (CLAIM, "item.enable_online", {"depth": 5}, "E_FIELD", "depth"),
    (GIVEN, "guide.publish", {"version": 2}, "E_LIMIT", "number 2"),
    ((*GIVEN, "guide.publish"), "guide.update", {"version": 2}, "E_LIMIT", "number 2"),
    (GIVEN, "guide.publish", {"elements": {"邮编": True}}, "E_FIELD", "elements"),
    (GIVEN, "item.enter_hall", {"mode": "issue"}, "E_FIELD", "mode"),
    ((*GIVEN, "item.retire"), "item.claim", {}, "E_STATE", "the item is in state RET"),
    ((*GIVEN, "item.retire"), "guide.publish", {}, "E_STATE", "the item is in state RET"),
    ((), "item.delegate", {}, "E_STATE", "the item is in state -"),
]  # fmt: skip


@pytest.mark.parametrize(("before", "command", "but", "code", "why"), REFUSED)
def test_each_invariant_refuses(item, before, command, but, code, why):
    told(item, *before)
    receipt = item.say(command, but)

    assert (receipt.status, receipt.code) == ("refused", code), receipt
    assert why in receipt.message


def test_a_list_that_was_revoked_gives_until_its_last_day(item):
    told(item, *GIVEN, "item.revoke_delegation")
    assert item.say("item.claim", {"centre_id": "key"}).status == "accepted"
    item.hall.wait(days=1)

    assert item.say("item.claim").code == "E_STATE"


def test_what_a_retired_item_leaves_behind_can_still_be_ended(item):
    told(item, *CLAIM, "item.enter_hall", "guide.publish", "item.enable_online", "item.retire",
         "item.disable_online", "guide.withdraw", "item.leave_hall", "item.unclaim",
         "item.revoke_delegation")  # fmt: skip


# what was told | hours before now | source class | may it be applied for
RETIRED = [
    (("item.retire",), 0, "interactive", "E_REF"),
    (("item.retire",), 3, "interactive", ""),
    (("item.retire",), 0, "imported", ""),
    (("item.retire", "item.register"), 0, "interactive", ""),
]


@pytest.mark.parametrize(("facts", "hours", "source", "code"), RETIRED)
def test_what_was_retired_is_applied_for_no_more_and_open_cases_go_on(
    item, facts, hours, source, code
):
    """Domain.md 3.3: the item is valid when the case is submitted."""
    hall = item.hall
    told(item, GIVEN[0])
    assert hall.submit("C0", item=item.key).status == "accepted"
    hall.wait(hours=2)
    told(item, *facts)
    hall.wait(hours=2)
    at = hall.now - timedelta(hours=hours)

    assert hall.submit("C1", item=item.key, at=at, source_class=source).code == code
    assert hall.accept("C0").status == "accepted"


def test_nothing_happens_before_what_it_needs(item):
    told(item, *CLAIM)
    early = item.hall.now - timedelta(hours=1)

    assert item.say("item.confirm_claim", at=early).code == "E_TIME_ORDER"


@pytest.mark.parametrize(("missing", "version", "wanted"), [(0, 1, []), (1, 1, ["R21"]),
                                                            (0, 0, ["R21"])])  # fmt: skip
def test_a_guide_is_as_complete_as_its_elements_and_as_new_as_its_item(
    item, missing, version, wanted
):
    told(item, GIVEN[0], *([] if version else ["item.revise"]))
    names = list(FULL)
    item.must("guide.publish", {"elements": dict.fromkeys(names[missing:], True)})

    assert len(GuideElement) == len(names) == 25
    assert item.stamp["filled"] == 25 - missing
    assert item.stamp.get("flags", []) == wanted


def test_a_revision_counts_for_whoever_decides_after_it(item):
    told(item, GIVEN[0], "item.revise")
    item.hall.submit(item=item.key)
    item.hall.accept()

    assert item.hall.last()["data"]["stamp"]["promised_limit"]["n"] == 5


def compressed(item):
    sums, fold = {}, compile_fold()
    for event in item.events:
        fold(sums, event)
    return {cell: units for cell, units in sums.items() if units}


def worth(promised, statutory, *centres):
    return {f"claimed_{name}||{centre}|": days * 56 for centre in centres
            for name, days in (("promised", promised), ("statutory", statutory))}  # fmt: skip


def test_a_claim_is_worth_its_limits_while_it_stands(item):
    told(item, *CLAIM, ("item.claim", {"centre_id": "key"}))
    assert compressed(item) == worth(10, 20, "town", "key")
    told(item, "item.revise")
    assert compressed(item) == worth(5, 20, "town", "key")
    told(item, "item.unclaim")
    assert compressed(item) == worth(5, 20, "key")
    told(item, "item.retire")
    assert compressed(item) == {}
    told(item, ("item.register", {**DOC, "promised": {"n": 0}, "statutory": {"n": 28,
         "unit": "day"}}))  # fmt: skip
    assert compressed(item) == {"claimed_statutory||key|": 20 * 56}
    told(item, ("item.decline_claim", {"centre_id": "town"}), ("item.unclaim", {
         "centre_id": "key"}), "item.claim")  # fmt: skip

    assert compressed(item) == {"claimed_statutory||town|": 20 * 56}


def test_what_has_no_limit_in_law_cannot_be_compressed(item):
    told(item, ("item.register", {"statutory": None}), *CLAIM[1:])

    assert compressed(item) == {}
