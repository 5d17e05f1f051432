"""What must not be left behind in a file that others will read."""

import ast
import re

import pytest

# Each pattern is written so that it does not find itself.
LEFTOVERS = {
    "a note to oneself": r"\b(TOD[O]|FIXM[E]|XX[X]|HAC[K])\b",
    "the address of a registry": (
        r"pypi[.]|pythonhoste[d]|registry[.][a-z]|npmjs[.]|maven[2]|-inde[x]-url="
    ),
    "a path of one machine": r"(?<![\w.])/(work|home|root|Users)/\w",
    "a conflict marker": r"(?m)^(<{7}|>{7}) ",
    "trailing space": r"(?m)[ \t]+$",
}
SKIPPING = {"skip", "skipif", "importorskip", "xfail"}


@pytest.mark.parametrize("what", LEFTOVERS)
def test_no_file_holds(texts, what):
    found = [
        f"{name}:{len(text[: hit.start()].splitlines())} {hit.group()!r}"
        for name, text in texts.items()
        for hit in re.finditer(LEFTOVERS[what], text)
        if not (what == "trailing space" and name.endswith(".md"))
    ]

    assert found == []


def test_no_test_is_skipped(python):
    """A test that does not run proves nothing: what a machine lacks, `make install` brings."""
    skipped = [
        f"{name}:{node.lineno} {node.attr}"
        for name, text in python.items()
        if name.startswith("tests/")
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Attribute) and node.attr in SKIPPING
    ]

    assert skipped == []
