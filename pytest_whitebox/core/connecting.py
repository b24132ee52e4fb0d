"""The way to a cloud: its entry as openstacksdk reads it, and what is told where that does not lead in."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_whitebox.core.clouds import ENVIRONMENT, reach
from pytest_whitebox.core.errors import StackproofError, plain

if TYPE_CHECKING:
    from openstack.config.cloud_region import CloudRegion
    from openstack.connection import Connection

_NAME = "stackproof"


@contextmanager
def entry(name: str | None, file: Path | None) -> Iterator[CloudRegion]:
    """An entry of clouds.yaml, for as long as it takes to get in; without a name that of OS_CLOUD or of OS_*.

    It is the entry of the ``file``, whatever the environment says; without one, of the file that openstacksdk finds.

    Raises `StackproofError` for what goes wrong on the way, in the context, too.
    """
    from keystoneauth1.exceptions import ClientException
    from openstack.exceptions import SDKException

    where = f"cloud {name!r}" if name else "cloud of OS_*"
    try:
        region: Any = _known(name, file).get_one(cloud=name)
        address = region.get_auth_args().get("auth_url")
        where += f" at {address}" if address else ""
        reach(address)
        yield region
    except (OSError, ClientException, SDKException) as error:
        named = f"--os-cloud {name} " if name not in (None, ENVIRONMENT) else ""
        hint = f"see that `openstack {named}token issue` works from here"
        raise StackproofError(f"{where} cannot be used: {plain(error)}", hint=hint) from None


def as_user(region: CloudRegion, *, user: str, project: str, password: str) -> Connection:
    """A connection to the cloud of an entry as another user, given by ids; nobody is asked yet."""
    import openstack

    said: Any = region.config
    return openstack.connect(
        auth_type="v3password",
        auth={
            "auth_url": region.get_auth_args()["auth_url"], "user_id": user, "password": password,
            "project_id": project,
        },
        region_name=region.get_region_name(), interface=said.get("interface", "public"), cacert=said.get("cacert"),
        verify=said.get("verify", True), app_name=_NAME, load_yaml_config=False, load_envvars=False,
    )  # fmt: skip


def _known(name: str | None, file: Path | None) -> Any:
    """All that openstacksdk knows of clouds; of secrets that lie apart, what it would know of itself."""
    from openstack.config import OpenStackConfig
    from openstack.config.loader import SECURE_FILES

    if file is None or name in (None, ENVIRONMENT):
        return OpenStackConfig(app_name=_NAME)
    # Of the variables one would be stronger than the file that is given: OS_CLIENT_CONFIG_FILE.
    apart = os.environ.get("OS_CLIENT_SECURE_FILE")
    secrets = [apart, *SECURE_FILES] if apart else None
    return OpenStackConfig(config_files=[str(file)], secure_files=secrets, load_envvars=False, app_name=_NAME)
