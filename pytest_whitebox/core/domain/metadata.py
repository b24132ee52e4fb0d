"""What Nova wrote into the domain when it was last started by Nova (``nova:instance``)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pytest_whitebox.core.domain.fields import keyed, number, one, table, text
from pytest_whitebox.core.domain.part import Part


@dataclass(frozen=True, slots=True, repr=False)
class FlavorFacts(Part):
    """The flavor; sizes as in the flavor (MiB, GiB)."""

    name: str = text("@name", default="")
    id: str | None = text("@id")
    vcpus: int = number("nova:vcpus", default=0)
    memory: int = number("nova:memory", default=0)
    disk: int = number("nova:disk", default=0)
    swap: int = number("nova:swap", default=0)
    ephemeral: int = number("nova:ephemeral", default=0)
    extra_specs: Mapping[str, str] = table("nova:extraSpecs/nova:extraSpec", "@name", ".")


@dataclass(frozen=True, slots=True, repr=False)
class Owner(Part):
    """Who made the server, for which project."""

    user: str | None = text("nova:user/@uuid")
    user_name: str | None = text("nova:user")
    project: str | None = text("nova:project/@uuid")
    project_name: str | None = text("nova:project")


@dataclass(frozen=True, slots=True, repr=False)
class Port(Part):
    """A port of Neutron's, and of each address its type."""

    id: str = text("@uuid", default="")
    addresses: Mapping[str, str] = table("nova:ip", "@address", "@type")


@dataclass(frozen=True, slots=True, repr=False)
class ImageFacts(Part):
    """The image that the server was made from, with its properties, as newer releases write them."""

    id: str | None = text("@uuid")
    disk_format: str | None = text("nova:diskFormat")
    container_format: str | None = text("nova:containerFormat")
    properties: Mapping[str, str] = table("nova:properties/nova:property", "@name", ".")


@dataclass(frozen=True, slots=True, repr=False)
class Nova(Part):
    """Nova's own notes: ``package`` is its version, ``root`` what the root disk was made from.

    ``created`` is when Nova wrote them, which it does anew at a hard reboot and whenever the guest moves.
    """

    package: str | None = text("nova:package/@version")
    name: str | None = text("nova:name")
    created: str | None = text("nova:creationTime", volatile=True)
    flavor: FlavorFacts | None = one("nova:flavor", FlavorFacts)
    image: ImageFacts | None = one("nova:image", ImageFacts)
    owner: Owner | None = one("nova:owner", Owner)
    root_type: str | None = text("nova:root/@type")
    root_id: str | None = text("nova:root/@uuid")
    ports: Mapping[str, Port] = keyed("nova:ports/nova:port", Port, "id")
