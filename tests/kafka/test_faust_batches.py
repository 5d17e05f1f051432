"""What the record-batch transport and the state rest on, each on the real broker."""

import asyncio
import json

import aiokafka
import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from processors.runtime.faust_app import EXIT_CRASHED, EXIT_STOPPED, Plan, make, work
from processors.runtime.state import BrokenPromise, KafkaState
from processors.runtime.views_tail import KafkaViews
from processors.views.tally import Tally
from tests.kafka.facts import accepted, append, opened, refold, until, writer

PARTITIONS = 2


@pytest.fixture
async def worker(kafka_topics, tmp_path):
    """A worker in this process; ends with its test."""
    stop = asyncio.Event()
    plan = Plan(kafka_topics.bootstrap, kafka_topics.prefix, PARTITIONS, tmp_path)
    task = asyncio.create_task(work(plan, stop))
    yield task
    stop.set()
    await task


@pytest.fixture
async def views(kafka_topics):
    made = await KafkaViews.open(f"kafka://{kafka_topics.bootstrap}?prefix={kafka_topics.prefix}")
    yield made
    await made.close()


async def reached(views, partition, end):
    async def there():
        picture = await views.picture()
        return picture if picture.cut[partition] >= end else None

    return await until(there)


async def values(at, topic, partition):
    """All committed values of a partition."""
    place = TopicPartition(f"{at.prefix}.{topic}", partition)
    reader = AIOKafkaConsumer(
        bootstrap_servers=at.bootstrap,
        isolation_level="read_committed",
        auto_offset_reset="earliest",
    )
    await reader.start()
    reader.assign([place])
    reader.seek(place, 0)
    end, found = (await reader.end_offsets([place]))[place], []
    while await reader.position(place) < end:
        found += (await reader.getmany(place, timeout_ms=50)).get(place, ())
    await reader.stop()
    return [record.value for record in found]


def test_the_driver_is_the_one_whose_inside_we_know():
    """`_fetched` and `_getall` reach into aiokafka's fetcher: read it again before you raise it."""
    assert aiokafka.__version__.startswith("0.14.")


@pytest.mark.usefixtures("worker")
async def test_an_aborted_transaction_is_never_counted(kafka_topics, views):
    """Faust reads uncommitted records unless told otherwise."""
    ledger = f"{kafka_topics.prefix}.ledger"
    first, aborted, second = ([accepted(i) for i in range(n, n + 50)] for n in (0, 100, 200))
    async with writer(kafka_topics) as made:
        await append(made, ledger, 0, first)
        await append(made, ledger, 0, aborted, commit=False)
        end = await append(made, ledger, 0, second)
        picture = await reached(views, 0, end)

    assert picture.sums == refold(first + second)


async def test_the_position_goes_past_the_markers(kafka_topics, worker, views):
    """So that `cut >= end()` says "all of it", even when the end is the stable end."""
    ledger = f"{kafka_topics.prefix}.ledger"
    async with writer(kafka_topics) as made:
        await append(made, ledger, 0, [accepted(1)])
        end = await append(made, ledger, 0, [accepted(2)], commit=False)
        await reached(views, 0, end + 1)

    assert not worker.done()


@pytest.mark.usefixtures("worker")
async def test_a_poison_record_is_parked_and_the_rest_goes_on(kafka_topics, views):
    """Kept with its position and reason; what it added before it broke is taken back."""
    ledger = f"{kafka_topics.prefix}.ledger"
    half = accepted(7)
    half["data"]["stamp"]["accept_window"] = ["not", "a", "name"]
    half["type"], half["data"]["data"] = "rating.submitted", {"stars": "five"}
    events = [accepted(1), b"\xff no JSON", b'["a list"]', half, accepted(2)]
    async with writer(kafka_topics) as made:
        end = await append(made, ledger, 1, events)
        picture = await reached(views, 1, end)
        await until(lambda: views._board.picture().rejects == 3)  # noqa: SLF001
    parked = [json.loads(value) for value in await values(kafka_topics, "rejects", 1)]

    assert picture.sums == refold([accepted(1), accepted(2)])
    assert [body["offset"] for body in parked] == [1, 2, 3]
    assert {body["code"] for body in parked} == {"E_POISON"}
    assert parked[0]["message"].startswith("Could not be folded: JSONDecodeError")


@pytest.mark.usefixtures("worker")
async def test_reference_facts_come_from_their_own_topic(kafka_topics, views):
    """They are partition P of the views, and decided by stream version."""
    events = [opened("sanxing", "三星镇"), opened("haimen", "海门"), opened("sanxing", "三星", 2)]
    async with writer(kafka_topics) as made:
        end = await append(made, f"{kafka_topics.prefix}.reference", 0, events)
        picture = await reached(views, PARTITIONS, end)

    assert picture.latest["centre.opened/sanxing"]["name"] == "三星"
    assert picture.latest["centre.opened/haimen"]["name"] == "海门"


@pytest.mark.usefixtures("worker")
async def test_a_pulse_counts_when_its_position_is_in_the_sums(kafka_topics, views):
    """Freshness is end to end: a tick says nothing until what came before it is counted."""
    ledger, beats = f"{kafka_topics.prefix}.ledger", f"{kafka_topics.prefix}.beats"

    def pulse(at, position):
        now = f"2020-06-01T09:{at:02.0f}:00+08:00"
        body = {"at": at, "now": now, "position": position, "beats": {"sanxing": at}}
        return json.dumps(body).encode()

    async def beat(made, at, position):
        await made.begin_transaction()
        await made.send_and_wait(beats, pulse(at, position), key=b"pulse", partition=0)
        await made.commit_transaction()

    async with writer(kafka_topics) as made:
        end = await append(made, ledger, 0, [accepted(1)])
        await beat(made, 10.0, end)
        await beat(made, 20.0, end + 5)  # Of what nobody has written yet.
        await until(lambda: views._board.picture().as_of[0] == 10.0)  # noqa: SLF001
        early = await views.picture()
        await append(made, ledger, 0, [accepted(i) for i in range(9)])
        await until(lambda: views._board.picture().as_of[0] == 20.0)  # noqa: SLF001
    late = await views.picture()

    assert (early.as_of[0], early.beats["sanxing"]) == (10.0, 10.0)
    assert early.now == "2020-06-01T09:10:00+08:00"
    assert (late.beats["sanxing"], late.version > early.version) == (20.0, True)


@pytest.mark.usefixtures("worker")
async def test_the_group_s_offsets_are_never_committed(kafka_topics, views):
    """Faust takes skipped offsets as done, and would commit past work that is not."""
    ledger = f"{kafka_topics.prefix}.ledger"
    async with writer(kafka_topics) as made:
        end = await append(made, ledger, 0, [accepted(i) for i in range(500)])
        await reached(views, 0, end)
    group = f"{kafka_topics.prefix}-views-live"
    reader = AIOKafkaConsumer(bootstrap_servers=kafka_topics.bootstrap, group_id=group)
    await reader.start()
    committed = await reader.committed(TopicPartition(ledger, 0))
    await reader.stop()

    assert committed is None


async def test_the_same_refusal_counts_once(kafka_topics, views):
    """Same key, hash and code is the same refusal, however often it was sent (design.md 5)."""
    body = {"key": "a/1", "hash": "x", "code": "E_STATE"}
    bodies = [body, body, body | {"code": "E_REF"}, body | {"key": "a/2"}]
    async with writer(kafka_topics) as made:
        await append(made, f"{kafka_topics.prefix}.rejects", 0, bodies)
        await append(made, f"{kafka_topics.prefix}.rejects", 0, [body, body | {"key": "last"}])
    await until(lambda: views._board.picture().rejects >= 4)  # noqa: SLF001

    assert (await views.picture()).rejects == 4


async def test_two_owners_of_a_partition_never_commit_both(kafka_topics):
    """The second one fences the first; its tally is lost, and folded again by the second."""
    tally = Tally(0)
    tally.deltas, tally.position = {"accepted|2020-06-01|a|a-1": 5}, 5
    first, second = (KafkaState(kafka_topics.bootstrap, kafka_topics.prefix, 0) for _ in "ab")
    await first.open()
    await second.open()
    with pytest.raises(aiokafka.errors.ProducerFenced):
        await first.apply(tally)
    await second.apply(tally)
    third = KafkaState(kafka_topics.bootstrap, kafka_topics.prefix, 0)
    position = await third.open()
    for state in (first, second, third):
        await state.close()

    assert position == 5
    assert third.shelf.sums == {"accepted|2020-06-01|a|a-1": 5}


async def test_a_tally_that_does_not_join_on_is_refused(kafka_topics):
    """Lost records must stop the worker; wrong figures would stay for ever."""
    state = KafkaState(kafka_topics.bootstrap, kafka_topics.prefix, 0)
    await state.open()
    with pytest.raises(BrokenPromise, match="records were lost"):
        await state.apply(Tally(3))
    await state.close()


async def test_a_worker_that_is_fenced_ends(kafka_topics, tmp_path, views):
    """An exception alone makes Faust restart the agent for ever while the views stand still."""
    plan = Plan(kafka_topics.bootstrap, kafka_topics.prefix, PARTITIONS, tmp_path)
    task = asyncio.create_task(work(plan, asyncio.Event()))
    async with writer(kafka_topics) as made:
        end = await append(made, f"{kafka_topics.prefix}.ledger", 0, [accepted(1)])
        await reached(views, 0, end)
        thief = KafkaState(kafka_topics.bootstrap, kafka_topics.prefix, 0)
        await thief.open()
        await append(made, f"{kafka_topics.prefix}.ledger", 0, [accepted(2)])
        status = await asyncio.wait_for(task, 30)
    await thief.close()

    assert status == EXIT_CRASHED


async def test_a_worker_that_stands_still_while_there_is_lag_ends(kafka_topics, tmp_path):
    """Liveness is position, not threads; a fresh process does better."""
    plan = Plan(kafka_topics.bootstrap, kafka_topics.prefix, PARTITIONS, tmp_path)
    _, holder, journal = make(plan)
    place = (plan.ledger, 0)
    await holder.take(frozenset({place}), 1)
    holder.watch({place: 0}, stall_seconds=0)
    with pytest.raises(BrokenPromise, match="stands at 0 of 5"):
        holder.watch({place: 5}, stall_seconds=0)
    await holder.release()
    journal.close()


async def test_a_worker_ends_in_good_order_when_asked(kafka_topics, tmp_path, views):
    stop = asyncio.Event()
    plan = Plan(kafka_topics.bootstrap, kafka_topics.prefix, PARTITIONS, tmp_path)
    task = asyncio.create_task(work(plan, stop))
    async with writer(kafka_topics) as made:
        end = await append(made, f"{kafka_topics.prefix}.ledger", 0, [accepted(1)])
        await reached(views, 0, end)
    stop.set()

    assert await asyncio.wait_for(task, 5) == EXIT_STOPPED
