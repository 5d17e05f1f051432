"""What a case's facts would be stamped if its effective history had always been so."""

from ledger.rules import case
from ledger.rules.outcomes import PARTS, Around, outcome
from ledger.rules.stamps import history_parts


def stamped_anew(facts, calendar):
    """Give (fact, its outcomes as stamped, as they follow from `facts`, its history parts)."""
    state, whole = case.State(), case.State()
    for fact in facts:
        whole = case.evolve(whole, fact)
    for fact in facts:
        before, state = state, case.evolve(state, fact)
        kind, stamp = fact["type"], fact["data"]["stamp"]
        around = Around(before, state, whole)
        anew = outcome(kind, fact["data"]["data"], fact["time"], around, calendar)
        told = {name: stamp[name] for name in PARTS.get(kind, ()) if name in stamp}
        yield fact, told, anew, history_parts(state)
