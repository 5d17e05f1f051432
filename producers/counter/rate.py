"""The rating page (评价页): a citizen's phone, one tap, no login, no script.

The token in the link says that the link came from us (producers.counter.links). The ledger
refuses a second rating of one case by this way; here that is said kindly.
"""

import secrets
from collections.abc import Callable, Mapping
from datetime import datetime
from html import escape
from typing import Any
from urllib.parse import parse_qs

import orjson
from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, Response

from ledger.contracts.codes import SHANGHAI
from ledger.contracts.events.case import CaseSubmitted
from ledger.contracts.receipts import Receipt
from ledger.contracts.wire import decode
from ledger.log.seam import Log, Unreachable
from ledger.rules import case, rating
from ledger.rules.rated import Subject
from producers.counter.links import is_token

SOURCE = "rate-page"
VIA = "qr"
LEVELS = {5: "非常满意", 4: "满意", 3: "基本满意", 2: "不满意", 1: "非常不满意"}
"""Stars → 五级评价; 5 is the best, always (GB/T 39046 A.8 counts the other way round)."""
ELAPSED_MS_MAX = 86_400_000
BODY_BYTES_MAX = 2048

THANKS = "您的评价已经记入台账，谢谢。"
AGAIN = "这件事您已经评价过了，一件事评价一次，谢谢。"
EARLY = "这件事还没有办结，办结以后再请您评价。"
STRANGER = "E_AUTH 这个评价链接不对或不完整。请重新扫描窗口给您的二维码。"
UNKNOWN = "没有查到这件事，或者它已被作废。如有疑问请到窗口询问。"
LATER = "现在连不上台账，您的评价还没有记下。请过一会儿再点一次。"


def add_rate(
    app: FastAPI, log: Log, clock: Callable[[], datetime], secret: bytes,
    headers: Mapping[str, str],
) -> None:  # fmt: skip
    """Add `/rate/<case>` to an app."""

    def answer(status: int, body: str) -> Response:
        return HTMLResponse(_page(body), status, {**headers, "Cache-Control": "no-store"})

    @app.get("/rate/{case_id}", include_in_schema=False)
    async def form(case_id: str, request: Request) -> Response:
        token = request.query_params.get("t", "")
        if not is_token(token, case_id, secret):
            return answer(403, _say(STRANGER, bad=True))
        try:
            case_no, sentence = await _standing(log, case_id)
        except Unreachable:
            return answer(503, _say(LATER, bad=True))
        if sentence:
            return answer(200, _say(sentence))
        return answer(200, _form(case_no, token, _ms(clock())))

    @app.post("/rate/{case_id}", include_in_schema=False)
    async def rate(case_id: str, request: Request) -> Response:
        fields = await _fields(request)
        if not is_token(fields.get("t", ""), case_id, secret):
            return answer(403, _say(STRANGER, bad=True))
        if fields.get("stars") not in {str(stars) for stars in LEVELS}:
            return answer(422, _say("请从五个等级中选一个。", bad=True))
        now = clock()
        device = _device(request.headers.get("user-agent", ""))
        command = _command(case_id, int(fields["stars"]), _elapsed(fields, now), device, now)
        try:
            receipt = await log.submit(orjson.dumps(command))
        except Unreachable:
            return answer(503, _say(LATER, bad=True))
        status, sentence = _outcome(receipt)
        return answer(status, _say(sentence))


async def _standing(log: Log, case_id: str) -> tuple[str, str]:
    """Give the number of a case, and why it cannot be rated now ("" if it can)."""
    history = [decode(record.value) async for record in log.read(f"case/{case_id}")]
    state = case.fold(history)
    if state.status in {"-", "VOI"}:
        return "", UNKNOWN
    if state.concluded_at is None:
        return "", EARLY
    ratings = [decode(record.value) async for record in log.read(f"rating/{case_id}")]
    if VIA in rating.fold(ratings).rated(Subject()):
        return "", AGAIN
    numbers = [e["data"]["data"]["case_no"] for e in history if e["type"] == CaseSubmitted.TYPE]
    return numbers[-1], ""


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
    case_id: str, stars: int, elapsed_ms: int | None, device: str, now: datetime
) -> dict[str, Any]:
    number = secrets.token_hex(8)
    data = {"rating_id": f"r-{number}", "stars": stars, "via": VIA, "real_name": False,
            "device_id": device, "elapsed_ms": elapsed_ms}  # fmt: skip
    return {
        "type": "rating.submit", "key": case_id,
        "occurred_at": now.astimezone(SHANGHAI).isoformat(timespec="milliseconds"),
        "source_system": SOURCE, "source_seq": number, "actor": {"kind": "citizen"},
        "channel": "web" if device == "computer" else "mobile",
        "data": {name: value for name, value in data.items() if value is not None},
    }  # fmt: skip


def _outcome(receipt: Receipt) -> tuple[int, str]:
    if receipt.status != "refused":
        return 201, THANKS
    if receipt.code == "E_REF":
        return 404, UNKNOWN
    if receipt.code == "E_STATE":
        return (409, AGAIN) if "before" in receipt.message else (409, EARLY)
    return 409, f"{receipt.code} 这次没有记下，请到窗口询问。"


def _say(sentence: str, *, bad: bool = False) -> str:
    mark = "!" if bad else "✓" if sentence in {THANKS, AGAIN} else "i"
    kind = "bad" if bad else "good" if mark == "✓" else "note"
    return (
        f'<p class="said {kind}" role="status"><i aria-hidden="true">{mark}</i>'
        f"{escape(sentence)}</p>"
    )


def _form(case_no: str, token: str, began_ms: int) -> str:
    taps = "".join(
        f'<button name="stars" value="{stars}"><b>{name}</b>'
        f'<span aria-hidden="true">{"★" * stars}{"☆" * (5 - stars)}</span></button>'
        for stars, name in LEVELS.items()
    )
    return (
        f"<h1>这次办事您满意吗？</h1><p>办件 {escape(case_no)}</p>"
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
