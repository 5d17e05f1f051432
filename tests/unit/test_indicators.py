"""docs/indicators.md is printed from the measures, and the measures keep their promises."""

from collections import Counter
from pathlib import Path

from ledger.contracts.events import FACTS
from ledger.rules.indicators import page
from ledger.rules.measures import CELLS_PER_EVENT_MAX, MEASURES

INDICATORS_MD = Path(__file__).parents[2] / "docs" / "indicators.md"


def test_the_printed_indicators_are_current():
    """Run `make docs` after changing a measure."""
    assert INDICATORS_MD.read_text() == page()


def test_every_measure_counts_a_fact_and_a_field_that_exist():
    for measure in MEASURES:
        fields = set(FACTS[measure.event].model_fields)
        named = [w.field for w in measure.where]
        named += [measure.amount] if isinstance(measure.amount, str) else []
        for field in named:
            scope, _, name = field.rpartition(".")
            assert scope != "data" or name in fields, measure


def test_no_event_touches_more_cells_than_promised():
    """Hour and day are two cells, of a register the day; ranges of time exclude one another."""
    by_event = Counter()
    for measure in MEASURES:
        if not measure.code.startswith(("decision_from_", "stars_", "wait_from_")):
            by_event[measure.event] += 1 if measure.gauge or measure.daily else 2
    by_event["case.decision_made"] += 2
    by_event["rating.submitted"] += 2
    by_event["ticket.service_started"] += 2

    assert max(by_event.values()) <= CELLS_PER_EVENT_MAX


def test_the_buckets_of_working_time_cover_every_decision_once():
    buckets = [m for m in MEASURES if m.code.startswith("decision_from_")]
    for minutes in (0, 479, 480, 959, 960, 1440, 2400, 4800, 9599, 9600, 10**6):
        hits = [
            m.code
            for m in buckets
            if all(minutes >= w.value if w.op == ">=" else minutes < w.value for w in m.where)
        ]
        assert len(hits) == 1, (minutes, hits)
