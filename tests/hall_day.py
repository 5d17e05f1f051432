"""A day of a hall in words: what its people, its ticket machine and its ticks say."""

import orjson

from ledger.contracts.events import COMMANDS
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
        """The clock reaches the partition; give the events of halls that this makes."""
        self.hall.seq += 1
        now = self.hall.now.isoformat()
        made = self.hall.decide(orjson.dumps({
            "type": "clock.tick", "key": "0", "occurred_at": now, "source_class": "system",
            "source_system": "clock", "source_seq": f"0@{now}"})).events  # fmt: skip
        return tuple(event for event in made if not event.stream.startswith("partition/"))

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


def busy_day(rng, key, windows, clerks, steps):
    """Yield (type, data) of `steps` commands of a hall's day, most of them legal.

    To be sent the local time the ledger gave the fact (for a tick: the tick), or None when it
    was refused.
    """
    stream, state = f"hall/{key}", rules.State()
    for step in range(steps):
        kind, data = _next(rng, state, windows, clerks, step)
        at = yield kind, data
        if kind == "clock.tick":
            for draft in rules.settle(stream, state, None, at, list):
                state = rules.evolve(state, _told(draft.type, draft.data, draft.at, stream))
        elif at is not None:
            told = COMMANDS[kind].model_validate(data).model_dump(mode="json", exclude_none=True)
            state = rules.evolve(state, _told(COMMANDS[kind].TYPE, told, at, stream, "imported"))


def _told(kind, data, at, stream, source="system"):
    return {"type": kind, "time": at, "subject": stream, "sourceclass": source,
            "data": {"data": data, "stamp": {}}}  # fmt: skip


def _next(rng, state, windows, clerks, step):
    """Choose what is said next: to a ticket, to a window, or that time passes."""
    what = rng.random()
    live = [t for t, ticket in state.tickets.items() if ticket.status != "END"]
    if what < 0.02:
        return "clock.tick", {}
    if what < 0.1 and any(window.staff for window in state.windows.values()):
        seated = sorted(window.staff for window in state.windows.values() if window.staff)
        verb = rng.choice(("record_in", "record_in", "leave_post", "leave_post", "return",
                           "record_out", "record_out", "record_leave"))  # fmt: skip
        return f"staff.{verb}", {"staff_id": rng.choice(seated)}
    if what < 0.25 or not state.windows:
        window = rng.choice(windows)
        verb = rng.choice(("open", "open", "pause", "resume", "resume", "close"))
        more = {"open": {"staff_id": rng.choice(clerks)}, "pause": {"reason": "meal"}}
        return f"window.{verb}", {"window_id": window, **more.get(verb, {})}
    if what < 0.4 or not live:
        data = {"ticket_id": f"t{step}", "no": f"A{step}", "queue_id": "q"}
        return "ticket.issue", {**data, **({"appointment_id": "a"} if rng.random() < 0.2 else {})}
    ticket_id = rng.choice(live)
    ticket = state.tickets[ticket_id]
    row = ticket.status if ticket.parked_at is None else "parked"
    row = "parked SERV" if row == "parked" and ticket.status == "SERV" else row
    usual = {"WAIT": "ticket.call", "CALL": "ticket.start_service", "PASS": "ticket.call",
             "SERV": "ticket.finish_service"}  # fmt: skip
    kind = rng.choice(rules.TICKETS[row]).COMMAND
    if row in usual and rng.random() < 0.6:
        kind = usual[row]
    return kind, _ticket_data(rng, state, kind, ticket_id, windows, clerks)


def _ticket_data(rng, state, kind, ticket_id, windows, clerks):
    ticket, data = state.tickets[ticket_id], {"ticket_id": ticket_id}
    ready = [name for name, window in state.windows.items() if window.status == "open"]
    match kind:
        case "ticket.check_in":
            data["appointment_id"] = "a"
        case "ticket.call":
            data |= {"window_id": rng.choice(ready or windows), "call_no": ticket.call_no + 1}
        case "ticket.start_service":
            seat = state.windows.get(ticket.window)
            data |= {"window_id": ticket.window,
                     "staff_id": (seat.staff if seat else None) or rng.choice(clerks)}  # fmt: skip
        case "ticket.transfer":
            data["to_queue"] = "r"
        case "ticket.finish_service":
            data["outcome"] = rng.choice(("normal", "normal", "consult_only", "unable", "left"))
    return data
