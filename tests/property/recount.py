"""The breaches of a case, counted anew by somebody slow: one fact, one day after another.

Knows nothing of `ledger.rules.clocks`: written from domain.md 4.2 and 4.3.
"""

from datetime import datetime, time, timedelta

END = time(23, 59, 59, 999000)
ENDS = {"case.not_accepted", "case.withdrawn", "case.terminated"}
LAW, OURS = {"C2", "C3", "C4"}, {"C3", "C4"}


class Diary:
    """The calendars that were published, with the time of each."""

    def __init__(self):
        self.published = []

    def publish(self, at, holidays, workdays):
        self.published.append((at, set(holidays), set(workdays)))

    def works(self, day, as_of=None):
        """Whether people work on `day`, as was known at `as_of`; None: now."""
        known = [(h, w) for at, h, w in self.published if as_of is None or at <= as_of]
        if not known or day.year != 2020:
            return day.weekday() < 5
        holidays, workdays = known[-1]
        return str(day) in workdays or (day.weekday() < 5 and str(day) not in holidays)


def recount(facts, diary, tick):
    """Every (code, about, start, due) that is broken at `tick`; of `facts` those that count."""
    facts = list(facts)
    broken = set()
    for code, about, start, n, stop in obligations(facts):
        due = due_of(facts, diary, code, about, start, n, stop)
        if due is not None and due < (tick if stop is None else stop["time"]):
            broken.add((code, about, start, due))
    return broken


def recorded(facts):
    """The breaches that the ledger holds for right: as `recount` gives them."""
    return {name(fact) for fact in facts if fact["type"] == "case.clock_breached"}


def name(fact):
    data = fact["data"]["data"]
    return data["clock"], data["about"], data["start"], data["due"]


def obligations(facts):
    """Give (code, about, start, limit, the fact that stopped it) of everything that ran."""
    for i, fact in enumerate(facts):
        kind, at, data = fact["type"].removeprefix("case."), fact["time"], fact["data"]["data"]
        later = facts[i + 1 :]

        def stopped(*kinds, later=later, ends=ENDS, **fields):
            for other in later:
                said = other["data"]["data"]
                if other["type"] in ends or (
                    other["type"].removeprefix("case.") in kinds
                    and all(said.get(n) == v for n, v in fields.items())
                ):
                    return other
            return None

        if kind == "submitted" or (kind == "supplemented" and data["complete"]):
            yield "C1", "", at, 5, stopped("supplement_noticed", "accepted", "deemed_accepted")
        if kind == "supplement_noticed":
            again = stopped("supplement_noticed")
            done = stopped("supplemented", complete=True)
            found = [f for f in later if f is again or f is done]
            yield "C6", "", at, 30, found[0] if found else None
        if kind in {"accepted", "deemed_accepted"}:
            stamp = fact["data"]["stamp"]
            start = data.get("effective_at", at)
            for code, limit in (("C2", "statutory_limit"), ("C3", "promised_limit")):
                if limit in stamp:
                    yield code, "", start, stamp[limit]["n"], stopped("concluded")
            if stamp["project_type"] == "instant":
                yield "C0", "", start, "today", stopped("concluded")
        if kind == "step_started" and "limit" in data:
            over = ENDS | {"case.concluded"}
            done = stopped("step_finished", step_no=data["step_no"], ends=over)
            yield "C4", str(data["step_no"]), at, data["limit"]["n"], done
        if kind == "transferred":
            yield (
                "C5",
                data["transfer_id"],
                at,
                "4h",
                stopped("transfer_received", "transfer_refused"),
            )
        if kind == "deficiency_committed":
            yield "C7", "", at, data["due_at"], last_material(later, data["materials"])
        if kind == "decision_made" and data["outcome"] != "rejected":
            yield "C8", "", at, 10, stopped("delivered", "archived", "decision_revoked")
        if kind == "special_started":
            done = stopped("special_ended", sp_no=data["sp_no"])
            yield "C9", data["sp_no"], at, data["days_told"], done


def last_material(later, materials):
    owed = set(materials)
    for fact in later:
        if fact["type"] == "case.deficiency_filled":
            owed -= set(fact["data"]["data"]["materials"])
        if fact["type"] in {*ENDS, "case.deficiency_failed"} or not owed:
            return fact
    return None


def due_of(facts, diary, code, about, start, n, stop):
    """Give the due as text; None: an open pause holds it off."""
    as_of = stop and stop["recordedat"]
    begin = datetime.fromisoformat(start)
    if n == "today":
        return datetime.combine(begin.date(), END, begin.tzinfo).isoformat()
    if n == "4h":
        return four_hours(diary, begin, as_of).isoformat()
    if isinstance(n, str):
        return datetime.fromisoformat(n).astimezone(begin.tzinfo).isoformat()
    breaches = [f for f in facts if f["type"] == "case.clock_breached"]
    mine = [f["streamversion"] for f in breaches if name(f)[:3] == (code, about, start)]

    def counts(fact):
        return not any(version < fact["streamversion"] for version in mine)

    paused = [(a, b) for f, a, b, codes in pauses(facts) if code in codes and counts(f)]
    due = count_days(diary, begin, n, paused, as_of)
    granted = [f for f in facts if f["type"] == "case.extension_granted"]
    if granted and code in {"C2", "C3"} and counts(granted[0]):
        in_time = due is None or granted[0]["time"] <= due
        more = granted[0]["data"]["data"]["days"] if in_time else 0
        due = count_days(diary, begin, n + more, paused, as_of)
    return due


def pauses(facts):
    """Give (fact, first day, last day or None, clocks)."""
    for i, fact in enumerate(facts):
        data = fact["data"]["data"]
        if fact["type"] == "case.special_started" and data["excluded"]:
            ends = [f for f in facts[i:] if f["type"] == "case.special_ended"
                    and f["data"]["data"]["sp_no"] == data["sp_no"]]  # fmt: skip
            codes = LAW
        elif fact["type"] == "case.clock_suspended":
            ends = [f for f in facts[i:] if f["type"] == "case.clock_resumed"]
            codes = LAW if data.get("legal_basis") else OURS
        else:
            continue
        yield fact, day_of(fact), day_of(ends[0]) if ends else None, codes


def day_of(fact):
    return datetime.fromisoformat(fact["time"]).date()


def count_days(diary, begin, n, paused, as_of):
    day = begin.date()
    while n > 0:
        day += timedelta(days=1)
        over = [last for first, last in paused if first < day and (last is None or day <= last)]
        if None in over:
            return None
        n -= not over and diary.works(day, as_of)
    return datetime.combine(day, END, begin.tzinfo).isoformat()


def four_hours(diary, moment, as_of):
    left = 240
    while left:
        left -= diary.works(moment.date(), as_of) and time(9) <= moment.time() < time(17)
        moment += timedelta(minutes=1)
    return moment
