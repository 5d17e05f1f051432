"""What `taizhang kafka up | down | init | status` do; each gives what `--json` prints."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

from ledger.log.broker import KAFKA, Cluster
from ledger.log.topics import (
    PARTITIONS,
    TopicsError,
    check_topics,
    create_topics,
    parse_url,
    partitions_of,
    wait_reachable,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PORT: Final = 9092
INIT_SECONDS: Final = 30.0
STATUS_SECONDS: Final = 3.0


def kafka_dir(data: Path) -> Path:
    """Give where the local Kafka of a data directory (`--data`) lies."""
    return data / "kafka"


def up(
    data: Path,
    *,
    brokers: int = 1,
    port: int = PORT,
    progress: Callable[[str], None] | None = None,
) -> dict[str, Any]:
    """Start a local Kafka that outlives this process; one that runs already is left as it is.

    Args:
        data: the `--data` directory; Kafka's files lie in its `kafka` folder.
        brokers: 1 or 3.
        port: of the first broker; the next 1 (or 5) ports are used, too.  0: free ports.
        progress: told, in one line, before something that takes seconds.

    Returns:
        {url, brokers, started, data}: `started` is False if it ran already.

    Raises:
        BrokerError: one sentence; nothing is left running.

    """
    found = Cluster.find(kafka_dir(data))
    started = found is None or not found.alive()
    if started or found is None:
        found = Cluster.start(kafka_dir(data), brokers, port, keep=True, progress=progress)
    return {
        "url": found.url,
        "brokers": len(found.nodes),
        "started": started,
        "data": str(found.data_dir),
    }


def down(data: Path) -> dict[str, Any]:
    """Stop the local Kafka of a data directory; its topics stay.  Twice is once.

    Returns:
        {stopped, data}: how many brokers ran.

    Raises:
        BrokerError: its cluster.json is damaged; restore it or delete the directory.

    """
    found = Cluster.find(kafka_dir(data))
    running = 0 if found is None else len(found.alive())
    if found is not None:
        found.stop()
    return {"stopped": running, "data": str(kafka_dir(data).absolute())}


def init(
    url: str, *, partitions: int = PARTITIONS, replication: int | None = None
) -> dict[str, Any]:
    """Make the topics that are missing and check all of them.

    Args:
        url: kafka://host:port,…[?prefix=name].
        partitions: P, fixed for ever by the first call.
        replication: copies; None: 3, or 1 where there are fewer than 3 brokers.

    Returns:
        {url, partitions, created[], problems[]}: with problems the exit status is 1.

    Raises:
        KafkaUnreachable: no broker answered within 30 s (exit status 3).
        TopicsError: a wrong URL (exit status 2), or Kafka refused.

    """
    at = parse_url(url)

    async def work() -> dict[str, Any]:
        await wait_reachable(at.bootstrap, INIT_SECONDS)
        created = await create_topics(at.bootstrap, partitions, replication, at.prefix)
        problems = await check_topics(at.bootstrap, partitions, at.prefix)
        return {"url": url, "partitions": partitions, "created": created, "problems": problems}

    return asyncio.run(work())


def status(data: Path, url: str | None = None) -> dict[str, Any]:
    """Tell what runs: the local brokers of a data directory and the topics behind a URL.

    Args:
        data: the `--data` directory.
        url: a Kafka ledger; None: the local one.

    Returns:
        {kafka, url, reachable, brokers[{number, port, alive}], partitions, problems[]}; url and
        partitions are None where there is nothing.  Not reachable: exit status 3.

    Raises:
        TopicsError: a wrong URL.
        BrokerError: cluster.json is damaged.

    """
    found = Cluster.find(kafka_dir(data))
    alive = [] if found is None else found.alive()
    local = [] if found is None else found.nodes
    told: dict[str, Any] = {
        "kafka": KAFKA,
        "url": url or (None if found is None else found.url),
        "reachable": False,
        "brokers": [
            {"number": n.number, "port": n.port, "alive": n.number in alive} for n in local
        ],
        "partitions": None,
        "problems": [],
    }
    if told["url"] is not None and (url is not None or alive):
        told |= asyncio.run(_topics_status(told["url"]))
    elif told["url"] is not None:
        told["problems"] = ["The local Kafka is not running: start it with taizhang kafka up"]
    else:
        told["problems"] = ["There is no local Kafka here: start one with taizhang kafka up"]
    return told


async def _topics_status(url: str) -> dict[str, Any]:
    at = parse_url(url)
    try:
        await wait_reachable(at.bootstrap, STATUS_SECONDS)
    except TopicsError as cause:
        return {"reachable": False, "problems": [str(cause)]}
    try:
        partitions = await partitions_of(at.bootstrap, at.prefix)
        problems = await check_topics(at.bootstrap, partitions, at.prefix)
    except TopicsError as cause:
        return {"reachable": True, "problems": [str(cause)]}
    return {"reachable": True, "partitions": partitions, "problems": problems}
