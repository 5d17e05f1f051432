"""The reading process (读取进程): native parsers behind limits of the operating system.

Its standard input is one JSON object, see `Request`; its standard output one JSON line each:
`{"refused": sentence}`, or `{"begin": true}`, then `{"row", "cells", "dated"}` or
`{"row", "code", "reason"}`, then `{"end": true}`. Without the last line it was stopped.
"""

import resource
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TypedDict

import orjson

from producers.intake.cells import Bad, Dated, FileRefused, Good


class Request(TypedDict):
    """What to read, and what it may cost."""

    path: str
    kind: str
    needed: list[str]
    titles: dict[str, str]
    memory_bytes: int
    cpu_seconds: int


def limit(request: Request) -> None:
    """Bound what the rest of this process can take; the system enforces it."""
    resource.setrlimit(resource.RLIMIT_AS, (request["memory_bytes"], request["memory_bytes"]))
    resource.setrlimit(resource.RLIMIT_CPU, (request["cpu_seconds"], request["cpu_seconds"]))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def opened(request: Request) -> Iterator[Good | Bad]:
    """Give the rows of the file.

    Raises:
        FileRefused: it has none that can be read.

    """
    path, needed, titles = Path(request["path"]), set(request["needed"]), request["titles"]
    if request["kind"] == "parquet":
        from producers.intake.parquet import parquet_rows  # noqa: PLC0415  only what is needed

        return parquet_rows(path, needed, titles)
    from producers.intake.sheet import sheet_rows  # noqa: PLC0415  only what is needed

    return sheet_rows(path, needed, titles)


def line(found: Good | Bad) -> bytes:
    """Write one row."""
    if isinstance(found, Bad):
        reason = found.reason.encode("utf-8", "replace").decode()
        return orjson.dumps({"row": found.row, "code": found.code, "reason": reason}) + b"\n"
    dated = [name for name, value in found.cells.items() if isinstance(value, Dated)]
    cells = {name: str(value) for name, value in found.cells.items()}
    return orjson.dumps({"row": found.row, "cells": cells, "dated": dated}) + b"\n"


def answer() -> None:
    """Read one request and answer it."""
    request: Request = orjson.loads(sys.stdin.buffer.read())
    limit(request)
    out = sys.stdout.buffer
    try:
        found = opened(request)
    except FileRefused as error:
        out.write(orjson.dumps({"refused": str(error)}) + b"\n")
        return
    out.write(b'{"begin":true}\n')
    for each in found:
        out.write(line(each))
    out.write(b'{"end":true}\n')


if __name__ == "__main__":
    answer()
