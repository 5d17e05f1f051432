"""机构: what the tables of the organisation cannot say, and what decisions look up of it."""

from datetime import date, timedelta

import pytest

from ledger.contracts.wire import decode
from processors.views.latest import fold_latest
from tests.reference_ways import DESK, HIRED, NEW, OPENED, SAYS, Catalogue

UNDER = {"parent_id": "r1"}
REFUSED = [  # room | before | command | other data | code | a word of why
    ("region", (), "region.register", {"parent_id": "r7"}, "E_REF", "region r7"),
    ("region", (), "region.register", {"code": "32A"}, "E_FIELD", "code"),
    ("region", (), "region.register", {"level": 7}, "E_FIELD", "level"),
    ("region", ("region.register",), "region.register", UNDER, "E_STATE", "under itself"),
    ("region", ("region.register",), "region.merge", {"predecessor_ids": []}, "E_FIELD",
     "predecessor_ids"),
    ("region", ("region.register",), "region.merge", {"predecessor_ids": ["r7"]}, "E_REF", "r7"),
    ("region", ("region.register",), "region.merge", {"predecessor_ids": ["r1"]}, "E_STATE",
     "does not succeed itself"),
    ("centre", (), "centre.plan", {"region_id": "r7"}, "E_REF", "region r7"),
    ("centre", (), "centre.open", {"region": "r7"}, "E_REF", "region r7"),
    ("centre", OPENED, "centre.relocate", {"region_id": "r7"}, "E_REF", "region r7"),
    ("centre", OPENED, "centre.measure_area", {"hall_area_m2": -1}, "E_FIELD", "hall_area_m2"),
    ("centre", OPENED, "centre.change_tier", {"doc_no": None}, "E_FIELD", "doc_no"),
    ("station", (), "centre.bring_station_online", {}, "E_STATE", "the centre is in state -"),
    ("line", (*OPENED, "centre.close"), "centre.reserve_line", {}, "E_STATE", "in state CLO"),
    ("self-service", (), "centre.open_self_service", {}, "E_STATE", "the centre is in state -"),
    ("duty", (), "dept.require_entry", {}, "E_STATE", "the dept is in state -"),
    ("entry", (), "dept.enter", {}, "E_STATE", "the dept is in state -"),
    ("entry", DESK[:1], "dept.enter", {"centre_id": "nowhere"}, "E_REF", "nowhere"),
    ("entry", DESK[:1], "dept.enter", {"window_ids": ["town-9"]}, "E_REF", "town-9"),
    ("entry", DESK[:1], "dept.enter", {"window_ids": ["key-1"]}, "E_REF", "key-1"),
    ("entry", DESK, "dept.leave", {"centre_id": "key"}, "E_STATE", "in state -"),
    ("window", ("window.create",), "window.change_type", {"load_evidence": {}}, "E_FIELD",
     "load_evidence"),
    ("window", ("window.create",), "window.change_type", {"kind": "comp:nothing"}, "E_FIELD",
     "kind"),
    ("window", ("window.create",), "window.change_type", {"centre": "key"}, "E_REF",
     "belongs to town"),
    ("window", ("window.create",), "window.change_type", {"centre": "nowhere"}, "E_REF", "nowhere"),
    ("staff", HIRED[:1], "staff.transfer_in", {"to_centre": "nowhere"}, "E_REF", "nowhere"),
    ("staff", HIRED[:1], "staff.second", {"from_dept": "海关"}, "E_REF", "海关"),
    ("staff", (), "staff.grant_post", {}, "E_REF", "staff nie"),
    ("staff", ("staff.join", "staff.leave"), "staff.grant_post", {}, "E_REF", "staff nie"),
    ("post", HIRED[:1], "staff.grant_post", {"granted_by": "nie"}, "E_SOD", "themselves"),
    ("post", HIRED, "staff.revoke_post", {"post": "issue"}, "E_STATE", "in state -"),
    ("agent", (), "agent.appoint", {"village": "nowhere"}, "E_REF", "nowhere"),
    ("calendar", ("calendar.publish",), "calendar.override", {"year": 2022}, "E_FIELD", "cal-2022"),
    *(("document", (), f"{what}.publish", {"effective_from": "2020-05-31"}, "E_LIMIT",
       "not decided anew") for what in ("routing", "rules", "config")),
    ("document", (), "rules.publish", {"sha256": "x"}, "E_FIELD", "sha256"),
]  # fmt: skip


@pytest.mark.parametrize(("room", "before", "command", "but", "code", "why"), REFUSED)
def test_each_invariant_refuses(hall, room, before, command, but, code, why):
    told = Catalogue(hall, "org", room)
    for each in before:
        told.must(each)
    receipt = told.say(command, but)

    assert (receipt.status, receipt.code) == ("refused", code), receipt
    assert why in receipt.message


def test_a_region_does_not_lie_under_what_lies_under_it(hall):
    told = Catalogue(hall, "org", "region")
    told.must("region.register")
    hall.org_must("region.register", "r2", {**SAYS["region.register"], **UNDER})
    hall.org_must("region.register", "r3", {**SAYS["region.register"], "parent_id": "r2"})

    assert told.say("region.register", {"parent_id": "r3"}).code == "E_STATE"
    assert told.say("region.register", {"parent_id": "r9"}).status == "accepted"


def test_an_agent_is_somebody_who_is_known(hall):
    receipt = Catalogue(hall, "org", "agent").say("agent.appoint", key="stranger")

    assert (receipt.code, "stranger" in receipt.message) == ("E_REF", True)


def test_nothing_happens_before_what_it_needs(hall):
    told = Catalogue(hall, "org", "entry")
    told.must("dept.register")
    told.must("dept.enter")

    assert told.say("dept.leave", at=hall.now - timedelta(hours=1)).code == "E_TIME_ORDER"


def test_the_published_catalogue_is_taken_in_every_state_and_at_any_time(hall):
    told = Catalogue(hall, "org", "centre")
    for command in (*OPENED, "centre.close", *OPENED, *OPENED):
        told.must(command)

    assert told.say("centre.open", at=hall.now - timedelta(days=30)).status == "accepted"


# what was told of centre and window | hours before now | source class | may anything happen there
CLOSED = [
    (("centre.close",), 0, "interactive", "E_REF"),
    (("centre.close",), 3, "interactive", ""),
    (("centre.close",), 0, "imported", ""),
    (("centre.close", "centre.open"), 0, "interactive", ""),
    (("centre.suspend",), 0, "interactive", ""),
    (("window.retire",), 0, "interactive", "E_REF"),
    (("window.retire",), 3, "interactive", ""),
    (("window.retire",), 0, "imported", ""),
    (("window.retire", "window.create"), 0, "interactive", ""),
]


@pytest.mark.parametrize(("facts", "hours", "source", "code"), CLOSED)
def test_nothing_happens_where_it_was_closed(hall, facts, hours, source, code):
    """Domain.md 3.2: a place is there and valid when something happens at it."""
    hall.wait(hours=2)
    opened = {**SAYS, "centre.open": {**NEW, "town": "town"}}
    for command in facts:
        key = "town" if command.startswith("centre.") else "town-1"
        hall.org_must(command, key, opened[command])
        hall.wait(minutes=1)
    hall.wait(hours=2)
    at = hall.now - timedelta(hours=hours)

    assert hall.submit(at=at, source_class=source).code == code


def test_a_window_routes_by_its_new_type_from_its_adoption_on_and_walls_show_it(hall):
    """S3.8: a window follows its load."""
    hall.submit("C1")
    assert hall.accept("C1", window="town-2").status == "accepted"
    assert hall.last("case/C1")["data"]["stamp"]["flags"] == ["R03"]
    changed = {**SAYS["window.change_type"], "kind": "comp:livelihood"}
    hall.org_must("window.change_type", "town-2", changed)
    hall.submit("C2")
    assert hall.accept("C2", window="town-2").status == "accepted"
    latest = {}
    for value in hall.org.history("org/town-2"):
        fold_latest(latest, decode(value))

    assert "flags" not in hall.last("case/C2")["data"]["stamp"]
    assert {name: of.data["kind"] for name, of in latest.items()} == {
        "window.created/town-2": "comp:livelihood"
    }


ENDS = {"staff.revoke_post": {"post": "accept", "revoked_by": "chief"}, "staff.leave": {}}


@pytest.mark.parametrize("command", ENDS)
def test_who_lost_a_post_may_no_longer_use_it(hall, command):
    assert hall.submit("C1").status == "accepted"
    hall.org_must(command, "an", ENDS[command])

    assert hall.submit("C2").code == "E_AUTH"


@pytest.mark.parametrize("command", ["staff.transfer_in", "staff.second"])
def test_who_was_sent_to_a_centre_belongs_there(hall, command):
    hall.org_must(command, "an", {"to_centre": "key", "from_dept": "民政"})
    staff = hall.partition.reference.staff["an"]

    assert (staff.centre, staff.dept, "accept" in staff.posts) == ("key", "民政", True)


def test_an_overridden_calendar_counts_from_its_adoption(hall):
    days = {"year": 2020, "doc_no": "防1", "reason": "防汛", "holidays": ["2020-06-02"]}
    hall.org_must("calendar.override", "cal-2020", days)
    calendar = hall.partition.reference.calendar

    assert not calendar.is_working(date(2020, 6, 2))
    assert calendar.is_working(date(2020, 6, 3))
