"""`python -m producers`: who writes: gateway, importer, imagined city."""

import argparse
import sys
from pathlib import Path
from typing import Any

from ledger.settings import Settings
from ledger.terminal import Commands, Progress, Result, main

MAPPINGS = Path(__file__).parent / "intake" / "mappings"


def add_commands(commands: Commands) -> None:
    """Add this package's commands to a parser."""
    gate = commands.add(
        "gateway",
        gateway,
        "the HTTP door: POST a command; 201, 409 with what is legal, 422",
        "taizhang gateway --ledger kafka://127.0.0.1:9092 --port 8081",
    )
    gate.add_argument("--host", help="address to listen on")
    gate.add_argument("--port", type=int, help="port to listen on")
    gate.add_argument(
        "--demo-clock", action="store_const", const=True,
        help="do not tick: a simulated city does",
    )  # fmt: skip
    imported = commands.add(
        "import",
        import_,
        "import a file of cases by a mapping; every refused row is reported",
        "taizhang import tests/data/receipt.csv.gz "
        "--mapping producers/intake/mappings/wabo_receipt.toml; "
        "an XLSX to fill in: taizhang import --template cases.xlsx "
        "--mapping producers/intake/mappings/wabo_receipt.toml",
    )
    imported.add_argument(
        "file", type=Path, nargs="?", help="CSV, JSON Lines or XES, each also .gz; Parquet; XLSX"
    )
    imported.add_argument(
        "--template", type=Path, metavar="FILE.xlsx", help="write an XLSX to fill in instead"
    )
    imported.add_argument("--mapping", type=Path, required=True, help="TOML: columns to commands")
    imported.add_argument("--report", type=Path, help="write the refused rows here (JSON Lines)")
    simulated = commands.add(
        "simulate",
        simulate,
        "write a city's days as fast as the ledger takes them",
        "taizhang simulate --days 7 --seed 1 --cases-per-day 200",
    )
    simulated.add_argument("--days", type=int, default=7, help="calendar days (7)")
    simulated.add_argument("--seed", type=int, default=1, help="equal seeds, equal days (1)")
    simulated.add_argument("--cases-per-day", type=int, default=200, help="usual day (200)")


async def gateway(_: argparse.Namespace, settings: Settings) -> Result:
    """Serve the HTTP door until told to stop; time passes for the ledger while one does."""
    from ledger.log.open import open_log
    from ledger.processes import beside
    from producers.counter.links import load_secret
    from producers.drive import run_ticker
    from producers.intake.gateway import load_keys, serve_gateway
    from producers.watchman import run_watchman

    log = await open_log(settings.ledger_url, partitions=settings.partitions)
    try:
        keys, secret = load_keys(settings.data), load_secret(settings.data)
        clock = () if settings.demo_clock else (run_ticker(log),)
        async with beside(run_watchman(log), *clock):
            await serve_gateway(log, settings.host, settings.port, keys, secret=secret)
    finally:
        await log.close()
    return None


async def import_(options: argparse.Namespace, settings: Settings) -> Result:
    """Import one file, or write the template of a mapping."""
    from ledger.contracts.errors import UserError
    from ledger.log.open import open_log
    from producers.intake.importer import import_file, load_mapping
    from producers.intake.template import write_template

    if (options.file is None) == (options.template is None):
        raise UserError("name either a FILE to import or --template FILE.xlsx to write")
    if options.template is not None:
        return write_template(options.template, load_mapping(options.mapping))
    log = await open_log(settings.ledger_url, partitions=settings.partitions)
    try:
        with Progress(f"importing {options.file.name}") as bar:
            return await import_file(
                log, options.file, options.mapping, options.report, on_progress=bar
            )
    finally:
        await log.close()


async def simulate(options: argparse.Namespace, settings: Settings) -> Result:
    """Write a city's days."""
    from ledger.log.open import open_log
    from producers.drive import CityClock, load_city, simulate_into

    clock = CityClock()
    log = await open_log(settings.ledger_url, clock, settings.partitions)
    try:
        with Progress("simulating", options.days) as bar:

            def show(progress: dict[str, Any]) -> None:
                bar(progress["day"])

            return await simulate_into(
                log,
                load_city(),
                options.seed,
                options.days,
                options.cases_per_day,
                clock=clock,
                on_progress=show,
            )
    finally:
        await log.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m producers", description=__doc__)
    add_commands(Commands(parser))
    sys.exit(main(parser))
