"""How a case ends and what it may promise: hard where it is entered here, a fact elsewhere."""

import pytest

RESULTS = {  # domain.md 3.11: 0 出证 1 不予许可 2 作废 3 删除 4 转报 5 退件 6 不予受理
    "DEC+": {0, 2, 3, 4}, "DEC-": {1, 2, 3, 4}, "ISS": {0, 2, 3, 4}, "DLV": {0, 1, 2, 3, 4},
    "NAC": {2, 3, 6}, "WDR": {2, 3, 5}, "TER": {2, 3, 5},
}  # fmt: skip


@pytest.mark.parametrize("code", range(7))
@pytest.mark.parametrize("state", RESULTS)
def test_a_case_is_concluded_with_a_result_of_its_state(new_hall, state, code):
    for source in ("interactive", "imported"):
        hall = new_hall()
        hall.bring_to(state, item="generous")
        receipt = hall.conclude(result=code, source_class=source)
        legal = source == "imported" or code in RESULTS[state]

        assert receipt.code == ("" if legal else "E_STATE"), receipt


def test_who_holds_a_case_does_not_send_it_to_themselves_whatever_they_say(hall):
    hall.bring_to("REV")
    said = {"transfer_id": "t2", "to_dept": "民政", "from_dept": "税务"}
    receipt = hall.usual("case.transfer", but=said)

    assert receipt.code == "E_STATE", receipt


LIMITS = [  # what an acceptance says of an item of 10 of 20 working days
    ({"promised": {"n": 20}}, ""),
    ({"promised": {"n": 21}}, "E_FIELD"),
    ({"promised": {"n": 28, "unit": "day"}}, ""),
    ({"promised": {"n": 29, "unit": "day"}}, "E_FIELD"),
    ({"statutory": {"n": 9}}, "E_FIELD"),
    ({"promised": {"n": 30}, "statutory": {"n": 30}}, ""),
]


@pytest.mark.parametrize(("said", "code"), LIMITS)
def test_nobody_promises_more_than_the_law_gives_by_the_item_or_by_the_acceptance(
    new_hall, said, code
):
    for source in ("interactive", "imported"):
        hall = new_hall()
        hall.submit()
        receipt = hall.accept(data={"accept_no": "A1", **said}, source_class=source)

        assert receipt.code == ("" if source == "imported" else code), receipt


def test_a_decision_without_document_is_a_fact_elsewhere_only(new_hall):
    for source, code in (("interactive", "E_FIELD"), ("imported", ""), ("historical", "")):
        hall = new_hall()
        hall.bring_to("REV")

        assert hall.usual("case.decide", but={"doc_no": None}, source_class=source).code == code
