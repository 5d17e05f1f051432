"""失信名单: from whom is on the list nothing follows later (容缺); others are as before."""

import pytest

REF, OTHER = "0123456789abcdef", "f" * 32


def list_(hall, since="2020-06-01", ref=REF):
    hall.org_must("applicant.list", ref, {"effective_from": since, "doc_no": "信1"})


def unlist(hall, since):
    return hall.org_say("applicant.unlist", REF, {"effective_from": since, "doc_no": "信2"})


def accepted(hall, ref=REF):
    hall.usual("case.submit", but={"applicant_ref": ref})
    assert hall.usual("case.accept").status == "accepted"


def flags(hall):
    return hall.last()["data"]["stamp"].get("flags", [])


# listed from | off the list from | on it on 1 June
SPELLS = [
    (None, None, False), ("2020-06-01", None, True), ("2020-06-02", None, False),
    ("2020-01-01", "2020-06-01", False), ("2020-01-01", "2020-06-02", True),
    ("2020-06-01", "2020-06-01", False),
]  # fmt: skip
# source class | code | flags of whoever is on the list
SOURCES = [("interactive", "E_LIMIT", None), ("imported", "", ["R28"]), ("historical", "", [])]


@pytest.mark.parametrize(("source", "code", "wanted"), SOURCES)
@pytest.mark.parametrize(("since", "until", "there"), SPELLS)
def test_who_is_on_the_list_that_day_commits_to_nothing(
    hall, since, until, there, source, code, wanted
):
    """Domain.md 3.3: applicant not on the dishonesty list at that time."""
    if since:
        list_(hall, since)
    if until:
        assert unlist(hall, until).status == "accepted"
    accepted(hall)
    said = hall.usual("case.commit_deficiency", source_class=source)

    assert said.code == (code if there else ""), said
    if said.status == "accepted":
        assert flags(hall) == (wanted if there else [])


@pytest.mark.parametrize("ref", [OTHER, None])
def test_others_and_who_is_not_known_commit_as_before(hall, ref):
    list_(hall)
    accepted(hall, ref)

    assert hall.usual("case.commit_deficiency").status == "accepted"


@pytest.mark.parametrize(("source", "code", "wanted"), SOURCES)
def test_nothing_is_deferred_at_acceptance_either(hall, source, code, wanted):
    list_(hall)
    hall.usual("case.submit", but={"applicant_ref": REF, "item": "asking", "materials": ["m1"]})
    said = hall.usual("case.accept", but={"deferred": ["m2"]}, source_class=source)

    assert said.code == code, said
    if wanted is not None:
        assert flags(hall) == wanted


def test_an_acceptance_with_all_materials_is_theirs_too(hall):
    list_(hall)
    accepted(hall)

    assert flags(hall) == []


def test_a_second_spell_counts_by_itself(hall):
    list_(hall, "2019-01-01")
    unlist(hall, "2020-01-01")
    list_(hall, "2020-06-01")

    listed = hall.partition.reference.is_listed
    days = ["2018-12-31", "2019-01-01", "2019-12-31", "2020-01-01", "2020-05-31", "2020-06-01"]
    assert [listed(REF, f"{day}T10:00:00+08:00") for day in days] == [
        False, True, True, False, False, True,
    ]  # fmt: skip


def test_nobody_is_off_the_list_before_they_came_on_it(hall):
    list_(hall, "2020-06-01")

    assert unlist(hall, "2020-05-31").code == "E_LIMIT"


@pytest.mark.parametrize("key", ["张三", "32068419900101123X", "an", "0123456789ABCDEF"])
def test_the_list_knows_references_only(hall, key):
    said = hall.org_say("applicant.list", key, {"effective_from": "2020-06-01", "doc_no": "信1"})

    assert said.code == "E_FIELD", said


def test_two_faults_of_a_promise_are_answered_in_order(hall):
    """E_STATE, E_LIMIT, E_TIME_ORDER (docs/refusals.md)."""
    list_(hall)
    accepted(hall)
    early = hall.now.replace(hour=9)

    assert hall.usual("case.commit_deficiency", at=early).code == "E_LIMIT"


def test_amending_who_applied_brings_the_flag_and_takes_it(hall):
    list_(hall)
    accepted(hall, OTHER)
    hall.usual("case.commit_deficiency", source_class="imported")
    assert flags(hall) == []
    for old, new, wanted in ((OTHER, REF, ["R28"]), (REF, OTHER, None)):
        hall.wait(minutes=1)
        changes = {"applicant_ref": {"old": old, "new": new}}
        said = hall.usual("case.amend_event", but={"changes": changes})
        assert said.status == "accepted", said
        after = hall.last()["data"]["data"]["after"]
        assert after["type"] == "case.deficiency_committed"
        assert after["data"]["stamp"].get("flags") == wanted
