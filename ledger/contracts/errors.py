"""Errors that a person reads: one sentence: what, where, what to do. Never a traceback."""


class UserError(Exception):
    """Wrong use or bad input (exit status 2)."""


class Unreachable(UserError):
    """A part is not there (exit status 3); trying again later may help."""
