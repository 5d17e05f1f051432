"""证照清单 (certificates): what another system says it issued, for R04 to look for in the ledger.

A list of departments or of the licence platform, handed to one sweep; nothing of it is kept but
the number of a certificate that an alert is about.
"""

import csv
from datetime import date
from pathlib import Path
from typing import NamedTuple

from ledger.contracts.errors import UserError

NEEDED = ("item", "holder_ref", "issued_on", "cert_no")
ROWS_MAX = 1_000_000
CERT_NO_MAX = 100


class Certificate(NamedTuple):
    """One certificate on the list."""

    item: str
    holder: str
    """As `applicant_ref` of cases: the keyed hash, never a number of a person."""
    issued: date
    cert_no: str
    centre: str | None


def read(path: Path) -> list[Certificate]:
    """Read a list: CSV in UTF-8 with the columns `NEEDED`, and `centre` where it is known.

    Raises:
        UserError: the file cannot be read, or a row is not a certificate; with the row's number.

    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file)
            if missing := [name for name in NEEDED if name not in (rows.fieldnames or ())]:
                message = f"{path.name} has no column {', '.join(missing)}"
                raise UserError(message)
            found = [_certificate(path, number, row) for number, row in enumerate(rows, 2)]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        message = f"{path.name} cannot be read: {error}"
        raise UserError(message) from None
    if len(found) > ROWS_MAX:
        message = f"{path.name} has more than {ROWS_MAX} rows; hand it in by parts"
        raise UserError(message)
    return found


def _certificate(path: Path, number: int, row: dict[str, str]) -> Certificate:
    said = {name: (row.get(name) or "").strip() for name in (*NEEDED, "centre")}
    try:
        issued = date.fromisoformat(said["issued_on"])
    except ValueError:
        issued = None
    wrong = [name for name in NEEDED if not said[name]]
    if issued is None or wrong or len(said["cert_no"]) > CERT_NO_MAX:
        which = ", ".join(wrong) or ("issued_on" if issued is None else "cert_no")
        message = f"{path.name}, row {number}: {which} is not as it should be"
        raise UserError(message)
    return Certificate(said["item"], said["holder_ref"], issued, said["cert_no"],
                       said["centre"] or None)  # fmt: skip
