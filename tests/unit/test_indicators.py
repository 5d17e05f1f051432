"""docs/indicators.md is printed from the measures, and the measures keep their promises."""

from pathlib import Path

from analytics.assessment.card.figures import load
from ledger.contracts.events import FACTS
from ledger.rules.indicators import FORMULAE, page, term
from ledger.rules.measures import CELLS_PER_EVENT_MAX, MEASURES

INDICATORS_MD = Path(__file__).parents[2] / "docs" / "indicators.md"


def test_the_printed_indicators_are_current():
    """Run `make docs` after changing a measure."""
    assert INDICATORS_MD.read_text() == page()


def test_every_formula_is_of_sums_that_exist():
    codes = {measure.code for measure in MEASURES}
    named = {term(said)[1] for each in FORMULAE for said in (*each.over, *each.under)}

    assert named <= codes


def test_every_indicator_that_is_a_ratio_of_sums_has_its_formula():
    """Domain.md 6.2 but for K35–K37, which are looked up as of a day, and K46, distinct people."""
    wanted = {f"K{n:02}" for n in (*range(1, 35), *range(38, 46))}

    assert wanted <= {each.number[:3] for each in FORMULAE}
    assert len({each.number for each in FORMULAE}) == len(FORMULAE)


def test_the_window_card_divides_the_sums_that_the_page_prints():
    def weights(terms):
        return {code: weight for weight, code in map(term, terms)}

    printed = {each.number: (weights(each.over), weights(each.under)) for each in FORMULAE}
    card = {each.code: (each.num, each.den) for each in load().figures}

    assert card
    assert card == {code: printed[code] for code in card}


def test_every_measure_counts_a_fact_and_a_field_that_exist():
    for measure in MEASURES:
        fields = set(FACTS[measure.event].model_fields)
        named = [w.field for w in measure.where]
        named += [measure.amount] if isinstance(measure.amount, str) else []
        for field in named:
            scope, _, name = field.rpartition(".")
            assert scope != "data" or name in fields, measure


ONE_OF = {
    "decision_from_": "bucket", "stars_": "bucket", "wait_from_": "bucket",
    "elapsed_from_": "elapsed", "promised_early": "kept", "promised_met": "kept",
    "instant_met": "kept", "statutory_met": "law", "returned": "law", "visits_": "came",
    "all_online": "came", "told_": "told", "not_adopted_": "star", "promised_broken": "broken",
    "statutory_broken": "broken", "instant_broken": "broken", "delivery_broken": "broken",
    "signing_broken": "broken", "deficiency_broken": "broken",
    "exchange_broken": "broken", "overdue_": "overdue",
    "alerts_remind": "level", "alerts_yellow": "level", "alerts_red": "level",
}  # fmt: skip
"""Code, or how it begins → the class of which an event counts in one at most."""


def test_no_event_touches_more_cells_than_promised():
    """Hour and day are two cells; classes exclude one another (unit/test_outcomes.py)."""
    by_event = {}
    for measure in MEASURES:
        found = [name for start, name in ONE_OF.items() if measure.code.startswith(start)]
        touched = by_event.setdefault(measure.event, {})
        touched[found[0] if found else measure.code] = 1 if measure.gauge or measure.daily else 2
    most = {event: sum(touched.values()) for event, touched in by_event.items()}

    assert max(most.values()) == most["case.concluded"] == CELLS_PER_EVENT_MAX


def test_the_buckets_of_working_time_cover_every_decision_once():
    buckets = [m for m in MEASURES if m.code.startswith("decision_from_")]
    for minutes in (0, 479, 480, 959, 960, 1440, 2400, 4800, 9599, 9600, 10**6):
        hits = [
            m.code
            for m in buckets
            if all(minutes >= w.value if w.op == ">=" else minutes < w.value for w in m.where)
        ]
        assert len(hits) == 1, (minutes, hits)
