"""A worker that does to itself, at a chosen step, what a machine may do to it at any time.

The trouble is `none`, or `<signal>:<step>:<n>`: the signal it sends itself, at the n-th time it
comes to `fold` (inside a batch), `send` (sent, not committed) or `commit` (committed, not heard).
"""

import itertools
import os
import signal
import sys
from pathlib import Path

from aiokafka import AIOKafkaProducer

from processors.runtime.faust_app import run_worker
from processors.views.fold import compile_fold


def main():
    url, folder, trouble = sys.argv[1:]
    name, _, rest = trouble.partition(":")
    step, _, at = rest.partition(":")
    counts = itertools.count(1)

    def reach(here):
        if here == step and next(counts) == int(at):
            os.kill(os.getpid(), getattr(signal, f"SIG{name}"))

    plain, commit = compile_fold(), AIOKafkaProducer.commit_transaction

    def fold(sums, event):
        reach("fold")
        plain(sums, event)

    async def commit_transaction(self):
        reach("send")
        await commit(self)
        reach("commit")

    AIOKafkaProducer.commit_transaction = commit_transaction
    return run_worker(url, Path(folder), fold=fold, session_seconds=6.0)


if __name__ == "__main__":
    sys.exit(main())
