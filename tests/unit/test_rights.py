"""越权 (R30): where an item may be taken in, on which day; who is refused and who is flagged."""

from datetime import timedelta

import pytest

LIST = {"doc_no": "L1", "from_org": "民政", "to_org": ["town"], "effective_from": "2020-06-01"}
TOWN = {"centre_id": "town"}
GIVEN = [("item.delegate", LIST), ("item.claim", TOWN)]
REVOKED = ("item.revoke_delegation", {"doc_no": "L1", "effective_from": "2020-06-02"})
AT_TOWN = {"centre": "town", "window": "town-1"}

# what was told of the item | days later | where | may it be accepted there
RIGHTS = [
    ([], 0, "town", True),
    (GIVEN, 0, "town", True),
    (GIVEN, 0, "key", False),
    (GIVEN, 0, "city", True),
    (GIVEN, 0, "village", False),
    (GIVEN[:1], 0, "town", False),
    ([("item.delegate", {**LIST, "effective_from": "2020-06-02"})], 0, "town", False),
    ([*GIVEN, ("item.unclaim", TOWN)], 0, "town", False),
    ([*GIVEN, ("item.decline_claim", TOWN)], 0, "town", False),
    ([*GIVEN, ("item.unclaim", TOWN), ("item.claim", TOWN)], 0, "town", True),
    ([*GIVEN, REVOKED], 0, "town", True),
    ([*GIVEN, REVOKED], 1, "town", False),
    ([*GIVEN, REVOKED, ("item.extend", {**LIST, "doc_no": "L2"})], 1, "town", True),
]  # fmt: skip


def told(hall, facts, days):
    for command, data in facts:
        hall.wait(minutes=1)
        hall.org_must(command, "promised", data)
    hall.wait(days=days, minutes=1)


@pytest.mark.parametrize(("facts", "days", "centre", "may"), RIGHTS)
def test_an_item_is_taken_in_where_it_was_given_and_claimed(new_hall, facts, days, centre, may):
    for source, code, flags in (("interactive", "E_AUTH", None), ("imported", "", ["R30"]),
                                ("historical", "", [])):  # fmt: skip
        hall = new_hall()
        told(hall, facts, days)
        hall.submit()
        receipt = hall.accept(centre=centre, window=None, channel="web", source_class=source)

        assert receipt.code == ("" if may else code), (source, receipt)
        if receipt.status == "accepted":
            assert hall.last()["data"]["stamp"].get("flags", []) == ([] if may else flags)


def test_a_case_goes_on_when_the_right_ends_and_late_facts_count_as_of_their_day(hall):
    told(hall, GIVEN, 0)
    hall.submit("C1")
    hall.accept("C1")
    told(hall, [REVOKED], 1)
    hall.submit("C2", at=hall.now - timedelta(days=1), late_reason="网断")

    assert hall.transfer("C1").status == "accepted"
    assert hall.accept("C2", **AT_TOWN).code == "E_AUTH"
    assert hall.accept("C2", at=hall.now - timedelta(days=1), **AT_TOWN).status == "accepted"
