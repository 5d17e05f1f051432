"""`taizhang bench append`: commands decided and durably stored, beside `eventsourcing`.

The job is the same for all: facts of about 1 KB of cases with ten facts each, every fact durable
on SQLite (WAL, synchronous FULL) before it is answered for. Ours validates, decides, stamps and
chains besides. Whole figures of one run, one after another, in one process.
"""

import asyncio
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import orjson

from ledger.contracts.codes import SHANGHAI
from ledger.log.sqlite import SqliteLog

START = datetime(2020, 6, 1, 9, tzinfo=SHANGHAI)
FACTS_PER_CASE = 10
CASES_A_GATEWAY = 100
GATEWAYS = 4
"""Each hands in 100 whole cases, all windows at once, and the next when it has the receipts."""

REFERENCE: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("dept.register", "民政", {"name": "民政局"}),
    ("dept.register", "审批局", {"name": "行政审批局"}),
    ("centre.open", "sanxing", {"name": "三星镇为民服务中心", "level": "town",
                                "tier": "other_town", "town": "sanxing"}),
    ("window.create", "sanxing-1", {"centre": "sanxing", "no": "1", "kind": "comp:livelihood"}),
    ("item.register", "I1", {"name": "最低生活保障", "dept": "民政", "project_type": "promised",
                             "promised": {"n": 10}, "statutory": {"n": 20}}),
    ("calendar.publish", "cal-2020", {"year": 2020, "doc_no": "国办发明电〔2019〕16号"}),
)  # fmt: skip
STAFF = {"s-accept": "accept", "s-review": "review", "s-approve": "approve", "s-issue": "issue"}


def commands(cases: int) -> Iterator[bytes]:
    """Give whole cases, command by command, interleaved as at many windows."""
    for group in range(0, cases, CASES_A_GATEWAY):
        numbers = range(group, min(group + CASES_A_GATEWAY, cases))
        for step in range(FACTS_PER_CASE):
            for n in numbers:
                yield _command(n, step)


def _command(n: int, step: int) -> bytes:
    text = "办理环节说明" * 20
    kind, post, data = (
        ("submit", "accept", {"case_no": f"320684{n:09d}", "item": "I1", "receipt_no": f"R{n}"}),
        ("accept", "accept", {"accept_no": f"A{n}", "promised": {"n": 10}}),
        ("transfer", "accept", {"transfer_id": "t1", "kind": "dispatch", "to_dept": "审批局"}),
        ("receive_transfer", "review", {"transfer_id": "t1"}),
        ("start_step", "review", {"step_no": 1, "step_name": "审查"}),
        ("finish_step", "review", {"step_no": 1}),
        ("start_step", "review", {"step_no": 2, "step_name": "复核"}),
        ("finish_step", "review", {"step_no": 2}),
        ("decide", "approve", {"outcome": "approved", "doc_no": f"D{n}"}),
        ("conclude", "approve", {"result_code": 0}),
    )[step]
    return orjson.dumps({
        "type": f"case.{kind}", "key": f"C{n}", "source_system": "bench",
        "source_seq": f"{n}-{step}", "occurred_at": (START + timedelta(minutes=step)).isoformat(),
        "actor": {"kind": "staff", "staff": f"s-{post}", "post": post},
        "centre": "sanxing", "window": "sanxing-1", "channel": "window",
        "data": {**data, "activity": text},
    })  # fmt: skip


async def _prepare(log: SqliteLog) -> None:
    rows = [*REFERENCE]
    for staff, post in STAFF.items():
        rows.append(("staff.join", staff, {"centre": "sanxing", "dept": "审批局"}))
        rows.append(("staff.grant_post", staff, {"post": post, "granted_by": "city"}))
    for number, (kind, key, data) in enumerate(rows):
        receipt = await log.submit(orjson.dumps({
            "type": kind, "key": key, "data": data, "occurred_at": START.isoformat(),
            "source_system": "bench", "source_seq": f"r{number}", "source_class": "system",
        }))  # fmt: skip
        if receipt.status != "accepted":
            message = f"the bench's own reference data is refused: {receipt.message}"
            raise RuntimeError(message)


async def _gateway(log: SqliteLog, groups: Iterator[list[bytes]]) -> None:
    for group in groups:
        receipts = await log.submit_many(group)
        if wrong := [r for r in receipts if r.status != "accepted"]:
            message = f"the bench's own command is refused: {wrong[0].message}"
            raise RuntimeError(message)


async def _ours(folder: Path, work: list[bytes]) -> tuple[float, int]:
    log = await SqliteLog.open(folder / "ledger.db", lambda: START + timedelta(hours=1))
    try:
        await _prepare(log)
        began = time.perf_counter()
        share = CASES_A_GATEWAY * FACTS_PER_CASE
        groups = iter([work[n : n + share] for n in range(0, len(work), share)])
        await asyncio.gather(*(_gateway(log, groups) for _ in range(GATEWAYS)))
        seconds = time.perf_counter() - began
        size = 0
        async for records in log.scan():
            size += sum(len(record.value) for record in records)
        return len(work) / seconds, size // len(work)
    finally:
        await log.close()


@cache
def _peer_case() -> Any:  # noqa: ANN401
    """Give the peer's aggregate; it may be defined only once in a process."""
    from eventsourcing.domain import Aggregate, event  # noqa: PLC0415

    class Case(Aggregate):
        def __init__(self, item: str, note: str) -> None:
            self.item, self.note, self.done = item, note, 0

        @event("StepTaken")
        def take(self, number: int, note: str) -> None:
            self.done, self.note = number, note

    return Case


def _peer(folder: Path, cases: int, facts_a_save: int) -> float:
    """Run eventsourcing's application on SQLite; `facts_a_save` 1: each fact by itself."""
    from eventsourcing.application import Application  # noqa: PLC0415  a peer, in [bench]

    kind = _peer_case()
    database = folder / f"peer-{facts_a_save}.db"
    app: Any = Application(
        env={"PERSISTENCE_MODULE": "eventsourcing.sqlite", "SQLITE_DBNAME": str(database)}
    )
    note = "办理环节说明" * 45
    began = time.perf_counter()
    for _ in range(cases):
        case = kind("I1", note)
        if facts_a_save == 1:
            app.save(case)
        for number in range(1, FACTS_PER_CASE):
            case.take(number, note)
            if facts_a_save == 1:
                app.save(case)
        if facts_a_save > 1:
            app.save(case)
    seconds = time.perf_counter() - began
    app.close()
    return cases * FACTS_PER_CASE / seconds


def bench_append(n: int, rounds: int = 3) -> dict[str, Any]:
    """Append `n` facts by each contender, `rounds` times in turn; medians, and ratios by round."""
    cases = max(n // FACTS_PER_CASE, 1)
    work = list(commands(cases))
    peers: dict[str, Callable[[Path], float]] = {
        "eventsourcing": lambda folder: _peer(folder, cases // 4 or 1, 1),
        "eventsourcing_batched": lambda folder: _peer(folder, cases, FACTS_PER_CASE),
    }
    ours: list[float] = []
    figures: dict[str, list[float]] = {name: [] for name in peers}
    size = 0
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as place:
            speed, size = asyncio.run(_ours(Path(place), work))
            ours.append(speed)
            for name, peer in peers.items():
                figures[name].append(peer(Path(place)))
            os.sync()
    return {
        "bench": "append", "unit": "commands/s", "ours": round(statistics.median(ours)),
        "peers": {name: round(statistics.median(each)) for name, each in figures.items()},
        "ratio": {
            name: round(statistics.median(a / b for a, b in zip(ours, each, strict=True)), 2)
            for name, each in figures.items()
        },
        "n": len(work), "event_bytes": size, "rounds": rounds,
    }  # fmt: skip
