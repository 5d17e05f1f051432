"""From a command about a rating to the facts it makes, and to what a correction restates.

Every fact of the stream carries where the rated service was, and of its rating what a live sum
needs: stars, the instant of the rating, in time or not. What follows from facts before is worked
out anew when one of them is corrected; dues that were told are kept.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zlib import crc32

from ledger.contracts.codes import LimitUnit, SourceClass
from ledger.contracts.events import FACTS
from ledger.contracts.events import rating as facts
from ledger.contracts.events import rating_loop as loop
from ledger.contracts.events.base import Limit
from ledger.contracts.wire import Event
from ledger.rules import rating
from ledger.rules.corrections import Restatement, targets_of
from ledger.rules.effective import current
from ledger.rules.facts import HARD, Draft
from ledger.rules.rated import Service, Stamp, StateOf, Subject, service_of, subject_of
from ledger.rules.rating_state import OF_A_SERVICE, Rating
from ledger.rules.reference import Reference
from ledger.rules.refusals import Code, Refused
from ledger.rules.streams import Asked

VERIFY_WORKDAYS = 1
RECTIFY_WORKDAYS = 15
CALLBACK_WORKDAYS = 2
DECIDE_APPEAL_WORKDAYS = 5
KEPT = ("callback_due", "decide_due", "flags")
"""Parts of a stamp that a restatement keeps: what was told or seen on the day."""

Data = Mapping[str, Any]


def decide(asked: Asked) -> list[Draft]:
    """Decide a fact of a rating stream; a negative is dispatched in the batch of its rating.

    Raises:
        Refused: E_STATE, E_TIME_ORDER, E_LIMIT, E_SOD.

    """
    kind, data, at, state = asked.payload.TYPE, asked.data, asked.at, asked.state
    of = rated_by(asked)
    command, reference = asked.command, asked.reference
    hard = command.source_class in HARD
    if kind in OF_A_SERVICE:
        rating.check_service(state, of, kind, data, command.source_class, at)
    else:
        rating.check(state, kind, data, at, hard=hard)
    rating.check_due(state, kind, data)
    if hard:
        rating.check_limits(state, of, kind, data, at, reference.calendar)
        rating.check_people(state, of, kind, data, command, reference)
    stamp = {**_parts(kind, state, data, at, of), **_told(kind, state, data, at, reference)}
    if found := rating.found(state, of, kind, data, command, reference, at):
        stamp["flags"] = found
    drafts = [Draft(asked.stream, kind, data, stamp)]
    negative = kind == facts.RatingSubmitted.TYPE and data["stars"] <= rating.NEGATIVE_STARS_MAX
    if negative and command.source_class is not SourceClass.HISTORICAL:
        drafts.append(_dispatched(asked.stream, data, at, of, reference))
    return drafts


def rated_by(asked: Asked) -> Service:
    """Give the service that a command is about: as it says, or as its rating said."""
    subject = _subject(asked.state, asked.payload.TYPE, asked.data)
    return service_of(subject, asked.key, asked.state_of)


def _subject(state: rating.State, kind: str, data: Data) -> Subject:
    about = state.ratings.get(data.get("rating_id", ""))
    return subject_of(data) if about is None or kind in OF_A_SERVICE else about.subject


def _dispatched(stream: str, data: Data, at: str, of: Service, reference: Reference) -> Draft:
    """Draft the order of a negative: its number and its dues."""
    number = crc32(f"{stream}/{data['rating_id']}".encode())
    said = {
        "rating_id": data["rating_id"], "order_no": f"CP{at[:10].replace('-', '')}-{number:08x}",
        "dept": of.dept, "verify_due": _due(at, VERIFY_WORKDAYS, reference),
        "rectify_due": _due(at, RECTIFY_WORKDAYS, reference),
    }  # fmt: skip
    stamp = {**of.stamp, **_of_rating(data["stars"], at, data["real_name"]),
             "neg_step": "verify", "neg_due": said["rectify_due"]}  # fmt: skip
    said = {name: value for name, value in said.items() if value is not None}
    return Draft(stream, loop.NegDispatched.TYPE, said, stamp, at=at, derived=True)


def _due(at: str, workdays: int, reference: Reference) -> str:
    limit = Limit(n=workdays, unit=LimitUnit.WORKDAY)
    return reference.calendar.due(datetime.fromisoformat(at), limit).isoformat()


def _told(kind: str, state: rating.State, data: Data, at: str, reference: Reference) -> Stamp:
    """Give the dues that a fact sets."""
    if kind == loop.NegRectified.TYPE and state.ratings[data["rating_id"]].real_name:
        return {"callback_due": _due(at, CALLBACK_WORKDAYS, reference)}
    if kind == loop.AppealFiled.TYPE:
        return {"decide_due": _due(at, DECIDE_APPEAL_WORKDAYS, reference)}
    return {}


def _of_rating(stars: int, rated_at: str, real_name: bool) -> Stamp:  # noqa: FBT001
    return {"stars": stars, "rated_at": rated_at, "real_name": real_name}


def breach_stamp(of: Rating) -> Stamp:
    """Stamp a breach with its rating and where that belongs."""
    return {**of.place, **_of_rating(of.stars, of.at, of.real_name)}


def _parts(kind: str, state: rating.State, data: Data, at: str, of: Service) -> Stamp:
    """Give what follows from the service and from the facts before; `state` is before the fact."""
    stamp = dict(of.stamp)
    if kind == facts.RatingSubmitted.TYPE:
        return {**stamp, "first": not state.rated(subject_of(data)), **of.ends}
    about = state.ratings.get(data.get("rating_id", ""))
    if about is None:
        return stamp
    stamp |= _of_rating(about.stars, about.at, about.real_name)
    preview: Event = {  # type: ignore[typeddict-item]
        "type": kind, "time": at, "id": "", "data": {"data": dict(data), "stamp": {}},
    }  # fmt: skip
    after = rating.evolve(state, preview).ratings[about.rating_id]
    stamp |= _moved(about, after)
    if kind == loop.NegRectified.TYPE:
        stamp["in_time"] = at <= about.rectify_due
        if about.verified_at is not None:
            stamp["verified_at"] = about.verified_at
    elif kind == loop.NegCalledBack.TYPE and about.callback_due and after.called_back_at:
        stamp["in_time"] = at <= about.callback_due
    return stamp


def _moved(before: Rating, after: Rating) -> Stamp:
    """Give the step and due a negative leaves, and those it comes to, where a fact moves it."""
    was, now = ((each.step, each.rectify_due) for each in (before, after))
    if was == now:
        return {}
    left = {"neg_was": was[0], "neg_was_due": was[1]} if was[0] else {}
    return left | ({"neg_step": now[0], "neg_due": now[1]} if now[0] else {})


# ------------------------------------------------------------------------------------- corrections


def decide_void(asked: Asked) -> list[Draft]:
    """Void facts of a rating stream; a rating takes all that was done about it along.

    Raises:
        Refused: E_STATE for what the ledger worked out; as every void; E_SOD also where the rated
            ask or approve; E_DEPENDENT.

    """
    history = asked.history_of(asked.stream)
    gone, counting = targets_of(asked.data, asked.at, history)
    for target in sorted(gone):
        if not FACTS[counting[target]["type"]].COMMAND:
            raise Refused(Code.E_STATE, f"the ledger worked {target} out; void its rating")
    told = [(counting[target]["type"], counting[target]["data"]["data"]) for target in gone]
    about = {_subject(asked.state, kind, data) for kind, data in told}
    rated = {each for of in about for each in service_of(of, asked.key, asked.state_of).staff}
    for name in ("requested_by", "approved_by"):
        if asked.data[name] in rated:
            raise Refused(Code.E_SOD, f"{asked.data[name]} is rated here; others have to correct")
    restated, needing = _retold(asked.stream, counting, gone, asked.state_of, judged=True)
    if needing:
        raise Refused(
            Code.E_DEPENDENT,
            f"{', '.join(needing)} would no longer be legal; name them in cascade",
            tuple(needing),
        )
    void = Draft(asked.stream, facts.RatingEventVoided.TYPE, asked.data, {})
    return [void, *map(restamped, restated)]


def restated_beside(asked: Asked, after: object) -> list[Draft]:
    """Restate what counts differently because what was rated is another now: `after`.

    `asked` is the command about the rated: a case, a hall's day, a task.
    """
    stream = f"rating/{asked.key}"
    if not asked.state_of(stream).subjects:
        return []

    def known(name: str) -> object:
        return after if name == asked.stream else asked.state_of(name)

    counting = current(asked.history_of(stream))
    restated, _ = _retold(stream, counting, set(), known, judged=False)
    return [restamped(each) for each in restated]


def restamped(each: Restatement) -> Draft:
    """Draft one restatement of a rating stream."""
    data = {"target": each.target, "before": each.before, "after": each.after}
    return Draft(each.stream, facts.RatingEventRestamped.TYPE, data, {}, each.target)


def _retold(
    stream: str, counting: Mapping[str, Event], gone: set[str], state_of: StateOf, *, judged: bool
) -> tuple[list[Restatement], list[str]]:
    """Tell the ratings of one key again; give what is restated and what would not be legal."""
    key = stream.partition("/")[2]
    services: dict[Subject, Service] = {}
    state = rating.State()
    restated, needing = [], []
    withdrawn: set[str] = set()
    for target, fact in counting.items():
        kind, data = fact["type"], fact["data"]["data"]
        about = data.get("rating_id")
        if kind == facts.RatingSubmitted.TYPE:
            (withdrawn.add if target in gone else withdrawn.discard)(data["rating_id"])
        if target in gone or about in withdrawn:
            restated.append(Restatement(stream, target, fact, None))
            continue
        if judged and kind not in OF_A_SERVICE and FACTS[kind].COMMAND:
            hard = fact["sourceclass"] == SourceClass.INTERACTIVE
            try:
                rating.check(state, kind, data, fact["time"], hard=hard)
            except Refused:
                needing.append(target)
                continue
        named = _subject(state, kind, data)
        if named not in services:
            services[named] = service_of(named, key, state_of)
        after = _restamp(fact, state, services[named])
        state = rating.evolve(state, after)
        if after != fact:
            restated.append(Restatement(stream, target, fact, after))
    return restated, needing


def _restamp(fact: Event, state: rating.State, of: Service) -> Event:
    old, data = fact["data"]["stamp"], fact["data"]["data"]
    if fact["type"] == loop.NegDispatched.TYPE:
        kept = ("stars", "rated_at", "real_name", "neg_step", "neg_due")
        fresh = {**of.stamp, **{n: old[n] for n in kept if n in old}}
    else:
        fresh = _parts(fact["type"], state, data, fact["time"], of)
        fresh |= {name: old[name] for name in KEPT if name in old}
    return fact if fresh == old else {**fact, "data": {"data": data, "stamp": fresh}}
