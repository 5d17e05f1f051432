"""An embedded runner that kills itself inside a batch, at the n-th fact it folds."""

import asyncio
import itertools
import os
import signal
import sys
from pathlib import Path

from ledger.log.sqlite import SqliteBook
from processors.runtime import embedded
from processors.views.fold import compile_fold


async def main(book, views, n):
    plain, counts = compile_fold(), itertools.count(1)

    def fold(sums, event):
        if next(counts) == n:
            os.kill(os.getpid(), signal.SIGKILL)
        plain(sums, event)

    embedded.COMMIT_RECORDS = 50
    await embedded.EmbeddedViews(SqliteBook.reading(Path(book)), Path(views), fold).step()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
