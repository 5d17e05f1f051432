"""The desk's server: read-only pages over the log and the lake; `/audit` today.

`desk_app` is one ASGI app; `taizhang serve` mounts it beside the wall, `taizhang desk` runs it.
"""

from importlib.resources import files
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from analytics.audit.case import (
    CASE_NO_MAX,
    AuditError,
    Found,
    NotFoundError,
    events_of,
    find,
    parse_at,
)
from analytics.audit.replay import Instant, replay
from analytics.audit.standing import calendars, standing, ticked
from analytics.desk import page
from analytics.lake.catalog import Lake
from ledger.contracts.wire import Event
from ledger.log.seam import Log

PREFIXES = ("/audit",)
"""Where the app answers, for whoever mounts it beside something else."""

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
MEDIA = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8"}
SHUTDOWN_SECONDS = 3


class Desk:
    """Answers from the log what happened, and from the lake which case is meant."""

    def __init__(self, log: Log, lake: Lake | None) -> None:
        self._log, self._lake = log, lake
        self._published: tuple[int, list[Event]] = (-1, [])
        folder = files("analytics.desk").joinpath("static")
        self._static = {entry.name: entry.read_bytes() for entry in folder.iterdir()}

    async def home(self, request: Request) -> Response:
        """Search by case number, its beginning, or the case id."""
        query = request.query_params.get("q", "").strip()[:CASE_NO_MAX]
        found = await self._find(query) if query else []
        if len(found) == 1:
            return RedirectResponse(request.url_for("case", no=found[0].case_id).path, 303)
        status = 404 if query and not found else 200
        return _html(page.home(query, found, await self._note()), status)

    async def case(self, request: Request) -> Response:
        """Show a case as it was known at `?at=`, a time or a position."""
        no = request.path_params["no"]
        try:
            now, then = await self._replayed(no, request.query_params.get("at"))
        except NotFoundError as error:
            return _html(page.missing(no, str(error)), 404)
        except AuditError as error:
            return _html(page.missing(no, str(error)), 400)
        return _html(page.case(now, then))

    async def case_json(self, request: Request) -> Response:
        """Give the same as one object."""
        try:
            _, then = await self._replayed(
                request.path_params["no"], request.query_params.get("at")
            )
        except AuditError as error:
            status = 404 if isinstance(error, NotFoundError) else 400
            return JSONResponse({"error": str(error)}, status, HEADERS)
        return JSONResponse(then, headers=HEADERS)

    async def static(self, request: Request) -> Response:
        """Give a style sheet or script."""
        name = request.path_params["name"]
        if (body := self._static.get(name)) is None:
            return Response(status_code=404)
        headers = {**HEADERS, "Cache-Control": "max-age=300"}
        return Response(body, media_type=MEDIA[name.rpartition(".")[2]], headers=headers)

    async def _replayed(self, no: str, at: str | None) -> tuple[dict[str, Any], dict[str, Any]]:
        instant, _ = parse_at(at)
        history = await events_of(self._log, no)
        if not history and (found := await self._find(no)) and len(found) == 1:
            history = await events_of(self._log, found[0].case_id)
        if not history:
            raise NotFoundError(f"没有编号或标识为 {no} 的办件。{await self._note()}")
        partition = history[0].partition
        published = await self._calendars()
        until = await ticked(self._log, partition)
        now, then = (
            replay(history, each) | standing(history, each, published, until)
            for each in (Instant(), instant)
        )
        return now, then

    async def _calendars(self) -> list[Event]:
        """Give the published calendars, read again only when reference data came."""
        end = (await self._log.end())[-1]
        if end != self._published[0]:
            self._published = end, await calendars(self._log)
        return self._published[1]

    async def _find(self, text: str) -> list[Found]:
        if self._lake is not None and (found := await find(self._lake, text)):
            return found
        # Not archived yet: a case can still be named by its id.
        history = await events_of(self._log, text)
        return [Found(text, replay(history, Instant())["case_no"])] if history else []

    async def _note(self) -> str:
        """Say up to where a search by number looks."""
        if self._lake is None:
            return "未接数据湖: 只能按办件标识查找。"
        held = sum(await run_in_threadpool(self._lake.cut, self._log.partitions))
        behind = sum(await self._log.end()) - held
        return f"已归档 {held:,} 条事实" + (f", 另有 {behind:,} 条尚未归档。" if behind else "。")


def desk_app(log: Log, lake: Lake | None = None) -> Starlette:
    """Give the desk as an ASGI app; it closes neither log nor lake."""
    desk = Desk(log, lake)
    return Starlette(
        routes=[
            Route("/", lambda _: RedirectResponse("/audit")),
            Route("/audit", desk.home),
            Route("/audit/static/{name}", desk.static),
            Route("/audit/case/{no}", desk.case, name="case"),
            Route("/audit/case/{no}/json", desk.case_json),
        ]
    )


def _html(text: str, status: int = 200) -> Response:
    return HTMLResponse(text, status, HEADERS)


async def serve_desk(log: Log, lake: Lake | None, host: str, port: int) -> None:
    """Serve the desk until told to stop."""
    config = uvicorn.Config(
        desk_app(log, lake), host=host, port=port, log_level="warning", access_log=False,
        timeout_graceful_shutdown=SHUTDOWN_SECONDS,
    )  # fmt: skip
    await uvicorn.Server(config).serve()
