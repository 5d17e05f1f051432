"""All facts (事实), one file a stream; the registries map wire names to them."""

from ledger.contracts.events import (
    agent,
    bundle,
    case,
    case_course,
    hall,
    inspection,
    interaction,
    item,
    org,
    period,
    rating,
    rating_loop,
    reference,
    source,
    supervision,
)
from ledger.contracts.events.base import Payload

MODULES = (
    case, case_course, hall, rating, rating_loop, reference,
    agent, bundle, interaction, inspection, period, supervision,
    item, org,
    source,
)  # fmt: skip

FACTS: dict[str, type[Payload]] = {
    fact.TYPE: fact
    for module in MODULES
    for fact in vars(module).values()
    if isinstance(fact, type) and issubclass(fact, Payload) and fact.TYPE
}
"""Event type → its class."""

COMMANDS: dict[str, type[Payload]] = {fact.COMMAND: fact for fact in FACTS.values() if fact.COMMAND}
"""Command type → the fact it asks for."""

REFERENCE_COMMANDS = frozenset(
    fact.COMMAND for fact in COMMANDS.values() if issubclass(fact, reference.ReferencePayload)
)
