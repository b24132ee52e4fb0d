from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from lxml import etree

from pytest_whitebox.core.domain import Domain
from pytest_whitebox.core.domain.cpu import Cell, CpuTime, MemoryNode, Numa, Scheduler, Topology
from pytest_whitebox.core.domain.device import Balloon, HostDevice, Input, Iommu, Rng, Tpm, Video, Watchdog
from pytest_whitebox.core.domain.disk import Backing, Disk, Encryption, FileSystem
from pytest_whitebox.core.domain.interface import Bandwidth, Interface
from pytest_whitebox.core.domain.memory import HugePages, MemoryBacking, MemoryModule
from pytest_whitebox.core.domain.platform import Features, Firmware, LaunchSecurity
from pytest_whitebox.core.errors import StackproofError

DATA = Path(__file__).parent / "data"


def recorded(name: str) -> Domain:
    return Domain.from_xml((DATA / f"{name}.xml").read_text())


def test_pinned_guest() -> None:
    domain = recorded("pinned")

    assert (domain.name, domain.uuid) == ("instance-00000004", "6c74bcc7-285b-461b-bd7c-ba26596e76ff")
    assert (domain.type, domain.machine, domain.arch) == ("qemu", "pc-i440fx-7.2", "x86_64")
    assert (domain.vcpus, domain.memory_kib) == (1, 131072)
    assert domain.vcpu_pins == {0: frozenset({1})}
    assert domain.emulator_pins == domain.pinned_cpus == frozenset({1})
    assert domain.numa.cells == {0: Cell(0, frozenset({0}), 131072)}
    assert domain.numa.memory_nodes[0].nodes == frozenset({0})


def test_floating_guest_has_no_pins() -> None:
    domain = recorded("network")

    assert (domain.vcpus, domain.cpuset) == (1, frozenset({0}))
    assert domain.vcpu_pins == domain.iothread_pins == {}
    assert domain.emulator_pins == domain.pinned_cpus == frozenset()
    assert domain.numa == Numa()


def test_disk_and_interface() -> None:
    domain = recorded("network")

    assert domain.disks == {
        "vda": Disk(
            target="vda", bus="virtio", type="file", driver="qemu", format="qcow2", cache="none",
            source="/var/lib/nova/instances/f03e5595-c3a5-4b65-b7fd-1a969500d82f/disk", address="0000:00:03.0",
            backing=(
                Backing("file", "raw", "/var/lib/nova/instances/_base/07f4644d191e0f4fe5862434292e96632660f10f"),
            ),
        )
    }  # fmt: skip
    assert domain.interfaces == (
        Interface(
            "fa:16:3e:4c:04:9c", "ethernet", "virtio", "tap1e8862c9-08", 1442, driver="qemu", address="0000:00:02.0"
        ),
    )


def test_devices() -> None:
    domain = recorded("devices")
    (graphics,), (serial,) = domain.graphics, domain.serials

    assert domain.rng == Rng("virtio", backend="/dev/urandom", backend_model="random")
    assert domain.video == Video("vga", vram_kib=16384, heads=1, primary=True)
    assert domain.watchdog == Watchdog("i6300esb", action="poweroff")
    assert domain.balloon == Balloon("virtio", stats_period=10)
    assert Input("tablet", "virtio") in domain.inputs
    assert (graphics.type, graphics.listen, graphics.port, graphics.auto_port) == ("vnc", "127.0.0.1", 5901, True)
    assert (serial.type, serial.target_type, serial.path) == ("pty", "isa-serial", "/dev/pts/1")
    assert str(serial.log).endswith("/console.log")
    assert [(one.type, one.model) for one in domain.controllers] == [("usb", "none"), ("pci", "pci-root")]


def test_volume_is_known_by_its_serial() -> None:
    volume = recorded("devices").disks["vdb"]

    assert volume.serial is not None
    assert f"volume-{volume.serial}" in str(volume.source)
    assert (volume.bus, volume.io, volume.backing) == ("virtio", "native", ())


def test_what_is_not_there_is_none_or_empty() -> None:
    domain = recorded("pinned")

    assert [domain.tpm, domain.video, domain.watchdog, domain.iommu, domain.launch_security, domain.iothreads] == [
        None
    ] * 6
    assert [domain.host_devices, domain.filesystems, domain.memory_modules, domain.schedulers] == [()] * 4
    assert domain.features == Features(acpi=True, apic=True, vmcoreinfo=True)
    assert domain.memory_backing == MemoryBacking()
    assert domain.inputs == (Input("mouse", "ps2"), Input("keyboard", "ps2"))
    assert Domain.from_xml("<domain/>") == Domain()


def test_processor_of_a_guest_in_real_time() -> None:
    domain = recorded("nfv")

    assert (domain.vcpus, domain.current_vcpus) == (4, 3)
    assert domain.vcpu_pins == {vcpu: frozenset({cpu}) for vcpu, cpu in enumerate((4, 5, 20, 21))}
    assert (domain.emulator_pins, domain.iothreads) == (frozenset({0}), 1)
    assert domain.iothread_pins == {1: frozenset({0})}
    assert domain.schedulers == (Scheduler(frozenset({2, 3}), "fifo", 1),)
    assert domain.cpu_time == CpuTime(shares=4096, quota=50000, period=100000)
    assert (domain.cpu.mode, domain.cpu.address_mode) == ("host-passthrough", "passthrough")
    assert domain.cpu.topology == Topology(sockets=2, dies=1, clusters=1, cores=1, threads=2)


def test_memory_of_a_guest_with_two_cells() -> None:
    domain = recorded("nfv")

    assert domain.memory_kib == domain.current_memory_kib == 4194304
    assert domain.numa == Numa(
        "strict", frozenset({0, 1}),
        {n: MemoryNode(n, "strict", frozenset({n})) for n in (0, 1)},
        {n: Cell(n, frozenset({2 * n, 2 * n + 1}), 2097152, "shared") for n in (0, 1)},
    )  # fmt: skip
    assert domain.memory_backing == MemoryBacking(
        (HugePages(1048576, frozenset({0})), HugePages(2048, frozenset({1}))),
        source="memfd", access="shared", allocation="immediate", locked=True, no_share_pages=True, discard=True,
    )  # fmt: skip
    assert domain.memory_modules == (
        MemoryModule("nvdimm", "shared", "/dev/dax0.1", 2048, pmem=True, size_kib=4192256, node=0, label_kib=2048),
    )


def test_interfaces_of_every_kind() -> None:
    sriov, macvtap, vdpa, vhostuser, bridge = recorded("nfv").interfaces

    assert (sriov.type, sriov.host_address, sriov.vlan) == ("hostdev", "0000:81:0a.3", 1207)
    assert (macvtap.source, macvtap.source_mode, macvtap.vlan) == ("ens2f0v4", "passthrough", 1208)
    assert (vdpa.source, vdpa.driver) == ("/dev/vhost-vdpa-0", "vhost")
    assert (vdpa.rx_queue_size, vdpa.tx_queue_size) == (1024, 512)
    assert (vhostuser.source, vhostuser.queues, vhostuser.packed) == ("/var/lib/vhost_sockets/vhu9f0e7d6c-5b", 4, True)
    assert (bridge.source, bridge.port, bridge.mtu) == ("br-int", "0d3c1a52-6d5e-4f7f-8f5b-0e1f6a7b8c9d", 9000)
    assert (bridge.inbound, bridge.outbound) == (Bandwidth(1000, 2000, 512), Bandwidth(800))
    assert (bridge.managed, sriov.managed, vdpa.managed) == (False, True, None)


def test_devices_of_the_host() -> None:
    domain = recorded("nfv")
    pci, mdev = domain.host_devices

    assert (pci.type, pci.host_address, pci.address, pci.managed) == ("pci", "0000:3b:00.0", "0000:0a:00.0", True)
    assert mdev == HostDevice(
        "mdev", "subsystem", managed=False, model="vfio-pci", uuid="4b20d080-1b54-4048-85b3-a6a62d165c01",
        display=False, address="0000:0b:00.0",
    )  # fmt: skip
    assert domain.iommu == Iommu("intel", intremap=True, caching_mode=True, eim=True, aw_bits=48, iotlb=True)


def test_limits_of_a_disk() -> None:
    disk = recorded("nfv").disks["vda"]

    assert disk.iotune == {"total_bytes_sec": 10485760, "read_iops_sec": 500}
    assert (disk.protocol, disk.user, disk.discard, disk.iothread) == ("rbd", "openstack", "unmap", 1)
    assert disk.source == "vms/5a4b7d1e-35a4-4a3d-8a70-6c1f7f7a2a01_disk"


def test_labels_are_known_by_their_model() -> None:
    labels = recorded("nfv").security_labels

    assert set(labels) == {"selinux", "dac"}
    assert "svirt_t" in str(labels["selinux"].label)
    assert "svirt_image_t" in str(labels["selinux"].image_label)


def test_firmware_and_features_of_a_guest_with_secure_boot() -> None:
    domain = recorded("secure")

    assert domain.firmware == Firmware(
        "efi", {"enrolled-keys": True, "secure-boot": True}, "/usr/share/OVMF/OVMF_CODE_4M.ms.fd", "pflash",
        read_only=True, secure=True, nvram="/var/lib/libvirt/qemu/nvram/instance-0000003f_VARS.fd",
        nvram_template="/usr/share/OVMF/OVMF_VARS_4M.ms.fd", boot_device="hd", smbios="sysinfo",
    )  # fmt: skip
    assert (domain.features.smm, domain.features.kvm_hidden, domain.features.pmu) == (True, True, None)
    assert (domain.features.hyperv["relaxed"], domain.features.hyperv["evmcs"]) == (True, False)
    assert (domain.features.tb_cache_kib, recorded("nfv").features.ioapic) == (65536, "qemu")
    assert recorded("nfv").features.pmu is False
    assert domain.clock.timers["hypervclock"].present is True


def test_firmware_that_nova_chose_by_itself() -> None:
    domain = recorded("uefi")

    assert (domain.firmware.loader_type, domain.firmware.read_only, domain.firmware.secure) == ("pflash", True, False)
    assert str(domain.firmware.nvram).endswith("_VARS.fd")
    assert (domain.machine, domain.video) == ("pc-q35-7.2", Video("bochs", vram_kib=16384, heads=1, primary=True))


def test_root_disk_on_a_virtio_scsi_controller() -> None:
    domain = recorded("scsi")
    disk = domain.disks["sda"]
    (controller,) = (one for one in domain.controllers if one.type == "scsi")

    assert (disk.bus, disk.controller, disk.unit, disk.address) == ("scsi", 0, 0, None)
    assert (controller.index, controller.model) == (0, "virtio-scsi")


def test_model_of_the_processor() -> None:
    cpu = recorded("secure").cpu

    assert (cpu.mode, cpu.match, cpu.model, cpu.fallback, cpu.vendor) == (
        "custom", "exact", "Nehalem", "forbid", "Intel",
    )  # fmt: skip
    assert cpu.features == {"vmx": "require", "pdpe1gb": "disable"}
    assert (cpu.address_mode, cpu.address_bits) == ("emulate", 42)


def test_what_protects_a_guest() -> None:
    domain = recorded("secure")

    assert domain.tpm == Tpm("tpm-crb", "emulator", "2.0", "7d9a8a3e-1c3b-4a55-9f52-77c4fbb6a1d2", persistent=True)
    assert domain.launch_security == LaunchSecurity("sev", policy=0x33)
    assert [disk.encryption for disk in domain.disks.values()] == [
        None,
        Encryption("luks", "qemu", "0b7b3b1c-6f7c-4bb2-8f24-5c1d6c0f1a22"),
        Encryption("luks", None, "c2b7ef1a-0d7e-4b93-a1d6-1f7b1e6a4c55"),
        None,
    ]


def test_disks_of_a_shared_controller() -> None:
    domain = recorded("secure")
    root, shared, _, cdrom = domain.disks.values()
    (scsi,) = (one for one in domain.controllers if one.type == "scsi")

    assert (scsi.model, scsi.index, scsi.queues, scsi.iothread) == ("virtio-scsi", 0, 2, 1)
    assert [(one.controller, one.unit, one.address) for one in (root, shared)] == [(0, 0, None), (0, 1, None)]
    assert [one.source for one in root.backing] == [f"/var/lib/nova/instances/_base/{name}" for name in ("aa", "bb")]
    assert (root.boot_order, root.shareable, shared.shareable) == (1, False, True)
    assert (shared.logical_block_size, shared.physical_block_size) == (4096, 4096)
    assert (cdrom.device, cdrom.read_only) == ("cdrom", True)
    assert domain.filesystems == (FileSystem("mount", "virtiofs", "/var/lib/nova/mnt/6c1d", "share-6c1d"),)


def test_more_devices() -> None:
    domain = recorded("secure")
    (serial,), (channel,), (graphics,) = domain.serials, domain.channels, domain.graphics

    assert domain.rng == Rng("virtio", "/dev/urandom", "random", rate_bytes=1024, rate_period=1000)
    assert (serial.host, serial.service) == ("127.0.0.1", 10001)
    assert channel.target_name == "org.qemu.guest_agent.0"
    assert (graphics.type, graphics.tls_port, graphics.keymap) == ("spice", 5908, "en-us")
    assert (domain.max_memory_kib, domain.memory_slots) == (8388608, 8)
    assert domain.balloon == Balloon("virtio", 10, auto_deflate=True, free_page_reporting=True)


def test_what_nova_wrote() -> None:
    nova = recorded("network").nova

    assert nova is not None
    assert nova.flavor == recorded("network").flavor
    assert nova.flavor is not None
    assert (nova.flavor.name, nova.flavor.vcpus, nova.flavor.memory, nova.flavor.disk) == ("m1.tiny", 1, 128, 1)
    assert (nova.flavor.id, nova.flavor.extra_specs, nova.image) == (None, {}, None)
    assert (nova.package, nova.name, nova.created) == ("31.3.1", "vm-net", "2026-11-20 18:12:36")
    assert (nova.root_type, nova.root_id) == ("image", "30a9e8cc-c8ad-49fc-8155-9ae787c02ac7")
    assert nova.ports["1e8862c9-08a0-41cb-843e-5627c08e9cc3"].addresses == {"10.9.0.43": "fixed"}


def test_what_newer_releases_of_nova_write() -> None:
    nova = recorded("secure").nova

    assert nova is not None
    assert nova.flavor is not None
    assert (nova.flavor.id, nova.flavor.swap) == ("7c1f5a3e-5cf1-4f0e-9f6e-9e8f4b2f0a11", 512)
    assert nova.flavor.extra_specs == {"hw:tpm_version": "2.0", "hw:tpm_model": "tpm-crb"}
    assert nova.image is not None
    assert nova.image.properties == {"os_type": "windows", "os_secure_boot": "required"}
    assert nova.owner is not None
    assert (nova.owner.user_name, nova.owner.project_name) == ("admin", "demo")
    assert len(nova.ports["1e8862c9-08a0-41cb-843e-5627c08e9cc3"].addresses) == 2


def test_sysinfo() -> None:
    assert recorded("pinned").sysinfo["product"] == "OpenStack Nova"


def test_xpath_is_the_door_to_the_rest() -> None:
    domain = recorded("pinned")

    assert domain.xpath("devices/audio/@type") == ["none"]
    assert domain.xpath("metadata/nova:instance/nova:name") == ["vm-pin"]
    assert domain.xpath("count(devices/input)") == ["2.0"]


def test_values_cannot_be_changed() -> None:
    domain = recorded("pinned")

    with pytest.raises(TypeError):
        domain.vcpu_pins[0] = frozenset()  # type: ignore[index]
    with pytest.raises(AttributeError):
        domain.name = "other"  # type: ignore[misc]


def test_a_part_shows_what_the_xml_states() -> None:
    assert repr(Disk("vda", "virtio", cache="none")) == "Disk(target='vda', bus='virtio', cache='none')"
    assert repr(recorded("pinned")) == "<Domain instance-00000004>"
    assert repr(Scheduler(frozenset({2, 3}), "fifo")) == "Scheduler(vcpus=2-3, scheduler='fifo')"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("error: failed to get domain", "this is no domain XML: Start tag expected"),
        ("", "this is no domain XML: "),
        ("<domain><name>one", "this is no domain XML: "),
        ("<secret ephemeral='no'/>", "this is no domain XML: its root is <secret>"),
        ("<domain><vcpu>many</vcpu></domain>", "no domain XML of libvirt's: vcpu is 'many'"),
        ("<domain><memory unit='ell'>1</memory></domain>", "no domain XML of libvirt's: memory is '1'"),
        ("<domain><cputune><vcpupin vcpu='0' cpuset='x'/></cputune></domain>", "cputune/vcpupin is 'x'"),
    ],
)
def test_what_is_no_domain_is_told_in_one_sentence(text: str, told: str) -> None:
    with pytest.raises(StackproofError) as caught:
        Domain.from_xml(text)

    assert told in str(caught.value)
    assert "\n" not in caught.value.sentence
    assert "virsh dumpxml" in caught.value.hint


@pytest.mark.parametrize("name", ["devices", "nfv", "secure"])
def test_nonsense_anywhere_is_told_or_does_not_matter(name: str) -> None:
    """Each attribute and each text in turn says something that libvirt never would."""
    root = etree.fromstring((DATA / f"{name}.xml").read_bytes())
    told = []
    for element in list(root.iter("*")):
        for spoil, restore in spoiled(element):
            spoil()
            try:
                Domain.from_xml(etree.tostring(root, encoding="unicode"))
            except StackproofError as error:
                told.append(str(error))
            restore()

    assert len(told) > 20
    assert [sentence for sentence in told if "no domain XML of libvirt's" not in sentence or "\n" in sentence] == []


def spoiled(element: etree._Element) -> Iterator[tuple[Callable[[], None], Callable[[], None]]]:
    """Ways to spoil an element, each with the way back."""
    for key, value in list(element.attrib.items()):
        yield partial(element.set, key, "?"), partial(element.set, key, value)
    text = element.text
    yield partial(setattr, element, "text", "?"), partial(setattr, element, "text", text)


def test_entities_are_not_followed() -> None:
    text = "<!DOCTYPE d [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><domain><name>&e;</name></domain>"

    assert "root:" not in str(Domain.from_xml(text))
    assert "root:" not in Domain.from_xml(text).name
