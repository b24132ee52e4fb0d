"""A tempest.conf by asking a cloud, as a process: for who runs Tempest elsewhere, and has no libraries to ask with.

What to ask comes by standard input, as JSON; the answer is JSON, too: nothing, or the error and its hint.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path

import yaml

from pytest_whitebox.cloud import Cloud
from pytest_whitebox.core.clouds import named
from pytest_whitebox.core.errors import StackproofError, plain
from pytest_whitebox.core.ledger import Ledger
from pytest_whitebox.create import Create
from pytest_whitebox.tempest import discovery, private


def discover(clouds: Path, name: str, folder: Path) -> None:
    """Write what the cloud of an entry of a clouds.yaml says into a folder, for its owner only; it makes nothing there.

    Who is an administrator has accounts made by Tempest, others have their own and no other. Raises `StackproofError`
    if the cloud lets nobody in, or has nothing to boot.
    """
    with Cloud.connect(named(name, "who asks", clouds)) as cloud:
        try:
            _write(cloud, folder)
        except StackproofError:
            raise
        except Exception as error:  # noqa: BLE001 -- whatever a cloud answers, or its libraries make of that
            hint = "see that its services are well, or write a tempest.conf"
            raise StackproofError(f"cloud {name!r} cannot be asked: {plain(error)}", hint=hint) from None


def _write(cloud: Cloud, folder: Path) -> None:
    options: dict[str, Mapping[str, object]] = discovery.discover(cloud, Create(cloud, Ledger(), ""), may_make=False)
    if not options["auth"]["use_dynamic_credentials"]:
        accounts = folder / private.ACCOUNTS
        roles = sorted(discovery.access(cloud).role_names)
        private.write(accounts, yaml.safe_dump([{**discovery.credentials(cloud), "roles": roles}]))
        options["auth"] = {**options["auth"], "test_accounts_file": accounts}
    # Whether a floating IP can be reached from here, and by which name a guest lets in, no API tells.
    options["validation"] = {"run_validation": False}
    private.write(folder / private.CONF, "\n".join(discovery.lines(options)))


def main() -> int:
    """Do what comes by standard input."""
    known = json.loads(sys.stdin.read())
    told = {}
    try:
        discover(Path(known["clouds"]), known["name"], Path(known["folder"]))
    except StackproofError as error:
        told = {"error": str(error), "hint": error.hint}
    print(json.dumps(told), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
