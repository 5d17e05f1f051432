"""戳: what the ledger works out at the door, and what it leaves alone."""

import pytest

COUNTER = {"accept_centre": "town", "accept_window": "town-1"}
PROMISED = {"item": "promised", "dept": "民政"}
LIMITED = {"statutory_limit": {"n": 20, "unit": "workday"},
           "promised_limit": {"n": 10, "unit": "workday"}}  # fmt: skip


def stamps(hall, stream="case/C1"):
    return [(e["type"], e["data"]["stamp"]) for e in hall.events(stream)]


def test_each_fact_of_a_case_carries_what_a_reader_would_have_to_join(hall):
    hall.bring_to("ISS")
    hall.conclude()
    hall.rate()
    place = {**PROMISED, **COUNTER}

    assert stamps(hall) == [
        ("case.submitted", {**PROMISED, "project_type": "promised"}),
        ("case.accepted", {
            **place, "project_type": "promised", "required_window": "comp:livelihood",
            "wrong_window": False, "statutory_due": "2020-06-30T23:59:59.999000+08:00",
            "promised_due": "2020-06-15T23:59:59.999000+08:00", "calendar": "org/cal-2020@1",
            "told_due": "2020-06-15T23:59:59.999000+08:00",
            **LIMITED}),
        ("case.transferred", place),
        ("case.transfer_received", {**place, "in_time": True}),
        ("case.decision_made", {**place, "working_minutes": 3}),
        ("case.issued", place),
        ("case.concluded", {
            **place, "project_type": "promised", "elapsed_days": 0, "promised": "early",
            "statutory": "met", "quick": True, "visits": "once", "rateable": True,
            "told_due": "2020-06-15T23:59:59.999000+08:00"}),
    ]  # fmt: skip
    rated = {
        **place, "first": True, "concluded_at": hall.now.isoformat(), "rateable": True,
    }  # fmt: skip
    assert stamps(hall, "rating/C1") == [("rating.submitted", rated)]


def test_what_the_source_said_is_left_as_it_was_said(hall):
    hall.submit()
    said = {"accept_no": "受-1", "promised": {"n": 3, "unit": "workday"}, "deadline": "13 June"}
    hall.accept(data=said)

    assert hall.last()["data"]["data"] == said
    assert hall.last()["data"]["stamp"]["promised_due"] == "2020-06-04T23:59:59.999000+08:00"


LIMITS = [  # said | the item's | dues that are stamped
    ({}, {"promised": None, "statutory": None}, set()),
    ({}, {"promised": {"n": 1}, "statutory": None}, {"promised_due"}),
    ({"promised": {"n": 1}}, {"promised": None, "statutory": None}, {"promised_due"}),
    ({"statutory": {"n": 1}}, {"promised": {"n": 1}, "statutory": None},
     {"promised_due", "statutory_due"}),
]  # fmt: skip


@pytest.mark.parametrize(("said", "registered", "dues"), LIMITS)
def test_no_limit_no_due(hall, said, registered, dues):
    fields = {k: v for k, v in registered.items() if v}
    hall.org_must("item.register", "promised", {"name": "x", "dept": "民政",
                                                "project_type": "promised", **fields})  # fmt: skip
    hall.submit()
    hall.accept(data={"accept_no": "1", **said})

    stamped = {name for name in hall.last()["data"]["stamp"] if name.endswith("_due")}
    assert stamped - {"told_due"} == dues
    assert ("told_due" in stamped) == ("promised_due" in dues)


def test_a_due_beyond_the_published_calendar_is_provisional(hall):
    hall.wait(days=205)
    hall.submit(late_reason="x")
    hall.accept()
    assert hall.last()["data"]["stamp"]["due_provisional"] is True

    hall.org_must("calendar.publish", "cal-2021", {"year": 2021, "doc_no": "1"})
    hall.submit("C2")
    hall.accept("C2")
    stamp = hall.last("case/C2")["data"]["stamp"]

    assert stamp["calendar"] == "org/cal-2020@1,org/cal-2021@1"
    assert "due_provisional" not in stamp


def test_a_calendar_or_an_item_that_changes_later_leaves_old_stamps_alone(hall):
    """Each partition decides with what it has adopted; a replay decides the same."""
    hall.submit()
    hall.accept()
    before = stamps(hall)
    hall.org_must("item.register", "promised", {"name": "x", "dept": "住建",
                                                "project_type": "promised"})  # fmt: skip
    hall.transfer()

    assert stamps(hall)[:2] == before
    assert hall.last()["data"]["stamp"]["dept"] == "民政"


def test_working_minutes_are_absent_where_no_calendar_is_published(new_hall):
    hall = new_hall()
    hall.now = hall.now.replace(year=2022)
    hall.bring_to("DEC+")

    assert "working_minutes" not in hall.events("case/C1")[-1]["data"]["stamp"]


def test_an_acceptance_without_a_document_number_is_flagged_but_not_in_history(hall):
    for key, source in (("C1", "interactive"), ("C2", "imported"), ("C3", "historical")):
        hall.submit(key, source_class=source)
        hall.accept(key, data={}, source_class=source)
    flags = [hall.last(f"case/{key}")["data"]["stamp"].get("flags") for key in ("C1", "C2", "C3")]

    assert flags == [["R20"], ["R20"], None]


def test_history_needs_only_number_item_channel_and_time(hall):
    bare = {"who": None, "post": None, "centre": None, "window": None, "channel": None,
            "source_class": "historical", "at": hall.now.replace(year=2011)}  # fmt: skip
    assert hall.submit(**{**bare, "channel": "web"}).status == "accepted"
    for say in (hall.accept, hall.transfer, hall.receive, hall.decide_on, hall.conclude,
                hall.issue):  # fmt: skip
        more = {"data": {}} if say == hall.accept else {}
        receipt = say(**{**bare, **more})
        assert receipt.status == "accepted", receipt

    assert stamps(hall)[1] == ("case.accepted", {
        **PROMISED, "project_type": "promised", "due_provisional": True,
        "statutory_due": "2011-06-29T23:59:59.999000+08:00",
        "promised_due": "2011-06-15T23:59:59.999000+08:00",
        "told_due": "2011-06-15T23:59:59.999000+08:00", **LIMITED})  # fmt: skip
    assert not any("flags" in stamp for _, stamp in stamps(hall))
    assert "latereason" not in hall.last()


def test_history_without_a_channel_number_or_item_is_refused(hall):
    bare = {"who": None, "post": None, "source_class": "historical"}

    assert hall.submit(channel=None, window=None, centre=None, **bare).code == "E_FIELD"
    assert hall.submit(item="unheard-of", **bare).code == "E_REF"
    assert hall.say("case.submit", data={"item": "promised"}, channel="web", **bare).code == (
        "E_FIELD"
    )
