"""One real broker for all tests of this folder; a fresh set of topic names for each test."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from ledger.log.broker import Cluster
from ledger.log.topics import KafkaUrl, create_topics, delete_topics, parse_url

HERE = Path(__file__).parent
PARTITIONS = 2
_numbers = itertools.count(1)


def pytest_collection_modifyitems(items):
    """Whatever lies in this folder needs a broker and says so."""
    for item in items:
        if HERE in Path(item.path).parents:
            item.add_marker(pytest.mark.kafka)


@pytest.fixture(scope="session")
def kafka_cluster(tmp_path_factory):
    """One broker, started when the first test asks for it, dead when pytest is."""
    with Cluster.start(tmp_path_factory.mktemp("kafka")) as cluster:
        yield cluster


@pytest.fixture
def kafka_url(kafka_cluster):
    """A ledger URL whose prefix no other test has; no topics yet."""
    return f"{kafka_cluster.url}?prefix=t{next(_numbers)}"


@pytest.fixture
async def kafka_topics(kafka_url) -> KafkaUrl:
    """All topics of a ledger with two partitions, gone after the test."""
    at = parse_url(kafka_url)
    await create_topics(at.bootstrap, PARTITIONS, prefix=at.prefix)
    yield at
    await delete_topics(at.bootstrap, at.prefix)
