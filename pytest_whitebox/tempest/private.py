"""Files of a run that only their owner may read, and the passwords in them."""

from __future__ import annotations

import os
import re
from pathlib import Path

import yaml

from pytest_whitebox.core.redaction import HIDDEN

#: Names of a tempest.conf that is made, and of the accounts file beside it, in the run's directory.
CONF, ACCOUNTS = "tempest.conf", "accounts.yaml"
_PASSWORD = re.compile(r"^(\w*password\s*=).*$", re.MULTILINE)


def write(file: Path, text: str) -> None:
    """Write a file that only its owner may read."""
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with open(descriptor, "w") as stream:  # noqa: PTH123 -- Path.open takes no mode for a new file
        os.fchmod(descriptor, 0o600)
        stream.write(text)


def strike(run: Path) -> None:
    """Strike the passwords out of what was made for a run that is over, whoever made it; what is not there is well."""
    conf, accounts = run / CONF, run / ACCOUNTS
    if conf.is_file():
        write(conf, _PASSWORD.sub(rf"\1 {HIDDEN}", conf.read_text()))
    if accounts.is_file():
        try:
            entries = [{**entry, "password": HIDDEN} for entry in yaml.safe_load(accounts.read_text()) or ()]
        except (yaml.YAMLError, TypeError):
            # Its run was killed while it wrote.
            entries = []
        write(accounts, yaml.safe_dump(entries))
