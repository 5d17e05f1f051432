"""A writer that does to itself, at a chosen step, what a machine may do to it at any time.

The trouble is `none`, or `<signal>:<step>:<n>`: the signal it sends itself, the n-th time it has
`sent` (all records, nothing committed), `committed` (and not heard of it) or `merged` nothing yet.
"""

import asyncio
import itertools
import logging
import os
import signal
import sys
from pathlib import Path

from aiokafka import AIOKafkaProducer

from ledger.log.kafka_writer import run_writer
from ledger.log.writer_store import StateFile


async def main():
    url, folder, trouble = sys.argv[1:]
    name, _, rest = trouble.partition(":")
    step, _, at = rest.partition(":")
    counts = itertools.count(1)
    commit, merge = AIOKafkaProducer.commit_transaction, StateFile.merge

    def reach(here):
        if here == step and next(counts) == int(at):
            os.kill(os.getpid(), getattr(signal, f"SIG{name}"))

    async def commit_transaction(self):
        reach("sent")
        await commit(self)
        reach("committed")

    def merge_page(self, page, mark):
        merge(self, page, mark)
        reach("merged")

    AIOKafkaProducer.commit_transaction = commit_transaction
    StateFile.merge = merge_page
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    logging.getLogger("aiokafka").setLevel(logging.ERROR)
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await run_writer(url, Path(folder), demo_clock=True, stop=stop, session_ms=6000)


if __name__ == "__main__":
    asyncio.run(main())
