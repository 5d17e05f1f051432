"""What the counter looks up, and the rating page, over a real embedded ledger without a browser."""

import stat
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import httpx
import orjson
import pytest

from ledger.contracts.codes import Post
from ledger.log.sqlite import SqliteLog
from producers.city.simulate import simulate
from producers.city.town import of_town, reference_commands, source_of
from producers.counter.index import Index, row_of
from producers.counter.links import is_token, load_secret, rate_path, token_of
from producers.drive import START, CityClock, load_city, simulate_into, submit_all
from producers.intake.gateway import gateway_app
from producers.intake.keys import Holder, KeysError, hash_of
from tests.counter.hall import KEY, MORNING, SOURCE

SECRET = b"s" * 32
CITY = load_city()
ITEM = next(item for item in CITY.items if item.fact.name == "高龄津贴申领")
PEOPLE = {"accept": "sanxing-10-c", "review": "sanxing-review-民政",
          "approve": "sanxing-approve-民政", "issue": "sanxing-10-c"}  # fmt: skip
STEPS = {
    "case.submit": ("accept", {"case_no": "2020060112345600018", "item": ITEM.id}),
    "case.accept": ("accept", {"accept_no": "A1"}),
    "case.transfer": ("accept", {"transfer_id": "t1", "kind": "dispatch", "to_dept": "民政",
                                 "to_centre": "sanxing"}),
    "case.receive_transfer": ("review", {"transfer_id": "t1"}),
    "case.decide": ("approve", {"outcome": "approved", "doc_no": "D1"}),
    "case.conclude": ("approve", {"result_code": 0}),
    "case.issue": ("issue", {"doc_kind": "licence", "doc_name": "证"}),
}  # fmt: skip
BESIDE = {"case.notice_supplement": ("accept", {"notice_no": "B1", "missing": ["m1"]})}
HERE = {"centre": "sanxing", "window": "sanxing-10", "dept": "民政"}


class Now:
    def __init__(self):
        self.now = MORNING

    def __call__(self):
        self.now += timedelta(seconds=1)
        return self.now


@pytest.fixture
async def log(tmp_path):
    log = await SqliteLog.open(tmp_path / "ledger.db", Now())
    await submit_all(log, [orjson.dumps(command) for command in reference_commands(CITY)])
    yield log
    await log.close()


@pytest.fixture
async def door(log):
    keys = {hash_of(KEY): Holder(SOURCE), hash_of("k2"): Holder("hall-haimen")}
    app = gateway_app(log, keys, clock=Now(), secret=SECRET)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(
        transport=transport, base_url="http://gate", headers={"X-API-Key": KEY}
    ) as client:
        yield client


async def does(door, *kinds, key="C1"):
    for kind in kinds:
        post, data = (STEPS | BESIDE)[kind]
        answer = await door.post("/v1/commands", json={
            "type": kind, "key": key, "occurred_at": MORNING.isoformat(), "source_system": SOURCE,
            "source_seq": f"{key}-{kind}", "data": data, "channel": "window",
            "actor": {"kind": "staff", "staff": PEOPLE[post], "post": post},
            "centre": "sanxing", "window": "sanxing-10"})  # fmt: skip
        assert answer.status_code == 201, answer.text


async def lists(door, key=KEY, **asked):
    answer = await door.get("/v1/worklist", params=asked or HERE, headers={"X-API-Key": key})
    shown = answer.json()
    return {name for name, each in shown.items() if isinstance(each, dict) and each["n"]}


async def test_a_case_moves_through_the_lists_of_those_it_waits_for(door):
    seen = []
    for kind in STEPS:
        await does(door, kind)
        seen.append(await lists(door))

    assert seen == [{"window"}, {"window"}, {"window", "sign"}, {"window", "held"},
                    {"window", "issue"}, {"window", "issue"}, set()]  # fmt: skip
    assert await lists(door, q="00018") == {"found"}
    assert await lists(door, q="20200601") == {"found"}
    assert await lists(door, key="k2", q="00018") == set()


async def test_what_was_handed_out_waits_on_a_list_until_it_is_concluded(door):
    handed = [*list(STEPS)[:5], "case.issue"]
    await does(door, *handed)
    before = await lists(door)
    back_office = await lists(door, centre="sanxing")
    await does(door, "case.conclude")

    assert (before, back_office) == ({"window", "conclude"}, {"conclude"})
    assert await lists(door) == set()


async def test_a_case_whose_supplement_never_came_waits_to_be_terminated(log, door):
    await does(door, "case.submit", "case.notice_supplement")
    early = await lists(door)
    for partition in range(log.partitions):
        at = (MORNING + timedelta(days=60)).isoformat()
        await log.submit(orjson.dumps({
            "type": "clock.tick", "key": str(partition), "occurred_at": at, "data": {},
            "source_system": "clock", "source_seq": f"{partition}@{at}",
            "source_class": "system"}))  # fmt: skip

    assert (early, await lists(door)) == ({"window"}, {"window", "end"})


async def test_a_case_due_within_a_day_is_on_the_list_of_dues(log, door):
    await does(door, "case.submit", "case.accept")
    early = await lists(door)
    keys = {hash_of(KEY): Holder(SOURCE)}
    later = gateway_app(log, keys, clock=lambda: MORNING + timedelta(days=9), secret=SECRET)
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(later), base_url="http://gate", headers={"X-API-Key": KEY}
    ) as client:
        late = await lists(client)

    assert (early, late) == ({"window"}, {"window", "due"})


async def test_the_reference_says_which_window_takes_an_item(door):
    here = (await door.get("/v1/reference", params={"centre": "sanxing"})).json()
    item = next(each for each in here["items"] if each["id"] == ITEM.id)

    assert (item["required"], item["right"]) == ("comp:livelihood", ["sanxing-10", "sanxing-11"])
    assert here["source"] == SOURCE
    centres = {each["id"]: each["centre"] for each in here["staff"]}
    assert centres.keys() >= {*PEOPLE.values(), "city-correct-1"}
    assert (centres["sanxing-10-c"], centres["city-correct-1"]) == ("sanxing", None)
    assert (await door.get("/v1/reference", params={"centre": "x"})).status_code == 404


@pytest.mark.parametrize("path", ["/v1/reference", "/v1/worklist"])
async def test_without_a_key_nothing_is_told(door, path):
    answer = await door.get(path, headers={"X-API-Key": "wrong"})

    assert (answer.status_code, answer.json()["code"]) == (401, "E_AUTH")


async def test_a_case_tells_its_state_and_what_is_legal(door):
    await does(door, "case.submit", "case.accept")
    view = (await door.get("/v1/cases/C1")).json()

    assert (view["state"]["status"], view["state"]["name"]) == ("ACC", "已受理")
    assert "case.transfer" in view["legal"]
    assert "case.decide" not in view["legal"]
    assert view["rate"] == rate_path("C1", SECRET)


async def test_the_index_is_what_a_fold_of_each_stream_gives(tmp_path):
    """Kept up in steps, over a simulated day with voids: equal to reading every case anew."""
    clock = CityClock()
    log = await SqliteLog.open(tmp_path / "ledger.db", clock)
    stepwise = Index(log)
    await simulate_into(log, CITY, 7, 1, 60, clock=clock, on_progress=lambda _: None)
    await stepwise.catch_up()
    await simulate_into(log, CITY, 8, 1, 60, clock=clock, start=START + timedelta(1))
    await stepwise.catch_up()
    commands = [command for _, command in simulate(CITY, 7, START, 1, 60)]
    cases = {command["key"] for command in commands if command["type"] == "case.submit"}
    anew = [row_of(key, await stepwise.history(key)) for key in sorted(cases)]
    sources = {source_of(centre.fact.town) for centre in CITY.centres}
    kept = {row.case_id: row for source in sources for row in stepwise.rows(source)}
    await log.close()

    assert len(anew) > 30
    assert {row.case_id: kept[row.case_id] for row in anew if row.is_open} == {
        row.case_id: row for row in anew if row.is_open
    }
    assert not {row.case_id for row in anew if not row.is_open} & set(kept)


async def test_a_finished_case_that_is_corrected_comes_back_to_the_list(door):
    await does(door, *STEPS)
    gone = await lists(door)
    facts = (await door.get("/v1/cases/C1")).json()["events"]
    target = next(each["id"] for each in facts if each["type"] == "case.issued")
    answer = await door.post("/v1/commands", json={
        "type": "case.void_event", "key": "C1", "occurred_at": MORNING.isoformat(),
        "source_system": SOURCE, "source_seq": "v1", "centre": "sanxing",
        "actor": {"kind": "staff", "staff": "sanxing-corrector", "post": "corrector"},
        "data": {"target": target, "reason_code": "other", "requested_by": "sanxing-corrector",
                 "approved_by": "city-correct-1"}})  # fmt: skip

    assert (gone, answer.status_code) == (set(), 201)
    assert await lists(door) == {"window", "issue"}


# --- rating -----------------------------------------------------------------------------------


async def rate(door, stars="5", key="C1", **fields):
    asked = {"t": token_of(key, SECRET), "stars": stars, **fields}
    return await door.post(f"/rate/{key}", data=asked)


async def test_a_rating_page_asks_only_after_the_conclusion_and_only_once(door):
    await does(door, "case.submit")
    link = rate_path("C1", SECRET)
    early = (await door.get(link)).text
    too_early = await rate(door)
    await does(door, *list(STEPS)[1:6])
    form = (await door.get(link)).text
    first, second = await rate(door, "4"), await rate(door, "1")
    after = (await door.get(link)).text

    assert ("还没有办结" in early, too_early.status_code) == (True, 409)
    assert form.count('name="stars"') == 5
    assert "<script" not in form
    assert (first.status_code, second.status_code) == (201, 409)
    assert all("已经评价过" in text for text in (second.text, after))


@pytest.mark.parametrize(
    ("agent", "device", "channel"),
    [("Mozilla/5.0 (Linux; Android 14) Mobile Safari", "phone", "mobile"),
     ("Mozilla/5.0 (iPad)", "tablet", "mobile"), ("curl/8", "computer", "web")],
)  # fmt: skip
async def test_how_it_was_rated_is_recorded_and_nobody_is_named(door, log, agent, device, channel):
    await does(door, *list(STEPS)[:6])
    door.headers["User-Agent"] = agent
    began = round(MORNING.timestamp() * 1000)
    await rate(door, "2", began=str(began))
    event, order = [orjson.loads(record.value) async for record in log.read("rating/C1")]
    said = event["data"]["data"]

    assert (said["stars"], said["device_id"], event["channel"]) == (2, device, channel)
    assert (order["type"], order["actorkind"]) == ("neg.dispatched", "system")
    assert (said["real_name"], event["actorkind"], said.get("rater_ref")) == (
        False, "citizen", None,
    )  # fmt: skip
    assert 0 < said["elapsed_ms"] < 10_000


@pytest.mark.parametrize("token", ["", "x", "é", token_of("C2", SECRET)])
async def test_a_link_that_is_not_ours_is_refused(door, log, token):
    await does(door, *list(STEPS)[:6])
    seen = await door.get("/rate/C1", params={"t": token})
    sent = await door.post("/rate/C1", data={"t": token, "stars": "1"})

    assert {seen.status_code, sent.status_code} == {403}
    assert "E_AUTH" in seen.text
    assert [record async for record in log.read("rating/C1")] == []


async def test_what_is_no_rating_is_said(door):
    await does(door, *list(STEPS)[:6])
    bad = [await rate(door, stars) for stars in ("0", "6", "", "5.0")]
    unknown = await rate(door, key="C9")
    large = await door.post("/rate/C1", content=b"t=" + b"x" * 5000)

    assert [answer.status_code for answer in bad] == [422] * 4
    assert (unknown.status_code, large.status_code) == (404, 403)


async def test_without_the_ledger_the_citizen_is_asked_to_come_back(door, log):
    await does(door, *list(STEPS)[:6])
    await log.close()

    answer = await rate(door)

    assert (answer.status_code, "过一会儿再点一次" in answer.text) == (503, True)


def test_a_token_is_of_one_case_and_one_key(tmp_path):
    mine, theirs = load_secret(tmp_path / "a"), load_secret(tmp_path / "b")
    token = parse_qs(urlsplit(rate_path("办 1", mine)).query)["t"][0]

    assert load_secret(tmp_path / "a") == mine
    assert stat.S_IMODE((tmp_path / "a" / "rate.key").stat().st_mode) == 0o600
    assert is_token(token, "办 1", mine)
    assert not is_token(token, "办 2", mine)
    assert not is_token(token, "办 1", theirs)


@pytest.mark.parametrize("content", ["", "zz", "ab" * 8])
def test_a_rating_key_that_is_none_is_said(tmp_path, content):
    (tmp_path / "rate.key").write_text(content)

    with pytest.raises(KeysError, match=r"rate\.key"):
        load_secret(tmp_path)


async def test_the_pages_allow_nothing_from_elsewhere(door):
    pages = [await door.get(path) for path in ("/counter", "/rate/C1", "/counter/static/dom.js")]

    assert [page.status_code for page in pages] == [200, 403, 200]
    assert all("default-src 'self'" in page.headers["content-security-policy"] for page in pages)
    assert (await door.get("/counter/static/nothing.js")).status_code == 404


# --- visits -----------------------------------------------------------------------------------

DAY = f"sanxing.{MORNING.date()}"
CLERK = {"kind": "staff", "staff": "sanxing-10-c", "post": "accept"}
BOSS = {"kind": "staff", "staff": of_town(Post.HALL_MANAGER, "sanxing"), "post": "hall_manager"}
VISIT = {
    "window.open": (BOSS, {"window_id": "sanxing-10", "staff_id": "sanxing-10-c"}),
    "ticket.issue": ({"kind": "system"}, {"ticket_id": "T1", "no": "A001", "queue_id": "q"}),
    "ticket.call": (CLERK, {"ticket_id": "T1", "window_id": "sanxing-10", "call_no": 1}),
    "ticket.start_service": (CLERK, {"ticket_id": "T1", "window_id": "sanxing-10",
                                     "staff_id": "sanxing-10-c"}),
    "ticket.finish_service": (CLERK, {"ticket_id": "T1", "outcome": "normal"}),
}  # fmt: skip


async def visit(door, *kinds):
    for kind in kinds or VISIT:
        actor, data = VISIT[kind]
        answer = await door.post("/v1/commands", json={
            "type": kind, "key": DAY, "occurred_at": MORNING.isoformat(), "source_system": SOURCE,
            "source_seq": f"{DAY}-{kind}", "data": data, "actor": actor, "centre": "sanxing"},
        )  # fmt: skip
        assert answer.status_code == 201, answer.text


async def rate_visit(door, stars, ticket="T1"):
    asked = {"t": token_of(f"{DAY}/{ticket}", SECRET), "stars": stars}
    return await door.post(f"/rate/{DAY}/{ticket}", data=asked)


async def test_a_visit_is_rated_by_the_link_that_the_hall_gives_when_its_service_ended(door, log):
    await visit(door, *list(VISIT)[:4])
    early = (await door.get(rate_path(DAY, SECRET, "T1"))).text
    too_early, unknown = await rate_visit(door, "4"), await rate_visit(door, "4", "T9")
    none = (await door.get("/v1/hall?centre=sanxing")).json()["visits"]
    await visit(door, "ticket.finish_service")
    [told] = (await door.get("/v1/hall?centre=sanxing")).json()["visits"]
    form = (await door.get(told["rate"])).text
    first, second = await rate_visit(door, "1"), await rate_visit(door, "5")
    event, _ = [orjson.loads(record.value) async for record in log.read(f"rating/{DAY}")]

    assert ("还没有结束" in early, too_early.status_code, none) == (True, 409, [])
    assert unknown.status_code == 404
    assert (told["no"], told["window"]) == ("A001", "sanxing-10")
    assert "号票 A001" in form
    assert (first.status_code, second.status_code) == (201, 409)
    assert "已经评价过" in second.text
    assert (event["data"]["data"]["subject"], event["data"]["data"]["ticket_id"]) == (
        "ticket", "T1")  # fmt: skip


async def test_a_token_of_a_hall_opens_no_ticket_of_it(door):
    await visit(door)
    answer = await door.get(f"/rate/{DAY}/T1", params={"t": token_of(DAY, SECRET)})

    assert answer.status_code == 403


async def test_the_negatives_of_visits_wait_at_the_desk_under_their_number(door):
    await visit(door)
    await rate_visit(door, "1")
    rows = (await door.get("/v1/negatives?centre=sanxing")).json()["rows"]
    elsewhere = (await door.get("/v1/negatives?centre=chuannan")).json()["rows"]
    theirs = await door.get("/v1/negatives", headers={"X-API-Key": "k2"})

    assert [(r["case"], r["case_no"], r["subject"], r["step"], r["window"]) for r in rows] == [
        (DAY, "A001", "ticket", "verify", "10 号窗")]  # fmt: skip
    assert (elsewhere, theirs.json()["rows"]) == ([], [])
