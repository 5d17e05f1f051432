"""XML without its traps (可扩展标记): the standard library's expat, fed in pieces.

No document type, and so no entity, neither one that grows nor one that opens a file.
"""

from collections.abc import Callable
from typing import NoReturn
from xml.parsers import expat

DEPTH_MAX = 64
"""XES and sheets are a few levels deep; expat keeps memory for every open element."""

Start = Callable[[str, dict[str, str]], None]
End = Callable[[str], None]


class Hostile(Exception):
    """XML that means harm, or looks like it; one sentence."""


def xml_parser(
    start: Start, end: End, text: Callable[[str], None] | None = None, encoding: str | None = None
) -> expat.XMLParserType:
    """Give a parser that calls back with local names, prefixes taken off.

    `Parse` raises `Hostile` for a document type, an entity or nesting beyond `DEPTH_MAX`, and
    `expat.ExpatError` for what is no XML.
    """
    made = expat.ParserCreate(encoding)
    depth = 0

    def opened(tag: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > DEPTH_MAX:
            raise Hostile(f"elements are nested over {DEPTH_MAX} deep")
        start(tag.rpartition(":")[2], attributes)

    def closed(tag: str) -> None:
        nonlocal depth
        depth -= 1
        end(tag.rpartition(":")[2])

    made.StartElementHandler = opened
    made.EndElementHandler = closed
    made.CharacterDataHandler = text
    made.StartDoctypeDeclHandler = _refuse
    made.EntityDeclHandler = _refuse
    made.ExternalEntityRefHandler = _refuse
    return made


def _refuse(*_: object) -> NoReturn:
    raise Hostile("it has a DOCTYPE or entities, which no office needs and attackers use")
