"""Receipts (回执): what the ledger answers to a command."""

from typing import Literal

from pydantic import BaseModel, ConfigDict


class Receipt(BaseModel):
    """The outcome of one command.

    `accepted`: `events` were recorded, now, durably. `duplicate`: they had been recorded before;
    the same answer again. `refused`: nothing was recorded but the refusal itself; `code` and
    `message` say why, `legal` what would have been legal. `noted`: a tick or a beat.
    """

    model_config = ConfigDict(frozen=True)

    key: str
    """`source_system/source_seq`."""
    hash: str
    status: Literal["accepted", "duplicate", "refused", "noted"]
    stream: str = ""
    version: int = 0
    events: tuple[str, ...] = ()
    code: str = ""
    message: str = ""
    legal: tuple[str, ...] = ()

    def as_json(self) -> bytes:
        """Give the stored form."""
        return self.__pydantic_serializer__.to_json(self)
