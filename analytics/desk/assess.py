"""What the assessment pages (考核) are asked: a month's sheet, and what was published of it."""

import asyncio
import time

from analytics.assessment.card.sheet import Card, Event, Sheet
from analytics.desk import card_page
from analytics.lake.catalog import Lake, LakeError
from ledger.contracts.events.period import DayClosed, PeriodFrozen, PeriodRestated
from ledger.contracts.wire import decode
from ledger.log.seam import Cut, Log

KEPT_SECONDS = 30.0
"""A sheet is made again when the lake has grown, but not more often; it says its cut."""
KEPT = 12


class Assess:
    """Makes the pages; keeps the newest sheets."""

    def __init__(self, log: Log, lake: Lake | None) -> None:
        self._log, self._lake = log, lake
        self._sheets: dict[str, tuple[float, Sheet]] = {}
        self._making = asyncio.Lock()

    async def windows(self, month: str, centre: str) -> str:
        """Give the card of a centre's windows; by default of the first centre, the newest month."""
        whole = await self._whole(month)
        names = {window.centre: window.centre_name for window in whole.windows.values()}
        if centre not in names:
            if centre or not names:
                message = f"没有名为 {centre} 的中心" if centre else "还没有窗口"
                raise LakeError(message)
            busy = [row.centre for row in whole.rows if row.score is not None]
            centre = min(busy, default=min(names))
        made = _part(whole, centre)
        return card_page.windows(made, names[centre], await self._published(centre, made.period))

    async def satisfaction(self, month: str, centre: str) -> str:
        """Give the ratings of a month, of one centre or of the city."""
        whole = await self._whole(month)
        names = {window.centre: window.centre_name for window in whole.windows.values()}
        towns = {
            w.centre: names.get(w.town, w.town).removesuffix("为民服务中心")
            for w in whole.windows.values()
        }
        made = _part(whole, centre) if centre else whole
        return card_page.satisfaction(made, names.get(centre, "全市"), towns)

    async def events(self, month: str, centre: str, code: str, key: str) -> str:
        """Give the facts behind one figure of one window or member of staff."""
        whole = await self._whole(month)
        figure = next((figure for figure in whole.config.figures if figure.code == code), None)
        if figure is None or self._lake is None:
            message = f"没有指标 {code}"
            raise LakeError(message)
        found = await asyncio.to_thread(_facts, self._lake, whole, code, centre, key)
        return card_page.facts(_part(whole, centre), figure, key, found)

    async def _whole(self, month: str) -> Sheet:
        """Give the sheet of every centre, at most so many seconds old."""
        lake = self._lake
        if lake is None:
            message = "未接数据湖, 没有可算的窗口绩效"
            raise LakeError(message)
        async with self._making:
            month = month or await asyncio.to_thread(_newest_month, lake)
            made_at, known = self._sheets.get(month, (0.0, None))
            if known is not None and time.monotonic() - made_at < KEPT_SECONDS:
                return known
            cut = await asyncio.to_thread(lake.cut, self._log.partitions)
            if known is None or known.cut != cut:
                known = await asyncio.to_thread(_make, lake, cut, month)
            self._sheets.pop(month, None)
            self._sheets[month] = time.monotonic(), known
            while len(self._sheets) > KEPT:
                del self._sheets[next(iter(self._sheets))]
            return known

    async def _published(self, centre: str, month: str) -> card_page.Published:
        days, frozen, restated = set(), False, []
        async for record in self._log.read(f"period/{centre}"):
            event = decode(record.value)
            data = event["data"]["data"]
            if event["type"] == DayClosed.TYPE and data["day"].startswith(month):
                days.add(data["day"])
            elif event["type"] == PeriodFrozen.TYPE and data["period"] == month:
                frozen = True
            elif event["type"] == PeriodRestated.TYPE and data["period"] == month[:7]:
                restated += [
                    (c["day"], c["code"], c["published"], c["now"], data["cause_events"])
                    for c in data["changes"] if c["day"].startswith(month)
                ]  # fmt: skip
        return card_page.Published(len(days), frozen, restated)


def _part(whole: Sheet, centre: str) -> Sheet:
    """Give one centre's part of a sheet; its medians are the city's already."""
    return whole._replace(
        centre=centre, rows=tuple(row for row in whole.rows if row.centre == centre),
        satisfaction=tuple(row for row in whole.satisfaction if row[0] == centre),
    )  # fmt: skip


def _make(lake: Lake, cut: Cut, month: str) -> Sheet:
    with Card(lake, cut, month) as card:
        return card.sheet()


def _facts(lake: Lake, whole: Sheet, code: str, centre: str, key: str) -> list[Event]:
    with Card(lake, whole.cut, whole.period) as card:
        found = card.events([code], centre, key)
    # A key is a window's or a person's; who has no window is asked for by ''.
    subject = "window" if key in whole.windows or not key else "staff"
    return [event for event in found if (event.subject, event.key) == (subject, key)]


def _newest_month(lake: Lake) -> str:
    found = lake.sql("SELECT strftime(max(occurred_local), '%Y-%m') FROM events "
                     "WHERE stream IN ('case', 'hall', 'rating')")[0][0]  # fmt: skip
    if found is None:
        message = "数据湖里还没有办件"
        raise LakeError(message)
    return str(found)
