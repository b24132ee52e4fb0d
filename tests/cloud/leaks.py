"""Things of all kinds, left in a cloud on purpose, some of them in states in which they do not go."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

from pytest_whitebox.core.wait import wait_for

Connect = Callable[[str], Any]


class Leaks:
    """``name(word)`` gives names that nobody else has; each method leaves things of one service."""

    def __init__(self, admin: Any, prefix: str) -> None:
        self.admin, self.prefix = admin, prefix
        self.project = admin.identity.create_project(name=self.name("project"))
        self.users = [self._user(number) for number in range(3)]

    def name(self, word: str) -> str:
        """A name of ours."""
        return f"{self.prefix}-{word}"

    def all(self) -> Iterator[str]:
        """Leave everything; gives the name of each service when it is done."""
        for leave in (self.identity, self.network, self.block_storage, self.compute, self.image, self.placement):
            leave()
            yield leave.__name__
        for service, leave in (
            ("object-store", self.object_store),
            ("key-manager", self.key_manager),
            ("dns", self.dns),
            ("orchestration", self.orchestration),
        ):
            if self.admin.has_service(service):
                leave()
                yield leave.__name__

    def as_user(self, number: int = 0) -> Any:
        """A connection of one of the users, in the project."""
        auth = {"project_id": self.project.id, "username": self.users[number].name, "password": "leaked"}
        return self.admin.connect_as(**auth, user_domain_id="default")

    def _user(self, number: int) -> Any:
        user = self.admin.identity.create_user(
            name=self.name(f"user-{number}"), password="leaked", default_project_id=self.project.id
        )
        member = self.admin.identity.find_role("member")
        self.admin.identity.assign_project_role_to_user(self.project, user, member)
        return user

    def identity(self) -> None:
        """What Keystone has."""
        api = self.admin.identity
        domain = api.create_domain(name=self.name("domain"))
        group = api.create_group(name=self.name("group"), domain_id=domain.id)
        api.add_user_to_group(self.users[0], group)
        role = api.create_role(name=self.name("role"))
        api.assign_project_role_to_group(self.project, group, role)
        api.create_credential(user_id=self.users[1].id, type="leaked", blob="x", project_id=self.project.id)
        own = self.as_user()
        own.identity.create_application_credential(user=self.users[0].id, name=self.name("application"))
        region = api.create_region(id=self.name("region"))
        service = api.create_service(name=self.name("service"), type=self.prefix)
        api.create_endpoint(service_id=service.id, interface="public", url="http://192.0.2.1", region_id=region.id)
        api.create_registered_limit(service_id=service.id, resource_name="things", default_limit=3)
        api.create_limit(service_id=service.id, resource_name="things", resource_limit=2, project_id=self.project.id)

    def network(self) -> None:
        """What Neutron has: a router with routes, a trunk, and what others are shared by."""
        api, ours = self.admin.network, {"project_id": self.project.id}
        scope = api.create_address_scope(name=self.name("scope"), ip_version=4, **ours)
        api.create_subnet_pool(
            name=self.name("pool"),
            prefixes=["198.51.100.0/24"],
            address_scope_id=scope.id,
            default_prefix_length=26,
            **ours,
        )
        policy = api.create_qos_policy(name=self.name("qos"), **ours)
        api.create_qos_bandwidth_limit_rule(policy, max_kbps=1000)
        self.net = api.create_network(name=self.name("net"), qos_policy_id=policy.id, **ours)
        subnet = api.create_subnet(
            network_id=self.net.id, ip_version=4, cidr="192.0.2.0/24", name=self.name("sub"), **ours
        )
        public = api.find_network("public")
        router = api.create_router(name=self.name("router"), external_gateway_info={"network_id": public.id}, **ours)
        api.add_interface_to_router(router, subnet_id=subnet.id)
        api.update_router(router, routes=[{"destination": "203.0.113.0/24", "nexthop": "192.0.2.200"}])
        self.group = api.create_security_group(name=self.name("group"), **ours)
        api.create_security_group_rule(security_group_id=self.group.id, direction="ingress", protocol="icmp")
        parent, child = (
            api.create_port(network_id=self.net.id, name=self.name(word), **ours) for word in ("parent", "child")
        )
        sub = {"port_id": child.id, "segmentation_type": "vlan", "segmentation_id": 7}
        api.create_trunk(name=self.name("trunk"), port_id=parent.id, sub_ports=[sub], **ours)
        api.create_ip(floating_network_id=public.id, port_id=parent.id, **ours)
        # As a server leaves it that was deleted while Neutron did not answer.
        self.orphan = api.create_port(
            network_id=self.net.id, name=self.name("orphan"), device_id="00000000-0000-0000-0000-00000000dead",
            device_owner="compute:nova", **ours,
        )  # fmt: skip
        api.create_address_group(name=self.name("addresses"), addresses=["192.0.2.1/32"], **ours)
        api.create_rbac_policy(
            object_type="network", object_id=self.net.id, action="access_as_shared", target_tenant=self.project.id
        )
        api.update_quota(self.project.id, networks=7)

    def block_storage(self) -> None:
        """What Cinder has: volumes in states that they do not leave by themselves."""
        api, own = self.admin.block_storage, self.as_user().block_storage
        qos = api.create_qos_spec(name=self.name("qos"), consumer="both") if hasattr(api, "create_qos_spec") else None
        type = api.create_type(name=self.name("type"), is_public=False)
        assert qos is None or type
        api.create_group_type(name=self.name("group-type"))
        volumes = {
            word: own.create_volume(name=self.name(word), size=1)
            for word in ("plain", "moving", "used", "stuck", "given")
        }
        for volume in volumes.values():
            own.wait_for_status(volume, "available", interval=1)
        own.create_snapshot(volume_id=volumes["plain"].id, name=self.name("snapshot"))
        api.reset_volume_status(volumes["moving"], status="attaching")
        # Of a server that is gone, or never was.
        promise = {"attachment": {"volume_uuid": volumes["used"].id, "instance_uuid": str(uuid4())}}
        assert own.post("/attachments", json=promise, microversion="3.27").ok
        api.reset_volume_status(volumes["used"], status="in-use", attach_status="attached")
        api.reset_volume_status(volumes["stuck"], status="error_deleting")
        given = {"transfer": {"volume_id": volumes["given"].id, "name": self.name("transfer")}}
        assert own.post("/volume-transfers", json=given, microversion="3.55").ok
        api.put(f"/os-quota-sets/{self.project.id}", json={"quota_set": {"volumes": 7}})

    def compute(self) -> None:
        """What Nova has: servers that are in ERROR, locked, or as they should be."""
        api, own = self.admin.compute, self.as_user(1).compute
        image = next(image for image in self.admin.image.images() if image.name == "guest")
        flavor = api.find_flavor("tiny")
        servers = [
            own.create_server(
                name=self.name(word), image_id=image.id, flavor_id=flavor.id, networks=[{"uuid": self.net.id}]
            )
            for word in ("running", "broken", "locked")
        ]
        for server in servers:
            self.admin.compute.wait_for_server(server, wait=300)
        api.reset_server_state(servers[1], "error")
        own.lock_server(servers[2])
        own.create_server_group(name=self.name("near"), policy="soft-affinity")
        for number in range(3):
            self.as_user(number).compute.create_keypair(name=self.name("key"))
        leaked = api.create_flavor(name=self.name("flavor"), ram=64, vcpus=1, disk=1, is_public=False)
        api.flavor_add_tenant_access(leaked, self.project.id)
        aggregate = api.create_aggregate(name=self.name("aggregate"))
        host = next(service.host for service in api.services(binary="nova-compute"))
        api.add_host_to_aggregate(aggregate, host)
        api.update_quota_set(self.project.id, instances=7)

    def image(self) -> None:
        """What Glance has: an image that is protected."""
        own = self.as_user()
        image = own.image.create_image(
            name=self.name("image"), data=b"no disk", disk_format="raw", container_format="bare", is_protected=True,
            visibility="shared",
        )  # fmt: skip
        wait_for(lambda: own.image.get_image(image).status == "active", timeout=60, what="the image to be active")
        own.image.add_member(image, member_id=self.users[0].id)
        self.admin.image.create_metadef_namespace(namespace=self.name("namespace"))

    def placement(self) -> None:
        """What Placement has."""
        word = self.prefix.upper().replace("-", "_")
        self.admin.placement.create_trait(f"CUSTOM_{word}")
        self.admin.placement.create_resource_class(name=f"CUSTOM_{word}")

    def object_store(self) -> None:
        """What Swift has."""
        store = self.as_user().object_store
        store.create_container(name=self.name("container"))
        for number in range(3):
            store.upload_object(container=self.name("container"), name=f"deep/{number} of 3", data=b"x")

    def key_manager(self) -> None:
        """What Barbican has."""
        keys = self.as_user().key_manager
        secret = keys.create_secret(name=self.name("secret"), payload="leaked", payload_content_type="text/plain")
        keys.create_container(
            name=self.name("keys"), type="generic", secret_refs=[{"name": "a", "secret_ref": secret.secret_ref}]
        )

    def dns(self) -> None:
        """What Designate has."""
        zone = self.as_user().dns.create_zone(name=f"{self.prefix}.test.", email="a@b.test")
        self.as_user().dns.create_recordset(zone, name=f"www.{self.prefix}.test.", type="A", records=["192.0.2.1"])

    def orchestration(self) -> None:
        """What Heat has."""
        template = {
            "heat_template_version": "2018-08-31",
            "resources": {"net": {"type": "OS::Neutron::Net", "properties": {"name": self.name("net-of-stack")}}},
        }
        stack = self.as_user().orchestration.create_stack(name=self.name("stack"), template=template)
        heat = self.as_user().orchestration
        wait_for(lambda: heat.get_stack(stack.id).status == "CREATE_COMPLETE", timeout=120, what="the stack to be made")
