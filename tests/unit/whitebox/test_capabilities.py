"""What libvirt says of a host, as values: a real host without KVM, and one with two sockets, SMT and SELinux."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_whitebox.core.errors import StackproofError
from pytest_whitebox.core.libvirt.capabilities import Capabilities
from pytest_whitebox.core.libvirt.domain_capabilities import DomainCapabilities, Sev

DATA = Path(__file__).parent / "data"


@pytest.fixture
def numa() -> Capabilities:
    return Capabilities.from_xml((DATA / "capabilities-numa.xml").read_text())


@pytest.fixture
def sev() -> DomainCapabilities:
    return DomainCapabilities.from_xml((DATA / "domain-capabilities-sev.xml").read_text())


def test_processor_and_security_of_the_host(numa: Capabilities) -> None:
    assert (numa.arch, numa.model, numa.vendor) == ("x86_64", "Cascadelake-Server-noTSX", "Intel")
    assert numa.features == {"ds", "vmx", "invtsc"}
    assert numa.page_sizes == {4, 2048, 1048576}
    assert dict(numa.security) == {"selinux": "0", "dac": "0"}
    assert numa.iommu


def test_cells_have_memory_pages_distances_and_cpus(numa: Capabilities) -> None:
    first, second = numa.cells
    assert (first.memory, first.pages[2048], first.pages[1048576]) == (98765432, 512, 2)
    assert (dict(first.distances), dict(second.distances)) == ({0: 10, 1: 21}, {0: 21, 1: 10})
    assert first.cpu_ids == {0, 1, 2, 3, 8, 9, 10, 11}
    assert first.cpus[1].siblings == {1, 9}
    assert (first.cpus[5].socket, second.cpus[0].socket, second.cpus[2].core) == (0, 1, 2)
    assert numa.cell_of(12).id == 1


def test_a_cpu_that_is_offline_has_no_place(numa: Capabilities) -> None:
    (offline,) = [cpu for cpu in numa.cpus if cpu.id == 15]
    assert (offline.socket, offline.core, sorted(offline.siblings)) == (None, None, [15])


def test_kvm_and_threads_are_seen(numa: Capabilities) -> None:
    assert numa.has_kvm
    assert numa.has_threads
    (guest,) = numa.guests
    assert guest.emulator == "/usr/libexec/qemu-kvm"
    assert guest.machines == {"pc-q35-rhel9.4.0", "q35"}


def test_a_real_host_without_kvm() -> None:
    here = Capabilities.from_xml((DATA / "capabilities-tcg.xml").read_text())
    (cell,) = here.cells
    assert cell.cpu_ids == {0, 1}
    assert cell.memory > 8 << 20
    assert not here.has_kvm
    assert not here.has_threads
    assert any("pc" in guest.machines and guest.types == {"qemu"} for guest in here.guests if guest.arch == here.arch)


def test_firmware_and_secure_boot(sev: DomainCapabilities) -> None:
    assert (sev.type, sev.machine, sev.max_vcpus) == ("kvm", "pc-q35-rhel9.4.0", 710)
    assert sev.firmwares == {"efi"}
    assert sev.loaders == ("/usr/share/edk2/ovmf/OVMF_CODE.secboot.fd",)
    assert sev.loader_types == {"rom", "pflash"}
    assert sev.has_secure_boot
    assert sev.has_iothreads


def test_processors_that_a_guest_can_have(sev: DomainCapabilities) -> None:
    assert sev.cpu_modes == {"host-passthrough", "host-model", "custom"}
    assert sev.usable_cpu_models == {"EPYC-Milan"}
    assert sev.host_model == "EPYC-Milan"
    assert dict(sev.host_model_features) == {"x2apic": "require", "xsaves": "disable"}


def test_devices_are_only_those_that_are_supported(sev: DomainCapabilities) -> None:
    assert sev.video_models == {"vga", "bochs"}
    assert sev.memory_sources == {"file", "memfd"}
    assert "filesystem" not in sev.devices
    assert sev.choices("rng", "model") == sev.rng_models == frozenset()


def test_a_tpm_that_is_only_passed_through_is_none_for_nova(sev: DomainCapabilities) -> None:
    assert sev.choices("tpm", "model") == {"tpm-crb"}
    assert sev.tpm_models == frozenset()


def test_encrypted_memory(sev: DomainCapabilities) -> None:
    assert sev.sev == Sev(509, 99)
    assert "sgx" not in sev.features


def test_real_devices_under_emulation() -> None:
    here = DomainCapabilities.from_xml((DATA / "domain-capabilities-tcg.xml").read_text())
    assert here.type == "qemu"
    assert {"virtio", "none", "vga"} <= here.video_models
    assert {"scsi", "virtio"} <= here.disk_buses
    assert "virtio" in here.rng_models
    assert "qemu64" in here.usable_cpu_models
    assert here.sev is None


@pytest.mark.parametrize(
    ("text", "reason"), [("<capabilities>", "is no capabilities XML"), ("<domain/>", "its root is <domain>")]
)
def test_what_is_something_else_is_refused(text: str, reason: str) -> None:
    with pytest.raises(StackproofError, match=reason):
        Capabilities.from_xml(text)
