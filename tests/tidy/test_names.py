"""Four generic top-level names are ours alone (docs/decisions/0002-top-level-packages.md)."""

from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
OURS = ("analytics", "ledger", "processors", "producers", "taizhang")


def test_no_stranger_installed_a_package_of_our_name():
    """pip would overwrite ours without a word; uninstalling theirs would take ours along."""
    owners = packages_distributions()

    assert {name: set(owners.get(name, [])) for name in OURS} == {n: {"taizhang"} for n in OURS}


@pytest.mark.parametrize("name", OURS)
def test_what_is_imported_is_what_lies_here(name):
    """An installed copy would be tested instead of the checkout."""
    path = Path(__import__(name).__file__)

    assert path in {ROOT / name / "__init__.py", ROOT / f"{name}.py"}


def test_tests_are_not_a_package():
    """With `tests/__init__.py` a stranger's `tests` could shadow ours (style.md 5)."""
    assert sorted(ROOT.glob("tests/**/__init__.py")) == []
