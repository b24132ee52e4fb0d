"""A guest gets the whole namespace of persistent memory that its flavor names."""

from __future__ import annotations

import json

import pytest

from pytest_whitebox.core.domain import Domain
from pytest_whitebox.core.hosts import Hosts
from pytest_whitebox.create import Create

pytestmark = pytest.mark.requires("libvirt", "pmem")


@pytest.mark.idempotent_id("5a7e3c9f-4d1b-4f6e-8c2a-9b0d6e8f3a51")
def test_guest_has_the_persistent_memory_of_its_flavor(create: Create, hosts: Hosts) -> None:
    configs = [host.service("nova-compute").config for host in hosts.computes]
    label, names = first_of(next(text for one in configs if (text := one.get("libvirt", "pmem_namespaces"))))
    server = create.server(extra_specs={"hw:pmem": label})
    sizes = namespaces(server.host.run(["ndctl", "list"]).stdout)

    assert whole_size(server.domain) in {sizes[name] for name in names}


def first_of(option: str) -> tuple[str, list[str]]:
    """The first label of ``pmem_namespaces``, and the namespaces that have it."""
    label, _, names = option.split(",")[0].strip().lstrip("$").partition(":")
    return label, [name.strip().lstrip("$") for name in names.split("|")]


def namespaces(listing: str) -> dict[str, int]:
    """The size of each namespace, in KiB, in what ``ndctl list`` says."""
    found = json.loads(listing)
    named = [one for one in (found if isinstance(found, list) else [found]) if "name" in one]
    return {one["name"]: one["size"] // 1024 for one in named}


def whole_size(domain: Domain) -> int:
    """What the only module takes on the host, in KiB: its memory and what aligns it."""
    (module,) = domain.memory_modules
    assert module.model == "nvdimm"
    return (module.size_kib or 0) + (module.align_kib or 0)
