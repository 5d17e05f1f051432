"""The shape of the lake: how a stored event becomes a row, without Python touching its fields.

The archiver hands over bytes; DuckDB parses each event once, in C++. What cannot be parsed is
kept all the same, with its position, bytes and link; reconcile and fsck name it.
"""

from collections.abc import Sequence

import pyarrow as pa

from ledger.contracts.wire import UPCASTERS, decode, encode
from ledger.log.seam import Record

ENVELOPE = {
    "id": "VARCHAR", "type": "VARCHAR", "subject": "VARCHAR", "time": "VARCHAR",
    "recordedat": "VARCHAR", "streamversion": "INTEGER", "sourcesystem": "VARCHAR",
    "sourceseq": "VARCHAR", "sourceclass": "VARCHAR", "actorkind": "VARCHAR",
    "actorstaff": "VARCHAR", "actorpost": "VARCHAR", "centre": "VARCHAR", "dept": "VARCHAR",
    "window": "VARCHAR", "channel": "VARCHAR", "latereason": "VARCHAR",
}  # fmt: skip
"""Attribute of the wire → its type in the lake."""

_STRUCT = (
    "{"
    + ", ".join(f'"{name}": "{kind}"' for name, kind in ENVELOPE.items())
    + ', "data": {"data": "JSON", "stamp": "JSON"}}'
)

INSERT = f"""
WITH parsed AS (
  SELECT "partition", "offset", raw, chain,
         CASE WHEN json_valid(body) THEN json_transform(body, '{_STRUCT}') END AS e
  FROM batch
)
INSERT INTO lake.events
SELECT "partition", "offset",
       e.id, e.type, split_part(e.subject, '/', 1), substr(e.subject, strpos(e.subject, '/') + 1),
       e.streamversion,
       TRY_CAST(e.time AS TIMESTAMPTZ), TRY_CAST(e.recordedat AS TIMESTAMPTZ),
       timezone('Asia/Shanghai', TRY_CAST(e.time AS TIMESTAMPTZ)),
       e.centre, e."window", e.dept, e.channel,
       e.sourcesystem, e.sourceseq, e.sourceclass,
       e.actorkind, e.actorstaff, e.actorpost, e.latereason,
       json_extract_string(e.data.data, '$.case_no'),
       CAST(e.data.data AS VARCHAR), CAST(e.data.stamp AS VARCHAR), raw, chain
FROM parsed
ORDER BY "partition", "offset"
"""  # noqa: S608 (only constants of this file)

OFFSETS = 'INSERT INTO lake.offsets SELECT "partition", until FROM progress'

BATCH = pa.schema([
    ("partition", pa.int16()), ("offset", pa.int64()), ("body", pa.string()),
    ("raw", pa.binary()), ("chain", pa.binary()),
])  # fmt: skip
PROGRESS = pa.schema([("partition", pa.int16()), ("until", pa.int64())])


def batch_of(records: Sequence[Record]) -> pa.Table:
    """Give the Arrow form of stored events, lifted to their newest schema version."""
    return pa.table(
        {
            "partition": [r.partition for r in records],
            "offset": [r.offset for r in records],
            "body": _bodies([r.value for r in records]),
            "raw": [r.value for r in records],
            "chain": [r.chain for r in records],
        },
        schema=BATCH,
    )


def progress_of(until: dict[int, int]) -> pa.Table:
    """Give the Arrow form of new offsets: partition → first offset not archived."""
    return pa.table({"partition": list(until), "until": list(until.values())}, schema=PROGRESS)


def _bodies(values: Sequence[bytes]) -> pa.Array:
    """Give the text to parse: the bytes themselves unless an upcaster or bad UTF-8 is about."""
    if not UPCASTERS:
        try:
            return pa.array(values, pa.binary()).cast(pa.string())
        except pa.ArrowInvalid:
            pass
    return pa.array([_body(value) for value in values], pa.string())


def _body(value: bytes) -> str | None:
    try:
        return encode(decode(value)).decode()
    except (ValueError, KeyError, TypeError):
        return None
