"""Which figures a card has and how they are weighed: card.toml, held against the measures."""

import tomllib
from fractions import Fraction
from importlib import resources
from typing import Literal, NamedTuple

from ledger.rules.measures import MEASURES

HERE = "analytics.assessment.card"
Show = Literal["count", "percent", "minutes", "points"]
SCORE_UNITS = 10_000
"""A full score; scores are integers of 1/10,000, rounded half to even."""


class Figure(NamedTuple):
    """One figure of a card: sums of measures over sums of measures."""

    code: str
    name: str
    show: Show
    num: dict[str, int]
    den: dict[str, int]
    """Empty: the figure is a count."""
    n: dict[str, int]
    """What n counts, where it is not the denominator."""
    window_only: bool = False
    """It is laid to a place, and no person has it: unknown, which is not 0."""

    @property
    def measures(self) -> frozenset[str]:
        """The measures it is made of."""
        return frozenset({*self.num, *self.den, *self.n})


class Weight(NamedTuple):
    """How a figure enters the score."""

    weight: Fraction
    floor: Fraction
    target: Fraction
    median_of_type: bool

    def norm(self, x: Fraction) -> Fraction:
        """Give the share of the weight that `x` earns; floor > target: less is better."""
        share = (x - self.floor) / (self.target - self.floor)
        return min(max(share, Fraction(0)), Fraction(1))


class Config(NamedTuple):
    """The whole table."""

    figures: tuple[Figure, ...]
    """Those whose measures exist, in order."""
    missing: tuple[str, ...]
    """Those whose measures do not exist yet."""
    score: dict[str, Weight]
    min_n: int
    min_weight: Fraction
    source: bytes


def load() -> Config:
    """Read card.toml."""
    source = resources.files(HERE).joinpath("card.toml").read_bytes()
    table = tomllib.loads(source.decode())
    known = {measure.code for measure in MEASURES}
    figures = [
        Figure(
            code,
            row["name"],
            row["show"],
            row["num"],
            row.get("den", {}),
            row.get("n", {}),
            row.get("window_only", False),
        )
        for code, row in table["figures"].items()
    ]
    score = {
        code: Weight(_exact(row["weight"]), _exact(row["floor"]), _exact(row["target"]),
                     row.get("median_of_type", False))
        for code, row in table["score"].items()
    }  # fmt: skip
    there = tuple(figure for figure in figures if figure.measures <= known)
    missing = {figure.code for figure in figures} | set(score)
    return Config(
        there, tuple(sorted(missing - {figure.code for figure in there})), score,
        table["min_n"], _exact(table["min_weight"]), source,
    )  # fmt: skip


def _exact(number: float) -> Fraction:
    """Give a decimal of the table exactly as it is written."""
    return Fraction(str(number))
