"""The tempest.conf of the run: where it is, and how Tempest comes to read it."""

from __future__ import annotations

import io
import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

from pytest_whitebox.core.configuration import Config
from pytest_whitebox.core.errors import StackproofError
from pytest_whitebox.core.setting import Settings
from pytest_whitebox.tempest import settings
from pytest_whitebox.tempest.hiding import Lines
from pytest_whitebox.tempest.installed import unusable, unwarned
from pytest_whitebox.tempest.needs import Credentials, short

_SYSTEM = Path("/etc/tempest/tempest.conf")


@dataclass(frozen=True, slots=True)
class Conf:
    """A tempest.conf and who named it."""

    path: Path
    source: str


def find(given: Settings, folder: Path, environ: Mapping[str, str]) -> Conf | None:
    """The user's own tempest.conf, by option, else where Tempest looks for it; None if there is none.

    Raises `StackproofError` if the option or a variable names a file that is not there.
    """
    named, source = settings.CONFIG.read(given)
    if not named and environ.keys() & {"TEMPEST_CONFIG_DIR", "TEMPEST_CONFIG"}:
        named, source = str(_by_variables(folder, environ)), "$TEMPEST_CONFIG_DIR and $TEMPEST_CONFIG"
    if named:
        path = folder / Path(named).expanduser()
        if not path.is_file():
            raise StackproofError(f"{path} is no file (from {source})", hint="correct the path of your tempest.conf")
        return Conf(path, source)
    places = (folder / "etc" / "tempest.conf", _SYSTEM)
    return next((Conf(path, "where Tempest looks for it") for path in places if path.is_file()), None)


def check_accounts(conf: Conf, asked: Sequence[Credentials], workers: int) -> None:
    """Raise `StackproofError` if the accounts file that a tempest.conf names has too few for so many workers."""
    import yaml

    config = Config.from_files({str(conf.path): conf.path.read_bytes()})
    named = config.get("auth", "test_accounts_file")
    if not named or (config.get("auth", "use_dynamic_credentials") or "true").lower() != "false":
        return
    try:
        entries = yaml.safe_load(Path(named).read_text()) or []
        lacking = short(entries, asked, workers)
    except (OSError, yaml.YAMLError, AttributeError, TypeError):
        hint = "see Tempest's page on pre-provisioned credentials"
        raise StackproofError(f"cannot read {named} as an accounts file of Tempest", hint=hint) from None
    if lacking:
        raise StackproofError(f"{named} has {lacking}", hint="add accounts, or let fewer workers run, with -n")


def load(conf: Conf | None, locks: Path) -> None:
    """Have Tempest read it; ``locks`` is where its locks lie unless the file says otherwise.

    Its log goes the way of all logs, and without secrets. Raises `StackproofError` if it cannot be loaded.
    """
    # pytest keeps what is logged; with Tempest's own fixture all would be there twice, and with secrets.
    os.environ.setdefault("OS_LOG_CAPTURE", "0")
    try:
        with unwarned(), _own_handlers():
            from oslo_concurrency import lockutils
            from tempest import config

            if conf is not None:
                config.CONF.set_config_path(str(conf.path))
            _ = config.CONF.debug
    except Exception as error:
        raise unusable(error) from error
    lockutils.set_defaults(str(locks))


def _by_variables(folder: Path, environ: Mapping[str, str]) -> Path:
    return folder / environ.get("TEMPEST_CONFIG_DIR", "etc") / environ.get("TEMPEST_CONFIG", "tempest.conf")


@contextmanager
def _own_handlers() -> Iterator[None]:
    """oslo.log takes all handlers of others away and writes to the terminal; pytest shows the log already."""
    root = logging.getLogger()
    before = list(root.handlers)
    try:
        with redirect_stderr(io.StringIO()), redirect_stdout(io.StringIO()):
            yield
    finally:
        files = [one for one in root.handlers if isinstance(one, logging.FileHandler) and one not in before]
        for one in files:
            one.setFormatter(Lines(one.formatter or logging.Formatter()))
        root.handlers[:] = [*before, *files]
