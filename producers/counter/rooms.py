"""The counter's rooms at the gateway: its page, what it looks up, and the rating page.

`GET /counter` and its files · `GET /v1/reference` · `GET /v1/worklist` · `/rate/<case>?t=…`,
`/rate/<hall>/<ticket>?t=…`.
Everything that is written goes through `POST /v1/commands` like any other door's.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from importlib.resources import files
from typing import Annotated, Any

import orjson
from fastapi import Depends, FastAPI, Request
from fastapi.responses import RedirectResponse, Response

from ledger.contracts.codes import SHANGHAI
from ledger.contracts.wire import Event
from ledger.log.seam import Log
from ledger.rules import case, duty, materials
from ledger.rules.case_course import to_end
from ledger.rules.routing import is_wrong, required_window
from producers.counter.desk import add_desk
from producers.counter.index import Index, Row
from producers.counter.links import rate_path
from producers.counter.rate import add_rate
from producers.intake.keys import Holder
from producers.intake.trouble import Denied, Trouble

LIST_MAX = 100
"""Rows of one list; a longer one says how many there are."""
DUE_WITHIN = timedelta(hours=24)
TEXT_MAX = 64

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
        "object-src 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-cache",
}
MEDIA = {
    "html": "text/html; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}
Clock = Callable[[], datetime]


def add_rooms(app: FastAPI, log: Log, who: Any, clock: Clock, secret: bytes) -> Index:  # noqa: ANN401
    """Add the counter to the gateway's app; `who` is the dependency that knows a key's holder."""
    index = Index(log)
    troubles: dict[int | str, dict[str, Any]] = {
        status: {"model": Trouble} for status in (401, 404, 503)
    }
    _add_files(app)
    add_desk(app, log, who, clock, index, secret)
    add_rate(app, log, clock, secret, HEADERS)

    @app.get("/v1/reference", responses=troubles)
    async def reference(holder: Annotated[Holder, Depends(who)], centre: str = "") -> Response:
        """Give centres and departments; with `centre` also its windows, staff and items.

        Each item says which kind of window takes it there, by the ledger's own routing rule.
        """
        await index.catch_up()
        if centre and centre not in index.reference.centres:
            raise Denied(
                404, "E_REF", f"centre {centre[:TEXT_MAX]} is not known (centre.open)", "centre"
            )
        return _json(
            {"now": _now(clock), "source": holder.source, **_reference(index, centre, _now(clock))}
        )

    @app.get("/v1/worklist", responses=troubles)
    async def worklist(
        holder: Annotated[Holder, Depends(who)],
        centre: str = "", window: str = "", dept: str = "", q: str = "",
    ) -> Response:  # fmt: skip
        """Give the open cases of this key's source that wait for somebody here, earliest due first.

        `window`: received or accepted there. `sign`: sent to `dept`, not signed for. `held`: in
        review there. `issue`: granted at `centre`, to be handed out or concluded. `conclude`:
        handed out or rejected there, to be concluded. `end`: received there, to be terminated, as
        what was missing never came. `due`: any of these due within a day. `found`: with `q`, the
        cases of that number.
        """
        await index.catch_up()
        found = await index.find(q[:TEXT_MAX], holder.source, LIST_MAX) if q else []
        lists = _lists(list(index.rows(holder.source)), centre, window, dept, clock())
        shown = {
            name: {"n": len(rows), "rows": [_row(row, index) for row in rows[:LIST_MAX]]}
            for name, rows in {**lists, "found": found}.items()
        }
        return _json({"now": _now(clock), "events": sum(index.cut or ()), **shown})

    return index


def case_view(
    case_id: str, history: list[Event], clock: Callable[[], datetime], secret: bytes
) -> dict[str, Any]:
    """Give the state of a case, what is legal next, and the path of its rating page."""
    state = case.fold(history)
    ways = list(case.legal(state))
    if state.status == "ACC" and not case.is_short(state):
        ways.remove("case.decide")
    if state.status not in {"-", "VOI"}:
        ways.append("case.void_event")
    moving = state.transfer
    return {
        "now": _now(clock),
        "state": {
            "status": state.status, "name": case.STATE_NAMES[state.status], "item": state.item,
            "dept": state.dept, "project_type": state.project_type,
            "accept_centre": state.accept_centre, "accept_window": state.accept_window,
            "holder_dept": state.holder_dept, "holder_centre": state.holder_centre,
            "concluded_at": state.concluded_at, "missing": _missing(state),
            "transfer": None if moving is None else {
                "transfer_id": moving.transfer_id, "to_dept": moving.to_dept,
                "to_centre": moving.to_centre,
            },
        },
        "legal": ways,
        "voided": sorted(case.voided(history)),
        "rate": rate_path(case_id, secret) if state.status not in {"-", "VOI"} else "",
    }  # fmt: skip


def _missing(state: case.State) -> list[dict[str, Any]]:
    """Give the materials without which a received case is not accepted; `later`: it may follow."""
    if state.status not in {"SUB", "SUP"}:
        return []
    return [
        {"id": name, "name": state.asks[name]["name"], "later": materials.may_follow(state, name)}
        for name in materials.missing(state)
    ]


def _now(clock: Clock) -> str:
    return clock().astimezone(SHANGHAI).isoformat(timespec="milliseconds")


def _json(body: dict[str, Any]) -> Response:
    headers = {"Cache-Control": "no-store"}
    return Response(orjson.dumps(body), headers=headers, media_type="application/json")


def _reference(index: Index, centre: str, now: str) -> dict[str, Any]:
    known = index.reference
    body: dict[str, Any] = {
        "centres": [{"id": key, "name": each.name, "level": each.level.value, "town": each.town}
                    for key, each in known.centres.items()],
        "depts": [{"id": key, "name": each.name} for key, each in known.depts.items()],
        "states": case.STATE_NAMES,
        "results": case.RESULTS,
        "posts": {kind: sorted(posts) for kind, posts in duty.POSTS.items()},
        "matrix": {
            state: {case.COMMAND_OF[kind]: state if to == case.KEEP else to
                    for kind, to in row.items()}
            for state, row in case.MATRIX.items()
        },
    }  # fmt: skip
    if not centre:
        return body
    here = known.centre_on(centre, now)
    windows = {key: each for key, each in known.windows.items() if each.centre == centre}
    items = []
    for key, item in known.items.items():
        needed = required_window(item, known.depts.get(item.dept), here)
        right = [] if needed is None else [
            window for window, each in windows.items() if not is_wrong(each, needed)
        ]  # fmt: skip
        items.append({
            "id": key, "name": item.name, "dept": item.dept,
            "project_type": item.project_type.value,
            "promised": item.promised and item.promised.model_dump(mode="json"),
            "statutory": item.statutory and item.statutory.model_dump(mode="json"),
            "short": item.one_person_ok or item.project_type == "instant",
            "required": needed, "right": right, "deficiency": item.deficiency_allowed,
            "materials": [each.model_dump(mode="json") for each in item.materials or ()],
        })  # fmt: skip
    return body | {
        "windows": [
            {"id": key, "no": each.no, "kind": each.kind.value,
             "covers": [kind.value for kind in each.covers]}
            for key, each in windows.items()
        ],
        "staff": [
            {"id": key, "centre": each.centre, "dept": each.dept, "posts": sorted(each.posts)}
            for key, each in known.staff.items() if each.posts and each.centre in {centre, None}
        ],
        "items": items,
    }  # fmt: skip


def _lists(
    rows: list[Row], centre: str, window: str, dept: str, now: datetime
) -> dict[str, list[Row]]:
    soon = (now + DUE_WITHIN).astimezone(SHANGHAI).isoformat()
    lists = {
        "window": [row for row in rows if window and row.window == window],
        "sign": [row for row in rows if dept and _waits_for(row, dept, centre)],
        "held": [row for row in rows if dept and _held_by(row, dept, centre)],
        "issue": [row for row in rows if centre and row.centre == centre
                  and row.state.status == "DEC+"],
        "conclude": [row for row in rows if centre and row.centre == centre
                     and row.state.status in {"ISS", "DEC-"} and row.state.concluded_at is None],
        "end": [row for row in rows if centre and row.centre == centre and to_end(row.state)],
    }  # fmt: skip
    mine = {row.case_id for several in lists.values() for row in several}
    lists["due"] = [
        row for row in rows
        if row.case_id in mine and row.due and row.due < soon and row.state.decided_at is None
    ]  # fmt: skip
    for several in lists.values():
        several.sort(key=lambda row: (row.due or "9", row.at, row.case_id))
    return lists


def _waits_for(row: Row, dept: str, centre: str) -> bool:
    moving = row.state.transfer
    return moving is not None and moving.to_dept == dept and moving.to_centre in {None, centre}


def _held_by(row: Row, dept: str, centre: str) -> bool:
    state = row.state
    return state.status == "REV" and state.holder_dept == dept and (
        state.holder_centre in {None, centre}
    )  # fmt: skip


def _row(row: Row, index: Index) -> dict[str, Any]:
    item = index.reference.items.get(row.state.item or "")
    return {
        "case": row.case_id, "case_no": row.case_no, "item": row.state.item,
        "item_name": item.name if item else "", "status": row.state.status,
        "concluded": row.state.concluded_at is not None, "at": row.at, "due": row.due,
        "window": row.window,
    }  # fmt: skip


def _add_files(app: FastAPI) -> None:
    folder = files("producers.counter").joinpath("static")
    static = {entry.name: entry.read_bytes() for entry in folder.iterdir()
              if entry.name.rpartition(".")[2] in MEDIA}  # fmt: skip

    @app.get("/counter", include_in_schema=False)
    async def page() -> Response:
        return Response(static["counter.html"], headers=HEADERS, media_type=MEDIA["html"])

    @app.get("/counter/", include_in_schema=False)
    async def slash(request: Request) -> Response:
        return RedirectResponse(f"{request.scope.get('root_path', '')}/counter", 307)

    @app.get("/counter/static/{name}", include_in_schema=False)
    async def file(name: str) -> Response:
        if name not in static:
            raise Denied(404, "E_PATH", f"no file {name}", "path")
        return Response(static[name], headers=HEADERS, media_type=MEDIA[name.rpartition(".")[2]])
