"""证照清单: a list of certificates is read whole, or refused with what is wrong with it."""

from datetime import date

import pytest

from analytics.sweeps.certificates import Certificate, read
from ledger.contracts.errors import UserError

HEAD = "item,holder_ref,issued_on,cert_no,centre\n"


def write(tmp_path, text, encoding="utf-8"):
    path = tmp_path / "list.csv"
    path.write_bytes(text.encode(encoding))
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_a_list_is_read_with_or_without_the_mark_of_a_spreadsheet(tmp_path, encoding):
    path = write(
        tmp_path, HEAD + "i1,ab12,2020-06-01,证1,libao\ni2,cd34,2020-06-02,证2,\n", encoding
    )

    assert read(path) == [
        Certificate("i1", "ab12", date(2020, 6, 1), "证1", "libao"),
        Certificate("i2", "cd34", date(2020, 6, 2), "证2", None),
    ]


def test_a_list_without_the_column_centre_is_read(tmp_path):
    path = write(tmp_path, "item,holder_ref,issued_on,cert_no\ni1,ab12,2020-06-01,证1\n")

    assert [each.centre for each in read(path)] == [None]


@pytest.mark.parametrize(
    ("text", "encoding", "says"),
    [
        ("item,issued_on\n", "utf-8", "holder_ref, cert_no"),
        (HEAD + "i1,ab12,1.6.2020,证1,\n", "utf-8", "row 2: issued_on"),
        (HEAD + "i1,,2020-06-01,证1,\n", "utf-8", "row 2: holder_ref"),
        (HEAD + "i1,ab12,2020-06-01,证1,\ni1\n", "utf-8", "row 3"),
        (HEAD + f"i1,ab12,2020-06-01,{'9' * 101},\n", "utf-8", "row 2: cert_no"),
        (HEAD, "utf-16", "cannot be read"),
    ],
)
def test_what_is_no_list_is_refused_with_its_reason(tmp_path, text, encoding, says):
    with pytest.raises(UserError, match=says):
        read(write(tmp_path, text, encoding))


def test_a_list_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(UserError, match="cannot be read"):
        read(tmp_path / "none.csv")
