"""The desk (差评闭环) and the hall (大厅) at the counter: what waits, and what may be done with it.

`GET /v1/negatives?centre=` · `GET /v1/hall?centre=`. Everything that is written goes through
`POST /v1/commands` like any other door's; what is offered here is a help, the ledger decides.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any

import orjson
from fastapi import Depends, FastAPI
from fastapi.responses import Response

from ledger.contracts.codes import SHANGHAI
from ledger.contracts.wire import Event, decode
from ledger.log.seam import Log
from ledger.rules import hall
from ledger.rules.corrections import current
from ledger.rules.rating_state import Rating
from producers.counter.index import Index, Negative
from producers.counter.links import rate_path
from producers.intake.keys import Holder
from producers.intake.trouble import Denied, Trouble

Clock = Callable[[], datetime]

LIST_MAX = 200
FACTS_MAX = 60
"""Newest facts of a hall's day that a correction may choose from."""
VISITS_MAX = 20
"""Newest visits that are still asked to be rated at the window."""

WAYS: dict[str, tuple[str, ...]] = {
    "verify": ("neg.precheck", "neg.verify", "appeal.file"),
    "rectify": ("neg.plan_rectification", "neg.rectify", "appeal.file"),
    "callback": ("neg.call_back", "neg.reply", "appeal.file"),
    "reply": ("neg.reply", "neg.close", "appeal.file"),
    "appeal": ("appeal.uphold", "appeal.deny"),
}
"""Step of a negative → what may come next, as `rating.check` has it."""


def add_desk(
    app: FastAPI, log: Log, who: Any, clock: Clock, index: Index, secret: bytes,  # noqa: ANN401
) -> None:  # fmt: skip
    """Add what desk and hall ask; `who` is the dependency that knows a key's holder."""
    troubles: dict[int | str, dict[str, Any]] = {
        status: {"model": Trouble} for status in (401, 404, 503)
    }

    @app.get("/v1/negatives", responses=troubles)
    async def negatives(holder: Annotated[Holder, Depends(who)], centre: str = "") -> Response:
        """Give the open negatives of this key's cases and halls (at `centre`), the next due first.

        Each with its step, who acts next, the dues that run and what may be done.
        """
        await index.catch_up()
        found = [
            each
            for each in index.negatives(holder.source)
            if not centre or each.rating.place.get("accept_centre") in {None, centre}
        ]
        rows = sorted((_negative(each, index) for each in found), key=lambda row: row["due"])
        now = clock().astimezone(SHANGHAI).isoformat(timespec="milliseconds")
        return _json({"now": now, "n": len(rows), "rows": rows[:LIST_MAX]})

    @app.get("/v1/hall", responses=troubles)
    async def day(holder: Annotated[Holder, Depends(who)], centre: str) -> Response:  # noqa: ARG001
        """Give the hall of `centre` today: windows, tickets, newest facts, visits to be rated."""
        await index.catch_up()
        if centre not in index.reference.centres:
            raise Denied(404, "E_REF", f"centre {centre[:64]} is not known (centre.open)", "centre")
        now = clock().astimezone(SHANGHAI)
        key = f"{centre}.{now.date().isoformat()}"
        history = [decode(record.value) async for record in log.read(f"hall/{key}")]
        body = {"now": now.isoformat(timespec="milliseconds"), "key": key}
        visits = _visits(hall.fold(history), key, secret)
        return _json(body | _hall(history, index, centre) | {"visits": visits})


def _json(body: dict[str, Any]) -> Response:
    headers = {"Cache-Control": "no-store"}
    return Response(orjson.dumps(body), headers=headers, media_type="application/json")


def _ways(of: Rating) -> list[str]:
    done = {
        "neg.precheck": of.prechecked,
        "neg.plan_rectification": of.planned,
        "neg.reply": of.replied_at is not None,
        "neg.close": of.replied_at is None,
        "appeal.file": of.appeal_at is not None,
    }
    return [way for way in WAYS[of.step] if not done.get(way)]


def _negative(each: Negative, index: Index) -> dict[str, Any]:
    of = each.rating
    item = index.reference.items.get(str(of.place.get("item")))
    window = index.reference.windows.get(str(of.place.get("accept_window")))
    dues = [
        {"clock": clock.code, "due": clock.due}
        for clock in each.clocks.all
        if clock.stop is None and clock.about == of.rating_id
    ]
    return {
        "case": each.key, "case_no": each.number, "subject": of.subject.kind,
        "rating": of.rating_id, "at": of.at,
        "stars": of.stars, "real_name": of.real_name, "item_name": item.name if item else "",
        "dept": of.place.get("dept"), "window": window and f"{window.no} 号窗", "step": of.step,
        "due": min((due["due"] for due in dues), default=of.rectify_due), "dues": dues,
        "finding": of.finding, "ways": _ways(of), "last": each.at,
    }  # fmt: skip


def _hall(history: list[Event], index: Index, centre: str) -> dict[str, Any]:
    state = hall.fold(history)
    windows = [
        {"id": key, "no": each.no, "status": "closed", "staff": None, "serving": None}
        for key, each in index.reference.windows.items()
        if each.centre == centre
    ]
    for row in windows:
        if known := state.windows.get(str(row["id"])):
            row |= {"status": known.status, "staff": known.staff, "serving": known.serving}
    tickets = [
        {"id": key, "no": each.no, "status": hall.row_of(each), "since": each.since,
         "window": each.window, "calls": each.call_no}
        for key, each in state.tickets.items()
        if each.status != "END" and not each.lapsed
    ]  # fmt: skip
    facts = [
        {"id": event["id"], "type": event["type"], "at": event["time"],
         "staff": event.get("actorstaff"), "about": _about(event, state, index)}
        for event in current(history).values()
    ]  # fmt: skip
    last = max((event["time"] for event in history), default="")
    return {"windows": windows, "tickets": tickets, "facts": facts[-FACTS_MAX:], "last": last,
            "issued": len(state.tickets), "heads": state.heads}  # fmt: skip


def _visits(state: hall.State, key: str, secret: bytes) -> list[dict[str, Any]]:
    """Give the visits whose service ended, the newest first, with the path of their rating page."""
    ended = [
        {"id": name, "no": ticket.no, "window": ticket.window, "at": ticket.finished_at,
         "rate": rate_path(key, secret, name)}
        for name, ticket in state.tickets.items()
        if ticket.finished_at is not None
    ]  # fmt: skip
    return sorted(ended, key=lambda visit: str(visit["at"]), reverse=True)[:VISITS_MAX]


def _about(event: Event, state: hall.State, index: Index) -> str:
    data = event["data"]["data"]
    ticket = state.tickets.get(data.get("ticket_id", ""))
    window = index.reference.windows.get(data.get("window_id", ""))
    said = (ticket and ticket.no, window and f"{window.no} 号窗", data.get("staff_id"))
    return " ".join(str(each) for each in said if each)
