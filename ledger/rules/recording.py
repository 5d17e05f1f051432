"""Putting a decision down: the envelope of a fact, the body of a reject."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, NamedTuple

from ledger.contracts.codes import REJECT_HEAD_BYTES, SHANGHAI
from ledger.contracts.commands import command_hash, source_key
from ledger.contracts.receipts import Receipt
from ledger.rules.refusals import Code, Refused

EVERY = "*"
"""Among looks: every stream that has one."""


class Stored(NamedTuple):
    """One event ready to be appended."""

    stream: str
    version: int
    value: bytes


class Decision(NamedTuple):
    """What one command came to: its receipt, its events, and its reject when it was refused."""

    receipt: Receipt
    events: tuple[Stored, ...] = ()
    reject: dict[str, Any] | None = None
    looks: Mapping[str, str | None] = MappingProxyType({})
    """Stream → when a tick has to look at it; None: never. `EVERY` comes before the others."""
    caused: tuple[bytes, ...] = ()
    """Commands that its facts cause, to be handed in by the transaction that makes them durable."""


def keep_looks(kept: dict[str, str | None], said: Mapping[str, str | None]) -> None:
    """Keep what a decision said of looks in a table of them."""
    if EVERY in said:
        kept.update({stream: said[EVERY] for stream, look in kept.items() if look is not None})
    kept.update({stream: look for stream, look in said.items() if stream != EVERY})


def reject_body(
    refused: Refused, key: str, digest: str, stream: str, raw: bytes, at: str
) -> dict[str, Any]:
    """Give what is kept of a refused command: why, and at most its first 4 KiB."""
    return {
        "key": key, "hash": digest, "code": refused.code.value, "message": refused.message,
        "legal": list(refused.legal), "stream": stream, "at": at, "size": len(raw),
        "head": raw[:REJECT_HEAD_BYTES].decode("utf-8", "replace"),
    }  # fmt: skip


def failed_decision(raw: bytes, now: datetime) -> Decision:
    """Refuse a command that failed three rebuilds, without deciding it again."""
    key, digest = source_key(raw), command_hash(raw)
    refused = Refused(
        Code.E_INTERNAL, "the ledger failed on this command three times; send it to its makers"
    )
    receipt = Receipt(
        key=key, hash=digest, status="refused", code=refused.code.value, message=refused.message
    )
    at = now.astimezone(SHANGHAI).isoformat()
    return Decision(receipt, (), reject_body(refused, key, digest, "", raw, at))
