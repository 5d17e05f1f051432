"""From bytes to a command and its fact; what cannot be read is refused, never raised."""

import orjson
from pydantic import ValidationError

from ledger.contracts.codes import COMMAND_BYTES_MAX
from ledger.contracts.commands import Command
from ledger.contracts.events import COMMANDS
from ledger.contracts.events.base import Payload
from ledger.rules.refusals import Code, Refused

FIELD_SHOWN_MAX = 100
"""Characters of the name of a wrong field that a refusal repeats: senders invent names too."""


def parse(raw: bytes) -> Command:
    """Read a command from bytes.

    Raises:
        Refused: E_LIMIT or E_FIELD, saying which field and why.

    """
    if len(raw) > COMMAND_BYTES_MAX:
        raise Refused(
            Code.E_LIMIT, f"a command of {len(raw):,} bytes; at most {COMMAND_BYTES_MAX:,}"
        )
    try:
        return Command.model_validate(orjson.loads(raw))
    except orjson.JSONDecodeError as error:
        raise Refused(Code.E_FIELD, f"not JSON: {error}") from None
    except ValidationError as error:
        raise Refused(Code.E_FIELD, field_errors(error)) from None


def payload_of(command: Command) -> Payload:
    """Validate a command's data as the fact it asks for.

    Raises:
        Refused: E_TYPE naming the commands there are, E_FIELD naming the fields.

    """
    fact = COMMANDS.get(command.type)
    if fact is None:
        names = tuple(sorted(COMMANDS))
        raise Refused(Code.E_TYPE, f"no command {command.type!r}", names)
    try:
        return fact.model_validate(command.data)
    except ValidationError as error:
        raise Refused(Code.E_FIELD, f"data: {field_errors(error)}") from None


def field_errors(error: ValidationError) -> str:
    """Say in one sentence which fields are wrong; values are not repeated (personal data)."""
    parts = [
        f"{'.'.join(map(str, e['loc']))[:FIELD_SHOWN_MAX] or 'command'}: {e['msg']}"
        for e in error.errors(include_url=False, include_input=False, include_context=False)
    ]
    more = f" and {len(parts) - 5} more" if len(parts) > 5 else ""  # noqa: PLR2004
    return "; ".join(parts[:5]) + more
