"""The gateway (网关): commands over HTTP, for windows, web and devices.

201 accepted · 200 duplicate · 202 noted · 409 refused with what would be legal · 422 not a
command · 413 over 256 KiB · 401 no key · 403 another's source · 503 the ledger is away.
The bytes go to the seam as they came, so that what fails validation is kept in `rejects` too.
"""

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Annotated, Any

import orjson
import uvicorn
from fastapi import Depends, FastAPI, Request
from fastapi.exceptions import HTTPException
from fastapi.responses import Response
from fastapi.security import APIKeyHeader
from pydantic import BaseModel

from ledger.contracts.codes import BATCH_COMMANDS_MAX, COMMAND_BYTES_MAX, SourceClass
from ledger.contracts.commands import BEAT, TICK, Command
from ledger.contracts.events import REFERENCE_COMMANDS
from ledger.contracts.receipts import Receipt
from ledger.contracts.wire import decode
from ledger.log.seam import Log, Unreachable
from producers.counter.links import KEY_BYTES
from producers.counter.rooms import add_rooms, case_view
from producers.intake.keys import Holder, Keys, hash_of, load_keys
from producers.intake.trouble import Denied, Trouble

__all__ = ["gateway_app", "load_keys", "serve_gateway"]

BATCH_BYTES_MAX = 8 * 1024 * 1024
DRAIN_BYTES_MAX = 2 * 1024 * 1024
DRAIN_SECONDS = 2.0
RETRY_AFTER_SECONDS = 2

STATUS = {"accepted": 201, "duplicate": 200, "noted": 202}
UNPROCESSABLE = frozenset({"E_FIELD", "E_TYPE"})
TOO_LARGE = "E_LIMIT"


class Batch(BaseModel):
    """Answer to a batch: one entry a line, in order."""

    accepted: int
    duplicate: int
    refused: int
    results: list[dict[str, Any]]


header = APIKeyHeader(name="X-API-Key", auto_error=False, description="one key a source system")


def machine_now() -> datetime:
    """Give the time of this machine."""
    return datetime.now(UTC)


def gateway_app(
    log: Log, keys: Keys, *, clock: Callable[[], datetime] = machine_now, secret: bytes = b""
) -> FastAPI:
    """Give the gateway over `log`, with the counter and the rating page.

    Args:
        log: stays the caller's, who closes it.
        keys: decide who speaks for which source.
        clock: the ledger's now, which counters go by.
        secret: makes the tokens of rating links; "" = by chance, for the life of this app.

    """
    secret = secret or secrets.token_bytes(KEY_BYTES)
    app = FastAPI(
        title="台账 Taizhang gateway", version="1", docs_url=None, redoc_url=None,
        openapi_url="/v1/openapi.json",
        description=__doc__ or "",
    )  # fmt: skip

    _add_errors(app)

    async def holder(key: Annotated[str | None, Depends(header)]) -> Holder:
        found = keys.get(hash_of(key)) if key else None
        if found is None:
            raise Denied(401, "E_AUTH", "give a valid key in X-API-Key", "header X-API-Key")
        return found

    @app.post("/v1/commands", **_described("application/json", Command.model_json_schema()))
    async def command(request: Request, who: Annotated[Holder, Depends(holder)]) -> Response:
        """Hand in one command."""
        raw = await _body(request, COMMAND_BYTES_MAX)
        check_source(raw, who)
        status, answer = answer_of(await log.submit(raw))
        return _json(status, answer)

    @app.post("/v1/commands/batch", **_described("application/x-ndjson", {"type": "string"}))
    async def batch(request: Request, who: Annotated[Holder, Depends(holder)]) -> Response:
        """Hand in commands in order, one JSON a line, at most 500; each has its own answer."""
        body = await _body(request, BATCH_BYTES_MAX)
        lines = [line for line in body.split(b"\n") if line.strip()]
        if len(lines) > BATCH_COMMANDS_MAX:
            message = f"{len(lines)} commands; at most {BATCH_COMMANDS_MAX} in a batch"
            raise Denied(413, TOO_LARGE, message, "body")
        return _json(200, await _submit_lines(log, lines, who))

    @app.get("/v1/cases/{case_id}", responses={401: {"model": Trouble}, 404: {"model": Trouble}})
    async def case(case_id: str, who: Annotated[Holder, Depends(holder)]) -> Response:
        """Give the events of a case that came from the source of this key, in order.

        Beside them its state, what is legal next, and the path of its rating page.
        """
        events = [decode(record.value) async for record in log.read(f"case/{case_id}")]
        own = [event for event in events if event["sourcesystem"] == who.source]
        if not own:
            raise Denied(404, "E_REF", f"no case {case_id} of source {who.source}", "path")
        view = case_view(case_id, events, clock, secret)
        return _json(200, {"case": case_id, "version": len(events), "events": own, **view})

    @app.get("/healthz", include_in_schema=False)
    @app.get("/v1/healthz", responses={503: {"model": Trouble}})
    async def health() -> Response:
        """Tell whether the ledger answers."""
        end = await log.end()
        return _json(200, {"status": "ok", "events": sum(end)})

    add_rooms(app, log, holder, clock, secret)
    return app


def _add_errors(app: FastAPI) -> None:
    """Answer whatever goes wrong in the one shape of `Trouble`."""

    @app.exception_handler(Denied)
    async def _denied(request: Request, denied: Denied) -> Response:  # noqa: ARG001
        return _trouble(denied.status, denied.trouble)

    @app.exception_handler(Unreachable)
    async def _away(request: Request, error: Unreachable) -> Response:  # noqa: ARG001
        return _trouble(503, Trouble(code="E_UNREACHABLE", message=f"{error}; submit again"))

    @app.exception_handler(404)
    @app.exception_handler(405)
    async def _nowhere(request: Request, error: HTTPException) -> Response:
        status, path = error.status_code, request.url.path
        trouble = Trouble(code="E_PATH", message=f"{request.method} {path}: {error.detail}")
        return _trouble(status, trouble, error.headers)


async def serve_gateway(
    log: Log, host: str, port: int, keys: Keys,
    *, clock: Callable[[], datetime] = machine_now, secret: bytes = b"",
) -> None:  # fmt: skip
    """Serve the gateway until the process is told to stop, or this call is cancelled."""
    config = uvicorn.Config(
        gateway_app(log, keys, clock=clock, secret=secret), host=host, port=port,
        log_level="warning", access_log=False, server_header=False, timeout_graceful_shutdown=5,
        lifespan="off",
    )  # fmt: skip
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    try:
        await asyncio.shield(serving)
    except asyncio.CancelledError:
        server.should_exit = True
        await serving
        raise


def _described(media: str, schema: dict[str, Any]) -> dict[str, Any]:
    """Describe a POST in OpenAPI: we read the raw bytes, so FastAPI cannot tell by itself."""
    answer = Receipt if media == "application/json" else Batch
    statuses = (401, 403, 409, 413, 422, 503) if answer is Receipt else (401, 413, 503)
    responses: dict[int, dict[str, Any]] = {status: {"model": Trouble} for status in statuses}
    responses |= {status: {"model": answer} for status in (
        (200, 201, 202) if answer is Receipt else (200,)
    )}  # fmt: skip
    return {
        "responses": responses,
        "status_code": 201 if answer is Receipt else 200,
        "openapi_extra": {
            "requestBody": {"required": True, "content": {media: {"schema": schema}}}
        },
    }


async def _body(request: Request, most: int) -> bytes:
    """Read the body, at most `most` bytes of it.

    Of a larger one a little more is read and forgotten, so that the caller gets to see the 413;
    then we hang up.
    """
    chunks = request.stream()
    declared = request.headers.get("content-length", "")
    body = bytearray()
    if not declared.isdecimal() or int(declared) <= most:
        async for chunk in chunks:
            body += chunk
            if len(body) > most:
                break
        else:
            return bytes(body)
    await _drain(chunks)
    raise Denied(413, TOO_LARGE, f"the body is over {most:,} bytes", "body")


async def _drain(chunks: AsyncIterator[bytes]) -> None:
    left = DRAIN_BYTES_MAX
    with suppress(TimeoutError):
        async with asyncio.timeout(DRAIN_SECONDS):
            async for chunk in chunks:
                left -= len(chunk)
                if left < 0:
                    return


def check_source(raw: bytes, who: Holder) -> None:
    """Refuse what this key may not say; what is no command at all is left to the ledger.

    Raises:
        Denied: 403.

    """
    try:
        fields = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return
    if not isinstance(fields, dict):
        return
    source, kind = fields.get("source_system"), fields.get("type")
    if isinstance(source, str) and source != who.source:
        message = f"this key speaks for {who.source}, not for {source}"
        raise Denied(403, "E_AUTH", message, "source_system")
    if kind == BEAT:
        if isinstance(fields.get("key"), str) and fields["key"] != who.source:
            raise Denied(403, "E_AUTH", f"{BEAT} is for key {who.source} only", "key")
        return
    ours = kind == TICK or (isinstance(kind, str) and kind in REFERENCE_COMMANDS)
    if ours and SourceClass.SYSTEM not in who.classes:
        raise Denied(403, "E_AUTH", f"{kind} needs a key of class system", "type")
    asked = fields.get("source_class", SourceClass.INTERACTIVE.value)
    if asked in list(SourceClass) and asked not in who.classes:
        raise Denied(403, "E_AUTH", f"this key may not use class {asked}", "source_class")


def answer_of(receipt: Receipt) -> tuple[int, dict[str, Any]]:
    """Give status and body for a receipt."""
    if receipt.status != "refused":
        return STATUS[receipt.status], receipt.model_dump(mode="json")
    trouble = Trouble(
        code=receipt.code, message=receipt.message, legal=list(receipt.legal), where=receipt.key
    )
    status = 422 if receipt.code in UNPROCESSABLE else 413 if receipt.code == TOO_LARGE else 409
    return status, trouble.model_dump()


async def _submit_lines(log: Log, lines: list[bytes], who: Holder) -> dict[str, Any]:
    """Submit what may be submitted, in order, and answer every line."""
    answers: list[dict[str, Any] | None] = []
    for line in lines:
        try:
            if len(line) > COMMAND_BYTES_MAX:
                message = f"the line is over {COMMAND_BYTES_MAX:,} bytes"
                raise Denied(413, TOO_LARGE, message, "line")
            check_source(line, who)
        except Denied as denied:
            answers.append({"http": denied.status, **denied.trouble.model_dump()})
        else:
            answers.append(None)
    open_lines = [line for line, answered in zip(lines, answers, strict=True) if answered is None]
    receipts = iter(await log.submit_many(open_lines) if open_lines else ())
    results = []
    for answered in answers:
        if answered is not None:
            results.append(answered)
            continue
        status, answer = answer_of(next(receipts))
        results.append({"http": status, **answer})
    codes = [result["http"] for result in results]
    return {
        "accepted": codes.count(201), "duplicate": codes.count(200),
        "refused": sum(code >= 400 for code in codes),  # noqa: PLR2004
        "results": results,
    }  # fmt: skip


def _trouble(status: int, trouble: Trouble, more: Any = None) -> Response:  # noqa: ANN401
    headers = dict(more or {})
    if status == 503:  # noqa: PLR2004
        headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    if status == 413:  # noqa: PLR2004  the rest of the body is on its way: hang up
        headers["Connection"] = "close"
    return Response(
        orjson.dumps(trouble.model_dump()), status, headers, media_type="application/json"
    )


def _json(status: int, body: dict[str, Any]) -> Response:
    return Response(orjson.dumps(body), status, media_type="application/json")
