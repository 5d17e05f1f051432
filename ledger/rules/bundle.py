"""一件事 (bundle): the tables of the whole and of its members; both are subjects of one stream.

Source: domain.md 3.3, K44. A bundle counts where it was opened; its members one by one, when they
were added.
"""

from typing import Any

from ledger.contracts.codes import SourceClass
from ledger.contracts.events import bundle as facts
from ledger.rules.refusals import Code, Refused
from ledger.rules.streams import Asked
from ledger.rules.tabled import Course, Data, State, rules

MOVES = {
    facts.BundleOpened.TYPE: {"-": "OPN"},
    facts.BundleMemberAdded.TYPE: {"-": "MEM"},
    facts.BundleMemberConcluded.TYPE: {"MEM": "CON"},
    facts.BundleClosed.TYPE: {"OPN": "CLO"},
}
OF_MEMBERS = frozenset({facts.BundleMemberAdded.TYPE, facts.BundleMemberConcluded.TYPE})


def check_known(asked: Asked) -> None:
    """Refuse a leading department nobody knows, entered here.

    Raises:
        Refused: E_REF.

    """
    dept = asked.data.get("lead_dept")
    interactive = asked.command.source_class is SourceClass.INTERACTIVE
    if interactive and dept is not None and dept not in asked.reference.depts:
        raise Refused(Code.E_REF, f"department {dept} is not known (dept.register)")


def check(state: State, kind: str, data: Data, _: str) -> None:
    """Refuse members of what is not open, more than fit, a closing before all are concluded.

    Raises:
        Refused: E_STATE, E_LIMIT.

    """
    members = {case: of.status for case, of in state.subjects.items() if case}
    if kind in OF_MEMBERS and (status := state.of().status) != "OPN":
        ways = (facts.BundleOpened.COMMAND,) if status == "-" else ()
        raise Refused(Code.E_STATE, f"{kind}: the bundle is in state {status}, not open", ways)
    if kind == facts.BundleMemberAdded.TYPE and len(members) >= facts.MEMBERS_MAX:
        raise Refused(Code.E_LIMIT, f"a bundle of more than {facts.MEMBERS_MAX} cases")
    if kind != facts.BundleClosed.TYPE:
        return
    if set(data["cases"]) != set(members):
        named = ", ".join(sorted(members)) or "none"
        raise Refused(Code.E_STATE, f"{kind}: the members are {named}; cases names others")
    if open_ := sorted(case for case, status in members.items() if status != "CON"):
        raise Refused(Code.E_STATE, f"{kind}: {', '.join(open_)} not concluded",
                      (facts.BundleMemberConcluded.COMMAND,))  # fmt: skip


def stamp_of(state: State, kind: str, data: Data, _: str, centre: str | None) -> dict[str, Any]:
    """Stamp a fact with what its bundle is about and where it was opened."""
    opened = state.of().told.get(facts.BundleOpened.TYPE)
    said, place = (data, centre) if kind == facts.BundleOpened.TYPE else (None, None)
    if opened is not None:
        said, place = opened.data, opened.centre
    if said is None:
        return {}
    stamp = {"theme": said["theme"], "lead_dept": said["lead_dept"]}
    return {**stamp, **({"lead_centre": place} if place else {})}


RULES = rules(Course(MOVES, ids=("case_id",), known=check_known, check=check, stamp=stamp_of))
