"""大厅 (the halls): people sign in, windows open, tickets are called and served, windows close."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from ledger.contracts.codes import Post
from producers.city.faults import Timed, meets
from producers.city.queues import Seat, Ticket, Visitor, seat, serve
from producers.city.today import HOUR, MINUTE, Today
from producers.city.town import CORRECT_APPROVERS, Centre, Window, manager, of_town, source_of

ALL_OPEN = 12
"""With so many visitors a day every window opens; with fewer, those that somebody needs."""
COUNTED = 30
"""With so many visitors a day the hall has a sensor at the door."""
MACHINE = {"kind": "system"}


class Hall:
    """One hall on one day: its windows, its tickets, and the lines that tell of them."""

    def __init__(self, today: Today, centre: Centre, visitors: Sequence[Visitor]) -> None:
        self.today, self.centre = today, centre
        self._rng = today.chance(centre.id)
        rates, rng = today.rates, self._rng
        needed = {window.id for visitor in visitors for window in visitor.windows}
        busy = len(visitors) >= ALL_OPEN
        self.absent: list[Window] = []
        self.seats: dict[str, Seat] = {}
        for window in centre.windows:
            if not (busy or window.id in needed):
                continue
            if len(needed) > 1 and meets(rates, "on_leave", rng):
                self.absent.append(window)
            else:
                self.seats[window.id] = seat(window, rates, rng, today.closing)
        self.tickets = serve(visitors, self.seats, rates, rng, today.closing)
        self.key = f"{centre.id}.{today.day.isoformat()}"
        self._said = count(1)

    def ticket_id(self, ticket: Ticket) -> str:
        """Give the id of a ticket, of which there is one in the city."""
        return f"{self.key}.{ticket.no + 1}"

    def window_of(self, ticket: Ticket) -> Window:
        """Give the window that had to do with a ticket last."""
        names = (data["window_id"] for _, _, data in reversed(ticket.facts) if "window_id" in data)
        return self.seats[next(names)].window

    def morning(self) -> list[Timed]:
        """Tell who is there, the windows' day, and what a sensor counts: in order."""
        lines = [(-50 * MINUTE, self._leave(window)) for window in self.absent]
        lines += self._wrong_leave()
        for each in self.seats.values():
            lines += self._day_of(each)
        if len(self.tickets) >= COUNTED:
            lines += self._heads()
        lines.sort(key=lambda line: line[0])
        return [(self._at(second), self._command(second, *said)) for second, said in lines]

    def told(self, ticket: Ticket) -> list[Timed]:
        """Tell one ticket from the machine to its end."""
        visitor, ticket_id = ticket.visitor, self.ticket_id(ticket)
        data = {"ticket_id": ticket_id, "no": f"A{ticket.no + 1:03d}", "queue_id": visitor.queue}
        lines = [(self._at(visitor.at), self._command(visitor.at, "ticket.issue", data, MACHINE))]
        for second, verb, said in ticket.facts:
            who = self._teller(ticket, said, verb)
            data = {"ticket_id": ticket_id, **said}
            lines.append((self._at(second), self._command(second, f"ticket.{verb}", data, who)))
        return lines

    # ------------------------------------------------------------------------------ the pieces

    def _day_of(self, each: Seat) -> Iterator[tuple[int, tuple[Any, ...]]]:
        """Tell one window from the morning to the evening."""
        window, clerk = each.window, each.window.clerk
        here = {"window_id": window.id}
        itself = {"kind": "staff", "staff": clerk, "post": window.posts[0].value}
        boss = self._boss()
        comes = each.opens - self._rng.randrange(2 * MINUTE, 20 * MINUTE)
        yield comes, ("staff.record_in", {"staff_id": clerk}, MACHINE)
        yield each.opens, ("window.open", {**here, "staff_id": clerk}, boss)
        for begin, end, reason in each.pauses:
            yield begin, ("window.pause", {**here, "reason": reason}, itself)
            yield end, ("window.resume", here, itself)
        closes = max(self.today.closing, each.free) + self._rng.randrange(30, 10 * MINUTE)
        if each.last is not None and meets(self.today.rates, "left_open", self._rng):
            self._leave_open(each)
        yield closes, ("window.close", here, boss)
        yield closes + self._rng.randrange(30, 20 * MINUTE), (
            "staff.record_out", {"staff_id": clerk}, MACHINE)  # fmt: skip

    def _leave_open(self, each: Seat) -> None:
        """Forget to finish the last ticket; half an hour after closing the ledger does it."""
        ticket = each.last
        if ticket is not None and ticket.facts[-1][:2] == (each.free, "finish_service"):
            ticket.facts.pop()

    def _leave(self, window: Window) -> tuple[Any, ...]:
        data = {"staff_id": window.clerk, "kind": self._rng.choice(("annual", "sick", "official"))}
        return "staff.record_leave", data, self._boss()

    def _wrong_leave(self) -> list[tuple[int, tuple[Any, ...]]]:
        """Leave for somebody who comes: the first thing the hall says, and soon voided."""
        if not self.seats or self.absent or self.centre.is_village:
            return []
        if not meets(self.today.rates, "void_leave", self._rng):
            return []
        by = of_town(Post.CORRECTOR, self.centre.id)
        data = {"target": f"hall/{self.key}@1", "reason_code": "wrong_person", "requested_by": by,
                "approved_by": self._rng.choice(CORRECT_APPROVERS)}  # fmt: skip
        window = next(iter(self.seats.values())).window
        who = {"kind": "staff", "staff": by, "post": Post.CORRECTOR.value}
        return [(-55 * MINUTE, self._leave(window)),
                (-50 * MINUTE, ("hall.void_event", data, who))]  # fmt: skip

    def _heads(self) -> Iterator[tuple[int, tuple[Any, ...]]]:
        """Count heads on the hour: those with a ticket, and some who came along."""
        for second in range(HOUR, self.today.closing, HOUR):
            inside = sum(
                ticket.visitor.at < second <= (ticket.facts[-1][0] if ticket.facts else second)
                for ticket in self.tickets
            )
            yield second, ("hall.count_heads", {"count": inside + inside // 3}, MACHINE)

    def _boss(self) -> dict[str, str]:
        return {"kind": "staff", "staff": manager(self.centre), "post": Post.HALL_MANAGER.value}

    def _teller(self, ticket: Ticket, said: Mapping[str, Any], verb: str) -> dict[str, str]:
        """Give who tells a fact of a ticket: the citizen, or the clerk of its window."""
        if verb == "cancel":
            return {"kind": "citizen"}
        name = said.get("window_id")
        window = self.seats[name].window if name else self.window_of(ticket)
        post = Post.ACCEPT if Post.ACCEPT in window.posts else window.posts[0]
        return {"kind": "staff", "staff": window.clerk, "post": post.value}

    def _at(self, second: int) -> datetime:
        return self.today.opening + timedelta(seconds=second)

    def _command(
        self, second: int, kind: str, data: Mapping[str, Any], actor: Mapping[str, str]
    ) -> dict[str, Any]:
        kind, mark, code = kind.partition(".x")
        return {
            "type": kind,
            "key": self.key,
            "occurred_at": self._at(second).isoformat(),
            "source_system": source_of(self.centre.fact.town),
            "source_seq": f"{self.key}.{next(self._said)}{mark}{code}",
            "actor": actor,
            "centre": self.centre.id,
            "data": data,
        }
