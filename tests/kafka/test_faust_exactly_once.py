"""The worker on Faust counts each fact once, whatever happens to its process."""

import asyncio
import signal

import pytest

from processors.runtime.views_tail import KafkaViews
from tests.kafka.facts import Worker, accepted, append, refold, running, until, writer

PARTITIONS = 2


async def fill(at, events, per_transaction=50):
    """Write events round robin, in many small transactions; give the end of each partition."""
    ends = [0] * PARTITIONS
    async with writer(at) as made:
        for first in range(0, len(events), per_transaction):
            p = first // per_transaction % PARTITIONS
            batch = events[first : first + per_transaction]
            ends[p] = await append(made, f"{at.prefix}.ledger", p, batch)
    return ends


async def follow(at):
    return await KafkaViews.open(f"kafka://{at.bootstrap}?prefix={at.prefix}")


async def reached(views, ends, seconds=60.0):
    """The picture, once everything before `ends` is in it."""

    async def there():
        picture = await views.picture()
        return picture if all(c >= e for c, e in zip(picture.cut, ends, strict=False)) else None

    return await until(there, seconds, f"the cut {ends}")


@pytest.mark.parametrize("step", ["fold:700", "send:2", "commit:2"])
async def test_kill_9_at_any_step_counts_each_fact_once(kafka_topics, tmp_path, step):
    """Inside a batch, between the sends and the commit, between the commit and its answer."""
    events = [accepted(i) for i in range(2000)]
    views = await follow(kafka_topics)
    try:
        async with running(kafka_topics, tmp_path, f"KILL:{step}") as first:
            await fill(kafka_topics, events[:1500])
            assert await first.ended(60) == -signal.SIGKILL

        ends = await fill(kafka_topics, events[1500:])
        async with running(kafka_topics, tmp_path):
            picture = await reached(views, ends)

        assert picture.sums == refold(events)
    finally:
        await views.close()


async def test_after_a_restart_only_the_lag_is_folded_again(kafka_topics, tmp_path):
    """Not the whole log: the position is where the state is, and it is taken from there."""
    events = [accepted(i) for i in range(3000)]
    views = await follow(kafka_topics)
    try:
        async with running(kafka_topics, tmp_path / "1") as first:
            await reached(views, await fill(kafka_topics, events[:2000]))
            await until(lambda: first.process.returncode is None)
            await first.kill()
        before = (await views.picture()).cut
        ends = await fill(kafka_topics, events[2000:])
        async with running(kafka_topics, tmp_path / "2") as second:
            picture = await reached(views, ends)
            caught_up = await until(
                lambda: len(lines := second.journal("caught_up")) == PARTITIONS + 1 and lines
            )
            status = await second.stop()
    finally:
        await views.close()

    assert sum(line["records"] for line in caught_up) == 1000
    assert {line["position"] for line in second.journal("taken")} == set(before)
    assert status == 0
    assert picture.sums == refold(events)


async def test_two_workers_share_and_take_over(kafka_topics, tmp_path):
    """A second one joins, the first is killed, a third joins, the second leaves in good order."""
    events = [accepted(i) for i in range(4000)]
    views = await follow(kafka_topics)
    workers = []
    try:
        workers.append(await Worker.start(kafka_topics, tmp_path / "0"))
        ends = await fill(kafka_topics, events[:1000])
        await reached(views, ends)
        workers.append(await Worker.start(kafka_topics, tmp_path / "1"))
        await until(lambda: workers[1].journal("taken"), what="the second worker's share")
        await fill(kafka_topics, events[1000:2000])
        await workers[0].kill()
        workers.append(await Worker.start(kafka_topics, tmp_path / "2"))
        ends = await fill(kafka_topics, events[2000:3000])
        await reached(views, ends)
        status = await workers[1].stop()
        ends = await fill(kafka_topics, events[3000:])
        picture = await reached(views, ends)
    finally:
        await views.close()
        await asyncio.gather(*(worker.kill() for worker in workers))

    assert status == 0
    assert picture.sums == refold(events)


async def test_a_worker_stopped_inside_a_batch_is_fenced_when_it_wakes(kafka_topics, tmp_path):
    """What it had folded was folded again by its successor; its commit must fail and end it."""
    events = [accepted(i) for i in range(2000)]
    views = await follow(kafka_topics)
    try:
        async with running(kafka_topics, tmp_path / "1", "STOP:fold:700") as zombie:
            ends = await fill(kafka_topics, events)
            await until(zombie.is_stopped, what="the stop inside a batch")
            async with running(kafka_topics, tmp_path / "2") as successor:
                picture = await reached(views, ends)
                taken = {line["partition"] for line in successor.journal("taken")}
                zombie.process.send_signal(signal.SIGCONT)
                status = await zombie.ended()
                more = await fill(kafka_topics, events[:200])
                after = await reached(views, more)
    finally:
        await views.close()

    assert taken == set(range(PARTITIONS))
    assert status == 1
    assert zombie.journal("ended")
    assert picture.sums == refold(events)
    assert after.sums == refold(events + events[:200])
