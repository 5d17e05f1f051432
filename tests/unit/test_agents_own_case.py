"""Who acts for a citizen and accepts what they ask for themselves (R07, domain.md 5.3)."""

import pytest

# who acts for the citizen, the post of who enters it, the item | where | people there | code, flags
AGENTS = [
    ({"agent_staff": "an"}, "accept", "promised", "town", ["R07"]),
    ({"agent_staff": "dai"}, "accept", "promised", "town", []),
    ({}, "agent", "promised", "town", ["R07"]),
    ({}, "accept", "promised", "town", []),
    ({"agent_staff": "dai"}, "agent", "promised", "town", []),
    ({"agent_staff": "an"}, "accept", "alone", "town", []),
    ({"agent_staff": "an"}, "accept", "promised", "village", []),
    ({"agent_staff": "an"}, "accept", "promised", "village of two", ["R07"]),
]


@pytest.mark.parametrize("source", ["interactive", "imported", "historical"])
@pytest.mark.parametrize(("said", "post", "item", "where", "wanted"), AGENTS)
def test_an_agent_who_accepts_what_they_ask_for_is_flagged(
    hall, said, post, item, where, wanted, source
):
    """Domain.md 5.3, agent – accept of own task's case: soft, but in a village with one person."""
    for staff in ("an", "dai"):
        hall.org_must("staff.grant_post", staff, {"post": "agent", "granted_by": "chief"})
    place = {"centre": where.split(" ")[0], "window": f"{where.split(' ')[0]}-1"}
    if where.startswith("village"):
        hall.org_must("staff.transfer_in", "an", {"to_centre": "village"})
    if where == "village of two":
        hall.org_must("staff.transfer_in", "dai", {"to_centre": "village"})
    data = {"item": item, "agent_task_id": "T1", **said}
    more = {**place, "source_class": source}
    assert hall.usual("case.submit", but=data, post=post, **more).status == "accepted"
    assert hall.usual("case.accept", **more).status == "accepted"

    found = hall.last()["data"]["stamp"].get("flags", [])
    assert found == ([] if source == "historical" else wanted)


NO_AGENTS = [("stranger", "E_REF"), ("dai", "E_REF"), ("an", "")]


@pytest.mark.parametrize(("name", "code"), NO_AGENTS)
def test_who_acts_for_a_citizen_is_an_agent(hall, name, code):
    hall.org_must("staff.grant_post", "an", {"post": "agent", "granted_by": "chief"})
    data = {"agent_task_id": "T1", "agent_staff": name}

    assert hall.usual("case.submit", but=data).code == code
    assert hall.usual("case.submit", "C2", but=data, source_class="imported").code == ""


def test_amending_who_acted_for_the_citizen_takes_the_flag_and_brings_it(hall):
    for staff in ("an", "dai"):
        hall.org_must("staff.grant_post", staff, {"post": "agent", "granted_by": "chief"})
    hall.usual("case.submit", but={"agent_task_id": "T1", "agent_staff": "an"})
    hall.usual("case.accept")
    for old, new, wanted in (("an", "dai", None), ("dai", "an", ["R07"])):
        hall.wait(minutes=1)
        changes = {"agent_staff": {"old": old, "new": new}}
        said = hall.usual("case.amend_event", but={"changes": changes})
        assert said.status == "accepted", said
        restated = [e["data"]["data"]["after"] for e in hall.events("case/C1")
                    if e["type"] == "case.event_restamped"]  # fmt: skip
        assert restated[-1]["type"] == "case.accepted"
        assert restated[-1]["data"]["stamp"].get("flags") == wanted
