"""The topics: made once, checked at every start, never repaired silently."""

from __future__ import annotations

import asyncio

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewPartitions
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from ledger.log.topics import (
    KafkaUnreachable,
    KafkaUrl,
    TopicsError,
    check_topics,
    create_topics,
    delete_topics,
    parse_url,
    partitions_of,
    topic_of,
    topics,
    wait_reachable,
)


async def test_topics_are_made_once_and_found_right(kafka_url):
    """`taizhang kafka init` may run at every deployment."""
    at = parse_url(kafka_url)
    made = await create_topics(at.bootstrap, 3, prefix=at.prefix)
    again = await create_topics(at.bootstrap, 3, prefix=at.prefix)
    problems = await check_topics(at.bootstrap, None, at.prefix)
    partitions = await partitions_of(at.bootstrap, at.prefix)
    await delete_topics(at.bootstrap, at.prefix)

    assert made == sorted(topic.name for topic in topics(3, at.prefix))
    assert again == []
    assert problems == []
    assert partitions == 3


async def test_a_missing_topic_is_a_problem_not_a_repair(kafka_url):
    """A start that makes topics by itself would begin an empty ledger beside the lost one."""
    at = parse_url(kafka_url)
    problems = await check_topics(at.bootstrap, 2, at.prefix)

    assert len(problems) == 7
    assert f"Topic {at.prefix}.beats is missing" in problems[-1]
    with pytest.raises(TopicsError, match="init first"):
        await partitions_of(at.bootstrap, at.prefix)


async def test_a_ledger_that_would_be_deleted_after_a_week_is_found(kafka_topics):
    """Somebody changed retention by hand; the book must not start shrinking unseen."""
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka_topics.bootstrap)
    await admin.start()
    name = f"{kafka_topics.prefix}.ledger"
    changed = {"retention.ms": "604800000"}
    await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, name, changed)])
    await admin.close()
    problems: list[str] = []
    async with asyncio.timeout(10):
        while not problems:  # A broker hears of changed settings a moment later.
            problems = await check_topics(kafka_topics.bootstrap, 2, kafka_topics.prefix)

    assert any("retention.ms=604800000, not -1" in sentence for sentence in problems)


async def test_a_partition_too_many_is_found(kafka_topics):
    """With one partition more, cases would change the partition their history lies in."""
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka_topics.bootstrap)
    await admin.start()
    name = f"{kafka_topics.prefix}.commands"
    await admin.create_partitions({name: NewPartitions(4)})
    await admin.close()
    problems: list[str] = []
    async with asyncio.timeout(10):
        while not problems:  # A broker hears of new partitions a moment later.
            problems = await check_topics(kafka_topics.bootstrap, 2, kafka_topics.prefix)

    assert len(problems) == 1
    assert f"Topic {name} has 4 partitions, not 3" in problems[0]


async def test_a_broker_that_is_away_is_named():
    """Port 1 answers nobody: the sentence says where and what to do."""
    with pytest.raises(KafkaUnreachable, match=r"127\.0\.0\.1:1 within 0\.2 s: start it"):
        await wait_reachable("127.0.0.1:1", 0.2)


async def test_a_real_ledger_cannot_be_deleted_by_mistake():
    """delete_topics is for tests; it refuses before it connects."""
    with pytest.raises(TopicsError, match="never deleted"):
        await delete_topics("127.0.0.1:1", "taizhang")


def test_the_last_partition_is_reference():
    """P partitions of cases, one more of reference data; commands of both lie in one topic."""
    assert topic_of(11) == ("taizhang.ledger", 11)
    assert topic_of(12) == ("taizhang.reference", 0)
    assert topic_of(2, 2, "t1") == ("t1.reference", 0)
    with pytest.raises(IndexError):
        topic_of(13)


def test_partitions_are_counted_as_the_design_says():
    """design.md 5: the ledger, its reference, and what runs beside both."""
    assert {topic.name: topic.partitions for topic in topics()} == {
        "taizhang.commands": 13,
        "taizhang.ledger": 12,
        "taizhang.reference": 1,
        "taizhang.results": 13,
        "taizhang.rejects": 13,
        "taizhang.views": 13,
        "taizhang.beats": 13,
    }


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("kafka://a,b:1", KafkaUrl("a:9092,b:1")),
        ("kafka://127.0.0.1:9?prefix=t17", KafkaUrl("127.0.0.1:9", "t17")),
        ("kafka://[::1]:9092,[::2]", KafkaUrl("[::1]:9092,[::2]:9092")),
    ],
)
def test_a_kafka_url_is_hosts_and_a_prefix(url, expected):
    """Tests have many sets of topics on one broker."""
    assert parse_url(url) == expected


@pytest.mark.parametrize(
    "url", ["sqlite:///x", "kafka://", "kafka://h/x", "kafka://h?a=1", "kafka://h?prefix=A B"]
)
def test_a_wrong_url_is_refused_with_an_example(url):
    """A typing error in a prefix must not open a new, empty ledger."""
    with pytest.raises(TopicsError):
        parse_url(url)
