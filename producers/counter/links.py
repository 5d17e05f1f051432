"""Tokens of rating links (评价链接): numbers of cases and tickets can be guessed, these cannot.

The token of a case or visit is an HMAC-SHA256 of its name under a key of the server: it needs no
table, and a lost key only means that links given out before no longer work.
"""

import hmac
import os
import secrets
from base64 import urlsafe_b64encode
from pathlib import Path
from urllib.parse import quote

from producers.intake.keys import KeysError

FILE_NAME = "rate.key"
KEY_BYTES = 32
TOKEN_BYTES = 16
"""128 bits of the HMAC: 22 characters of a QR code that stays small."""


def name_of(key: str, ticket: str = "") -> str:
    """Give the name of what is rated: a case id, or a hall's day and one of its tickets."""
    return f"{key}/{ticket}" if ticket else key


def token_of(name: str, secret: bytes) -> str:
    """Give the token of a case or visit, 22 characters that can stand in a URL."""
    digest = hmac.digest(secret, b"rate/" + name.encode(), "sha256")[:TOKEN_BYTES]
    return urlsafe_b64encode(digest).rstrip(b"=").decode()


def is_token(given: str, name: str, secret: bytes) -> bool:
    """Tell whether `given` is the token of the name, in time that does not depend on it."""
    return hmac.compare_digest(given.encode(), token_of(name, secret).encode())


def rate_path(key: str, secret: bytes, ticket: str = "") -> str:
    """Give the path of the rating page of a case or visit, for its QR code."""
    path = "/".join(quote(part, safe="") for part in (key, ticket) if part)
    return f"/rate/{path}?t={token_of(name_of(key, ticket), secret)}"


def load_secret(data: Path) -> bytes:
    """Read `<data>/rate.key`; on the first start make it, readable by its owner only.

    Raises:
        KeysError: the file cannot be read, or is too short to be a key.

    """
    path = data / FILE_NAME
    try:
        data.mkdir(parents=True, exist_ok=True)
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        pass
    except OSError as error:
        message = f"{path} cannot be made: {error}"
        raise KeysError(message) from None
    else:
        with os.fdopen(file, "w", encoding="ascii") as out:
            out.write(secrets.token_hex(KEY_BYTES))
    try:
        secret = bytes.fromhex(path.read_text("ascii"))
    except (OSError, ValueError) as error:
        message = f"{path} cannot be read: {error}"
        raise KeysError(message) from None
    if len(secret) < KEY_BYTES:
        message = f"{path} is too short to be a key; remove it, and give out new rating links"
        raise KeysError(message)
    return secret
