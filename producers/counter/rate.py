"""The rating page (评价页): a citizen's phone, one tap, no login, no script.

What is rated is a case, or a visit of a hall (一次一评) as soon as its service ended. The token in
the link says that the link came from us (producers.counter.links). The ledger refuses a second
rating of one service by this way; here that is said kindly.
"""

import secrets
from collections.abc import Callable, Mapping
from datetime import datetime
from html import escape
from typing import Any, NamedTuple
from urllib.parse import parse_qs

import orjson
from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, Response

from ledger.contracts.codes import SHANGHAI
from ledger.contracts.events.case import CaseSubmitted
from ledger.contracts.receipts import Receipt
from ledger.contracts.wire import Event, decode
from ledger.log.seam import Log, Unreachable
from ledger.rules import case, hall, rating
from ledger.rules.rated import Subject, service_of
from producers.counter.links import is_token, name_of

SOURCE = "rate-page"
VIA = "qr"
LEVELS = {5: "非常满意", 4: "满意", 3: "基本满意", 2: "不满意", 1: "非常不满意"}
"""Stars → 五级评价; 5 is the best, always (GB/T 39046 A.8 counts the other way round)."""
ELAPSED_MS_MAX = 86_400_000
BODY_BYTES_MAX = 2048

THANKS = "您的评价已经记入台账，谢谢。"
AGAIN = "这件事您已经评价过了，一件事评价一次，谢谢。"
EARLY = "这件事还没有办结，办结以后再请您评价。"
UNDER_WAY = "这次办事还没有结束，办完以后再请您评价。"
STRANGER = "E_AUTH 这个评价链接不对或不完整。请重新扫描窗口给您的二维码。"
UNKNOWN = "没有查到这件事，或者它已被作废。如有疑问请到窗口询问。"
LATER = "现在连不上台账，您的评价还没有记下。请过一会儿再点一次。"


class Asked(NamedTuple):
    """What a page asks about: a case, or a ticket of a hall's day."""

    key: str
    ticket: str = ""

    @property
    def subject(self) -> Subject:
        """What the ledger calls it."""
        return Subject("ticket", self.ticket) if self.ticket else Subject()

    @property
    def name(self) -> str:
        """What its token is made of."""
        return name_of(*self)

    @property
    def early(self) -> str:
        """What is said of one that has not ended."""
        return UNDER_WAY if self.ticket else EARLY


def add_rate(
    app: FastAPI, log: Log, clock: Callable[[], datetime], secret: bytes,
    headers: Mapping[str, str],
) -> None:  # fmt: skip
    """Add `/rate/<case>` and `/rate/<hall>/<ticket>` to an app."""

    def answer(status: int, body: str) -> Response:
        return HTMLResponse(_page(body), status, {**headers, "Cache-Control": "no-store"})

    @app.get("/rate/{key}", include_in_schema=False)
    @app.get("/rate/{key}/{ticket}", include_in_schema=False)
    async def form(request: Request, key: str, ticket: str = "") -> Response:
        token, asked = request.query_params.get("t", ""), Asked(key, ticket)
        if not is_token(token, asked.name, secret):
            return answer(403, _say(STRANGER, bad=True))
        try:
            about, sentence = await _standing(log, asked)
        except Unreachable:
            return answer(503, _say(LATER, bad=True))
        if sentence:
            return answer(200, _say(sentence))
        return answer(200, _form(about, token, _ms(clock())))

    @app.post("/rate/{key}", include_in_schema=False)
    @app.post("/rate/{key}/{ticket}", include_in_schema=False)
    async def rate(request: Request, key: str, ticket: str = "") -> Response:
        fields, asked = await _fields(request), Asked(key, ticket)
        if not is_token(fields.get("t", ""), asked.name, secret):
            return answer(403, _say(STRANGER, bad=True))
        if fields.get("stars") not in {str(stars) for stars in LEVELS}:
            return answer(422, _say("请从五个等级中选一个。", bad=True))
        now = clock()
        device = _device(request.headers.get("user-agent", ""))
        command = _command(asked, int(fields["stars"]), _elapsed(fields, now), device, now)
        try:
            receipt = await log.submit(orjson.dumps(command))
        except Unreachable:
            return answer(503, _say(LATER, bad=True))
        status, sentence = _outcome(receipt, asked)
        return answer(status, _say(sentence))


async def _standing(log: Log, asked: Asked) -> tuple[str, str]:
    """Give what is rated in words, and why it cannot be rated now ("" if it can)."""
    stream = f"{'hall' if asked.ticket else 'case'}/{asked.key}"
    history = [decode(record.value) async for record in log.read(stream)]
    of = service_of(asked.subject, asked.key, lambda _: _fold(asked, history))
    if not of.known:
        return "", UNKNOWN
    if of.ended_at is None:
        return "", asked.early
    ratings = [decode(record.value) async for record in log.read(f"rating/{asked.key}")]
    if VIA in rating.fold(ratings).rated(asked.subject):
        return "", AGAIN
    if asked.ticket:
        number = hall.fold(history).tickets[asked.ticket].no
        return f"号票 {number} · {of.ended_at[:10]}", ""
    numbers = [e["data"]["data"]["case_no"] for e in history if e["type"] == CaseSubmitted.TYPE]
    return f"办件 {numbers[-1]}", ""


def _fold(asked: Asked, history: list[Event]) -> case.State | hall.State:
    return hall.fold(history) if asked.ticket else case.fold(history)


async def _fields(request: Request) -> dict[str, str]:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > BODY_BYTES_MAX:
            return {}
    return {name: values[-1] for name, values in parse_qs(body.decode("utf-8", "replace")).items()}


def _ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


def _elapsed(fields: Mapping[str, str], now: datetime) -> int | None:
    """Give milliseconds between the page and the tap; None where the form does not say."""
    began = fields.get("began", "")
    if not (began.isascii() and began.isdecimal()):
        return None
    taken = _ms(now) - int(began[:16])
    return taken if 0 <= taken <= ELAPSED_MS_MAX else None


def _device(agent: str) -> str:
    """Give the class of a device, never more: phone, tablet or computer."""
    if "iPad" in agent or ("Android" in agent and "Mobile" not in agent):
        return "tablet"
    if "Mobile" in agent or "iPhone" in agent or "HarmonyOS" in agent:
        return "phone"
    return "computer"


def _command(
    asked: Asked, stars: int, elapsed_ms: int | None, device: str, now: datetime
) -> dict[str, Any]:
    number = secrets.token_hex(8)
    data = {"rating_id": f"r-{number}", "stars": stars, "via": VIA, "real_name": False,
            "device_id": device, "elapsed_ms": elapsed_ms, "subject": asked.subject.kind,
            "ticket_id": asked.ticket or None}  # fmt: skip
    return {
        "type": "rating.submit", "key": asked.key,
        "occurred_at": now.astimezone(SHANGHAI).isoformat(timespec="milliseconds"),
        "source_system": SOURCE, "source_seq": number, "actor": {"kind": "citizen"},
        "channel": "web" if device == "computer" else "mobile",
        "data": {name: value for name, value in data.items() if value is not None},
    }  # fmt: skip


def _outcome(receipt: Receipt, asked: Asked) -> tuple[int, str]:
    if receipt.status != "refused":
        return 201, THANKS
    if receipt.code == "E_REF":
        return 404, UNKNOWN
    if receipt.code == "E_STATE":
        return (409, AGAIN) if "before" in receipt.message else (409, asked.early)
    return 409, f"{receipt.code} 这次没有记下，请到窗口询问。"


def _say(sentence: str, *, bad: bool = False) -> str:
    mark = "!" if bad else "✓" if sentence in {THANKS, AGAIN} else "i"
    kind = "bad" if bad else "good" if mark == "✓" else "note"
    return (
        f'<p class="said {kind}" role="status"><i aria-hidden="true">{mark}</i>'
        f"{escape(sentence)}</p>"
    )


def _form(about: str, token: str, began_ms: int) -> str:
    taps = "".join(
        f'<button name="stars" value="{stars}"><b>{name}</b>'
        f'<span aria-hidden="true">{"★" * stars}{"☆" * (5 - stars)}</span></button>'
        for stars, name in LEVELS.items()
    )
    return (
        f"<h1>这次办事您满意吗？</h1><p>{escape(about)}</p>"
        f'<form method="post"><input type="hidden" name="t" value="{escape(token)}">'
        f'<input type="hidden" name="began" value="{began_ms}">{taps}</form>'
        '<p class="small">点一下就完成。不记姓名，任何人不得要求您怎样评价。</p>'
    )


def _page(body: str) -> str:
    return (
        '<!doctype html><html lang="zh-CN"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<title>政务服务评价</title><link rel="stylesheet" href="/counter/static/rate.css"></head>'
        f"<body><main><p class=brand>政务服务 · 好差评</p>{body}</main></body></html>"
    )
