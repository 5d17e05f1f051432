"""Reading apart (隔离读取): XLSX and Parquet in a process of their own, with bounded memory.

Native code parses them, and a small hostile file can ask it for any amount of memory: two cells at
opposite corners, a long text quoted by every cell, a page that inflates a thousandfold. What it
takes down is that process; the import says so in one sentence and goes on.

Between the processes: one JSON line a row, see native.py.
"""

import subprocess
import sys
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from contextlib import suppress
from pathlib import Path
from typing import Any

import orjson

from producers.intake.cells import Bad, Dated, FileRefused, Good

MEMORY_BYTES_MAX = 2 * 1024**3
"""Of the reading process; a sheet of 200,000 rows × 20 columns needs about a quarter."""
CPU_SECONDS_MAX = 300
ROOT = Path(__file__).parents[2]


def apart_rows(
    path: Path, kind: str, needed: AbstractSet[str], titles: Mapping[str, str]
) -> Iterator[Good | Bad]:
    """Give the rows of a file that a process of its own reads.

    Args:
        path: the file.
        kind: "xlsx" or "parquet".
        needed: columns without which the file is refused.
        titles: heading → column, for headings of the template.

    Raises:
        FileRefused: it cannot be read as a whole; nothing was handed in.

    """
    found = _relayed(path, kind, needed, titles)
    next(found)  # Its first line says whether there are rows at all.
    return found


def _relayed(
    path: Path, kind: str, needed: AbstractSet[str], titles: Mapping[str, str]
) -> Iterator[Good | Bad]:
    request = {
        "path": str(path.absolute()), "kind": kind, "needed": sorted(needed),
        "titles": dict(titles), "memory_bytes": MEMORY_BYTES_MAX, "cpu_seconds": CPU_SECONDS_MAX,
    }  # fmt: skip
    command = [sys.executable, "-m", "producers.intake.native"]
    with subprocess.Popen(  # noqa: S603  our own module, and the file's name goes by stdin
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as child:
        try:
            yield from _answers(child, path, orjson.dumps(request))
        finally:
            child.kill()


def _answers(child: subprocess.Popen[bytes], path: Path, request: bytes) -> Iterator[Good | Bad]:
    if child.stdin is None or child.stdout is None:
        return
    with suppress(BrokenPipeError):  # It ended before it read: said below.
        child.stdin.write(request)
        child.stdin.close()
    began, row = False, 0
    for line in child.stdout:
        answer: dict[str, Any] = orjson.loads(line)
        if "refused" in answer:
            raise FileRefused(answer["refused"])
        if "end" in answer:
            return
        if "begin" in answer:
            began = True
            yield Good(0, {})  # Taken by `apart_rows`.
            continue
        row = answer["row"]
        yield _row(row, answer)
    why = (
        f"its reader stopped with status {child.wait()}: it needs over {MEMORY_BYTES_MAX >> 20:,} "
        f"MiB or {CPU_SECONDS_MAX} s, or is made to harm; split it or save it anew"
    )
    if not began:
        raise FileRefused(f"{path} cannot be read: {why}")
    yield Bad(row + 1, "E_FILE", f"{why}; what follows is not read")


def _row(row: int, answer: dict[str, Any]) -> Good | Bad:
    if "code" in answer:
        return Bad(row, answer["code"], answer["reason"])
    cells: dict[str, str] = answer["cells"]
    for name in answer["dated"]:
        cells[name] = Dated(cells[name])
    return Good(row, cells)
