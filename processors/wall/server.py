"""The wall's server: pages, snapshot, and the stream that resumes.

`wall_app` is one ASGI app; `taizhang serve` mounts it beside the gateway, `taizhang wall` runs
it alone. The stream is raw ASGI: at ten frames a second for a thousand walls every layer counts.
"""

import asyncio
import hashlib
import secrets
import socket
import time
from collections.abc import Awaitable, Callable
from importlib.resources import files

import cramjam
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from processors.views.picture import ViewSource
from processors.wall import protocol
from processors.wall.hub import Hub

TICK_S = 0.25
RETRY_MS = (800, 1_500)
"""Asked of a browser that reconnects by itself; ours does it with its own machine."""
COMPRESS_FROM_BYTES = 1_024
SHUTDOWN_S = 3
PREFIXES = ("/wall", "/live", "/healthz")
"""Where the app answers, for whoever mounts it beside something else."""

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'; "
        "object-src 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
MEDIA = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
}


def load_static() -> dict[str, bytes]:
    """Give the files of the page, by name."""
    folder = files("processors.wall").joinpath("static")
    return {
        entry.name: entry.read_bytes()
        for entry in sorted(folder.iterdir(), key=lambda entry: entry.name)
        if "." + entry.name.rpartition(".")[2] in MEDIA
    }


def build_of(static: dict[str, bytes]) -> str:
    """Give the build id: 8 hex digits of what the page is made of."""
    digest = hashlib.sha256(protocol.PROTO.encode())
    for name, content in static.items():
        digest.update(name.encode() + b"\0" + content)
    return digest.hexdigest()[:8]


class WallApp:
    """The wall as an ASGI app; its ticker starts with the first request, or with the lifespan."""

    def __init__(self, hub: Hub, static: dict[str, bytes], tick_s: float) -> None:
        self.hub = hub
        self._static, self._tick_s = static, tick_s
        self._ticker: asyncio.Task[None] | None = None
        self._routes = Starlette(
            routes=[
                Route("/", self._home),
                Route("/wall", self._home),
                Route("/wall/city", self._page),
                Route("/wall/town/{id}", self._page),
                Route("/wall/centre/{id}", self._page),
                Route("/wall/static/{name}", self._file),
                Route("/live/v1/snapshot", self._snapshot),
                Route("/healthz", self._health),
            ]
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
            return
        if scope["type"] != "http":
            return
        self.start()
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        if path == "/live/v1/stream" and scope["method"] == "GET":
            await self._stream(scope, receive, send)
        else:
            await self._routes(scope, receive, send)

    def start(self) -> None:
        """Begin to ask for pictures; safe to call again."""
        if self._ticker is None and not self.hub.closed:
            self._ticker = asyncio.get_running_loop().create_task(self.hub.run(self._tick_s))

    async def close(self) -> None:
        """Say goodbye to the walls and stop; call it before the HTTP server shuts down."""
        self.hub.close()
        if self._ticker is not None:
            self._ticker.cancel()
            await asyncio.gather(self._ticker, return_exceptions=True)

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                self.start()
                await send({"type": "lifespan.startup.complete"})
            elif message["type"] == "lifespan.shutdown":
                await self.close()
                await send({"type": "lifespan.shutdown.complete"})
                return

    # --- the stream ---------------------------------------------------------------------------

    async def _stream(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one wall until either side goes; always 200, a refusal is an event."""
        request = Request(scope)
        asked = request.headers.get("last-event-id") or request.query_params.get("from", "")
        await send({"type": "http.response.start", "status": 200, "headers": STREAM_HEADERS})
        retry = RETRY_MS[0] + secrets.randbelow(RETRY_MS[1] - RETRY_MS[0])
        first = f"retry: {retry}\n\n".encode()
        watched = request.query_params.get("scope", protocol.SCOPE)
        greeting = self.hub.greet(asked, request.query_params.get("build", ""), watched)
        wall = greeting.wall
        gone = asyncio.ensure_future(_disconnected(receive))
        gone.add_done_callback(lambda _: wall.close())
        try:
            chunk = first + greeting.frames
            while chunk and not gone.done():
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
                chunk = await wall.take() if wall in self.hub.walls else b""
            if not gone.done():
                await send({"type": "http.response.body", "body": b""})
        finally:
            self.hub.leave(wall)
            gone.cancel()

    # --- pages --------------------------------------------------------------------------------

    async def _home(self, request: Request) -> Response:
        return RedirectResponse(f"{request.scope.get('root_path', '')}/wall/city", 307)

    async def _page(self, request: Request) -> Response:
        up = b"" if "id" not in request.path_params else b"../"
        page = self._static["wall.html"].replace(b"{{build}}", self.hub.build.encode())
        page = page.replace(b"{{up}}", up)
        return _answer(request, page, MEDIA[".html"])

    async def _file(self, request: Request) -> Response:
        name = request.path_params["name"]
        content = self._static.get(name)
        if content is None:
            return JSONResponse({"code": "E_NOT_FOUND"}, 404, HEADERS)
        return _answer(request, content, MEDIA["." + name.rpartition(".")[2]])

    async def _snapshot(self, request: Request) -> Response:
        content = self.hub.snapshot(request.query_params.get("scope", protocol.SCOPE))
        if content is None:
            legal = [protocol.SCOPE, "town:<id>", "centre:<id>"]
            return JSONResponse({"code": "E_SCOPE", "legal": legal}, 404, HEADERS)
        return _answer(request, content, "application/json", cache="no-store")

    async def _health(self, _request: Request) -> Response:
        live = self.hub.live()
        running = self._ticker is not None and not self._ticker.done()
        body = protocol.freshness_fields(live.fresh) | {
            "running": running, "walls": len(self.hub.walls), "cursor": str(live.cursor),
            "cut": live.sheet.cut, "build": self.hub.build, "ring_bytes": self.hub.ring.size,
            "scopes": self.hub.scopes,
        }  # fmt: skip
        return JSONResponse(body, 200 if running else 503, HEADERS)


STREAM_HEADERS = [
    (b"content-type", b"text/event-stream"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
    (b"x-content-type-options", b"nosniff"),
]


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _answer(request: Request, content: bytes, media: str, cache: str = "no-cache") -> Response:
    """Answer with a tag, so that an unchanged thing costs nothing, and compressed where asked."""
    tag = f'"{hashlib.sha256(content).hexdigest()[:16]}"'
    headers = HEADERS | {"Cache-Control": cache, "ETag": tag, "Vary": "Accept-Encoding"}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    accepted = request.headers.get("accept-encoding", "")
    if len(content) >= COMPRESS_FROM_BYTES:
        if "br" in accepted:
            content = bytes(cramjam.brotli.compress(content, level=4))
            headers["Content-Encoding"] = "br"
        elif "gzip" in accepted:
            content = bytes(cramjam.gzip.compress(content, level=6))
            headers["Content-Encoding"] = "gzip"
    return Response(content, media_type=media, headers=headers)


def wall_app(
    source: ViewSource,
    *,
    clock: Callable[[], float] = time.time,
    tick_s: float = TICK_S,
    incarnation: str = "",
) -> WallApp:
    """Make the wall over a source of pictures.

    Args:
        source: asked for a picture `tick_s` apart; it stays the caller's, who closes it.
        clock: epoch seconds, by which ages are told.
        tick_s: seconds between two pictures.
        incarnation: names this life of the server; "" = by chance. Cursors of another life are
            answered with `resync`.

    """
    static = load_static()
    hub = Hub(
        source,
        clock=clock,
        steady=time.monotonic,
        incarnation=incarnation or secrets.token_hex(4),
        build=build_of(static),
    )
    return WallApp(hub, static, tick_s)


class PoliteServer(uvicorn.Server):
    """Uvicorn that lets the walls go first.

    Its own shutdown waits for open streams before it tells the app, and then cancels them with
    tracebacks (product.md 3.3): so the farewell must come before.
    """

    def __init__(self, config: uvicorn.Config, farewell: Callable[[], Awaitable[None]]) -> None:
        super().__init__(config)
        self._farewell = farewell

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Say goodbye, then shut down."""
        await self._farewell()
        await super().shutdown(sockets)


async def serve_app(
    app: ASGIApp, host: str, port: int, farewell: Callable[[], Awaitable[None]]
) -> None:
    """Serve an app that holds walls until the process is told to stop.

    Args:
        app: any ASGI app with a `WallApp` in it.
        host: address to listen on.
        port: 0 = any free one.
        farewell: `WallApp.close`.

    """
    config = uvicorn.Config(
        app, host=host, port=port, log_level="warning", access_log=False, lifespan="auto",
        timeout_graceful_shutdown=SHUTDOWN_S, server_header=False,
    )  # fmt: skip
    await PoliteServer(config, farewell).serve()


async def serve_wall(
    source: ViewSource,
    host: str,
    port: int,
    *,
    clock: Callable[[], float] = time.time,
    tick_s: float = TICK_S,
    incarnation: str = "",
) -> None:
    """Serve the wall alone until the process is told to stop; the source stays the caller's."""
    app = wall_app(source, clock=clock, tick_s=tick_s, incarnation=incarnation)
    await serve_app(app, host, port, app.close)
