"""One process of the crowd: an engine of its own over the shared store.

    python -m tests.concurrency.worker FOLDER STORAGE

A line of JSON on standard input is a day's work, ``[day, [[who, surface], …]]``; the answer is a
line with how many got something.
"""

from __future__ import annotations

import json
import sys
from contextlib import closing
from pathlib import Path

from tests.concurrency.crowd import Want, moment, take

from tuttu.engine import open_engine
from tuttu.vocabulary.clock import ManualClock


def main(folder: str, storage: str) -> None:
    clock = ManualClock(moment(0))
    with closing(open_engine(Path(folder), clock=clock, storage=storage)) as engine:
        print("ready", flush=True)  # noqa: T201
        for line in sys.stdin:
            day, wants = json.loads(line)
            clock.set(moment(day))
            taken = take(engine, [Want(*want) for want in wants])
            print(json.dumps(taken), flush=True)  # noqa: T201


if __name__ == "__main__":
    main(*sys.argv[1:])
