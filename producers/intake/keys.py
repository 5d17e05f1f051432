"""API keys (接口密钥): one for each source system; only their SHA-256 is kept.

The file is TOML, readable by its owner only:

    [[key]]
    source = "hall-sanxing"            # the source_system its commands must name
    sha256 = "…"                       # of the key; the key itself is nowhere
    classes = ["interactive"]          # source classes it may use; "system": reference facts too
"""

import hashlib
import os
import secrets
import sys
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ledger.contracts.codes import SourceClass
from ledger.contracts.errors import UserError

FILE_NAME = "keys.toml"
DEMO_SOURCE = "demo"
KEY_BYTES = 24


class KeysError(UserError):
    """The keys file cannot be used; the message says where and what to do."""


class Holder(NamedTuple):
    """Who a key belongs to, and what it may hand in."""

    source: str
    classes: frozenset[SourceClass] = frozenset({SourceClass.INTERACTIVE})


Keys = Mapping[str, Holder]
"""SHA-256 of the key, hex → its holder."""


class _Line(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    source: str = Field(pattern=r"^[^\s/|@]+$", max_length=64)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    classes: frozenset[SourceClass] = frozenset({SourceClass.INTERACTIVE})


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    key: tuple[_Line, ...] = ()


def hash_of(key: str) -> str:
    """Give what is kept of a key."""
    return hashlib.sha256(key.encode()).hexdigest()


def load_keys(data: Path, say: Callable[[str], object] = sys.stderr.write) -> dict[str, Holder]:
    """Read `<data>/keys.toml`; on the first start make it, with one random key for source `demo`.

    That key is said once, through `say`, and kept nowhere.

    Raises:
        KeysError: the file cannot be read or is wrong.

    """
    path = data / FILE_NAME
    if path.exists():
        return read_keys(path)
    keys, key = add_key(path, DEMO_SOURCE)
    say(f"API key of source {DEMO_SOURCE}, shown this once: {key}\n(only its hash is in {path})\n")
    return keys


def read_keys(path: Path) -> dict[str, Holder]:
    """Read a keys file.

    Raises:
        KeysError: it is not there or wrong.

    """
    try:
        file = _File.model_validate(tomllib.loads(path.read_text("utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        message = f"{path} cannot be read: {error}"
        raise KeysError(message) from None
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        message = f"{path}: {'.'.join(map(str, first['loc']))}: {first['msg']}"
        raise KeysError(message) from None
    return {line.sha256: Holder(line.source, line.classes) for line in file.key}


def add_key(
    path: Path, source: str, classes: tuple[SourceClass, ...] = (SourceClass.INTERACTIVE,)
) -> tuple[dict[str, Holder], str]:
    """Append a new random key for `source`; give all keys and the new one, shown once."""
    key = secrets.token_urlsafe(KEY_BYTES)
    names = ", ".join(f'"{each.value}"' for each in classes)
    path.parent.mkdir(parents=True, exist_ok=True)
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(file, "a", encoding="utf-8") as out:
        out.write(f'[[key]]\nsource = "{source}"\nsha256 = "{hash_of(key)}"\nclasses = [{names}]\n')
    return read_keys(path), key
