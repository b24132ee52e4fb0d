"""Tests that leave things behind on purpose: of every kind, in every bad state, by each library. See test_leaked_kinds.

Each is a way in which a test forgets something, or a service does not let go of it.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from uuid import uuid4

import openstack
import yaml

NAME = "sp-left"
#: MiB of memory, less than the quota and more than any host has.
NOWHERE = 48_000
STUCK = ("in-use", "attaching", "error_deleting")


def image_of(connection: Any) -> Any:
    return next(image for image in connection.image.images() if image.name == "guest")


def server_of(connection: Any, name: str, **more: Any) -> Any:
    flavor = connection.compute.find_flavor("tiny")
    asked = {"networks": "none", "image_id": image_of(connection).id, "flavor_id": flavor.id, **more}
    return connection.compute.create_server(name=name, **asked)


def test_servers(cloud: Any) -> None:
    compute = cloud.connection.compute
    big = compute.create_flavor(name=f"{NAME}-flavor", ram=NOWHERE, vcpus=1, disk=1)
    compute.create_server_group(name=f"{NAME}-group", policy="affinity")
    compute.create_aggregate(name=f"{NAME}-zone", availability_zone=f"{NAME}-zone")
    compute.create_keypair(name=f"{NAME}-keypair")
    lost = server_of(cloud.connection, f"{NAME}-in-error", flavor_id=big.id)
    compute.wait_for_server(lost, status="ERROR", failures=[], wait=300)
    locked = server_of(cloud.connection, f"{NAME}-locked")
    compute.wait_for_server(locked, wait=600)
    compute.lock_server(locked)


def test_server_on_a_host_of_its_own(cloud: Any) -> None:
    host = os.environ["LEAKY_HOST"]
    server = server_of(cloud.connection, f"{NAME}-on-{host}", availability_zone=f"nova:{host}")
    cloud.connection.compute.wait_for_server(server, wait=600)


def test_ports_of_a_deleted_server(cloud: Any) -> None:
    network = cloud.connection.network
    net = network.create_network(name=f"{NAME}-of-a-server")
    network.create_subnet(name=f"{NAME}-of-a-server", network_id=net.id, ip_version=4, cidr="192.0.2.0/28")
    ports = [network.create_port(name=f"{NAME}-of-a-server-{number}", network_id=net.id) for number in range(2)]
    server = server_of(cloud.connection, f"{NAME}-deleted", networks=[{"port": port.id} for port in ports])
    cloud.connection.compute.wait_for_server(server, wait=600)
    cloud.connection.compute.delete_server(server)
    cloud.connection.compute.wait_for_delete(server, wait=300)


def test_volumes(cloud: Any) -> None:
    storage = cloud.connection.block_storage
    storage.create_type(name=f"{NAME}-type")
    storage.post("/qos-specs", json={"qos_specs": {"name": f"{NAME}-qos", "consumer": "front-end"}})
    volumes = [storage.create_volume(size=1, name=f"{NAME}-{state}") for state in (*STUCK, "well", "with-a-snapshot")]
    for volume in volumes:
        storage.wait_for_status(volume, "available", failures=["error"], wait=300)
    storage.create_snapshot(name=f"{NAME}-snapshot", volume_id=volumes[-1].id)
    storage.create_transfer(volume_id=volumes[-2].id, name=f"{NAME}-transfer")
    storage.create_group_type(name=f"{NAME}-group-type")
    for volume, state in zip(volumes, STUCK, strict=False):
        if state == "in-use":
            attach_to_nothing(storage, volume)
        else:
            storage.reset_volume_status(volume, state, None, None)


def attach_to_nothing(storage: Any, volume: Any) -> None:
    """Cinder has the volume attached to a server that Nova does not know."""
    connector = {"host": os.environ["LEAKY_HOST"], "initiator": "iqn.of.nothing", "ip": "192.0.2.1"}
    asked = {"volume_uuid": volume.id, "instance_uuid": str(uuid4()), "connector": connector}
    made = storage.post("/attachments", json={"attachment": asked}, microversion="3.54")
    id = made.json()["attachment"]["id"]
    storage.post(f"/attachments/{id}/action", json={"os-complete": {}}, microversion="3.54")


def test_images(cloud: Any, tmp_path: Any) -> None:
    image = cloud.connection.image
    (tmp_path / "image").write_bytes(b"nothing that boots")
    words = {"filename": str(tmp_path / "image"), "disk_format": "raw", "container_format": "bare"}
    image.create_image(f"{NAME}-protected", is_protected=True, **words)
    shared = image.create_image(f"{NAME}-shared", visibility="shared", **words)
    image.add_member(shared, member_id=cloud.connection.identity.find_project("beta").id)
    image.post("/metadefs/namespaces", json={"namespace": f"{NAME}-namespace"})


def test_router_with_routes_and_a_trunk(cloud: Any) -> None:
    network = cloud.connection.network
    scope = network.create_address_scope(name=f"{NAME}-scope", ip_version=4)
    pool = network.create_subnet_pool(
        name=f"{NAME}-pool", prefixes=["198.51.100.0/24"], default_prefixlen=26, address_scope_id=scope.id
    )
    net = network.create_network(name=f"{NAME}-net")
    subnet = network.create_subnet(name=f"{NAME}-subnet", network_id=net.id, ip_version=4, subnet_pool_id=pool.id)
    public = network.find_network("public")
    router = network.create_router(name=f"{NAME}-router", external_gateway_info={"network_id": public.id})
    network.add_interface_to_router(router, subnet_id=subnet.id)
    start = subnet.allocation_pools[0]["end"]
    network.update_router(router, routes=[{"destination": "203.0.113.0/24", "nexthop": start}])
    parent, child = (network.create_port(name=f"{NAME}-{word}", network_id=net.id) for word in ("parent", "child"))
    sub = {"port_id": child.id, "segmentation_type": "vlan", "segmentation_id": 100}
    network.create_trunk(name=f"{NAME}-trunk", port_id=parent.id, sub_ports=[sub])
    network.create_ip(floating_network_id=public.id, port_id=parent.id)


def test_rules_of_networks(cloud: Any) -> None:
    network, connection = cloud.connection.network, cloud.connection
    group = network.create_security_group(name=f"{NAME}-security-group")
    network.create_security_group_rule(security_group_id=group.id, direction="ingress", protocol="icmp")
    network.create_address_group(name=f"{NAME}-addresses", addresses=["192.0.2.1/32"])
    policy = network.create_qos_policy(name=f"{NAME}-qos")
    network.create_qos_bandwidth_limit_rule(policy, max_kbps=1000)
    target = connection.identity.find_project("alpha").id
    network.create_rbac_policy(
        object_type="qos_policy", object_id=policy.id, action="access_as_shared", target_project_id=target
    )


def test_identity(cloud: Any) -> None:
    identity = cloud.connection.identity
    domain = identity.create_domain(name=f"{NAME}-domain")
    group = identity.create_group(name=f"{NAME}-group", domain_id=domain.id)
    user = identity.create_user(name=f"{NAME}-user", domain_id=domain.id)
    identity.add_user_to_group(user, group)
    role = identity.create_role(name=f"{NAME}-role")
    project = identity.create_project(name=f"{NAME}-project", domain_id=domain.id)
    identity.assign_project_role_to_group(project, group, role)
    region = identity.create_region(id=f"{NAME}-region")
    service = identity.create_service(name=f"{NAME}-service", type="sp-left")
    identity.create_endpoint(service_id=service.id, interface="public", url="http://192.0.2.1", region_id=region.id)
    identity.create_credential(user_id=user.id, type="cert", blob="{}", project_id=project.id)
    identity.create_registered_limit(service_id=service.id, resource_name="left", default_limit=1)


def test_project_with_things_of_three_users(cloud: Any) -> None:
    identity = cloud.connection.identity
    project = identity.create_project(name=f"{NAME}-of-three", domain_id="default")
    for number in range(3):
        name = f"{NAME}-user-{number}"
        user = identity.create_user(name=name, password="of-no-worth", domain_id="default")
        identity.assign_project_role_to_user(project, user, identity.find_role("member"))
        theirs = cloud.connection.connect_as(
            username=name, password="of-no-worth", user_domain_id="default", project_id=project.id,
            project_name=None, project_domain_id=None, project_domain_name=None, user_domain_name=None,
        )  # fmt: skip
        theirs.compute.create_keypair(name=f"{name}-keypair")
        theirs.block_storage.create_volume(size=1, name=f"{name}-volume")
        theirs.network.create_network(name=f"{name}-net")
        theirs.network.create_security_group(name=f"{name}-security-group")
        theirs.object_store.create_container(name=f"{name}-container")
        theirs.object_store.upload_object(container=f"{name}-container", name="deep/object", data=b"left")
        theirs.identity.create_application_credential(user.id, name=f"{name}-application")


def test_connection_of_its_own() -> None:
    alpha = openstack.connect(cloud="devcloud-alpha")
    alpha.object_store.create_container(name=f"{NAME}-of-alpha")
    alpha.object_store.upload_object(container=f"{NAME}-of-alpha", name="object", data=b"left")
    alpha.compute.create_keypair(name=f"{NAME}-of-alpha")


def test_things_that_were_there_are_changed(cloud: Any) -> None:
    connection = cloud.connection
    connection.network.update_network(connection.network.find_network("shared"), description=NAME)
    connection.compute.create_flavor_extra_specs(connection.compute.find_flavor("small"), {"sp:left": "1"})


def test_clients_of_tempest() -> None:
    from tempest.lib import auth
    from tempest.lib.services.compute.keypairs_client import KeyPairsClient
    from tempest.lib.services.network.networks_client import NetworksClient
    from tempest.lib.services.volume.v3.volumes_client import VolumesClient

    entry = yaml.safe_load(Path(os.environ["OS_CLIENT_CONFIG_FILE"]).read_text())["clouds"]["devcloud-beta"]
    url = entry["auth"].pop("auth_url")
    provider = auth.KeystoneV3AuthProvider(auth.KeystoneV3Credentials(**entry["auth"]), url)
    where = {"region": entry["region_name"]}
    KeyPairsClient(provider, "compute", **where).create_keypair(name=f"{NAME}-tempest")
    NetworksClient(provider, "network", **where).create_network(name=f"{NAME}-tempest")
    VolumesClient(provider, "block-storage", **where).create_volume(size=1, name=f"{NAME}-tempest")
