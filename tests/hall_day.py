"""A day of a hall in words: what its people, its ticket machine and its ticks say."""

import orjson

from ledger.rules import hall as rules

TOWN_KEY = "town.2020-06-01"
TOWN_STREAM = f"hall/{TOWN_KEY}"
WINDOWS = ("town-1", "town-2", "town-3")
CLERKS = ("an", "dai", "fu")
MACHINE = {"actor": {"kind": "system"}}
GUIDE = {"who": "gao", "post": "guide"}
MANAGER = {"who": "lu", "post": "hall_manager"}


def clerk(staff):
    return {"who": staff, "post": "accept"}


class HallDay:
    """Monday the first of June 2020 in the hall of `town`; times pass only by `hall.wait`."""

    def __init__(self, hall):
        self.hall = hall
        for staff, post in (("gao", "guide"), ("lu", "hall_manager")):
            hall.org_must("staff.join", staff, {"centre": "town"})
            hall.org_must("staff.grant_post", staff, {"post": post, "granted_by": "chief"})

    def say(self, kind, data, **more):
        return self.hall.say(kind, more.pop("key", TOWN_KEY), data, **{"centre": "town", **more})

    def must(self, kind, data, **more):
        receipt = self.say(kind, data, **more)
        assert receipt.status == "accepted", receipt
        return self.hall.last(TOWN_STREAM)

    @property
    def state(self):
        return rules.fold(self.hall.events(TOWN_STREAM))

    def tick(self):
        """The clock reaches the partition; give the events that this makes."""
        self.hall.seq += 1
        now = self.hall.now.isoformat()
        return self.hall.decide(orjson.dumps({
            "type": "clock.tick", "key": "0", "occurred_at": now, "source_class": "system",
            "source_system": "clock", "source_seq": f"0@{now}"})).events  # fmt: skip

    # ---------------------------------------------------------------------------- usual things

    def issue(self, ticket="T1", no=None, say=None, **data):
        said = {"ticket_id": ticket, "no": no or ticket, "queue_id": "q", **data}
        return (say or self.must)("ticket.issue", said, **MACHINE)

    def open(self, window="town-1", staff="an", say=None):
        data = {"window_id": window, "staff_id": staff}
        return (say or self.must)("window.open", data, **MANAGER)

    def window(self, verb, window="town-1", say=None, **data):
        """pause, resume or close."""
        reason = {"reason": "meal"} if verb == "pause" else {}
        said = {"window_id": window, **reason, **data}
        return (say or self.must)(f"window.{verb}", said, **MANAGER)

    def call(self, ticket="T1", window="town-1", number=None, say=None):
        known = self.state.tickets.get(ticket)
        number = number or (known.call_no + 1 if known else 1)
        data = {"ticket_id": ticket, "window_id": window, "call_no": number}
        return (say or self.must)("ticket.call", data, **clerk("an"))

    def start(self, ticket="T1", window="town-1", staff=None, say=None):
        seated = self.state.windows.get(window)
        staff = staff or (seated.staff if seated else None) or "an"
        data = {"ticket_id": ticket, "window_id": window, "staff_id": staff}
        return (say or self.must)("ticket.start_service", data, **clerk("an"))

    def finish(self, ticket="T1", outcome="normal", say=None, **data):
        said = {"ticket_id": ticket, "outcome": outcome, **data}
        return (say or self.must)("ticket.finish_service", said, **clerk("an"))

    def ticket(self, verb, ticket="T1", say=None, **data):
        """check_in, transfer, park, resume, pass_over, cancel or expire."""
        who = {"check_in": GUIDE, "expire": MANAGER}.get(verb, clerk("an"))
        more = {"check_in": {"appointment_id": "a1"}, "transfer": {"to_queue": "r"}}.get(verb, {})
        return (say or self.must)(f"ticket.{verb}", {"ticket_id": ticket, **more, **data}, **who)

    def staff(self, verb, staff="an", say=None):
        return (say or self.must)(f"staff.{verb}", {"staff_id": staff}, **MANAGER)

    def bring_to(self, row, ticket="T1"):
        """Bring a new ticket to a row of `rules.TICKETS`; town-1 is open from WAIT on."""
        if row == "-":
            return
        self.open()
        self.issue(ticket)
        for step in {
            "WAIT": (), "CALL": ("call",), "PASS": ("call", "pass_over"),
            "SERV": ("call", "start"), "END": ("call", "start", "finish"), "parked": ("park",),
            "parked SERV": ("call", "start", "park"),
        }[row]:  # fmt: skip
            self.hall.wait(minutes=1)
            if step in {"call", "start", "finish"}:
                getattr(self, step)(ticket)
            else:
                self.ticket(step, ticket)
