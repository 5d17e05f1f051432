"""`python -m ledger`: the book itself: writer, broker, check."""

import argparse
import asyncio
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ledger.contracts.errors import UserError
from ledger.settings import Settings
from ledger.terminal import DONE, NO, UNREACHABLE, Commands, Result, main


def add_commands(commands: Commands) -> None:
    """Add this package's commands to a parser."""
    writing = commands.add(
        "writer",
        writer,
        "decide commands: one fenced writer per partition, on Kafka",
        "taizhang writer --ledger kafka://127.0.0.1:9092",
    )
    writing.add_argument("--demo-clock", action="store_true", help="now is the newest tick")
    commands.add(
        "fsck",
        fsck,
        "check the book as a stranger would: chain, versions, legality",
        "taizhang fsck --ledger sqlite:///taizhang-data/ledger.db",
    ).add_argument("--raise", dest="alarm", action="store_true",
                   help="raise a red alert (R32) for each stream with a finding")  # fmt: skip
    kafka_command = commands.add(
        "kafka", kafka, "a local Kafka from pip-installed parts, and the topics",
        "taizhang kafka up --brokers 3",
    )  # fmt: skip
    kafka_command.add_argument("action", choices=("up", "down", "init", "status"))
    kafka_command.add_argument("--brokers", type=int, choices=(1, 3), default=1)
    kafka_command.add_argument("--port", type=int, default=9092, help="of the first broker")


async def writer(options: argparse.Namespace, settings: Settings) -> Result:
    """Run writers until told to stop; status 1: fenced or broken, start it again."""
    from ledger.log.kafka_records import BrokenPromise
    from ledger.log.kafka_writer import run_writer
    from ledger.log.writer_partition import Fenced

    stop = asyncio.Event()
    demo = options.demo_clock or settings.demo_clock
    try:
        await run_writer(settings.kafka_url, settings.data, demo_clock=demo, stop=stop)
    except (Fenced, BrokenPromise) as cause:
        sys.stderr.write(f"taizhang: {cause}\n")
        return NO
    return DONE


async def fsck(options: argparse.Namespace, settings: Settings) -> Result:
    """Check the whole book; status 1 when something was found."""
    from ledger.log.fsck import alarms
    from ledger.log.fsck import fsck as check
    from ledger.log.open import open_log

    log = await open_log(settings.ledger_url, partitions=settings.partitions,
                         reading=not options.alarm)  # fmt: skip
    try:
        result = await check(log)
        for command in alarms(result["findings"], datetime.now(UTC)) if options.alarm else ():
            await log.submit(command)
    finally:
        await log.close()
    return {**result, "exit": NO if result["findings"] else DONE}


def kafka(options: argparse.Namespace, settings: Settings) -> Result:
    """Start, stop, fill or describe the local Kafka."""
    from ledger.log import kafka_admin

    def say(line: str) -> None:
        sys.stderr.write(line + "\n")

    done: dict[str, Any]
    if options.action == "up":
        done = kafka_admin.up(
            settings.data, brokers=options.brokers, port=options.port, progress=say
        )
    elif options.action == "down":
        done = kafka_admin.down(settings.data)
    elif options.action == "init":
        done = kafka_admin.init(
            settings.ledger or local_url(settings.data), partitions=settings.partitions
        )
    else:
        done = kafka_admin.status(settings.data, settings.ledger or None)
        if not done["reachable"]:
            done["exit"] = UNREACHABLE
    if done.get("problems"):
        done["exit"] = NO
    return done


def local_url(data: Path) -> str:
    """Give the URL of the Kafka that `kafka up` started for `data`."""
    from ledger.log.broker import Cluster
    from ledger.log.kafka_admin import kafka_dir

    found = Cluster.find(kafka_dir(data))
    if found is None:
        message = f"no Kafka was started for {data}; run `taizhang kafka up` or give --ledger"
        raise UserError(message)
    return found.url


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m ledger", description=__doc__)
    add_commands(Commands(parser))
    sys.exit(main(parser))
