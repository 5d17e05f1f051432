"""The doors take what the tabled streams know: a file of 代办 tasks, a complaint over HTTP."""

import httpx
import orjson
import pytest

from ledger.log.sqlite import SqliteLog
from producers.city.town import reference_commands
from producers.drive import load_city, submit_all
from producers.intake.gateway import gateway_app
from producers.intake.importer import import_file
from producers.intake.keys import Holder, hash_of

MAPPING = """
source = "helpers"
source_class = "imported"
[columns]
case = "task"
activity = "step"
time = "when"
[centre]
column = "centre"
[[rule]]
activities = ["申请"]
[[rule.commands]]
type = "agent.request"
data = { kind = "help", item = "{item}", village = "{centre}" }
[[rule]]
activities = ["接受"]
[[rule.commands]]
type = "agent.accept"
data = { agent_id = "{who}", due = "{due}" }
[[rule]]
activities = ["办结"]
[[rule.commands]]
type = "agent.end"
data = { outcome = "done" }
[[rule]]
activities = ["收费"]
[[rule.commands]]
type = "agent.report_fee"
data = { amount_fen = "{due}" }
"""
ROWS = """task,step,when,centre,item,who,due
D1,申请,2020-06-01T09:00:00,sanxing,ITEM,,
D1,接受,2020-06-01T09:30:00,sanxing,,a1,2020-06-03
D1,办结,2020-06-02T10:00:00,sanxing,,,
D1,收费,2020-06-02T11:00:00,sanxing,,,2500
D2,办结,2020-06-02T10:00:00,sanxing,,,
"""


@pytest.fixture
async def log(tmp_path):
    city = load_city()
    log = await SqliteLog.open(tmp_path / "ledger.db")
    await submit_all(log, [orjson.dumps(command) for command in reference_commands(city)])
    yield log, city.items[0].id
    await log.close()


async def told(log, stream):
    return [orjson.loads(record.value) async for record in log.read(stream)]


async def test_a_file_of_tasks_is_imported_and_what_cannot_be_is_explained(log, tmp_path):
    book, item = log
    for name, text in (("tasks.csv", ROWS.replace("ITEM", item)), ("tasks.toml", MAPPING)):
        (tmp_path / name).write_text(text)
    report = tmp_path / "refused.jsonl"
    result = await import_file(book, tmp_path / "tasks.csv", tmp_path / "tasks.toml", report)
    refused = [orjson.loads(line) for line in report.read_bytes().splitlines()]
    facts = await told(book, "agent/D1")

    assert (result["mapped"], [line["code"] for line in refused]) == (4, ["E_STATE"])
    assert [event["type"] for event in facts] == [
        "agent.requested", "agent.accepted", "agent.ended", "agent.fee_violation_reported",
    ]  # fmt: skip
    assert facts[2]["data"]["stamp"]["in_time"] is True
    assert facts[3]["data"] == {"data": {"amount_fen": 2500}, "stamp": {
        "agent": "a1", "agent_centre": "sanxing", "ended_at": facts[2]["time"],
        "flags": ["R15", "late"]}}  # fmt: skip


async def test_a_citizen_complains_over_http(log):
    book, _ = log
    transport = httpx.ASGITransport(gateway_app(book, {hash_of("k"): Holder("hotline")}))
    complaint = {
        "type": "complaint.file", "key": "K1", "source_system": "hotline", "source_seq": "1",
        "occurred_at": "2020-06-01T09:00:00+08:00", "late_reason": "网断",
        "actor": {"kind": "citizen"}, "data": {"complaint_id": "K1", "source": "12345"},
    }  # fmt: skip
    async with httpx.AsyncClient(transport=transport, base_url="http://gate",
                                 headers={"X-API-Key": "k"}) as door:  # fmt: skip
        answer = await door.post("/v1/commands", json=complaint)
        wrong = await door.post("/v1/commands", json={**complaint, "key": "K2", "source_seq": "2"})

    assert (answer.status_code, answer.json()["events"]) == (201, ["interaction/K1@1"])
    assert (wrong.status_code, wrong.json()["code"]) == (422, "E_FIELD")
