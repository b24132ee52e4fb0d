"""Breaks of what the other services do."""

from __future__ import annotations

from typing import Any

from openstack.dns.v2._proxy import Proxy as Dns
from openstack.identity.v3._proxy import Proxy as Identity

from pytest_whitebox.core.databases.ovsdb import Ovn, Ovsdb
from pytest_whitebox.core.hosts import Host, Hosts
from tests.acceptance.sabotage.means import Means, append
from tests.acceptance.sabotage.table import seen_by

# --- block storage


@seen_by("test_boot_volume_is_the_first_disk_for_all")
def cinder_has_another_device(means: Means) -> None:
    """Cinder has the volume as another of the guest's devices."""
    means.before_rows("volume_attachment", "UPDATE volume_attachment SET mountpoint = '/dev/vdz' WHERE volume_id = :id")


@seen_by("test_detached_volume_leaves_no_disk_and_no_row")
def attachment_is_left(means: Means) -> None:
    """Cinder's row outlives the attachment."""
    change = "UPDATE volume_attachment SET deleted = {} WHERE volume_id = :id"
    means.before_rows("volume_attachment", change.format(0), change.format(1), nth=2)


@seen_by("test_snapshot_freezes_the_file_and_goes_without_a_trace", "test_deleted_volume_leaves_no_file")
def file_is_left(means: Means) -> None:
    """A file stays where the snapshot or the volume was."""

    def act(backend: Host, volume: Any) -> None:
        base = backend.service("cinder-volume").config.get("nfs", "nfs_mount_point_base") or "/var/lib/cinder/mnt"
        share = backend.run(["find", base, "-mindepth", "1", "-maxdepth", "1"]).stdout.split()[0]
        path = f"{share}/volume-{volume.id}.left"
        means.undo(backend.run, ["rm", "-f", path])
        append(backend, path)

    means.before(means.test, "images", act, nth=2 if "deleted" in means.name else 3)


@seen_by("test_volume_of_a_snapshot_has_the_bytes_of_that_moment")
def copy_is_changed(means: Means) -> None:
    """The new volume has other bytes."""

    def act(backend: Host, words: list[str], **_options: object) -> None:
        *_, other = words
        backend.run(["qemu-io", "-f", backend.qemu_img(other).format, "-c", "write -P 90 4096 512", other])

    means.before(Host, "run", act, when=lambda _host, words, **_o: list(words[:2]) == ["qemu-img", "compare"])


# --- identity


@seen_by("test_token_is_signed_with_the_newest_key_alone")
def keys_are_rotated_meanwhile(means: Means) -> None:
    """Keystone signs with a key that was not the newest."""

    def act(*_: object) -> None:
        keystone, keys = means.fixture("keystone"), means.test.keys_of(means.fixture("keystone"))
        means.undo(means.test.put_back, keystone, keys)
        means.test.rotate(keystone)

    means.before(means.test, "new_token", act)


@seen_by("test_rotation_of_keys_keeps_tokens_and_signs_new_ones")
def keys_are_not_rotated(means: Means) -> None:
    """The rotation leaves the keys as they are."""
    means.instead(means.test, "rotate", lambda _keystone: None)


@seen_by("test_equal_passwords_are_hashed_with_salts_of_their_own")
def hashes_are_equal(means: Means) -> None:
    """Two users have the same hash of the same password."""
    change = (
        "UPDATE password p JOIN local_user u ON u.id = p.local_user_id SET p.password_hash = (SELECT * FROM"
        " (SELECT MIN(o.password_hash) FROM password o JOIN local_user v ON v.id = o.local_user_id"
        " WHERE v.name LIKE 'sp-%equal_passwords%') same) WHERE u.name LIKE 'sp-%equal_passwords%'"
    )
    means.before_rows("password", change)


@seen_by("test_changed_password_is_another_hash")
def password_is_not_changed(means: Means) -> None:
    """Keystone does not take the new password."""
    means.instead(Identity, "update_user", lambda _proxy, user, **_attributes: user)


@seen_by("test_revoked_token_is_refused_and_recorded")
def revocation_is_not_recorded(means: Means) -> None:
    """Keystone's database does not know that the token was revoked."""
    means.before_rows("revocation_event", "DELETE FROM revocation_event WHERE audit_id = :id", nth=2)


# --- image, key manager, DNS, orchestration


@seen_by("test_stored_bytes_are_those_that_were_uploaded")
def stored_bytes_are_changed(means: Means) -> None:
    """The file has a byte more."""
    means.before(means.test, "file_of", lambda hosts, place: append(hosts.running("glance-api")[0], place))


@seen_by("test_bytes_of_a_deleted_image_are_gone")
def file_of_the_image_is_left(means: Means) -> None:
    """The file is there again after the image was deleted."""

    def act(hosts: Hosts, place: str) -> None:
        host = hosts.running("glance-api")[0]
        means.undo(host.run, ["rm", "-f", place])
        append(host, place)

    means.before(means.test, "file_of", act, nth=2)


@seen_by("test_secret_is_given_back_and_lies_encrypted_in_the_database")
def secret_lies_open(means: Means) -> None:
    """Barbican's database has the payload as it is."""
    means.before_rows(
        "encrypted_data", "UPDATE encrypted_data SET cypher_text = :open WHERE secret_id = :id",
        open=f"{means.test.PAYLOAD}, not encrypted",
    )  # fmt: skip


@seen_by("test_name_servers_answer_with_the_record")
def record_has_another_address(means: Means) -> None:
    """The name servers have another address for the name."""
    create = Dns.create_recordset
    means.instead(
        Dns, "create_recordset", lambda proxy, zone, **asked: create(proxy, zone, **{**asked, "records": ["192.0.2.9"]})
    )


@seen_by("test_stack_makes_changes_and_removes_its_network", "test_stack_waits_for_a_signal_that_needs_no_token")
def resource_has_failed(means: Means) -> None:
    """Heat's database has the resource as failed."""
    change = "UPDATE resource SET status = '{}' WHERE stack_id = :stack AND name = :name"
    means.before_rows("FROM resource", change.format("FAILED"), change.format("COMPLETE"))


# --- object storage


@seen_by(
    "test_object_is_on_the_devices_of_its_ring_and_on_no_other", "test_object_is_read_from_the_last_device_that_has_it"
)
def replica_is_changed(means: Means) -> None:
    """A replica has another first byte."""

    def act(replica: Any) -> None:
        (name,) = (file for file in replica.files if file.endswith(".data"))
        replica.way.run(["sh", "-c", 'printf x | dd of="$1" conv=notrunc', "sh", f"{replica.folder}/{name}"])

    means.before(means.test.Replica, "content", act)


@seen_by("test_deleted_object_leaves_tombstones_and_no_data")
def data_are_left(means: Means) -> None:
    """The data of a deleted object stay on a device."""

    def act(replica: Any) -> None:
        path = f"{replica.folder}/0000000000.00000.data"
        means.undo(replica.way.run, ["rm", "-f", path])
        append(replica.way, path)

    means.before(means.test.Replica, "files", act, nth=2)


# --- network


def _changed(means: Means, table: str, uuid: str, column: str, value: str, before: str) -> None:
    """Change a value in OVN's northern database, and have it put back."""
    means.undo(means.northbound, "set", table, uuid, f"{column}={before}")
    means.northbound("set", table, uuid, f"{column}={value}")


@seen_by("test_answer_offers_the_port_its_address_and_the_networks_mtu", "test_changed_name_servers_are_answered_with")
def dhcp_answers_otherwise(means: Means) -> None:
    """OVN answers with another router and other name servers."""

    def act(ovn: Ovn, plugged: Any) -> None:
        (own,) = ovn.north.find("DHCP_Options", {("external_ids", "subnet_id"): plugged.subnet.id})
        for option, value in (("router", "192.0.2.99"), ("dns_server", '"{192.0.2.98}"')):
            _changed(means, "DHCP_Options", own.uuid, f"options:{option}", value, f'"{own["options"][option]}"')

    means.before(means.test, "options_of", act)


@seen_by("test_floating_ip_is_translated_by_the_gateway_until_it_is_taken_away")
def floating_ip_leads_elsewhere(means: Means) -> None:
    """OVN translates the floating IP to another address."""

    def act(ovn: Ovn, side: str, table: str, conditions: Any) -> None:
        (nat,) = ovn.north.find(table, conditions)
        means.northbound("set", "NAT", nat.uuid, "logical_ip=192.0.2.99")

    means.before(Ovn, "only", act, when=lambda _ovn, _side, table, _conditions: table == "NAT")


@seen_by("test_proxy_listens_where_the_guest_is")
def proxy_has_no_address(means: Means) -> None:
    """The proxy's device has lost its addresses."""

    def act(host: Host, words: list[str], **_options: object) -> None:
        space = words[2]
        for line in host.run(["ip", "-n", space, "-o", "-4", "addr", "show", "scope", "global"]).stdout.splitlines():
            _, device, _, address, *_ = line.split()
            means.undo(host.run, ["ip", "-n", space, "addr", "add", address, "dev", device])
            host.run(["ip", "-n", space, "addr", "del", address, "dev", device])

    means.before(Host, "run", act, when=lambda _host, words, **_o: list(words[:2]) == ["ip", "-n"])


@seen_by("test_proxy_goes_with_the_last_guest")
def proxy_is_left(means: Means) -> None:
    """A process of the network stays on the host."""

    def act(host: Host, _words: list[str], **_options: object) -> None:
        create = means.fixture("create")
        (network,) = (one for one in create.connection.network.networks() if one.name.startswith(create.prefix))
        left = 'setsid sh -c "sleep 20; :" "$1" >/dev/null 2>&1 &'
        host.run(["sh", "-c", left, "sh", network.id])
        means.undo(lambda: host.run(["pkill", "-f", network.id], check=False))

    means.before(Host, "run", act, when=lambda _host, words, **_o: list(words) == ["ps", "-eo", "args="])


@seen_by("test_mtu_of_the_network_reaches_guest_tap_and_switch")
def tap_has_another_mtu(means: Means) -> None:
    """The tap device has another MTU."""

    def act(host: Host, path: str) -> None:
        host.run(["ip", "link", "set", path.split("/")[-2], "mtu", "1290"])

    means.before(Host, "file", act, when=lambda _host, path: path.endswith("/mtu"))


@seen_by("test_port_is_bound_where_its_server_runs")
def binding_is_inactive(means: Means) -> None:
    """Neutron has the port's binding as inactive."""
    change = "UPDATE ml2_port_bindings SET status = '{}' WHERE port_id = :id"
    means.before_rows("ml2_port_bindings", change.format("INACTIVE"), change.format("ACTIVE"))


@seen_by("test_port_is_unbound_once_its_server_is_gone")
def port_stays_bound(means: Means) -> None:
    """Neutron has the port as bound though its server is gone."""
    change = "UPDATE ml2_port_bindings SET vif_type = '{}' WHERE port_id = :id"
    means.before_rows("ml2_port_bindings", change.format("ovs"), change.format("unbound"))


@seen_by("test_port_follows_its_server_to_another_host")
def port_stays_behind(means: Means) -> None:
    """Neutron has the port on the host that its server has left."""

    def act(*_: object) -> None:
        (server,) = means.fixture("create").servers
        (other,) = (host for host in means.hosts.computes if host is not server.host)
        neutron, port = means.databases("neutron"), server.domain.interfaces[0].mac
        change = (
            "UPDATE ml2_port_bindings b JOIN ports p ON p.id = b.port_id SET b.host = :host"
            " WHERE p.mac_address = :mac AND b.status = 'ACTIVE'"
        )
        means.undo(lambda: means.sql(neutron, change, host=server.host.name, mac=port))
        means.sql(neutron, change, host=other.name, mac=port)

    means.before(means.test, "bound", act)


@seen_by("test_guest_is_plugged_into_the_switch_of_its_host")
def plug_has_another_mac(means: Means) -> None:
    """The switch has another MAC address for the plug."""

    def act(switch: Ovsdb, table: str, conditions: Any) -> None:
        (plug,) = switch.find(table, conditions)

        def tell(address: str) -> None:
            switch.host.run(["ovs-vsctl", "set", table, plug["name"], f'external_ids:attached-mac="{address}"'])

        means.undo(tell, plug["external_ids"]["attached-mac"])
        tell("fa:16:3e:00:00:01")

    means.before(Ovsdb, "find", act, when=lambda _db, table, _conditions=None: table == "Interface")


@seen_by("test_rule_is_a_flow_on_the_host_until_it_is_removed")
def rule_drops(means: Means) -> None:
    """OVN drops what the rule is to let in."""

    def act(ovn: Ovn, _side: str, table: str, conditions: Any) -> None:
        (acl,) = ovn.north.find(table, conditions)
        means.northbound("set", "ACL", acl.uuid, "action=drop")

    means.before(Ovn, "only", act, when=lambda _ovn, _side, table, _conditions: table == "ACL")


@seen_by("test_port_is_in_the_port_group_of_its_security_group")
def port_is_in_no_group(means: Means) -> None:
    """OVN has lost the port from the group of its security group."""

    def act(ovn: Ovn, _side: str, table: str, conditions: Any) -> None:
        (group,) = ovn.north.find(table, conditions)
        (port,) = group.many("ports")
        means.undo(means.northbound, "add", table, group.uuid, "ports", port)
        means.northbound("remove", table, group.uuid, "ports", port)

    means.before(Ovn, "only", act, when=lambda _ovn, _side, table, _conditions: table == "Port_Group")


@seen_by("test_guest_may_send_from_its_own_addresses_only")
def guest_may_send_from_any_address(means: Means) -> None:
    """OVN lets the guest send from any address."""

    def act(ovn: Ovn, _side: str, table: str, conditions: Any) -> None:
        (port,) = ovn.north.find(table, conditions)
        (own,) = port.many("port_security")
        means.undo(means.northbound, "lsp-set-port-security", port["name"], own)
        means.northbound("lsp-set-port-security", port["name"])

    means.before(Ovn, "only", act)
