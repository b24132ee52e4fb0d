"""What a cloud lacks is told in a sentence with its next step; what it has is not told."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pytest_whitebox.facts import Facts
from pytest_whitebox.facts.computes import Compute
from pytest_whitebox.facts.placement import Provider
from pytest_whitebox.needs import VALUES, WORDS, need

COMPUTE = Compute(
    "compute1", "qemu", "qcow2", 1, {2048: 0}, smt=False, uefi=False, selinux=False, locks_memory=False, pci=()
)
PORT = {"address": "0000:05:00.0", "physical_network": "physnet1"}


class Known(Facts):
    """Facts that are known without a cloud."""

    def __init__(self, **facts: object) -> None:
        self.__dict__.update({"service_types": frozenset(), "providers": (), "compute_hosts": (COMPUTE,), **facts})


def with_host(**facts: object) -> Known:
    return Known(compute_hosts=(replace(COMPUTE, **facts),))  # type: ignore[arg-type]


def with_provider(*traits: str, **inventory: int) -> Known:
    return Known(providers=(Provider("compute1", "1", frozenset(traits), inventory),))


HAS = {
    "kvm": with_host(virt_type="kvm"),
    "uefi": with_host(uefi=True),
    "smt": with_host(smt=True),
    "selinux": with_host(selinux=True),
    "locked-memory": with_host(locks_memory=True),
    "ovn": Known(has_ovn=True),
    "sriov": with_host(pci=({}, PORT)),
    "pci": with_host(pci=({"vendor_id": "8086"},)),
    "rbd": with_host(images_type="rbd"),
    "tpm": with_provider("COMPUTE_SECURITY_TPM_2_0"),
    "secure-boot": with_provider("COMPUTE_SECURITY_UEFI_SECURE_BOOT"),
    "sev": with_provider("HW_CPU_X86_AMD_SEV"),
    "vgpu": with_provider(VGPU=4),
    "pmem": with_provider(CUSTOM_PMEM_NAMESPACE_4GB=1),
    "admin": Known(is_admin=True),
    "key-manager": Known(service_types=frozenset({"key-manager"})),
    "HW_CPU_X86_AVX2": with_provider("HW_CPU_X86_AVX2"),
}
NOT = Known(is_admin=False, has_ovn=False)


@pytest.mark.parametrize("word", HAS)
def test_word(word: str) -> None:
    found = need(word)
    assert found is not None
    assert found.missing(HAS[word], None) == ""
    told = found.missing(NOT, None)
    assert told.startswith("needs ")
    assert told.endswith(", or choose another cloud with --os-cloud") or ": choose another cloud" in told


def test_a_service_has_its_article() -> None:
    told = [found.missing(NOT, None) for word in ("image", "network") if (found := need(word))]
    assert [one.partition(" and ")[0] for one in told] == ["needs an image service", "needs a network service"]


def test_every_word_is_tested_here() -> None:
    assert set(WORDS) - set(HAS) == {"libvirt"}


@pytest.mark.parametrize(
    ("name", "value", "has"),
    [
        ("pcpus", 4, with_provider(VCPU=2, PCPU=2)),
        ("numa", 2, with_host(numa=2)),
        ("hugepages", "2M", with_host(hugepages={2048: 16})),
        ("volumes", "nfs", Known(volume_backends=frozenset({"nfs"}))),
        ("microversion", "2.95", Known(microversion="2.100")),
        ("computes", 1, Known(hypervisors=(object(),))),
    ],
)
def test_value(name: str, value: object, has: Facts) -> None:
    lacks = Known(microversion="2.94", hypervisors=(), volume_backends=frozenset({"lvm"}))
    assert VALUES[name].missing(has, value) == ""
    assert (
        VALUES[name]
        .missing(lacks, value)
        .startswith(("needs a ", "needs huge", "needs micro", "needs 1 compute", "needs volumes"))
    )
