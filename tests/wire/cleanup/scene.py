"""What the tests of restoring have in common: a cloud, who looks at it, and what is left in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from pytest_cleanup.kind import Kind
from pytest_cleanup.kinds import kinds
from pytest_cleanup.kinds.collection import Collection
from pytest_cleanup.look import Look, look
from pytest_cleanup.restore import How, Restoration, restore
from pytest_cleanup.scope import Scope, WholeCloud
from pytest_cleanup.view import View
from tests.doubles.openstack import Openstack

#: Kinds of the double that hold each other.
NAMES = (
    "server", "volume", "snapshot", "network", "subnet", "port", "router", "security_group", "image", "project", "user",
    "trunk", "keypair",
)  # fmt: skip


def patient(patience: float = 30) -> Mapping[str, Kind]:
    """These kinds, of which none is waited for longer than this."""
    found = ((name, kinds()[name]) for name in NAMES)
    return {name: replace(kind, patience=patience) for name, kind in found if isinstance(kind, Collection)}


KINDS = patient()


def quick(**more: Any) -> How:
    return How(pause=0.02, **more)


@dataclass
class Scene:
    """A cloud that was looked at before something was left in it."""

    cloud: Openstack
    view: View
    before: Look

    def restore(
        self, how: How | None = None, kinds: Mapping[str, Kind] = KINDS, scope: Scope | None = None,
        now: Look | None = None,
    ) -> Restoration:  # fmt: skip
        now = now or look(self.view, kinds.values())
        return restore(self.view, kinds, self.before, now, scope or WholeCloud(), how or quick())


def furnished() -> Openstack:
    """A cloud with what every cloud has."""
    cloud = Openstack()
    cloud.put("identity", "projects", id="admin-project", name="admin", domain_id="default")
    cloud.put("identity", "users", id="admin-user", name="admin", domain_id="default")
    return cloud


def view_of(auth_url: str) -> View:
    """What an administrator sees."""
    from keystoneauth1.identity.v3 import Password
    from keystoneauth1.session import Session

    auth = Password(
        auth_url, username="admin", password="any", project_name="admin", user_domain_id="default",
        project_domain_id="default",
    )  # fmt: skip
    view = View(Session(auth), "north")
    view.set_clock()
    return view


def network(cloud: Openstack, name: str) -> None:
    """A network with a subnet, a router on it, and a port."""
    cloud.put("network", "networks", id=f"{name}-net", name=name, description="", project_id="p")
    cloud.put("network", "subnets", id=f"{name}-subnet", name=name, network_id=f"{name}-net", project_id="p")
    cloud.put("network", "routers", id=f"{name}-router", name=name, project_id="p", routes=[])
    ports = {
        "interface": ("network:router_interface", f"{name}-router"),
        "dhcp": ("network:dhcp", "dhcp"),
        "free": ("", ""),
    }
    for what, (owner, device) in ports.items():
        cloud.put(
            "network", "ports", id=f"{name}-{what}", name=name, network_id=f"{name}-net", device_owner=owner,
            device_id=device, fixed_ips=[{"subnet_id": f"{name}-subnet"}], project_id="p",
        )  # fmt: skip


def server(cloud: Openstack, name: str, volumes: Mapping[str, bool] | None = None, **more: Any) -> None:
    """A server with a port that Nova made; volumes are there with whether they go along."""
    attached = [{"id": id, "delete_on_termination": goes} for id, goes in (volumes or {}).items()]
    told = {"os-extended-volumes:volumes_attached": attached, "tenant_id": "p", "status": "ACTIVE", **more}
    cloud.put("compute", "servers", id=name, name=name, **told)
    for volume in volumes or {}:
        cloud.of("block-storage", "volumes")[volume]["status"] = "in-use"
    cloud.put(
        "network", "ports", id=f"{name}-port", name="", network_id="kept-net", device_owner="compute:nova",
        device_id=name, fixed_ips=[], by_nova=True,
    )  # fmt: skip


def volume(cloud: Openstack, name: str, project: str = "p", **more: Any) -> None:
    """A volume of a project."""
    told = {"status": "available", "bootable": "false", "os-vol-tenant-attr:tenant_id": project, **more}
    cloud.put("block-storage", "volumes", id=name, name=name, **told)
