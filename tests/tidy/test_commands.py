"""A command that a reader is told to type exists."""

import re
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TOLD = ("README.md", "Makefile", ".ci/run", "Dockerfile", "docker-compose.yml")


def told(pattern: str) -> list[str]:
    """Every first group of `pattern` in the files that tell commands, once each."""
    text = "\n".join((ROOT / name).read_text() for name in TOLD)
    return sorted(set(re.findall(pattern, text)))


def test_every_make_target_exists():
    targets = set(re.findall(r"(?m)^([a-z]+):", (ROOT / "Makefile").read_text()))

    assert set(told(r"(?:^|`|exec )make ([a-z]+)")) - targets == set()


@pytest.mark.parametrize("command", told(r"(?:`|\n|bin/)taizhang ([a-z]+)"))
def test_every_subcommand_exists(command):
    answer = subprocess.run(
        [sys.executable, ROOT / "taizhang.py", command, "--help"],
        check=False,
        capture_output=True,
        text=True,
    )

    assert (answer.returncode, answer.stderr) == (0, "")
    assert f"taizhang {command}" in answer.stdout


def test_every_subcommand_is_told():
    """A command that the README keeps for itself might as well not exist."""
    answer = subprocess.run(
        [sys.executable, ROOT / "taizhang.py", "--help"], check=True, capture_output=True, text=True
    )
    offered = set(re.findall(r"(?m)^    ([a-z]+)(?:  |$)", answer.stdout)) - {"COMMAND"}

    assert offered
    assert offered - set(told(r"\| `taizhang ([a-z]+)`")) == set()


def test_every_module_that_is_run_exists():
    missing = [name for name in told(r"(?:\$\(PY\)|python3?) -m ([\w.]+)") if not find_spec(name)]

    assert missing == []


def test_every_file_that_is_named_exists():
    """A link or a path in the README leads somewhere."""
    text = (ROOT / "README.md").read_text()
    named = re.findall(r"\]\(([^)#:]+)\)", text) + re.findall(
        r"(?:^|\s)((?:tests|docs|producers)/[\w./]+\w)", text
    )

    assert [name for name in named if not (ROOT / name).exists()] == []


def test_make_help_lists_every_target():
    make = shutil.which("make") or "make"
    listed = subprocess.run([make, "help"], cwd=ROOT, check=True, capture_output=True, text=True)
    phony = re.search(r"(?m)^\.PHONY: (.*)$", (ROOT / "Makefile").read_text())

    assert phony
    assert set(phony[1].split()) - {"chromium"} == set(re.findall(r"make (\w+)", listed.stdout))
