"""What a test may require: each need with its words, and the sentence for a cloud that does not have it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from pytest_whitebox.facts.computes import Compute, kib

if TYPE_CHECKING:
    from pytest_whitebox.facts import Facts

#: Official service types, each a word of its own.
SERVICE_TYPES = (
    "baremetal", "block-storage", "compute", "dns", "identity", "image", "key-manager", "load-balancer", "network",
    "object-store", "orchestration", "placement", "shared-file-system",
)  # fmt: skip
OTHER = "choose another cloud with --os-cloud"
_TRAIT = re.compile(r"(COMPUTE|HW|CUSTOM|MISC|OWNER|STORAGE)_[A-Z0-9_]+")


@dataclass(frozen=True, slots=True)
class Need:
    """A need: what it means, and what is missing, in a sentence with its next step; empty if nothing is.

    ``check`` is asked for the value that a test gave, and raises `ValueError` for nonsense; a need without it is a
    word alone.
    """

    meaning: str
    missing: Callable[[Facts, Any], str]
    check: Callable[[Any], object] | None = None


def need(word: str) -> Need | None:
    """The need of a word: of the table, a service type, or a trait of Placement such as ``HW_CPU_X86_AVX2``."""
    if word in SERVICE_TYPES:
        return _in_catalog(word)
    if _TRAIT.fullmatch(word):
        return _by_trait(f"a compute host with the trait {word}", word, word, "see `openstack trait list`")
    return WORDS.get(word)


def known() -> str:
    """What may be required by a word, for an error."""
    return f"{', '.join((*WORDS, *SERVICE_TYPES))}, or a trait of Placement"


def _in_catalog(service: str) -> Need:
    named = f"{'an' if service[0] in 'aeiou' else 'a'} {service} service"
    lacks = f"needs {named} and the catalog has none: deploy it, or {OTHER}"
    return Need(f"{named} in the catalog", lambda facts, _: "" if service in facts.service_types else lacks)


def _by_trait(meaning: str, trait: str, what: str, cure: str) -> Need:
    named = what if what == trait else f"{what} ({trait})"
    lacks = f"needs a compute host with {named} and none has it: {cure}, or {OTHER}"
    return Need(meaning, lambda facts, _: "" if trait in facts.traits else lacks)


def _by_inventory(meaning: str, resource_class: str, cure: str) -> Need:
    lacks = f"needs a compute host that offers {resource_class} and none does: {cure}, or {OTHER}"
    return Need(meaning, lambda facts, _: "" if facts.offered(resource_class) else lacks)


def _by_look(meaning: str, has: Callable[[Compute], bool], lacks: str, cure: str) -> Need:
    """What a look at some compute host shows."""
    told = f"needs {lacks}: {cure}, or {OTHER}"
    return Need(meaning, lambda facts, _: "" if any(map(has, facts.compute_hosts)) else told)


def _is_port(device: Mapping[str, Any]) -> bool:
    return "physical_network" in device


def _libvirt(facts: Facts, _: Any) -> str:
    return "" if facts.has_libvirt else f"needs a hypervisor driven by libvirt and none is up: start one, or {OTHER}"


def _admin(facts: Facts, _: Any) -> str:
    return "" if facts.is_admin else f"needs an administrator and this user may not list Nova's services: {OTHER}"


def _kvm(facts: Facts, _: Any) -> str:
    if any(one.virt_type == "kvm" for one in facts.compute_hosts):
        return ""
    types = ", ".join(f"{one.virt_type} on {one.name}" for one in facts.compute_hosts) or "there is none"
    return f"needs guests under KVM and has {types}: set [libvirt] virt_type = kvm where /dev/kvm is, or {OTHER}"


def _ovn(facts: Facts, _: Any) -> str:
    return "" if facts.has_ovn else f"needs a Neutron that drives OVN and no controller of OVN reports to it: {OTHER}"


def _computes(facts: Facts, count: int) -> str:
    if facts.computes >= count:
        return ""
    return f"needs {count} compute hosts and {facts.computes} are up: start more, or {OTHER}"


def _pcpus(facts: Facts, count: int) -> str:
    if facts.pcpus >= count:
        return ""
    return f"needs a compute host with {count} CPUs and the largest has {facts.pcpus}: {OTHER}"


def _numa(facts: Facts, count: int) -> str:
    most = max((one.numa for one in facts.compute_hosts), default=0)
    return "" if most >= count else f"needs a compute host with {count} NUMA nodes and the most are {most}: {OTHER}"


def _hugepages(facts: Facts, size: str) -> str:
    if any(one.hugepages.get(kib(size)) for one in facts.compute_hosts):
        return ""
    file = f"/sys/kernel/mm/hugepages/hugepages-{kib(size)}kB/nr_hugepages"
    return f"needs huge pages of {size} and no compute host has any: write a number to {file} there, or {OTHER}"


def _volumes(facts: Facts, kind: str) -> str:
    if kind in facts.volume_backends:
        return ""
    has = ", ".join(sorted(facts.volume_backends)) or "none"
    return f"needs volumes on a backend of kind {kind} and Cinder has {has}: {OTHER}"


def _microversion(facts: Facts, wanted: str) -> str:
    if _numbers(facts.microversion) >= _numbers(wanted):
        return ""
    return f"needs microversion {wanted} of Nova and the highest is {facts.microversion}: {OTHER}"


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


def _count(value: Any) -> None:
    if type(value) is not int or value <= 0:
        raise ValueError("is a number above 0")


def _size(value: Any) -> None:
    kib(str(value))


def _text(value: Any) -> None:
    if not isinstance(value, str) or not value:
        raise ValueError("is a word")


def _version(value: Any) -> None:
    if not isinstance(value, str) or not re.fullmatch(r"\d+\.\d+", value):
        raise ValueError('is a text such as "2.95"')


#: Needs that are a word alone.
WORDS: Mapping[str, Need] = MappingProxyType(
    {
        "libvirt": Need("a hypervisor that is up and driven by libvirt", _libvirt),
        "admin": Need("a user who may list Nova's services", _admin),
        "kvm": Need("guests that run under KVM, not emulated", _kvm),
        "uefi": _by_look(
            "UEFI firmware for guests", lambda host: host.uefi,
            "UEFI firmware and no compute host's libvirt has it", "install OVMF there",
        ),
        "secure-boot": _by_trait(
            "UEFI firmware with secure boot", "COMPUTE_SECURITY_UEFI_SECURE_BOOT", "secure boot",
            "install firmware with secure boot there",
        ),
        "tpm": _by_trait(
            "emulated TPMs of version 2.0", "COMPUTE_SECURITY_TPM_2_0", "emulated TPMs",
            "set [libvirt] swtpm_enabled = true where swtpm is installed",
        ),
        "sev": _by_trait(
            "memory encryption by AMD SEV", "HW_CPU_X86_AMD_SEV", "SEV", "switch it on in firmware and kernel"
        ),
        "smt": _by_look(
            "several threads in each core", lambda host: host.smt,
            "a compute host with several threads in a core and none has it", "switch SMT on",
        ),
        "sriov": _by_look(
            "network functions that guests may get", lambda host: any(map(_is_port, host.pci)),
            "a network card whose functions guests may get (SR-IOV) and none is configured",
            "set [pci] device_spec of nova-compute with a physical_network",
        ),
        "pci": _by_look(
            "other PCI devices that guests may get", lambda host: not all(map(_is_port, host.pci)),
            "a PCI device that guests may get and none is configured",
            "set [pci] device_spec of nova-compute and [pci] alias of all of Nova",
        ),
        "vgpu": _by_inventory("virtual GPUs", "VGPU", "set [devices] enabled_mdev_types of nova-compute"),
        "pmem": _by_inventory(
            "persistent memory", "CUSTOM_PMEM_NAMESPACE_*", "set [libvirt] pmem_namespaces of nova-compute"
        ),
        "rbd": _by_look(
            "servers' disks in Ceph", lambda host: host.images_type == "rbd",
            "servers' disks in Ceph and no compute host has them", "set [libvirt] images_type = rbd",
        ),
        "selinux": _by_look(
            "SELinux that enforces", lambda host: host.selinux,
            "a compute host on which SELinux enforces and none is", "`setenforce 1`",
        ),
        "locked-memory": _by_look(
            "guests whose memory may be locked, as real time wants it", lambda host: host.locks_memory,
            "a compute host whose guests may lock their memory and the kernel refuses it",
            "give root and libvirtd CAP_SYS_RESOURCE there",
        ),
        "ovn": Need("a Neutron that drives OVN", _ovn),
    }
)  # fmt: skip
#: Needs that have a value.
VALUES: Mapping[str, Need] = MappingProxyType(
    {
        "computes": Need("so many compute hosts that are up", _computes, _count),
        "pcpus": Need("a compute host with so many CPUs for guests", _pcpus, _count),
        "numa": Need("a compute host with so many NUMA nodes", _numa, _count),
        "hugepages": Need('a compute host with huge pages of a size, such as "2M"', _hugepages, _size),
        "volumes": Need('volumes on a backend whose driver is of a kind, such as "nfs" or "lvm"', _volumes, _text),
        "microversion": Need('a Nova that speaks a microversion, such as "2.95"', _microversion, _version),
    }
)
