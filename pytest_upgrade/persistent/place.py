"""Where things are kept: a cloud, the user of the run in it, and what is known of the run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from pytest_upgrade.persistent.registry import kinds
from pytest_whitebox.core.errors import StackproofError

if TYPE_CHECKING:
    from pytest_upgrade.persistent.keeper import Keeper
    from pytest_upgrade.persistent.kind import Kind
    from pytest_upgrade.persistent.thing import Thing
    from pytest_upgrade.store import Store
    from pytest_upgrade.store.secrets import Secrets
    from pytest_upgrade.store.values import Run
    from pytest_whitebox.core.rundirectory import RunDirectory


@dataclass
class Place:
    """``given`` is the connection of the user's own cloud entry; ``connection`` is that of the run's user."""

    given: Any
    run: Run
    store: Store
    directory: RunDirectory
    phase: str
    image: str | None = None
    kinds: Mapping[str, Kind] = field(default_factory=kinds)

    @cached_property
    def secrets(self) -> Secrets:
        """The run's secrets on this machine."""
        from pytest_upgrade.store.secrets import Secrets

        return Secrets(self.directory)

    @cached_property
    def connection(self) -> Any:
        """The run's own user, who is no administrator; the given one where no other can be made."""
        from pytest_upgrade.persistent import owner

        return owner.connection(self)

    @cached_property
    def keeper(self) -> Keeper:
        """What finds, makes and removes."""
        from pytest_upgrade.persistent.keeper import Keeper

        return Keeper(self)

    def kept(self, kind: str, name: str, /, **spec: Any) -> Thing:
        """Another thing, found, or made in pre."""
        return self.keeper.get(kind, name, spec)

    def has(self, service: str) -> bool:
        """True if the catalog has a service of this type, or of one of the older names of it."""
        return bool(self.given.has_service(service))

    def name_of(self, kind: str, name: str) -> str:
        """The name that a thing has in the cloud.

        >>> from pytest_upgrade.store.values import Run
        >>> Place(None, Run("3f9a1c", "", "", "", ""), None, None, "pre").name_of("security_group", "web")
        'pu-3f9a1c-security-group-web'
        """
        return f"{self.run.prefix}-{kind.replace('_', '-')}-{name}"

    def check_cloud(self) -> None:
        """See that the cloud is the one that the run was begun on; the first to connect says which that is."""
        found = fingerprint(self.given)
        known = self.store.runs(id=self.run.id)[0].fingerprint
        if found and not known:
            self.store.set_run(self.run.id, fingerprint=found)
        elif found and found != known:
            raise StackproofError(
                f"run {self.run.id} was begun on another cloud: there Keystone is {known} in the catalog, here {found}",
                hint="choose the cloud with --os-cloud, or another run with --upgrade-run",
            )


def fingerprint(connection: Any) -> str:
    """What tells a cloud from all others, whatever address it is reached by: the id of Keystone in its catalog."""
    session = connection.session
    catalog = session.auth.get_access(session).service_catalog.catalog
    return next((str(entry.get("id", "")) for entry in catalog if entry["type"] == "identity"), "")
