"""A worker whose jobs do nothing, or misbehave, by the name of their first test."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from threading import Thread

from worker.asking import Asking
from worker.job import Result
from worker.node import Node, Pace
from worker.payload import Payload
from worker.place import Place
from worker.runner import End, Telling
from worker.states import State

#: Ends at once; ends when it is stopped; takes its worker along.
QUICK, ENDLESS, POISON = "noop.quick", "noop.endless", "noop.poison"


class Noop:
    def run(self, job: str, payload: Payload, telling: Telling) -> End:
        (name, *_) = payload.tests.names
        telling.state(State.RUNNING)
        telling.log(f"{job} runs in {os.getpid()}\n")
        if name == POISON:
            os.kill(os.getpid(), signal.SIGKILL)
        if name == ENDLESS:
            telling.stop.wait(payload.deadline)
            return End(State.FAILED, "nobody stopped it")
        telling.progress(1, 1)
        return End(State.PASSED, "", [Result(name)])


def main(host: str, port: str, url: str, token: str, slots: str, allowed: str) -> int:
    asking = Asking(url, Path(token).read_text().strip())
    pace = Pace(report=0.3, again=0.2, claim=10.0, end=60.0)
    node = Node(Place(host, int(port)), asking, Noop(), f"noop-{os.getpid()}", int(slots), allowed.split(","), pace)
    signal.signal(signal.SIGTERM, lambda *_: Thread(target=node.drain).start())
    print("ready", flush=True)
    node.run()
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
