"""How a case stood (办件状况): its light in both profiles, and who held it for how long.

Over the events of the case and the calendars that were published, as known at an instant.
"""

from collections.abc import Sequence
from typing import Any

from analytics.audit.replay import Instant, Stored
from analytics.lake.catalog import Lake
from ledger.contracts.events.reference import CalendarPublished, ClockTicked
from ledger.contracts.wire import Event, decode
from ledger.log.seam import Log
from ledger.rules import case
from ledger.rules.effective import current
from ledger.rules.holders import Holder, HolderKind, shares
from ledger.rules.lights import Profile, light
from ledger.rules.reference import Reference

LEVELS = ("正常", "预警", "黄灯", "红灯")
SPECIALS = {
    "hearing": "听证", "tender": "招标", "auction": "拍卖", "inspect": "检验", "test": "检测",
    "quarantine": "检疫", "appraise": "鉴定", "expert": "专家评审", "publicity": "公示",
    "site": "现场核实", "other": "其他",
}  # fmt: skip
BAR = 20
"""Characters of a whole bar at a terminal."""


async def calendars(source: Log | Lake) -> list[Event]:
    """Give every published calendar, in order."""
    kind = CalendarPublished.TYPE
    if isinstance(source, Lake):
        rows = source.sql('SELECT raw FROM events WHERE type = $1 ORDER BY "offset"', [kind])
        return [decode(raw) for (raw,) in rows]
    end = await source.end()
    found = []
    async for records in source.scan((*end[:-1], 0), end):
        found += [e for r in records if (e := decode(r.value))["type"] == kind]
    return found


async def ticked(source: Log | Lake, partition: int) -> str:
    """Give how far time is recorded to have come in a partition, ISO 8601 +08:00; "": unknown."""
    if isinstance(source, Lake):
        rows = source.sql(
            "SELECT max(json_extract_string(data, '$.to')) FROM events "
            'WHERE type = $1 AND "partition" = $2', [ClockTicked.TYPE, partition],
        )  # fmt: skip
        return rows[0][0] or ""
    told = ""
    async for record in source.read(f"partition/{partition}"):
        event = decode(record.value)
        if event["type"] == ClockTicked.TYPE:
            told = event["data"]["data"]["to"]
    return told


def standing(
    history: Sequence[Stored], instant: Instant, published: Sequence[Event], until: str = ""
) -> dict[str, Any]:
    """Give `{lights: [{profile, level, name, reason}], shares: [{holder, kind, minutes}]}`.

    Lights and shares are those of `instant`; without a time those of the last fact known, or of
    `until` where time has come further. Minutes are working minutes, None where a calendar is
    missing; an ended case has no light and its shares end with it.
    """
    known = [s.event for s in history if instant.knows(s)]
    facts = [event for event in known if event["subject"].startswith("case/")]
    if not facts:
        return {"lights": [], "shares": []}
    now = instant.time.isoformat() if instant.time else facts[-1]["recordedat"]
    if instant.time is None and instant.offset is None:
        now = max(now, until)
    reference = Reference()
    for event in published:
        if event["recordedat"] <= now:
            reference.apply(event)
    state, calendar = case.fold(facts), reference.calendar
    shown = [(profile, light(state, calendar, now, profile)) for profile in Profile]
    held = shares(current(facts).values(), now, calendar)
    return {
        "lights": [
            {"profile": profile.value, "level": each.level.name.lower(),
             "name": LEVELS[each.level], "reason": each.reason}
            for profile, each in shown
        ],
        "shares": [
            {"holder": holder_name(holder), "kind": holder.kind.value, "minutes": minutes}
            for holder, minutes in held.items()
        ],
    }  # fmt: skip


def holder_name(holder: Holder) -> str:
    """Give what a clerk calls a holder."""
    if holder.kind is HolderKind.APPLICANT:
        return "申请人"
    if holder.kind is HolderKind.SPECIAL:
        return f"特别程序({SPECIALS.get(holder.about, holder.about)})"
    return " · ".join(filter(None, (holder.dept, holder.centre))) or "前台"


def lines(stood: dict[str, Any]) -> list[str]:
    """Give light and shares as lines for a person at a terminal, a bar a holder."""
    found = [f"亮灯 {each['name']}  {each['reason']}".rstrip() for each in stood["lights"][:1]]
    whole = sum(each["minutes"] or 0 for each in stood["shares"])
    for each in stood["shares"]:
        if each["minutes"] is None:
            found.append(f"持有 {each['holder']}  时长未知, 该年日历未公布")
            continue
        part = each["minutes"] / whole if whole else 0
        hours, minutes = divmod(each["minutes"], 60)
        bar = ("█" * round(part * BAR)).ljust(BAR, "░")
        found.append(f"持有 {bar} {part:4.0%}  {hours} 小时 {minutes} 分  {each['holder']}")
    return found
