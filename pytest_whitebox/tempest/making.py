"""A tempest.conf made for one run: written for its owner only, and what was made for it undone at the end."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pytest_whitebox.cloud import Cloud
from pytest_whitebox.core.configuration import Config
from pytest_whitebox.core.errors import StackproofError
from pytest_whitebox.core.ledger import Ledger
from pytest_whitebox.core.redaction import HIDDEN
from pytest_whitebox.create import Create
from pytest_whitebox.session import Session
from pytest_whitebox.tempest import discovery
from pytest_whitebox.tempest.conf import Conf
from pytest_whitebox.tempest.discovery import Options


@dataclass(slots=True)
class Made:
    """The file, and what there is to undo once the last test is over; ``secrets`` are in the file until then."""

    conf: Conf
    ledger: Ledger = field(default_factory=Ledger)
    secrets: list[str] = field(default_factory=list)

    def undo(self) -> ExceptionGroup[Exception] | None:
        """Remove what was made in the cloud, and the passwords from the files; return what could not be removed."""
        for file in (self.conf.path, self.conf.path.with_name("accounts.yaml")):
            if file.is_file():
                text = file.read_text()
                for secret in self.secrets:
                    text = text.replace(secret, HIDDEN)
                private(file, text)
        return self.ledger.unwind()


def make(session: Session) -> Made:
    """Ask the chosen cloud and write down what it says; raises `StackproofError` if that is not enough for Tempest."""
    cloud = _connected(session)
    made = Made(Conf(session.run.folder() / "tempest.conf", f"made by asking cloud {cloud.name}"))
    made.ledger.add("the connection", cloud.close)
    create = Create(cloud, made.ledger, f"sp-{session.run.id}-tempest", session.image)
    try:
        options = {**_asked(cloud, create), **_of_the_run(session)}
        known = discovery.credentials(cloud)
        made.secrets.append(known["password"])
        if not options["auth"]["use_dynamic_credentials"]:
            options["auth"] = {**options["auth"], "test_accounts_file": _own_account(made.conf.path, cloud, known)}
        private(made.conf.path, "\n".join(discovery.lines(options)))
    except BaseException:
        made.undo()
        raise
    return made


def differences(session: Session, own: Conf) -> list[str]:
    """Where the user's own tempest.conf says something else than the cloud; what it does not say is no difference."""
    with _connected(session) as cloud:
        found = _asked(cloud, Create(cloud, Ledger(), "", session.image), may_make=False)
    config = Config.from_files({str(own.path): own.path.read_bytes()})
    return [
        f"[{section}] {name} = {said}, the cloud says {value}"
        for section, options in found.items()
        for name, value in options.items()
        if "password" not in name and (said := config.get(section, name)) is not None and not _same(said, value)
    ]


def private(file: Path, text: str) -> None:
    """Write a file that only its owner may read."""
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with open(descriptor, "w") as stream:  # noqa: PTH123 -- Path.open takes no mode for a new file
        os.fchmod(descriptor, 0o600)
        stream.write(text)


def _asked(cloud: Cloud, create: Create, *, may_make: bool = True) -> dict[str, Mapping[str, object]]:
    # openstacksdk warns of its own use of itself, and pytest catches no warnings yet.
    with warnings.catch_warnings(action="ignore"):
        return discovery.discover(cloud, create, may_make=may_make)


def _connected(session: Session) -> Cloud:
    if session.choice is None:
        hint = "pass --tempest-config FILE, or choose a cloud with --os-cloud to have one made"
        raise session.problem or StackproofError("there is no tempest.conf for the tests of Tempest", hint=hint)
    return Cloud.connect(session.choice, session.ssh_config, session.inventory)


def _of_the_run(session: Session) -> Options:
    folder = session.run.path.resolve()
    return {
        "DEFAULT": {"log_file": folder / "tempest.log"},
        "oslo_concurrency": {"lock_path": session.run.folder("locks").resolve()},
        # Whether a floating IP can be reached from here, and by which name a guest lets in, no API tells.
        "validation": {"run_validation": False},
    }


def _own_account(conf: Path, cloud: Cloud, known: Mapping[str, str]) -> Path:
    """The user's own account as the only one there is; a project's tests that need no other run with it."""
    import yaml

    entry = {**known, "roles": sorted(discovery.access(cloud).role_names)}
    file = conf.with_name("accounts.yaml").resolve()
    private(file, yaml.safe_dump([entry]))
    return file


def _same(said: str, found: object) -> bool:
    """The same list in another order, or the same truth in another word, is no difference."""
    words = [sorted(part.strip().lower() for part in str(text).split(",")) for text in (said, found)]
    return words[0] == words[1]
