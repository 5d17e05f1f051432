"""Scenes of the sweeps (巡检): what fires each query, and the near misses that do not."""

from datetime import timedelta

from analytics.sweeps.certificates import Certificate
from ledger.contracts.events.item import GuideElement

OTHER = {"source_class": "imported"}
AT = {"centre": "libao", "window": "libao-1"}
WRONG = {"centre": "libao", "window": "libao-2"}
"""A window for 民生; item-3 is of 住建."""
REF = "a" * 16


async def accepted(city, n, item="item-3", place=WRONG):
    for k in range(n):
        await city.must("case.submit", f"W{k}", {"case_no": f"W{k}", "item": item}, **OTHER)
        await city.must("case.accept", f"W{k}", {"accept_no": "A"}, **place, **OTHER)


async def course(city, key="L1", *, apart, place=AT, item="item-2"):
    """A whole case entered at once, whose facts are told to lie `apart`."""
    start = city.clock.now - 3 * apart
    late = {"late_reason": "网断", **place, **OTHER}
    for n, (kind, data) in enumerate((
        ("case.submit", {"case_no": key, "item": item}), ("case.accept", {"accept_no": "A"}),
        ("case.decide", {"outcome": "approved", "doc_no": "D"}),
        ("case.conclude", {"result_code": 0}))):  # fmt: skip
        await city.must(kind, key, data, at=start + n * apart, **late)


async def submitted(city, *, late, n):
    for k in range(n):
        more = {"late_reason": "网断"} if k < late else {}
        await city.must("case.submit", f"S{k}", {"case_no": f"S{k}", "item": "item-2"}, **AT,
                        **OTHER, **more)  # fmt: skip


async def late_beside(city, *, visited):
    """Three of twenty of 住建 are late; beside them twenty of 民政, or twenty visits, are not."""
    if not visited:
        await submitted(city, late=0, n=20)
    for k in range(20):
        more = {"late_reason": "网断"} if k < 3 else {}
        await city.must("case.submit", f"Z{k}", {"case_no": f"Z{k}", "item": "item-3"}, **AT,
                        **OTHER, **more)  # fmt: skip
        if visited:
            ticket = {"hall": "libao.2020-12-29", "ticket_id": f"T{k}"}
            await city.must("case.visit", f"Z{k}", ticket, **AT, source_class="system")


async def concluded(city, n):
    for k in range(n):
        key = f"R{k}"
        await course(city, key, apart=timedelta(0))


async def quick(city, n, elapsed):
    await concluded(city, n)
    for k in range(n):
        city.clock.now += timedelta(seconds=30)
        data = {"rating_id": "r", "stars": 5, "device_id": "pad", "elapsed_ms": elapsed}
        await city.must("rating.submit", f"R{k}", data, **OTHER)


async def served(city, *, invited, visit=False):
    """Three services at a window; the first `invited` were asked to rate, or to rate the visit."""
    key, hall = f"libao.{city.clock.now.date()}", {"centre": "libao", **OTHER}
    await concluded(city, 3)
    await city.sit_down(key)
    for k in range(3):
        about = await city.visit(key, k, case_ids=[f"R{k}"])
        if k < invited:
            await city.must("rating.invite", key if visit else f"R{k}", about if visit else {},
                            **OTHER)  # fmt: skip
        city.clock.now += timedelta(minutes=1)
    city.clock.now += timedelta(minutes=31)
    await city.must("window.close", key, {"window_id": "libao-1"}, **hall)


WITHDRAWN = ("case.withdraw", {"request_doc": "W"})
CONCLUDED = ("case.conclude", {"result_code": 5})
REFUSED = ("case.refuse_acceptance", {"doc_no": "N", "reason_code": "other"})


async def twice(city, *ends, hours=30, then=AT):
    """One applicant's item twice, the second time when the first was over by `ends`."""
    data = {"case_no": "D1", "item": "item-2", "applicant_ref": REF}
    await city.must("case.submit", "D1", data, **AT, **OTHER)
    for kind, said in ends:
        await city.must(kind, "D1", said, **OTHER)
    city.clock.now += timedelta(hours=hours)
    await city.must("case.submit", "D2", {**data, "case_no": "D2"}, **then, **OTHER)


async def exchanged(city, *results):
    await accepted(city, 1)
    for n, ok in enumerate(results):
        await city.must("case.exchange", "W0", {"target": "province", "batch": f"b{n}", "ok": ok},
                        **OTHER)  # fmt: skip


async def negatives(city, *, days, finding="valid"):
    """Three of one window, for three items."""
    for k in range(3):
        await course(city, f"N{k}", apart=timedelta(0), item=f"item-{2 + k}")
        about = {"rating_id": "r"}
        await city.must("rating.submit", f"N{k}", {**about, "stars": 1}, **OTHER)
        await city.must("neg.verify", f"N{k}", {**about, "finding": finding if k else "valid"},
                        **OTHER)  # fmt: skip
        city.clock.now += timedelta(days=days)


async def upheld(city, negatives):
    """What was told of negatives, and every appeal against one of them is upheld."""
    await negatives
    for k in range(3):
        for kind, data in (("appeal.file", {"by": "unit", "reason": "malicious"}),
                           ("appeal.uphold", {})):  # fmt: skip
            await city.must(kind, f"N{k}", {"rating_id": "r", **data}, **OTHER)


async def measured(city, area):
    data = {"name": "里堡", "level": "town", "tier": "other_town", "town": "libao",
            "hall_area_m2": area}  # fmt: skip
    await city.must("centre.open", "libao", data, source_class="system")


async def listed(city, *, days, holder=REF):
    """A certificate of today, and a case of the item so many days before; two weeks pass."""
    today = city.clock.now
    data = {"case_no": "Q1", "item": "item-2", "applicant_ref": REF}
    city.certificates = [Certificate("item-2", holder, today.date(), "证1", "libao")]
    city.clock.now = today - timedelta(days=days)
    await city.must("case.submit", "Q1", data, **AT, **OTHER)
    city.clock.now = today + timedelta(days=14)
    await city.must("case.submit", "Q2", {**data, "case_no": "Q2", "item": "item-3"}, **AT,
                    **OTHER)  # fmt: skip


async def at_the_door(city, *, seated, named=True):
    """A case accepted at a window of a hall with tickets; somebody may have sat there then."""
    who = {"staff": "x", "post": "accept"} if named else {}
    day = city.clock.now.date().isoformat()
    hall = {"centre": "libao", **OTHER}
    for kind, data in (
        ("ticket.issue", {"ticket_id": "T", "no": "A1", "queue_id": "q"}),
        ("window.open", {"window_id": "libao-2", "staff_id": "x" if seated else "y"}),
    ):  # fmt: skip
        await city.must(kind, f"libao.{day}", data, **hall)
    place = {**AT, "channel": "window", **OTHER}
    await city.must("case.submit", "F1", {"case_no": "F1", "item": "item-2"}, **place)
    await city.must("case.accept", "F1", {"accept_no": "A"}, **who, **place)
    city.clock.now += timedelta(days=1)
    await city.must("case.submit", "F2", {"case_no": "F2", "item": "item-3"}, **place)


async def rated_by_one(city, applicants):
    """Five ratings by one person, for cases of so many applicants."""
    for k in range(5):
        key, ref = f"O{k}", f"{k % applicants:016x}"
        submit = {"case_no": key, "item": "item-2", "applicant_ref": ref}
        await city.must("case.submit", key, submit, **AT, **OTHER)
        for kind, data in (
            ("case.accept", {"accept_no": "A"}),
            ("case.decide", {"outcome": "approved", "doc_no": "D"}),
            ("case.conclude", {"result_code": 0}),
            ("rating.submit", {"rating_id": "r", "stars": 5, "rater_ref": REF}),
        ):
            await city.must(kind, key, data, **AT, **OTHER)
        city.clock.now += timedelta(minutes=1)


async def at_once(city, n):
    """Twenty ratings of a window-day, `n` of them five seconds after the invitation."""
    await concluded(city, 20)
    for k in range(20):
        await city.must("rating.invite", f"R{k}", {}, **OTHER)
        city.clock.now += timedelta(seconds=5 if k < n else 6)
        await city.must("rating.submit", f"R{k}", {"rating_id": "r", "stars": 4}, **OTHER)


async def of_one(city, *, days):
    """Three valid negatives of one item, at three windows."""
    for k, window in enumerate(("libao-1", "libao-2", "libao-3")):
        place = {"centre": "libao", "window": window}
        await course(city, f"N{k}", apart=timedelta(0), place=place)
        await city.must("rating.submit", f"N{k}", {"rating_id": "r", "stars": 1}, **OTHER)
        await city.must("neg.verify", f"N{k}", {"rating_id": "r", "finding": "valid"}, **OTHER)
        city.clock.now += timedelta(days=days)


async def rated(city, n, negatives):
    await concluded(city, n)
    for k in range(n):
        stars = 2 if k < negatives else 4
        await city.must("rating.submit", f"R{k}", {"rating_id": "r", "stars": stars}, **OTHER)


SYSTEM = {"source_class": "system"}
HERE = {"centre_id": "libao"}
ITEM = {"name": "x", "dept": "住建", "project_type": "promised", "version": 2}


async def entered(city, *, days, there):
    """An item in the hall of the town; its department takes ten in at a village of it."""
    await city.must("item.enter_hall", "item-3", {**HERE, "window_type": "comp:other"}, **SYSTEM)
    await accepted(city, 10, place={"centre": "libao-v1"})
    if there:
        await city.must("case.submit", "T", {"case_no": "T", "item": "item-3"}, **OTHER)
        await city.must("case.accept", "T", {"accept_no": "A"}, **AT, **OTHER)
    city.clock.now += timedelta(days=days)
    await city.must("item.revise", "item-2", {**ITEM, "dept": "民政"}, **SYSTEM)


async def guided(city, *, missing=0, days=0):
    elements = {element.value: True for element in list(GuideElement)[missing:]}
    await city.must("guide.publish", "item-3", {**HERE, "elements": elements, "version": 1},
                    **SYSTEM)  # fmt: skip
    if days:
        await city.must("item.revise", "item-3", ITEM, **SYSTEM)
        city.clock.now += timedelta(days=days)
        await city.must("item.revise", "item-2", {**ITEM, "dept": "民政"}, **SYSTEM)


async def tell(city, *facts):
    for kind, key, data in facts:
        city.clock.now += timedelta(minutes=1)
        await city.must(kind, key, data, **SYSTEM)


async def agents(city, *, dismissed):
    """Two agents of a village of the level of a town, as far as the test of all sweeps cares."""
    village = {"village": "libao"}
    people = ("libao-accept", "libao-issue")
    await tell(city, *(("agent.appoint", name, village) for name in people),
               *(("agent.dismiss", name, village) for name in people[:dismissed]))  # fmt: skip


async def required(city, *, deadline, key_central_only=False):
    duty = {"deadline": deadline, "key_central_only": key_central_only}
    await tell(city, ("dept.require_entry", "民政", duty),
               ("dept.enter", "民政", {"centre_id": "qutang"}))  # fmt: skip


async def left(city, **document):
    await tell(city, ("dept.enter", "民政", HERE), ("dept.leave", "民政", {**HERE, **document}))


OTHERS = {"centre": "libao", "no": "3", "kind": "comp:other"}
COVERS = ["comp:construction", "comp:municipal"]
HELPING = [("window.create", "libao-3", {**OTHERS, "covers": [*COVERS, "help_agent"]})]
HELPLESS = [("window.change_type", "libao-3",
             {**OTHERS, "covers": COVERS, "load_evidence": {"件数": 3}})]  # fmt: skip


async def help_in_towns(city):
    """Let a window of each town's centre cover 帮办代办, so that R27 has nothing to find yet."""
    for town in ("qutang", "libao"):
        data = {**OTHERS, "centre": town, "covers": [*COVERS, "help_agent"]}
        await city.must("window.create", f"{town}-3", data, **SYSTEM)


async def helpless(city, *more):
    """The window of the town that covers 帮办代办 does so no more."""
    await tell(city, *HELPLESS, *more)


async def station(city, *ways):
    words = {"on": "centre.bring_station_online", "off": "centre.take_station_offline"}
    await tell(city, *((words[way], "libao", {}) for way in ways))


async def revoked(city, *, after, again=False):
    """Taken in under a list that, told afterwards, ended so many days after it."""
    day = city.clock.now.date()
    given = {"doc_no": "L1", "from_org": "住建", "to_org": ["libao"],
             "effective_from": "2020-12-01"}  # fmt: skip
    await tell(city, ("item.delegate", "item-3", given), ("item.claim", "item-3", HERE))
    await accepted(city, 1)
    end = {"doc_no": "L1", "effective_from": (day + timedelta(days=after)).isoformat()}
    await tell(city, ("item.revoke_delegation", "item-3", end))
    if again:
        await tell(city, ("item.extend", "item-3", {**given, "doc_no": "L2"}))


async def amend(city, key, version, name, old, new):
    data = {"target": f"case/{key}@{version}", "changes": {name: {"old": old, "new": new}},
            "reason_code": "typing_error", "evidence": "E1", "requested_by": "fixer",
            "approved_by": "checker"}  # fmt: skip
    await city.must("case.amend_event", key, data, staff="fixer", post="corrector")


async def accepted_but(city, *, told, was):
    """Four at the wrong window; of the fifth it was told at one window, and it was at another."""
    await accepted(city, 4)
    await city.must("case.submit", "X", {"case_no": "X", "item": "item-3"}, **OTHER)
    await city.must("case.accept", "X", {}, centre="libao", window=told, **OTHER)
    await amend(city, "X", 2, "window", told, was)


async def course_mistimed(city, *, told, was):
    """A course told to lie `told` apart, of which every time is amended to lie `was` apart."""
    now = city.clock.now
    await course(city, apart=told)
    for n in (2, 1, 0):  # The last first, so that they are in order at every step.
        old, new = (now - (3 - n) * apart for apart in (told, was))
        await amend(city, "L1", n + 1, "occurred_at", old.isoformat(), new.isoformat())


FAILED, DONE = [False] * 4, [True]
DAY, MINUTES = timedelta(days=1), timedelta(minutes=20)
# query → what fires it, the near miss
SWEEPS = {
    "R03_wrong_windows_of_a_day": (lambda c: accepted(c, 5), lambda c: accepted(c, 4)),
    "R04_certificate_without_case": (
        lambda c: listed(c, days=40), lambda c: listed(c, days=20)),
    "R05_entered_afterwards": (
        lambda c: course(c, apart=DAY), lambda c: course(c, apart=MINUTES)),
    "R05_late_share": (
        lambda c: submitted(c, late=3, n=20), lambda c: submitted(c, late=2, n=20)),
    "R05_no_front_door": (
        lambda c: at_the_door(c, seated=False), lambda c: at_the_door(c, seated=True)),
    "R06_entered_not_handled": (
        lambda c: entered(c, days=90, there=False), lambda c: entered(c, days=89, there=False)),
    "R09_at_once": (lambda c: at_once(c, 16), lambda c: at_once(c, 15)),
    "R09_one_device": (lambda c: quick(c, 10, 2000), lambda c: quick(c, 10, 3000)),
    "R09_one_rater": (lambda c: rated_by_one(c, 5), lambda c: rated_by_one(c, 4)),
    "R10_not_invited": (lambda c: served(c, invited=2), lambda c: served(c, invited=3)),
    "R11_submitted_twice": (
        twice, lambda c: twice(c, WITHDRAWN, CONCLUDED)),
    "R19_exchange_failed": (
        lambda c: exchanged(c, *FAILED), lambda c: exchanged(c, *FAILED, *DONE)),
    "R21_guide_incomplete": (lambda c: guided(c, missing=1), guided),
    "R21_guide_outdated": (lambda c: guided(c, days=8), lambda c: guided(c, days=7)),
    "R25_negatives_of_a_window": (
        lambda c: negatives(c, days=3), lambda c: negatives(c, days=4)),
    "R25_negatives_of_staff_or_item": (lambda c: of_one(c, days=3), lambda c: of_one(c, days=4)),
    "R25_share_of_negatives": (lambda c: rated(c, 30, 2), lambda c: rated(c, 30, 1)),
    "R27_agents_left": (lambda c: agents(c, dismissed=2), lambda c: agents(c, dismissed=1)),
    "R27_entry_missing": (
        lambda c: required(c, deadline="2020-12-28"), lambda c: required(c, deadline="2020-12-29")),
    "R27_hall_area": (lambda c: measured(c, 499), lambda c: measured(c, 500)),
    "R27_help_window": (helpless, lambda c: tell(c, *HELPING)),
    "R27_left_without_document": (left, lambda c: left(c, doc_no="D1")),
    "R27_station_offline": (
        lambda c: station(c, "on", "off"), lambda c: station(c, "on", "off", "on")),
    "R30_revoked_list": (lambda c: revoked(c, after=0), lambda c: revoked(c, after=1)),
}  # fmt: skip

NEARLY = {  # other near misses of a rule, and what still fires it
    "R03": [lambda c: accepted_but(c, told="libao-2", was="libao-3")],
    "R05": [lambda c: course_mistimed(c, told=DAY, was=MINUTES),
            lambda c: at_the_door(c, seated=False, named=False)],
    "R06": [lambda c: entered(c, days=90, there=True)],
    "R11": [lambda c: twice(c, WITHDRAWN), lambda c: twice(c, REFUSED),
            lambda c: twice(c, then={"centre": "qutang", "window": "qutang-2"})],
    "R19": [lambda c: exchanged(c, *FAILED, *DONE, *FAILED[1:])],
    "R25": [lambda c: upheld(c, negatives(c, days=1)), lambda c: upheld(c, of_one(c, days=1))],
    "R27": [lambda c: helpless(c, ("window.create", "libao-4", {**OTHERS, "kind": "help_agent"})),
            lambda c: helpless(c, ("centre.suspend", "libao", {})),
            lambda c: helpless(c, *(("window.retire", f"libao-{n}", {}) for n in (1, 2, 3))),
            lambda c: required(c, deadline="2020-12-28", key_central_only=True),
            lambda c: tell(c, ("centre.measure_area", "libao", {"hall_area_m2": 500, "method":
                               "survey"}), ("centre.open", "libao", {**TOWN, "hall_area_m2": 499})),
            lambda c: tell(c, ("centre.measure_area", "libao", {"hall_area_m2": 600, "method":
                               "survey"}), ("centre.change_tier", "libao", {**CENTRAL,
                               "effective_from": "2021-01-01"}))],
    "R30": [lambda c: revoked(c, after=0, again=True)],
}  # fmt: skip
TOWN = {"name": "里堡", "level": "town", "tier": "other_town", "town": "libao"}
CENTRAL = {"tier": "central_town", "doc_no": "D1"}

STILL = {  # what fires a rule all the same
    "R27": [lambda c: tell(c, *HELPING, ("window.retire", "libao-3", {}))],
    "R05": [lambda c: late_beside(c, visited=False), lambda c: late_beside(c, visited=True)],
    "R03": [lambda c: accepted_but(c, told="libao-3", was="libao-2")],
    "R11": [
        lambda c: twice(c, WITHDRAWN, hours=24),
        lambda c: twice(c, then={"centre": "libao-v1", "window": "libao-v1-1"}),
    ],
    "R19": [lambda c: exchanged(c, *DONE, *FAILED)],
}
