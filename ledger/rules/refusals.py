"""Refusals (拒绝): the codes, in order of precedence: one input, one answer, for ever.

Source: domain.md 3.2; design.md 5 (E_INTERNAL). The order of this enum is the order in which
`Partition.decide` looks: of two things wrong with one command the earlier is answered. Two look
twice: E_FIELD at the command's own fields here and at `data` after E_TYPE, for what has no type
has no fields; E_LIMIT at the size here and at the numbers of a case after E_STATE. An amended
fact is looked at from E_FIELD on once more, after the amendment. Explained in docs/refusals.md.
"""

from enum import StrEnum


class Code(StrEnum):
    """Why a command was refused; the value is on the wire."""

    E_LIMIT = "E_LIMIT"
    """A size or number over its limit."""
    E_FIELD = "E_FIELD"
    """Not the shape of a command or of its fact."""
    E_DUP_CONFLICT = "E_DUP_CONFLICT"
    """The source's number is bound to another accepted command for ever."""
    E_TYPE = "E_TYPE"
    """No such command."""
    E_TIME_FUTURE = "E_TIME_FUTURE"
    """Happened more than 5 minutes after now: look at the terminal's clock."""
    E_LATE_REASON = "E_LATE_REASON"
    """Entered more than one working day late without a reason."""
    E_REF = "E_REF"
    """Names a centre, window, item, department, member of staff or case that is not known."""
    E_AUTH = "E_AUTH"
    """The actor does not hold a post that may do this."""
    E_VERSION = "E_VERSION"
    """The stream has moved on: read it again."""
    E_STATE = "E_STATE"
    """Not legal in the state the case is in."""
    E_FROZEN = "E_FROZEN"
    """The period was frozen: what was published of it changes by restatement only."""
    E_TIME_ORDER = "E_TIME_ORDER"
    """Happened before the fact it needs."""
    E_SOD = "E_SOD"
    """Separation of duties (岗位分离): another person has to do it."""
    E_DEPENDENT = "E_DEPENDENT"
    """Later facts need the target: void them in the same command."""
    E_INTERNAL = "E_INTERNAL"
    """The ledger itself failed on this command three times; tell its makers."""


class Refused(Exception):
    """A refusal: a code, one sentence, and what would be legal instead."""

    def __init__(self, code: Code, message: str, legal: tuple[str, ...] = ()) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.legal = legal
