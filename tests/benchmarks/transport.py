"""What a command on a host costs: over the held-open connection, by one `ssh` each, by Tempest's SSH client."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from pytest_whitebox.core.command import run
from pytest_whitebox.core.transports import SshTransport, Transport
from tests.benchmarks.figure import Figure

_COMMANDS = 200
_RUNS = 3
#: Percent of the time that one connection for each command takes.
_LIMIT = 10
_TEMPEST = "47.0.0"
_TEMPEST_SCRIPT = Path(__file__).with_name("tempest_ssh.py")


def figures(state: Path, host: str = "compute1") -> Iterator[Figure]:
    """The cloud in ``state`` must be up; every way runs ``true`` on the host."""
    config = state / "ssh_config"
    with closing(SshTransport(host, ssh_config=config)) as transport:
        transport.run(["true"])
        held = _each(lambda: transport.run(["true"]))
        with _other_key(transport) as key:
            tempest = _tempest(key, config, host)
    single = _each(lambda: run(["ssh", "-F", str(config), host, "true"]))
    yield Figure("a command over the held-open connection", "ms", held)
    yield Figure("a command by one `ssh` each", "ms", single, note=_ratio(single, held))
    yield Figure(f"a command by the SSH client of Tempest {_TEMPEST}", "ms", tempest, note=_ratio(tempest, held))
    share = tuple(100 * mine / other for mine, other in zip(held, tempest, strict=True))
    note = f"{_COMMANDS} commands, each with its own exit status"
    yield Figure("the held-open connection, of the time of Tempest's client", "%", share, _LIMIT, note)


def _each(command: Callable[[], object]) -> tuple[float, ...]:
    taken = []
    for _ in range(_RUNS):
        began = time.perf_counter()
        for _ in range(_COMMANDS):
            command()
        taken.append((time.perf_counter() - began) / _COMMANDS * 1000)
    return tuple(taken)


def _ratio(slow: tuple[float, ...], fast: tuple[float, ...]) -> str:
    return f"{sorted(slow)[len(slow) // 2] / sorted(fast)[len(fast) // 2]:.0f} times as long"


@contextmanager
def _other_key(transport: Transport) -> Iterator[Path]:
    """A key that opens the host for as long as the context lasts: Tempest's client knows RSA and ECDSA only."""
    authorized = "/root/.ssh/authorized_keys"
    before = transport.read(authorized)
    with tempfile.TemporaryDirectory() as folder:
        key = Path(folder, "key")
        run(["ssh-keygen", "-q", "-t", "ecdsa", "-N", "", "-f", str(key)])
        transport.write(authorized, before + key.with_suffix(".pub").read_bytes())
        try:
            yield key
        finally:
            transport.write(authorized, before)


def _tempest(key: Path, config: Path, host: str) -> tuple[float, ...]:
    """In an environment of its own: Tempest is no dependency."""
    uv = [str(Path(sys.executable).with_name("uv")), "run", "--quiet", "--no-project", "--with", f"tempest=={_TEMPEST}"]
    words = [str(key), str(config), host, str(_COMMANDS), str(_RUNS)]
    return tuple(float(word) for word in run([*uv, str(_TEMPEST_SCRIPT), *words], timeout=600).stdout.split())
