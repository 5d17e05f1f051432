"""A hall's gateway over a real embedded ledger, as a process of its own that can be killed.

`python tests/counter/hall.py DATA PORT`: the ledger's now is a Monday morning of 2020 that runs on.
"""

import asyncio
import sys
import time
from datetime import datetime, timedelta
from pathlib import Path

import orjson

from ledger.contracts.codes import SHANGHAI
from ledger.log.sqlite import SqliteLog
from producers.city.town import reference_commands
from producers.counter.links import load_secret
from producers.drive import load_city, submit_all
from producers.intake.gateway import serve_gateway
from producers.intake.keys import Holder, hash_of

KEY, SOURCE = "k-sanxing", "hall-sanxing"
MORNING = datetime(2020, 6, 1, 9, 0, tzinfo=SHANGHAI)
STARTED = "started"


def clock(data):
    """Give a clock that goes on over restarts: MORNING was when the data folder was made."""
    made = data / STARTED
    if not made.exists():
        made.write_text(str(time.time()))
    began = float(made.read_text())
    return lambda: MORNING + timedelta(seconds=time.time() - began)


MORE = {
    "sanxing-ro": ("rating_officer",), "sanxing-caller": ("callback_officer",),
    "sanxing-all": ("hall_manager", "guide", "accept"),
}  # fmt: skip
"""Staff of 三星镇 for the loop of negatives and for the hall."""


def more_people():
    """Give the commands that let more people join."""
    like = {"occurred_at": "2020-01-01T09:00:00+08:00", "source_system": "city-register",
            "source_class": "system", "actor": {"kind": "system"},
            "late_reason": "initial_load"}  # fmt: skip
    for staff, posts in MORE.items():
        yield {**like, "type": "staff.join", "key": staff, "source_seq": f"more/{staff}",
               "data": {"centre": "sanxing"}}  # fmt: skip
        for post in posts:
            yield {**like, "type": "staff.grant_post", "key": staff,
                   "source_seq": f"more/{staff}/{post}",
                   "data": {"post": post, "granted_by": "city-admin"}}  # fmt: skip


async def furnish(data):
    """Make a ledger with the city's reference facts."""
    log = await SqliteLog.open(data / "ledger.db", clock(data))
    commands = [*reference_commands(load_city()), *more_people()]
    receipts = await submit_all(log, [orjson.dumps(command) for command in commands])
    assert {receipt.status for receipt in receipts} == {"accepted"}
    await log.close()


async def serve(data, port):
    now = clock(data)
    log = await SqliteLog.open(data / "ledger.db", now)
    keys = {hash_of(KEY): Holder(SOURCE)}
    try:
        await serve_gateway(log, "127.0.0.1", port, keys, clock=now, secret=load_secret(data))
    finally:
        await log.close()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1]), int(sys.argv[2])))
