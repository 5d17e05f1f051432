"""The streams there are, and the rules of each (domain.md 3.1)."""

from collections.abc import Sequence
from functools import reduce
from typing import Any, NamedTuple

from ledger.contracts.events.case import CaseEventRestamped
from ledger.contracts.events.case_course import ClockBreached
from ledger.contracts.events.reference import ClockTicked
from ledger.contracts.wire import Event
from ledger.rules import (
    agent,
    alerts,
    bundle,
    case,
    deadlines,
    duty,
    hall,
    hall_voids,
    inspection,
    interaction,
    item,
    materials,
    org,
    period,
    rating,
    rating_deadlines,
    rating_facts,
    source,
)
from ledger.rules.case_rights import (
    check_authority,
    check_head,
    check_promise,
    check_receiver,
)
from ledger.rules.corrections import check_targets, current, recounted
from ledger.rules.door import CORRECTIONS
from ledger.rules.effective import CORRECTIONS as CORRECTED
from ledger.rules.facts import (
    Draft,
    decide_case,
    decide_case_amendment,
    decide_case_void,
    envelope,
    restatement,
)
from ledger.rules.outcomes import OF_A_CLOCK
from ledger.rules.rated import Subject
from ledger.rules.reference import Reference
from ledger.rules.registers import CASE_ENDS
from ledger.rules.streams import Asked, StreamRules


def _known_targets(asked: Asked) -> None:
    if asked.command.type.endswith(CORRECTIONS):
        check_targets(asked.stream, asked.data, asked.history_of(asked.stream))


def _known_in_case(asked: Asked) -> None:
    _known_targets(asked)
    materials.check_known(asked)
    duty.check_agent(asked)


def _right_in_case(asked: Asked) -> None:
    if asked.command.type in {"case.receive_transfer", "case.refuse_transfer"}:
        check_receiver(asked.command, asked.state.transfer, asked.reference)
    elif asked.command.type == "case.grant_extension":
        check_head(asked.command, asked.payload, asked.state, asked.reference)
    elif asked.command.type == "case.accept":
        check_authority(asked.command, asked.state.item, asked.at, asked.reference)
        check_promise(asked.command, asked.payload, asked.state.item, asked.reference)


def _decide_case(asked: Asked) -> list[Draft]:
    kind = asked.command.type
    if kind.endswith(CORRECTIONS):
        corrected = decide_case_void if kind.endswith(".void_event") else decide_case_amendment
        drafts, state = corrected(
            asked.stream, asked.data, asked.at, asked.history_of(asked.stream), asked.reference
        )
    else:
        drafts, state = decide_case(asked)
    if kind == "case.conclude" and alerts.suspected(
        asked.state_of(alerts.subject_stream(asked.key))
    ):
        drafts[0] = drafts[0]._replace(stamp={**drafts[0].stamp, "suspected": True})
    if kind == "case.visit" or state.corrected:
        # Accepted or concluded again after a void, or a visit told late: ratings given before
        # count where, when and as what it is accepted and concluded now
        # (tests/agreement/test_corrections.py).
        drafts += rating_facts.restated_beside(asked, state)
    return drafts


def _settle_case(
    stream: str, state: case.State, reference: Reference, tick: str, history: deadlines.History
) -> list[Draft]:
    """Settle a case; a breach that comes or goes behind a fact restates what that counts as."""
    drafts = deadlines.settle(stream, state, reference, tick, history)
    corrected = any(draft.type.endswith(CORRECTED) for draft in drafts)
    stopped = {clock.name for clock in state.clocks.all if clock.stop is not None}
    behind = any(
        (draft.data["clock"], draft.data["about"], draft.data["start"]) in stopped
        for draft in drafts if draft.type == ClockBreached.TYPE
    )  # fmt: skip
    if not (corrected or behind):
        return drafts
    counts = {draft.data["target"]: draft.data["after"] for draft in drafts
              if draft.type == CaseEventRestamped.TYPE}  # fmt: skip
    now = current(history()) | counts
    told = {target: fact for target, fact in now.items() if fact is not None}
    kinds = OF_A_CLOCK | CASE_ENDS
    return drafts + [restatement(each) for each in recounted(stream, told, kinds, reference)]


def _known_in_rating(asked: Asked) -> None:
    if asked.command.type.endswith(CORRECTIONS):
        _known_targets(asked)
    else:
        of = rating_facts.rated_by(asked)
        rating.check_known(asked.state, of, asked.payload.TYPE, asked.data)


def _decide_rating(asked: Asked) -> list[Draft]:
    if asked.command.type.endswith(CORRECTIONS):
        return rating_facts.decide_void(asked)
    return rating_facts.decide(asked)


def _known_in_hall(asked: Asked) -> None:
    _known_targets(asked)
    hall.check_known(asked)


def _decide_hall(asked: Asked) -> list[Draft]:
    if asked.command.type.endswith(CORRECTIONS):
        drafts = hall_voids.decide_void(asked)
        return drafts + rating_facts.restated_beside(asked, drafts[0].state)
    drafts = hall.decide(asked)
    return drafts + _rated_again(
        asked, drafts[0], Subject("ticket", asked.data.get("ticket_id", ""))
    )


def _decide_agent(asked: Asked) -> list[Draft]:
    drafts = agent.RULES.decide(asked)
    if asked.command.type.endswith(CORRECTIONS):
        return drafts + rating_facts.restated_beside(asked, drafts[0].state)
    return drafts + _rated_again(asked, drafts[0], Subject("agent_task"))


def _rated_again(asked: Asked, draft: Draft, subject: Subject) -> list[Draft]:
    """Restate the ratings of a service that goes on, or ends again, after a void."""
    if subject not in asked.state_of(f"rating/{asked.key}").subjects:
        return []
    event = envelope(draft, asked.command, asked.at, asked.recorded_at, asked.version + 1)
    after = rules_of(asked.stream).evolve(asked.state, event)
    return rating_facts.restated_beside(asked, after)


def _decide_partition(asked: Asked) -> list[Draft]:
    return [Draft(asked.stream, asked.payload.TYPE, asked.data, {})]


class Told(NamedTuple):
    """What a partition has said of itself."""

    adopted: int = 0
    """Reference data up to here, exclusive."""
    ticked: str = ""
    """Every due before it is recorded, ISO 8601 +08:00; "": no tick yet."""


def _told(told: Told, event: Event) -> Told:
    data = event["data"]["data"]
    if event["type"] == ClockTicked.TYPE:
        return told._replace(ticked=data["to"])
    return told._replace(adopted=data["offset"])


def told_by(history: Sequence[Event]) -> Told:
    """Fold the stream of a partition."""
    return reduce(_told, history, Told())


def _clocks(state: Any) -> object:  # noqa: ANN401
    return state.clocks


STREAMS: dict[str, StreamRules] = {
    "case": StreamRules(
        case.fold, case.evolve, _decide_case, _known_in_case, _right_in_case,
        _settle_case, deadlines.next_look, _clocks,
    ),
    "hall": StreamRules(hall.fold, hall.evolve, _decide_hall, _known_in_hall,
                        settle=hall.settle, next_look=hall.next_look),
    "rating": StreamRules(
        rating.fold, rating.evolve, _decide_rating, _known_in_rating,
        settle=rating_deadlines.settle, next_look=rating_deadlines.next_look, timed=_clocks,
    ),
    "agent": agent.RULES._replace(decide=_decide_agent),
    "bundle": bundle.RULES,
    "interaction": interaction.RULES,
    "inspection": inspection.RULES,
    "period": StreamRules(period.fold, period.evolve, period.decide, period.check_known),
    "supervision": StreamRules(alerts.fold, alerts.evolve, alerts.decide, alerts.check_known),
    "org": org.RULES,
    "item": item.RULES,
    "source": source.RULES,
    "partition": StreamRules(told_by, _told, _decide_partition),
}  # fmt: skip
"""Prefix of the stream → its rules."""


def rules_of(stream: str) -> StreamRules:
    """Give the rules of a stream by its name, `prefix/key`."""
    return STREAMS[stream.partition("/")[0]]
