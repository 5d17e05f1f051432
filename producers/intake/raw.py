"""Bytes of files (字节): inflated, cut into lines, bounded."""

import zlib
from collections.abc import Iterator
from pathlib import Path

from producers.intake.cells import LINE_BYTES_MAX, BrokenOff, FileRefused

CHUNK_BYTES = 256 * 1024
GZIP_MAGIC = b"\x1f\x8b"


def lines(path: Path) -> Iterator[bytes]:
    """Give whole lines with their ends; no byte of a GB18030 character is a line end.

    Raises:
        BrokenOff: after the last whole line, when the file is cut off.

    """
    rest = b""
    for chunk in inflated(path):
        rest += chunk
        *whole, rest = rest.split(b"\n")
        for line in whole:
            yield line + b"\n"
        if len(rest) > LINE_BYTES_MAX:
            raise BrokenOff(f"a line of over {LINE_BYTES_MAX:,} bytes; what follows is not read")
    if rest:
        yield rest


def inflated(path: Path) -> Iterator[bytes]:
    """Give the bytes of a file, gunzipped when they are gzip whatever the file's name.

    Raises:
        FileRefused: a checksum is wrong.
        BrokenOff: after the last byte of a gzip that is cut off.

    """
    with path.open("rb") as file:
        chunk = file.read(CHUNK_BYTES)
        if not chunk.startswith(GZIP_MAGIC):
            while chunk:
                yield chunk
                chunk = file.read(CHUNK_BYTES)
            return
        inflate = zlib.decompressobj(wbits=31)
        while chunk:
            try:
                yield inflate.decompress(chunk, CHUNK_BYTES)
            except zlib.error as error:
                # No telling which rows are what was sent, and the ledger keeps them for ever.
                raise FileRefused(f"{path} is damaged ({error}); have it sent again") from None
            chunk = inflate.unconsumed_tail
            if inflate.eof:
                chunk = inflate.unused_data.lstrip(b"\0")
                chunk = chunk or file.read(CHUNK_BYTES).lstrip(b"\0")
                inflate = zlib.decompressobj(wbits=31) if chunk else inflate
            chunk = chunk or file.read(CHUNK_BYTES)
        if rest := inflate.flush():
            yield rest
        if not inflate.eof:
            raise BrokenOff("the gzip is cut off in the middle; what follows is missing")
