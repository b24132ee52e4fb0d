"""Secrets that libvirt holds for guests: what they are for, never what they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pytest_whitebox.core.libvirt.xml import parse, text


@dataclass(frozen=True, slots=True)
class Secret:
    """A secret: ``usage_type`` such as ``volume`` or ``vtpm``, ``usage`` the volume's or guest's id.

    One that is ``ephemeral`` is only in libvirt's memory; one that is ``private`` is told to nobody.
    """

    uuid: str
    usage_type: str
    usage: str
    description: str
    ephemeral: bool
    private: bool

    @classmethod
    def from_xml(cls, xml: str) -> Secret:
        """Parse what ``virsh secret-dumpxml`` says.

        >>> usage = "<usage type='vtpm'><name>n</name></usage>"
        >>> Secret.from_xml(f"<secret ephemeral='yes' private='no'><uuid>u</uuid>{usage}</secret>")
        Secret(uuid='u', usage_type='vtpm', usage='n', description='', ephemeral=True, private=False)
        """
        root = parse(xml, "secret", "virsh secret-dumpxml")
        usage: Any = root.find("usage")
        return cls(
            uuid=text(root, "uuid"),
            usage_type="" if usage is None else usage.get("type", ""),
            usage="" if usage is None else "".join(one.text or "" for one in usage).strip(),
            description=text(root, "description"),
            ephemeral=root.get("ephemeral") == "yes",
            private=root.get("private") == "yes",
        )


def uuids(listing: str) -> tuple[str, ...]:
    """The secrets in the output of ``virsh secret-list``.

    >>> uuids(" UUID                                   Usage\\n-----\\n 0a-b1   volume v1\\n\\n")
    ('0a-b1',)
    """
    body = listing.splitlines()[2:]
    return tuple(line.split()[0] for line in body if line.strip())
