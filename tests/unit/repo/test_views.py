"""Each test of the suites looks behind the API: what REST can prove alone does not belong there."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.repo.views import Suite

SUITES = Path(__file__).parents[3] / "tests" / "suites"

SEEING = {
    "domain": "def test_it(create):\n    server = create.server()\n    assert server.domain.rng",
    "name": "def test_it(create):\n    domain = create.server().domain\n    assert domain.rng",
    "database": "def test_it(database):\n    found = database('cinder').row('SELECT 1')\n    assert found.one == 1",
    "host": "def test_it(hosts: Hosts):\n    assert hosts.computes[0].run(['true']).ok",
    "field": "class Two:\n    new: Host\n\ndef test_it(two):\n    assert two.new.virsh('list')",
    "loop": "def test_it(hosts: Hosts):\n    for host in hosts:\n        assert host.service('x').is_running",
    "function": "def test_it(create):\n    assert seen(create.server())\n\ndef seen(server):\n    return server.pid",
    "checked": "def test_it(create):\n    check(create.server())\n\ndef check(server):\n    assert server.pid",
    "fixture": "def test_it(size):\n    assert size\n\ndef size(hosts: Hosts):\n    return hosts[0].run([])",
    "inner function": "def test_it(database):\n    def left():\n        return database(1).row(2)\n    assert left()",
    "orphans": "from pytest_whitebox.core.orphans.compute import domains\n\ndef test_it(a):\n    assert domains(a)",
    "upgrade": "def test_it(persistent):\n    image = persistent.image('a')\n    assert image.changes == ()",
    "evidence of the middle": "def test_it(release, window):\n    assert release.between('x', 1) & window('x')",
    "evidence": "def test_it(release):\n    assert release('compute')",
    "what was observed all the time": "def test_it(timeline):\n    assert not timeline.outages",
    "waiting": "def test_it(create):\n    server = create.server()\n    wait_for(lambda: server.domain.rng)",
}
BLIND = {
    "the API alone": "def test_it(create):\n    assert create.server().status == 'ACTIVE'",
    "a look at nothing": "def test_it(create):\n    create.server().domain\n    assert True",
    "a name of a host": "def test_it(hosts: Hosts):\n    assert hosts.computes[0].name == 'a'",
    "the host by the API": "def test_it(create):\n    assert create.server().host.name == 'a'",
    "a name alike": "def test_it(cloud):\n    domain = cloud.connection.identity\n    assert domain",
    "no assertion": "def test_it(hosts: Hosts):\n    hosts[0].run(['true'])",
    "a function that is not called": "def test_it():\n    assert 1\n\ndef check(server):\n    assert server.pid",
}


def suite(folder: Path, source: str) -> Suite:
    file = folder / "test_it.py"
    file.write_text(source)
    return Suite(file)


@pytest.mark.parametrize("name", SEEING)
def test_look_that_reaches_an_assertion_counts(tmp_path: Path, name: str) -> None:
    assert suite(tmp_path, SEEING[name]).blind == []


@pytest.mark.parametrize("name", BLIND)
def test_what_is_no_look_does_not_count(tmp_path: Path, name: str) -> None:
    assert suite(tmp_path, BLIND[name]).blind == ["test_it"]


def test_each_test_of_the_suites_looks_behind_the_api() -> None:
    suites = [Suite(file) for file in sorted(SUITES.rglob("test_*.py"))]
    assert sum(len(found.tests) for found in suites) >= 14
    blind = [f"{found.path.relative_to(SUITES)}::{name}" for found in suites for name in found.blind]
    assert blind == []
