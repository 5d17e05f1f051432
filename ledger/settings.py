"""Settings (配置): one frozen model from TAIZHANG_*; the only reader of the environment.

A command-line option wins over the variable of the same name, which wins over the default.
"""

import os
from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ledger.contracts.codes import PARTITIONS
from ledger.contracts.errors import UserError

PREFIX = "TAIZHANG_"


class BadSettings(UserError):
    """A setting cannot be used; the message is one sentence."""


class Settings(BaseModel):
    """Everything a process needs to know from outside."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    data: Path = Field(default=Path("taizhang-data"), description="where files are kept")
    ledger: str = Field(default="", description="sqlite:///PATH or kafka://HOST:PORT[,…]")
    lake: str = Field(default="", description="folder of the lake; default DATA/lake")
    host: str = Field(default="127.0.0.1", description="address to listen on")
    port: int = Field(default=8080, ge=0, le=65535)
    partitions: int = Field(default=PARTITIONS, ge=1, le=256, description="never changes")
    demo_clock: bool = Field(default=False, description="the ledger's now is the newest tick")

    @property
    def ledger_url(self) -> str:
        """Give the URL of the book: the one set, or the embedded one under `data`."""
        return self.ledger or f"sqlite:///{self.data / 'ledger.db'}"

    @property
    def is_kafka(self) -> bool:
        """Tell whether the book lies on Kafka."""
        return self.ledger_url.startswith("kafka://")

    @property
    def kafka_url(self) -> str:
        """Give the URL of the book for a process that only Kafka has.

        Raises:
            BadSettings: the book is an embedded one.

        """
        if not self.is_kafka:
            message = "this needs a Kafka ledger; give --ledger kafka://HOST:PORT"
            raise BadSettings(message)
        return self.ledger_url

    @property
    def lake_dir(self) -> Path:
        """Give the folder of the lake."""
        return Path(self.lake) if self.lake else self.data / "lake"


def load(options: Mapping[str, object], environment: Mapping[str, str] = os.environ) -> Settings:
    """Build settings from the environment and from command-line options that are not None.

    Raises:
        BadSettings: naming the variable or option and what it may be.

    """
    known = Settings.model_fields
    values: dict[str, object] = {}
    for name, value in environment.items():
        if name.startswith(PREFIX):
            field = name.removeprefix(PREFIX).lower()
            if field not in known:
                message = f"{name} is no setting; there are " + ", ".join(
                    PREFIX + each.upper() for each in known
                )
                raise BadSettings(message)
            values[field] = value
    values.update({k: v for k, v in options.items() if k in known and v is not None})
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        message = f"setting {first['loc'][0]}: {first['msg']}"
        raise BadSettings(message) from None
