"""A measure (指标的和): which event counts, on which condition, how much, at which place.

`ledger/rules/measures.py` has the table of them.
"""

from typing import Literal, NamedTuple

Op = Literal["=", ">=", "<", "in", "not in", "present", "absent"]


class Where(NamedTuple):
    """A condition on one field of the event: `data.x`, `stamp.x` or an envelope attribute."""

    field: str
    op: Op
    value: int | str | bool | tuple[int, ...] | tuple[str, ...] = True
    """For `in` and `not in` the values; a field that is absent is neither in nor not in them."""


class Measure(NamedTuple):
    """One sum."""

    code: str
    name: str
    """Chinese label."""
    unit: str
    event: str
    amount: int | str = 1
    """A constant, or the field that holds an integer."""
    where: tuple[Where, ...] = ()
    centre: str = "stamp.accept_centre"
    """Field with the place; of several, with ` or ` between them, the first that is known."""
    window: str = "stamp.accept_window"
    gauge: bool = False
    when: str = ""
    """Field with the instant it counts at, ISO 8601 +08:00; "": when the fact happened."""
    daily: bool = False
    """Kept by day only: of a register, whose days are due days, nobody asks the hour."""


def fields(place: str) -> list[str]:
    """Give the fields that name a place, in the order in which they are asked; [] is nowhere."""
    return place.split(" or ") if place else []


def at_hall(
    code: str, name: str, unit: str, event: str, amount: int | str = 1,
    where: tuple[Where, ...] = (), window: str = "stamp.window", *, gauge: bool = False,
    daily: bool = False,
) -> Measure:  # fmt: skip
    """Give a measure of a hall; what amounts to a stamp is counted where there is that stamp."""
    if isinstance(amount, str):
        where = (*where, Where(amount, "present"))
    return Measure(code, name, unit, event, amount, where, "centre", window, gauge, daily=daily)
