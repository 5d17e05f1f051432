"""机构 (org): the tables of regions, centres, departments, staff, agents and documents.

Source: domain.md 3.8a, 2.1–2.6, 2.8. The published catalogue (`CATALOGUE`) is taken whatever state
its thing is in, as before: the newest counts, and decisions look up nothing else. Of the other
facts a decision looks up what takes a right or a rule away at once (`Reference.apply`): a post
revoked, somebody who moved or left, a centre or a window closed or of another type, a calendar
overridden; and whether an applicant is on the list of the dishonest. The rest is what is held
against the plan: R27, the structural indicators, the annual assessment.
"""

from typing import NamedTuple

from ledger.contracts.codes import SourceClass
from ledger.contracts.events import org as facts
from ledger.contracts.events import reference as catalogue
from ledger.rules import tabled
from ledger.rules.door import check_grant
from ledger.rules.facts import Draft
from ledger.rules.refusals import Code, Refused
from ledger.rules.streams import Asked, StreamRules
from ledger.rules.tabled import Course, Data, State

Steps = dict[str, dict[str, str]]

REGION: Steps = {
    facts.RegionRegistered.TYPE: {"-": "ACT", "ACT": "ACT"},
    facts.RegionRenamed.TYPE: {"ACT": "ACT"},
    facts.RegionRecoded.TYPE: {"ACT": "ACT"},
    facts.RegionMerged.TYPE: {"ACT": "ACT"},
    facts.RegionRetired.TYPE: {"ACT": "RET"},
}
_ANY_CENTRE = ("-", "PLN", "OPN", "SUS", "CLO")
_THERE = ("PLN", "OPN", "SUS")
_AS_IT_IS = {status: status for status in _THERE}
CENTRE: Steps = {
    facts.CentrePlanned.TYPE: {"-": "PLN"},
    catalogue.CentreOpened.TYPE: dict.fromkeys(_ANY_CENTRE, "OPN"),
    facts.CentreRelocated.TYPE: _AS_IT_IS,
    facts.CentreSuspended.TYPE: {"OPN": "SUS"},
    facts.CentreClosed.TYPE: dict.fromkeys(_THERE, "CLO"),
    facts.CentreAreaMeasured.TYPE: _AS_IT_IS,
    facts.CentreTierChanged.TYPE: _AS_IT_IS,
}
SELF_SERVICE: Steps = {
    facts.CentreSelfServiceOpened.TYPE: {"-": "ON", "OFF": "ON"},
    facts.CentreSelfServiceClosed.TYPE: {"ON": "OFF"},
}
STATION: Steps = {
    facts.CentreStationOnline.TYPE: {"-": "ON", "OFF": "ON"},
    facts.CentreStationOffline.TYPE: {"ON": "OFF"},
}
LINE: Steps = {facts.CentreLineReserved.TYPE: {"-": "ON"}}
WINDOW: Steps = {
    catalogue.WindowCreated.TYPE: {"-": "SET", "SET": "SET", "RET": "SET"},
    facts.WindowTypeChanged.TYPE: {"SET": "SET"},
    facts.WindowRetired.TYPE: {"SET": "RET"},
}
DEPT: Steps = {catalogue.DeptRegistered.TYPE: {"-": "REG", "REG": "REG"}}
DUTY: Steps = {facts.DeptEntryRequired.TYPE: {"-": "REQ", "REQ": "REQ"}}
ENTRY: Steps = {
    facts.DeptEntered.TYPE: {"-": "ENT", "LFT": "ENT"},
    facts.DeptLeft.TYPE: {"ENT": "LFT"},
}
STAFF: Steps = {
    catalogue.StaffJoined.TYPE: {"-": "IN", "IN": "IN", "OUT": "IN"},
    facts.StaffTransferredIn.TYPE: {"IN": "IN"},
    facts.StaffSeconded.TYPE: {"IN": "IN"},
    facts.StaffLeft.TYPE: {"IN": "OUT"},
}
POST: Steps = {
    catalogue.StaffPostGranted.TYPE: {"-": "HLD", "HLD": "HLD", "REV": "HLD"},
    facts.StaffPostRevoked.TYPE: {"HLD": "REV"},
}
AGENT: Steps = {
    facts.AgentAppointed.TYPE: {"-": "APP", "DIS": "APP"},
    facts.AgentDismissed.TYPE: {"APP": "DIS"},
}
APPLICANT: Steps = {
    facts.ApplicantListed.TYPE: {"-": "LST", "UNL": "LST"},
    facts.ApplicantUnlisted.TYPE: {"LST": "UNL"},
}
CALENDAR: Steps = {
    catalogue.CalendarPublished.TYPE: {"-": "PUB", "PUB": "PUB"},
    facts.CalendarOverridden.TYPE: {"PUB": "PUB"},
}
DOCUMENT: Steps = {
    facts.RoutingPublished.TYPE: {"-": "PUB", "PUB": "PUB"},
    facts.RulesPublished.TYPE: {"-": "PUB", "PUB": "PUB"},
    facts.ConfigPublished.TYPE: {"-": "PUB", "PUB": "PUB"},
}


class Room(NamedTuple):
    """What a stream may be about: a table, and the field that tells several of them apart."""

    moves: Steps
    field: str = ""
    of: str = ""
    """Room that has to be there first, in one of the states `when`."""
    when: tuple[str, ...] = ()


TABLES = {
    "region": Room(REGION), "centre": Room(CENTRE),
    "self-service": Room(SELF_SERVICE, of="centre", when=_THERE),
    "station": Room(STATION, of="centre", when=_THERE),
    "line": Room(LINE, of="centre", when=_THERE),
    "window": Room(WINDOW), "dept": Room(DEPT),
    "duty": Room(DUTY, "level", "dept", ("REG",)),
    "entry": Room(ENTRY, "centre_id", "dept", ("REG",)),
    "staff": Room(STAFF), "post": Room(POST, "post"), "agent": Room(AGENT, "village"),
    "applicant": Room(APPLICANT), "calendar": Room(CALENDAR), "document": Room(DOCUMENT),
}  # fmt: skip
ROOMS = {kind: room for room, table in TABLES.items() for kind in table.moves}
MOVES = {kind: ways for table in TABLES.values() for kind, ways in table.moves.items()}
CATALOGUE = frozenset(
    fact.TYPE
    for fact in (
        catalogue.CentreOpened,
        catalogue.WindowCreated,
        catalogue.DeptRegistered,
        catalogue.StaffJoined,
        catalogue.StaffPostGranted,
        catalogue.CalendarPublished,
    )
)


def subject(kind: str, data: Data) -> str:
    """Give the subject of a fact: `centre`, `entry CENTRE`, `post POST` and the like."""
    room = ROOMS[kind]
    name = data.get(TABLES[room].field)
    return f"{room} {name}" if name else room


def check_known(asked: Asked) -> None:
    """Refuse regions, centres, windows, departments and staff that are not known.

    Raises:
        Refused: E_REF.

    """
    data, reference = asked.data, asked.reference
    for name in ("parent_id", "region_id", "region"):
        if name in data:
            _check_region(asked, data[name])
    for other in data.get("predecessor_ids", ()):
        _check_region(asked, other)
    for name in ("to_centre", "centre_id", "village"):
        if (centre := data.get(name)) is not None and centre not in reference.centres:
            raise Refused(Code.E_REF, f"centre {centre} is not known (centre.open)")
    own = reference.windows.get(asked.key)
    changed = isinstance(asked.payload, facts.WindowTypeChanged)
    if changed and own is not None and own.centre != data["centre"]:
        raise Refused(Code.E_REF, f"window {asked.key} belongs to {own.centre}")
    for window in data.get("window_ids", ()):
        known = reference.windows.get(window)
        if known is None or known.centre != data["centre_id"]:
            raise Refused(Code.E_REF, f"window {window} is none of {data['centre_id']} "
                          "(window.create)")  # fmt: skip
    if (dept := data.get("from_dept")) is not None and dept not in reference.depts:
        raise Refused(Code.E_REF, f"department {dept} is not known (dept.register)")
    agent = asked.payload.TYPE == facts.AgentAppointed.TYPE
    if agent and asked.key not in reference.staff:
        raise Refused(Code.E_REF, f"staff {asked.key} is not known (staff.join)")


def _region(asked: Asked, name: str) -> State:
    state: State = asked.state_of(f"org/{name}")
    return state


def _check_region(asked: Asked, name: str) -> None:
    status = _region(asked, name).of("region").status
    if status != "ACT":
        raise Refused(Code.E_REF, f"region {name} is in state {status} (region.register)")


def _check_tree(asked: Asked) -> None:
    """Refuse a region above or before itself; the tree so far has no cycle, so this ends."""
    if asked.key in asked.data.get("predecessor_ids", ()):
        raise Refused(Code.E_STATE, f"region {asked.key} does not succeed itself")
    above: str | None = asked.data.get("parent_id")
    while above is not None:
        if above == asked.key:
            raise Refused(Code.E_STATE, f"region {asked.key} would lie under itself")
        told = _region(asked, above).of("region").told[facts.RegionRegistered.TYPE]
        above = told.data.get("parent_id")


def check(state: State, kind: str, data: Data, _: str) -> None:
    """Refuse what needs a centre or a department that is there, an end before its beginning.

    Raises:
        Refused: E_STATE, E_LIMIT.

    """
    room = TABLES[ROOMS[kind]]
    if room.of and (status := state.of(room.of).status) not in room.when:
        raise Refused(Code.E_STATE, f"{kind}: the {room.of} is in state {status}")
    if kind == facts.ApplicantUnlisted.TYPE:
        since = state.of("applicant").told[facts.ApplicantListed.TYPE].data["effective_from"]
        if data["effective_from"] < since:
            raise Refused(Code.E_LIMIT, f"listed from {since}, not off the list before that")


COURSE = Course(MOVES, rooms=ROOMS, subject=subject, known=check_known, check=check)


def decide(asked: Asked) -> list[Draft]:
    """Decide a fact of the organisation.

    Raises:
        Refused: E_STATE, E_LIMIT, E_TIME_ORDER, E_SOD.

    """
    check_grant(asked.payload, asked.command)
    if asked.payload.TYPE in CATALOGUE:
        return [Draft(asked.stream, asked.payload.TYPE, asked.data, {})]
    _check_tree(asked)
    drafts = tabled.decide(COURSE, asked)
    new = isinstance(asked.payload, facts.DocumentPayload) and (
        asked.command.source_class is not SourceClass.HISTORICAL
    )
    today = asked.recorded_at[:10]
    if new and asked.data["effective_from"] < today:
        raise Refused(Code.E_LIMIT, f"it holds from {asked.data['effective_from']}, before today, "
                      f"{today}: what was decided is not decided anew")  # fmt: skip
    return drafts


RULES: StreamRules = tabled.rules(COURSE)._replace(decide=decide)
