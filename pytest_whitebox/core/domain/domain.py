"""A guest as libvirt sees it: every fact of its domain XML that Nova writes, parsed once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from lxml import etree

from pytest_whitebox.core.cpuset import parse_cpus
from pytest_whitebox.core.domain.cpu import Cpu, CpuTime, Numa, Scheduler
from pytest_whitebox.core.domain.device import (
    Balloon,
    Character,
    Controller,
    Graphics,
    HostDevice,
    Input,
    Iommu,
    Rng,
    Tpm,
    Video,
    Watchdog,
)
from pytest_whitebox.core.domain.disk import Disk, FileSystem
from pytest_whitebox.core.domain.element import NAMESPACES, Element, parse
from pytest_whitebox.core.domain.fields import always, cpus, every, keyed, kib, number, one, table, text
from pytest_whitebox.core.domain.interface import Interface
from pytest_whitebox.core.domain.memory import MemoryBacking, MemoryModule
from pytest_whitebox.core.domain.metadata import FlavorFacts, Nova
from pytest_whitebox.core.domain.part import Part, reader
from pytest_whitebox.core.domain.platform import Clock, Features, Firmware, LaunchSecurity, SecurityLabel


@dataclass(frozen=True, slots=True, repr=False)
class Domain(Part):
    """What libvirt says about one guest; what the XML does not say is None or empty.

    Two are equal if their facts are, but for those that libvirt draws anew whenever it starts a guest, and for what
    the balloon leaves of its memory just now. ``seen`` is when it was looked at, in seconds since 1970, or 0.

    >>> domain = Domain.from_xml(
    ...     "<domain type='qemu'><name>one</name><memory unit='MiB'>128</memory>"
    ...     "<cputune><vcpupin vcpu='0' cpuset='2-3'/></cputune></domain>"
    ... )
    >>> domain.memory_kib, sorted(domain.pinned_cpus), domain.tpm
    (131072, [2, 3], None)
    """

    name: str = text("name", default="")
    uuid: str = text("uuid", default="")
    type: str = text("@type", default="")
    id: int | None = number("@id", volatile=True)
    machine: str | None = text("os/type/@machine")
    arch: str | None = text("os/type/@arch")
    firmware: Firmware = always("os", Firmware)
    features: Features = always("features", Features)
    cpu: Cpu = always("cpu", Cpu)
    numa: Numa = always(".", Numa)
    vcpus: int = number("vcpu", default=0)
    current_vcpus: int | None = number("vcpu/@current")
    cpuset: frozenset[int] = cpus("vcpu/@cpuset")
    vcpu_pins: Mapping[int, frozenset[int]] = table("cputune/vcpupin", "@vcpu", "@cpuset", parse_cpus, int)
    emulator_pins: frozenset[int] = cpus("cputune/emulatorpin/@cpuset")
    iothreads: int | None = number("iothreads")
    iothread_pins: Mapping[int, frozenset[int]] = table("cputune/iothreadpin", "@iothread", "@cpuset", parse_cpus, int)
    schedulers: tuple[Scheduler, ...] = every("cputune/vcpusched", Scheduler)
    cpu_time: CpuTime = always("cputune", CpuTime)
    memory_kib: int = kib("memory", "memory/@unit", 0)
    current_memory_kib: int | None = kib("currentMemory", "currentMemory/@unit", volatile=True)
    max_memory_kib: int | None = kib("maxMemory", "maxMemory/@unit")
    memory_slots: int | None = number("maxMemory/@slots")
    memory_backing: MemoryBacking = always("memoryBacking", MemoryBacking)
    memory_modules: tuple[MemoryModule, ...] = every("devices/memory", MemoryModule)
    clock: Clock = always("clock", Clock)
    disks: Mapping[str, Disk] = keyed("devices/disk", Disk, "target")
    filesystems: tuple[FileSystem, ...] = every("devices/filesystem", FileSystem)
    interfaces: tuple[Interface, ...] = every("devices/interface", Interface)
    host_devices: tuple[HostDevice, ...] = every("devices/hostdev", HostDevice)
    controllers: tuple[Controller, ...] = every("devices/controller", Controller)
    inputs: tuple[Input, ...] = every("devices/input", Input)
    graphics: tuple[Graphics, ...] = every("devices/graphics", Graphics)
    video: Video | None = one("devices/video/model", Video)
    serials: tuple[Character, ...] = every("devices/serial", Character)
    consoles: tuple[Character, ...] = every("devices/console", Character)
    channels: tuple[Character, ...] = every("devices/channel", Character)
    tpm: Tpm | None = one("devices/tpm", Tpm)
    rng: Rng | None = one("devices/rng", Rng)
    watchdog: Watchdog | None = one("devices/watchdog", Watchdog)
    balloon: Balloon | None = one("devices/memballoon", Balloon)
    iommu: Iommu | None = one("devices/iommu", Iommu)
    launch_security: LaunchSecurity | None = one("launchSecurity", LaunchSecurity)
    security_labels: Mapping[str, SecurityLabel] = keyed("seclabel", SecurityLabel, "model")
    sysinfo: Mapping[str, str] = table("sysinfo/system/entry", "@name", ".")
    nova: Nova | None = one("metadata/nova:instance", Nova)
    xml: str = field(default="", compare=False)
    seen: float = field(default=0.0, compare=False)

    def __repr__(self) -> str:
        return f"<Domain {self.name}>"

    @property
    def pinned_cpus(self) -> frozenset[int]:
        """All host CPUs that this guest's vCPUs are pinned to; empty if they float."""
        return frozenset().union(*self.vcpu_pins.values())

    @property
    def flavor(self) -> FlavorFacts | None:
        """The flavor in Nova's metadata."""
        return self.nova.flavor if self.nova else None

    @classmethod
    def from_xml(cls, document: str, seen: float = 0.0) -> Domain:
        """Parse the output of ``virsh dumpxml``; raises `StackproofError` if it is something else."""
        return replace(_read(parse(document)), xml=document, seen=seen)

    def xpath(self, path: str) -> list[str]:
        """Texts and attributes under an XPath (prefix ``nova`` is known); an element without text gives its XML.

        >>> Domain.from_xml("<domain><os><boot dev='hd'/></os></domain>").xpath("os/boot/@dev")
        ['hd']
        """
        found = parse(self.xml).xpath(path, namespaces=dict(NAMESPACES))
        items = found if isinstance(found, list) else [found]
        return [_shown(item) if isinstance(item, Element) else str(item) for item in items]


_read = reader(Domain)


def _shown(element: Element) -> str:
    return element.text or etree.tostring(element, encoding="unicode", with_tail=False)
