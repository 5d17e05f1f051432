"""What the tidy tests look at: the files that git holds, or would hold with the next commit."""

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# Data of others and samples that are never edited.
FOREIGN = ("tests/data/", "tests/golden/", "requirements.lock")


def tracked(*suffixes: str) -> dict[str, str]:
    """Text of our files by path, those with one of `suffixes`, or all that are text."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    texts = {}
    for name in sorted(set(names.splitlines())):
        path = ROOT / name
        if name.startswith(FOREIGN) or not name.endswith(suffixes or "") or not path.is_file():
            continue
        content = path.read_bytes()
        if b"\0" not in content:
            texts[name] = content.decode()
    return texts


@pytest.fixture(scope="session")
def texts() -> dict[str, str]:
    """Every text file of ours by path."""
    return tracked()


@pytest.fixture(scope="session")
def python(texts: dict[str, str]) -> dict[str, str]:
    """Every Python file of ours by path."""
    return {name: text for name, text in texts.items() if name.endswith(".py")}
