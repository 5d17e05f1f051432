"""Open a book by its URL: `sqlite:///path/ledger.db` or `kafka://host:9092`."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from ledger.contracts.codes import PARTITIONS
from ledger.log.seam import Log, LogError


async def open_log(
    url: str,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    partitions: int = PARTITIONS,
    *,
    reading: bool = False,
) -> Log:
    """Give the book behind `url`; `clock` is the embedded writer's now.

    `reading`: submit nothing; an embedded book may then be open in another process.

    Raises:
        LogError: the URL names no book we know, or the book cannot be opened.
        Unreachable: no broker answers.

    """
    scheme, _, rest = url.partition("://")
    # The drivers are imported here: a person on one laptop needs no Kafka client in memory.
    if scheme == "sqlite":
        from ledger.log.sqlite import SqliteBook, SqliteLog  # noqa: PLC0415

        path = Path(rest)
        if reading:
            return SqliteBook.reading(path)
        return await SqliteLog.open(path, clock, partitions)
    if scheme == "kafka":
        from ledger.log.kafka_client import KafkaLog  # noqa: PLC0415

        return await KafkaLog.open(url, partitions)
    message = f"{url} names no book; use sqlite:///PATH or kafka://HOST:PORT"
    raise LogError(message)
