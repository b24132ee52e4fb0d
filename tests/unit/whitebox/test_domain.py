from pathlib import Path

import pytest

from pytest_whitebox.core.domain import Domain, diff
from pytest_whitebox.core.errors import StackproofError
from pytest_whitebox.core.guest import Device, Disk, Input

DATA = Path(__file__).parent / "data"


def recorded(name: str) -> Domain:
    return Domain.from_xml((DATA / f"{name}.xml").read_text())


def test_pinned_guest() -> None:
    domain = recorded("pinned")

    assert (domain.name, domain.uuid) == ("instance-00000004", "6c74bcc7-285b-461b-bd7c-ba26596e76ff")
    assert (domain.type, domain.machine) == ("qemu", "pc-i440fx-7.2")
    assert (domain.vcpus, domain.memory_kib) == (1, 131072)
    assert domain.vcpu_pins == {0: frozenset({1})}
    assert domain.emulator_pins == domain.pinned_cpus == frozenset({1})


def test_floating_guest_has_no_pins() -> None:
    domain = recorded("network")

    assert domain.vcpus == 1
    assert domain.vcpu_pins == {}
    assert domain.emulator_pins == domain.pinned_cpus == frozenset()


def test_disk_and_interface() -> None:
    domain = recorded("network")
    (interface,) = domain.interfaces

    assert list(domain.disks) == ["vda"]
    assert domain.disks["vda"] == Disk(
        target="vda", bus="virtio", device="disk", serial=None, driver="qemu", format="qcow2", cache="none",
        source="/var/lib/nova/instances/f03e5595-c3a5-4b65-b7fd-1a969500d82f/disk",
    )  # fmt: skip
    assert (interface.mac, interface.target, interface.mtu) == ("fa:16:3e:4c:04:9c", "tap1e8862c9-08", 1442)


def test_devices() -> None:
    domain = recorded("devices")

    assert domain.rng == Device("virtio", backend="/dev/urandom")
    assert domain.video == Device("vga")
    assert domain.watchdog == Device("i6300esb", action="poweroff")
    assert Input("tablet", "virtio") in domain.inputs


def test_volume_is_known_by_its_serial() -> None:
    volume = recorded("devices").disks["vdb"]

    assert volume.serial is not None
    assert f"volume-{volume.serial}" in str(volume.source)
    assert volume.bus == "virtio"


def test_devices_that_are_not_there() -> None:
    domain = recorded("pinned")

    assert domain.video is None
    assert domain.watchdog is None
    assert domain.inputs == (Input("mouse", "ps2"), Input("keyboard", "ps2"))


def test_flavor_of_the_metadata() -> None:
    flavor = recorded("network").flavor

    assert flavor is not None
    assert (flavor.name, flavor.vcpus, flavor.memory, flavor.disk) == ("m1.tiny", 1, 128, 1)
    assert (flavor.id, flavor.extra_specs) == (None, {})


def test_flavor_as_newer_releases_write_it() -> None:
    nova = "xmlns:nova='http://openstack.org/xmlns/libvirt/nova/1.1'"
    specs = "<nova:extraSpecs><nova:extraSpec name='hw:cpu_policy'>dedicated</nova:extraSpec></nova:extraSpecs>"
    text = f"<nova:instance {nova}><nova:flavor name='a' id='7'>{specs}</nova:flavor></nova:instance>"
    flavor = Domain.from_xml(f"<domain><metadata>{text}</metadata></domain>").flavor

    assert flavor is not None
    assert (flavor.id, flavor.extra_specs) == ("7", {"hw:cpu_policy": "dedicated"})


def test_xpath_is_the_door_to_the_rest() -> None:
    domain = recorded("pinned")

    assert domain.xpath("sysinfo/system/entry[@name='product']") == ["OpenStack Nova"]
    assert domain.xpath("numatune/memory/@mode") == ["strict"]
    assert domain.xpath("metadata/nova:instance/nova:name") == ["vm-pin"]
    assert domain.xpath("count(devices/input)") == ["2.0"]


def test_values_cannot_be_changed() -> None:
    domain = recorded("pinned")

    with pytest.raises(TypeError):
        domain.vcpu_pins[0] = frozenset()  # type: ignore[index]
    with pytest.raises(AttributeError):
        domain.name = "other"  # type: ignore[misc]


def test_difference_is_told_line_by_line() -> None:
    before = recorded("pinned")
    after = Domain.from_xml(before.xml.replace("<vcpupin vcpu='0' cpuset='1'/>", "<vcpupin vcpu='0' cpuset='0'/>"))
    told = diff(before, after).splitlines()

    assert '-    <vcpupin vcpu="0" cpuset="1"/>' in told
    assert '+    <vcpupin vcpu="0" cpuset="0"/>' in told
    assert len([line for line in told if line[0] in "+-"]) == 4
    assert diff(before, before) == ""


def test_what_is_no_xml_is_told_in_one_sentence() -> None:
    with pytest.raises(StackproofError, match="this is no domain XML") as caught:
        Domain.from_xml("error: failed to get domain")
    assert "virsh dumpxml" in caught.value.hint


def test_entities_are_not_followed() -> None:
    text = "<!DOCTYPE d [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><domain><name>&e;</name></domain>"

    assert "root:" not in str(Domain.from_xml(text))
