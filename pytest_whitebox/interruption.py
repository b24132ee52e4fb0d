"""Ctrl-C with workers of xdist: each undoes what it did, as a run without workers does, before the run ends.

xdist itself gives its workers 10 s, and execnet 15 s, before they are killed: less than a server or a service takes.
"""

from __future__ import annotations

import os
import signal
import threading
from contextlib import suppress
from types import FrameType
from typing import Any, NoReturn

import pytest


class Interruption:
    """The controller's part: hands Ctrl-C on to the workers, and waits for them until a second one."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._nodes: dict[Any, int] = {}

    def pytest_testnodeready(self, node: Any) -> None:
        """Know the process of each worker on this machine."""
        if node.gateway.spec.popen:
            self._nodes[node] = node.gateway._rinfo().pid  # execnet tells it nowhere else

    def pytest_testnodedown(self, node: Any) -> None:
        """Forget a worker that has ended."""
        self._nodes.pop(node, None)

    def pytest_keyboard_interrupt(self) -> None:
        """The workers are told what the run was told."""
        left = {node: pid for node, pid in self._nodes.items() if not node.channel.isclosed()}
        if not left:
            return
        for node, pid in left.items():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGINT)
            node.shutdown()  # a test may take the interruption for its own end, as that of `--phase=during` does
        who = "1 worker undoes what it did" if len(left) == 1 else f"{len(left)} workers undo what they did"
        if (terminal := self._config.pluginmanager.get_plugin("terminalreporter")) is not None:
            terminal.write_line(f"\ninterrupted: {who}; Ctrl-C again ends at once")
        with suppress(KeyboardInterrupt):
            for node in left:
                with suppress(node.channel.RemoteError):
                    node.channel.waitclose()


def prepare(config: pytest.Config) -> None:
    """Have a worker interrupted once only, however often it is told, and the controller wait for its workers."""
    if not hasattr(config, "workerinput"):
        if config.pluginmanager.has_plugin("xdist"):
            config.pluginmanager.register(Interruption(config), "whitebox_interruption")
    elif threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, _once)


def _once(_number: int, _frame: FrameType | None) -> NoReturn:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    raise KeyboardInterrupt
