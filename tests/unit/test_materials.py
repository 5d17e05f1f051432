"""材料: what an item asks for is there, follows where it may, or the case is not accepted.

Item `asking` asks for m1 (身份证), m2 (申请表, may follow), m3 (照片, not required) and m4 (营业
执照, an e-licence); `strict` for the same, and lets nothing follow.
"""

import pytest

WAYS = {"case.notice_supplement", "case.correct_material", "case.commit_deficiency"}


def submit(hall, item="asking", came=None, **more):
    data = {"case_no": "C1", "item": item} | ({} if came is None else {"materials": came})
    return hall.usual("case.submit", but=data, **more)


def accept(hall, deferred=None, **more):
    return hall.usual("case.accept", but={"deferred": deferred}, **more)


def flags(hall):
    return hall.last()["data"]["stamp"].get("flags", [])


# item | came | deferred | code | named as not there
ACCEPTANCES = [
    ("asking", ["m1", "m2"], None, "", ""),
    ("asking", ["m1", "m2", "m3"], None, "", ""),
    ("asking", ["m2"], None, "E_FIELD", "身份证 (m1)"),
    ("asking", [], None, "E_FIELD", "身份证 (m1), 申请表 (m2)"),
    ("asking", None, None, "E_FIELD", "身份证 (m1), 申请表 (m2)"),
    ("asking", ["m1"], None, "E_FIELD", "申请表 (m2)"),
    ("asking", ["m1"], ["m2"], "", ""),
    ("asking", ["m2"], ["m1"], "E_FIELD", "身份证 (m1)"),
    ("asking", ["m1", "m2"], ["m3"], "E_FIELD", "照片 (m3)"),
    ("strict", ["m1"], ["m2"], "E_FIELD", "申请表 (m2)"),
    ("strict", ["m1", "m2"], None, "", ""),
    ("promised", None, None, "", ""),
    ("promised", ["x1"], None, "", ""),
    ("promised", None, ["x1"], "E_FIELD", "x1"),
    ("generous", None, ["x1"], "", ""),
]


@pytest.mark.parametrize(("item", "came", "deferred", "code", "named"), ACCEPTANCES)
def test_nothing_is_accepted_without_what_is_required(hall, item, came, deferred, code, named):
    """Domain.md 3.3: all required materials, unless listed as deferred and the item allows it."""
    assert submit(hall, item, came).status == "accepted"
    receipt = accept(hall, deferred)

    assert receipt.code == code, receipt
    if code:
        assert receipt.message.startswith(f"{named} "), receipt
        assert set(receipt.legal) <= WAYS
        assert "case.notice_supplement" in receipt.legal


# item | came | what the refusal offers
OFFERS = [
    ("asking", ["m1"], WAYS),
    ("asking", ["m2"], WAYS - {"case.commit_deficiency"}),
    ("strict", ["m1"], WAYS - {"case.commit_deficiency"}),
]


@pytest.mark.parametrize(("item", "came", "ways"), OFFERS)
def test_the_refusal_offers_what_is_legal(hall, item, came, ways):
    submit(hall, item, came)
    receipt = accept(hall)

    assert set(receipt.legal) == ways
    assert ("deferred" in receipt.message) == ("case.commit_deficiency" in ways)


# how the missing ones come: (command, data) … | code of the acceptance then
COMING = [
    ([("case.correct_material", {"materials": ["m2"]})], ""),
    ([("case.correct_material", {"materials": ["m3"]})], "E_FIELD"),
    ([("case.notice_supplement", {"missing": ["m2"]}),
      ("case.supplement", {"materials": ["m2"]})], ""),
    ([("case.notice_supplement", {"missing": ["m2", "m3"]}),
      ("case.supplement", {"materials": ["m3"]})], "E_FIELD"),
    ([("case.notice_supplement", {"missing": ["m2", "m3"]}),
      ("case.supplement", {"materials": ["m2"], "complete": False}),
      ("case.supplement", {"materials": ["m3"]})], ""),
]  # fmt: skip


@pytest.mark.parametrize(("coming", "code"), COMING)
def test_what_came_later_is_there(hall, coming, code):
    submit(hall, came=["m1"])
    for command, data in coming:
        assert hall.usual(command, but=data).status == "accepted"

    assert accept(hall).code == code


# command | state | data
STRANGERS = [
    ("case.submit", "-", {"item": "asking", "materials": ["m1", "m9"]}),
    ("case.correct_material", "SUB", {"materials": ["m9"]}),
    ("case.notice_supplement", "SUB", {"missing": ["m9"]}),
    ("case.supplement", "SUP", {"materials": ["m9"]}),
    ("case.accept", "SUB", {"deferred": ["m9"]}),
    ("case.commit_deficiency", "SUB", {"materials": ["m9"]}),
    ("case.refuse_acceptance", "SUB", {"missing": ["m9"]}),
]


@pytest.mark.parametrize(("command", "state", "data"), STRANGERS)
def test_a_material_that_is_not_on_the_list_is_not_known(hall, command, state, data):
    if state != "-":
        hall.bring_to(state, item="asking")
    receipt = hall.usual(command, but=data)

    assert receipt.code == "E_REF", receipt
    assert receipt.message.startswith("m9: no material of this item")
    assert hall.usual(command, but=data, source_class="imported").code in {"", "E_STATE"}


def test_what_is_deferred_is_there_before_the_decision(hall):
    """Domain.md 3.3: no unfilled deferred material; nobody has to have committed to it."""
    submit(hall, came=["m1"])
    assert accept(hall, ["m2"]).status == "accepted"
    for command in ("case.transfer", "case.receive_transfer"):
        assert hall.usual(command).status == "accepted"

    assert hall.usual("case.decide").code == "E_STATE"
    assert hall.usual("case.fill_deficiency", but={"materials": ["m1"]}).code == "E_STATE"
    assert hall.usual("case.fill_deficiency", but={"materials": ["m2"]}).status == "accepted"
    assert hall.usual("case.decide").status == "accepted"


@pytest.mark.parametrize(("materials", "code"), [(["m2"], ""), (["m1", "m2"], "E_STATE")])
def test_a_commitment_is_for_what_may_follow(hall, materials, code):
    submit(hall, came=["m1"])
    accept(hall, ["m2"])
    said = hall.usual("case.commit_deficiency", but={"materials": materials})

    assert said.code == code, said
    if not code:
        assert hall.usual("case.commit_deficiency", but={"materials": ["m2"]}).code == "E_STATE"
        assert hall.usual("case.fill_deficiency", but={"materials": ["m2"]}).status == "accepted"
        assert hall.state().deferred == hall.state().materials_owed == frozenset()


def test_a_list_that_was_revised_asks_nothing_more_of_a_case_under_way(hall):
    """Domain.md 4.3."""
    submit(hall, came=["m1", "m2"])
    more = [{"id": "m1", "name": "身份证"}, {"id": "m7", "name": "户口簿"}]
    hall.org_must("item.register", "asking", {"name": "x", "dept": "民政", "materials": more,
                                              "project_type": "promised"})  # fmt: skip

    assert accept(hall).status == "accepted"


def test_a_list_names_no_material_twice(hall):
    twice = [{"id": "m1", "name": "身份证"}, {"id": "m1", "name": "户口簿"}]
    said = hall.org_say("item.register", "new", {"name": "x", "dept": "民政", "materials": twice,
                                                 "project_type": "promised"})  # fmt: skip

    assert (said.code, "m1" in said.message) == ("E_FIELD", True)


# item | came | deferred | flags of an acceptance that another system made
IMPORTED = [
    ("asking", ["m1", "m2"], None, []),
    ("asking", ["m1"], None, []),
    ("asking", ["m1"], ["m2"], []),
    ("asking", ["m2"], None, ["R28"]),
    ("asking", ["m2"], ["m1"], ["R28"]),
    ("asking", None, None, []),
    ("asking", None, ["m1"], ["R28"]),
    ("strict", ["m1"], ["m2"], ["R28"]),
    ("promised", None, None, []),
]


@pytest.mark.parametrize("source", ["imported", "historical"])
@pytest.mark.parametrize(("item", "came", "deferred", "wanted"), IMPORTED)
def test_what_another_system_accepted_is_flagged(hall, item, came, deferred, wanted, source):
    """What nobody said was there is not known to be missing."""
    submit(hall, item, came, source_class=source)
    receipt = accept(hall, deferred, source_class=source)

    assert receipt.status == "accepted", receipt
    assert flags(hall) == ([] if source == "historical" else wanted)


def test_a_commitment_for_what_may_not_follow_is_flagged_where_another_system_made_it(hall):
    submit(hall, came=["m2"], source_class="imported")
    accept(hall, source_class="imported")
    said = hall.usual("case.commit_deficiency", but={"materials": ["m1"]}, source_class="imported")

    assert said.status == "accepted", said
    assert flags(hall) == ["R28"]


# noticed | command | what it fails for | flags
WANTS = [
    (["m1"], "case.refuse_acceptance", ["m2"], ["R08"]),
    (["m1"], "case.refuse_acceptance", ["m1"], []),
    (["m1", "m2"], "case.refuse_acceptance", ["m1", "m2"], []),
    (["m1"], "case.refuse_acceptance", None, []),
    (None, "case.refuse_acceptance", ["m2"], []),
    (["m1"], "case.decide", ["m1", "m2"], ["R08"]),
    (["m1"], "case.decide", ["m1"], []),
]


@pytest.mark.parametrize(("noticed", "command", "missing", "wanted"), WANTS)
def test_a_refusal_for_want_of_what_no_notice_named_is_flagged(
    hall, noticed, command, missing, wanted
):
    """一次性告知: everything is told at once (行政许可法 §32(四)); R08."""
    submit(hall, came=["m1", "m2"])
    if noticed:
        assert hall.usual("case.notice_supplement", but={"missing": noticed}).status == "accepted"
    but = {"missing": missing}
    if command == "case.decide":
        for said in ("case.supplement", "case.accept", "case.transfer", "case.receive_transfer"):
            assert hall.usual(said).status == "accepted"
        but |= {"outcome": "rejected", "reason_code": "x", "remedies_told": True}
    assert hall.usual(command, but=but).status == "accepted"

    assert flags(hall) == wanted


@pytest.mark.parametrize(("missing", "wanted"), [(["m4"], ["R11"]), (["m1", "m3"], [])])
def test_asking_for_what_the_office_has_itself_is_flagged(hall, missing, wanted):
    """重复要件: shared data or an e-licence (domain.md 5.2 R11)."""
    submit(hall, came=["m1", "m2"])
    assert hall.usual("case.notice_supplement", but={"missing": missing}).status == "accepted"

    assert flags(hall) == wanted


def test_an_acceptance_needs_the_facts_by_which_its_materials_came(hall):
    submit(hall, came=["m1"])
    hall.usual("case.correct_material", but={"materials": ["m2"]})
    accept(hall)
    hall.wait(minutes=1)

    assert hall.void("case/C1@2").code == "E_DEPENDENT"
    both = hall.void("case/C1@2", "case/C1@3")
    assert both.status == "accepted", both
    assert accept(hall).code == "E_FIELD"


def test_a_correction_brings_the_flag_of_what_another_system_accepted(hall):
    submit(hall, came=["m2"], source_class="imported")
    hall.usual("case.correct_material", but={"materials": ["m1"]}, source_class="imported")
    accept(hall, source_class="imported")
    assert flags(hall) == []
    hall.wait(minutes=1)
    said = hall.void("case/C1@2")
    assert said.status == "accepted", said

    restated = [e["data"]["data"]["after"] for e in hall.events("case/C1")
                if e["type"] == "case.event_restamped" and e["data"]["data"]["after"]]  # fmt: skip
    assert [after["data"]["stamp"].get("flags") for after in restated] == [["R28"]]
