"""What is set for monitors, workers and users: by option, else by the environment, some by refstack.cfg."""

from __future__ import annotations

import ipaddress
import os
from pathlib import Path

from pytest_whitebox.core.errors import StackproofError
from pytest_whitebox.core.setting import Setting, T

from . import refstack_cfg
from .place import Place


def _port(text: str) -> int:
    if not text.isdecimal() or not 0 <= int(text) < 65536:
        raise ValueError(f"{text!r} is no port")
    return int(text)


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise ValueError(f"{text!r} is no number from 1")
    return int(text)


URL = Setting("--url", "WORKER_URL", "", "http://127.0.0.1:8484", "the monitor", convert=str, metavar="URL")
TOKEN = Setting(
    "--token-file", "WORKER_TOKEN_FILE", "", "", "a file with your token, for you only", convert=str, metavar="FILE"
)
AUTHORITY = Setting(
    "--authority", "WORKER_AUTHORITY", "", "", "who signs the monitor's certificate", convert=str, metavar="FILE"
)
STATE = Setting(
    "--state", "WORKER_STATE", "", "", "the folder of monitor or worker (default ~/.local/state/stackproof-worker)",
    convert=str, metavar="FOLDER",
)  # fmt: skip
STORE = Setting(
    "--store",
    "WORKER_STORE",
    "",
    "",
    "the database of jobs (default: SQLite in the folder)",
    convert=str,
    metavar="URL",
)
CONFIG = Setting(
    "--config", "WORKER_CONFIG", "", "", "a refstack.cfg with the next two, and TEST_METHOD = gearman", convert=str,
    metavar="FILE",
)  # fmt: skip
GEARMAN_SERVER = Setting(
    "--gearman-server", "GEARMAN_SERVER", "GEARMAN_SERVER", "", "the host of the Gearman server", convert=str,
    metavar="HOST",
)  # fmt: skip
GEARMAN_PORT = Setting(
    "--gearman-port", "GEARMAN_PORT", "GEARMAN_PORT", 4730, "its port", convert=_port, metavar="PORT"
)
GEARMAN_LISTEN = Setting(
    "--gearman-listen", "WORKER_GEARMAN_LISTEN", "", "127.0.0.1", "where the monitor's own Gearman server listens",
    convert=str, metavar="HOST",
)  # fmt: skip
GEARMAN_CERTIFICATE = Setting(
    "--gearman-certificate", "WORKER_GEARMAN_CERTIFICATE", "", "", "TLS to the Gearman server: our certificate",
    convert=str, metavar="FILE",
)  # fmt: skip
GEARMAN_KEY = Setting(
    "--gearman-key", "WORKER_GEARMAN_KEY", "", "", "TLS to the Gearman server: its private key", convert=str,
    metavar="FILE",
)  # fmt: skip
GEARMAN_AUTHORITY = Setting(
    "--gearman-authority", "WORKER_GEARMAN_AUTHORITY", "", "", "TLS to the Gearman server: who signs both certificates",
    convert=str, metavar="FILE",
)  # fmt: skip
SLOTS = Setting("--slots", "WORKER_SLOTS", "", 1, "jobs at the same time", convert=_positive, metavar="N")
CLOUDS = Setting(
    "--clouds", "WORKER_CLOUDS", "", "", "clouds, a folder each (default: clouds, in the folder)", convert=str,
    metavar="FOLDER",
)  # fmt: skip
CACHE = Setting(
    "--cache", "WORKER_CACHE", "", "", "what several workers of a machine may share (default: cache, in the folder)",
    convert=str, metavar="FOLDER",
)  # fmt: skip
ALLOW = Setting(
    "--allow", "WORKER_ALLOW", "", "", "hosts that addresses in jobs may lead to, divided by commas: HOST or HOST:PORT",
    convert=str, metavar="HOSTS",
)  # fmt: skip
BESIDE = Setting(
    "--beside", "WORKER_BESIDE", "", "", "requirements beside each Tempest, divided by blanks, such as its plugins",
    convert=str, metavar="WORDS",
)  # fmt: skip
LISTEN = Setting(
    "--listen", "WORKER_LISTEN", "", "127.0.0.1:8484", "where the monitor listens", convert=str, metavar="HOST:PORT"
)


def chosen(options: object, setting: Setting[T]) -> T:
    """What was given for a setting; raises `StackproofError` if it is nonsense."""
    file = chosen(options, CONFIG) if setting.ini else ""
    known = refstack_cfg.from_file(Path(file).expanduser()) if file else {}
    return setting.choose(getattr(options, setting.destination, None), os.environ, known.get(setting.ini))[0]


def folder(options: object) -> Path:
    """The folder of monitor or worker."""
    home = os.environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    return Path(chosen(options, STATE) or Path(home) / "stackproof-worker").expanduser()


def clouds(options: object) -> Path:
    """The folder of the clouds that a worker holds."""
    return Path(chosen(options, CLOUDS) or folder(options) / "clouds").expanduser().resolve()


def cache(options: object) -> Path:
    """The folder of locks, of uv's cache, and of what lies beside each Tempest."""
    return Path(chosen(options, CACHE) or folder(options) / "cache").expanduser().resolve()


def hosts(options: object) -> list[str]:
    """The hosts that addresses may lead to."""
    return [host.strip().lower() for host in chosen(options, ALLOW).split(",") if host.strip()]


def gearman(options: object) -> Place | None:
    """Where the Gearman server is; None if nobody says."""
    host = chosen(options, GEARMAN_SERVER)
    return _place(options, host) if host else None


def own_gearman(options: object) -> Place:
    """Where the monitor's own Gearman server is to be; beyond loopback that takes certificates."""
    place = _place(options, chosen(options, GEARMAN_LISTEN))
    if not place.is_tls and not is_loopback(place.host):
        hint = "give --gearman-certificate, --gearman-key and --gearman-authority"
        raise StackproofError(f"anybody could give jobs to a Gearman server at {place.host}", hint=hint)
    return place


def _place(options: object, host: str) -> Place:
    files = [chosen(options, setting) for setting in (GEARMAN_KEY, GEARMAN_CERTIFICATE, GEARMAN_AUTHORITY)]
    if any(files) and not all(files):
        hint = "give --gearman-certificate, --gearman-key and --gearman-authority, or none of them"
        raise StackproofError("TLS to the Gearman server takes three files", hint=hint)
    return Place(host, chosen(options, GEARMAN_PORT), *(str(Path(file).expanduser()) for file in files if file))


def is_loopback(host: str) -> bool:
    """True for an address that no other machine reaches."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def token(options: object) -> str:
    """The token in the file that is named; raises `StackproofError` if there is none, or if others may read it."""
    named = chosen(options, TOKEN)
    if not named:
        raise StackproofError("there is no token", hint="name its file with --token-file or $WORKER_TOKEN_FILE")
    file = Path(named).expanduser()
    try:
        mode, text = file.stat().st_mode, file.read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise StackproofError(f"{file} cannot be read: {error}", hint="name the file with your token") from None
    if mode & 0o077:
        raise StackproofError(f"{file} can be read by others", hint=f"`chmod 600 {file}`")
    return text
