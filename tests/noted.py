"""What the tests of a folder make the ledger do, noted while they run.

The real decisions and figures are listened to; nothing is changed. tests/tidy/test_every_fact.py
and tests/agreement/test_every_measure.py ask.
"""

import ast
import re
import sys
from pathlib import Path

from analytics.assessment import second_road
from ledger.rules import partition
from ledger.rules.partition import Partition
from ledger.rules.refusals import Refused

RULES = Path(partition.__file__).parent
KIND = re.compile(rb'"type":"([^"]+)"')

APPENDED = set()
"""Types of facts that a decision made."""
REFUSED = set()
"""Types of commands that a decision refused."""
PROVOKED = set()
"""(file, line) of each `raise` that answered a command."""
COUNTED = set()
"""Codes of measures with a cell that is not zero on the second road."""


def refusals():
    """Every `raise Refused(…)` of the rules, as file → [(first line, last line)]."""
    found = {}
    for path in sorted(RULES.glob("*.py")):
        raised = [node for node in ast.walk(ast.parse(path.read_text())) if is_refusal(node)]
        found[path.name] = [(node.lineno, node.end_lineno) for node in raised]
    return found


def is_refusal(node):
    made = node.exc if isinstance(node, ast.Raise) else None
    return getattr(getattr(made, "func", None), "id", "").lower().strip("_") in {
        "refused", "refuse",
    }  # fmt: skip


SITES = refusals()


def site_of(frame):
    """The `raise` that makes a refusal, or calls what makes it."""
    for at in (frame, frame.f_back):
        name = Path(at.f_code.co_filename).name
        for first, last in SITES.get(name, ()):
            if first <= at.f_lineno <= last:
                return name, first
    return None


def listen(patch):
    """Note every decision from here on."""
    made, decide, adopt = Refused.__init__, Partition.decide, Partition.adopt
    newest = [None]

    def making(self, *args, **kwargs):
        newest[0] = site_of(sys._getframe(1))  # noqa: SLF001 -- who makes it
        made(self, *args, **kwargs)

    def note(decision):
        APPENDED.update(KIND.search(event.value)[1].decode() for event in decision.events)

    def deciding(self, raw, *args, **kwargs):
        decision = decide(self, raw, *args, **kwargs)
        note(decision)
        if decision.receipt.status == "refused":
            PROVOKED.add(newest[0])
            if found := KIND.search(raw):
                REFUSED.add(found[1].decode(errors="replace"))
        return decision

    def adopting(self, *args, **kwargs):
        decision = adopt(self, *args, **kwargs)
        if decision is not None:
            note(decision)
        return decision

    patch.setattr(Refused, "__init__", making)
    patch.setattr(Partition, "decide", deciding)
    patch.setattr(Partition, "adopt", adopting)


def listen_to_figures(patch):
    """Note every code that the second road counts from here on."""
    give = second_road.cells

    def giving(rows):
        found = give(rows)
        COUNTED.update(cell.partition("|")[0] for cell, amount in found.items() if amount)
        return found

    patch.setattr(second_road, "cells", giving)
