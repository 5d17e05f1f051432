"""事项 (item): the tables of a document, its lists, claims, halls, guides and online doors.

Source: domain.md 3.5, 2.6. The stream begins with the published catalogue (`item.registered`),
which is taken whatever state the item is in, as before: the newest document counts. Everything
else moves by the table. A claim says what the limits are worth (K14), so a document that comes
after it restates it.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from ledger.contracts.codes import UNITS, LimitUnit
from ledger.contracts.events import item as facts
from ledger.contracts.events.reference import ItemRegistered
from ledger.contracts.wire import Event
from ledger.rules import tabled
from ledger.rules.effective import current
from ledger.rules.facts import Draft, envelope
from ledger.rules.refusals import Code, Refused
from ledger.rules.streams import Asked, StreamRules
from ledger.rules.tabled import Course, Data, State, Subject, Told

ITEM = "item"
DOCUMENT = "document"
"""Told of an item: the newest document, and how many there were."""
LISTS = {facts.ItemDelegated.TYPE: "town", facts.ItemExtended.TYPE: "town",
         facts.ItemSunk.TYPE: "village"}  # fmt: skip
"""Fact of a list → the level of the centres it may give to."""
GUIDES = (facts.GuidePublished.TYPE, facts.GuideUpdated.TYPE)
CLAIMED = ("CLM", "CNF")
INCOMPLETE = "R21"

ROOMS = {
    **dict.fromkeys((ItemRegistered.TYPE, facts.ItemRevised.TYPE, facts.ItemRetired.TYPE), ITEM),
    **dict.fromkeys((*LISTS, facts.ItemDelegationRevoked.TYPE), "list"),
    **dict.fromkeys(
        (
            facts.ItemClaimed.TYPE,
            facts.ItemClaimConfirmed.TYPE,
            facts.ItemClaimDeclined.TYPE,
            facts.ItemUnclaimed.TYPE,
        ),
        "claim",
    ),
    **dict.fromkeys((facts.ItemEnteredHall.TYPE, facts.ItemLeftHall.TYPE), "hall"),
    **dict.fromkeys((*GUIDES, facts.GuideWithdrawn.TYPE), "guide"),
    **dict.fromkeys((facts.ItemOnlineEnabled.TYPE, facts.ItemOnlineDisabled.TYPE), "online"),
}
"""Fact → what of an item it is about."""

MOVES = {
    ItemRegistered.TYPE: {"-": "REG", "REG": "REG", "RET": "REG"},
    facts.ItemRevised.TYPE: {"REG": "REG"},
    facts.ItemRetired.TYPE: {"REG": "RET"},
    **{kind: {"-": "GIV"} for kind in LISTS},
    facts.ItemDelegationRevoked.TYPE: {"GIV": "REV"},
    facts.ItemClaimed.TYPE: {"-": "CLM", "DEC": "CLM", "UNC": "CLM"},
    facts.ItemClaimConfirmed.TYPE: {"CLM": "CNF"},
    facts.ItemClaimDeclined.TYPE: {"-": "DEC", "CLM": "DEC", "UNC": "DEC"},
    facts.ItemUnclaimed.TYPE: {"CLM": "UNC", "CNF": "UNC"},
    facts.ItemEnteredHall.TYPE: {"-": "ENT", "LFT": "ENT"},
    facts.ItemLeftHall.TYPE: {"ENT": "LFT"},
    facts.GuidePublished.TYPE: {"-": "PUB", "WDR": "PUB"},
    facts.GuideUpdated.TYPE: {"PUB": "PUB"},
    facts.GuideWithdrawn.TYPE: {"PUB": "WDR"},
    facts.ItemOnlineEnabled.TYPE: {"-": "ONL", "OFF": "ONL"},
    facts.ItemOnlineDisabled.TYPE: {"ONL": "OFF"},
}
ENDS = frozenset({
    facts.ItemDelegationRevoked.TYPE, facts.ItemUnclaimed.TYPE, facts.ItemLeftHall.TYPE,
    facts.GuideWithdrawn.TYPE, facts.ItemOnlineDisabled.TYPE,
})  # fmt: skip
"""What is still legal when the item is retired."""


def subject(kind: str, data: Data) -> str:
    """Give the subject of a fact: `item`, `list DOC`, or `claim CENTRE` and the like."""
    room = ROOMS[kind]
    name = data.get("centre_id") or data.get("doc_no")
    return room if room == ITEM else f"{room} {name}"


def check_known(asked: Asked) -> None:
    """Refuse centres and departments nobody knows, and a list given to centres of another level.

    Raises:
        Refused: E_REF.

    """
    centres, depts = asked.reference.centres, asked.reference.depts
    kind, data = asked.payload.TYPE, asked.data
    for centre in (*data.get("to_org", ()), *filter(None, (data.get("centre_id"),))):
        if centre not in centres:
            raise Refused(Code.E_REF, f"centre {centre} is not known (centre.open)")
        level = LISTS.get(kind, centres[centre].level)
        if centres[centre].level != level:
            raise Refused(Code.E_REF, f"{centre} is of level {centres[centre].level}; {kind} gives "
                          f"to level {level}")  # fmt: skip
    if (dept := data.get("from_org")) is not None and dept not in depts:
        raise Refused(Code.E_REF, f"department {dept} is not known (dept.register)")


def check(state: State, kind: str, data: Data, at: str) -> None:
    """Refuse what a centre may not claim, a version out of sequence, a list that ends too early.

    Raises:
        Refused: E_STATE, E_LIMIT.

    """
    item = state.of(ITEM)
    if item.status != "REG" and kind not in ENDS:
        raise Refused(Code.E_STATE, f"{kind}: the item is in state {item.status}",
                      (ItemRegistered.COMMAND,))  # fmt: skip
    match kind:
        case facts.ItemRevised.TYPE if data["version"] != _version(item) + 1:
            raise Refused(Code.E_STATE, f"version {data['version']} does not follow version "
                          f"{_version(item)}")  # fmt: skip
        case facts.ItemClaimed.TYPE if not _is_given(state, data["centre_id"], at[:10]):
            raise Refused(Code.E_STATE, f"{kind}: no list gives it to {data['centre_id']} on "
                          f"{at[:10]}", tuple(sorted(GIVING)))  # fmt: skip
        case facts.ItemOnlineEnabled.TYPE if (
            state.of(f"claim {data['centre_id']}").status not in CLAIMED
        ):
            raise Refused(Code.E_STATE, f"{kind}: not claimed by {data['centre_id']}",
                          (facts.ItemClaimed.COMMAND,))  # fmt: skip
        case facts.GuidePublished.TYPE | facts.GuideUpdated.TYPE if data["version"] > _version(
            item
        ):
            raise Refused(Code.E_LIMIT, f"the item has {_version(item)} documents; the guide "
                          f"describes number {data['version']}")  # fmt: skip
        case facts.ItemDelegationRevoked.TYPE:
            begun = _given(state.of(subject(kind, data))).data["effective_from"]
            if data["effective_from"] < begun:
                raise Refused(Code.E_LIMIT, f"the list holds from {begun} on; it cannot end before")


GIVING = frozenset(
    fact.COMMAND for fact in (facts.ItemDelegated, facts.ItemExtended, facts.ItemSunk)
)


def _version(item: Subject) -> int:
    told = item.told.get(DOCUMENT)
    return 0 if told is None else int(told.data["version"])


def _given(of: Subject) -> Told:
    return next(of.told[kind] for kind in LISTS if kind in of.told)


def _is_given(state: State, centre: str, day: str) -> bool:
    """Tell whether a list gives the item to a centre on a day."""
    for about, of in state.subjects.items():
        if not about.startswith("list "):
            continue
        given = _given(of).data
        revoked = of.told.get(facts.ItemDelegationRevoked.TYPE)
        ends = "9" if revoked is None else revoked.data["effective_from"]
        if centre in given["to_org"] and given["effective_from"] <= day < ends:
            return True
    return False


def learn(of: Subject, event: Event, _: bool) -> Subject:  # noqa: FBT001
    """Give the item with its newest document."""
    if event["type"] not in {ItemRegistered.TYPE, facts.ItemRevised.TYPE}:
        return of
    data = event["data"]["data"]
    known = {name: data[name] for name in ("promised", "statutory") if data.get(name) is not None}
    told = Told(event["time"], {**known, "version": _version(of) + 1}, None)
    return replace(of, told={**of.told, DOCUMENT: told})


def stamp_of(state: State, kind: str, data: Data, _: str, __: str | None) -> dict[str, Any]:
    """Stamp a claim, and its end, with what its limits are worth; a guide with how full it is."""
    if kind in GUIDES:
        return {"filled": _filled(data), "required": len(facts.GuideElement),
                "item_version": _version(state.of(ITEM))}  # fmt: skip
    if kind == facts.ItemClaimed.TYPE:
        return _worth(state.of(ITEM))
    ends = kind in {facts.ItemUnclaimed.TYPE, facts.ItemClaimDeclined.TYPE}
    if ends and state.of(subject(kind, data)).status in CLAIMED:
        return {name: -units for name, units in _worth(state.of(ITEM)).items()}
    return {}


def _worth(item: Subject) -> dict[str, int]:
    """Give both limits in units; {} for an item that is retired or has not both."""
    told = item.told.get(DOCUMENT)
    if item.status != "REG" or told is None or not {"promised", "statutory"} <= told.data.keys():
        return {}
    return {f"{name}_units": told.data[name]["n"] * UNITS[LimitUnit(told.data[name]["unit"])]
            for name in ("promised", "statutory")}  # fmt: skip


def _filled(data: Data) -> int:
    return sum(map(bool, data["elements"].values()))


def flags(state: State, kind: str, data: Data) -> list[str]:
    """Give R21 指南不全: an element is not filled, or an older document is described."""
    if kind not in GUIDES:
        return []
    complete = _filled(data) == len(facts.GuideElement)
    return [] if complete and data["version"] == _version(state.of(ITEM)) else [INCOMPLETE]


COURSE = Course(MOVES, rooms=ROOMS, subject=subject, known=check_known, check=check, learn=learn,
                stamp=stamp_of, flags=flags)  # fmt: skip


def decide(asked: Asked) -> list[Draft]:
    """Decide a fact of an item; a document restates the claims it makes worth something else.

    Raises:
        Refused: E_STATE, E_LIMIT, E_TIME_ORDER.

    """
    kind, data = asked.payload.TYPE, asked.data
    if kind == ItemRegistered.TYPE:
        drafts = [Draft(asked.stream, kind, data, {})]
    else:
        drafts = tabled.decide(COURSE, asked)
    if subject(kind, data) != ITEM:
        return drafts
    event = envelope(drafts[0], asked.command, asked.at, asked.recorded_at, asked.version + 1)
    after = tabled.evolve(COURSE, asked.state, event)
    return [*drafts, *_restated(asked, after)]


def _restated(asked: Asked, after: State) -> Iterator[Draft]:
    """Draft the restatement of each claim that stands and is worth something else now."""
    worth, standing = _worth(after.of(ITEM)), {}
    for event in current(asked.history_of(asked.stream)).values():
        if event["type"] == facts.ItemClaimed.TYPE:
            standing[event["data"]["data"]["centre_id"]] = event
    for centre, before in standing.items():
        stamp = before["data"]["stamp"]
        now = {name: value for name, value in stamp.items() if not name.endswith("_units")} | worth
        if after.of(f"claim {centre}").status in CLAIMED and now != stamp:
            told = {"target": before["id"], "before": before,
                    "after": {**before, "data": {**before["data"], "stamp": now}}}  # fmt: skip
            yield Draft(asked.stream, facts.ItemEventRestamped.TYPE, told, {}, before["id"])


RULES: StreamRules = tabled.rules(COURSE)._replace(decide=decide)
