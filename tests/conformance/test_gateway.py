"""The gateway over the real log: every status, the same shape of error, nothing lost."""

import asyncio
import socket
from contextlib import suppress
from datetime import UTC, datetime

import httpx
import orjson
import pytest

from ledger.contracts.codes import COMMAND_BYTES_MAX, SourceClass
from ledger.log.sqlite import SqliteLog
from producers.city.town import reference_commands
from producers.drive import load_city, submit_all
from producers.intake.gateway import DRAIN_BYTES_MAX, gateway_app, load_keys, serve_gateway
from producers.intake.keys import Holder, KeysError, add_key, hash_of

KEY, OTHER_KEY, OFFICE_KEY = "k-sanxing", "k-haimen", "k-office"
KEYS = {
    hash_of(KEY): Holder("hall-sanxing"),
    hash_of(OTHER_KEY): Holder("hall-haimen"),
    hash_of(OFFICE_KEY): Holder("office", frozenset(SourceClass)),
}
NOW = datetime(2020, 6, 1, 10, tzinfo=UTC)
CITY = load_city()
ITEM = next(item for item in CITY.items if item.fact.dept == "民政")
WINDOW = next(
    window
    for offer in CITY.offers["sanxing"]
    if offer.item == ITEM
    for window in offer.right
)  # fmt: skip

REFERENCE = [
    command
    for command in reference_commands(CITY)
    if command["type"] in {"calendar.publish", "dept.register", "item.register"}
    or command["key"].startswith("sanxing")
]


@pytest.fixture
async def log(tmp_path):
    log = await SqliteLog.open(tmp_path / "ledger.db", lambda: NOW)
    await submit_all(log, [orjson.dumps(command) for command in REFERENCE])
    yield log
    await log.close()


@pytest.fixture
async def door(log):
    transport = httpx.ASGITransport(gateway_app(log, KEYS))
    async with httpx.AsyncClient(
        transport=transport, base_url="http://gate", headers={"X-API-Key": KEY}
    ) as client:
        yield client


def command(kind="case.submit", seq="1", data=None, **more):
    return {
        "type": kind,
        "key": "C1",
        "occurred_at": "2020-06-01T09:00:00+00:00",
        "source_system": "hall-sanxing",
        "source_seq": seq,
        "actor": {"kind": "staff", "staff": WINDOW.clerk, "post": "accept"},
        "centre": "sanxing",
        "window": WINDOW.id,
        "channel": "window",
        "data": data if data is not None else {"case_no": "N1", "item": ITEM.id},
        **more,
    }


async def rejects(log):
    return [reject async for reject in log.rejects()]


async def test_accepted_is_201_and_again_is_200_with_the_same_receipt(door, log):
    first = await door.post("/v1/commands", json=command())
    again = await door.post("/v1/commands", json=command())

    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["events"] == again.json()["events"] == ["case/C1@1"]
    assert len([record async for record in log.read("case/C1")]) == 1


async def test_refused_is_409_and_says_what_would_be_legal(door, log):
    decide = command("case.decide", "2", {"outcome": "approved", "doc_no": "D1"})
    decide["actor"] = {"kind": "staff", "staff": "sanxing-approve-民政", "post": "approve"}
    await door.post("/v1/commands", json=command())
    answer = await door.post("/v1/commands", json=decide)

    assert answer.status_code == 409
    assert answer.json()["code"] == "E_STATE"
    assert "case.accept" in answer.json()["legal"]
    assert [reject.body["code"] for reject in await rejects(log)] == ["E_STATE"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "E_FIELD"),
        (b"{", "E_FIELD"),
        (b"[1]", "E_FIELD"),
        (b'{"type": 1}', "E_FIELD"),
        (b"\xff\xfe\x00", "E_FIELD"),
        (orjson.dumps(command(data={"case_no": ""})), "E_FIELD"),
        (orjson.dumps(command("case.dance", data={})), "E_TYPE"),
    ],
)
async def test_what_is_no_command_is_422_and_kept_in_rejects(door, log, body, code):
    answer = await door.post("/v1/commands", content=body)

    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert set(answer.json()) == {"code", "message", "legal", "where"}
    assert [reject.body["code"] for reject in await rejects(log)] == [code]


async def test_a_megabyte_is_refused_at_the_door_without_being_read(door, log):
    read = 0

    async def endless():
        nonlocal read
        while True:
            read += 1
            yield b"x" * 65536

    declared = await door.post("/v1/commands", content=b"x" * 1_000_000)
    streamed = await door.post("/v1/commands", content=endless())
    after = await door.post("/v1/commands", json=command())

    assert declared.status_code == streamed.status_code == 413
    assert read * 65536 <= COMMAND_BYTES_MAX + DRAIN_BYTES_MAX + 2 * 65536
    assert declared.headers["connection"] == "close"
    assert after.status_code == 201
    assert await rejects(log) == []


async def test_over_a_real_socket_a_huge_body_is_hung_up_on_and_the_next_is_served(log):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    served = asyncio.create_task(serve_gateway(log, "127.0.0.1", port, KEYS))
    async with asyncio.timeout(10), httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{port}", headers={"X-API-Key": KEY},
        transport=httpx.AsyncHTTPTransport(retries=9),
    ) as client:  # fmt: skip
        assert (await client.get("/healthz")).status_code == 200
        megabyte = await client.post("/v1/commands", content=b"x" * 1_000_000)
        with suppress(httpx.WriteError, httpx.ReadError):
            await client.post("/v1/commands", content=b"x" * 50_000_000)
        after = await client.post("/v1/commands", json=command())
    served.cancel()
    with suppress(asyncio.CancelledError):
        await served

    assert (megabyte.status_code, megabyte.json()["code"]) == (413, "E_LIMIT")
    assert after.status_code == 201


@pytest.mark.parametrize("headers", [{"X-API-Key": "guess"}, {"X-API-Key": ""}])
async def test_without_a_key_nothing_is_handed_in(door, log, headers):
    answer = await door.post("/v1/commands", json=command(), headers=headers)

    assert (answer.status_code, answer.json()["code"]) == (401, "E_AUTH")
    assert [record async for record in log.read("case/C1")] == []


@pytest.mark.parametrize(
    "change",
    [
        {"source_system": "hall-haimen"},
        {"source_class": "historical"},
        {"source_class": "system"},
        {"type": "clock.tick", "key": "0"},
        {"type": "centre.open", "key": "sanxing"},
        {"type": "source.beat", "key": "hall-haimen"},
    ],
)
async def test_a_key_speaks_for_its_own_source_and_class_only(door, log, change):
    """Class historical would slip past separation of duties; a tick would fire timers."""
    answer = await door.post("/v1/commands", json={**command(), **change})

    assert (answer.status_code, answer.json()["code"]) == (403, "E_AUTH")
    assert await rejects(log) == []
    assert await log.pulses() == []


async def test_the_office_may_register_reference_facts(door):
    dept = command("dept.register", data={"name": "气象局"}, key="气象", source_system="office")
    dept |= {"source_class": "system", "actor": {"kind": "system"}}
    for name in ("centre", "window", "channel"):
        dept.pop(name)
    answer = await door.post("/v1/commands", json=dept, headers={"X-API-Key": OFFICE_KEY})

    assert answer.status_code == 201, answer.text


async def test_a_source_may_say_that_it_is_alive(door):
    beat = {**command("source.beat", data={"centres": ["sanxing"]}), "key": "hall-sanxing"}
    answer = await door.post("/v1/commands", json=beat)

    assert answer.status_code == 202


async def test_a_batch_answers_line_by_line_in_order(door, log):
    lines = [
        command(),
        command("case.accept", "2", {"accept_no": "A1"}),
        command("case.accept", "3", {"accept_no": "A1"}),
        {**command(seq="4"), "source_system": "hall-haimen"},
        command(),
    ]
    body = b"\n".join(map(orjson.dumps, lines)) + b"\n{\n"
    answer = (await door.post("/v1/commands/batch", content=body)).json()

    assert [line["http"] for line in answer["results"]] == [201, 201, 409, 403, 200, 422]
    assert (answer["accepted"], answer["duplicate"], answer["refused"]) == (2, 1, 3)
    assert len([record async for record in log.read("case/C1")]) == 2


async def test_a_batch_of_too_many_lines_is_refused_whole(door, log):
    answer = await door.post("/v1/commands/batch", content=b"{}\n" * 501)

    assert answer.status_code == 413
    assert await rejects(log) == []


async def test_a_closed_ledger_is_503_with_a_time_to_try_again(door, log):
    await log.close()
    answer = await door.post("/v1/commands", json=command())

    assert (answer.status_code, answer.json()["code"]) == (503, "E_UNREACHABLE")
    assert int(answer.headers["retry-after"]) > 0


async def test_a_source_reads_its_own_cases_only(door):
    await door.post("/v1/commands", json=command())
    own = await door.get("/v1/cases/C1")
    foreign = await door.get("/v1/cases/C1", headers={"X-API-Key": OTHER_KEY})
    missing = await door.get("/v1/cases/C2")

    assert [event["id"] for event in own.json()["events"]] == ["case/C1@1"]
    assert (foreign.status_code, missing.status_code) == (404, 404)


async def test_every_error_has_one_shape_also_off_the_path(door):
    answers = [await door.get("/nowhere"), await door.get("/v1/commands")]

    assert [answer.status_code for answer in answers] == [404, 405]
    assert all(set(a.json()) == {"code", "message", "legal", "where"} for a in answers)


async def test_the_description_names_no_foreign_host(door):
    described = (await door.get("/v1/openapi.json")).text

    assert "/v1/commands" in described
    assert "cdn" not in described
    assert (await door.get("/docs")).status_code == 404
    assert (await door.get("/healthz")).json()["status"] == "ok"


def test_the_first_start_makes_one_key_and_shows_it_once(tmp_path):
    said = []
    made = load_keys(tmp_path, said.append)
    again = load_keys(tmp_path, said.append)
    file = tmp_path / "keys.toml"
    key = said[0].split("once: ")[1].split("\n")[0]

    assert made == again == {hash_of(key): Holder("demo")}
    assert len(said) == 1
    assert key not in file.read_text("utf-8")
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_further_source_gets_a_key_of_its_own(tmp_path):
    load_keys(tmp_path, lambda _: None)
    keys, key = add_key(tmp_path / "keys.toml", "hall-sanxing")

    assert keys[hash_of(key)] == Holder("hall-sanxing")
    assert len(keys) == 2


@pytest.mark.parametrize("text", ["[[key", '[[key]]\nsource = "a b"', "[[key]]\nkey = 1", "x = 1"])
def test_a_wrong_keys_file_says_where(tmp_path, text):
    (tmp_path / "keys.toml").write_text(text, "utf-8")

    with pytest.raises(KeysError, match=r"keys\.toml"):
        load_keys(tmp_path)
