"""`python -m analytics`: who judges: archive, rebuild, SQL, audit, desk."""

import argparse
import sys
import time
from typing import Any

from ledger.settings import Settings
from ledger.terminal import Commands, Progress, Result, main


def add_commands(commands: Commands) -> None:
    """Add this package's commands to a parser."""
    commands.add(
        "archive",
        archive,
        "bring the lake up to the ledger; without --once, for ever",
        "taizhang archive --once",
    ).add_argument("--once", action="store_true", help="up to the end as it is now")
    commands.add(
        "rebuild",
        rebuild,
        "every sum of the views, by SQL over the lake",
        "taizhang rebuild --view accepted",
    ).add_argument("--view", help="one measure; default: all")
    commands.add(
        "sweep",
        sweep,
        "raise the alerts that take more than one stream to see",
        "taizhang sweep --dry-run",
    ).add_argument("--dry-run", action="store_true", help="only say what would be raised")
    commands.add(
        "sql",
        sql,
        "one SELECT over the lake: read-only, 10 s, 100,000 rows",
        'taizhang sql "SELECT type, count(*) AS n FROM events GROUP BY type ORDER BY n DESC"',
    ).add_argument("query", help="one SELECT or EXPLAIN")
    audited = commands.add(
        "audit",
        audit,
        "a case as it was known at any moment",
        "taizhang audit case 32068420200601001000001 --at 2020-06-03T12:00:00+08:00",
    )
    audited.add_argument("what", choices=("case",))
    audited.add_argument("no", help="case number, or case id")
    audited.add_argument("--at", help="a moment (ISO 8601) or a position PARTITION:OFFSET")
    served = commands.add(
        "desk",
        desk,
        "the judges' desk: find a case and walk through its history",
        "taizhang desk --port 8083",
    )
    served.add_argument("--host", help="address to listen on")
    served.add_argument("--port", type=int, help="port to listen on")


async def archive(options: argparse.Namespace, settings: Settings) -> Result:
    """Archive once or until told to stop."""
    from analytics.lake.archiver import Progress as Reached
    from analytics.lake.archiver import archive as run
    from analytics.lake.catalog import Lake
    from ledger.log.open import open_log

    log = await open_log(settings.ledger_url, partitions=settings.partitions, reading=True)
    lake = Lake(str(settings.lake_dir))
    began = time.monotonic()
    try:
        with Progress("archiving") as bar:

            def show(reached: Reached) -> None:
                bar(sum(reached.cut), sum(reached.end))

            done = await run(log, lake, once=options.once, on_progress=show)
    finally:
        lake.close()
        await log.close()
    seconds = round(time.monotonic() - began, 3)
    return {"events": done.events, "cut": list(done.cut), "seconds": seconds}


def rebuild(options: argparse.Namespace, settings: Settings) -> Result:
    """Rebuild every cell by SQL and say what came out."""
    from analytics.lake.catalog import Lake
    from analytics.lake.rebuild import rebuild as run
    from ledger.contracts.errors import UserError
    from ledger.rules.measures import MEASURES

    chosen = [m for m in MEASURES if options.view in {None, m.code}]
    if not chosen:
        message = f"no measure {options.view}; there are " + ", ".join(
            dict.fromkeys(m.code for m in MEASURES)
        )
        raise UserError(message)
    lake = Lake(str(settings.lake_dir), read_only=True)
    try:
        cut = lake.cut(settings.partitions)
        began = time.monotonic()
        cells = run(lake, cut, chosen)
        seconds = round(time.monotonic() - began, 3)
    finally:
        lake.close()
    totals: dict[str, int] = {}
    for cell, value in cells.items():
        code, bucket = cell.split("|")[:2]
        if "T" not in bucket:
            totals[code] = totals.get(code, 0) + value
    return {"cells": len(cells), "cut": list(cut), "seconds": seconds, "totals": totals}


async def sweep(options: argparse.Namespace, settings: Settings) -> Result:
    """Bring the lake up to the ledger, look for alerts in it, and hand them in."""
    from analytics.lake.archiver import archive as bring_up
    from analytics.lake.catalog import Lake
    from analytics.sweeps import command
    from analytics.sweeps import sweep as run
    from ledger.log.open import open_log

    dry = options.dry_run
    log = await open_log(settings.ledger_url, partitions=settings.partitions, reading=dry)
    lake = Lake(str(settings.lake_dir))
    try:
        await bring_up(log, lake, once=True)
        found, now = run(lake, lake.cut(settings.partitions))
        receipts = [] if dry else [await log.submit(command(each, now)) for each in found]
    finally:
        lake.close()
        await log.close()
    refused = [r.message for r in receipts if r.status == "refused"]
    return {"found": [each._asdict() for each in found], "raised": len(receipts) - len(refused),
            "refused": refused}  # fmt: skip


def sql(options: argparse.Namespace, settings: Settings) -> Result:
    """Run somebody's own SELECT."""
    from analytics.lake.catalog import Lake
    from analytics.lake.sandbox import run_sql

    lake = Lake(str(settings.lake_dir), read_only=True)
    try:
        return run_sql(lake, options.query)
    finally:
        lake.close()


async def audit(options: argparse.Namespace, settings: Settings) -> Result:
    """Show a case as it was known at an instant."""
    from analytics.audit.case import audit_case, timeline
    from ledger.log.open import open_log

    log = await open_log(settings.ledger_url, partitions=settings.partitions, reading=True)
    try:
        found: dict[str, Any] = await audit_case(log, options.no, options.at)
    finally:
        await log.close()
    return {**found, "text": timeline(found)}


async def desk(_: argparse.Namespace, settings: Settings) -> Result:
    """Serve the desk until told to stop."""
    from analytics.desk.server import serve_desk
    from analytics.lake.catalog import Lake
    from ledger.log.open import open_log

    log = await open_log(settings.ledger_url, partitions=settings.partitions, reading=True)
    lake = Lake(str(settings.lake_dir), read_only=True)
    try:
        await serve_desk(log, lake, settings.host, settings.port)
    finally:
        lake.close()
        await log.close()
    return None


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m analytics", description=__doc__)
    add_commands(Commands(parser))
    sys.exit(main(parser))
