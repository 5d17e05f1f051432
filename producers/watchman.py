"""The watchman (值守): says that a source system fell silent, when its beats stop coming.

It listens to the pulses, so it hears a beat only when the ledger has noted it. Any number may run,
in any process, and may be killed at any time: they keep nothing, and what they say of one silence
is the same bytes, which the ledger takes once. That a source returned the ledger says itself, by
the first beat. Source: design.md 5; docs/decisions/0012-a-silence-is-said-a-return-is-heard.md.
"""

import asyncio
import logging
from collections.abc import Iterable
from typing import NamedTuple

import orjson

from ledger.contracts.errors import UserError
from ledger.contracts.wire import decode
from ledger.log.seam import Heard, Log, Pulse
from ledger.rules.reference import Reference
from ledger.rules.refusals import Code
from ledger.rules.source import SILENT_AFTER_MINUTES, silent_from
from ledger.rules.workdays import Calendar

WATCHMAN = "watchman"
"""Source system of what a watchman says."""

LOOK_SECONDS = 2.0
SILENT_AFTER_SECONDS = SILENT_AFTER_MINUTES * 60.0
GAP_SECONDS = 30.0
"""Without a pulse for so long nobody listened: the ledger, its ticker or we were away."""

_log = logging.getLogger(__name__)


class Suspect(NamedTuple):
    """A source of which nothing was heard for long, by the clocks of machines."""

    source: str
    heard: Heard
    now: str
    """The ledger's time of the pulse that shows it, ISO 8601 +08:00."""


class Watch:
    """What one watchman has seen; no clock, no IO.

    Nobody is called silent who could not have been heard: each partition has been ticked without
    a gap for as long as the source was quiet. So a ledger that comes back accuses no hall.
    """

    def __init__(self, silent_after: float = SILENT_AFTER_SECONDS) -> None:
        self._silent_after = silent_after
        self._listening: dict[int, tuple[float, float]] = {}
        """Partition → first and last pulse without a gap between them, epoch seconds."""
        self._said: dict[str, str] = {}

    def suspects(self, pulses: Iterable[Pulse]) -> list[Suspect]:
        """Give the sources that are quiet for 120 s and more, but for those that were told."""
        found = []
        for pulse in pulses:
            first, last = self._listening.get(pulse.partition, (pulse.at, pulse.at))
            if pulse.at - last > GAP_SECONDS:
                first = pulse.at
            self._listening[pulse.partition] = (first, max(last, pulse.at))
            found += [
                Suspect(source, heard, pulse.now)
                for source, heard in pulse.sources.items()
                if pulse.at - max(first, heard.at) >= self._silent_after
                and self._said.get(source) != heard.now
            ]
        return found

    def told(self, suspect: Suspect) -> None:
        """Remember that the ledger has answered: nothing is said again of the same silence."""
        self._said[suspect.source] = suspect.heard.now


def silent(suspects: Iterable[Suspect], calendar: Calendar) -> list[tuple[Suspect, bytes]]:
    """Give the command for each source that is silent in service hours too."""
    found = []
    for suspect in suspects:
        at = silent_from(suspect.heard.now, calendar)
        if suspect.now >= at:
            found.append((suspect, fall_silent(suspect.source, suspect.heard, at)))
    return found


def fall_silent(source: str, heard: Heard, at: str) -> bytes:
    """Give the command that says that `source` is silent: a function of its last beat."""
    return orjson.dumps({
        "type": "source.fall_silent", "key": source, "occurred_at": at,
        "source_system": WATCHMAN, "source_seq": f"{source}@{heard.now}",
        "source_class": "system", "data": {"since": heard.now, "centres": list(heard.centres)},
    })  # fmt: skip


class Hours:
    """The published calendars (日历), read from the reference partition as they come."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._reference = Reference()
        self._offset = 0

    async def calendar(self) -> Calendar:
        """Give the calendar as it is published now.

        Raises:
            Unreachable: the book cannot be read.

        """
        end = await self._log.end()
        if end[-1] > self._offset:
            async for records in self._log.scan((*end[:-1], self._offset), end):
                for record in records:
                    self._reference.apply(decode(record.value))
            self._offset = end[-1]
        return self._reference.calendar


async def run_watchman(
    log: Log, *, every: float = LOOK_SECONDS, silent_after: float = SILENT_AFTER_SECONDS
) -> None:
    """Watch until cancelled; what fails is logged and looked at anew.

    Args:
        log: the ledger that hears the sources, and is told; stays the caller's.
        every: seconds between two looks.
        silent_after: seconds of the machines' clocks; the ledger has its own two minutes besides.

    """
    watch, hours = Watch(silent_after), Hours(log)
    while True:
        try:
            await look(log, watch, hours)
        except UserError as error:
            _log.warning("watchman: %s", error)
        await asyncio.sleep(every)


async def look(log: Log, watch: Watch, hours: Hours) -> int:
    """Look once; give how many silences were handed in.

    Raises:
        Unreachable: the outcome is unknown; look again.

    """
    suspects = watch.suspects(await log.pulses())
    found = silent(suspects, await hours.calendar()) if suspects else []
    if found:
        receipts = await log.submit_many([raw for _, raw in found])
        for (suspect, _), receipt in zip(found, receipts, strict=True):
            if receipt.status == "refused":
                _log.warning("watchman: %s: %s", receipt.code, receipt.message)
            if receipt.code != Code.E_LIMIT:  # Too early by the ledger's calendar: said again.
                watch.told(suspect)
    return len(found)
