"""窗口绩效: the sheet equals the measures, leads to its facts, and is the same file every time."""

from collections import Counter
from datetime import timedelta
from fractions import Fraction

import pytest

from analytics.assessment.card import export
from analytics.assessment.card.figures import load
from analytics.assessment.card.sheet import Card, Value, cut_of
from analytics.assessment.second_road import second_road
from analytics.lake.archiver import archive
from analytics.lake.catalog import Lake
from analytics.lake.rebuild import rebuild
from ledger.contracts.errors import UserError
from ledger.rules.measures import MEASURES
from tests.agreement.test_hall_days import live


def sheet(lake, cut, period, centre=""):
    with Card(lake, cut, period) as card:
        return card.sheet(centre)


def events(lake, cut, period, *asked):
    with Card(lake, cut, period) as card:
        return card.events(*asked)


@pytest.fixture
async def lake(city, tmp_path):
    """A hand-made week: corrections, late facts, two days of a hall."""
    await live(city, "libao", 2, 400)
    await city.live(500, 25)
    made = Lake(str(tmp_path / "lake"))
    await archive(city.log, made)
    yield made
    made.close()


def by_hand(cells, period, formula, centre, window):
    """Add up cells of the measures, as the walls have them."""
    total = 0
    for cell, amount in cells.items():
        code, bucket, *place = cell.split("|")
        if "T" not in bucket and bucket.startswith(period) and place == [centre, window]:
            total += formula.get(code, 0) * amount
    return total


@pytest.mark.slow
async def test_every_figure_of_a_window_is_what_the_measures_say(lake, city):
    cut = lake.cut(city.log.partitions)
    cells = rebuild(lake, cut)
    seen = Counter()
    for period in ("2020-12", "2020-12-30"):
        made = sheet(lake, cut, period)
        for row in made.rows:
            if row.subject == "staff":
                continue
            for figure in made.config.figures:
                value = row.values[figure.code]
                place = period, figure.num, row.centre, row.key
                assert value.num == by_hand(cells, *place), (row, figure)
                assert value.den == by_hand(cells, period, figure.den, row.centre, row.key)
                seen[figure.code] += value.num != 0
    codes = {"K03", "K05", "K05b", "K07", "K09", "K22", "K23", "K24", "K28", "K38"}

    assert {code for code in codes if not seen[code]} == set()


@pytest.mark.slow
async def test_every_figure_leads_to_facts_that_make_it(lake, city):
    cut = lake.cut(city.log.partitions)
    card = Card(lake, cut, "2020-12")
    made, checked = card.sheet("libao"), 0
    known = {fact for (fact,) in lake.sql("SELECT id FROM events")}
    for row in made.rows:
        for figure in made.config.figures:
            if not row.key or not figure.den or not row.values[figure.code].num:
                continue
            found = card.events([figure.code], "libao", row.key)
            mine = [e for e in found if e.subject == row.subject]
            assert sum(figure.num.get(e.measure, 0) * e.amount for e in mine) == (
                row.values[figure.code].num
            )
            assert {e.fact for e in mine} <= known
            checked += 1

    assert checked > 8


@pytest.mark.slow
async def test_what_staff_did_is_what_their_windows_did_and_a_centre_is_its_part(lake, city):
    """Every open seat is somebody's; cases accepted by a machine are nobody's."""
    with Card(lake, lake.cut(city.log.partitions), "2020-12") as card:
        whole, part = card.sheet(), card.sheet("libao")
    totals = Counter()
    for row in whole.rows:
        for code in ("K05", "K38"):
            totals[row.subject, code] += row.values[code].num

    assert all(totals["window", code] == totals["staff", code] > 0 for code in ("K05", "K38"))
    assert part.rows == tuple(row for row in whole.rows if row.centre == "libao")
    assert {row.centre for row in part.rows} == {"libao"}
    assert part.inputs != whole.inputs


async def test_what_a_visit_was_rated_is_laid_to_the_window_and_the_person_that_served_it(
    city, tmp_path
):
    """Called at the first window by one, served at the second by another, rated at the tablet."""
    key = f"libao.{city.clock.now.date()}"

    async def tell(kind, **data):
        await city.must(kind, key, data, centre="libao", source_class="imported")

    for number, clerk in ((1, "an"), (2, "bo")):
        window = f"libao-{number}"
        await tell("window.open", window_id=window, staff_id=clerk)
        if number == 1:
            await tell("ticket.issue", ticket_id="T1", no="1", queue_id="q")
        await tell("ticket.call", ticket_id="T1", window_id=window, call_no=number)
        await tell("ticket.start_service", ticket_id="T1", window_id=window, staff_id=clerk)
        if number == 1:
            await tell("ticket.transfer", ticket_id="T1", to_queue="r")
    await tell("ticket.finish_service", ticket_id="T1", outcome="normal")
    await tell("rating.submit", rating_id="r", stars=1, via="hall_tablet", subject="ticket",
               ticket_id="T1")  # fmt: skip
    made = Lake(str(tmp_path / "lake"))
    await archive(city.log, made)
    said = sheet(made, made.cut(city.log.partitions), "2020-12")
    rated = {(row.subject, row.key) for row in said.rows if row.values["K24"].num}

    assert rated == {("window", "libao-2"), ("staff", "bo")}
    assert [row[:4] for row in said.satisfaction if row[3] == "stars_1"] == [
        ("libao", "libao-2", "onsite", "stars_1")]  # fmt: skip
    made.close()


@pytest.mark.slow
async def test_what_another_centre_broke_is_not_of_the_window_and_person_who_accepted(
    city, tmp_path
):
    """Two cases of an at libao-1, both late: one went to qutang on the day, one stayed."""
    at = {"centre": "libao", "window": "libao-1", "source_class": "imported"}
    sent = {"transfer_id": "t", "kind": "dispatch", "to_dept": "住建", "to_centre": "qutang"}
    for key in ("A1", "A2"):
        await city.must("case.submit", key, {"case_no": key, "item": "item-2"}, **at)
        await city.must("case.accept", key, {}, staff="an", post="accept", **at)
    await city.must("case.transfer", "A1", sent, source_class="imported")
    await city.must("case.receive_transfer", "A1", {"transfer_id": "t"}, source_class="imported")
    city.clock.now += timedelta(days=30)
    await city.tick()
    lake = Lake(str(tmp_path / "lake"))
    await archive(city.log, lake)
    cut = await city.log.end()
    made = sheet(lake, cut, "2021-01")
    yellow = next(figure for figure in made.config.figures if figure.code == "K30y")
    shown = {
        (row.subject, row.centre, row.key):
            (row.values["K11"].den, export.text(yellow, row.values["K30y"]))
        for row in made.rows if row.values["K11"].den
    }  # fmt: skip

    assert rebuild(lake, cut) == second_road(lake, cut)
    assert shown == {("window", "libao", "libao-1"): (1, "1"), ("window", "qutang", ""): (1, "1"),
                     ("staff", "libao", "an"): (1, "—")}  # fmt: skip


@pytest.mark.slow
async def test_the_same_inputs_give_the_same_bytes_and_say_where_they_come_from(
    lake, city, tmp_path
):
    cut, made = lake.cut(city.log.partitions), {}
    for name in ("a", "b"):
        with Card(lake, cut, "2020-12") as card:
            said, found = card.sheet("libao"), card.events(["K23"], "libao")
            for suffix in ("json", "html", "xlsx"):
                path = tmp_path / f"{name}.{suffix}"
                export.write(said, found, path)
                made[name, suffix] = path.read_bytes()
            with pytest.raises(UserError):
                export.write(said, found, tmp_path / "a.pdf")
    text = made["a", "html"].decode()

    assert all(made["a", suffix] == made["b", suffix] for suffix in ("json", "html", "xlsx"))
    assert min(map(len, made.values())) > 1000
    for part in ("libao 2020年12月窗口绩效", ",".join(map(str, cut)), said.inputs, "国办发2020",
                 "样本不足", "n=", "其他综合"):  # fmt: skip
        assert part in text
    assert said.inputs != sheet(lake, (0, *cut[1:]), "2020-12", "libao").inputs


async def test_what_cannot_be_asked_is_said(tmp_path):
    lake = Lake(str(tmp_path / "empty"))
    cut = lake.cut(12)
    for ask in (
        lambda: sheet(lake, cut, "2020"), lambda: sheet(lake, cut, "2020-02-30"),
        lambda: sheet(lake, cut, "2020-12", "nowhere"),
        lambda: events(lake, cut, "2020-12", ["K99"]), lambda: cut_of(lake, 12, "1,2"),
        lambda: cut_of(lake, 12, ",".join(["999999"] * 13)),
    ):  # fmt: skip
        with pytest.raises(UserError):
            ask()
    assert cut_of(lake, 12, None) == cut_of(lake, 12, ",".join(map(str, cut))) == cut
    assert sheet(lake, cut, "2020-12").rows == ()
    lake.close()


# -------------------------------------------------------------------------------- without a lake


def test_the_weights_are_one_and_every_figure_has_measures():
    config = load()
    known = {measure.code for measure in MEASURES}

    assert sum(weight.weight for weight in config.score.values()) == 1
    assert all(figure.measures <= known for figure in config.figures)
    assert set(config.score) <= {f.code for f in config.figures} | set(config.missing)


def test_a_rate_of_too_few_is_not_shown_and_nothing_is_not_zero():
    figures = {figure.code: figure for figure in load().figures}

    assert export.text(figures["K23"], Value(19, 19, 19, enough=False)) == "样本不足"
    assert export.text(figures["K23"], Value(19, 20, 20, enough=True)) == "95.00"
    assert export.text(figures["K07"], Value(3600, 40, 40, enough=True)) == "1.5"
    assert export.text(figures["K28"], Value(1810, 20, 20, enough=True)) == "90.50"
    assert export.text(figures["K23"], Value(0, 0, 0, enough=False)) == "—"
    assert export.text(figures["K03"], Value(1234, 0, 1234, enough=True)) == "1,234"


@pytest.mark.parametrize(
    ("number", "shown"),
    [("0.125", "0.12"), ("0.375", "0.38"), ("-0.005", "0.00"), ("-1.5", "-1.50"), ("12", "12.00")],
)
def test_a_number_is_rounded_half_to_even(number, shown):
    assert export.decimal(Fraction(number)).lstrip("-" if shown == "0.00" else "") == shown


def test_less_is_better_where_the_floor_is_above_the_target():
    waits = load().score["K07"]
    shares = [waits.norm(Fraction(seconds)) for seconds in (0, 300, 1050, 1800, 9999)]

    assert shares == [1, 1, Fraction(1, 2), 0, 0]
