"""What libvirt's own command says on a real host, where it says something else than XML of libvirt's."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from pytest_whitebox.core.errors import StackproofError
from pytest_whitebox.core.hosts import Host
from pytest_whitebox.core.transports import SshTransport

from .layout import Bare, Layout, host_with

#: The answer to each verb: cut off, no XML at all, and the XML of something else.
VIRSH = """#!/bin/sh
case $3 in
    dumpxml) echo "<domain type='kvm'><name>one</name><devices>" ;;
    capabilities) echo "error: failed to connect to the hypervisor" ;;
    domcapabilities) echo "<capabilities/>" ;;
esac
"""


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    with host_with(Layout({"/usr/bin/virsh": VIRSH}, ()), tmp_path_factory.mktemp("host")) as server:
        made = Host("compute1", SshTransport("server", ssh_config=server.ssh_config, sudo=False), deployment=Bare())
        yield made
        made.close()


@pytest.mark.parametrize(
    ("look", "said"),
    [
        (lambda host: host.domain("one"), r"`virsh dumpxml one` on ssh \S+ cannot be read: this is no domain XML: .+"),
        (
            lambda host: host.capabilities,
            r"`virsh capabilities` on ssh \S+ cannot be read: this is no capabilities XML: .+",
        ),
        (lambda host: host.domain_capabilities(), r"`virsh domcapabilities` on ssh .* its root is <capabilities>"),
    ],
    ids=["cut off", "an error", "something else"],
)
def test_malformed_xml_is_told_with_its_command_and_host(host: Host, look: Callable[[Host], object], said: str) -> None:
    with pytest.raises(StackproofError, match=said) as caught:
        look(host)
    assert "host" in caught.value.hint
