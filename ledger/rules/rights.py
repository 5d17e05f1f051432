"""办理权限 (rights): at which centre an item may be taken in, from its lists and claims.

Source: domain.md 5.2 R30. Where no list was ever told of an item nothing is known of its rights,
and nothing is refused or flagged.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from ledger.contracts.codes import CentreLevel
from ledger.contracts.events import item as facts
from ledger.contracts.events.reference import CentreOpened

GIVING = frozenset({facts.ItemDelegated.TYPE, facts.ItemExtended.TYPE, facts.ItemSunk.TYPE})
ENDING = frozenset({facts.ItemUnclaimed.TYPE, facts.ItemClaimDeclined.TYPE})
FACTS = GIVING | ENDING | {facts.ItemDelegationRevoked.TYPE, facts.ItemClaimed.TYPE}
"""The facts that give or take a right."""
FOR_EVER = "9"
"""After every day."""


class Stretch(NamedTuple):
    """From one instant or day, included, to another, excluded; ISO 8601."""

    since: str
    until: str = FOR_EVER

    def holds(self, at: str) -> bool:
        """Tell whether it holds then."""
        return self.since <= at < self.until


@dataclass(slots=True)
class Rights:
    """Of one item."""

    lists: dict[str, Stretch] = field(default_factory=dict)
    """文书编号 of a list → the days on which it holds."""
    given: dict[str, frozenset[str]] = field(default_factory=dict)
    """文书编号 of a list → the centres it gives to."""
    claims: dict[str, list[Stretch]] = field(default_factory=dict)
    """Centre → when it had claimed the item."""

    def apply(self, kind: str, data: Mapping[str, Any], at: str) -> None:
        """Fold one of `FACTS`; total: what ends something unknown changes nothing."""
        if kind in GIVING:
            self.lists[data["doc_no"]] = Stretch(data["effective_from"])
            self.given[data["doc_no"]] = frozenset(data["to_org"])
        elif kind == facts.ItemDelegationRevoked.TYPE:
            if (held := self.lists.get(data["doc_no"])) is not None:
                self.lists[data["doc_no"]] = held._replace(until=data["effective_from"])
        elif kind == facts.ItemClaimed.TYPE:
            self.claims.setdefault(data["centre_id"], []).append(Stretch(at))
        elif (claims := self.claims.get(data["centre_id"])) and claims[-1].until == FOR_EVER:
            claims[-1] = claims[-1]._replace(until=at)

    def allow(self, centre: str, at: str) -> bool:
        """Tell whether a centre was given the item on that day, and had claimed it."""
        given = any(
            centre in self.given[doc] and held.holds(at[:10]) for doc, held in self.lists.items()
        )
        return given and any(claim.holds(at) for claim in self.claims.get(centre, ()))


def exceeded(rights: Rights | None, centre: str, of: CentreOpened, at: str) -> bool:
    """Tell whether a centre of 区镇 or a village takes an item in without a right to (越权)."""
    known = rights is not None and bool(rights.lists) and of.level is not CentreLevel.CITY
    return known and rights is not None and not rights.allow(centre, at)
