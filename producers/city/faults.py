"""Mischief as data (差错): what goes wrong in a city, how often, and how deliveries get mixed up.

Every refused command that a plan makes has a source number with `.x` and the code it earns, so a
test can tell a planned refusal from a defect: `HM…-0007.4.xE_STATE`; a number that is used
again for something else cannot, so its correlation says it: `xE_DUP_CONFLICT`.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from random import Random
from typing import Any

MILLION = 1_000_000

Timed = tuple[datetime, dict[str, Any]]
"""When a command reaches the ledger, and the command."""

SOON = timedelta(minutes=30)
"""A delivery is overtaken within so much time."""

Rates = Mapping[str, int]
"""Kind of mischief → of a million that could meet it, how many do."""

Plan = frozenset[str]
"""The kinds of mischief that one case meets."""

CASES: Rates = {
    # how it is entered
    "late": 10_000,  # two or three working days after it happened (补录), with a reason
    "duplicate": 20_000,  # one of its commands is delivered again, byte for byte
    "conflict": 2_000,  # one of its source numbers is used again for something else
    "wrong_window": 20_000,
    "no_number": 8_000,  # accepted without a document number (R20)
    "outside": 2_000,  # 体外循环: done elsewhere, back-filled whole within minutes (R05)
    # what is refused
    "accept_twice": 2_000,
    "decide_first": 2_000,
    "unknown_window": 2_000,
    "no_post": 2_000,
    "clock_ahead": 2_000,
    "own_case": 2_000,
    "stray_certificate": 1_000,  # a certificate whose case nobody knows
    # what is put right, by two people
    "void_accept": 4_000,
    "void_issue": 4_000,
    "void_conclude": 4_000,
    "void_rating": 1_000,
    "amend": 6_000,
    # how it goes
    "not_accepted": 5_000,
    "supplement": 50_000,  # 补正 once
    "supplement_twice": 8_000,  # R08
    "supplement_never": 2_000,  # terminated after C6
    "never_told": 2_000,  # an application nobody looks at: deemed accepted
    "deficiency": 100_000,  # 容缺, of items that allow it
    "deficiency_never": 10_000,
    "commitment": 200_000,  # 告知承诺, of items that allow it
    "withdrawn": 6_000,
    "overdue": 30_000,
    "late_sign": 20_000,  # a transfer lies for more than four working hours (R13)
    "special": 80_000,
    "extension": 6_000,
    "suspended": 4_000,
    "not_collected": 5_000,  # 送达 after C8
    "angry": 3_000,  # rated with one or two stars whatever was done
    # the negative loop, of negatives
    "loop_late": 200_000,
    "loop_extended": 60_000,
    "loop_not_valid": 150_000,
    "appeal_upheld": 80_000,
    "appeal_denied": 80_000,
    "unreached": 150_000,
}
"""What may befall a case; drawn once for each."""

HALLS: Rates = {
    # of a ticket
    "no_show": 40_000,  # called, and there in time for a second call
    "lost": 15_000,  # called, and never seen again
    "parked": 40_000,
    "transferred": 30_000,
    "unable": 8_000,  # 办不成
    "called_twice": 2_000,  # the same call told again: refused
    # of a window on a day
    "gamed": 2_000,  # every service is rated with five stars, by one device, at five to five
    "on_leave": 15_000,
    "device_fault": 40_000,
    "left_open": 4_000,  # closed over the last ticket of the day
    # of a hall on a day
    "void_leave": 10_000,  # leave is entered for somebody who is there, and voided
    # of a hall system on a working day
    "line_down": 50_000,  # its line is down for two hours and more
}
"""What may befall a hall."""

INSPECTIONS: Rates = {
    "inspected": 40_000,  # of a 区镇 on a day: one of its centres, two or three times a quarter
    # of an inspection
    "covert": 300_000,  # 暗访
    "void_finding": 50_000,  # one finding is of another centre, and voided
    "never_closed": 50_000,
    # of a finding, and of what is handed in together
    "contested": 120_000,
    "rectified_late": 200_000,  # after the due of the notice, mostly (R26)
    "rectification_rejected": 120_000,
}
"""What befalls the city's inspections (督查)."""

USUAL: Rates = {**CASES, **HALLS, **INSPECTIONS}

ILLEGAL = ("accept_twice", "decide_first", "unknown_window", "no_post", "clock_ahead", "own_case")
VOIDS = frozenset({"void_accept", "void_issue", "void_conclude"})
ENDS = ("outside", "never_told", "not_accepted", "supplement_never", "deficiency_never",
        "withdrawn")  # fmt: skip
SLOW = frozenset({
    "late", "outside", "never_told", "supplement_never", "deficiency_never", "overdue",
    "late_sign", "special", "extension", "suspended",
})  # fmt: skip
"""Makes clocks run out: the ledger then adds facts of its own, whose numbers no void can know."""


def every(ppm: int) -> Rates:
    """Give the same rate for everything."""
    return dict.fromkeys(USUAL, ppm)


NO_FAULTS = every(0)


def meets(rates: Rates, kind: str, rng: Random) -> bool:
    """Draw whether one kind of mischief happens."""
    return rng.random() * MILLION < rates[kind]


def plan(rates: Rates, rng: Random) -> Plan:
    """Draw what goes wrong in one case, without what excludes one another."""
    drawn = {kind for kind in CASES if meets(rates, kind, rng)}
    for group in (ENDS, ILLEGAL, sorted(VOIDS)):
        # Whichever is first in a random order stays: all get their turn.
        shuffled = rng.sample(group, len(group))
        found = [kind for kind in shuffled if kind in drawn]
        drawn.difference_update(found[1:])
    if "late" in drawn or "outside" in drawn:
        drawn.difference_update((*ILLEGAL, "never_told", "deficiency", "deficiency_never"))
    if drawn & SLOW:
        drawn.difference_update(VOIDS)
    return frozenset(drawn)


def expected_refusal(command: dict[str, Any]) -> str:
    """Give the code with which the ledger refuses this command; "" = it does not."""
    _, mark, code = command["source_seq"].rpartition(".x")
    return code if mark else str(command.get("correlation", "")).removeprefix("x")


def reordered(commands: Iterable[Timed], seed: int, share_ppm: int) -> Iterator[Timed]:
    """Let some commands be overtaken by the next one, if that is of another key and comes soon.

    The order within a key is kept: sources promise that much. Moments stay in order.
    """
    rng = Random(f"{seed}/reordered")
    held: Timed | None = None
    for moment, command in commands:
        if held is not None and (held[1]["key"] == command["key"] or moment - held[0] > SOON):
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
