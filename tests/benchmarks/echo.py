"""A worker of Gearman's that does nothing with its jobs: ``python -m tests.benchmarks.echo ours|stock PORT JOBS``.

It says "ready", and "done" when it has had so many.
"""

from __future__ import annotations

import sys
from typing import Any

import gear

from worker.gearing import FUNCTION, Taker, answer
from worker.place import Place


def taker(kind: str, port: int) -> Any:
    """Ours, or gear's own as it comes."""
    if kind == "ours":
        return Taker(Place("127.0.0.1", port), "echo")
    made = gear.TextWorker("echo")
    made.registerFunction(FUNCTION)
    made.addServer("127.0.0.1", port)
    return made


def main(kind: str, port: str, jobs: str) -> int:
    made = taker(kind, int(port))
    made.waitForServer()
    print("ready", flush=True)
    for _ in range(int(jobs)):
        answer(made.getJob(), done=True)
    print("done", flush=True)
    made.shutdown()
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
