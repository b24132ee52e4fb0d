"""testinfra's modules over a transport of ours, so that nothing connects per command."""

from __future__ import annotations

from typing import Any

from pytest_whitebox.core.transports import Transport

#: Names of testinfra's modules that a host does not take from it.
_OURS = frozenset({"service", "run"})


def inspector(transport: Transport) -> Any:
    """A testinfra ``Host`` whose commands go through the transport."""
    import testinfra.host
    from testinfra.backend.base import BaseBackend, CommandResult

    class Backend(BaseBackend):  # type: ignore[misc]  # testinfra has no types
        NAME = "stackproof"

        def run(self, command: str, *args: str, **_options: Any) -> CommandResult:
            # The text comes from testinfra, which has quoted its arguments.
            line = self.get_command(command, *args)
            outcome = transport.execute(["sh", "-c", line])
            return self.result(outcome.rc, line.encode(), outcome.stdout, outcome.stderr)

        def get_encoding(self) -> str:
            return "utf-8"

    return testinfra.host.Host(Backend(transport.name))


def module(host: Any, name: str) -> Any:
    """A module of testinfra by its name; raises `AttributeError` if it has none of that name."""
    from testinfra.modules import modules

    if name not in modules or name in _OURS:
        raise AttributeError(f"a host has no {name!r}; testinfra's modules are {', '.join(sorted(modules))}")
    return getattr(host, name)
