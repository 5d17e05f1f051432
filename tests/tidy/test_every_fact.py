"""Every fact is appended by a test of tests/unit, every command refused, every refusal provoked.

Asked of what the tests did, when all of them ran (conftest.py): no list that could lie.
"""

from ledger.contracts.events import COMMANDS, FACTS
from tests import noted


def test_every_fact_was_appended_by_a_real_decision():
    assert sorted(set(FACTS) - noted.APPENDED) == []


def test_every_command_was_refused_at_least_once():
    assert sorted(set(COMMANDS) - noted.REFUSED) == []


def test_every_refusal_of_the_rules_was_provoked():
    """A `raise` that no test reaches may be unreachable, or an invariant that nobody holds to."""
    there = {(name, first) for name, lines in noted.SITES.items() for first, _ in lines}

    assert len(there) > len(COMMANDS)
    assert sorted(there - noted.PROVOKED) == []
