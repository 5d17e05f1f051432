"""The oracle (design.md 10): the commands, decided one by one, over a dict.

It knows nothing of batches, transactions, restarts or state files. What the writers wrote, in
whatever order they died, must be what it comes to.
"""

from collections import defaultdict
from datetime import datetime

import orjson

from ledger.contracts.wire import decode
from ledger.log.kafka_records import (
    CHAIN,
    COMMAND,
    NOW,
    Places,
    header,
    make_consumer,
    read_between,
)
from ledger.log.topics import parse_url, partitions_of
from ledger.proof.chain import chain, genesis
from ledger.rules.partition import Partition
from ledger.rules.recording import failed_decision, keep_looks


class Shelf:
    """What is durable, as the oracle keeps it."""

    def __init__(self):
        self.streams, self.receipts, self.looks = defaultdict(list), {}, {}

    def history(self, stream):
        return self.streams[stream]

    def receipt(self, key):
        return self.receipts.get(key)

    def due(self, before, limit):
        looks = sorted((look, name) for name, look in self.looks.items() if look is not None)
        return [name for look, name in looks[:limit] if look < before]


class Topics:
    """Every committed record of the commands, the results and the events, per partition."""

    def __init__(self, places):
        self.places = places
        self.commands, self.results, self.books = {}, {}, {}

    @classmethod
    async def read(cls, url):
        at = parse_url(url)
        read = cls(Places(at, await partitions_of(at.bootstrap, at.prefix)))
        consumer = make_consumer(read.places, wait_ms=10)
        await consumer.start()
        try:
            for number in range(read.places.partitions + 1):
                for into, place in (
                    (read.commands, read.places.of("commands", number)),
                    (read.results, read.places.of("results", number)),
                    (read.books, read.places.book(number)),
                ):
                    into[number] = await records(consumer, place)
        finally:
            await consumer.stop()
        return read


async def records(consumer, place):
    """All records of one partition that this consumer may see."""
    found = []
    ends = await consumer.end_offsets([place])
    async for _, some in read_between(consumer, {place: 0}, ends):
        found += some
    return found


def told(value):
    """What a digest covers: (stream, version, type, data, stamp)."""
    event = orjson.loads(value)
    return (event["subject"], event["streamversion"], event["type"], event["data"])


def check_chain(number, book):
    head = genesis(number)
    for record in book:
        head = chain(head, record.value)
        assert header(record, CHAIN) == head, f"chain of {number} at {record.offset}"


def check_partition(topics, number, facts):
    """Replay one partition; fail at the first difference."""
    book = topics.books[number]
    check_chain(number, book)
    results = defaultdict(list)
    for record in topics.results[number]:
        results[int(header(record, COMMAND))].append(record)
    adopted = {
        int(header(record, COMMAND).split()[0]): decode(record.value)["data"]["data"]["offset"]
        for record in book
        if decode(record.value)["type"] == "reference.adopted"
    }
    shelf = Shelf()
    partition = Partition(number, shelf, is_reference=number == topics.places.partitions)
    written = []

    def keep(events):
        for event in events:
            shelf.streams[event.stream].append(event.value)
            written.append(event.value)
        partition.settle()

    for command in topics.commands[number]:
        answers = results.pop(command.offset, [])
        assert len(answers) == 1, f"command {number}@{command.offset} has {len(answers)} results"
        now = datetime.fromisoformat(header(answers[0], NOW).decode())
        if (offset := adopted.get(command.offset)) is not None:
            new = [fact for o, fact in facts if partition.reference.offset <= o < offset]
            taken = partition.adopt(new, offset, now)
            keep_looks(shelf.looks, taken.looks)
            keep(taken.events)
        try:
            decision = partition.decide(command.value, now)
        except ArithmeticError:
            decision = failed_decision(command.value, now)
        keep_looks(shelf.looks, decision.looks)
        assert decision.receipt.model_dump_json().encode() == answers[0].value
        if decision.receipt.status == "accepted":
            shelf.receipts[decision.receipt.key] = answers[0].value
        keep(decision.events)
    assert not results, f"results without a command: {sorted(results)}"
    assert [told(record.value) for record in book] == [told(value) for value in written]


async def check_all(url):
    """Replay every partition; give the topics for further questions."""
    topics = await Topics.read(url)
    last = topics.places.partitions
    facts = [(record.offset, decode(record.value)) for record in topics.books[last]]
    for number in range(last + 1):
        check_partition(topics, number, facts)
    return topics
