"""Commands (命令): the same verbs in the imperative; what every door submits.

A command names the fact it asks for, when that happened, who did it, where, and — so that it can
be sent twice — which source it comes from and which number it has there.
"""

import hashlib
from typing import Annotated, Any

import orjson
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
)

from ledger.contracts.codes import (
    COMMAND_BYTES_MAX,
    PARTITIONS,
    ActorKind,
    Channel,
    Post,
    SourceClass,
    partition_of,
)
from ledger.contracts.events import REFERENCE_COMMANDS
from ledger.contracts.events.base import HIDDEN, Id, Moment, Word

CLOCK = "clock"
"""The source system of ticks; their number is `partition@instant`."""

TICK = "clock.tick"
"""T reaches partition `key`; records no fact of its own, moves the partition's pulse."""

BEAT = "source.beat"
"""A source is alive; `data` = {"centres": [ids it speaks for]}; records no fact."""

SEQ_MAX = 128
"""Characters of a number at its source."""

Name = Annotated[
    str, StringConstraints(min_length=1, max_length=64, pattern=rf"^[^\s/|@{HIDDEN}]+$")
]

Cause = Annotated[str, StringConstraints(max_length=160, pattern=rf"^[^{HIDDEN}]*$")]


class Actor(BaseModel):
    """Who acted (行为人)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: ActorKind = ActorKind.STAFF
    staff: Name | None = None
    post: Post | None = None


class Command(BaseModel):
    """One command, as every door submits it: JSON of this shape, at most 256 KiB."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    type: str = Field(max_length=64)
    key: Id = Field(description="stream key: case id, centre id, impl_id …")
    occurred_at: Moment
    source_system: Name
    source_seq: Annotated[
        str,
        StringConstraints(min_length=1, max_length=SEQ_MAX, pattern=rf"^[^\s|{HIDDEN}]+$"),
    ]
    source_class: SourceClass = SourceClass.INTERACTIVE
    actor: Actor = Actor(kind=ActorKind.SYSTEM)
    centre: Name | None = None
    dept: Name | None = None
    window: Name | None = None
    channel: Channel | None = None
    late_reason: Annotated[Word, StringConstraints(strip_whitespace=True)] | None = None
    causation: Cause | None = None
    correlation: Cause | None = None
    expected_version: int | None = Field(default=None, ge=0, le=2**31)
    data: dict[str, Any] = Field(default_factory=dict)


def source_key(raw: bytes) -> str:
    """Give the source key of a command without validating it; "" where it has none."""
    try:
        return key_of(orjson.loads(raw))
    except orjson.JSONDecodeError:
        return ""


def key_of(fields: Any) -> str:  # noqa: ANN401
    """Give the source key of a parsed command without validating it; "" where it has none."""
    try:
        return f"{fields['source_system']}/{fields['source_seq']}"
    except (KeyError, TypeError):
        return ""


_DIGITS_MAX = 4
"""Digits of a partition number in a tick; Python refuses to read thousands of them."""


def command_hash(raw: bytes) -> str:
    """Give the hash that tells two commands of one source key apart: SHA-256, 32 hex digits.

    Over the parsed content with sorted keys, so that white space and key order do not matter;
    over the bytes themselves where they are no JSON, too large, or nested so deep that they can
    be read but not written.
    """
    return hashed(raw)[0]


def hashed(raw: bytes) -> tuple[str, Any]:
    """Give `command_hash` and the parsed content; None where it cannot be read as JSON."""
    canonical, fields = raw, None
    if len(raw) <= COMMAND_BYTES_MAX:
        try:
            fields = orjson.loads(raw)
            canonical = orjson.dumps(fields, option=orjson.OPT_SORT_KEYS)
        except (orjson.JSONDecodeError, orjson.JSONEncodeError):
            canonical = raw
    return hashlib.sha256(canonical).hexdigest()[:32], fields


def route(raw: bytes, partitions: int = PARTITIONS, fields: Any = None) -> int:  # noqa: ANN401
    """Give the partition a command belongs to, without validating it.

    `fields`: its parsed content, where the caller has it. Reference commands go to partition
    number `partitions`, a tick to the partition it names. What cannot be parsed goes to
    partition 0, where the writer refuses and keeps it.
    """
    try:
        fields = orjson.loads(raw) if fields is None else fields
        kind, key = fields["type"], fields["key"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return 0
    if not isinstance(key, str) or not isinstance(kind, str):
        return 0
    if kind in REFERENCE_COMMANDS:
        return partitions
    if kind == TICK:
        named = int(key) if key.isdecimal() and len(key) <= _DIGITS_MAX else 0
        return named if named <= partitions else 0
    return partition_of(key, partitions)
