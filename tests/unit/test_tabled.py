"""Streams that a table rules: docs/states.md is the law, every cell is tried by a real decision."""

from datetime import timedelta

import pytest

from ledger.contracts.codes import Post
from ledger.contracts.events import COMMANDS, FACTS
from ledger.rules import agent, bundle, duty, inspection, interaction
from tests.tabled_ways import ROADS, SAYS, Tabled, kind_of, printed

TITLES = {"agent": "帮办代办", "bundle": "一件事", "interaction": "咨询投诉", "inspection": "督查"}
MOVES = {"agent": agent.MOVES, "bundle": bundle.MOVES, "interaction": interaction.MOVES,
         "inspection": inspection.MOVES}  # fmt: skip
ROOMS = inspection.ROOMS
COMMAND_OF = {fact.TYPE: command for command, fact in COMMANDS.items()}
CELLS = [
    (stream, status, fact)
    for stream in MOVES
    for fact in MOVES[stream]
    for status in ROADS[kind_of(fact)]
]


@pytest.mark.parametrize(("stream", "status", "fact"), CELLS)
def test_every_fact_is_appended_or_refused_as_the_table_says(hall, stream, status, fact):
    table = Tabled(hall, stream)
    table.bring_to(status, kind_of(fact))
    count = len(hall.shelf.log)
    follows, then, _ = printed(TITLES[stream])[fact]
    receipt = table.say(COMMAND_OF[fact])

    if status in follows:
        assert receipt.status == "accepted", receipt
        assert hall.last(table.name)["type"] == fact
        after = MOVES[stream][fact][status]
        assert after == (status if then == "=" else then)
        return
    assert receipt.code == "E_STATE", receipt
    alike = {f: ways for f, ways in MOVES[stream].items() if ROOMS.get(f) == ROOMS.get(fact)}
    assert set(receipt.legal) == {COMMAND_OF[f] for f, ways in alike.items() if status in ways}
    assert len(hall.shelf.log) == count


@pytest.mark.parametrize("stream", MOVES)
def test_the_printed_table_is_that_of_the_code(stream):
    def who(command):
        named = [f"`{post}`" for post in sorted(duty.POSTS[command])]
        named += ["citizen"] * (command in duty.CITIZEN_COMMANDS)
        named += ["system"] * (command in duty.SYSTEM_COMMANDS)
        named += ["the ledger"] * (command in duty.OWN_COMMANDS)
        return ", ".join(named)

    page = printed(TITLES[stream])
    assert {fact: follows for fact, (follows, *_) in page.items()} == {
        fact: list(ways) for fact, ways in MOVES[stream].items()
    }
    assert {fact: by for fact, (*_, by) in page.items()} == {
        fact: who(COMMAND_OF[fact]) for fact in MOVES[stream]
    }


@pytest.mark.parametrize("stream", MOVES)
def test_the_table_has_every_fact_of_the_stream(stream):
    told = {kind for kind, fact in FACTS.items() if stream == fact.STREAM}

    assert {kind for kind in told if kind.endswith((".clock_breached", ".event_restamped"))} == {
        kind for kind in told if not FACTS[kind].COMMAND
    }
    assert set(MOVES[stream]) == {
        kind for kind in told if FACTS[kind].COMMAND and not kind.endswith(".event_voided")
    }
    assert {COMMAND_OF[kind] for kind in MOVES[stream]} <= set(SAYS)


WHO = [*(post.value for post in Post), "citizen", "system", "external"]


@pytest.mark.parametrize(("stream", "fact"), [(s, f) for s in MOVES for f in MOVES[s]])
def test_who_may_do_what(hall, stream, fact):
    """Asked of the decision itself, which is thrown away: nothing is kept."""
    table, command = Tabled(hall, stream), COMMAND_OF[fact]
    table.bring_to(next(iter(MOVES[stream][fact])), kind_of(fact))
    hall.org_must("staff.join", "new", {"centre": "town"})
    for post in Post:
        hall.org_must("staff.grant_post", "new", {"post": post.value, "granted_by": "chief"})
    may = printed(TITLES[stream])[fact][2].replace("`", "").split(", ")
    codes = {}
    for who in WHO:
        kind = who if who in {"citizen", "system", "external"} else "staff"
        actor = {"kind": kind} if kind != "staff" else {"kind": kind, "staff": "new", "post": who}
        data, place = SAYS[command]
        raw = hall.raw(command, table.key, data, actor=actor, centre=place.get("centre"))
        decision = type(hall.partition)(0, hall.shelf)
        decision.reference = hall.partition.reference
        codes[who] = decision.decide(raw, hall.now).receipt.code

    assert codes == {who: "" if who in may else "E_AUTH" for who in WHO}


@pytest.mark.parametrize("stream", MOVES)
def test_a_correction_needs_two_people_and_is_told_once(hall, stream):
    table = Tabled(hall, stream)
    first = next(iter(MOVES[stream]))
    table.must(COMMAND_OF[first])
    assert table.void(9).code == "E_REF"
    assert table.void(1, data={"approved_by": "fu"}).code == "E_AUTH"
    one = {"requested_by": "hu", "approved_by": "hu"}
    assert table.void(1, source_class="imported", data=one).code == "E_SOD"
    assert table.void(1, source_class="imported", data={"approved_by": "x"}).code == "E_AUTH"
    assert table.void(1, at=hall.now - timedelta(hours=1)).code == "E_TIME_ORDER"
    assert table.void(1).status == "accepted"

    assert table.void(1).code == "E_STATE"
    assert table.kinds[1:] == [f"{stream}.event_voided", f"{stream}.event_restamped"]
    assert table.say(COMMAND_OF[first]).status == "accepted"
