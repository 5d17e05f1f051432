"""The gateway against its own description: schemathesis sends what OpenAPI allows, and worse."""

import asyncio
import socket
from contextlib import suppress

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from ledger.log.sqlite import SqliteLog
from producers.intake.gateway import serve_gateway
from producers.intake.keys import Holder, hash_of

CHECKS = [
    not_a_server_error,
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
]
OPERATIONS = [
    ("/v1/commands", "POST"),
    ("/v1/commands/batch", "POST"),
    ("/v1/cases/{case_id}", "GET"),
    ("/v1/reference", "GET"),
    ("/v1/worklist", "GET"),
]
# A batch is text to OpenAPI: one command a line.
schemathesis.serializer.alias("application/x-ndjson", "text/plain")

QUICK = settings(
    max_examples=60,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture
async def address(tmp_path):
    log = await SqliteLog.open(tmp_path / "ledger.db")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    keys = {hash_of("k"): Holder("demo")}
    served = asyncio.create_task(serve_gateway(log, "127.0.0.1", port, keys))
    made = f"http://127.0.0.1:{port}"
    async with httpx.AsyncClient(transport=httpx.AsyncHTTPTransport(retries=9)) as client:
        assert (await client.get(f"{made}/healthz")).status_code == 200
    yield made
    served.cancel()
    with suppress(asyncio.CancelledError):
        await served
    await log.close()


@pytest.mark.slow
@pytest.mark.parametrize("mode", list(schemathesis.GenerationMode), ids=str)
@pytest.mark.parametrize(("path", "method"), OPERATIONS)
async def test_whatever_is_sent_is_answered_as_described(address, path, method, mode):
    def send() -> None:
        schema = schemathesis.openapi.from_url(f"{address}/v1/openapi.json")

        @QUICK
        @given(case=schema[path][method].as_strategy(generation_mode=mode))
        def one(case) -> None:
            case.call_and_validate(headers={"X-API-Key": "k"}, checks=CHECKS)

        one()

    await asyncio.to_thread(send)
