"""What the suites conclude from a domain where this machine has no such device: against recorded documents."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_whitebox.core.domain import Domain
from pytest_whitebox.core.domain.interface import Interface
from tests.suites.compute import (
    test_cdrom,
    test_console_encryption,
    test_firmware,
    test_hyperv,
    test_nvdimm,
    test_pci_passthrough,
    test_rbd_download,
    test_scsi,
    test_security_labels,
    test_sriov,
    test_sriov_numa,
    test_vdpa,
    test_vgpu,
    test_volume_encryption,
    test_watchdog,
)
from tests.suites.compute.conftest import assert_io_threads

DATA = Path(__file__).parents[1] / "whitebox" / "data"


def recorded(name: str, *replaced: tuple[str, str]) -> Domain:
    text = (DATA / f"{name}.xml").read_text()
    for old, new in replaced:
        assert old in text
        text = text.replace(old, new)
    return Domain.from_xml(text)


def test_enlightenments_that_are_missing_or_off() -> None:
    assert test_hyperv.missing(recorded("secure")) == {"evmcs"}
    assert test_hyperv.missing(recorded("secure", ("<evmcs state='off'/>", ""))) == set()
    assert test_hyperv.missing(recorded("secure", ("<synic state='on'/>", ""))) == {"evmcs", "synic"}
    assert test_hyperv.missing(recorded("devices")) == test_hyperv.DEFAULT


def test_io_threads_of_a_release_and_the_cpus_that_they_are_pinned_to() -> None:
    one, other, none = frozenset({1}), frozenset({0}), frozenset[int]()
    later = ('version="31.3.1"', 'version="33.0.0"')
    thread = ("  <cputune>", "  <iothreads>1</iothreads>\n  <cputune>")
    pin = ("<emulatorpin", "<iothreadpin iothread='1' cpuset='1'/><emulatorpin")
    for domain, cpus in ((recorded("pinned"), one), (recorded("pinned", later, thread, pin), one),
                         (recorded("pinned", later, thread), none)):  # fmt: skip
        assert_io_threads(domain, cpus)

    for wrong, cpus in (
        (recorded("pinned", thread), one), (recorded("pinned", pin), one), (recorded("pinned", later), one),
        (recorded("pinned", later, thread), one), (recorded("pinned", later, thread, pin), other),
        (recorded("pinned", later, thread, pin), none),
    ):  # fmt: skip
        with pytest.raises(AssertionError):
            assert_io_threads(wrong, cpus)


def test_functions_of_network_cards() -> None:
    sriov, macvtap, pci = test_sriov.functions(recorded("nfv"))

    assert isinstance(sriov, Interface)
    assert (sriov.host_address, macvtap.host_address, pci.host_address) == ("0000:81:0a.3", None, "0000:3b:00.0")
    assert test_sriov.functions(recorded("network")) == []


def test_who_says_how_near_a_function_is() -> None:
    flavor, image, port = test_sriov_numa.FLAVOR, test_sriov_numa.IMAGE, test_sriov_numa.PORT

    assert test_sriov_numa.said_in("image", "required") == ({}, {image: "required"}, {})
    assert test_sriov_numa.said_in("port", "preferred") == ({}, {}, {port: "preferred"})
    assert test_sriov_numa.said_in("port over flavor", "required") == (
        {flavor: "preferred"}, {}, {port: "required"},
    )  # fmt: skip


def test_interface_of_the_kind_vdpa() -> None:
    alone = Domain.from_xml(
        "<domain><devices><interface type='vdpa'><source dev='/dev/vhost-vdpa-0'/></interface></devices></domain>"
    )

    assert test_vdpa.interface_of(alone).source == "/dev/vhost-vdpa-0"
    with pytest.raises(AssertionError):
        test_vdpa.interface_of(recorded("network"))


def test_virtual_gpus() -> None:
    assert test_vgpu.vgpus(recorded("nfv")) == ["4b20d080-1b54-4048-85b3-a6a62d165c01"]
    assert test_vgpu.vgpus(recorded("devices")) == []
    assert test_vgpu.provider_address("compute1_pci_0000_84_00_0") == "0000:84:00.0"
    assert test_vgpu.card_of("/sys/devices/pci0000:80/0000:84:00.0/4b20d080-1b54-4048-85b3-a6a62d165c01\n") == (
        "0000:84:00.0"
    )


def test_persistent_memory() -> None:
    assert test_nvdimm.whole_size(recorded("nfv")) == 4192256 + 2048
    assert test_nvdimm.first_of("4GB:ns0|ns1, $BIG:$ns2") == ("4GB", ["ns0", "ns1"])
    assert test_nvdimm.namespaces('[{"dev": "namespace0.0", "name": "ns0", "size": 4294967296}, {"size": 1}]') == {
        "ns0": 4194304
    }


def test_watchdog_of_the_machine_is_none_of_nova() -> None:
    assert test_watchdog.action_of(recorded("devices")) == "poweroff"
    assert test_watchdog.action_of(recorded("secure")) is None
    assert test_watchdog.action_of(recorded("network")) is None


def test_guest_that_boots_by_uefi() -> None:
    assert test_firmware.boots_by_uefi(recorded("secure"))
    assert not test_firmware.boots_by_uefi(recorded("secure", ("readonly='yes' ", "")))
    assert not test_firmware.boots_by_uefi(recorded("devices"))


def test_disks_on_one_controller() -> None:
    disks = "".join(
        f"<disk><target dev='sd{'abc'[unit]}' bus='scsi'/><serial>{unit}</serial>"
        f"<address type='drive' controller='0' unit='{unit}'/></disk>"
        for unit in (2, 0, 1)
    )
    controller = "<controller type='scsi' index='0' model='virtio-scsi'/>"
    one = f"<domain><devices>{disks}{controller}</devices></domain>"

    assert test_scsi.serials_on_one_controller(Domain.from_xml(one)) == ["0", "1", "2"]
    with pytest.raises(ValueError, match="too many"):
        test_scsi.serials_on_one_controller(Domain.from_xml(one.replace(controller, controller * 2)))
    with pytest.raises(AssertionError):
        test_scsi.serials_on_one_controller(Domain.from_xml(one.replace("unit='2'", "unit='1'")))
    with pytest.raises(AssertionError):
        test_scsi.serials_on_one_controller(recorded("secure"))


def test_encryption_inside_and_as_a_whole() -> None:
    inside = {"format": "qcow2", "format-specific": {"data": {"encrypt": {"format": "luks"}}}}

    assert test_volume_encryption.luks({"format": "luks"})
    assert test_volume_encryption.luks(inside)
    assert not test_volume_encryption.luks({"format": "qcow2", "format-specific": {"data": {"compat": "1.1"}}})
    assert test_volume_encryption.path(recorded("nfv").disks["vda"]) == (
        "rbd:vms/5a4b7d1e-35a4-4a3d-8a70-6c1f7f7a2a01_disk:id=openstack"
    )
    assert test_volume_encryption.path(recorded("secure").disks["sdc"]) == "/dev/sdx"


def test_credentials_in_the_log_of_qemu() -> None:
    log = """2026-11-21 09:00:00.000+0000: starting up libvirt version: 9.0.0
-object '{"qom-type":"secret","id":"masterKey0"}' \\
-object '{"qom-type":"tls-creds-x509","id":"vnc-tls-creds0","dir":"/etc/pki/qemu","verify-peer":true}' \\
2026-11-21 10:00:00.000+0000: starting up libvirt version: 9.0.0
-object '{"qom-type":"secret","id":"masterKey0"}' \\
"""

    assert test_console_encryption.credentials_of_vnc(log) is None
    first = log.rpartition("2026-11-21 10")[0]
    found = test_console_encryption.credentials_of_vnc(first)
    assert found is not None
    assert found["verify-peer"] is True


def test_other_conclusions() -> None:
    aliases = ['{"name": "gpu", "vendor_id": "10de"}', '[{"name": "fpga"}]']
    line = "Attempting to export RBD image: [pool_name: images] [image_uuid: 7] [snap_name: snap]"

    assert test_pci_passthrough.first_alias(aliases) == "gpu"
    assert test_pci_passthrough.devices([{"resources": {"CUSTOM_PCI_10DE_1EB8": 1, "VCPU": 2}}]) == [1]
    assert test_rbd_download.exported(f"INFO {line}", "7")
    assert not test_rbd_download.exported(f"INFO {line}", "8")
    assert test_security_labels.type_of("system_u:system_r:svirt_t:s0:c213,c744") == "svirt_t"
    assert test_cdrom.devices(recorded("secure")) == ["disk", "disk", "disk", "cdrom"]
    assert test_cdrom.iso9660()[32769:32774] == b"CD001"
