"""Two roads, one number, in halls: fold = rebuild = hand-written SQL on days of tickets."""

import random
from datetime import timedelta

import orjson
import pytest

from analytics.assessment.second_road import second_road
from analytics.lake.archiver import archive
from analytics.lake.catalog import Lake
from analytics.lake.rebuild import rebuild
from ledger.contracts.codes import partition_of
from ledger.log.fsck import fsck
from ledger.rules.measures import HALL_MEASURES
from ledger.rules.measures_now import HALL_NOW
from tests.agreement.test_two_roads import events_of, folded, random_cuts
from tests.hall_day import busy_day

NOW = {measure.code for measure in HALL_NOW}
CODES = {measure.code for measure in HALL_MEASURES} | NOW


async def say(city, key, kind, data, back=0):
    """Say one thing of a hall; give the time of the fact, None where it was refused."""
    at = city.clock.now - timedelta(seconds=back)
    receipt = await city.say(kind, key, data, at=at, centre=key.rpartition(".")[0],
                             source_class="imported", late_reason="x")  # fmt: skip
    return at.isoformat() if receipt.status == "accepted" else None


async def tick(city, key):
    at = city.clock.now.isoformat()
    await city.log.submit(orjson.dumps({
        "type": "clock.tick", "key": str(partition_of(key)), "occurred_at": at,
        "source_system": "clock", "source_seq": f"{partition_of(key)}@{at}",
        "source_class": "system"}))  # fmt: skip
    return at


async def live(city, centre, seed, steps):
    """Let a hall live a day of `steps` commands, out of order here and there."""
    rng = random.Random(seed)
    key = f"{centre}.{city.clock.now.date()}"
    windows = [f"{centre}-{number}" for number in (1, 2, 3)]
    day = busy_day(rng, key, windows, ["an", "bo", "cui", "dai"], steps)
    kind, data = next(day)
    while True:
        city.clock.now += timedelta(seconds=rng.randrange(60), microseconds=rng.randrange(10**6))
        back = rng.choice((0, 0, 0, rng.random() * 20))
        at = await (tick(city, key) if kind == "clock.tick" else say(city, key, kind, data, back))
        try:
            kind, data = day.send(at)
        except StopIteration:
            break
    await correct(city, key, rng)
    city.clock.now = city.clock.now.replace(hour=9) + timedelta(days=1)
    await tick(city, key)


async def correct(city, key, rng):
    """Take facts back, with those that need them; what cannot be is refused."""
    for version in rng.sample(range(1, 120), 25):
        ids = [f"hall/{key}@{version}"]
        for _ in range(4):
            data = {"target": ids[0], "cascade": ids[1:64], "reason_code": "other",
                    "requested_by": "fixer", "approved_by": "checker"}  # fmt: skip
            receipt = await city.say("hall.void_event", key, data, source_class="imported")
            if receipt.code != "E_DEPENDENT":
                break
            ids += receipt.legal


async def agree(city, tmp_path, cuts):
    """Give the cells at the end, after all roads gave the same at every cut."""
    lake = Lake(str(tmp_path / "lake"))
    await archive(city.log, lake)
    events = await events_of(city.log)
    end = await city.log.end()
    for cut in random_cuts(lake, end, cuts, seed=3):
        sums = folded(events, cut)
        assert rebuild(lake, cut) == sums, cut
        assert second_road(lake, cut) == sums, cut
    return {c: n for c, n in folded(events, end).items() if c.partition("|")[0] in CODES}


@pytest.mark.slow
async def test_generated_days_of_two_halls_agree_at_random_cuts(city, tmp_path):
    for seed in (1, 2):
        await live(city, "libao", seed, 400)
        await live(city, "qutang", seed + 10, 150)
    cells = await agree(city, tmp_path, 6)
    kinds = {event["type"] for found in (await events_of(city.log)).values() for _, event in found}

    codes = {cell.partition("|")[0] for cell in cells}
    buckets = {code for code in CODES if code.startswith("wait_from_")}

    assert codes - buckets >= CODES - buckets - {"waiting", *NOW}
    assert len(codes & buckets) > 3
    assert {"ticket.expired", "hall.event_voided", "hall.event_restamped"} <= kinds
    assert (await fsck(city.log))["findings"] == []


async def test_a_hand_made_day_agrees_and_has_the_figures_that_were_counted_by_hand(city, tmp_path):
    key, clock = f"libao.{city.clock.now.date()}", city.clock

    async def tell(minutes, kind, **data):
        clock.now += timedelta(minutes=minutes)
        assert await say(city, key, kind, data), (kind, data)

    await tell(0, "window.open", window_id="libao-1", staff_id="an")
    await tell(0, "window.open", window_id="libao-2", staff_id="bo")
    await tell(0, "window.open", window_id="libao-3", staff_id="cui")
    await tell(0, "window.pause", window_id="libao-3", reason="meal")
    for count in (3, 9, 7):
        await tell(0, "hall.count_heads", count=count)
    for ticket in ("T1", "T2", "T3", "T4"):
        await tell(0, "ticket.issue", ticket_id=ticket, no=ticket, queue_id="q")
    await tell(4, "ticket.call", ticket_id="T1", window_id="libao-1", call_no=1)
    await tell(2, "ticket.start_service", ticket_id="T1", window_id="libao-1", staff_id="an")
    await tell(10, "ticket.park", ticket_id="T1")
    await tell(1, "ticket.call", ticket_id="T2", window_id="libao-1", call_no=1)
    await tell(1, "ticket.pass_over", ticket_id="T2")
    await tell(3, "ticket.resume", ticket_id="T1")
    await tell(5, "ticket.finish_service", ticket_id="T1", outcome="normal", case_ids=["C1"])
    await tell(4, "ticket.call", ticket_id="T2", window_id="libao-1", call_no=2)
    await tell(1, "ticket.start_service", ticket_id="T2", window_id="libao-1", staff_id="an")
    await tell(9, "ticket.transfer", ticket_id="T2", to_queue="r")
    await tell(0, "window.pause", window_id="libao-1", reason="meal")
    await tell(60, "window.resume", window_id="libao-1")
    await tell(0, "staff.record_in", staff_id="an")
    await tell(0, "staff.leave_post", staff_id="an")
    await tell(6, "staff.return", staff_id="an")
    await tell(0, "staff.leave_post", staff_id="an")
    await tell(1, "window.pause", window_id="libao-1", reason="meal")
    await tell(30, "window.resume", window_id="libao-1")
    await tell(2, "staff.record_out", staff_id="an")
    await tell(1, "ticket.call", ticket_id="T3", window_id="libao-1", call_no=1)
    await tell(0, "ticket.start_service", ticket_id="T3", window_id="libao-1", staff_id="an")
    await tell(20, "window.close", window_id="libao-1")
    clock.now += timedelta(minutes=31)
    await tick(city, key)
    cells = await agree(city, tmp_path, 3)
    day = {cell.replace(f"|{key[-10:]}|libao|", "|"): n for cell, n in cells.items()
           if "T" not in cell.partition("|")[2]}  # fmt: skip

    assert day == {
        "tickets_issued|": 4, "tickets_called|libao-1": 3, "no_shows|libao-1": 1,
        "waiting||libao|": 2,  # T4, and T2 that was transferred
        "wait_n|libao-1": 3, "wait_seconds|libao-1": (6 + 1 + 140) * 60,
        "wait_from_5m|libao-1": 1, "wait_from_0m|libao-1": 1, "wait_from_120m|libao-1": 1,
        "service_n|libao-1": 1, "service_seconds|libao-1": 15 * 60,
        "open_seconds|libao-1": (6 + 10 + 5 + 5 + 5 + 9 + 0 + 7 + 2 + 1 + 20) * 60,
        "serving_seconds|libao-1": (10 + 5 + 9 + 20) * 60,
        "unattended_seconds|libao-1": (6 + 1 + 2 + 21) * 60,
        "windows_open|libao-2": 1, "windows_paused|libao-3": 1, "heads|": 7,
        "waiting_from|09:00": 1, "waiting_from|09:40": 1,
    }  # fmt: skip
