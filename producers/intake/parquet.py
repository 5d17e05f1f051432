"""Parquet as rows (列存文件): a batch of a row group at a time; NULL is "not recorded"."""

import math
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from producers.intake.cells import (
    Bad,
    Dated,
    FileRefused,
    Good,
    checked,
    named,
    plain_number,
    require_columns,
)

BATCH_ROWS = 1024


class Unreadable(str):
    """Stands for a value that Python cannot hold, such as a date of the year 30,000; says why."""

    __slots__ = ()


def parquet_rows(
    path: Path, needed: AbstractSet[str], titles: Mapping[str, str]
) -> Iterator[Good | Bad]:
    """Give the rows; nested columns are not read.

    Times with a zone keep it, times without are of the mapping's.

    Raises:
        FileRefused: no Parquet, damaged, encrypted, or without a column that is needed.

    """
    try:
        file = pq.ParquetFile(path)
        schema = file.schema_arrow
    except (pa.ArrowException, OSError, ValueError) as error:
        why = str(error).splitlines()[0][:200]
        raise FileRefused(f"{path} is no Parquet file, cut off or encrypted: {why}") from None
    flat = [field.name for field in schema if not pa.types.is_nested(field.type)]
    columns = named(flat, titles)
    require_columns(path, columns, needed)
    return _rows(file, dict(zip(flat, columns, strict=True)))


def _rows(file: pq.ParquetFile, columns: dict[str, str]) -> Iterator[Good | Bad]:
    number = 0
    batches = file.iter_batches(BATCH_ROWS, columns=list(columns), use_threads=False)
    while True:
        try:
            batch = next(batches, None)
            if batch is None:
                return
            values = {ours: _values(batch.column(theirs)) for theirs, ours in columns.items()}
        except (pa.ArrowException, OSError, MemoryError, ValueError) as error:
            why = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
            yield Bad(number + 1, "E_FILE", f"damaged: {why}; what follows is not read")
            return
        for at in range(batch.num_rows):
            number += 1
            cells = {name: column[at] for name, column in values.items()}
            wrong = next((name for name in cells if isinstance(cells[name], Unreadable)), None)
            if wrong is None:
                yield checked(number, cells)
            else:
                yield Bad(number, "E_FIELD", f"{wrong} cannot be read: {cells[wrong]}")


def _values(column: Any) -> list[str]:  # noqa: ANN401  pyarrow has no types
    if pa.types.is_timestamp(column.type) and column.type.unit == "ns":
        column = column.cast(pa.timestamp("us", column.type.tz), safe=False)
    try:
        return [cell_text(value) for value in column.to_pylist()]
    except (pa.ArrowException, OverflowError, ValueError):
        return [_value(scalar) for scalar in column]


def _value(scalar: Any) -> str:  # noqa: ANN401  pyarrow has no types
    try:
        return cell_text(scalar.as_py())
    except (pa.ArrowException, OverflowError, ValueError) as error:
        return Unreadable(str(error)[:200])


def cell_text(value: object) -> str:
    """Write a value as the CSV of the same table would have it."""
    match value:
        case None:
            return ""
        case str():
            return value
        case bool():
            return str(value)
        case int() | float():
            return plain_number(value)
        case Decimal():
            return "" if value.is_nan() or math.isinf(value) else format(value, "f")
        case datetime():
            return Dated(value.isoformat(" "))
        case date():
            return Dated(value.isoformat())
        case bytes():
            return value.decode("utf-8", "surrogateescape")
        case _:
            return str(value)
