"""The topics of the ledger on Kafka, as data: made by `taizhang kafka init`, checked ever after.

A wrong topic is an error at every start and never repaired silently: a ledger that Kafka would
delete after seven days, or that grew a partition, is for people to look at.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl, urlsplit

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError, for_code

from ledger.contracts.errors import Unreachable, UserError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

PREFIX: Final = "taizhang"
PARTITIONS: Final = 12
PARTITIONS_MAX: Final = 1_000
PREFIX_PATTERN: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,99}")

DAY_MS: Final = 24 * 3600 * 1000
KIB: Final = 1024
# Kafka limits the batch, not the record: headers, keys and the batch's own frame need room, too.
# A producer of commands keeps its max_batch_size at or below this.
COMMAND_BYTES_MAX: Final = 256 * KIB
COMMAND_BATCH_BYTES_MAX: Final = COMMAND_BYTES_MAX + 16 * KIB
BATCH_BYTES_MAX: Final = 4 * KIB * KIB
CALL_MS: Final = 20_000  # One question to a broker.
LEADER_SECONDS: Final = (
    30.0  # New topics have leaders within a second; a busy cluster takes longer.
)
POLL_SECONDS: Final = 0.1


class TopicsError(UserError):
    """One sentence: what is wrong with a Kafka address or its topics, where, and what to do."""


class KafkaUnreachable(TopicsError, Unreachable):
    """No broker answered in time: an outage; try again later or mend the address."""


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic as it must be: partitions counted, settings as Kafka spells them."""

    name: str
    partitions: int
    settings: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class KafkaUrl:
    """A ledger URL: kafka://host:port,host:port[?prefix=name]."""

    bootstrap: str
    prefix: str = PREFIX


def parse_url(url: str) -> KafkaUrl:
    """Read `kafka://host:port,host:port[?prefix=name]`; the port defaults to 9092.

    Raises:
        TopicsError: not such a URL, with an example of one.

    """
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    prefix = query.pop("prefix", PREFIX)
    hosts = [host for host in parts.netloc.split(",") if host]
    wrong = parts.scheme != "kafka" or not hosts or parts.path.strip("/") or query
    if wrong or not all(re.fullmatch(r"[A-Za-z0-9.\-_\[\]:]+", host) for host in hosts):
        raise TopicsError(
            f"{url!r} is not the address of a Kafka ledger: write it like "
            "kafka://host:9092,other:9092?prefix=taizhang"
        )
    if not PREFIX_PATTERN.fullmatch(prefix):
        raise TopicsError(
            f"The prefix {prefix!r} in {url!r} cannot begin the name of a topic: use lower-case "
            "letters, digits, '.', '_' and '-', at most 100"
        )
    return KafkaUrl(",".join(h if _has_port(h) else f"{h}:9092" for h in hosts), prefix)


def _has_port(host: str) -> bool:
    return re.search(r":\d+$", host) is not None and not host.endswith("]")


def topic_of(partition: int, partitions: int = PARTITIONS, prefix: str = PREFIX) -> tuple[str, int]:
    """Give the (topic, partition) in Kafka of a partition of the ledger.

    0 to P-1 are `<prefix>.ledger`; P, the last one, is `<prefix>.reference`, whose only partition
    is 0.  Commands, results and rejects carry the same numbers 0 to P in their own topics.

    Raises:
        IndexError: there is no such partition; check the number of partitions you were told.

    """
    if 0 <= partition < partitions:
        return f"{prefix}.ledger", partition
    if partition == partitions:
        return f"{prefix}.reference", 0
    raise IndexError(f"partition {partition} of 0 to {partitions}")


def topics(partitions: int = PARTITIONS, prefix: str = PREFIX) -> tuple[Topic, ...]:
    """Give all topics of a ledger with P partitions; reference is partition P where it has a place.

    Raises:
        TopicsError: partitions are not 1 to 1,000.

    """
    if not 1 <= partitions <= PARTITIONS_MAX:
        raise TopicsError(
            f"A ledger has 1 to {PARTITIONS_MAX} partitions, not {partitions}: choose once, "
            "it cannot be changed later"
        )
    for_ever = {"cleanup.policy": "delete", "retention.ms": "-1", "retention.bytes": "-1"}
    month = {"cleanup.policy": "delete", "retention.ms": str(30 * DAY_MS), "retention.bytes": "-1"}
    # A segment is deleted whole: with Kafka's week-long ones a day would last eight.
    day = {**month, "retention.ms": str(DAY_MS), "segment.ms": str(DAY_MS // 4)}
    newest = {
        "cleanup.policy": "compact",
        "segment.bytes": str(64 * KIB * KIB),
        "max.compaction.lag.ms": str(10 * 60 * 1000),
    }
    rows = (
        ("commands", partitions + 1, month, COMMAND_BATCH_BYTES_MAX),
        ("ledger", partitions, for_ever, BATCH_BYTES_MAX),
        ("reference", 1, for_ever, BATCH_BYTES_MAX),
        ("results", partitions + 1, month, BATCH_BYTES_MAX),
        ("rejects", partitions + 1, for_ever, BATCH_BYTES_MAX),
        ("views", partitions + 1, newest, BATCH_BYTES_MAX),
        ("beats", partitions + 1, day, BATCH_BYTES_MAX),
    )
    common = {
        "unclean.leader.election.enable": "false",
        # Retention counts from the broker's clock: an import of 2020, stamped 2020 by some client,
        # would be deleted at once, and a city an hour ahead refused.
        "message.timestamp.type": "LogAppendTime",
    }
    return tuple(
        Topic(f"{prefix}.{name}", count, common | settings | {"max.message.bytes": str(limit)})
        for name, count, settings, limit in rows
    )


async def create_topics(
    bootstrap: str,
    partitions: int = PARTITIONS,
    replication: int | None = None,
    prefix: str = PREFIX,
) -> list[str]:
    """Make the topics that are missing; give their names.  Twice is once; none is changed.

    Args:
        bootstrap: "host:port,…".
        partitions: P, fixed for ever by the first call.
        replication: copies of each record; None: 3, or 1 where there are fewer than 3 brokers.
        prefix: what the names begin with.

    Raises:
        KafkaUnreachable: no broker answered; try again.
        TopicsError: Kafka refused one; its reason is in the sentence.

    """
    wanted = topics(partitions, prefix)
    async with _admin(bootstrap) as admin:
        present = set(await admin.list_topics())
        if replication is None:
            replication = 3 if len((await admin.describe_cluster())["brokers"]) >= 3 else 1  # noqa: PLR2004
        settled = {"min.insync.replicas": str(_settled(replication))}
        missing = [topic for topic in wanted if topic.name not in present]
        new = [
            NewTopic(t.name, t.partitions, replication, topic_configs={**t.settings, **settled})
            for t in missing
        ]
        answer = (await admin.create_topics(new, CALL_MS)).to_object() if new else {}
        made = []
        for one in answer.get("topic_errors", ()):
            code = one["error_code"]
            if code == 0:
                made.append(one["topic"])
            elif for_code(code).__name__ != "TopicAlreadyExistsError":  # Another was quicker.
                raise TopicsError(
                    f"Kafka at {bootstrap} did not make the topic {one['topic']} "
                    f"({for_code(code).__name__}: {one.get('error_message')}): mend that and run "
                    "taizhang kafka init again"
                )
        await _wait_leaders(admin, bootstrap, [topic.name for topic in wanted])
        return sorted(made)


async def check_topics(
    bootstrap: str, partitions: int | None = PARTITIONS, prefix: str = PREFIX
) -> list[str]:
    """Give what is wrong with the topics, a sentence each; an empty list: all is well.

    Args:
        bootstrap: "host:port,…".
        partitions: P; None: as many as the ledger topic has.
        prefix: what the names begin with.

    Raises:
        KafkaUnreachable: no broker answered; try again.

    """
    async with _admin(bootstrap) as admin:
        described = {t["topic"]: t for t in await admin.describe_topics() if t["error_code"] == 0}
        if partitions is None:
            ledger = described.get(f"{prefix}.ledger", {"partitions": ()})
            partitions = len(ledger["partitions"]) or PARTITIONS
        wanted = topics(partitions, prefix)
        present = [topic for topic in wanted if topic.name in described]
        settings = await _settings(admin, [topic.name for topic in present])
    problems = [
        f"Topic {topic.name} is missing at {bootstrap}: make it with taizhang kafka init"
        for topic in wanted
        if topic.name not in described
    ]
    for topic in present:
        problems += _problems(topic, described[topic.name]["partitions"], settings[topic.name])
    return problems


async def partitions_of(bootstrap: str, prefix: str = PREFIX) -> int:
    """Give P, the number of partitions of the ledger that lies on a Kafka.

    Raises:
        KafkaUnreachable: no broker answered; try again.
        TopicsError: there is no ledger; make it with `taizhang kafka init`.

    """
    name = f"{prefix}.ledger"
    async with _admin(bootstrap) as admin:
        for topic in await admin.describe_topics():
            if topic["topic"] == name and topic["error_code"] == 0:
                return len(topic["partitions"])
    raise TopicsError(f"There is no topic {name} at {bootstrap}: run taizhang kafka init first")


async def delete_topics(bootstrap: str, prefix: str) -> list[str]:
    """Delete every topic of a prefix, with all its records; give their names.  For tests.

    Raises:
        TopicsError: the prefix is that of a real ledger; use Kafka's own tools if you mean it.

    """
    if prefix == PREFIX:
        raise TopicsError(f"Topics of {PREFIX!r} are never deleted from here: they are the ledger")
    async with _admin(bootstrap) as admin:
        names = sorted(n for n in await admin.list_topics() if n.startswith(f"{prefix}."))
        if names:
            await admin.delete_topics(names, CALL_MS)
        return names


async def wait_reachable(bootstrap: str, seconds: float = 30.0) -> None:
    """Return when a broker answers.

    Raises:
        KafkaUnreachable: none did within `seconds`.

    """
    deadline = time.monotonic() + seconds
    while True:
        try:
            async with _admin(bootstrap):
                return
        except KafkaUnreachable as cause:
            if time.monotonic() > deadline:
                raise KafkaUnreachable(
                    f"No Kafka answered at {bootstrap} within {seconds:g} s: start it (taizhang "
                    "kafka up, docker compose up) or mend the address"
                ) from cause
        await asyncio.sleep(POLL_SECONDS)


@contextlib.asynccontextmanager
async def _admin(bootstrap: str) -> AsyncIterator[Any]:
    """Give aiokafka's admin client; outages while it is used become KafkaUnreachable."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap, request_timeout_ms=CALL_MS)
    try:
        try:
            await admin.start()
            yield admin
        finally:
            await admin.close()
    except (KafkaError, OSError, TimeoutError) as cause:
        raise KafkaUnreachable(
            f"Kafka at {bootstrap} does not answer ({type(cause).__name__}: {cause}): "
            "start it (taizhang kafka up, docker compose up) or mend the address"
        ) from cause


async def _wait_leaders(admin: Any, bootstrap: str, names: Sequence[str]) -> None:  # noqa: ANN401
    """Return when each partition of the topics has a leader, so that the first send succeeds."""
    deadline = time.monotonic() + LEADER_SECONDS
    while True:
        found = {t["topic"]: t for t in await admin.describe_topics()}
        waiting = [
            name
            for name in names
            if name not in found
            or found[name]["error_code"] != 0
            or any(p["leader"] < 0 or p["error_code"] != 0 for p in found[name]["partitions"])
        ]
        if not waiting:
            return
        if time.monotonic() > deadline:
            raise TopicsError(
                f"The topic {waiting[0]} at {bootstrap} has no leader after {LEADER_SECONDS:g} s: "
                "see that all brokers are up"
            )
        await asyncio.sleep(POLL_SECONDS)


async def _settings(admin: Any, names: Sequence[str]) -> dict[str, dict[str, str]]:  # noqa: ANN401
    """Give all settings in force of each topic."""
    asked = [ConfigResource(ConfigResourceType.TOPIC, name) for name in names]
    answers = await admin.describe_configs(asked) if asked else []
    return {
        one["resource_name"]: {
            entry["config_names"]: entry["config_value"] for entry in one["config_entries"]
        }
        for answer in answers
        for one in answer.to_object()["resources"]
    }


def _settled(replication: int) -> int:
    """Give min.insync.replicas: with three copies two must have a record, alone one."""
    return max(1, replication - 1)


def _problems(
    topic: Topic, partitions: Sequence[Mapping[str, Any]], settings: Mapping[str, str]
) -> list[str]:
    """Compare one topic that exists with what it must be."""
    found = []
    if len(partitions) != topic.partitions:
        found.append(
            f"Topic {topic.name} has {len(partitions)} partitions, not {topic.partitions}: records "
            "would go astray; give the number it was made with, or make a new ledger"
        )
    copies = min((len(p["replicas"]) for p in partitions), default=1)
    wanted = {**topic.settings, "min.insync.replicas": str(_settled(copies))}
    for name, value in sorted(wanted.items()):
        if settings.get(name) != value:
            found.append(
                f"Topic {topic.name} has {name}={settings.get(name)}, not {value}: set it with "
                "kafka-configs after asking who changed it and what was lost"
            )
    return found
