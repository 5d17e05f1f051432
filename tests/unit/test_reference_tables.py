"""Items and organisation: docs/states.md is the law, every cell is tried by a real decision."""

import pytest

from ledger.contracts.codes import Post
from ledger.contracts.events import COMMANDS, FACTS, REFERENCE_COMMANDS
from ledger.contracts.events.reference import ReferencePayload
from ledger.rules import duty, item, org
from tests.reference_ways import ROADS, SAYS, Catalogue, table

COURSES = {"item": item.COURSE, "org": org.COURSE}
ROOMS = {"item": item.ROOMS, "org": org.ROOMS}
COMMAND_OF = {fact.TYPE: command for command, fact in COMMANDS.items()}


def room_of(stream, fact):
    return ROOMS[stream][fact]


CELLS = [
    (stream, status, fact)
    for stream, course in COURSES.items()
    for fact in course.moves
    for status in ROADS[stream][room_of(stream, fact)]
]


@pytest.mark.parametrize(("stream", "status", "fact"), CELLS)
def test_every_fact_is_appended_or_refused_as_the_table_says(hall, stream, status, fact):
    room = room_of(stream, fact)
    told = Catalogue(hall, stream, room)
    told.bring_to(room, status)
    count = len(hall.org.log)
    follows, then = table(stream)[fact]
    receipt = told.say(COMMAND_OF[fact])

    if status in follows:
        assert receipt.status == "accepted", receipt
        assert told.name == receipt.stream
        assert fact in {event["type"] for event in told.events}
        after = COURSES[stream].moves[fact][status]
        assert after == (status if then == "=" else then)
        return
    assert receipt.code == "E_STATE", receipt
    assert len(hall.org.log) == count
    if receipt.message.startswith(f"{fact} in state"):
        assert set(receipt.legal) == {
            COMMAND_OF[f] for f, ways in COURSES[stream].moves.items()
            if status in ways and room_of(stream, f) == room
        }  # fmt: skip


@pytest.mark.parametrize("stream", COURSES)
def test_the_printed_table_is_that_of_the_code(stream):
    assert {fact: follows for fact, (follows, _) in table(stream).items()} == {
        fact: list(ways) for fact, ways in COURSES[stream].moves.items()
    }


@pytest.mark.parametrize("stream", COURSES)
def test_the_table_has_every_fact_of_the_stream(stream):
    told = {kind for kind, fact in FACTS.items() if stream == fact.STREAM and fact.COMMAND}

    assert set(COURSES[stream].moves) == told
    assert {COMMAND_OF[kind] for kind in told} <= set(SAYS)


def test_they_go_to_the_reference_partition_by_its_posts():
    """Who publishes reference data tells these facts too; nobody else has a post for them."""
    told = {command for command, fact in COMMANDS.items() if issubclass(fact, ReferencePayload)}

    assert told == REFERENCE_COMMANDS
    assert told & set(duty.POSTS) == set()


@pytest.mark.parametrize("command", sorted(SAYS))
def test_who_may_tell_it(hall, command):
    stream = COMMANDS[command].STREAM
    fact = COMMANDS[command].TYPE
    told = Catalogue(hall, stream, room_of(stream, fact))
    told.bring_to(room_of(stream, fact), next(iter(COURSES[stream].moves[fact])))
    codes = {}
    for post in Post:
        hall.org_must("staff.join", "new", {})
        hall.org_must("staff.grant_post", "new", {"post": post.value, "granted_by": "chief"})
        actor = {"kind": "staff", "staff": "new", "post": post.value}
        raw = hall.raw(command, told.key, SAYS[command], actor=actor)
        decision = type(hall.offices)(1, hall.org, is_reference=True)
        decision.reference = hall.partition.reference
        codes[post.value] = decision.decide(raw, hall.now).receipt.code

    assert {post for post, code in codes.items() if code == ""} == set(duty.REFERENCE_POSTS)
    assert {code for code in codes.values() if code} == {"E_AUTH"}
