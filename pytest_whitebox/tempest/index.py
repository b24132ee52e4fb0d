"""What Tempest's loader found, kept so that the next run need not import a thousand modules to know it.

An index counts only as long as nothing has changed that shapes it: all Python of Tempest and of its plugins, byte by
byte, the versions beneath, and the configuration. Modules that make their tests in ways of their own are not in it.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, field
from pathlib import Path

from pytest_whitebox.tempest.installed import Installed
from pytest_whitebox.tempest.needs import Credentials
from pytest_whitebox.tempest.test import TempestTest

_FORMAT = 2
_KEPT = 8
#: Options that differ from run to run and shape no test.
_PASSING = re.compile(r"^\s*(lock_path|log_file|log_dir|test_accounts_file|admin_password)\s*=.*$", re.MULTILINE)
#: oslo.config takes options from such variables, too.
_VARIABLE = re.compile(r"OS_\w+__\w+")


@dataclass(frozen=True, slots=True)
class Index:
    """``tests`` in the loader's order; the tests of modules in ``own_ways`` are to be loaded each time.

    ``paths`` are folders that plugins want on ``sys.path``; ``credentials`` what each class asks for, by its full name.
    """

    tests: tuple[TempestTest, ...]
    own_ways: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    credentials: Mapping[str, Credentials] = field(default_factory=dict)


def key(installed: Installed, conf: Path | None) -> str:
    """What an index depends on, as the name of its file."""
    whole = hashlib.sha256(f"{_FORMAT} {installed.digest}".encode())
    whole.update(_PASSING.sub("", conf.read_text(errors="replace")).encode() if conf else b"")
    whole.update(repr(sorted(item for item in os.environ.items() if _VARIABLE.fullmatch(item[0]))).encode())
    return whole.hexdigest()[:40]


def read(folder: Path, key: str) -> Index | None:
    """The index of this key, None if there is none that can be used."""
    try:
        found = json.loads((folder / f"{key}.json").read_text())
        tests = tuple(TempestTest(*one) for one in found["tests"])
        return Index(tests, tuple(found["own_ways"]), tuple(found["paths"]), found["credentials"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def write(folder: Path, key: str, index: Index) -> None:
    """Keep an index; several workers may do so at once, and old ones are thrown away."""
    known = {name: getattr(index, name) for name in ("own_ways", "paths", "credentials")}
    text = json.dumps({"tests": [astuple(one) for one in index.tests], **known})
    new = folder / f"{key}.{os.getpid()}"
    new.write_text(text)
    new.replace(folder / f"{key}.json")
    for old in _oldest(sorted(folder.glob("*.json"), key=lambda file: file.stat().st_mtime)):
        old.unlink(missing_ok=True)


def _oldest(files: Sequence[Path]) -> Sequence[Path]:
    return files[:-_KEPT]
