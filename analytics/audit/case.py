"""Audit of one case (办件审计): finds it, reads it, replays it; the timeline for a terminal."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any, NamedTuple

from analytics.audit.replay import Instant, Stored, replay
from analytics.audit.standing import calendars, lines, standing, ticked
from analytics.lake.catalog import Lake
from ledger.contracts.codes import SHANGHAI
from ledger.contracts.errors import UserError
from ledger.contracts.wire import decode
from ledger.log.seam import Log

CASE_NO_MAX = 64
FOUND_MAX = 20


class AuditError(UserError):
    """The question cannot be answered; one sentence: what, where, what to do."""


class NotFoundError(AuditError):
    """No such case."""


class Found(NamedTuple):
    """One case that a search found."""

    case_id: str
    case_no: str


async def audit_case(
    source: Log | Lake, no: str, at: str | None = None, *, lake: Lake | None = None
) -> dict[str, Any]:
    """Give a case as it was known at `at`: a time (ISO 8601), a position, or None for now.

    `no` is the case number as printed, or the case id. A position is `partition:offset` or an
    offset in the case's partition: what lies before it was known. With a lake beside the log the
    number is looked up there, else the whole log is read.

    Raises:
        NotFoundError: no such case.
        AuditError: `at` is no time and no position.

    """
    instant, partition = parse_at(at)
    case_id = no
    history = await events_of(source, case_id)
    if not history:
        finder: Log | Lake = lake or source
        if not (found := await find(finder, no)) and finder is not source:
            found = await find(source, no)
        if not found:
            raise NotFoundError(f"no case has the number or id {no}; look at 办件编号 as printed")
        case_id = found[0].case_id
        history = await events_of(source, case_id)
    if partition is not None and history and history[0].partition != partition:
        raise AuditError(
            f"case {case_id} lies in partition {history[0].partition}, not {partition}; "
            f"say {history[0].partition}:OFFSET"
        )
    until = await ticked(source, history[0].partition) if history else ""
    return replay(history, instant) | standing(history, instant, await calendars(source), until)


def parse_at(at: str | None) -> tuple[Instant, int | None]:
    """Give the instant a person means, and the partition if they named one.

    A time without an offset is Asia/Shanghai.

    Raises:
        AuditError: neither a time nor a position.

    """
    if not at:
        return Instant(), None
    partition, colon, offset = at.partition(":")
    if at.isdecimal():
        return Instant(offset=int(at)), None
    if colon and partition.isdecimal() and offset.isdecimal():
        return Instant(offset=int(offset)), int(partition)
    try:
        time = datetime.fromisoformat(at)
    except ValueError:
        raise AuditError(
            f"{at!r} is no time and no position; say 2020-06-01T10:35 or 3:1200"
        ) from None
    return Instant(time=time if time.tzinfo else time.replace(tzinfo=SHANGHAI)), None


async def events_of(source: Log | Lake, case_id: str) -> list[Stored]:
    """Give the events of a case and its rating stream in order of position."""
    if isinstance(source, Lake):
        rows = source.sql(
            'SELECT "partition", "offset", chain, raw FROM events '
            "WHERE stream_key = $1 AND stream IN ('case', 'rating') ORDER BY \"offset\"",
            [case_id],
        )
        return [Stored(p, o, chain, decode(raw)) for p, o, chain, raw in rows]
    found = [
        Stored(r.partition, r.offset, r.chain, decode(r.value))
        for stream in ("case", "rating")
        async for r in source.read(f"{stream}/{case_id}")
    ]
    return sorted(found, key=lambda stored: stored.offset)


async def find(source: Log | Lake, text: str, limit: int = FOUND_MAX) -> list[Found]:
    """Give the cases whose number or id is `text`; over a lake also those that begin with it."""
    if isinstance(source, Lake):
        rows = source.sql(
            "SELECT stream_key, min(case_no) FROM events "
            "WHERE type = 'case.submitted' AND (starts_with(case_no, $1) "
            "OR starts_with(stream_key, $1)) "
            "GROUP BY stream_key ORDER BY min(case_no) <> $1, min(case_no), stream_key LIMIT $2",
            [text[:CASE_NO_MAX], limit],
        )
        return [Found(*row) for row in rows]
    return [each async for each in _search(source, text)][:limit]


async def _search(log: Log, text: str) -> AsyncIterator[Found]:
    """Read the whole log for a case number: slow, and right without a lake."""
    wanted = text.encode()
    async for records in log.scan():
        for record in records:
            if wanted in record.value:
                event = decode(record.value)
                data = event["data"]["data"]
                if event["type"] == "case.submitted" and data["case_no"] == text:
                    yield Found(event["subject"].partition("/")[2], data["case_no"])


RESULTS = {"on_time": "按时办结", "late": "超期办结", "over": "已超期", "running": "计时中"}


def timeline(answer: dict[str, Any]) -> str:
    """Give the case as lines for a person at a terminal, in Chinese."""
    told = [
        f"办件 {answer['case_no']} ({answer['case_id']})",
        f"状态 {answer['state_name']}   截至 {_short(answer['at'])}   位置 {answer['position']}",
    ]
    if answer["later"]:
        told.append(f"此后另有 {answer['later']} 条事实, 当时尚未入账")
    if answer["truly"]["state"] != answer["state"]:
        told.append(f"按现在所知, 当时实际状态为 {answer['truly']['state_name']}")
    for clock in answer["clocks"]:
        hint = " (暂定)" if clock["provisional"] else ""
        told.append(f"{clock['name']} 至 {clock['due'][:10]}{hint}  {RESULTS[clock['result']]}")
    told.extend(lines(answer) if "lights" in answer else ())
    told.append("")
    told.extend(_line(event) for event in answer["events"])
    told.extend(
        f"更正 {fix['id']}: {_fixed(fix)}; 事由 {fix['reason']}; "
        f"申请 {fix['requested_by']}, 审批 {fix['approved_by']}"
        for fix in answer["corrections"]
    )
    told.extend(
        f"评价 {rating['stars']} 星 ({rating['via']}) {_short(rating['at'])}"
        for rating in answer["ratings"]
    )
    return "\n".join(told)


def _fixed(fix: dict[str, Any]) -> str:
    if fix["amends"] is None:
        return f"作废 {', '.join(fix['voids'])}"
    changes = ", ".join(
        f"{name}: {change.get('old', '无')} → {change.get('new', '无')}"
        for name, change in fix["changes"].items()
    )
    return f"更正 {fix['amends']} {changes}"


def _line(event: dict[str, Any]) -> str:
    mark = "  " if event["counts"] else ("✗ " if event["voided_by"] else "· ")
    who = event["actor"]["staff"] or {"citizen": "申请人", "system": "系统"}.get(
        event["actor"]["kind"], event["actor"]["kind"]
    )
    where = event["window"] or event["centre"] or ""
    notes = [f"入账 {_short(event['recorded_at'])}"] * (
        event["recorded_at"][:16] != event["occurred_at"][:16]
    )
    notes += [f"补录: {event['late_reason']}"] * bool(event["late_reason"])
    notes += [f"已被 {event['voided_by']} 作废"] * bool(event["voided_by"])
    notes += [f"已由 {event['amended_by']} 更正"] * bool(event["amended_by"])
    notes += [" ".join(event["flags"])] * bool(event["flags"])
    tail = f"  [{'; '.join(notes)}]" if notes else ""
    return (
        f"{mark}{_short(event['occurred_at'])}  {event['position']:>9}  {event['name']}  "
        f"{who}  {where}{tail}"
    ).rstrip()


def _short(at: str) -> str:
    return at[:16].replace("T", " ")
