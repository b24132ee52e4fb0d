"""What a guest starts on: firmware, features of the machine, clock, and how it is protected."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pytest_whitebox.core.domain.element import switch
from pytest_whitebox.core.domain.fields import feature, features, flag, keyed, kib, number, table, text
from pytest_whitebox.core.domain.part import Part


@dataclass(frozen=True, slots=True, repr=False)
class Firmware(Part):
    """The firmware, and what it starts: ``type`` is ``efi`` for UEFI, None for a BIOS.

    Nova asks for a type and its features, libvirt fills in the files.
    """

    type: str | None = text("@firmware")
    features: Mapping[str, bool] = table("firmware/feature", "@name", "@enabled", switch)
    loader: str | None = text("loader")
    loader_type: str | None = text("loader/@type")
    read_only: bool | None = flag("loader/@readonly")
    secure: bool | None = flag("loader/@secure")
    stateless: bool | None = flag("loader/@stateless")
    nvram: str | None = text("nvram")
    nvram_template: str | None = text("nvram/@template")
    kernel: str | None = text("kernel")
    ramdisk: str | None = text("initrd")
    command_line: str | None = text("cmdline")
    boot_device: str | None = text("boot/@dev")
    smbios: str | None = text("smbios/@mode")


@dataclass(frozen=True, slots=True, repr=False)
class Features(Part):
    """Features of the machine: True, False, or None if libvirt was told nothing."""

    acpi: bool | None = feature("acpi")
    apic: bool | None = feature("apic")
    pae: bool | None = feature("pae")
    pmu: bool | None = feature("pmu")
    smm: bool | None = feature("smm")
    vmcoreinfo: bool | None = feature("vmcoreinfo")
    hyperv: Mapping[str, bool] = features("hyperv/*")
    kvm_hidden: bool | None = feature("kvm/hidden")
    ioapic: str | None = text("ioapic/@driver")
    tb_cache_kib: int | None = kib("tcg/tb-cache", "tcg/tb-cache/@unit")


@dataclass(frozen=True, slots=True, repr=False)
class Timer(Part):
    """A timer of the guest, and what becomes of its ticks when the host is late."""

    name: str | None = text("@name")
    present: bool | None = flag("@present")
    tick_policy: str | None = text("@tickpolicy")
    track: str | None = text("@track")


@dataclass(frozen=True, slots=True, repr=False)
class Clock(Part):
    """The clock that the guest starts with, and its timers by name."""

    offset: str | None = text("@offset")
    timers: Mapping[str, Timer] = keyed("timer", Timer, "name")


@dataclass(frozen=True, slots=True, repr=False)
class LaunchSecurity(Part):
    """Memory that the host cannot read: ``sev``, ``sev-snp``."""

    type: str | None = text("@type")
    policy: int | None = number("policy")
    author_key: bool | None = flag("@authorKey")
    vcek: bool | None = flag("@vcek")
    kernel_hashes: bool | None = flag("@kernelHashes")


@dataclass(frozen=True, slots=True, repr=False)
class SecurityLabel(Part):
    """The label of the guest's process and of its files; libvirt draws dynamic ones at each start."""

    model: str | None = text("@model")
    type: str | None = text("@type")
    relabel: bool | None = flag("@relabel")
    label: str | None = text("label", volatile=True)
    image_label: str | None = text("imagelabel", volatile=True)
