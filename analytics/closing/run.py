"""The closing job (日结作业): hands in what the nights publish; again adds nothing.

Killed at any step and started again it gives the same facts: each command is a function of what
was recorded before its night, and its number at its source is bound for ever.
"""

import asyncio
import logging
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

import orjson

from analytics.closing.plan import Command, freeze_of, instant_of, night_of, plan
from analytics.lake.archiver import archive
from analytics.lake.catalog import Lake
from analytics.sweeps import hand_in
from ledger.contracts.codes import BATCH_COMMANDS_MAX
from ledger.contracts.errors import UserError
from ledger.log.open import open_log
from ledger.log.seam import Log, Pulse
from ledger.settings import Settings

LOOK_SECONDS = 5.0
WATERMARK = timedelta(minutes=2)
"""A night is over when every partition was ticked so long after its 02:00 (domain.md 6.3)."""

NOTHING = {"day.close": 0, "period.restate": 0, "period.freeze": 0}

_log = logging.getLogger(__name__)


class ClosingError(UserError):
    """The ledger refused to publish; the message says what and why."""


async def closable(log: Log, lake: Lake, pulses: Sequence[Pulse]) -> date | None:
    """Give the newest night that was over at these pulses of the ledger.

    None: not every partition has one, or the lake does not reach them yet: ask again.
    """
    if len(pulses) <= log.partitions:
        return None
    held = await asyncio.to_thread(lake.cut, log.partitions)
    if any(held[pulse.partition] < pulse.position for pulse in pulses):
        return None
    return night_of(min(datetime.fromisoformat(pulse.now) for pulse in pulses) - WATERMARK)


async def close(log: Log, lake: Lake, last: date, *, dry_run: bool = False) -> dict[str, Any]:
    """Publish every night up to `last` that is not published; give counts by command.

    Gives {until, nights, day.close, period.restate, period.freeze, new}; `new` lists what was
    published: {night, command, centre, period, …}.

    Raises:
        ClosingError: the ledger refused a command; what was published before it stays.
        LakeError: the lake cannot be read.
        Unreachable: run again; what was published stays.

    """
    nights = await asyncio.to_thread(lambda: list(plan(lake, log.partitions, last)))
    count, new = dict(NOTHING), []
    for night in nights:
        for n in range(0, len(night.commands), BATCH_COMMANDS_MAX):
            batch = night.commands[n : n + BATCH_COMMANDS_MAX]
            fresh = [True] * len(batch) if dry_run else await _submit(log, batch)
            for command, is_new in zip(batch, fresh, strict=True):
                count[command["type"]] += is_new
                new += [_told(command)] * is_new
    return {"until": last.isoformat(), "nights": len(nights), **count, "new": new}


async def close_book(
    settings: Settings, now: datetime, *, day: str | None, month: str | None, dry_run: bool
) -> dict[str, Any]:
    """Bring the lake up to date, then publish up to a day, up to a month's freeze, or all there is.

    `now` is the machine's. Under `demo_clock` an embedded book's time goes on to the last 02:00.

    Raises:
        ClosingError: not over yet, or the ledger refused.
        UserError: no day, no month, or no book.

    """
    wanted = _wanted(day, month)
    last_at = now

    def clock() -> datetime:
        return last_at

    log = await open_log(settings.ledger_url, clock, settings.partitions, reading=dry_run)
    lake = Lake(str(settings.lake_dir))
    try:
        pulses = await log.pulses()
        await archive(log, lake)
        if isinstance(wanted, str):
            wanted = await asyncio.to_thread(freeze_of, lake, log.partitions, wanted)
        over = await closable(log, lake, pulses) if settings.is_kafka else night_of(now)
        if settings.demo_clock and wanted and not settings.is_kafka:
            last_at, over = instant_of(wanted), wanted
        last = wanted or over
        if last is None or over is None or over < last:
            message = "no night is over yet; the ledger has to be ticked (taizhang serve, gateway)"
            if last is not None:
                message = f"{last} closes at {instant_of(last):%Y-%m-%d %H:%M}; that is not over"
            raise ClosingError(message)
        return await close(log, lake, last, dry_run=dry_run)
    finally:
        lake.close()
        await log.close()


def _wanted(day: str | None, month: str | None) -> date | str | None:
    """Give the day, or the month as text, or None for all there is."""
    try:
        if month is not None:
            return f"{date.fromisoformat(f'{month}-01'):%Y-%m}"
        return None if day is None else date.fromisoformat(day)
    except ValueError:
        message = f"{month or day} is no {'month, YYYY-MM' if month else 'day, YYYY-MM-DD'}"
        raise UserError(message) from None


def report(said: dict[str, Any]) -> str:
    """Give the outcome of a run as lines for people."""
    names = {"day.close": "日结", "period.restate": "重述", "period.freeze": "月结"}
    lines = []
    for each in said["new"]:
        lines.append(f"{each['period']:<10}  {names[each['command']]}  {each['centre']}")
        lines += [
            f"              {c['day']} {c['code']}: {c['published']:,} → {c['now']:,}"
            for c in each["changes"]
        ]
    counted = ", ".join(f"{name} {said[kind]:,}" for kind, name in names.items())
    return "\n".join([*lines, f"截至 {said['until']}: {counted}"])


async def _submit(log: Log, commands: tuple[Command, ...]) -> list[bool]:
    """Hand in commands; tell of each whether it was new."""
    receipts = await log.submit_many([orjson.dumps(command) for command in commands])
    for command, receipt in zip(commands, receipts, strict=True):
        if receipt.status == "refused":
            message = f"{command['source_seq']} was refused: {receipt.code}: {receipt.message}"
            raise ClosingError(message)
    return [receipt.status == "accepted" for receipt in receipts]


def _told(command: Command) -> dict[str, Any]:
    data = command["data"]
    return {
        "command": command["type"], "centre": command["key"],
        "period": data.get("day") or data["period"], "at": command["occurred_at"],
        "totals": len(data.get("totals", ())), "changes": data.get("changes", []),
    }  # fmt: skip


async def _swept(log: Log, lake: Lake) -> None:
    """Raise the alerts that only many streams together show (巡检), each night once."""
    _, receipts = await hand_in(log, lake)
    for receipt in receipts:
        if receipt.status == "refused":
            _log.warning("sweep: %s was refused: %s", receipt.key, receipt.message)


async def keep_closing(log: Log, lake: Lake) -> None:
    """Publish each night when it is over, then sweep; until cancelled.

    A failure is logged and tried again; again adds nothing.
    """
    done, seen = None, list[Pulse]()
    while True:
        try:
            # Pulses are kept until the lake, which is always a little behind, has reached them.
            seen = seen if len(seen) > log.partitions else await log.pulses()
            last = await closable(log, lake, seen)
            if last is not None:
                seen = []
            if last is not None and last != done:
                await close(log, lake, last)
                await _swept(log, lake)
                done = last
        except UserError as error:
            _log.warning("closing: %s", error)
        await asyncio.sleep(LOOK_SECONDS)
