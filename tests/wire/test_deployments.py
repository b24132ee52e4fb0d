"""Each kind of deployment on a host that has its files: what is found there is what its nova-compute really reads."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pytest_whitebox.core.deployments import UnknownService
from pytest_whitebox.core.hosts import Host
from pytest_whitebox.core.services import Contact, Patience
from pytest_whitebox.core.transports import Transport
from pytest_whitebox.core.wait import wait_for

from .layout import host_with, report
from .layouts import CASES, Case

OPTION = ("DEFAULT", "reserved_host_memory_mb")


@pytest.fixture(scope="module", params=CASES)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def case(name: str) -> Case:
    return CASES[name]


@pytest.fixture(scope="module")
def transport(case: Case, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Transport]:
    with host_with(case.layout, tmp_path_factory.mktemp("host")) as server:
        transport = server.transport()
        wait_for(lambda: report(transport), timeout=30, every=0.1, what="nova-compute to report")
        yield transport
        transport.close()


@pytest.fixture
def host(transport: Transport) -> Host:
    patience = Patience(start=20, settle=1, report=20, lock=20, every=0.05)
    return Host("server", transport, contact=lambda _: Contact(lambda: report(transport)), patience=patience)


def test_the_kind_is_detected(host: Host, name: str) -> None:
    assert host.deployment.name == name.partition(" ")[0]


def test_nova_compute_is_found_with_its_files_and_its_log(host: Host, case: Case) -> None:
    facts = host.service("nova-compute").facts
    assert facts.unit == case.unit
    assert facts.config_files == case.files
    assert facts.config_target == case.target
    assert facts.log == case.log
    assert (facts.container.name if facts.container else "") == case.container


def test_its_configuration_is_what_the_service_itself_reads(host: Host) -> None:
    service = host.service("nova-compute")
    seen = report(host.transport)
    assert seen is not None
    assert service.config.get(*OPTION) == seen[1] == "1"


def test_a_change_reaches_the_service_and_leaves_nothing(host: Host, case: Case) -> None:
    service = host.service("nova-compute")
    before = {path: host.file(path).content for path in case.files if host.file(path).exists}
    first = report(host.transport)
    with service.set_config({OPTION: "64"}):
        changed = report(host.transport)
        assert changed is not None
        assert changed[1] == service.config.get(*OPTION) == "64"
        service.restart()
        assert (report(host.transport) or ("", "", ""))[1] == "64"
    last = report(host.transport)
    assert first is not None
    assert last is not None
    assert (last[1], last[0] != first[0]) == ("1", True)
    assert {path: host.file(path).content for path in case.files if host.file(path).exists} == before


def test_its_log_is_found(host: Host) -> None:
    assert "INFO nova reserves 1" in host.service("nova-compute").log_tail()


def test_what_it_wrote_since_a_mark_is_found(host: Host) -> None:
    service = host.service("nova-compute")
    mark = service.log_mark()
    assert service.log_since(mark) == ""
    service.restart()
    assert service.log_since(mark, "nova reserves").count("INFO nova reserves 1") == 1


def test_virsh_runs_where_libvirt_is(host: Host, case: Case) -> None:
    assert host.virsh("list").strip() == f"--connect qemu:///system list in {case.virsh_in or 'host'}"


def test_libvirt_is_found_with_the_sockets_that_start_it(host: Host, case: Case) -> None:
    facts = host.service("libvirt").facts
    assert facts.unit == case.libvirt
    modular = case.libvirt == "virtqemud"
    assert facts.sockets == (("virtqemud.socket", "virtqemud-ro.socket", "virtqemud-admin.socket") if modular else ())


def test_a_service_that_is_not_there_is_told_with_its_unit(host: Host) -> None:
    with pytest.raises(UnknownService, match="neutron-sriov-agent does not run on ssh"):
        _ = host.service("neutron-sriov-agent").facts


@pytest.mark.parametrize("name", ["edpm"], scope="module")
def test_the_control_plane_of_rhoso_is_said_to_be_unsupported(host: Host) -> None:
    with pytest.raises(UnknownService, match="nova-conductor is not supported: it is a pod of the control plane"):
        _ = host.service("nova-conductor").facts
