"""The chain (哈希链): per partition, hash = SHA-256(previous hash ‖ bytes as stored).

A chain per stream could not show that a whole stream is missing (design.md 5).
"""

import hashlib


def genesis(partition: int) -> bytes:
    """Give the 32 bytes before the first event of a partition; differ between partitions."""
    return hashlib.sha256(b"taizhang chain 1 partition %d" % partition).digest()


def chain(previous: bytes, value: bytes) -> bytes:
    """Give the 32 bytes of the next link."""
    return hashlib.sha256(previous + value).digest()
