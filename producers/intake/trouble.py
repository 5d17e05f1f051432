"""What every error of the gateway looks like, for all who answer over HTTP."""

from pydantic import BaseModel


class Trouble(BaseModel):
    """The one shape of every error."""

    code: str
    message: str
    legal: list[str] = []
    where: str = ""


class Denied(Exception):
    """An answer other than a receipt."""

    def __init__(self, status: int, code: str, message: str, where: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.trouble = Trouble(code=code, message=message, where=where)
