"""Verbs of who keeps monitors and workers: serve, run, prepare, token, pyz."""

from __future__ import annotations

import argparse
import logging
import signal
import socket
import sys
from contextlib import ExitStack
from importlib.util import find_spec
from pathlib import Path
from threading import Event, Thread
from typing import TYPE_CHECKING

from pytest_whitebox.core.errors import StackproofError

from .. import settings
from ..payload import key_id
from ..place import Place
from ..sealing import PUBLIC
from ..tokens import Kind, Tokens

if TYPE_CHECKING:
    from ..gearing import Server

#: Seconds between two looks of the monitor, if nothing wakes it, and between two rounds of callbacks.
_PACE = 0.5
_KINDS: dict[str, Kind] = {"user": "users", "host": "hosts", "admin": "admins"}


def serve(options: argparse.Namespace) -> int:
    """Run the monitor until SIGTERM."""
    for needed in ("fastapi", "gear", "sqlalchemy", "uvicorn"):
        if find_spec(needed) is None:
            hint = "pip install 'stackproof[worker]', and start it as `python -m stackproof_worker serve`"
            raise StackproofError(f"the monitor needs {needed}, which is not here", hint=hint)
    import uvicorn

    from ..callbacks import Callbacks
    from ..gearing import Server, Submitter
    from ..looping import Looping
    from ..monitor import Monitor
    from ..service import app
    from ..store import Rules, Store

    _log()
    host, port = _listening(options)
    folder = settings.folder(options)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    url = settings.chosen(options, settings.STORE) or f"sqlite:///{folder}/jobs.sqlite"
    allowed = settings.hosts(options)
    with ExitStack() as stack:
        store = stack.enter_context(Store.open(url, Rules(lease=options.lease, deaths=options.deaths)))
        place = settings.gearman(options)
        if place is None:
            place = settings.own_gearman(options)
            stack.callback(_own(place, Server).shutdown)
        submitter = Submitter(place)
        stack.callback(submitter.shutdown)
        monitor = Monitor(store, submitter)
        monitor.begin()
        looping = stack.enter_context(Looping("monitor", monitor.turn, _PACE))
        stack.enter_context(Looping("callbacks", lambda: Callbacks(store, allowed).turn(monitor.clock()), _PACE))
        config = uvicorn.Config(
            app(store, _tokens(folder), allowed, looping.wake), host=host, port=port, log_level="warning",
            ssl_certfile=options.certificate, ssl_keyfile=options.key, timeout_graceful_shutdown=5,
        )  # fmt: skip
        print(f"monitor at {host}:{port}, jobs in {store.place}, Gearman at {place}", file=sys.stderr, flush=True)
        try:
            uvicorn.Server(config).run()
        except SystemExit:
            hint = "name another place with --listen"
            raise StackproofError(f"nobody can listen at {host}:{port}", hint=hint) from None
    return 0


def run(options: argparse.Namespace) -> int:
    """Run jobs until SIGTERM."""
    from ..asking import Asking
    from ..node import Node
    from ..processes import Processes

    _log()
    folder = settings.folder(options)
    place = settings.gearman(options)
    if place is None:
        raise StackproofError("no Gearman server is named", hint="set GEARMAN_SERVER, or give --gearman-server")
    authority = settings.chosen(options, settings.AUTHORITY)
    asking = Asking(
        settings.chosen(options, settings.URL),
        settings.token(options),
        Path(authority).expanduser() if authority else None,
    )
    allowed, beside = tuple(settings.hosts(options)), tuple(settings.chosen(options, settings.BESIDE).split())
    runner = Processes(folder / "jobs", settings.clouds(options), settings.cache(options), folder, allowed, beside)
    slots, keys = settings.chosen(options, settings.SLOTS), _keys(folder)
    node = Node(place, asking, runner, socket.gethostname(), slots, allowed, keys=keys)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: Thread(target=node.drain).start())
    print(f"worker with {node.slots} slots, jobs from {place}, told to {asking.url}", file=sys.stderr, flush=True)
    with runner:
        node.run()
    return 0


def prepare(options: argparse.Namespace) -> int:
    """Fill the cache: resolve and install each release once, and see that it lists tests."""
    import tempfile

    from ..environment import Environments
    from ..own import python
    from ..payload import Refused
    from ..releases import RELEASES

    versions = [one.strip() for one in options.tempest.split(",") if one.strip()]
    for version in versions:
        if version not in RELEASES:
            raise Refused("--tempest", f"{version} is no release of Tempest that is known here")
    python(settings.cache(options), _aloud, Event())
    environments = Environments(settings.cache(options), settings.chosen(options, settings.BESIDE).split())
    for version in versions:
        with tempfile.TemporaryDirectory() as folder:
            environments.make(version, Path(folder) / "venv", _aloud, Event())
        print(f"Tempest {version} is prepared")
    return 0


def key(options: argparse.Namespace) -> int:
    """Print the public key of this worker, made if there is none."""
    from ..own import SEALING, asked

    request = {"do": "public", "folder": str(settings.folder(options))}
    print(asked(SEALING, request, settings.cache(options), _aloud, Event())["public"])
    return 0


def token(options: argparse.Namespace) -> int:
    """Make a token and print it, or take one away."""
    tokens = _tokens(settings.folder(options))
    kind = _KINDS[options.kind]
    if options.remove:
        tokens.remove(kind, options.name)
    else:
        print(tokens.make(kind, options.name))
    return 0


def pyz(options: argparse.Namespace) -> int:
    """Write the stand-alone worker."""
    from ..standalone import write

    write(options.file)
    print(f"{options.file}, {options.file.stat().st_size / 1024:.0f} KiB")
    return 0


def _keys(folder: Path) -> tuple[str, ...]:
    """The ids of the keys that this worker has."""
    file = folder / PUBLIC
    return (key_id(file.read_text()),) if file.is_file() else ()


def _aloud(line: str) -> None:
    print(line, end="", file=sys.stderr)


def _tokens(folder: Path) -> Tokens:
    return Tokens(folder / "tokens.json")


def _own(place: Place, kind: type[Server]) -> Server:
    try:
        return kind(place)
    except StackproofError:
        raise
    except Exception as error:
        hint = "name a free port with --gearman-port, or that server with --gearman-server"
        raise StackproofError(f"no Gearman server can listen at {place}", hint=hint) from error


def _listening(options: argparse.Namespace) -> tuple[str, int]:
    """Where to listen; tokens would be in the clear on any network, so that takes TLS."""
    text = settings.chosen(options, settings.LISTEN)
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal():
        raise StackproofError(f"{text} is no place to listen at", hint="write HOST:PORT")
    if bool(options.certificate) != bool(options.key):
        raise StackproofError("a certificate and its key belong together", hint="give --certificate and --key")
    if not options.certificate and not options.behind_proxy and not settings.is_loopback(host):
        hint = "give --certificate and --key, or --behind-proxy if something before it has TLS"
        raise StackproofError(f"tokens would cross the network to {host} in the clear", hint=hint)
    return host, int(port)


def _log() -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", stream=sys.stderr)
    logging.getLogger("gear").setLevel(logging.CRITICAL)
