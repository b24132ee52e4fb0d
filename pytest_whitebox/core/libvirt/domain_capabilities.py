"""What libvirt can give a guest of one machine type: firmware, processors, devices and features."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from pytest_whitebox.core.libvirt.xml import parse, text

if TYPE_CHECKING:
    from lxml.etree import _Element

Choices = Mapping[str, frozenset[str]]


@dataclass(frozen=True, slots=True)
class CpuModel:
    """A named processor; ``usable`` if the host can run it, of a ``vendor`` such as ``Intel`` or ``unknown``."""

    name: str
    usable: bool
    vendor: str


@dataclass(frozen=True, slots=True)
class Sev:
    """AMD's memory encryption: how many guests, and how many with encrypted state; None if libvirt does not tell."""

    max_guests: int | None
    max_es_guests: int | None


@dataclass(frozen=True, slots=True)
class DomainCapabilities:
    """``virsh domcapabilities`` for an emulator, a machine type and a domain type.

    ``devices`` holds what is supported: the choices of each, by libvirt's own names; so does ``features``.
    """

    type: str
    machine: str
    arch: str
    emulator: str
    max_vcpus: int
    has_iothreads: bool
    firmwares: frozenset[str]
    loaders: tuple[str, ...]
    loader_types: frozenset[str]
    has_secure_boot: bool
    cpu_modes: frozenset[str]
    cpu_models: tuple[CpuModel, ...]
    host_model: str
    host_model_features: Mapping[str, str]
    memory_sources: frozenset[str]
    devices: Mapping[str, Choices]
    features: Mapping[str, Choices]
    sev: Sev | None

    @classmethod
    def from_xml(cls, xml: str) -> DomainCapabilities:
        """Parse what ``virsh domcapabilities`` says; raises `StackproofError` for anything else."""
        root: Any = parse(xml, "domainCapabilities", "virsh domcapabilities")
        loader = _choices(root.find("os/loader"))
        features = _supported(root.find("features"))
        return cls(
            type=text(root, "domain"),
            machine=text(root, "machine"),
            arch=text(root, "arch"),
            emulator=text(root, "path"),
            max_vcpus=int(root.find("vcpu").get("max")) if root.find("vcpu") is not None else 0,
            has_iothreads=root.find("iothreads[@supported='yes']") is not None,
            firmwares=_choices(root.find("os")).get("firmware", frozenset()),
            loaders=tuple(one.text for one in root.iterfind("os/loader/value")),
            loader_types=loader.get("type", frozenset()),
            has_secure_boot="yes" in loader.get("secure", ()),
            cpu_modes=frozenset(mode.get("name") for mode in root.iterfind("cpu/mode[@supported='yes']")),
            cpu_models=tuple(_model(one) for one in root.iterfind("cpu/mode[@name='custom']/model")),
            host_model=text(root, "cpu/mode[@name='host-model']/model"),
            host_model_features=MappingProxyType(
                {one.get("name"): one.get("policy") for one in root.iterfind("cpu/mode[@name='host-model']/feature")}
            ),
            memory_sources=_choices(root.find("memoryBacking[@supported='yes']")).get("sourceType", frozenset()),
            devices=_supported(root.find("devices")),
            features=features,
            sev=_sev(root.find("features/sev")) if "sev" in features else None,
        )

    def choices(self, device: str, choice: str) -> frozenset[str]:
        """What a device may be, none if it is not supported: ``choices("tpm", "model")``."""
        return self.devices.get(device, {}).get(choice, frozenset())

    @property
    def tpm_models(self) -> frozenset[str]:
        """Such as ``tpm-crb``; only those that are emulated (swtpm) matter to Nova."""
        return self.choices("tpm", "model") if "emulator" in self.choices("tpm", "backendModel") else frozenset()

    @property
    def tpm_versions(self) -> frozenset[str]:
        """Such as ``2.0``."""
        return self.choices("tpm", "backendVersion")

    @property
    def video_models(self) -> frozenset[str]:
        """Such as ``virtio`` or ``bochs``."""
        return self.choices("video", "modelType")

    @property
    def rng_models(self) -> frozenset[str]:
        """Models of the random number generator, such as ``virtio``."""
        return self.choices("rng", "model")

    @property
    def disk_buses(self) -> frozenset[str]:
        """Such as ``scsi``."""
        return self.choices("disk", "bus")

    @property
    def usable_cpu_models(self) -> frozenset[str]:
        """Names of the processors that the host can run."""
        return frozenset(model.name for model in self.cpu_models if model.usable)


def _supported(parent: _Element | None) -> Mapping[str, Choices]:
    found: Any = () if parent is None else parent.iterfind("*[@supported='yes']")
    return MappingProxyType({str(one.tag): _choices(one) for one in found})


def _choices(element: _Element | None) -> Choices:
    found: Any = () if element is None else element.iterfind("enum")
    return MappingProxyType({one.get("name"): frozenset(value.text for value in one) for one in found})


def _model(model: Any) -> CpuModel:
    return CpuModel(model.text, model.get("usable") == "yes", model.get("vendor") or "unknown")


def _sev(sev: _Element) -> Sev:
    guests, encrypted = text(sev, "maxGuests"), text(sev, "maxESGuests")
    return Sev(int(guests) if guests else None, int(encrypted) if encrypted else None)
