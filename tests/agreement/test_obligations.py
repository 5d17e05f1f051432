"""The second road alone: dues and breaches worked out from facts, against domain.md 4.2 and 4.3."""

from datetime import datetime, timedelta
from typing import Any, NamedTuple

import pytest

from analytics.assessment.second_road import prepare, second_road
from analytics.lake.archiver import archive
from analytics.lake.catalog import Lake
from analytics.lake.rebuild import at_cut, rebuild
from ledger.contracts.codes import SHANGHAI

HOLIDAYS = [
    "2020-01-01", *(f"2020-04-0{n}" for n in (4, 5, 6)), *(f"2020-05-0{n}" for n in range(1, 6)),
    *(f"2020-06-{n}" for n in (25, 26, 27)), *(f"2020-10-0{n}" for n in range(1, 9)),
]  # fmt: skip
WORKDAYS = ["2020-04-26", "2020-05-09", "2020-06-28", "2020-09-27", "2020-10-10"]


class Story(NamedTuple):
    """A case of its own: what happened when, and what the second road has to make of it."""

    name: str
    accept: dict[str, Any]
    course: tuple[Any, ...]
    due: str | None
    broken: bool = False
    clock: str = "C3"
    item: str = "slow"
    channel: str = "window"
    counts: str = ""
    """Codes besides those that every concluded case has."""


def moment(text):
    """Give `04-20` or `04-20 15:30` of 2020 as an instant; a day alone is ten o'clock."""
    day, _, hour = text.partition(" ")
    return datetime.fromisoformat(f"2020-{day}T{hour or '10:00'}").replace(tzinfo=SHANGHAI)


def limit(n, unit="workday"):
    return {"promised": {"n": n, "unit": unit}, "statutory": {"n": n, "unit": unit}}


def fact(at, kind, data=None, told=""):
    """Give (when it was entered, when it happened, what): entered at once, or `told` later."""
    return told or at, at, f"case.{kind}", data or {}


SPECIAL = {"kind": "hearing", "legal_basis": "§45", "notice_doc": "T", "excluded": True,
           "days_told": 5}  # fmt: skip


def special(at, end="", number="s1", told="", **more):
    data = {"sp_no": number, **SPECIAL, **more}
    ended = [fact(end, "end_special", {"sp_no": number}, told)] if end else []
    return [fact(at, "start_special", data, told), *ended]


def stop(at, end="", **basis):
    ended = [fact(end, "resume_clock")] if end else []
    return [fact(at, "suspend_clock", {"reason_code": "pay", "approver": "b", **basis}), *ended]


def extension(at, days, told=""):
    data = {"days": days, "approver": "boss", "reason_code": "complex"}
    return [fact(at, "grant_extension", data, told)]


def decide(at, told=""):
    return [fact(at, "decide", {"outcome": "approved", "doc_no": "D"}, told)]


def conclude(at, told=""):
    return [*decide(at, told), fact(at, "conclude", {"result_code": 0}, told)]


def accept(at, told=""):
    return [fact(at, "accept", {}, told)]


def transfer(at, answer="", kind="receive_transfer"):
    data = {"transfer_id": "t", "kind": "dispatch", "to_dept": "民政"}
    why = {"reason_code": "not_ours"} if kind == "refuse_transfer" else {}
    answered = [fact(answer, kind, {"transfer_id": "t", **why})] if answer else []
    return [fact(at, "transfer", data), *answered]


def commit(at, due):
    data = {"materials": ["a", "b"], "due_at": moment(due).isoformat(), "commitment_doc": "C"}
    return [fact(at, "commit_deficiency", data)]


def exchange(at, told="", **more):
    return [fact(at, "exchange", {"target": "province", "batch": "b", "ok": True, **more}, told)]


def fill(at, *materials):
    return [fact(at, "fill_deficiency", {"materials": materials})]


MON = accept("04-20")
BROKEN = True
REVOKED, ARCHIVED = {"basis": "§69", "doc_no": "X"}, {"archive_no": "R"}
VECTORS = [
    Story("V1", limit(10), MON, "05-06", BROKEN),
    Story("V2", limit(10), [*MON, *special("04-23", "04-28")], "05-11", BROKEN),
    Story("V4", limit(99), [*accept("09-22"), *decide("09-24")], "10-14", clock="C8"),
    Story("V5", limit(10), [*MON, *special("04-23", "04-23 15:00")], "05-06", BROKEN),
    Story("V6", limit(10), [*MON, *special("04-23", "04-28"), *stop("04-27", "04-29")],
          "05-12", BROKEN),
    Story("V7", limit(20), MON, "05-19", BROKEN),
    Story("V7 extended", limit(20), [*MON, *extension("04-28", 10)], "06-02", BROKEN),
    Story("V9", limit(1), accept("05-16"), "05-18", BROKEN),
    Story("V10", limit(45), MON, "06-23", BROKEN, item="joint"),
    Story("V10 extended", limit(45), [*MON, *extension("04-28", 15)], "07-15", BROKEN,
          item="joint"),
    Story("on the day itself", limit(0), accept("05-16"), "05-16", BROKEN),
    Story("natural days end on a working day", limit(12, "day"), MON, "05-06", BROKEN),
    Story("natural days that stood still", limit(5, "day"), [*MON, *special("04-22", "04-24")],
          "04-27", BROKEN),
    Story("held off by an open pause", limit(2), [*MON, *special("04-21")], None),
    Story("two pauses", limit(5), [*MON, *special("04-21", "04-22"), *stop("04-23", "04-24")],
          "04-28", BROKEN),
    Story("no pause of the law", limit(2), [*MON, *stop("04-21", "04-30")], "04-22", BROKEN, "C2"),
    Story("a pause of the law", limit(2), [*MON, *stop("04-21", "04-30", legal_basis="§1")],
          "05-06", BROKEN, "C2"),
    Story("told of no exclusion", limit(2), [*MON, *special("04-21", "04-30", excluded=False)],
          "04-22", BROKEN),
    Story("hours of service", limit(3, "hour"), accept("04-20 15:30"), "04-21 10:30", BROKEN),
    *(Story(f"hours, {name}", limit(4, "hour"), [*accept("04-20 10:00:20"), *course], due,
            due is not None)
      for name, course, due in (
          ("heard for one", special("04-20 10:30", "04-20 11:30"), "04-20 15:00"),
          ("heard until the next day, and stopped",
           [fact("04-20 10:30", "start_special", {**SPECIAL, "sp_no": "s9"}),
            fact("04-21 09:10", "suspend_clock", {"reason_code": "pay", "approver": "b"}),
            fact("04-21 09:15", "end_special", {"sp_no": "s9"}),
            fact("04-21 10:00", "resume_clock")], "04-21 13:31"),
          ("heard twice", [*special("04-20 10:30", "04-20 11:00"),
                           *special("04-20 12:00", "04-20 18:00", "s2")], "04-21 11:31"),
          ("heard after it", special("04-20 14:01"), "04-20 14:00"),
          ("and still heard", special("04-20 14:00"), None))),
    *(Story(f"natural days to a day off, {name}", limit(5, "day"), [*MON, *special(*course)], due,
            due is not None)
      for name, course, due in (
          ("still heard", ["04-25"], None), ("heard on", ["04-25", "04-28"], "04-29"),
          ("heard a day", ["04-25", "04-26"], "04-27"), ("heard after", ["04-26"], "04-26"),
          ("heard before", ["04-23", "04-24"], "04-26"))),
    Story("hours, and days granted", limit(3, "hour"),
          [*accept("04-20 15:30"), *extension("04-20 16:00", 2)], "04-23 10:30", BROKEN),
]  # fmt: skip
BREACHES = [
    Story("concluded on the last day", limit(2), [*MON, *conclude("04-22 23:00")], "04-22"),
    Story("concluded too late", limit(2), [*MON, *conclude("04-23 07:00")], "04-22", BROKEN),
    Story("told late", limit(2), [*MON, *conclude("04-22", told="04-27")], "04-22"),
    Story("withdrawn in time", limit(2), [*MON, fact("04-22", "withdraw")], "04-22"),
    Story("withdrawn too late", limit(2), [*MON, fact("04-23 07:00", "withdraw")], "04-22", BROKEN),
    Story("extended too late", limit(2), [*MON, *extension("04-23 07:00", 5)], "04-22", BROKEN),
    Story("extended, and told so too late", limit(2),
          [*MON, *extension("04-22", 5, told="04-24")], "04-22", BROKEN),
    Story("a procedure told too late", limit(2),
          [*MON, *special("04-21", "04-23", told="04-24")], "04-22", BROKEN),
    Story("a procedure after the due", limit(2), [*MON, *special("04-23", "04-26")],
          "04-22", BROKEN),
    Story("a pause told before anybody looked", limit(2), [*accept("04-20", told="04-27"),
          *special("04-21", "04-26", told="04-27")], "04-27", BROKEN),
    Story("at once", limit(9), [*MON, *conclude("04-20 17:00")], "04-20", clock="C0",
          item="quick"),
    Story("not at once", limit(9), MON, "04-20", BROKEN, "C0", "quick"),
    Story("deemed accepted, of a kind that is done at once", {}, [fact("04-20", "urge")], "04-20",
          BROKEN, "C0", "quick"),
    Story("signed for", limit(99), [*MON, *transfer("04-20 16:00", "04-21 12:00")],
          "04-21 12:00", clock="C5"),
    Story("signed for too late", limit(99), [*MON, *transfer("04-20 16:00", "04-21 12:01")],
          "04-21 12:00", BROKEN, "C5"),
    Story("refused", limit(99), [*MON, *transfer("04-24 18:00", "04-26 13:00",
          "refuse_transfer")], "04-26 13:00", clock="C5"),
    Story("never signed for", limit(99), [*MON, *transfer("04-20 10:30")], "04-20 14:30",
          BROKEN, "C5"),
    Story("withdrawn on the way", limit(99), [*MON, *transfer("04-20 16:00"),
          fact("04-20 17:00", "withdraw")], "04-21 12:00", clock="C5"),
    Story("delivered", limit(99), [*MON, *decide("04-21"),
          fact("05-07", "issue", {"doc_kind": "licence", "doc_name": "证"}),
          fact("05-07", "deliver", {"method": "window"})], "05-07", clock="C8"),
    Story("never delivered", limit(99), [*MON, *decide("04-21")], "05-07", BROKEN, "C8"),
    *(Story(f"{name}, nothing delivered", limit(99), [*MON, *conclude("04-21"), *course],
            "05-07", late, "C8")
      for name, course, late in (
          ("archived", [fact("04-22", "archive", ARCHIVED)], False),
          ("archived too late", [fact("05-08", "archive", ARCHIVED)], BROKEN),
          ("revoked", [fact("04-22", "revoke_decision", REVOKED)], False),
          ("revoked too late", [fact("05-08", "revoke_decision", REVOKED)], BROKEN))),
    Story("materials came", limit(99), [*MON, *commit("04-21", "04-28 12:00"),
          *fill("04-27", "a"), *fill("04-28 12:00", "b")], "04-28 12:00", clock="C7"),
    Story("a material came late", limit(99), [*MON, *commit("04-21", "04-28 12:00"),
          *fill("04-27", "a"), *fill("04-28 12:01", "b")], "04-28 12:00", BROKEN, "C7"),
    Story("a material never came", limit(99), [*MON, *commit("04-21", "04-28 12:00"),
          *fill("04-27", "a")], "04-28 12:00", BROKEN, "C7"),
    Story("given up in time", limit(99), [*MON, *commit("04-21", "04-28 12:00"),
          fact("04-27", "fail_deficiency", {"materials": ["a"]})], "04-28 12:00", clock="C7"),
    *(Story(f"reported: {name}", limit(99), [*MON, *course], "04-21 08:00", late, "C15",
            "reported")
      for name, course, late in (
          ("at eight", exchange("04-21 08:00"), False),
          ("after eight", exchange("04-21 08:01"), BROKEN), ("never", [], BROKEN),
          ("in vain", exchange("04-20 22:00", ok=False), BROKEN),
          ("elsewhere", exchange("04-20 22:00", target="nation"), BROKEN),
          ("and told so late", exchange("04-20 22:00", told="04-24"), False))),
]  # fmt: skip


def finish(at, result=0):
    return [*decide(at), fact(at, "conclude", {"result_code": result})]


def notice(at, number):
    return [fact(at, "notice_supplement", {"notice_no": number, "missing": ["m"]}),
            fact(at, "supplement", {"materials": ["m"], "complete": True})]  # fmt: skip


def visit(at, ticket, told=""):
    return [fact(at, "visit", {"hall": "libao.2020-04-20", "ticket_id": ticket}, told)]


def issue(at):
    return fact(at, "issue", {"doc_kind": "licence", "doc_name": "证"})


def deliver(at, method):
    return [*decide(at), issue(at), fact(at, "deliver", {"method": method}),
            fact(at, "conclude", {"result_code": 0})]  # fmt: skip


EARLY = "concluded promised_early statutory_met elapsed_days elapsed_from_1d"
LATER = "concluded promised_early statutory_met elapsed_days elapsed_from_2d"
COURSES = [
    Story("instant, the same day", limit(0), [*MON, *finish("04-20 16:00")], "",
          item="quick", counts="concluded quick instant_met visits_once"),
    Story("promised, the same day", limit(5), [*MON, *finish("04-20 16:00")], "",
          counts="concluded quick promised_early statutory_met elapsed_from_0d visits_once"),
    Story("an entry error", limit(5), [*MON, *finish("04-21", 3)], ""),
    Story("sent back", limit(5), [*MON, fact("04-21", "withdraw"),
          fact("04-21", "conclude", {"result_code": 5})], "",
          counts="concluded returned visits_once"),
    Story("in time, not early", limit(1), [*MON, *finish("04-21")], "",
          counts="concluded promised_met statutory_met elapsed_days elapsed_from_1d visits_once"),
    Story("came twice", limit(5), [*MON, *visit("04-20", "k1"), *visit("04-21", "k2"),
          *finish("04-21")], "", counts=f"{EARLY} visits_more"),
    Story("told twice", limit(5), [*notice("04-20", "1"), *notice("04-20", "2"), *accept("04-20"),
          *finish("04-21")], "", counts=f"{EARLY} visits_more told_more noticed"),
    Story("online to the end", limit(5), [*MON, *deliver("04-21", "courier")], "", channel="web",
          counts=f"{EARLY} all_online submitted_online issued delivered_in_time"),
    Story("fetched", limit(5), [*MON, *deliver("04-21", "locker")], "", channel="mobile",
          counts=f"{EARLY} submitted_online issued delivered_in_time"),
]  # fmt: skip
AFTERWARDS = [
    Story("heard after the promise was broken", limit(1),
          [*MON, *special("04-22", "04-24"), *finish("04-24 16:00")], "",
          counts="concluded promised_broken overdue_promised statutory_broken overdue_statutory "
          "elapsed_days elapsed_from_2d visits_once"),
    Story("came twice, told of it later", limit(5), [*MON, *visit("04-20", "k1"),
          *visit("04-21", "k2", told="04-22 15:00"), *finish("04-22")], "",
          counts=f"{LATER} visits_more late_entries"),
    Story("fetched when it was done", limit(5), [*MON, *finish("04-21"), issue("04-22"),
          fact("04-22 11:00", "deliver", {"method": "locker"})], "", channel="web",
          counts=f"{EARLY} submitted_online issued delivered_in_time"),
    Story("sent when it was done", limit(5), [*MON, *finish("04-21"), issue("04-22"),
          fact("04-22 11:00", "deliver", {"method": "courier"})], "", channel="web",
          counts=f"{EARLY} all_online submitted_online issued delivered_in_time"),
    Story("came again to fetch it", limit(5), [*MON, *visit("04-20", "k1"), *finish("04-21"),
          *visit("04-22 10:30", "k2")], "", counts=f"{EARLY} visits_more"),
    Story("fetched, told of it later", limit(5), [*MON, *decide("04-21"), issue("04-21"),
          fact("04-21 11:00", "deliver", {"method": "locker"}, "04-22 15:00"),
          fact("04-22", "conclude", {"result_code": 0})], "", channel="web",
          counts=f"{LATER} submitted_online issued delivered_in_time late_entries"),
]  # fmt: skip
ALWAYS = {"submitted", "accepted", "left", "accepted_at_window", "wrong_window", "case_events",
          "decision_n", "decision_minutes", "rateable"}  # fmt: skip


class Book:
    """Tells stories to the real ledger, each fact when it was entered, a tick each morning."""

    def __init__(self, city, folder):
        self.city, self.lake = city, Lake(str(folder))

    async def furnish(self):
        await self.city.calendar(2020, HOLIDAYS, WORKDAYS)
        for item, kind in (("slow", "promised"), ("joint", "joint"), ("quick", "instant"),
                           ("reported", "promised")):  # fmt: skip
            data = {"name": item, "dept": "住建", "project_type": kind,
                    **({"reported_to": "province"} if item == "reported" else {})}  # fmt: skip
            await self.city.must("item.register", item, data, source_class="system")

    async def tell(self, stories, until):
        """Tell all of them together, and let time come to `until`."""
        told = [(moment(when), n, *rest) for n, story in enumerate(stories)
                for when, *rest in self.whole(story)]  # fmt: skip
        told.sort(key=lambda each: each[0])
        morning = told[0][0].replace(hour=8)
        for when, n, at, kind, data in told:
            while morning < when:
                await self.tick(morning)
                morning += timedelta(days=1)
            place = self.places[n % len(self.places)], stories[n].channel
            await self.say(f"C{n}", when, moment(at), kind, data, *place)
        await self.tick(moment(until))

    def whole(self, story):
        """Give the facts of a story, its application at the acceptance."""
        when, at, *_ = story.course[0]
        yield when, at, "case.submit", {"case_no": story.name, "item": story.item}
        for each in story.course:
            yield (*each[:3], story.accept) if each[2] == "case.accept" else each

    places = tuple(f"{centre}-{n}" for centre in ("libao", "qutang", "haian") for n in (1, 2, 3))

    async def say(self, case, when, at, kind, data, window, channel):
        self.city.clock.now = when
        more = {"at": at, "late_reason": "网断"} if at < when else {}
        return await self.city.must(kind, case, data, source_class="imported",
                                    centre=window.partition("-")[0], window=window,
                                    channel=channel, **more)  # fmt: skip

    async def tick(self, now):
        self.city.clock.now = now
        await self.city.tick()

    async def rows(self, sql, parameters=()):
        await archive(self.city.log, self.lake)
        con = at_cut(self.lake, await self.city.log.end())
        prepare(con)
        try:
            return con.execute(sql, parameters).fetchall()
        finally:
            con.close()

    async def obligations(self):
        """Give (case, clock) → (due, broken); the day alone where the due ends with it."""
        found = await self.rows("SELECT case_id, clock, due, broken FROM obligations")
        return {(case, clock): (due and spelled(due), broken)
                for case, clock, due, broken in found}  # fmt: skip


def spelled(due):
    return due.strftime("%m-%d" if due.hour == 23 else "%m-%d %H:%M")


@pytest.fixture
async def book(new_year, tmp_path):
    made = Book(new_year, tmp_path / "lake")
    await made.furnish()
    yield made
    made.lake.close()


@pytest.mark.parametrize(("stories", "until"), [(VECTORS, "10-12"), (BREACHES, "06-01")])
async def test_dues_and_breaches_are_those_of_the_domain(book, stories, until):
    await book.tell(stories, until)
    found = await book.obligations()
    made = {story.name: found.get((f"C{n}", story.clock)) for n, story in enumerate(stories)}

    assert made == {story.name: (story.due, story.broken) for story in stories}
    cut = await book.city.log.end()
    assert rebuild(book.lake, cut) == second_road(book.lake, cut)


@pytest.mark.parametrize(("stories", "until"), [(COURSES, "04-22"), (AFTERWARDS, "04-28")])
async def test_conclusions_count_by_how_the_case_went(book, stories, until):
    await book.tell(stories, until)
    await archive(book.city.log, book.lake)
    cut = await book.city.log.end()
    cells = second_road(book.lake, cut)
    made = {place: set() for place in book.places}
    for cell in cells:
        code, bucket, _, window = cell.split("|")
        if window and "T" not in bucket and not code.startswith(("decision_from", "alerts_")):
            made[window].add(code)

    for story, place in zip(stories, book.places, strict=False):
        assert made[place] - ALWAYS == set(story.counts.split()), story.name
    assert len(stories) <= len(book.places)
    assert rebuild(book.lake, cut) == cells
