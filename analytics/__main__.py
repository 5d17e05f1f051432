"""`python -m analytics`: who judges: archive, rebuild, SQL, closing, audit, desk."""

import argparse
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ledger.settings import Settings
from ledger.terminal import Commands, Progress, Result, main


def add_commands(commands: Commands) -> None:
    """Add this package's commands to a parser."""
    archiving = commands.add(
        "archive",
        archive,
        "bring the lake up to the ledger; without --once, for ever; publish and sweep each night",
        "taizhang archive --once",
    )
    archiving.add_argument("--once", action="store_true", help="up to the end as it is now")
    archiving.add_argument(
        "--no-closing", action="store_true", help="leave the nights to another process"
    )
    rebuilt = commands.add(
        "rebuild",
        rebuild,
        "every sum of the views, by SQL over the lake",
        "taizhang rebuild --view accepted",
    )
    rebuilt.add_argument("--view", help="one measure; default: all")
    rebuilt.add_argument(
        "--from-facts", action="store_true", help="read every fact, trust no count made of it"
    )
    swept = commands.add(
        "sweep",
        sweep,
        "raise the alerts that take more than one stream to see",
        "taizhang sweep --dry-run",
    )
    swept.add_argument("--dry-run", action="store_true", help="only say what would be raised")
    swept.add_argument("--certificates", type=Path, metavar="FILE",
                       help="CSV of what was issued elsewhere: item, holder_ref, issued_on, "
                            "cert_no, centre (R04)")  # fmt: skip
    commands.add(
        "sql",
        sql,
        "one SELECT over the lake: read-only, 10 s, 100,000 rows",
        'taizhang sql "SELECT type, count(*) AS n FROM events GROUP BY type ORDER BY n DESC"',
    ).add_argument("query", help="one SELECT or EXPLAIN")
    _add_published(commands)
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


def _add_published(commands: Commands) -> None:
    """Add the commands that publish: what is closed and frozen, and the window sheet."""
    closed = commands.add(
        "close",
        close,
        "publish day totals, restatements and month totals as facts; again adds nothing",
        "taizhang close --day 2020-06-01",
    )
    upto = closed.add_mutually_exclusive_group()
    upto.add_argument("--day", metavar="YYYY-MM-DD", help="up to this day; default: all over now")
    upto.add_argument("--month", metavar="YYYY-MM", help="up to the freeze of this month")
    closed.add_argument("--dry-run", action="store_true", help="say it, publish nothing")
    closed.add_argument(
        "--demo-clock", action="store_const", const=True,
        help="a simulated book: its time goes on to 02:00 after that day",
    )  # fmt: skip
    sheeted = commands.add(
        "sheet",
        sheet,
        "window performance of a month or day (窗口绩效), per window and per staff",
        "taizhang sheet --month 2020-06 --centre sanchang --out sheet.xlsx",
    )
    upon = sheeted.add_mutually_exclusive_group(required=True)
    upon.add_argument("--month", metavar="YYYY-MM", help="of a month")
    upon.add_argument("--day", metavar="YYYY-MM-DD", help="of one day")
    sheeted.add_argument("--centre", default="", help="one centre's; default: all")
    sheeted.add_argument("--out", metavar="FILE", help="write FILE.xlsx, FILE.html or FILE.json")
    sheeted.add_argument("--cut", help="offsets with commas; default: all that is archived")
    sheeted.add_argument(
        "--events", nargs=2, metavar=("CODE", "WINDOW"),
        help="the facts behind one figure (K23, or a measure) of one window or member of staff",
    )  # fmt: skip


async def archive(options: argparse.Namespace, settings: Settings) -> Result:
    """Archive once or until told to stop; on Kafka each night is published and swept beside it."""
    from analytics.closing.run import keep_closing
    from analytics.lake.archiver import Progress as Reached
    from analytics.lake.archiver import archive as run
    from analytics.lake.catalog import Lake
    from ledger.log.open import open_log
    from ledger.processes import beside

    # An embedded book is written by its server alone, which closes it as well.
    nightly = settings.is_kafka and not (options.once or options.no_closing)
    log = await open_log(settings.ledger_url, partitions=settings.partitions, reading=not nightly)
    lake = Lake(str(settings.lake_dir))
    nights = (keep_closing(log, lake),) if nightly else ()
    began = time.monotonic()
    try:
        with Progress("archiving") as bar:

            def show(reached: Reached) -> None:
                bar(sum(reached.cut), sum(reached.end))

            async with beside(*nights):
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

    codes = list(dict.fromkeys(measure.code for measure in MEASURES))
    if options.view not in {None, *codes}:
        message = f"no measure {options.view}; there are " + ", ".join(codes)
        raise UserError(message)
    lake = Lake(str(settings.lake_dir), read_only=True)
    try:
        cut = lake.cut(settings.partitions)
        began = time.monotonic()
        cells = run(lake, cut, from_facts=options.from_facts)
        seconds = round(time.monotonic() - began, 3)
    finally:
        lake.close()
    if options.view:
        cells = {c: value for c, value in cells.items() if c.startswith(f"{options.view}|")}
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
    from analytics.sweeps import hand_in
    from analytics.sweeps.certificates import read
    from ledger.log.open import open_log

    dry = options.dry_run
    listed = read(options.certificates) if options.certificates else []
    log = await open_log(settings.ledger_url, partitions=settings.partitions, reading=dry)
    lake = Lake(str(settings.lake_dir))
    try:
        await bring_up(log, lake, once=True)
        found, receipts = await hand_in(log, lake, listed, dry_run=dry)
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


async def close(options: argparse.Namespace, settings: Settings) -> Result:
    """Publish what the nights up to a day or month have to say."""
    from analytics.closing.run import close_book, report

    said = await close_book(
        settings, datetime.now(UTC), day=options.day, month=options.month, dry_run=options.dry_run
    )
    return {**said, "text": report(said)}


def sheet(options: argparse.Namespace, settings: Settings) -> Result:
    """Compute the window performance sheet, or list the facts behind one of its figures."""
    from pathlib import Path

    from analytics.assessment.card import export
    from analytics.assessment.card.sheet import Card, cut_of
    from analytics.lake.catalog import Lake

    period, centre = options.month or options.day, options.centre
    lake = Lake(str(settings.lake_dir), read_only=True)
    try:
        cut = cut_of(lake, settings.partitions, options.cut)
        with Card(lake, cut, period) as card:
            if options.events:
                code, key = options.events
                return [event._asdict() for event in card.events([code], centre, key)]
            made = card.sheet(centre)
            if options.out is None:
                return export.as_json(made)
            found = card.events([figure.code for figure in made.config.figures], centre)
        export.write(made, found, Path(options.out))
        return {"out": options.out, "rows": len(made.rows), "events": len(found),
                "cut": list(cut), "inputs": made.inputs}  # fmt: skip
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
