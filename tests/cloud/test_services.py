"""Services of a real cloud: options through their own oslo.config, stopped, forced down, and killed in between."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from typing import Any

import pytest

from devcloud.state import State
from pytest_whitebox.cloud import Cloud
from pytest_whitebox.core.hosts import Host, Hosts
from pytest_whitebox.core.services import ConfigRejected, Service
from pytest_whitebox.core.wait import wait_for
from pytest_whitebox.fixtures import Hold, SetConfig

pytestmark = pytest.mark.slow

ALIASES = [
    '{"name": "a b", "vendor_id": "8086", "product_id": "10fb"}',
    '{"name": "c", "vendor_id": "15b3", "product_id": "1017"}',
]
URL = 'http://$host/it\'s?a="b"&c=${d}'
#: Read by every service, and it means nothing to any.
OPTION = ("DEFAULT", "logging_user_identity_format")

_NOVA_READS = """
import json, sys
from nova.conf import CONF
CONF(sys.argv[1:], project="nova")
print(json.dumps([CONF.pci.alias, CONF.vnc.novncproxy_base_url]))
"""
_HOLDS_IT_DOWN = """
import sys
from pathlib import Path
from openstack.config import OpenStackConfig
from openstack.connection import Connection
from pytest_whitebox.core.hosts import Hosts

clouds, ssh_config, host = sys.argv[1:]
connection = Connection(config=OpenStackConfig(config_files=[clouds]).get_one(cloud="devcloud"))
with Hosts.discover(connection, ssh_config=Path(ssh_config)) as hosts, hosts[host].service("nova-compute").down():
    print("down", flush=True)
    sys.stdin.read()
"""


def _compute(cloud: Cloud, host: Host) -> Any:
    """What Nova has on the compute service of a host."""
    compute: Any = cloud.connection.compute
    (found,) = compute.services(host=host.name, binary="nova-compute")
    return found


def _wait_for_status(cloud: Cloud, host: Host, status: str) -> None:
    what = f"Nova to say that {host.name} is {status}"
    wait_for(lambda: _compute(cloud, host).status == status, timeout=120, every=1, what=what)


def _digest(service: Service) -> str:
    return hashlib.sha256(service.transport.read(service.facts.config_target)).hexdigest()


def test_what_is_set_is_what_novas_own_code_reads(own_host: Host, set_config: SetConfig) -> None:
    service = own_host.service("nova-compute")
    set_config(own_host, "nova-compute", {("pci", "alias"): ALIASES, ("vnc", "novncproxy_base_url"): URL})
    started = service.started
    assert started is not None
    python, _, *arguments = started.arguments
    read = json.loads(own_host.run([python, "-c", _NOVA_READS, *arguments]).stdout)
    assert read == [ALIASES, URL]
    assert [list(service.config.get_all("pci", "alias")), service.config.get("vnc", "novncproxy_base_url")] == read


def test_a_set_that_nova_refuses_leaves_it_as_it_was(own_host: Host, set_config: SetConfig) -> None:
    service = own_host.service("nova-compute")
    before = _digest(service)
    sets = {("compute", "cpu_dedicated_set"): "0", ("compute", "cpu_shared_set"): "0"}
    with pytest.raises(ConfigRejected, match=r"rejects .*cpu_dedicated_set = 0") as caught:
        set_config(own_host, "nova-compute", sets)
    assert "cpu_shared_set" in "".join(caught.value.__notes__)
    assert _digest(service) == before
    assert service.is_running


@pytest.mark.parametrize(
    "name", ["nova-conductor", "cinder-volume", "neutron-ovn-metadata-agent", "placement-api", "keystone"]
)
@pytest.mark.usefixtures("alone")
def test_any_service_takes_a_change_and_is_as_before(hosts: Hosts, name: str) -> None:
    service = next(found for host in hosts if (found := host.service(name)).exists)
    before, original = service.main, _digest(service)
    with service.set_config({OPTION: 'changed $ by a "test"'}):
        during = service.main
        assert service.config.get(*OPTION) == 'changed $ by a "test"'
        assert service.config.source(*OPTION) is not None
    assert _digest(service) == original
    assert service.is_running
    assert len({before, during, service.main}) == 3


def test_stopped_libvirt_is_seen_by_nova_and_comes_back(cloud: Cloud, own_host: Host, hold: Hold) -> None:
    start = hold(own_host.service("libvirt").stopped())
    wait_for(
        lambda: _compute(cloud, own_host).status == "disabled", timeout=120, every=1, what="Nova to disable the host"
    )
    assert _compute(cloud, own_host).disabled_reason.startswith("AUTO:")
    start()
    wait_for(
        lambda: _compute(cloud, own_host).status == "enabled", timeout=120, every=1, what="Nova to enable the host"
    )


def test_nova_sees_at_once_what_is_down(cloud: Cloud, own_host: Host, hold: Hold) -> None:
    start = hold(own_host.service("nova-compute").down())
    assert (_compute(cloud, own_host).state, _compute(cloud, own_host).is_forced_down) == ("down", True)
    start()
    assert (_compute(cloud, own_host).state, _compute(cloud, own_host).is_forced_down) == ("up", False)


def test_forced_down_it_still_restarts(cloud: Cloud, own_host: Host, hold: Hold) -> None:
    service = own_host.service("nova-compute")
    hold(service.forced_down())
    before = service.main
    service.restart()
    assert service.main != before
    assert _compute(cloud, own_host).state == "down"


def test_a_run_that_is_killed_leaves_nothing_down(cloud: Cloud, own_host: Host, state: State) -> None:
    words = [str(state.clouds_yaml), str(state.ssh_config), own_host.name]
    command = [sys.executable, "-W", "ignore", "-c", _HOLDS_IT_DOWN, *words]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as run:
        assert run.stdout is not None
        assert run.stdout.readline() == "down\n"
        run.kill()
    assert _compute(cloud, own_host).is_forced_down
    assert own_host.recover() == ["nova-compute"]
    assert (_compute(cloud, own_host).state, _compute(cloud, own_host).is_forced_down) == ("up", False)
    assert own_host.service("nova-compute").is_running


def test_huge_pages_come_and_go(own_host: Host) -> None:
    pages = next(found for found in own_host.hugepages if found.size == 2048)
    with own_host.set_sysfs(pages.file, str(pages.total + 2)):
        assert [one.total for one in own_host.hugepages if one.size == 2048] == [pages.total + 2]
    assert [one.total for one in own_host.hugepages if one.size == 2048] == [pages.total]


def test_an_image_is_seen_as_qemu_sees_it(own_host: Host) -> None:
    file = "/var/tmp/stackproof-image.qcow2"
    own_host.run(["qemu-img", "create", "-q", "-f", "qcow2", file, "10M"])
    try:
        image = own_host.qemu_img(file)
        assert (image.format, image.virtual_size, image.encrypted, image.backing) == ("qcow2", 10 << 20, False, "")
    finally:
        own_host.run(["rm", "-f", file])
