"""The importer (导入): a file and a mapping → commands, every row accounted for.

rows = mapped + refused. A row is mapped when the ledger has accepted all its commands, now or
before. Importing the same file again adds no event.
"""

import asyncio
import csv
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

import orjson

from ledger.contracts.codes import BATCH_COMMANDS_MAX
from ledger.contracts.receipts import Receipt
from ledger.log.seam import Log, Unreachable
from producers.intake.cells import Bad
from producers.intake.files import rows
from producers.intake.mapping import (
    Mapping,
    MappingError,
    Reader,
    RowRefused,
    parse_mapping,
    reference_commands,
)

RETRIES = 40
RETRY_SECONDS = 0.5
"""An unreachable ledger is waited for so often and so long; then the import stops and says so."""

REPORT_FIELDS = ("file", "row", "code", "reason", "case", "activity")

Progress = Callable[[int], None]
"""Is told how many rows are settled."""


class Waiting(NamedTuple):
    """A row whose commands are on their way."""

    row: int
    case: str
    activity: str
    raws: tuple[bytes, ...]


class Report:
    """Refused rows as JSON Lines, or as CSV (with BOM, for Excel) when the name ends in .csv."""

    def __init__(self, path: Path | None, file: str) -> None:
        self._path, self._file = path, file
        self._csv = path is not None and path.suffix.lower() == ".csv"

    def __enter__(self) -> Self:
        """Begin the report anew."""
        if self._path is not None:
            encoding = "utf-8-sig" if self._csv else "utf-8"
            self._out = self._path.open("w", encoding=encoding, newline="")
            if self._csv:
                self._table = csv.DictWriter(self._out, REPORT_FIELDS)
                self._table.writeheader()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        """Close the report."""
        if self._path is not None:
            self._out.close()

    def add(self, row: int, code: str, reason: str, case: str = "", activity: str = "") -> None:
        """Write one refused row."""
        if self._path is None:
            return
        line = {"file": self._file, "row": row, "code": code, "reason": reason,
                "case": case, "activity": activity}  # fmt: skip
        if self._csv:
            self._table.writerow({name: inert(value) for name, value in line.items()})
        else:
            self._out.write(orjson.dumps(line).decode() + "\n")


def inert(value: object) -> object:
    """Make text that a spreadsheet would run as a formula into text that it shows."""
    if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")):
        return "'" + value
    return value


def load_mapping(path: Path) -> Mapping:
    """Read a mapping file.

    Raises:
        MappingError: it is not there, not UTF-8, or wrong; the message says where.

    """
    try:
        return parse_mapping(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        message = f"{path} cannot be read: {error}"
        raise MappingError(message) from None
    except MappingError as error:
        message = f"{path}: {error}"
        raise MappingError(message) from None


async def import_file(
    log: Log, file: Path, mapping: Mapping | Path, report: Path | None = None,
    on_progress: Progress | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Import one file; `mapping` is a mapping or the file it stands in.

    Returns:
        {rows, mapped, refused, commands, events, duplicates, codes}: `commands` handed in for
        rows, `events` newly recorded by them, `codes` refused rows by code.

    Raises:
        FileRefused: the file as a whole cannot be read; nothing was handed in.
        MappingError: it is wrong, or the ledger refused its `[reference]` block.
        Unreachable: the ledger did not come back in time; import again, nothing is counted twice.

    """
    if isinstance(mapping, Path):
        mapping = load_mapping(mapping)
    found = rows(file, mapping)
    await _submit_reference(log, mapping)
    with Report(report, file.name) as refusals:
        run = _Run(log, refusals, on_progress)
        reader = Reader(mapping)
        for each in found:
            if isinstance(each, Bad):
                run.refuse(each.row, each.code, each.reason)
                continue
            case = each.cells.get(mapping.columns.case, "")
            activity = each.cells.get(mapping.columns.activity, "")
            try:
                commands = reader.commands(each.cells)
            except RowRefused as refused:
                run.refuse(each.row, refused.code, refused.reason, case, activity)
                continue
            raws = tuple(orjson.dumps(command) for command in commands)
            await run.add(Waiting(each.row, case, activity, raws))
        await run.flush()
    return run.result()


class _Run:
    """What one import has done so far."""

    def __init__(self, log: Log, report: Report, on_progress: Progress | None) -> None:
        self._log, self._report, self._on_progress = log, report, on_progress
        self._waiting: list[Waiting] = []
        self._size = 0
        self._count = Counter[str]()
        self._codes = Counter[str]()

    def result(self) -> dict[str, Any]:
        names = ("rows", "mapped", "refused", "commands", "events", "duplicates")
        return {**{name: self._count[name] for name in names},
                "codes": dict(sorted(self._codes.items()))}  # fmt: skip

    def refuse(self, row: int, code: str, reason: str, case: str = "", activity: str = "") -> None:
        self._count.update(rows=1, refused=1)
        self._codes[code] += 1
        self._report.add(row, code, reason, case[:200], activity[:200])

    async def add(self, waiting: Waiting) -> None:
        if self._size + len(waiting.raws) > BATCH_COMMANDS_MAX:
            await self.flush()
        self._waiting.append(waiting)
        self._size += len(waiting.raws)

    async def flush(self) -> None:
        raws = [raw for waiting in self._waiting for raw in waiting.raws]
        receipts = await submit_patiently(self._log, raws) if raws else []
        at = 0
        for waiting in self._waiting:
            self._settle(waiting, receipts[at : at + len(waiting.raws)])
            at += len(waiting.raws)
        self._waiting, self._size = [], 0
        if self._on_progress is not None:
            self._on_progress(self._count["rows"])

    def _settle(self, waiting: Waiting, receipts: Sequence[Receipt]) -> None:
        self._count["commands"] += len(receipts)
        for receipt in receipts:
            if receipt.status == "accepted":
                self._count["events"] += len(receipt.events)
            elif receipt.status == "duplicate":
                self._count["duplicates"] += 1
        refused = [receipt for receipt in receipts if receipt.status == "refused"]
        if refused:
            first = refused[0]
            self.refuse(waiting.row, first.code, first.message, waiting.case, waiting.activity)
        else:
            self._count.update(rows=1, mapped=1)


async def _submit_reference(log: Log, mapping: Mapping) -> None:
    raws = [orjson.dumps(command) for command in reference_commands(mapping)]
    for start in range(0, len(raws), BATCH_COMMANDS_MAX):
        for receipt in await submit_patiently(log, raws[start : start + BATCH_COMMANDS_MAX]):
            if receipt.status == "refused":
                message = f"[reference] {receipt.key}: {receipt.code}: {receipt.message}"
                raise MappingError(message)


async def submit_patiently(log: Log, raws: Sequence[bytes]) -> list[Receipt]:
    """Hand in a batch; while the ledger is away hand in the same bytes again, for a while.

    Raises:
        Unreachable: it stayed away.

    """
    for _ in range(RETRIES):
        try:
            return await log.submit_many(raws)
        except Unreachable:
            await asyncio.sleep(RETRY_SECONDS)
    return await log.submit_many(raws)
