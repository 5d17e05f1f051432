"""From bytes to a command and its fact; what cannot be read is refused, never raised."""

from collections.abc import Mapping
from typing import Any, TypeVar

import orjson
from pydantic import ValidationError

from ledger.contracts.codes import COMMAND_BYTES_MAX
from ledger.contracts.commands import Command
from ledger.contracts.events import COMMANDS
from ledger.contracts.events.base import Payload
from ledger.contracts.events.source import CENTRES_MAX
from ledger.rules.refusals import Code, Refused

Fact = TypeVar("Fact", bound=Payload)
ID_MAX = 64
FIELD_SHOWN_MAX = 100
"""Characters of the name of a wrong field that a refusal repeats: senders invent names too."""


def parse(raw: bytes, fields: object = None) -> Command:
    """Read a command from bytes; `fields`: them parsed, where the caller has them.

    Raises:
        Refused: E_LIMIT or E_FIELD, saying which field and why.

    """
    if len(raw) > COMMAND_BYTES_MAX:
        raise Refused(
            Code.E_LIMIT, f"a command of {len(raw):,} bytes; at most {COMMAND_BYTES_MAX:,}"
        )
    try:
        return Command.model_validate(orjson.loads(raw) if fields is None else fields)
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


def as_stored(fact: type[Fact], data: Mapping[str, Any]) -> Fact:
    """Read the data of a fact that is in the log: it counts, though the door be stricter by now.

    Text that a command could not say any more is kept as it is.
    """
    try:
        return fact.model_validate(data)
    except ValidationError as error:
        names = {str(wrong["loc"][0]) for wrong in error.errors()}
        old = {name: data[name] for name in names if isinstance(data.get(name), str)}
        return fact.model_validate({**data, **dict.fromkeys(old, "-")}).model_copy(update=old)


def centres_of(beat: Command) -> list[str]:
    """Give the ids of the centres a source speaks for.

    Raises:
        Refused: E_FIELD.

    """
    said = beat.data.get("centres", [])
    if not isinstance(said, list) or len(said) > CENTRES_MAX:
        raise Refused(Code.E_FIELD, f"source.beat: centres is a list of at most {CENTRES_MAX} ids")
    if not all(isinstance(centre, str) and len(centre) <= ID_MAX for centre in said):
        raise Refused(Code.E_FIELD, f"source.beat: an id has at most {ID_MAX} characters")
    return said


def field_errors(error: ValidationError) -> str:
    """Say in one sentence which fields are wrong; values are not repeated (personal data)."""
    parts = [
        f"{'.'.join(map(str, e['loc']))[:FIELD_SHOWN_MAX] or 'command'}: {e['msg']}"
        for e in error.errors(include_url=False, include_input=False, include_context=False)
    ]
    more = f" and {len(parts) - 5} more" if len(parts) > 5 else ""  # noqa: PLR2004
    return "; ".join(parts[:5]) + more
