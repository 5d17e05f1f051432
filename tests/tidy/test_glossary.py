"""中文 ↔ identifier: docs/glossary.md and the code name the same things."""

import ast
import re
from pathlib import Path

GLOSSARY = Path(__file__).parents[2] / "docs" / "glossary.md"
CHINESE = r"[\u4e00-\u9fff]+"


def rows() -> list[tuple[str, str]]:
    """Pairs of the table: first Chinese word of the row, first identifier in backticks."""
    lines = [line for line in GLOSSARY.read_text().splitlines() if line.startswith("|")]
    found = [(re.search(CHINESE, line), re.search(r"`([^`]+)`", line)) for line in lines]
    return [(term.group(), name[1]) for term, name in found if term and name]


def test_the_glossary_is_not_empty():
    """Otherwise the next test would pass over nothing."""
    assert len(rows()) >= 20


def test_every_identifier_of_the_glossary_exists(texts):
    code = "\n".join(t for n, t in texts.items() if n.endswith((".py", ".sql", ".toml", ".js")))
    words = set(re.findall(r"[\w.]+", code)) | set(re.findall(r"\w+", code))

    assert [(term, name) for term, name in rows() if name not in words] == []


def test_no_term_is_explained_twice():
    terms = [term for term, _ in rows()]

    assert sorted({term for term in terms if terms.count(term) > 1}) == []


def test_the_term_that_opens_the_docstring_of_a_fact_is_in_the_glossary(python):
    known = GLOSSARY.read_text()
    unknown = {
        f"{name} {node.name}": term.group()
        for name, text in python.items()
        if name.startswith("ledger/contracts/")
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.ClassDef)
        and (term := re.match(CHINESE, ast.get_docstring(node) or ""))
        and term.group() not in known
    }

    assert unknown == {}
