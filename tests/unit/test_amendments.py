"""更正: a fact stays and says something else; what follows from it is restated (domain.md 3.9)."""

import pytest

from ledger.rules.corrections import current
from processors.views.fold import compile_fold

FOLD = compile_fold()


def change(old, new):
    return {"old": old, "new": new}


def amend(hall, version, changes, **more):
    data = {
        "target": f"case/C1@{version}", "changes": changes, "reason_code": "typing_error",
        "evidence": "E1", "requested_by": "fu", "approved_by": "gu", **more.pop("data", {}),
    }  # fmt: skip
    return hall.say("case.amend_event", data={k: v for k, v in data.items() if v is not None},
                    **{"who": "fu", "post": "corrector", **more})  # fmt: skip


def now(hall, version):
    return current(hall.events("case/C1"))[f"case/C1@{version}"]


def law_holds(hall):
    """Views that subtract equal views that never saw it; of an alert the record stays."""
    raw, effective = {}, {}
    for stream in ("case/C1", "rating/C1"):
        for event in hall.events(stream):
            FOLD(raw, event)
        for event in current(hall.events(stream)).values():
            FOLD(effective, event)
    return {k: v for k, v in raw.items() if v} == {k: v for k, v in effective.items() if v}


def test_an_amended_field_counts_from_now_on_and_the_raw_fact_stays(hall):
    hall.bring_to("ACC")
    raw = hall.events("case/C1")[1]
    receipt = amend(hall, 2, {"accept_no": change("1", "受-7")})
    amended, restamped = hall.events("case/C1")[2:]

    assert receipt.events == ("case/C1@3", "case/C1@4")
    assert (amended["type"], restamped["type"]) == ("case.event_amended", "case.event_restamped")
    assert restamped["causation"] == "case/C1@2"
    assert (restamped["data"]["data"]["before"], hall.events("case/C1")[1]) == (raw, raw)
    assert now(hall, 2) == {**raw, "data": {**raw["data"], "data": {"accept_no": "受-7"}}}
    assert law_holds(hall)


def test_a_field_is_added_and_taken_away(hall):
    hall.submit()
    hall.accept(data={})
    assert now(hall, 2)["data"]["stamp"]["flags"] == ["R20"]

    assert amend(hall, 2, {"accept_no": {"new": "受-7"}}).status == "accepted"
    assert "flags" not in now(hall, 2)["data"]["stamp"]
    assert amend(hall, 2, {"accept_no": {"old": "受-7"}}).status == "accepted"
    assert now(hall, 2)["data"]["data"] == {}
    assert now(hall, 2)["data"]["stamp"]["flags"] == ["R20"]


def test_what_is_old_is_what_counts_now(hall):
    hall.bring_to("ACC")
    first = {"accept_no": change("1", "2")}

    assert amend(hall, 2, first).status == "accepted"
    assert amend(hall, 2, first).code == "E_VERSION"
    assert amend(hall, 2, {"accept_no": change("2", "3")}).status == "accepted"
    assert amend(hall, 2, {"promised": change({"n": 9}, {"n": 8})}).code == "E_VERSION"


def test_another_window_moves_the_case_what_follows_and_its_ratings(hall):
    hall.bring_to("DEC+", item="generous")
    hall.conclude()
    hall.rate()
    assert amend(hall, 2, {"window": change("town-1", "town-2")}).status == "accepted"
    stamps = {k: e["data"]["stamp"] for k, e in current(hall.events("case/C1")).items()}

    assert {s.get("accept_window") for s in stamps.values()} == {None, "town-2"}
    assert stamps["case/C1@2"]["wrong_window"] is True
    assert stamps["case/C1@2"]["flags"] == ["R03"]
    rating = current(hall.events("rating/C1"))["rating/C1@1"]
    assert rating["data"]["stamp"]["accept_window"] == "town-2"
    assert hall.state().accept_window == "town-2"
    assert law_holds(hall)


def test_another_time_moves_the_buckets_the_dues_and_the_working_minutes(hall):
    hall.bring_to("DEC+")
    before = now(hall, 2)["data"]["stamp"]
    earlier = hall.order[0][1].isoformat()
    was = now(hall, 2)["time"]
    assert now(hall, 5)["data"]["stamp"]["working_minutes"] == 3

    receipt = amend(hall, 2, {"occurred_at": change(was, earlier)})
    assert receipt.status == "accepted", receipt
    assert now(hall, 2)["time"] == earlier
    assert now(hall, 2)["data"]["stamp"] == before, "the same day"
    assert now(hall, 5)["data"]["stamp"]["working_minutes"] == 4
    assert law_holds(hall)


def test_a_time_is_told_in_any_offset_and_written_in_ours(hall):
    hall.submit()
    hall.wait(hours=3)
    receipt = amend(hall, 1, {"occurred_at": change("2020-06-01T02:00:00Z",
                                                    "2020-06-01T00:30:00Z")})  # fmt: skip

    assert receipt.status == "accepted", receipt
    assert now(hall, 1)["time"] == "2020-06-01T08:30:00+08:00"


def test_a_due_follows_the_day_of_acceptance_under_the_limits_of_its_time(hall):
    hall.submit()
    hall.wait(days=1)
    hall.accept()
    hall.org_must(
        "item.register",
        "promised",
        {"name": "x", "dept": "民政", "project_type": "promised", "promised": {"n": 1}},
    )
    earlier = hall.order[0][1].isoformat()
    receipt = amend(hall, 2, {"occurred_at": change(now(hall, 2)["time"], earlier)})

    assert receipt.status == "accepted", receipt
    stamp = now(hall, 2)["data"]["stamp"]
    assert stamp["promised_due"] == "2020-06-15T23:59:59.999000+08:00"
    assert stamp["statutory_limit"] == {"n": 20, "unit": "workday"}


def test_what_the_item_and_the_window_were_at_acceptance_stays(hall):
    """Domain.md 4.3: a case finishes under its snapshot, also when its time is corrected."""
    hall.bring_to("ACC", item="alone")
    hall.wait(hours=1)
    before = now(hall, 2)["data"]["stamp"]
    hall.org_must("item.register", "alone", {"name": "x", "dept": "住建",
                                             "project_type": "promised"})  # fmt: skip
    changes = {"occurred_at": change(now(hall, 2)["time"], hall.order[0][1].isoformat())}

    assert amend(hall, 2, changes).status == "accepted"
    assert now(hall, 2)["data"]["stamp"] == before
    assert hall.usual("case.decide", who="an").status == "accepted"


def test_a_breach_goes_where_its_acceptance_turns_out_to_be_later(hall):
    hall.submit()
    first = hall.now
    hall.wait(days=7)
    hall.accept(at=first, late_reason="断网")
    then = hall.now
    hall.wait(days=9)
    hall.decide(hall.raw("clock.tick", "0", {}, source_class="system", source_system="clock",
                         source_seq=f"0@{hall.now.isoformat()}"))  # fmt: skip
    breached = hall.last()
    assert (breached["type"], breached["time"][:10]) == ("case.clock_breached", "2020-06-15")
    changes = {"occurred_at": change(first.isoformat(), then.isoformat())}
    assert amend(hall, 2, changes).status == "accepted"

    assert now(hall, 2)["data"]["stamp"]["promised_due"][:10] == "2020-06-22"
    assert breached["id"] not in current(hall.events("case/C1"))
    assert law_holds(hall)


def test_another_item_is_another_department_and_other_limits(hall):
    hall.org_must(
        "item.register",
        "other",
        {"name": "x", "dept": "住建", "project_type": "promised", "promised": {"n": 3}},
    )
    hall.bring_to("REV")
    assert amend(hall, 1, {"item": change("promised", "other")}).status == "accepted"

    assert {e["data"]["stamp"]["dept"] for e in current(hall.events("case/C1")).values()} == {
        "住建"
    }
    assert now(hall, 2)["data"]["stamp"]["promised_limit"] == {"n": 3, "unit": "workday"}
    assert "statutory_due" not in now(hall, 2)["data"]["stamp"]
    assert (hall.state().item, hall.state().dept) == ("other", "住建")
    assert law_holds(hall)


def test_an_outcome_is_amended_where_nothing_after_it_needs_the_old_one(hall):
    hall.bring_to("DEC+")
    rejected = {"outcome": change("approved", "rejected"), "reason_code": {"new": "x"},
                "remedies_told": change(old=False, new=True)}  # fmt: skip
    assert amend(hall, 5, rejected).status == "accepted"
    assert hall.state().status == "DEC-"
    assert law_holds(hall)


# state | version | changes | code | what is named
REFUSED = [
    ("ACC", 9, {"accept_no": change("1", "2")}, "E_REF", ()),
    ("ACC", 2, {}, "E_FIELD", ()),
    ("ACC", 2, {"accept_no": change("1", "1")}, "E_FIELD", ()),
    ("ACC", 2, {"nonsense": change(None, "1")}, "E_FIELD", None),
    ("ACC", 2, {"id": change("case/C1@2", "case/C1@9")}, "E_FIELD", None),
    ("ACC", 2, {"type": change("case.accepted", "case.issued")}, "E_FIELD", None),
    ("ACC", 2, {"subject": change("case/C1", "case/C2")}, "E_FIELD", None),
    ("ACC", 2, {"actorstaff": change("an", "bo")}, "E_FIELD", None),
    ("ACC", 2, {"stamp": change(None, {})}, "E_FIELD", None),
    ("ACC", 2, {"accept_no": change("1", 7)}, "E_FIELD", ()),
    ("ACC", 2, {"centre": change("town", None)}, "E_FIELD", ()),
    ("ACC", 2, {"occurred_at": change("2020-06-01T10:01:00+08:00", "gestern")}, "E_FIELD", ()),
    ("ACC", 2, {"occurred_at": change("2020-06-01T10:01:00+08:00",
                                      "2020-06-01T10:00:30")}, "E_FIELD", ()),
    ("ACC", 2, {"occurred_at": change("heute", "2020-06-01T10:00:30+08:00")}, "E_VERSION", ()),
    ("ACC", 2, {"accept_no": change("0", "2")}, "E_VERSION", ()),
    ("ACC", 2, {"window": change("town-2", "town-3")}, "E_VERSION", ()),
    ("ACC", 2, {"occurred_at": change("2020-06-01T10:01:00+08:00",
                                      "2020-06-01T10:01:01+08:00")}, "E_TIME_FUTURE", ()),
    ("ACC", 1, {"item": change("generous", "unheard-of")}, "E_REF", ()),
    ("ACC", 2, {"window": change("town-1", "town-9")}, "E_REF", ()),
    ("ACC", 2, {"window": change("town-1", "key-1")}, "E_REF", ()),
    ("TRN", 3, {"to_dept": change("民政", "气象")}, "E_REF", ()),
    ("ACC", 2, {"occurred_at": change("2020-06-01T10:01:00+08:00",
                                      "2020-06-01T09:59:59+08:00")}, "E_TIME_ORDER", ()),
    ("REV", 3, {"transfer_id": change("t1", "t2")}, "E_DEPENDENT", ("case/C1@4",)),
    ("ISS", 5, {"outcome": change("approved", "rejected"), "reason_code": {"new": "x"},
                "remedies_told": change(old=False, new=True)}, "E_DEPENDENT", ("case/C1@6",)),
    ("DLV", 7, {"method": change("window", "electronic")}, "", ()),
]  # fmt: skip


@pytest.mark.parametrize(("state", "version", "changes", "code", "named"), REFUSED)
def test_what_cannot_be_amended(hall, state, version, changes, code, named):
    hall.bring_to(state, item="generous")
    before = (hall.state(), len(hall.shelf.log))
    receipt = amend(hall, version, changes)

    assert receipt.code == code, receipt
    if code:
        assert (hall.state(), len(hall.shelf.log)) == before
        assert named is None or receipt.legal == named


def test_another_time_needs_evidence(hall):
    hall.bring_to("ACC")
    was = now(hall, 2)["time"]
    changes = {"occurred_at": change(was, hall.order[0][1].isoformat())}

    assert amend(hall, 2, changes, data={"evidence": None}).code == "E_FIELD"
    assert amend(hall, 2, {"accept_no": change("1", "2")}, data={"evidence": None}).code == ""


# requested by, approved by, actor; "an" accepted | code
PEOPLE = [
    ("fu", "gu", "fu", ""),
    ("hu", "hu", "hu", "E_SOD"),
    ("fu", "fu", "fu", "E_AUTH"),
    ("fu", "gu", "hu", "E_AUTH"),
    ("an", "gu", "an", "E_SOD"),
]


@pytest.mark.parametrize(("requested", "approved", "actor", "code"), PEOPLE)
def test_an_amendment_needs_two_people_who_did_not_enter_it(hall, requested, approved, actor, code):
    hall.org_must("staff.grant_post", "an", {"post": "corrector", "granted_by": "chief"})
    hall.bring_to("ACC")
    people = {"requested_by": requested, "approved_by": approved}

    assert amend(hall, 2, {"accept_no": change("1", "2")}, data=people, who=actor).code == code


def test_two_people_are_needed_whoever_sends_the_amendment(hall):
    hall.bring_to("ACC")
    people = {"requested_by": "hu", "approved_by": "hu"}
    receipt = amend(hall, 2, {"accept_no": change("1", "2")}, data=people, who=None, post=None,
                    source_class="imported")  # fmt: skip

    assert receipt.code == "E_SOD"


def test_what_was_voided_or_corrects_is_not_amended(hall):
    hall.bring_to("ACC")
    assert amend(hall, 2, {"accept_no": change("1", "2")}).status == "accepted"
    for version in (3, 4):
        assert amend(hall, version, {"reason_code": change("typing_error", "x")}).code == "E_REF"
    assert hall.void("case/C1@2").status == "accepted"

    assert amend(hall, 2, {"accept_no": change("2", "3")}).code == "E_STATE"


def test_an_amended_fact_is_voided_as_it_counts(hall):
    hall.bring_to("ACC")
    amend(hall, 2, {"window": change("town-1", "town-3")})
    hall.void("case/C1@2")

    assert hall.last()["data"]["data"]["before"]["window"] == "town-3"
    assert hall.state().status == "SUB"
    assert law_holds(hall)


def test_the_order_of_an_amendments_own_faults(hall):
    """First the correction, then the amended fact, then what follows it."""
    hall.bring_to("TRN")
    bad = {"to_dept": change("民政", "气象")}
    alone = {"requested_by": "hu", "approved_by": "hu"}
    stale = {"to_dept": change("住建", "气象")}

    assert amend(hall, 3, stale, data=alone, who="hu").code == "E_VERSION"
    assert amend(hall, 3, bad, data=alone, who="hu").code == "E_SOD"
    assert amend(hall, 3, bad, at=hall.order[0][1]).code == "E_TIME_ORDER"
    assert amend(hall, 3, bad).code == "E_REF"
    assert amend(hall, 3, {"transfer_id": change("t1", "")}).code == "E_FIELD"


def test_the_flag_of_a_second_notice_goes_with_the_first(hall):
    hall.bring_to("SUP", item="generous")
    hall.usual("case.supplement")
    hall.usual("case.notice_supplement")
    assert hall.last()["data"]["stamp"]["flags"] == ["R08"]
    assert hall.void("case/C1@2", "case/C1@3").status == "accepted"

    assert "flags" not in now(hall, 4)["data"]["stamp"]


def test_a_transfer_is_flagged_once_an_amendment_makes_it_go_back(hall):
    hall.bring_to("ACC")
    for n, dept in enumerate(("民政", "住建", "公安")):
        hall.transfer(number=f"t{n}", to=dept, source_class="imported")
        hall.receive(number=f"t{n}", source_class="imported")
    assert "flags" not in now(hall, 7)["data"]["stamp"]
    assert amend(hall, 7, {"to_dept": change("公安", "民政")}).status == "accepted"

    assert now(hall, 7)["data"]["stamp"]["flags"] == ["R12"]


# state | said | void | with | code | what is named | state after
VOIDS = [
    ("SUP", (), 2, (), "", (), "SUB"),
    ("SUP", ("case.supplement",), 2, (), "E_DEPENDENT", (3,), "SUB"),
    ("SUP", ("case.supplement",), 2, (3,), "", (), "SUB"),
    ("SUP", ("case.supplement", "case.accept"), 3, (), "E_DEPENDENT", (4,), "ACC"),
    ("TRN", ("case.refuse_transfer",), 4, (), "", (), "TRN"),
    ("TRN", ("case.refuse_transfer",), 3, (), "E_DEPENDENT", (4,), "ACC"),
    ("TRN", ("case.refuse_transfer", "case.decide"), 4, (), "E_DEPENDENT", (5,), "DEC+"),
    ("REV", ("case.grant_extension",), 5, (), "", (), "REV"),
    ("REV", ("case.start_special", "case.end_special"), 5, (), "E_DEPENDENT", (6,), "REV"),
    ("REV", ("case.start_special", "case.end_special"), 6, (), "", (), "REV"),
    (
        "REV",
        ("case.start_special", "case.end_special", "case.decide"),
        6,
        (),
        "E_DEPENDENT",
        (7,),
        "DEC+",
    ),
    (
        "REV",
        ("case.commit_deficiency", "case.fill_deficiency", "case.decide"),
        6,
        (),
        "E_DEPENDENT",
        (7,),
        "DEC+",
    ),
    (
        "REV",
        ("case.commit_deficiency", "case.fail_deficiency", "case.terminate"),
        5,
        (6,),
        "",
        (),
        "TER",
    ),
    ("REV", ("case.suspend_clock", "case.resume_clock"), 5, (), "E_DEPENDENT", (6,), "REV"),
    ("DEC+", ("case.conclude", "case.revoke_decision"), 6, (), "E_DEPENDENT", (7,), "DEC+"),
    ("ISS", ("case.deliver",), 6, (), "E_DEPENDENT", (7,), "DLV"),
    ("ARC", (), 8, (), "E_DEPENDENT", (9,), "ARC"),
    ("ARC", (), 9, (), "", (), "DLV"),
    ("NAC", (), 2, (), "", (), "SUB"),
    ("WDR", (), 2, (), "", (), "SUB"),
    ("TER", ("case.conclude", "case.archive"), 3, (), "E_DEPENDENT", (4, 5), "ARC"),
]


@pytest.mark.parametrize(("state", "said", "target", "cascade", "code", "named", "after"), VOIDS)
def test_a_void_in_the_course_names_what_needs_its_target(
    hall, state, said, target, cascade, code, named, after
):
    item = "instant" if "case.decide" in said and state == "TRN" else "generous"
    if item == "instant":
        hall.org_must("item.register", "instant", {"name": "x", "dept": "民政",
                                                   "project_type": "instant"})  # fmt: skip
    hall.bring_to(state, item=item)
    for command in said:
        receipt = hall.usual(command)
        assert receipt.status == "accepted", receipt
        hall.wait(minutes=1)
    receipt = hall.void(*(f"case/C1@{n}" for n in (target, *cascade)))

    assert (receipt.code, hall.state().status) == (code, after), receipt
    assert receipt.legal == tuple(f"case/C1@{n}" for n in named)
    assert law_holds(hall)
