"""办件 (cases): who comes on a day, through which hall, and the life of what they hand in."""

from bisect import insort
from collections.abc import Iterator
from heapq import merge
from itertools import accumulate, groupby
from operator import itemgetter
from random import Random
from typing import NamedTuple

from ledger.contracts.codes import LimitUnit
from producers.city.faults import VOIDS, Plan, Timed, meets, plan
from producers.city.queues import Ticket, Visitor
from producers.city.script import Script, Visit, pick
from producers.city.stories import counter, office, outcome, repairs, voice
from producers.city.stories.halls import Hall
from producers.city.stories.visits import visits
from producers.city.today import MINUTE, Begun, Today
from producers.city.town import Centre, Offer, Window

LAST_ARRIVAL = 16 * 60 + 40 - 9 * 60
"""Minutes after opening; the hall closes at 17:00."""

HALF_HOURS = (8, 11, 11, 9, 6, 3, 1, 1, 3, 6, 8, 8, 7, 6, 4, 2)
"""Arrivals per half hour from 09:00: morning peak, lunch dip, a lower afternoon peak."""

WEEKDAYS = (1.2, 1.05, 1.0, 0.95, 0.85, 0.7, 0.7)
"""Monday is busiest; the last two are 调休 working days."""

VILLAGE_WEEKEND = 100
"""One case on a free Saturday for so many on a usual day."""

MARKET = 1.6
"""So many times the usual number come on a market day, most of the others early."""

CHANNELS = (("window", 74), ("web", 88), ("mobile", 97), ("self_service", 100))
QUESTIONS = 0.22
"""People who take a ticket to ask something, for each who hands in a case at a window."""


UNNAMED = VOIDS | {"amend", "late"}
"""Corrections name facts by number, and a visit is a fact whose number depends on the log; what is
entered late is not there yet when the service ends."""


class Coming(NamedTuple):
    """A case that is on its way to a window or to the web."""

    at: int
    serial: str
    centre: Centre
    offer: Offer
    channel: str
    window: Window
    plan: Plan
    rng: Random


def cases(today: Today) -> Iterator[Begun]:
    """Tell of everybody who comes on a day: the halls, then each ticket and case as it begins."""
    coming = list(_coming(today))
    at_counters = [each for each in coming if _takes_ticket(each)]
    halls = _halls(today, at_counters)
    mornings = [lines for hall in halls.values() if (lines := hall.morning())]
    for lines in sorted(mornings, key=lambda lines: lines[0][0]):
        yield lines[0][0], lines
    begin = merge(
        _tickets(halls), _at_windows(today, at_counters, halls), _online(today, coming),
        visits(today, halls.values(), {_case_id(today, c.serial): c.offer for c in at_counters}),
        key=itemgetter(0),
    )  # fmt: skip
    for second, lines in begin:
        yield today.moment(second), lines


def _tickets(halls: dict[str, Hall]) -> Iterator[tuple[int, list[Timed]]]:
    tickets = [
        (ticket.visitor.at, n, ticket.no)
        for n, hall in enumerate(halls.values())
        for ticket in hall.tickets
    ]
    every = list(halls.values())
    for at, n, no in sorted(tickets):
        yield at, every[n].told(every[n].tickets[no])


def _at_windows(
    today: Today, coming: list[Coming], halls: dict[str, Hall]
) -> Iterator[tuple[int, list[Timed]]]:
    """Write the cases that somebody handed in at a window, in the order in which that was."""
    served: list[tuple[int, Coming, Ticket]] = []
    by_case = {_case_id(today, each.serial): each for each in coming}
    for hall in halls.values():
        served += [
            (ticket.start, by_case[ticket.visitor.case], ticket)
            for ticket in hall.tickets
            if ticket.start is not None
        ]
    gamed = _gamed(today, halls)
    for start, each, ticket in sorted(served, key=itemgetter(0)):
        window = ticket.window or each.window
        submit = start + 20 + ticket.visitor.seconds // 20
        accept = start + ticket.visitor.seconds * 4 // 5
        visit = _visit(today, each, submit, window)._replace(
            accept_at=accept, ticket=halls[each.centre.id].ticket_id(ticket),
            gamed=gamed.get(window.id, ""),
        )  # fmt: skip
        yield start, write(Script(visit, each.plan, each.rng, today.moment))


def _online(today: Today, coming: list[Coming]) -> Iterator[tuple[int, list[Timed]]]:
    for each in coming:
        if not _takes_ticket(each):
            visit = _visit(today, each, each.at, each.window)
            yield each.at, write(Script(visit, each.plan, each.rng, today.moment))


def _takes_ticket(each: Coming) -> bool:
    """Tell whether a case comes through the hall; what is done elsewhere never does."""
    return each.channel == "window" and "outside" not in each.plan


def write(s: Script) -> list[Timed]:
    """Give the lines of a case, in order."""
    counter.apply(s)
    if counter.accept(s):
        outcome.decide(s, office.bring_to_decision(s))
        repairs.amend(s)
        voice.rate(s)
    if s.meets("outside"):
        _backfill(s)
    if s.meets("stray_certificate"):
        outcome.stray(s)
    repairs.repeat(s)
    return s.lines


def _backfill(s: Script) -> None:
    """体外循环: nothing was entered when it happened, and all of it afterwards at once.

    Between its lines no clock may tick: the ledger would find that nobody looked at it (C1).
    """
    moment = s.lines[-1][0]
    s.lines = [(moment, {**command, "late_reason": "backfilled"}) for _, command in s.lines]


# ------------------------------------------------------------------------------------ who comes


class Crowd:
    """Draws who comes where for what, by the weights of centres and items."""

    def __init__(self, today: Today) -> None:
        city = today.city
        offers = dict(city.offers)
        if not today.working:
            offers = {
                centre.id: tuple(o for o in offers[centre.id] if o.item.fact.one_person_ok)
                for centre in city.centres
                if centre.is_village
            }
        self._centres = [centre for centre in city.centres if offers.get(centre.id)]
        self._offers = offers
        self._weights = list(accumulate(
            centre.weight * (MARKET if today.is_market(centre.fact.town) else 1)
            for centre in self._centres
        ))  # fmt: skip
        self._offer_weights = {
            centre.id: list(accumulate(offer.item.weight for offer in offers[centre.id]))
            for centre in self._centres
        }

    def draw(self, rng: Random) -> tuple[Centre, Offer]:
        """Draw a centre and an item that it offers."""
        centre = rng.choices(self._centres, cum_weights=self._weights)[0]
        weights = self._offer_weights[centre.id]
        return centre, rng.choices(self._offers[centre.id], cum_weights=weights)[0]


def _coming(today: Today) -> Iterator[Coming]:
    """Draw the cases of a day in order of arrival."""
    rng, crowd = today.chance("cases"), Crowd(today)
    if today.working:
        count = round(today.cases_per_day * WEEKDAYS[today.day.weekday()] * rng.uniform(0.9, 1.1))
    else:
        count = round(today.cases_per_day / VILLAGE_WEEKEND * rng.uniform(0.5, 1.5))
    drawn: list[tuple[int, int, Centre, Offer]] = []
    for at in arrivals(count, rng, whole_day=today.working):
        centre, offer = crowd.draw(rng)
        early = today.is_market(centre.fact.town) and rng.random() < 0.5  # noqa: PLR2004
        drawn.append((at // 3 if early else at, len(drawn), centre, offer))
    for number, (at, _, centre, offer) in enumerate(sorted(drawn, key=itemgetter(0, 1)), 1):
        serial = f"{number:06d}"
        own = today.chance(serial)
        what = plan(today.rates, own)
        if offer.item.fact.promised and offer.item.fact.promised.unit is LimitUnit.DAY:
            what -= VOIDS  # Natural days may end within a holiday: see `faults.SLOW`.
        wrong = "wrong_window" in what and offer.wrong
        channel = pick(CHANNELS, own, 100) if today.working else "window"
        window = own.choice(offer.wrong if wrong else offer.right)
        yield Coming(at, serial, centre, offer, channel, window, what, own)


def arrivals(count: int, rng: Random, *, whole_day: bool) -> list[int]:
    """Draw arrivals in seconds after opening, in order; Saturdays: the morning only."""
    slots = range(len(HALF_HOURS)) if whole_day else range(5)
    weights = list(accumulate(HALF_HOURS[slot] for slot in slots))
    made: list[int] = []
    for slot in rng.choices(slots, cum_weights=weights, k=count):
        at = int((slot + rng.random()) * 30 * MINUTE)
        insort(made, min(at, LAST_ARRIVAL * MINUTE))
    return made


def _halls(today: Today, coming: list[Coming]) -> dict[str, Hall]:
    """Let everybody who comes to a window, and those who only ask, take a ticket."""
    halls = {}

    def place(each: Coming) -> str:
        return each.centre.id

    for name, group in groupby(sorted(coming, key=place), place):
        some = list(group)
        rng = today.chance(f"{name}/tickets")
        visitors = []
        for each in some:
            right = each.window in each.offer.right
            windows = each.offer.right if right else (each.window,)
            seconds = rng.randrange(2, 12) * MINUTE + rng.randrange(MINUTE)
            case = _case_id(today, each.serial)
            queue, named = windows[0].kind.value, not each.plan & UNNAMED
            visitors.append(Visitor(each.at, windows, seconds, queue, case, named))
            if rng.random() < QUESTIONS:
                at = min(each.at + rng.randrange(20 * MINUTE), today.closing - 20 * MINUTE)
                windows = rng.choice(some).offer.right
                ask = rng.randrange(40, 4 * MINUTE)
                visitors.append(Visitor(at, windows, ask, windows[0].kind.value))
        visitors.sort(key=lambda visitor: visitor.at)
        halls[name] = Hall(today, some[0].centre, visitors)
    return halls


def _gamed(today: Today, halls: dict[str, Hall]) -> dict[str, str]:
    """Give window → device, of the windows that rate themselves today."""
    rng = today.chance("gamed")
    return {
        name: f"pad-{name}"
        for hall in halls.values()
        for name in hall.seats
        if meets(today.rates, "gamed", rng)
    }


def _case_id(today: Today, serial: str) -> str:
    return f"HM{today.day:%Y%m%d}-{today.seed}-{serial}"


def _visit(today: Today, each: Coming, at: int, window: Window) -> Visit:
    number = _case_no(today, each.centre.code, each.serial)
    return Visit(_case_id(today, each.serial), number, each.centre, each.offer, each.channel, at,
                 0, window, on_the_spot=not today.working)  # fmt: skip


def _case_no(today: Today, centre: str, serial: str) -> str:
    """Give a 办件编号: region, date, centre, serial, and a check digit (domain.md 2.10)."""
    digits = f"{today.city.region}{today.day:%Y%m%d}{centre}{serial}"
    return digits + str(sum((n % 7 + 1) * int(d) for n, d in enumerate(digits)) % 10)
