"""Clocks (时限) as values: what is kept of the clocks of one case; `clocks` folds them."""

from typing import NamedTuple

from ledger.contracts.events.base import Limit


class Clock(NamedTuple):
    """One clock; `due` is set where a date was committed to, else it follows from the limit."""

    code: str
    about: str
    start: str
    limit: Limit | None = None
    minutes: int = 0
    """Working minutes instead of a limit."""
    due: str = ""
    stop: str | None = None
    stop_recorded: str = ""
    """When its stop was recorded: calendars published later leave it alone."""

    @property
    def name(self) -> tuple[str, str, str]:
        """What tells it from the other clocks of the case."""
        return self.code, self.about, self.start


class Pause(NamedTuple):
    """A stretch that does not count for some clocks; open while `end` is None."""

    about: str
    start: str
    clocks: frozenset[str]
    end: str | None = None
    behind: frozenset[str] = frozenset()
    """Ids of the breaches that were recorded before it: their clocks it does not pause."""


class Extension(NamedTuple):
    """延长: when it was granted, and by how many days."""

    at: str
    days: int
    behind: frozenset[str] = frozenset()
    """Ids of the breaches that were recorded before it: they are not healed by it."""


class Breach(NamedTuple):
    """A recorded breach: the name of its clock, the event's id, and the due it was."""

    code: str
    about: str
    start: str
    event: str
    due: str


class Clocks(NamedTuple):
    """The clocks of one case, running and stopped."""

    all: tuple[Clock, ...] = ()
    pauses: tuple[Pause, ...] = ()
    extended: Extension | None = None
    owed: frozenset[str] = frozenset()
    """容缺: materials that C7 still waits for."""
    breached: tuple[Breach, ...] = ()
    reported_to: str = ""
    """数据上报: the platform the case is reported to; "": none."""

    @property
    def breached_names(self) -> frozenset[tuple[str, str, str]]:
        """Names of the clocks whose breach is recorded."""
        return frozenset(each[:3] for each in self.breached)

    @property
    def breach_ids(self) -> frozenset[str]:
        """Ids of the breaches that are recorded."""
        return frozenset(each.event for each in self.breached)


NONE = Clocks()
