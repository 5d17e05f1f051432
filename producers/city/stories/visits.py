"""一次一评 (visits): at the hall's tablet, as soon as the service ended; what comes of a negative.

Drawn from a chance of its own: the same seed tells the same halls and cases with it or without.
"""

from collections.abc import Iterable, Iterator, Mapping
from operator import itemgetter
from random import Random

from ledger.contracts.codes import Post
from producers.city.faults import Plan, Timed, meets
from producers.city.queues import Ticket
from producers.city.script import LEDGER_OF_THE_CITY, Script, Visit, pick
from producers.city.stories import voice
from producers.city.stories.halls import Hall
from producers.city.today import Today
from producers.city.town import Offer

ASKED = 0.97
"""Visits that are asked for a rating when they end; R10 counts the others."""
RATES = 0.62
"""Of those who are asked."""
BEFITS = ("angry", "loop_late", "loop_extended", "loop_not_valid", "unreached")
APPEALS = ("appeal_upheld", "appeal_denied")
"""What only a window may meet whose clerk holds a post that files an appeal."""


def visits(
    today: Today, halls: Iterable[Hall], offers: Mapping[str, Offer]
) -> Iterator[tuple[int, list[Timed]]]:
    """Tell the ratings of visits that ended with a case, by when they ended; `offers`: of cases."""
    told = []
    for hall in halls:
        rng = today.chance(f"{hall.centre.id}/visits")
        for ticket in hall.tickets:
            if (end := _ended(ticket)) is not None and ticket.visitor.case:
                lines = _rate(today, hall, ticket, end, offers[ticket.visitor.case], rng)
                told += [(end, lines)] if lines else []
    yield from sorted(told, key=itemgetter(0))


def _ended(ticket: Ticket) -> int | None:
    """Give the second at which the clerk told that the service was done."""
    if not ticket.facts:
        return None
    second, verb, said = ticket.facts[-1]
    return second if verb == "finish_service" and said["outcome"] == "normal" else None


def _rate(
    today: Today, hall: Hall, ticket: Ticket, end: int, offer: Offer, rng: Random
) -> list[Timed]:  # fmt: skip
    window = hall.window_of(ticket)
    appeals = APPEALS if Post.ACCEPT in window.posts else ()
    plan: Plan = frozenset(kind for kind in (*BEFITS, *appeals) if meets(today.rates, kind, rng))
    name = hall.ticket_id(ticket)
    visit = Visit(hall.key, f"------{name}", hall.centre, offer, "window", end, 0, window, name)
    s = Script(visit, plan, rng, today.moment)
    s.name = f"{name}v"
    about = {"subject": "ticket", "ticket_id": name}
    if not s.chance(ASKED):
        return []
    s.now += rng.randrange(1, 20)
    s.say("rating.invite", {**about, "via": "hall_tablet", "rated_staff": [window.clerk]},
          LEDGER_OF_THE_CITY)  # fmt: skip
    if s.chance(RATES) or s.meets("angry"):
        s.now += rng.randrange(6, 90)
        stars = pick(voice.STARS, rng, 1000)
        if s.meets("angry"):
            stars = min(stars, rng.randint(1, voice.NEGATIVE_MAX))
        voice.rate_visit(s, stars, about)
    return s.lines
