"""Whatever can be set back is changed in a real cloud, and is afterwards what it was."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any, NamedTuple

import pytest

from tests.cloud.conftest import Program
from tests.cloud.leaky import server_of

pytestmark = pytest.mark.slow
#: What goes away below has one of its kind that stays: a kind of which none is left is refused.
NAME = "sp-changed"


class Thing(NamedTuple):
    """Something that is there: ``look`` says what is to stay so, ``change`` sees to it that it does not."""

    name: str
    look: Callable[[], Any]
    change: Callable[[], Any]


@pytest.fixture
def undo() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def test_what_was_changed_is_what_it_was(program: Program, connect: Callable[[str], Any], undo: ExitStack) -> None:
    admin = connect("devcloud")
    makers = (computing, serving, imaging, storing, networking, limiting, identifying, keeping_objects)
    things = [thing for make in makers for thing in make(admin, undo)]
    before = {thing.name: thing.look() for thing in things}
    taken = program("pytest_cleanup.cli", "snapshot")
    assert taken.rc == 0, taken.stderr

    for thing in things:
        thing.change()
    assert [thing.name for thing in things if thing.look() == before[thing.name]] == []
    done = program("pytest_cleanup.cli", "restore", "--scope", "cloud")

    assert done.rc == 0, done.stdout[-8000:] + done.stderr
    assert {thing.name: thing.look() for thing in things} == before


def computing(admin: Any, undo: ExitStack) -> Iterator[Thing]:
    compute = admin.compute
    alpha, beta = (admin.identity.find_project(name).id for name in ("alpha", "beta"))
    flavor = compute.create_flavor(name=NAME, ram=64, vcpus=1, disk=1, is_public=False, description="as it was")
    undo.callback(compute.delete_flavor, flavor)
    compute.create_flavor_extra_specs(flavor, {"sp:kept": "1", "sp:gone": "1"})
    compute.flavor_add_tenant_access(flavor, alpha)

    def change_flavor() -> None:
        compute.update_flavor(flavor.id, description="changed")
        compute.create_flavor_extra_specs(flavor, {"sp:kept": "2", "sp:new": "1"})
        compute.delete_flavor_extra_specs_property(flavor, "sp:gone")
        compute.flavor_add_tenant_access(flavor, beta)
        compute.flavor_remove_tenant_access(flavor, alpha)

    def flavor_is() -> Any:
        access = [one["tenant_id"] for one in compute.get_flavor_access(flavor)]
        return compute.get_flavor(flavor.id).description, compute.fetch_flavor_extra_specs(flavor).extra_specs, access

    yield Thing("flavor", flavor_is, change_flavor)

    aggregate = compute.create_aggregate(name=NAME, availability_zone=NAME)
    undo.callback(compute.delete_aggregate, aggregate)
    compute.set_aggregate_metadata(aggregate, {"kept": "1", "gone": "1"})

    def change_aggregate() -> None:
        compute.update_aggregate(aggregate.id, name=f"{NAME}-other", availability_zone=f"{NAME}-other")
        compute.set_aggregate_metadata(aggregate, {"kept": "2", "gone": None, "new": "1"})

    def aggregate_is() -> Any:
        now = compute.get_aggregate(aggregate.id)
        return now.name, now.availability_zone, now.metadata

    yield Thing("aggregate", aggregate_is, change_aggregate)

    (service, *_) = compute.services(binary="nova-compute")
    undo.callback(compute.enable_service, service)

    def service_is() -> Any:
        (now,) = compute.services(binary="nova-compute", host=service.host)
        return now.status, now.disabled_reason

    yield Thing("compute service", service_is, lambda: compute.disable_service(service, disabled_reason=NAME))

    for name in (NAME, f"{NAME}-kept"):
        compute.create_keypair(name=name)
        undo.callback(compute.delete_keypair, name)
    keys = lambda: [one.public_key for one in compute.keypairs() if one.name == NAME]  # noqa: E731
    yield Thing("keypair", keys, lambda: compute.delete_keypair(NAME))


def serving(admin: Any, undo: ExitStack) -> Iterator[Thing]:
    compute = admin.compute
    server = server_of(admin, NAME)
    undo.callback(compute.wait_for_delete, server, wait=120)
    undo.callback(compute.delete_server, server)
    compute.wait_for_server(server, wait=600)
    compute.set_server_metadata(server.id, kept="1", gone="1")
    compute.add_tag_to_server(server, "kept")

    def change() -> None:
        compute.update_server(server.id, name=f"{NAME}-other", description="changed")
        compute.set_server_metadata(server.id, kept="2", new="1")
        compute.delete_server_metadata(server.id, ["gone"])
        compute.add_tag_to_server(server, "new")
        compute.stop_server(server)
        compute.wait_for_server(server, status="SHUTOFF", wait=300)
        compute.lock_server(server)

    def look() -> Any:
        now = compute.get_server(server.id)
        tags = compute.get(f"/servers/{server.id}/tags", microversion="2.26").json()["tags"]
        return now.name, now.description, now.metadata, tags, now.is_locked, now.status

    yield Thing("server", look, change)


def imaging(admin: Any, undo: ExitStack) -> Iterator[Thing]:
    glance = admin.image
    alpha, beta = (admin.identity.find_project(name).id for name in ("alpha", "beta"))
    words = {"disk_format": "raw", "container_format": "bare", "visibility": "shared", "tags": ["kept"]}
    image = glance.create_image(NAME, data=b"nothing that boots", sp_kept="1", sp_gone="1", **words)
    undo.callback(glance.delete_image, image)
    undo.callback(glance.update_image, image, is_protected=False)
    for project in (alpha, beta):
        glance.add_member(image, member_id=project)

    def change() -> None:
        steps = [
            {"op": "replace", "path": "/name", "value": "changed"}, {"op": "replace", "path": "/tags", "value": []},
            {"op": "replace", "path": "/protected", "value": True}, {"op": "replace", "path": "/sp_kept", "value": "2"},
            {"op": "remove", "path": "/sp_gone"}, {"op": "add", "path": "/sp_new", "value": "1"},
        ]  # fmt: skip
        headers = {"Content-Type": "application/openstack-images-v2.1-json-patch"}
        assert glance.patch(f"/images/{image.id}", json=steps, headers=headers).status_code == 200
        glance.remove_member(beta, image=image)

    def look() -> Any:
        now = glance.get(f"/images/{image.id}").json()
        own = {name: value for name, value in now.items() if name.startswith("sp_")}
        return now["name"], now["tags"], now["protected"], own, sorted(one.member_id for one in glance.members(image))

    yield Thing("image", look, change)


def storing(admin: Any, undo: ExitStack) -> Iterator[Thing]:
    storage = admin.block_storage
    alpha, beta = (admin.identity.find_project(name).id for name in ("alpha", "beta"))
    volume = storage.create_volume(size=1, name=NAME, metadata={"kept": "1", "gone": "1"})
    undo.callback(storage.wait_for_delete, volume, wait=120)
    undo.callback(storage.delete_volume, volume)
    storage.wait_for_status(volume, "available", failures=["error"], wait=300)

    def change_volume() -> None:
        storage.update_volume(volume.id, name=f"{NAME}-other", description="changed")
        storage.delete_volume_metadata(volume.id, ["gone"])
        storage.set_volume_metadata(volume.id, kept="2", new="1")
        storage.set_volume_bootable_status(volume, True)

    def volume_is() -> Any:
        now = storage.get_volume(volume.id)
        return now.name, now.description, now.metadata, now.is_bootable

    yield Thing("volume", volume_is, change_volume)

    kind = storage.create_type(name=NAME, is_public=False, description="as it was")
    undo.callback(storage.delete_type, kind)
    storage.update_type_extra_specs(kind, kept="1", gone="1")
    storage.add_type_access(kind, alpha)

    def change_type() -> None:
        storage.update_type(kind.id, description="changed")
        storage.update_type_extra_specs(kind, kept="2", new="1")
        storage.delete_type_extra_specs(kind.id, ["gone"])
        storage.add_type_access(kind, beta)
        storage.remove_type_access(kind, alpha)

    def type_is() -> Any:
        now = storage.get_type(kind.id)
        access = [one["project_id"] for one in storage.get_type_access(kind)]
        return now.description, now.extra_specs, access

    yield Thing("volume type", type_is, change_type)

    asked = {"qos_specs": {"name": NAME, "consumer": "front-end", "kept": "1", "gone": "1"}}
    qos = f"/qos-specs/{storage.post('/qos-specs', json=asked).json()['qos_specs']['id']}"
    undo.callback(storage.delete, qos)

    def change_qos() -> None:
        storage.put(qos, json={"qos_specs": {"consumer": "back-end", "kept": "2", "new": "1"}})
        storage.put(f"{qos}/delete_keys", json={"keys": ["gone"]})

    def qos_is() -> Any:
        now = storage.get(qos).json()["qos_specs"]
        return now["consumer"], now["specs"]

    yield Thing("qos spec", qos_is, change_qos)


def networking(admin: Any, undo: ExitStack) -> Iterator[Thing]:
    neutron = admin.network
    net = neutron.create_network(name=NAME, description="as it was")
    undo.callback(neutron.delete_network, net)
    neutron.set_tags(net, ["kept"])

    def change_network() -> None:
        neutron.update_network(net.id, name=f"{NAME}-other", description="changed", is_admin_state_up=False)
        neutron.set_tags(net, ["new"])

    def network_is() -> Any:
        now = neutron.get_network(net.id)
        return now.name, now.description, now.is_admin_state_up, now.tags

    yield Thing("network", network_is, change_network)

    subnet = neutron.create_subnet(
        name=NAME, network_id=net.id, ip_version=4, cidr="198.51.100.0/28", dns_nameservers=["192.0.2.1"]
    )
    undo.callback(neutron.delete_subnet, subnet)

    def subnet_is() -> Any:
        now = neutron.get_subnet(subnet.id)
        return now.dns_nameservers, now.is_dhcp_enabled

    change_subnet = lambda: neutron.update_subnet(subnet.id, dns_nameservers=[], is_dhcp_enabled=False)  # noqa: E731
    yield Thing("subnet", subnet_is, change_subnet)

    group = neutron.create_security_group(name=NAME)
    undo.callback(neutron.delete_security_group, group)
    rule = neutron.create_security_group_rule(security_group_id=group.id, direction="ingress", protocol="icmp")

    def rules() -> Any:
        found = neutron.security_group_rules(security_group_id=group.id)
        return sorted((one.direction, one.ether_type, str(one.protocol)) for one in found)

    yield Thing("security group rule", rules, lambda: neutron.delete_security_group_rule(rule))

    port = neutron.create_port(name=NAME, network_id=net.id, security_group_ids=[group.id])
    undo.callback(neutron.delete_port, port)

    def change_port() -> None:
        pairs = [{"ip_address": "192.0.2.7"}]
        neutron.update_port(port.id, allowed_address_pairs=pairs, security_group_ids=[], is_admin_state_up=False)

    def port_is() -> Any:
        now = neutron.get_port(port.id)
        return now.allowed_address_pairs, now.security_group_ids, now.is_admin_state_up

    yield Thing("port", port_is, change_port)

    router = neutron.create_router(name=NAME)
    undo.callback(neutron.delete_router, router)
    public = neutron.find_network("public").id

    def router_is() -> Any:
        now = neutron.get_router(router.id)
        return now.description, now.external_gateway_info

    def change_router() -> None:
        neutron.update_router(router.id, description="changed", external_gateway_info={"network_id": public})

    yield Thing("router", router_is, change_router)


def limiting(admin: Any, undo: ExitStack) -> Iterator[Thing]:
    """Quotas, of which one was set before and the others were not."""
    alpha = admin.identity.find_project("alpha").id
    compute, storage, neutron = admin.compute, admin.block_storage, admin.network
    undo.callback(compute.revert_quota_set, alpha)
    undo.callback(storage.revert_quota_set, alpha)
    undo.callback(neutron.delete_quota, alpha)
    compute.update_quota_set(alpha, instances=7)

    yield Thing(
        "quota of Nova", lambda: compute.get_quota_set(alpha).instances,
        lambda: compute.update_quota_set(alpha, instances=8, cores=9),
    )  # fmt: skip
    yield Thing(
        "quota of Cinder", lambda: storage.get_quota_set(alpha).volumes,
        lambda: storage.update_quota_set(alpha, volumes=9),
    )  # fmt: skip
    yield Thing(
        "quota of Neutron", lambda: neutron.get_quota(alpha).networks, lambda: neutron.update_quota(alpha, networks=9)
    )


def identifying(admin: Any, undo: ExitStack) -> Iterator[Thing]:
    identity = admin.identity
    project = identity.create_project(name=NAME, domain_id="default", description="as it was", tags=["kept"])
    undo.callback(identity.delete_project, project)

    def project_is() -> Any:
        now = identity.get_project(project.id)
        return now.description, now.tags

    yield Thing("project", project_is, lambda: identity.update_project(project.id, description="changed", tags=["new"]))

    user = identity.create_user(name=NAME, domain_id="default", email="was@example.org")
    undo.callback(identity.delete_user, user)

    def user_is() -> Any:
        now = identity.get_user(user.id)
        return now.email, now.is_enabled

    yield Thing("user", user_is, lambda: identity.update_user(user.id, email="is@example.org", is_enabled=False))

    member = identity.find_role("member")
    identity.assign_project_role_to_user(project, user, member)

    def role_is() -> Any:
        return [one.role["id"] for one in identity.role_assignments(user_id=user.id)]

    yield Thing("role assignment", role_is, lambda: identity.unassign_project_role_from_user(project, user, member))


def keeping_objects(admin: Any, undo: ExitStack) -> Iterator[Thing]:
    swift = admin.object_store
    swift.create_container(name=NAME)
    undo.callback(swift.delete_container, NAME)
    swift.set_container_metadata(NAME, kept="1")

    def look() -> Any:
        headers = swift.head(f"/{NAME}").headers
        return {name: value for name, value in headers.items() if name.lower().startswith("x-container-meta-")}

    yield Thing("container", look, lambda: swift.set_container_metadata(NAME, kept="2", new="1"))
