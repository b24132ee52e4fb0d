"""What a new cloud is given: users and endpoints, networks, the guest image, flavors. Said twice, it is done once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from devcloud import access, guest
from devcloud.apis.doors import Doors
from devcloud.hosts.host import Host
from devcloud.services.catalog import apis
from devcloud.state import Settings, State
from devcloud.topology import Topology
from pytest_whitebox.core.errors import StackproofError
from pytest_whitebox.core.wait import wait_for

_REGION = "RegionOne"
#: name: (vCPUs, MiB of memory, GiB of disk); a guest needs 128 MiB to boot.
FLAVORS = {"tiny": (1, 128, 1), "small": (2, 256, 1)}
IMAGE = "guest"
#: Also the name of the backend in cinder.conf.
VOLUME_TYPE = "nfs"


@contextmanager
def told(step: str) -> Iterator[None]:
    """Turn what an API refuses during a step into one sentence."""
    from keystoneauth1.exceptions import ClientException
    from openstack.exceptions import SDKException

    try:
        yield
    except (SDKException, ClientException) as error:
        lines = str(error).strip().splitlines() or [type(error).__name__]
        raise StackproofError(
            f"the step {step!r} failed: {lines[0]}",
            hint="`devcloud status` may say why; the same command goes on from here",
        ) from error


@dataclass(frozen=True, slots=True)
class Seed:
    """Fills a cloud by its own APIs."""

    state: State
    settings: Settings
    topology: Topology

    def identity(self) -> None:
        """The services' users and endpoints, and two projects with a member and a reader each."""
        identity = self._connection().identity
        roles = {role.name: role for role in identity.roles()}
        service_project = _ensure(identity, "project", "service", domain_id="default")
        for project in self.settings.services:
            if project != "keystone":
                user = _ensure(identity, "user", project, password=self.state.secrets()["service"], domain_id="default")
                for role in ("admin", "service"):
                    identity.assign_project_role_to_user(service_project, user, roles[role])
        for tenant in access.TENANTS:
            project = _ensure(identity, "project", tenant, domain_id="default")
            for role in access.ROLES:
                name = access.user_name(tenant, role)
                user = _ensure(identity, "user", name, password=self.state.secrets()["user"], domain_id="default")
                identity.assign_project_role_to_user(project, user, roles[role])
        self._endpoints(identity)

    def networks(self) -> None:
        """The external network, and a network that all projects share with a router between them."""
        network = self._connection().network
        external = network.find_network("public") or network.create_network(
            name="public", is_router_external=True, provider_network_type="flat", provider_physical_network="public"
        )
        if not network.find_subnet("public"):
            network.create_subnet(
                name="public",
                network_id=external.id,
                ip_version=4,
                cidr=str(self.topology.external),
                is_dhcp_enabled=False,
                gateway_ip=str(self.topology.external[1]),
                allocation_pools=[{"start": str(self.topology.external[100]), "end": str(self.topology.external[199])}],
            )
        shared = network.find_network("shared") or network.create_network(name="shared", is_shared=True)
        subnet = network.find_subnet("shared") or network.create_subnet(
            name="shared", network_id=shared.id, ip_version=4, cidr="10.9.0.0/22"
        )
        router = network.find_router("shared") or network.create_router(
            name="shared", external_gateway_info={"network_id": external.id}
        )
        if not list(network.ports(device_id=router.id, network_id=shared.id)):
            network.add_interface_to_router(router, subnet_id=subnet.id)

    def images(self) -> None:
        """The guest image: a kernel, a ramdisk and a disk."""
        files = guest.build(self.state.cache / "guest", self.state.cache / "packages")
        image = self._connection().image
        kernel = self._image(image, f"{IMAGE}-kernel", files.kernel, "aki")
        ramdisk = self._image(image, f"{IMAGE}-ramdisk", files.ramdisk, "ari")
        self._image(
            image,
            IMAGE,
            files.disk,
            "qcow2",
            kernel_id=kernel.id,
            ramdisk_id=ramdisk.id,
            os_command_line=guest.COMMAND_LINE,
            hw_rng_model="virtio",
            min_ram=FLAVORS["tiny"][1],
        )

    def volumes(self) -> None:
        """The volume type that Cinder takes if none is asked for."""
        storage = self._connection().block_storage
        if not storage.find_type(VOLUME_TYPE):
            storage.create_type(name=VOLUME_TYPE, extra_specs={"volume_backend_name": VOLUME_TYPE})

    def stack_domain(self) -> None:
        """The domain and the role of the users that stacks make for their resources, and the one who makes them."""
        identity = self._connection().identity
        _ensure(identity, "role", "heat_stack_user")
        domain = _ensure(identity, "domain", "heat")
        password = self.state.secrets()["service"]
        user = _ensure(identity, "user", "heat-domain-admin", password=password, domain_id=domain.id)
        identity.assign_domain_role_to_user(domain, user, identity.find_role("admin"))

    def compute(self, controller: Host, programs: str) -> None:
        """Flavors, and the compute hosts put into their cell."""
        compute = self._connection().compute
        for name, (vcpus, ram, disk) in FLAVORS.items():
            if not compute.find_flavor(name):
                compute.create_flavor(name=name, vcpus=vcpus, ram=ram, disk=disk)
        controller.run([f"{programs}/nova-manage", "cell_v2", "discover_hosts"], timeout=120)
        wanted = self.settings.computes
        wait_for(
            lambda: len(list(compute.hypervisors())) >= wanted,
            timeout=60,
            every=1,
            what=f"{wanted} hypervisors to be listed",
        )

    @property
    def _doors(self) -> Doors:
        return Doors.of(self.state, self.settings)

    def _connection(self) -> Any:
        import openstack

        admin: Any = access.clouds(self.state, self._doors)["devcloud"]
        # A busy machine may let a health check of HAProxy's time out: that is no reason to give up.
        return openstack.connect(**admin, status_code_retries=5, load_yaml_config=False, load_envvars=False)

    def _endpoints(self, identity: Any) -> None:
        for api in apis(self.settings.services):
            if api.type:
                service = _ensure(identity, "service", api.name, type=api.type)
                for interface in ("public", "internal", "admin"):
                    path = api.admin_url if interface == "admin" and api.admin_url else api.url
                    url = self._doors.url(api.port, path)
                    if not list(identity.endpoints(service_id=service.id, interface=interface)):
                        identity.create_endpoint(service_id=service.id, interface=interface, region_id=_REGION, url=url)

    def _image(self, image: Any, name: str, file: Path, disk_format: str, **properties: object) -> Any:
        container = disk_format if disk_format in ("aki", "ari") else "bare"
        return image.find_image(name) or image.create_image(
            name=name,
            filename=str(file),
            disk_format=disk_format,
            container_format=container,
            visibility="public",
            wait=True,
            **properties,
        )


def _ensure(identity: Any, kind: str, name: str, **attributes: object) -> Any:
    found = getattr(identity, f"find_{kind}")(name)
    return found or getattr(identity, f"create_{kind}")(name=name, **attributes)
