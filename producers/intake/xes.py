"""XES as rows (事件日志, IEEE 1849): one event is one row.

Attributes of the trace become `case:<name>`, those of the event `<name>`, which is how process
mining tools write the same log as CSV. Attributes of attributes, lists and containers are not
read. Memory holds one event and the attributes of its trace.
"""

import codecs
import re
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from xml.parsers import expat

from producers.intake.cells import (
    LINE_BYTES_MAX,
    Bad,
    BrokenOff,
    Dated,
    FileRefused,
    Good,
    checked,
)
from producers.intake.markup import Hostile, xml_parser
from producers.intake.raw import inflated

VALUES = {"string", "date", "int", "float", "boolean", "id"}
DECLARED = re.compile(rb"""<\?xml[^>]{0,200}encoding\s*=\s*["'](gb[\w-]+)["']""", re.IGNORECASE)


class NoXes(Exception):
    """XML, but of another kind."""


def xes_rows(path: Path) -> Iterator[Good | Bad]:
    """Give the events of a log in the order of the file.

    Raises:
        FileRefused: no XES, hostile, or a gzip with a wrong checksum; nothing was handed in.

    """
    try:
        for _ in inflated(path):  # Is it damaged?  Then no row is believed.
            pass
    except BrokenOff:
        pass
    found = _events(path)
    first = next(found, None)  # A document type stands before the first event.
    return found if first is None else chain([first], found)


def _events(path: Path) -> Iterator[Good | Bad]:
    log = _Log()
    parse = None
    since = 0
    wrong = ""
    decoder: codecs.IncrementalDecoder | None = None
    try:
        for chunk in inflated(path):
            if parse is None:
                if DECLARED.match(chunk.lstrip()):  # expat knows no GB18030.
                    decoder = codecs.getincrementaldecoder("gb18030")()
                parse = xml_parser(log.start, log.end, encoding="utf-8" if decoder else None).Parse
            parse(decoder.decode(chunk).encode() if decoder else chunk, False)  # noqa: FBT003  positional only
            since = 0 if log.moved else since + len(chunk)
            log.moved = False
            yield from log.drained()
            if since > LINE_BYTES_MAX:
                raise BrokenOff(f"{LINE_BYTES_MAX:,} bytes without a new event")
        if parse is None:
            raise FileRefused(f"{path} is empty; have it sent again")
        parse(b"", True)  # noqa: FBT003  positional only
    except Hostile as error:
        if not log.is_open:
            raise FileRefused(f"{path} is refused: {error}") from None
        wrong = str(error)
    except NoXes as error:
        raise FileRefused(f"{path} is no XES: {error}") from None
    except (expat.ExpatError, UnicodeDecodeError) as error:
        if not log.is_open:
            raise FileRefused(f"{path} is no XML: {error}") from None
        wrong = f"the XML is cut off or wrong: {error}"
    except BrokenOff as error:
        wrong = str(error)
    yield from log.drained()
    if wrong:
        yield Bad(log.count + 1, "E_FILE", f"{wrong}; what follows is not read")


class _Log:
    """What is open while the parser walks through a log."""

    def __init__(self) -> None:
        self.is_open = False
        self.moved = False
        """An event or a trace has begun or ended since somebody looked."""
        self.count = 0
        self._open: list[str] = []
        self._case: dict[str, str] = {}
        self._event: dict[str, str] = {}
        self._case_wrong = self._event_wrong = ""
        self._has_events = False
        self._ready: list[Good | Bad] = []

    def drained(self) -> list[Good | Bad]:
        """Give the rows that are whole, once."""
        ready, self._ready = self._ready, []
        return ready

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        parent = self._open[-1] if self._open else None
        if parent is None and tag != "log":
            raise NoXes(f"it begins with <{tag[:40]}>, not <log>")
        self.is_open = True
        self._open.append(tag)
        if tag == "trace" and parent == "log":
            self._case, self._case_wrong, self._has_events = {}, "", False
            self.moved = True
        elif tag == "event" and parent in {"trace", "log"}:
            self._event, self._event_wrong, self._has_events = {}, "", True
        elif tag in VALUES and parent == "trace":
            if self._has_events:
                raise BrokenOff(f"a trace's attribute {attributes.get('key')} follows its events")
            self._case_wrong = _add(self._case, "case:", tag, attributes) or self._case_wrong
        elif tag in VALUES and parent == "event":
            self._event_wrong = _add(self._event, "", tag, attributes) or self._event_wrong

    def end(self, tag: str) -> None:
        self._open.pop()
        parent = self._open[-1] if self._open else None
        if tag == "trace" and parent == "log":
            self._case, self._case_wrong = {}, ""
            self.moved = True
        elif tag == "event" and parent in {"trace", "log"}:
            self.moved = True
            self.count += 1
            wrong = self._case_wrong or self._event_wrong
            if both := self._case.keys() & self._event.keys():
                wrong = wrong or f"{min(both)} is an attribute of the trace and of the event"
            self._ready.append(
                Bad(self.count, "E_FIELD", wrong)
                if wrong
                else checked(self.count, self._case | self._event)
            )


def _add(cells: dict[str, str], prefix: str, tag: str, attributes: dict[str, str]) -> str:
    """Add an attribute; give what is wrong with it, or nothing."""
    key, value = attributes.get("key"), attributes.get("value")
    if not key or value is None:
        return f"a <{tag}> has no key or no value"
    name = prefix + key
    if name in cells:
        return f"{name[:80]} stands twice"
    cells[name] = Dated(value) if tag == "date" else value
    return ""
