"""Mischief as data (差错): what goes wrong in a city, how often, and how deliveries get mixed up.

Every refused command that a plan makes has a source number with `.x` and the code it earns, so a
test can tell a planned refusal from a defect: `HM…-0007.4.xE_STATE`; a number that is used
again for something else cannot, so its correlation says it: `xE_DUP_CONFLICT`.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Any, NamedTuple

MILLION = 1_000_000

Timed = tuple[datetime, dict[str, Any]]
"""When a command reaches the ledger, and the command."""

ILLEGAL = ("accept_twice", "decide_first", "unknown_window", "no_post", "clock_ahead", "own_case")
VOIDS = ("accept", "issue", "conclude")


@dataclass(frozen=True, slots=True)
class Faults:
    """How many cases in a million meet each kind of mischief."""

    late: int = 10_000
    """Entered two or three working days after it happened (补录), with a reason."""
    duplicate: int = 20_000
    """One of its commands is delivered again, byte for byte."""
    conflict: int = 2_000
    """One of its source numbers is used again for something else."""
    illegal: int = 12_000
    void: int = 12_000
    """The last fact or facts are taken back by two people, and entered anew."""
    wrong_window: int = 20_000
    no_number: int = 8_000
    """Accepted without a document number (R20)."""


NO_FAULTS = Faults(0, 0, 0, 0, 0, 0, 0)


class Plan(NamedTuple):
    """What goes wrong in one case; empty strings and False: nothing."""

    late: bool
    duplicate: bool
    conflict: bool
    illegal: str
    void: str
    wrong_window: bool
    no_number: bool


def plan(faults: Faults, rng: Random) -> Plan:
    """Draw what goes wrong in one case; always takes the same number of draws."""
    draws = [rng.random() * MILLION for _ in range(7)]
    illegal = ILLEGAL[int(rng.random() * len(ILLEGAL))]
    void = VOIDS[int(rng.random() * len(VOIDS))]
    late = draws[0] < faults.late
    return Plan(
        late=late,
        duplicate=draws[1] < faults.duplicate,
        conflict=draws[2] < faults.conflict,
        illegal=illegal if draws[3] < faults.illegal and not late else "",
        void=void if draws[4] < faults.void else "",
        wrong_window=draws[5] < faults.wrong_window,
        no_number=draws[6] < faults.no_number,
    )


def expected_refusal(command: dict[str, Any]) -> str:
    """Give the code with which the ledger refuses this command; "" = it does not."""
    _, mark, code = command["source_seq"].rpartition(".x")
    return code if mark else str(command.get("correlation", "")).removeprefix("x")


def reordered(commands: Iterable[Timed], seed: int, share_ppm: int) -> Iterator[Timed]:
    """Let some commands be overtaken by the next one, if that belongs to another case.

    The order within a case is kept: sources promise that much. Moments stay in order.
    """
    rng = Random(f"{seed}/reordered")
    held: Timed | None = None
    for moment, command in commands:
        if held is not None and held[1]["key"] == command["key"]:
            yield held
            held = None
        if held is None and rng.random() * MILLION < share_ppm:
            held = (moment, command)
            continue
        yield moment, command
        if held is not None:
            yield moment, held[1]
            held = None
    if held is not None:
        yield held
