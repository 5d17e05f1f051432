"""电子监察 (supervision): the alerts that a batch raises, raises further, cancels or closes.

Called once for each stream a batch settles, with the facts of the batch that may touch a rule.
Three causes: a fact touches a rule (`TOUCHES`), time does (instants), or a correction takes the
ground away: then everything that counts of the subject is looked at again, and what has no ground
any more is cancelled by the ledger (`corrected`). Imported history raises nothing.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

from ledger.contracts.codes import AlertLevel, SourceClass
from ledger.contracts.events import case_course as course
from ledger.contracts.events import supervision as facts
from ledger.contracts.wire import Event
from ledger.rules import alerts, clocks, hall_watch, inspection
from ledger.rules.alert_instants import Moment, of_case, of_clock, of_clocks, of_commitment
from ledger.rules.effective import CORRECTIONS, RESTAMPED, current
from ledger.rules.facts import Draft
from ledger.rules.laid import Laid, held_by, place_of
from ledger.rules.measures import Where
from ledger.rules.reference import Reference
from ledger.rules.supervision_conditions import CONDITIONS, Beside
from ledger.rules.supervision_rules import RULES, TOUCHES, VERSION, Mode, Touch

_AT_ONE_KEY = ("case", "rating", "interaction", "hall", "agent")
BESIDE = {**dict.fromkeys(_AT_ONE_KEY, _AT_ONE_KEY), "inspection": ("inspection",)}
"""Stream → the streams whose alerts lie beside its own; a rating's: those of what it rates."""
BY_TYPE: dict[str, tuple[Touch, ...]] = {
    kind: tuple(touch for touch in TOUCHES if touch.event == kind)
    for kind in {touch.event for touch in TOUCHES}
}
FLAGGED = frozenset(kind for kind, all_ in BY_TYPE.items() if all(touch.flag for touch in all_))
"""Facts that touch a rule by a flag only."""
MOVES = frozenset({course.CommitmentVerified.TYPE, course.DecisionRevoked.TYPE})
"""They touch no rule, but time has, will, or will not, because of them."""
BREACHES = frozenset({"case.clock_breached", "rating.clock_breached", "inspection.clock_breached"})


class Want(NamedTuple):
    """An alert that there is ground for."""

    at: str
    rule: str
    level: str
    subject: str
    about: str
    facts: tuple[str, ...]
    place: Callable[[], Laid]
    """Asked for when something is drafted: to whom time is laid takes the whole history."""
    held: bool = False
    """Laid to who held the case then, whoever holds it now."""

    @property
    def alert_id(self) -> str:
        """Of the alert it is."""
        return alerts.alert_id(self.rule, self.subject, self.about)


def touches(event: Event) -> bool:
    """Tell, by its type and flags alone, whether a fact may move an alert; hardly any does."""
    kind = event["type"]
    if kind in FLAGGED:
        return "flags" in event["data"]["stamp"]
    return kind in BY_TYPE or kind in MOVES or kind.endswith(RESTAMPED)


def alerts_of(
    stream: str, touched: Sequence[Event], beside: Beside, at: str, now: str, tick: str
) -> list[Draft]:  # fmt: skip
    """Draft what a batch makes of the alerts of one subject; [] mostly.

    Args:
        stream: the stream that is settled.
        touched: facts of the batch for which `touches` is true.
        beside: states after the batch.
        at: when the command's fact happened.
        now: when it is recorded: what a correction makes due before this is raised with it.
        tick: the tick; "" outside a tick.

    """
    kind, _, key = stream.partition("/")
    if kind not in BESIDE:
        return []
    state = beside.state_of(stream)
    stopped = [] if tick else list(_of_stopped(stream, state, beside.reference, at))
    if not (touched or stopped or tick or kind == "hall"):
        return []
    if any(event["type"].endswith(RESTAMPED) for event in touched) or any(
        at <= moment.at < now for moment in stopped
    ):  # Somebody tells now that a clock had stopped before time touched a rule.
        return _reconciled(key, BESIDE[kind], beside, at, now)
    wants = [want for event in touched for want in touched_by(event, beside)]
    if tick:
        wants += _in_time(stream, state, beside, tick)
    elif any(event["type"] in BREACHES | MOVES for event in touched):
        wants += _in_time(stream, state, beside, "")
    resolves = any(moment.reached for moment in stopped) or (kind == "hall" and not tick)
    if not wants and not resolves:
        return []
    known: dict[str, alerts.Alert] = dict(beside.state_of(alerts.subject_stream(key)))
    drafts = _risen(key, wants, known)
    if resolves:
        drafts += _resolved(stream, state, beside.reference, at, known)
    return drafts


def touched_by(event: Event, beside: Beside) -> Iterator[Want]:
    """Give the alerts that a fact is ground for, as it counts now."""
    if event["sourceclass"] == SourceClass.HISTORICAL:
        return
    stamp = event["data"]["stamp"]
    flags = stamp.get("flags", ())
    for touch in BY_TYPE.get(event["type"], ()):
        if touch.flag and touch.flag not in flags:
            continue
        if not all(_holds(where, event) for where in touch.where):
            continue
        if touch.test and not CONDITIONS[touch.test](event, beside):
            continue
        about = _field(event, touch.about) if touch.about else ""
        yield Want(event["time"], touch.rule, touch.level, event["subject"], str(about or ""),
                   (event["id"],), partial(place_of, event, beside),
                   event["type"] == course.ClockBreached.TYPE)  # fmt: skip


def _field(event: Mapping[str, Any], path: str) -> Any:  # noqa: ANN401
    room, _, name = path.partition(".")
    return event["data"][room].get(name)


def _holds(where: Where, event: Event) -> bool:
    return bool(_field(event, where.field) == where.value)


# ------------------------------------------------------------------------------------------- time


def _moments(
    stream: str, state: Any, reference: Reference, *, running: bool = False  # noqa: ANN401
) -> Iterator[Moment]:  # fmt: skip
    match stream.partition("/")[0]:
        case "case":
            yield from of_case(state, reference.calendar, running=running)
        case "hall":
            yield from hall_watch.of_hall(state, reference.calendar)
        case _:
            ticking = _ticking(stream, state)
            yield from of_clocks(ticking, reference.calendar, running=running)


def _ticking(stream: str, state: Any) -> clocks.Clocks:  # noqa: ANN401
    """Give the clocks of a stream that has alerts; a hall has none."""
    match stream.partition("/")[0]:
        case "case" | "rating":
            ticking: clocks.Clocks = state.clocks
            return ticking
        case "inspection":
            return inspection.ticking(state)
    return clocks.NONE


def _in_time(
    stream: str, state: Any, beside: Beside, until: str  # noqa: ANN401
) -> Iterator[Want]:  # fmt: skip
    """Give what time is ground for: of what runs up to `until`, of stopped clocks up to the stop.

    A reminder has no ground once its clock stopped.
    """
    for moment in _moments(stream, state, beside.reference):
        running = moment.stop is None
        if (running and moment.at < until) or (
            moment.reached and moment.level != AlertLevel.REMIND
        ):
            yield Want(moment.at, moment.rule, moment.level, stream, moment.about, (),
                       partial(held_by, stream, state, moment, beside),
                       stream.startswith("case/"))  # fmt: skip


def look(
    stream: str, state: Any, reference: Reference, known: Callable[[str], Any], tick: str  # noqa: ANN401
) -> str | None:  # fmt: skip
    """Give when a tick has to look at a stream for its alerts; None: never by itself.

    Never later than the first instant at which `alerts_of` would draft something; `known` gives
    the state of a stream, and is asked only where an instant before the last tick is left.
    """
    found = None
    for moment in _moments(stream, state, reference, running=True):
        if found is not None and moment.at >= found:
            continue
        if moment.at < tick:
            beside = known(alerts.subject_stream(stream.partition("/")[2]))
            name = alerts.alert_id(moment.rule, stream, moment.about)
            if alerts.rises(beside.get(name), moment.level) is None:
                continue
        found = moment.at
    return found


# ----------------------------------------------------------------------------------------- drafts


def _risen(key: str, wants: Iterable[Want], known: dict[str, alerts.Alert]) -> list[Draft]:
    """Draft what is raised, or raised further, in order of time; `known` moves along."""
    stream = alerts.subject_stream(key)
    drafts = []
    for want in sorted(wants, key=lambda each: each[:5]):
        before = known.get(want.alert_id)
        kind = alerts.rises(before, want.level)
        if kind is None:
            continue
        draft, after = _said(stream, kind, want, before)
        known[want.alert_id] = after
        drafts.append(draft)
    return drafts


def _said(
    stream: str, kind: str, want: Want, before: alerts.Alert | None
) -> tuple[Draft, alerts.Alert]:
    dept, centre, window = want.place()
    said: dict[str, Any] = {
        "alert_id": want.alert_id, "rule_id": want.rule, "rule_version": VERSION,
        "level": str(want.level), "subject": want.subject, "about": want.about,
        "facts": list(want.facts), "since": want.at, "holder_dept": dept,
        "holder_centre": centre, "window": window,
    }  # fmt: skip
    data = {name: value for name, value in said.items() if value is not None}
    after = alerts.said(before, data, want.at)
    draft = Draft(stream, kind, data, alerts.stamp_of(before, after), _cause(want), at=want.at,
                  centre=centre, derived=True)  # fmt: skip
    return draft, after


def _cause(want: Want) -> str | None:
    return want.facts[0] if want.facts else None


def _ended(key: str, alert: alerts.Alert, kind: str, at: str, **data: str) -> Draft:
    """Draft the end of an alert by the ledger itself."""
    said = {"alert_id": alert.alert_id, **data}
    after = alerts.handled(alert, kind, said)
    return Draft(alerts.subject_stream(key), kind, said, alerts.stamp_of(alert, after),
                 at=max(at, alert.at), centre=alert.centre, derived=True)  # fmt: skip


def _cancelled(key: str, alert: alerts.Alert, at: str) -> Draft:
    return _ended(key, alert, facts.AlertCancelled.TYPE, at, reason_code=alerts.CORRECTED,
                  approver=alerts.LEDGER)  # fmt: skip


def _closed(key: str, alert: alerts.Alert, at: str) -> Draft:
    return _ended(key, alert, facts.AlertClosed.TYPE, at, reason_code=alerts.RESOLVED)


# ---------------------------------------------------------------------------- reminders done with


def _of_stopped(
    stream: str, state: Any, reference: Reference, at: str  # noqa: ANN401
) -> Iterator[Moment]:  # fmt: skip
    """Give the instants of what stopped at an instant: by what just happened."""
    ticking = _ticking(stream, state)
    for clock in ticking.all:
        if clock.stop == at:
            yield from of_clock(ticking, clock, reference.calendar)
    if stream.startswith("case/"):
        yield from (m for m in of_commitment(state, reference.calendar) if m.stop == at)


def _resolved(
    stream: str, state: Any, reference: Reference, at: str, known: Mapping[str, alerts.Alert]  # noqa: ANN401
) -> list[Draft]:  # fmt: skip
    """Draft the end of reminders whose clock stopped, of congestions that are over."""
    kind, _, key = stream.partition("/")
    if kind == "hall":
        congested = [alert for alert in known.values()
                     if alert.status == "open" and alert.rule == hall_watch.CONGESTED]  # fmt: skip
        over = bool(congested) and hall_watch.relieved(state, at)
        return [_closed(key, alert, at) for alert in congested if over]
    open_still = {
        alerts.alert_id(moment.rule, stream, moment.about)
        for moment in _moments(stream, state, reference, running=True)
    }
    reminders = [
        alert for alert in known.values() if _is_reminder(alert) and alert.subject == stream
    ]
    return [_closed(key, alert, at) for alert in reminders if alert.alert_id not in open_still]


def _is_reminder(alert: alerts.Alert) -> bool:
    """Tell whether time alone raised it, to remind of something still to be done."""
    reminds = alert.level == AlertLevel.REMIND and not alert.facts
    return reminds and alert.status == "open" and not alert.swept


# ------------------------------------------------------------------------------------ corrections


def _reconciled(
    key: str, kinds: Sequence[str], beside: Beside, at: str, now: str
) -> list[Draft]:  # fmt: skip
    """Draft what a correction makes of the alerts of a subject."""
    wants: dict[str, Want] = {}
    for kind in kinds:
        stream = f"{kind}/{key}"
        history = beside.history_of(stream)
        corrections = [event for event in history if event["type"].endswith(CORRECTIONS)]
        counting = [*current(history).values(), *corrections]
        grounds = [want for event in counting for want in touched_by(event, beside)]
        grounds += _in_time(stream, beside.state_of(stream), beside, now)
        for want in grounds:
            other = wants.get(want.alert_id)
            if other is None or alerts.ORDER[AlertLevel(other.level)] < alerts.ORDER[
                AlertLevel(want.level)
            ]:  # fmt: skip
                wants[want.alert_id] = want
    drafts, again = [], []
    known: Mapping[str, alerts.Alert] = beside.state_of(alerts.subject_stream(key))
    for name, alert in known.items():
        ground = wants.get(name)
        if alert.subject.partition("/")[0] not in kinds or not _is_groundless(alert, ground):
            continue
        reminds = _is_reminder(alert) and ground is None
        drafts.append(_closed(key, alert, at) if reminds else _cancelled(key, alert, at))
        if ground is not None:
            again.append(ground)
            wants.pop(name)
    stream = alerts.subject_stream(key)
    for want in again:
        # It falls to what there still is ground for: cancelled, and raised anew below.
        before = alerts.handled(known[want.alert_id], facts.AlertCancelled.TYPE,
                                {"reason_code": alerts.CORRECTED})  # fmt: skip
        drafts.append(_said(stream, facts.AlertRaised.TYPE, want, before)[0])
    return drafts + _risen(key, wants.values(), dict(known))


def _is_groundless(alert: alerts.Alert, want: Want | None) -> bool:
    """Tell whether nothing that counts touches the rule any more, at the level of the alert.

    An open one that is laid to who did not hold the case then has no ground where it is.
    """
    if alert.status == "cancelled" or alert.swept or RULES[alert.rule].mode is Mode.COMMAND:
        return False
    if alert.status == "closed" and alert.level == AlertLevel.REMIND:
        return False
    if want is not None:
        falls = alerts.ORDER[AlertLevel(want.level)] < alerts.ORDER[AlertLevel(alert.level)]
        place = (alert.dept, alert.centre, alert.window)
        return falls or (want.held and alert.status == "open" and want.place() != place)
    # What a hall was like at an instant is not told again.
    return bool(alert.facts) or not alert.subject.startswith("hall/")
