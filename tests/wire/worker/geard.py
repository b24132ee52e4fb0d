"""Gear's server in a process of its own, so that it can be killed."""

from __future__ import annotations

import signal
import sys

from worker.gearing import Server
from worker.place import Place

if __name__ == "__main__":
    server = Server(Place(sys.argv[1], int(sys.argv[2])))
    print("ready", flush=True)
    signal.pause()
