"""作废更正: two people, what needs what, and each fact restated once (domain.md 3.9, law 5)."""

import pytest

from ledger.rules.corrections import current

PLACE = {"item": "promised", "dept": "民政", "accept_centre": "town", "accept_window": "town-1"}
BARE = {"item": "promised", "dept": "民政"}


def restated(hall, stream="case/C1"):
    """Target → (stamp before, stamp after or None), of the newest batch."""
    return {
        e["data"]["data"]["target"]: (
            e["data"]["data"]["before"]["data"]["stamp"],
            (e["data"]["data"]["after"] or {}).get("data", {}).get("stamp"),
        )
        for e in hall.events(stream)
        if e["type"].endswith("restamped") and e["sourceseq"] == str(hall.seq)
    }


# state | void | with | code | what is named | state after
VOIDS = [
    ("SUB", 1, (), "", (), "VOI"),
    ("ACC", 2, (), "", (), "SUB"),
    ("ACC", 1, (), "E_DEPENDENT", (2,), "ACC"),
    ("ACC", 1, (2,), "", (), "VOI"),
    ("TRN", 3, (), "", (), "ACC"),
    ("TRN", 2, (), "E_DEPENDENT", (3,), "TRN"),
    ("REV", 3, (), "E_DEPENDENT", (4,), "REV"),
    ("REV", 3, (4,), "", (), "ACC"),
    ("REV", 4, (), "", (), "TRN"),
    ("DEC+", 3, (4,), "E_DEPENDENT", (5,), "DEC+"),
    ("DEC+", 3, (), "E_DEPENDENT", (4, 5), "DEC+"),
    ("DEC+", 5, (), "", (), "REV"),
    ("DEC-", 2, (), "E_DEPENDENT", (3, 4, 5), "DEC-"),
    ("ISS", 5, (), "E_DEPENDENT", (6,), "ISS"),
    ("ISS", 6, (), "", (), "DEC+"),
    ("ISS", 1, (2, 3, 4, 5, 6), "", (), "VOI"),
    ("ISS", 1, (3, 4, 5, 6), "E_DEPENDENT", (2,), "ISS"),
]


@pytest.mark.parametrize(("state", "target", "cascade", "code", "needing", "after"), VOIDS)
def test_a_void_leaves_a_legal_history_or_names_what_needs_its_target(
    hall, state, target, cascade, code, needing, after
):
    hall.bring_to(state)
    receipt = hall.void(*(f"case/C1@{n}" for n in (target, *cascade)))

    assert (receipt.code, hall.state().status) == (code, after), receipt
    assert receipt.legal == tuple(f"case/C1@{n}" for n in needing)
    if not code:
        gone = {f"case/C1@{n}" for n in (target, *cascade)}
        assert {t for t, (_, new) in restated(hall).items() if new is None} == gone


def test_a_transfer_that_made_a_promised_decision_legal_is_needed_by_it(hall):
    """Without transfer and signature the decision would be one from ACC (note 4 of 4.1)."""
    hall.bring_to("DEC+", item="instant")
    hall.bring_to("DEC+", key="C2")

    assert hall.void("case/C1@3", "case/C1@4").status == "accepted"
    assert hall.void("case/C2@3", "case/C2@4").legal == ("case/C2@5",)


def test_what_was_imported_from_acc_stays_legal_when_something_before_is_voided(hall):
    hall.submit()
    hall.accept()
    hall.step()
    hall.decide_on(source_class="imported")

    assert hall.void("case/C1@3").status == "accepted"


def test_all_facts_of_a_void_are_one_batch_with_its_cause(hall):
    hall.bring_to("ACC")
    receipt = hall.void("case/C1@2")
    void, restamped = hall.events("case/C1")[2:]

    assert receipt.events == ("case/C1@3", "case/C1@4")
    assert (void["type"], restamped["type"]) == ("case.event_voided", "case.event_restamped")
    assert restamped["causation"] == "case/C1@2"
    assert restamped["data"]["data"]["before"] == hall.events("case/C1")[1]
    assert void["data"]["stamp"] == restamped["data"]["stamp"] == {}


def test_facts_after_a_voided_acceptance_lose_its_place(hall):
    hall.bring_to("ACC")
    hall.step()
    hall.void("case/C1@2")

    assert restated(hall)["case/C1@3"] == (PLACE, BARE)


def test_a_case_is_accepted_again_elsewhere_and_goes_on(hall):
    hall.bring_to("ACC")
    hall.void("case/C1@2")
    assert hall.accept(window="town-3").status == "accepted"
    hall.transfer()
    assert hall.receive().status == "accepted"
    assert hall.decide_on().status == "accepted"

    assert hall.last()["data"]["stamp"]["accept_window"] == "town-3"
    assert hall.void("case/C1@2").code == "E_STATE", "voided before"


def test_ratings_go_back_to_where_their_case_was_received_and_on_to_where_it_is_accepted(hall):
    hall.bring_to("DEC+", item="instant-alone")
    hall.conclude()
    hall.rate()
    hall.void("case/C1@2", *(f"case/C1@{n}" for n in (3, 4, 5, 6)))
    lost = restated(hall, "rating/C1")["rating/C1@1"]
    hall.accept(window="town-3")
    found = restated(hall, "rating/C1")["rating/C1@1"]

    place = {**PLACE, "item": "instant-alone", "first": True}
    ended = lost[0].pop("concluded_at")
    assert ended == "2020-06-01T10:05:00+08:00"
    assert lost == ({**place, "rateable": True}, place)
    assert found == (place, {**place, "accept_window": "town-3"})


def test_the_flag_of_duty_goes_with_the_review_that_made_it(hall):
    hall.org_must("staff.grant_post", "bo", {"post": "review", "granted_by": "chief"})
    hall.bring_to("REV")
    hall.step(who="bo")
    hall.decide_on(late_reason="x")
    assert hall.last()["data"]["stamp"]["flags"] == ["R07"]
    hall.void("case/C1@5")
    before, after = restated(hall)["case/C1@6"]

    assert (before["flags"], "flags" in after) == (["R07"], False)
    assert hall.void("case/C1@5").code == "E_STATE"


def test_history_is_not_flagged_by_a_later_restatement_either(hall):
    hall.submit(source_class="historical")
    hall.accept(source_class="historical")
    hall.step()
    hall.decide_on(who="an", source_class="historical")
    hall.void("case/C1@3")

    assert set(restated(hall)) == {"case/C1@3"}


def test_other_flags_and_stamps_are_kept_by_a_restatement(hall):
    hall.submit()
    hall.accept(window="town-2", data={})
    hall.step()
    hall.void("case/C1@3")

    assert current(hall.events("case/C1"))["case/C1@2"]["data"]["stamp"]["flags"] == ["R20", "R03"]


# requested by, approved by, actor; "an" submitted | code
PEOPLE = [
    ("fu", "gu", "fu", ""),
    ("hu", "hu", "hu", "E_SOD"),
    ("fu", "fu", "fu", "E_AUTH"),
    ("fu", "gu", "hu", "E_AUTH"),
    ("hu", "gu", "hu", ""),
    ("fu", "hu", "fu", ""),
]


@pytest.mark.parametrize(("requested", "approved", "actor", "code"), PEOPLE)
def test_a_correction_needs_two_people(hall, requested, approved, actor, code):
    hall.submit()
    people = {"requested_by": requested, "approved_by": approved}

    assert hall.void("case/C1@1", data=people, who=actor).code == code


def test_nobody_corrects_or_approves_what_they_entered(hall):
    """5.3: corrector – original actor, hard; also for a fact in the cascade."""
    hall.org_must("staff.grant_post", "gu", {"post": "accept", "granted_by": "chief"})
    hall.submit()
    hall.accept(who="gu")
    hall.submit("C2", who="fu")

    assert hall.void("case/C1@1", "case/C1@2").code == "E_SOD"
    assert hall.void("case/C2@1").code == "E_SOD"


def test_two_people_are_needed_whoever_sends_the_correction(hall):
    hall.submit(source_class="imported", who=None, post=None)
    people = {"requested_by": "x", "approved_by": "x"}
    receipt = hall.void("case/C1@1", data=people, who=None, source_class="imported")

    assert receipt.code == "E_SOD"


NOBODY = {"requested_by": "nobody1", "approved_by": "nobody2"}
KNOWN = {"requested_by": "fu", "approved_by": "gu"}
# told as | by | taken back as | by | people | code
TAKEN_BACK = [
    ("interactive", "hall", "imported", "vertical", NOBODY, "E_AUTH"),
    ("interactive", "hall", "historical", "vertical", NOBODY, "E_AUTH"),
    ("interactive", "hall", "imported", "hall", NOBODY, "E_AUTH"),
    ("interactive", "hall", "imported", "vertical", KNOWN | {"approved_by": "fu"}, "E_AUTH"),
    ("interactive", "hall", "imported", "vertical", KNOWN | {"requested_by": "gu"}, "E_AUTH"),
    ("interactive", "hall", "imported", "vertical", KNOWN, ""),
    ("imported", "vertical", "imported", "vertical", NOBODY, ""),
    ("historical", "vertical", "imported", "vertical", NOBODY, ""),
    ("imported", "vertical", "imported", "other", NOBODY, "E_AUTH"),
    ("imported", "vertical", "interactive", "vertical", NOBODY, "E_AUTH"),
    ("interactive", "hall", "system", "ledger", NOBODY, ""),
]


@pytest.mark.parametrize(("told", "by", "source", "system", "people", "code"), TAKEN_BACK)
def test_another_system_takes_back_by_itself_only_what_it_told(
    hall, told, by, source, system, people, code
):
    """Law 2 frees what others did from our posts, not what they say of what we did."""
    hall.bring_to("REV")
    hall.must("case.decide", "C1", {"outcome": "approved", "doc_no": "D1"}, who="bo",
              post="approve", source_class=told, source_system=by)  # fmt: skip
    receipt = hall.void("case/C1@5", who=None, post=None, data=people, source_class=source,
                        source_system=system)  # fmt: skip

    assert receipt.code == code, receipt


def test_what_the_ledger_worked_out_of_it_goes_along_what_was_entered_here_does_not(hall):
    more = {"source_class": "imported", "source_system": "vertical", "who": None, "post": None}
    hall.submit(**more)
    hall.must("case.visit", data={"hall": "town.2020-06-01", "ticket_id": "T1"},
              source_class="system")  # fmt: skip
    hall.accept()

    def taken_back(*ids):
        return hall.void(*ids, data=NOBODY, **more).code

    assert taken_back("case/C1@1", "case/C1@2", "case/C1@3") == "E_AUTH"
    assert hall.void("case/C1@3").status == "accepted"
    assert taken_back("case/C1@2") == "E_AUTH"
    assert taken_back("case/C1@1", "case/C1@2") == ""


def test_neither_a_void_nor_a_restatement_can_be_voided(hall):
    hall.bring_to("ACC")
    hall.void("case/C1@2")

    assert hall.void("case/C1@3").code == hall.void("case/C1@4").code == "E_REF"


def test_a_voided_case_takes_nothing_more(hall):
    hall.bring_to("VOI")
    codes = [say().code for say in (hall.submit, hall.accept, hall.decide_on, hall.conclude)]

    assert codes == ["E_STATE"] * 4
    assert hall.rate().code == "E_REF"


def test_a_voided_rating_may_be_given_again(hall):
    hall.bring_to("DEC+")
    hall.conclude()
    assert hall.rate().status == "accepted"
    assert hall.rate().code == "E_STATE"
    assert hall.rate(via="sms").status == "accepted"
    assert hall.void("rating/C1@1", stream="rating").status == "accepted"

    told = restated(hall, "rating/C1")
    assert told["rating/C1@1"][1] is None
    assert [stamp["first"] for stamp in told["rating/C1@2"]] == [False, True]
    assert told.keys() == {"rating/C1@1", "rating/C1@2"}
    assert hall.rate().status == "accepted"
    assert hall.void("rating/C1@1", stream="rating").code == "E_STATE"
    assert hall.void("rating/C1@2", stream="case").code == "E_REF"


def test_a_conclusion_that_is_voided_is_made_anew(hall):
    hall.bring_to("DEC+")
    hall.conclude()
    hall.issue()
    assert hall.void("case/C1@6").status == "accepted"

    assert hall.state().concluded_at is None
    assert hall.conclude().status == "accepted"
